//! Whether padding and batching change what a recording gives, tap by tap.

use ndarray::{ArrayD, ArrayViewD, Axis as At, Slice, concatenate};
use phonoscope_analysis::frontend::FrontEnd;
use phonoscope_analysis::task::Task;
use phonoscope_datasets::{Utterance, audio};
use phonoscope_models::engine::Session;
use phonoscope_models::{Axis, Field, Timing};

use super::Subject;
use super::difference::{ByTap, relative, shown};
use crate::error::{Error, Result};
use crate::extract::{FrameRange, Mean, Placed, Prepared, SpanFrames, views};
use crate::report::{Check, Status};

/// Largest change by padding that is none, relative to the largest value of the pooled vector.
const PADDING_IS_NEUTRAL: f64 = 1e-3;
/// The same for batching: other sums of the same numbers.
const BATCHING_IS_NEUTRAL: f64 = 1e-4;
/// Length of the zeros that are added.
const PADDING_SAMPLES: usize = 16_000;
/// Frames at the end of a recording that are not compared, beside those whose receptive field
/// reaches over it: subsampling drops up to so many.
const EDGE_FRAMES: usize = 2;

/// What was measured, or why it could not be.
type Measured = std::result::Result<ByTap, String>;

pub(super) struct Invariance<'a> {
    subject: &'a Subject<'a>,
    session: Option<Box<dyn Session>>,
    padding: Measured,
    batching: Measured,
    n: [usize; 2],
    inferences: [usize; 2],
}

impl<'a> Invariance<'a> {
    pub(super) fn new(subject: &'a Subject<'a>) -> Self {
        let empty = || {
            let taps = subject.extractor.taps().iter();
            Ok(ByTap::new(taps.map(|t| t.name.as_str())))
        };
        Self {
            subject,
            session: None,
            padding: empty(),
            batching: empty(),
            n: [0; 2],
            inferences: [0; 2],
        }
    }

    /// Adds an item.
    pub(super) fn measure(
        &mut self,
        id: &str,
        utterance: &Utterance,
        item: &Prepared,
        task: &Task,
    ) -> Result<()> {
        if self.session.is_none() {
            self.session = Some(self.subject.extractor.open(&[])?);
        }
        let padding = self.by_padding(utterance, item, task);
        task.check()?;
        note(&mut self.padding, id, padding, &mut self.n[0]);
        let batching = self.by_batching(item, task);
        task.check()?;
        note(&mut self.batching, id, batching, &mut self.n[1]);
        Ok(())
    }

    /// The change of each tap's mean when zeros follow the recording.
    fn by_padding(
        &mut self,
        utterance: &Utterance,
        item: &Prepared,
        task: &Task,
    ) -> Result<Vec<f64>> {
        let model = self.subject.model;
        let front_end = &model.front_end;
        let steps = |samples: usize| front_end.steps_for(samples);
        if front_end.is_windowed() || steps(PADDING_SAMPLES) == steps(2 * PADDING_SAMPLES) {
            return Err(cannot(
                "the model hears a fixed length, so there is nothing to pad",
            ));
        }
        let (padded, placed) = match front_end {
            // Its level depends on the loudest frame of the whole, and people pad the samples.
            FrontEnd::WhisperLogMel(_) => {
                let mut samples = audio::read_utterance(utterance)?.samples;
                samples.resize(samples.len() + PADDING_SAMPLES, 0.0);
                let (features, placed) = self.subject.extractor.transform(&samples)?;
                let end_step = item.placed.end_step.min(placed.steps);
                (features, Placed { end_step, ..placed })
            }
            _ => {
                let axis = front_end.time_axis();
                let more = PADDING_SAMPLES.div_ceil(item.placed.step_samples.max(1));
                let mut shape = item.features.shape().to_vec();
                if let Some(steps) = shape.get_mut(axis) {
                    *steps = more;
                }
                let zeros = ArrayD::zeros(shape);
                let features = concatenate(At(axis), &[item.features.view(), zeros.view()])
                    .map_err(|e| cannot(&e.to_string()))?;
                let steps = item.placed.steps + more;
                (
                    features,
                    Placed {
                        steps,
                        ..item.placed
                    },
                )
            }
        };
        let frames = self
            .subject
            .extractor
            .reading()
            .frames(|timing| vec![inner_frames(item.placed, timing)]);
        let alone = self.outputs(item.features.view(), item.placed, &frames, task)?;
        let among = self.outputs(padded.view(), placed, &frames, task)?;
        self.inferences[0] += 2;
        self.figures(&alone, &among, &frames)
    }

    /// The change of each tap's mean when another of the same length runs in the same batch.
    fn by_batching(&mut self, item: &Prepared, task: &Task) -> Result<Vec<f64>> {
        let features = item.features.view();
        let axis = self.subject.model.front_end.time_axis();
        let first = features.slice_axis(At(0), Slice::from(0..1));
        let batch = if features.len_of(At(0)) > 1 {
            features.to_owned()
        } else {
            let mut backwards = first.view();
            backwards.invert_axis(At(axis));
            let both = concatenate(At(0), &[first.view(), backwards]);
            both.map_err(|e| cannot(&e.to_string()))?
        };
        let frames = self
            .subject
            .extractor
            .reading()
            .frames(|_| vec![FrameRange::ALL]);
        let alone = self.outputs(first, item.placed, &frames, task)?;
        let among = self
            .outputs(batch.view(), item.placed, &frames, task)
            .map_err(|e| cannot(&format!("the model takes one at a time: {e}")))?;
        let count = batch.len_of(At(0));
        let taps = self.subject.extractor.taps().iter().enumerate();
        let among: Vec<ArrayD<f32>> = taps
            .zip(among)
            .map(|((place, tap), values)| {
                let several = |axis: &Axis| matches!(axis, Axis::Batch | Axis::Window);
                let inside = self.subject.extractor.reading().is_inside(place);
                let axis = if inside {
                    0
                } else {
                    tap.axes.iter().position(several).unwrap_or(0)
                };
                if values.shape().get(axis) != Some(&count) {
                    return Err(cannot(&format!(
                        "tap `{}` does not keep the batch apart",
                        tap.name
                    )));
                }
                Ok(values.slice_axis(At(axis), Slice::from(0..1)).to_owned())
            })
            .collect::<Result<_>>()?;
        self.inferences[1] += 1 + count.min(2);
        self.figures(&alone, &among, &frames)
    }

