//! What the quality probe is given.

use ndarray::Array2;

use super::frames::FrameSource;
use crate::error::Result;

/// One utterance and what is known of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct QualityItem {
    /// Its name.
    pub id: String,
    /// Who or what made this recording; the reference is one of them.
    pub system: String,
    /// Who speaks.
    pub speaker: Option<String>,
    /// What it shares with its counterparts in other systems: the original's id, or the text.
    pub pair: Option<String>,
    /// What was done to it, where it was degraded on purpose.
    pub degradation: Option<String>,
    /// How much of it, from little to much.
    pub severity: Option<f64>,
    /// Values of the columns of [`QualityInput::matching`], in their order.
    pub classes: Vec<Option<String>>,
}

/// A rating of each utterance, larger is better.
#[derive(Debug, Clone, PartialEq)]
pub struct Rating {
    /// Its name in the report, for example `mos`.
    pub name: String,
    /// Where it comes from, in words; what is not from listeners says so.
    pub source: String,
    /// One value per item.
    pub values: Vec<Option<f64>>,
}

/// A model whose layers are measured.
pub struct ModelInput<'a> {
    /// Its name in the report.
    pub name: String,
    /// Names of its layers, in the order of the network.
    pub layers: Vec<String>,
    /// Utterance means of a layer, by its place: `[item, dim]`, one row per item of the input.
    pub read: Box<dyn Fn(usize) -> Result<Array2<f64>> + 'a>,
    /// Place of the layer that is a speaker embedding, whose cosines are similarities.
    pub embedding: Option<usize>,
    /// What its frames are read with; without, only utterance means are measured.
    pub frames: Option<FrameSource<'a>>,
    /// Embeddings of the first and second halves of reference utterances, where they were made: ids and
    /// `[2 · id, dim]`, both halves of an utterance one after the other.
    pub halves: Option<(Vec<String>, Array2<f64>)>,
}

impl std::fmt::Debug for ModelInput<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ModelInput")
            .field("name", &self.name)
            .field("layers", &self.layers)
            .finish_non_exhaustive()
    }
}

/// Utterances of a reference and of one or more systems.
#[derive(Debug)]
pub struct QualityInput<'a> {
    /// The utterances.
    pub items: Vec<QualityItem>,
    /// Which system is the reference.
    pub reference: String,
    /// Ratings of the utterances, those of listeners first.
    pub ratings: Vec<Rating>,
    /// Columns whose classes reference and system may share or not, for the table of matching.
    pub matching: Vec<String>,
    /// The models.
    pub models: Vec<ModelInput<'a>>,
}
