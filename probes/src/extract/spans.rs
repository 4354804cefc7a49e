//! What a row of a run stands for, and which frames of a tap belong to it.

use std::fmt;
use std::str::FromStr;

use phonoscope_analysis::frontend::SAMPLE_RATE_HZ;
use phonoscope_models::Timing;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What one row of a run stands for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpanKind {
    /// A row of the manifest; where that has a start and an end, the recording is cut there before
    /// the model sees it.
    #[default]
    Utterance,
    /// A word of an alignment.
    Word,
    /// A phone of an alignment.
    Phone,
    /// A row of the manifest, read out of its whole recording: the model hears what is around it.
    Segment,
}

impl SpanKind {
    /// All kinds, in the order that help shows them.
    pub const ALL: [Self; 4] = [Self::Utterance, Self::Word, Self::Phone, Self::Segment];
}

impl fmt::Display for SpanKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utterance => "utterance",
            Self::Word => "word",
            Self::Phone => "phone",
            Self::Segment => "segment",
        })
    }
}

impl FromStr for SpanKind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|kind| kind.to_string() == name);
        found.ok_or_else(|| Error::Request {
            problem: format!("there are no spans `{name}`"),
            hint: "one of utterance, word, phone, segment".into(),
        })
    }
}

/// A stretch of an utterance.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Span {
    /// The word or phone.
    pub(crate) label: Option<String>,
    /// Start, in seconds from the start of the utterance.
    pub(crate) start_secs: f64,
    /// End, likewise.
    pub(crate) end_secs: f64,
}

/// Which frames a mean covers where the model is fed more than the recording.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Frames {
    /// Only frames that stand for some of the recording.
    #[default]
    Audio,
    /// Every frame, those of padding too. Spans within an utterance never reach into padding.
    All,
}

impl fmt::Display for Frames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Audio => "audio",
            Self::All => "all",
        })
    }
}

impl FromStr for Frames {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = [Self::Audio, Self::All].into_iter();
        found
            .into_iter()
            .find(|frames| frames.to_string() == name)
            .ok_or_else(|| Error::Request {
                problem: format!("there are no frames `{name}`"),
                hint: "one of audio, all".into(),
            })
    }
}

/// First and last frame of a span, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameRange {
    pub(crate) first: usize,
    pub(crate) last: usize,
}

impl FrameRange {
    /// Every frame that there is.
    pub(crate) const ALL: Self = Self {
        first: 0,
        last: 1 << 30,
    };

    /// The part that lies within `frames` frames; at least one frame where there is any.
    pub(crate) fn within(self, frames: usize) -> std::ops::Range<usize> {
        let first = self.first.min(frames.saturating_sub(1));
        let end = self
            .last
            .saturating_add(1)
            .clamp(first + 1, frames.max(first + 1));
        first..end.min(frames)
    }
}

/// Where the recording lies on the time axis of the model's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placed {
    /// Samples from one step of the input to the next.
    pub(crate) step_samples: usize,
    /// Steps of the input.
    pub(crate) steps: usize,
    /// First step that stands for some of the recording; what is before is padding.
    pub(crate) first_step: usize,
    /// Step behind the last that does.
    pub(crate) end_step: usize,
    /// Samples of the input before the recording begins; negative where its beginning was cut off.
    pub(crate) start_samples: i64,
}

impl Placed {
    /// Whether the model is fed more than the recording.
    pub(crate) fn is_padded(self) -> bool {
        self.first_step > 0 || self.end_step < self.steps
    }

    /// Frames of a tap that stand for some of the recording.
    pub(crate) fn audio(self, timing: Timing) -> FrameRange {
        let stride = timing.stride.max(1) as usize;
        let first = self.first_step / stride;
        let end = self.end_step.div_ceil(stride);
        FrameRange {
            first,
            last: end.saturating_sub(1).max(first),
        }
    }

    /// Frames of a tap whose centres lie inside a span, else the frame that holds its middle.
    ///
    /// Frame `k` stands for input steps `[k·stride, (k + 1)·stride)`.
    pub(crate) fn frames(self, timing: Timing, span: &Span) -> FrameRange {
        let samples = f64::from(timing.stride.max(1)) * self.step_samples.max(1) as f64;
        let before = self.start_samples as f64;
        let frame = |secs: f64| (secs * f64::from(SAMPLE_RATE_HZ) + before) / samples;
        let index = |at: f64| at.max(0.0) as usize;
        let (start, end) = (frame(span.start_secs), frame(span.end_secs));
        let (first, behind) = (index((start - 0.5).ceil()), index((end - 0.5).ceil()));
        let last_of_audio = self.audio(timing).last;
        let range = if behind > first {
            FrameRange {
                first,
                last: behind - 1,
            }
        } else {
            let middle = index(((start + end) / 2.0).floor());
            FrameRange {
                first: middle,
                last: middle,
            }
        };
        FrameRange {
            first: range.first.min(last_of_audio),
            last: range.last.min(last_of_audio),
        }
    }
}