    fn outputs(
        &mut self,
        features: ArrayViewD<'_, f32>,
        placed: Placed,
        frames: &SpanFrames,
        task: &Task,
    ) -> Result<Vec<ArrayD<f32>>> {
        let subject = self.subject;
        let reading = subject.extractor.reading();
        let inputs = reading.inputs(subject.model, features, placed, frames)?;
        match &mut self.session {
            Some(session) => Ok(session.run(&views(&inputs), &task.cancel)?),
            None => Err(cannot("there is no session")),
        }
    }

    fn figures(
        &self,
        alone: &[ArrayD<f32>],
        among: &[ArrayD<f32>],
        frames: &SpanFrames,
    ) -> Result<Vec<f64>> {
        let extractor = self.subject.extractor;
        let pool = |outputs: &[ArrayD<f32>]| -> Result<Vec<Vec<f32>>> {
            let mut means = extractor.means(1);
            extractor.reading().pool(&mut means, outputs, frames)?;
            means.into_iter().map(Mean::finish).collect()
        };
        let (alone, among) = (pool(alone)?, pool(among)?);
        Ok(alone
            .iter()
            .zip(&among)
            .map(|(a, b)| relative(a, b))
            .collect())
    }

    pub(super) fn checks(self) -> [Check; 2] {
        let padding = verdict(
            Words {
                id: "padding_invariance",
                meaning: "largest change of a tap's mean over a recording's own frames when 1 s of \
                          zeros follows it (masked where the model has a mask), relative to the mean's \
                          largest value",
                same: "Zeros behind a recording do not change what its own frames give",
                other: "so compare recordings only as they were run here, one by one, and beware of \
                        results that were made in padded batches",
            },
            self.padding,
            PADDING_IS_NEUTRAL,
            self.n[0],
            self.inferences[0],
        );
        let batching = verdict(
            Words {
                id: "batch_invariance",
                meaning: "largest change of a tap's mean when the recording runs in a batch with another \
                          of the same length (or its windows together), relative to the mean's largest \
                          value",
                same: "A recording gives the same alone and in a batch",
                other: "so results made in batches elsewhere will differ from these",
            },
            self.batching,
            BATCHING_IS_NEUTRAL,
            self.n[1],
            self.inferences[1],
        );
        [padding, batching]
    }
}

/// Frames that neither the end of the recording nor what follows it can differ in number at.
fn inner_frames(placed: Placed, timing: Timing) -> FrameRange {
    let stride = timing.stride.max(1) as usize;
    let field = match timing.field {
        Field::Steps(steps) => (steps as usize).div_ceil(stride),
        Field::Unbounded => 0,
    };
    FrameRange {
        first: 0,
        last: (placed.end_step / stride).saturating_sub(1 + EDGE_FRAMES + field),
    }
}

fn cannot(why: &str) -> Error {
    Error::Request {
        problem: why.to_owned(),
        hint: String::new(),
    }
}

/// Adds the figures of an item; a check that fails on one item is not measured at all.
fn note(measured: &mut Measured, id: &str, figures: Result<Vec<f64>>, n: &mut usize) {
    match (measured.as_mut(), figures) {
        (Ok(by_tap), Ok(figures)) => {
            by_tap.see(id, figures);
            *n += 1;
        }
        (Ok(_), Err(e)) => *measured = Err(e.to_string()),
        (Err(_), _) => {}
    }
}

struct Words {
    id: &'static str,
    meaning: &'static str,
    same: &'static str,
    other: &'static str,
}

fn verdict(words: Words, measured: Measured, threshold: f64, n: usize, inferences: usize) -> Check {
    let check = Check {
        id: words.id.into(),
        meaning: words.meaning.into(),
        threshold: Some(threshold),
        inferences,
        ..Check::default()
    };
    let by_tap = match measured {
        Ok(by_tap) => by_tap,
        Err(why) => {
            return Check {
                verdict: format!("Not measured: {why}."),
                detail: why,
                ..check
            };
        }
    };
    let Some((tap, worst)) = by_tap.largest() else {
        return Check {
            verdict: "Not measured: no item was read.".into(),
            detail: "no item to measure on".into(),
            ..check
        };
    };
    let status = worst.status(threshold, Status::Warn);
    Check {
        status,
        verdict: match status {
            Status::Pass if worst.value == 0.0 => format!("{}, bit for bit.", words.same),
            Status::Pass => format!(
                "{}: at most {} of the largest value.",
                words.same,
                shown(worst.value)
            ),
            _ => format!(
                "It changes {} of {} taps, by up to {} of the largest value at `{tap}`, {}.",
                by_tap.above(threshold),
                by_tap.len(),
                shown(worst.value),
                words.other
            ),
        },
        value: Some(worst.value),
        n,
        detail: format!("worst tap `{tap}`, {}", worst.detail()),
        taps: by_tap.figures(),
        ..check
    }
}
