//! What the speaker probe is given.

use ndarray::Array2;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Embeddings of the same items by one or more systems, with what is known about the items. All lists
/// are parallel.
#[derive(Debug, Clone, PartialEq)]
pub struct SpeakerInput {
    /// Names of the items, for messages.
    pub item_ids: Vec<String>,
    /// Speaker of each item.
    pub speakers: Vec<String>,
    /// Content hash of each item's recording, where known: speakers who share one stay in one fold.
    pub recordings: Vec<Option<String>>,
    /// The systems, in the order of the report; at least one.
    pub systems: Vec<SystemInput>,
    /// Metadata, in the order of the report.
    pub columns: Vec<MetaColumn>,
    /// Acoustic descriptors; none leaves out what is done with them.
    pub descriptors: Vec<DescriptorInput>,
    /// Fold of each item, where the corpus comes with folds; else they are drawn.
    pub folds: Option<Vec<String>>,
}

/// Embeddings of one system.
#[derive(Debug, Clone, PartialEq)]
pub struct SystemInput {
    /// Its name in the report.
    pub name: String,
    /// What is done to an embedding before it is averaged per speaker.
    pub normalise: Normalise,
    /// Embeddings, `[item, dim]`.
    pub embeddings: Array2<f64>,
    /// Vectors of the same items by what learned nothing of speakers.
    pub controls: Vec<ControlInput>,
}

/// Vectors that stand in for a system's as a control.
#[derive(Debug, Clone, PartialEq)]
pub struct ControlInput {
    /// `twin` or `log_mel`.
    pub kind: &'static str,
    /// What it is, in words.
    pub words: String,
    /// What is done to a vector before it is averaged per speaker.
    pub normalise: Normalise,
    /// Vectors, `[item, dim]`, or why there are none.
    pub vectors: Result<Array2<f64>, String>,
}

/// One metadata column, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetaColumn {
    /// Its heading.
    pub name: String,
    /// Its entries, one per item; nothing, an empty string and `NA` are missing.
    pub values: Vec<Option<String>>,
}

/// One acoustic descriptor of the items.
#[derive(Debug, Clone, PartialEq)]
pub struct DescriptorInput {
    /// Its name, which carries its definition, for example `f0_median_st`.
    pub name: String,
    /// Its unit, or nothing for pure numbers.
    pub unit: Option<String>,
    /// What it is, in words.
    pub definition: String,
    /// Whether it tells of the recording (noise, band, level, quality) rather than of the voice.
    pub recording: bool,
    /// What it is for.
    pub part: Part,
    /// What is done to a value before the median over the speaker's items.
    pub transform: Transform,
    /// Its values, one per item; nothing where it could not be measured.
    pub values: Vec<Option<f64>>,
}

/// What a descriptor is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Part {
    /// It takes part in everything.
    #[default]
    Predictor,
    /// A condition of the recording that is only held in partial correlations and compared with the
    /// components there: it predicts nothing and counts among no descriptors.
    Condition,
}

/// What is done to a descriptor's values so that equal steps mean equal changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transform {
    /// Nothing.
    #[default]
    None,
    /// Natural logarithm, for positive quantities that differ by ratios (jitter, shimmer).
    Log,
    /// `ln(v / (1 − v))`, for shares of one (glottal-to-noise excitation).
    Logit,
}

impl Transform {
    /// What suits a descriptor of this name.
    pub fn for_descriptor(name: &str) -> Self {
        match name {
            n if n.starts_with("jitter") || n.starts_with("shimmer") => Self::Log,
            n if n.starts_with("gne") => Self::Logit,
            _ => Self::None,
        }
    }

    /// Its name in the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Log => "log",
            Self::Logit => "logit",
        }
    }

    /// The transformed value; nothing where it does not exist.
    pub fn apply(self, value: f64) -> Option<f64> {
        let found = match self {
            Self::None => value,
            Self::Log => value.ln(),
            Self::Logit => (value / (1.0 - value)).ln(),
        };
        found.is_finite().then_some(found)
    }
}

/// Whether a descriptor of this name tells of the recording rather than of the voice.
pub fn is_of_recording(name: &str) -> bool {
    [
        "snr",
        "dnsmos",
        "bandwidth",
        "level",
        "active_level",
        "intensity",
        "clipp",
    ]
    .iter()
    .any(|start| name.starts_with(start))
}

/// What is done to an embedding before it is averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Normalise {
    /// It is taken as it is.
    None,
    /// It is divided by its Euclidean length.
    L2,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transforms_by_hand() {
        assert_eq!(Transform::for_descriptor("jitter_ppq5"), Transform::Log);
        assert_eq!(Transform::for_descriptor("f0_median_st"), Transform::None);
        assert_eq!(Transform::Logit.apply(0.5), Some(0.0));
        assert_eq!(Transform::Logit.apply(1.0), None);
        assert_eq!(Transform::Log.apply(0.0), None);
        assert_eq!(Transform::Log.apply(-1.0), None);
        assert!(is_of_recording("snr_db") && !is_of_recording("vtl_delta_f_cm"));
    }
}
