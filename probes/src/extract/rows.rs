//! What the rows of a run are made of.

use std::num::NonZeroUsize;
use std::sync::Arc;

use phonoscope_datasets::alignment::Level;

use super::alignments::Alignments;
use super::spans::{Frames, SpanKind};
use crate::error::{Error, Result};

/// What the rows of a run stand for, and which frames their means cover.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    pub(super) source: Source,
    /// Which frames a mean covers where the model is fed more than the recording.
    pub frames: Frames,
    /// As many frames of each span are averaged, at equal steps, where a number is given.
    pub(super) equal_frames: Option<NonZeroUsize>,
}

/// Where spans come from.
#[derive(Debug, Clone, Default)]
pub(super) enum Source {
    #[default]
    Utterance,
    Segment,
    Aligned(Level, Arc<Alignments>),
}

impl Rows {
    /// Rows of this kind.
    ///
    /// # Errors
    /// When words or phones are asked for without alignments, or alignments are given for rows that
    /// need none.
    pub fn new(
        kind: SpanKind,
        alignments: Option<Arc<Alignments>>,
        frames: Frames,
    ) -> Result<Self> {
        let source = match (kind, alignments) {
            (SpanKind::Utterance, None) => Source::Utterance,
            (SpanKind::Segment, None) => Source::Segment,
            (SpanKind::Word, Some(found)) => Source::Aligned(Level::Word, found),
            (SpanKind::Phone, Some(found)) => Source::Aligned(Level::Phone, found),
            (SpanKind::Word | SpanKind::Phone, None) => {
                return Err(Error::Request {
                    problem: format!("{kind} spans need alignments"),
                    hint: "give --alignments FILE or FOLDER".into(),
                });
            }
            (SpanKind::Utterance | SpanKind::Segment, Some(_)) => {
                return Err(Error::Request {
                    problem: format!("{kind} spans come from the manifest, not from alignments"),
                    hint: "leave --alignments out, or ask for --spans word or phone".into(),
                });
            }
        };
        Ok(Self {
            source,
            frames,
            equal_frames: None,
        })
    }

    /// The same rows, with `frames` frames of each span averaged instead of all, at equal steps from its start to
    /// its end: a mean over more frames is less noisy, and so tells how long its span is. Spans of fewer frames give
    /// some of theirs more than once.
    #[must_use]
    pub fn with_equal_frames(self, frames: NonZeroUsize) -> Self {
        Self {
            equal_frames: Some(frames),
            ..self
        }
    }

    /// What one row stands for.
    pub fn kind(&self) -> SpanKind {
        match &self.source {
            Source::Utterance => SpanKind::Utterance,
            Source::Segment => SpanKind::Segment,
            Source::Aligned(Level::Word, _) => SpanKind::Word,
            Source::Aligned(Level::Phone, _) => SpanKind::Phone,
        }
    }

    /// The alignments, where words or phones are read.
    pub fn alignments(&self) -> Option<&Alignments> {
        match &self.source {
            Source::Aligned(_, alignments) => Some(alignments),
            Source::Utterance | Source::Segment => None,
        }
    }
}