impl Placed {
    /// Why a span of the recording is not in the input.
    pub(crate) fn lacks(self, span: &Span) -> Option<&'static str> {
        let start = span.start_secs * f64::from(SAMPLE_RATE_HZ) + self.start_samples as f64;
        let slack = SLACK_SECS * f64::from(SAMPLE_RATE_HZ);
        (start < -slack).then_some("it begins before the window that the model hears")
    }
}

/// How far a span may end behind its recording: times in alignments are rounded.
const SLACK_SECS: f64 = 0.010;

/// Why a span of an utterance of this length gives no vector.
pub(crate) fn unusable(span: &Span, duration_secs: f64) -> Option<&'static str> {
    if !(span.start_secs.is_finite() && span.end_secs.is_finite()) {
        Some("its times are not numbers")
    } else if span.start_secs >= span.end_secs {
        Some("it is empty")
    } else if span.start_secs < -SLACK_SECS || span.start_secs >= duration_secs {
        Some("it lies outside the audio")
    } else if span.end_secs > duration_secs + SLACK_SECS {
        Some("it ends behind the audio")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use phonoscope_models::Field;

    const WHISPER: Placed = Placed {
        step_samples: 160,
        steps: 100,
        first_step: 0,
        end_step: 100,
        start_samples: 0,
    };

    fn timing(stride: u32) -> Timing {
        Timing {
            stride,
            field: Field::Unbounded,
        }
    }

    fn span(start_secs: f64, end_secs: f64) -> Span {
        Span {
            label: None,
            start_secs,
            end_secs,
        }
    }

    fn frames(start_secs: f64, end_secs: f64) -> (usize, usize) {
        let range = WHISPER.frames(timing(2), &span(start_secs, end_secs));
        (range.first, range.last)
    }

    #[test]
    fn a_span_holds_the_frames_whose_centres_it_holds() {
        // Frames of 20 ms: centres at 10, 30, 50 … ms.
        assert_eq!(frames(0.0, 0.1), (0, 4));
        assert_eq!(frames(0.011, 0.049), (1, 1));
        assert_eq!(
            frames(0.010, 0.050),
            (0, 1),
            "a start is inside, an end is not"
        );
        assert_eq!(
            frames(0.012, 0.014),
            (0, 0),
            "at least one frame: that of the middle"
        );
        assert_eq!(frames(0.95, 5.0), (47, 49), "never behind the audio");
    }

    #[test]
    fn neighbours_share_no_frame() {
        let borders = [0.0, 0.013, 0.07, 0.1, 0.31, 0.5];
        let mut next = 0;
        for pair in borders.windows(2) {
            let (first, last) = frames(pair[0], pair[1]);
            if last + 1 > next {
                assert!(first >= next || first == last, "{first} {last} {next}");
                next = last + 1;
            }
        }
        assert_eq!(next, 25);
    }

    #[test]
    fn padding_is_not_audio() {
        let padded = Placed {
            steps: 3000,
            end_step: 101,
            ..WHISPER
        };
        assert!(padded.is_padded() && !WHISPER.is_padded());
        assert_eq!(padded.audio(timing(2)).within(1500), 0..51);
        let at_the_end = Placed {
            steps: 800,
            first_step: 699,
            end_step: 800,
            ..WHISPER
        };
        assert_eq!(at_the_end.audio(timing(2)).within(400), 349..400);
        // One second of audio at the end of eight: what it begins with is frame 350.
        let of_audio = Placed {
            start_samples: 7 * 16_000,
            ..at_the_end
        };
        let range = of_audio.frames(timing(2), &span(0.0, 0.1));
        assert_eq!((range.first, range.last), (350, 354));
        // Ten seconds, of which the first two are cut off.
        let cut = Placed {
            first_step: 0,
            start_samples: -2 * 16_000,
            ..at_the_end
        };
        assert!(cut.lacks(&span(1.9, 2.5)).is_some() && cut.lacks(&span(2.0, 2.5)).is_none());
        let range = cut.frames(timing(2), &span(2.0, 2.1));
        assert_eq!((range.first, range.last), (0, 4));
        assert_eq!(FrameRange::ALL.within(1500), 0..1500);
        assert_eq!(padded.audio(timing(2)).within(40), 0..40);
        assert_eq!(FrameRange { first: 9, last: 12 }.within(4), 3..4);
    }

    #[test]
    fn spans_outside_the_audio_are_refused_in_words() {
        let why = |start, end| unusable(&span(start, end), 2.0);
        assert_eq!(why(0.0, 2.005), None);
        assert_eq!(why(1.0, 1.0), Some("it is empty"));
        assert_eq!(why(2.0, 2.1), Some("it lies outside the audio"));
        assert_eq!(why(1.0, 2.1), Some("it ends behind the audio"));
        assert_eq!(why(f64::NAN, 2.1), Some("its times are not numbers"));
    }
}
