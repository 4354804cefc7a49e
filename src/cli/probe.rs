//! `phonoscope extract` and `phonoscope probe …`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use phonoscope_models::twin::TwinKind;
use phonoscope_probes::extract::{Frames, SpanKind};

use super::ModelChoice;

/// Arguments of `extract`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  phonoscope extract --model ge2e --data manifest.tsv --out ge2e.run
  phonoscope extract --model whisper-tiny.en --data manifest.tsv --taps 'encoder.*.resid_post' --out w.run
  phonoscope extract --model mine.onnx --front-end waveform --data manifest.tsv --taps /fc/Gemm_output_0 --out m.run
  phonoscope extract --model whisper-tiny.en --data manifest.tsv --spans word --alignments textgrids/ --out words.run

Each tap is averaged over the utterance, or over each span of it. Interrupted runs continue where they were.")]
pub struct ExtractArgs {
    /// A name in the catalogue, or an ONNX file
    #[arg(long, value_name = "NAME|FILE")]
    pub model: String,
    /// What is said about an ONNX file
    #[command(flatten)]
    pub choice: ModelChoice,
    /// Manifest: TSV, CSV or JSONL with a header; the column `path` is required
    #[arg(long, value_name = "MANIFEST")]
    pub data: PathBuf,
    /// Taps to read, `*` for any characters [default: the model's embedding, else every tap]
    #[arg(long, value_name = "PATTERN", num_args = 1..)]
    pub taps: Vec<String>,
    /// What one row of the run is
    #[command(flatten)]
    pub rows: RowArgs,
    /// Run a copy of the model that learned nothing, as a control: redrawn or permuted weights
    #[arg(long, value_name = "KIND")]
    pub twin: Option<TwinKind>,
    /// Seed of the copy's weights
    #[arg(long, value_name = "N", default_value_t = 1, requires = "twin")]
    pub twin_seed: u64,
    /// Run folder to write
    #[arg(long, value_name = "RUN")]
    pub out: PathBuf,
    /// Parallel sessions [default: number of cores]
    #[arg(long, value_name = "N")]
    pub sessions: Option<usize>,
}

/// What one row of a run is.
#[derive(Debug, Clone, Args)]
pub struct RowArgs {
    /// What is averaged over: utterance, word, phone, or segment (a manifest row with `start` and
    /// `end`, heard within its whole recording)
    #[arg(long, value_name = "KIND", default_value_t)]
    pub spans: SpanKind,
    /// TextGrid, CTM, TIMIT or TSV file, or a folder of them, for words and phones [default: the
    /// manifest's column `alignment`, else files beside the recordings]
    #[arg(long, value_name = "PATH")]
    pub alignments: Option<PathBuf>,
    /// Frames that the mean over an utterance covers where the model is fed padding: those of the
    /// audio, or all
    #[arg(long, value_name = "WHICH", default_value_t)]
    pub frames: Frames,
}

/// Ask a question of a model.
#[derive(Debug, Subcommand)]
pub enum ProbeCommand {
    /// What are the principal components of a speaker-embedding space?
    Speaker(SpeakerArgs),
}

/// Arguments of `probe speaker`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  phonoscope probe speaker --run ge2e.run --out report.json
  phonoscope probe speaker --model ge2e --data manifest.tsv --out report.json
  phonoscope probe speaker --run w.run --tap encoder.2.resid_post --out layer2.json

Without --run, the activations go to a run folder beside the report.")]
pub struct SpeakerArgs {
    /// Where the embeddings come from
    #[command(flatten)]
    pub source: SpeakerSource,
    /// Report to write; arrays go beside it as .npz
    #[arg(long, value_name = "REPORT.json")]
    pub out: PathBuf,
    /// Tap to analyse [default: the model's embedding]
    #[arg(long, value_name = "TAP")]
    pub tap: Option<String>,
    /// Divide each dimension by its standard deviation before PCA
    #[arg(long)]
    pub standardise: bool,
    /// Components to describe
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub components: usize,
    /// Speaker folds for the held-out variance
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub folds: usize,
    /// Resampling statistics
    #[command(flatten)]
    pub statistics: Statistics,
}

/// Where embeddings come from: a finished run, or a model and a manifest.
#[derive(Debug, Clone, Args)]
pub struct SpeakerSource {
    /// A finished run folder
    #[arg(long, value_name = "RUN", conflicts_with_all = ["model", "data"], required_unless_present = "model")]
    pub run: Option<PathBuf>,
    /// A name in the catalogue, or an ONNX file
    #[arg(long, value_name = "NAME|FILE", requires = "data")]
    pub model: Option<String>,
    /// What is said about an ONNX file
    #[command(flatten)]
    pub choice: ModelChoice,
    /// Manifest with a `speaker` column
    #[arg(long, value_name = "MANIFEST", requires = "model")]
    pub data: Option<PathBuf>,
}

/// Resampling statistics.
#[derive(Debug, Clone, Copy, Args)]
pub struct Statistics {
    /// Seed of everything drawn
    #[arg(long, default_value_t = Self::default().seed)]
    pub seed: u64,
    /// Permutations for every null
    #[arg(long, value_name = "N", default_value_t = Self::default().permutations)]
    pub permutations: usize,
    /// Bootstrap draws for every interval
    #[arg(long, value_name = "N", default_value_t = Self::default().bootstrap)]
    pub bootstrap: usize,
}

impl Default for Statistics {
    fn default() -> Self {
        Self {
            seed: 1,
            permutations: 999,
            bootstrap: 1000,
        }
    }
}
