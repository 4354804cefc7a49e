//! `phonoscope extract` and `phonoscope probe …`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use phonoscope_models::twin::TwinKind;
use phonoscope_probes::extract::{Frames, SpanKind};

use super::{EmphasisArgs, ModelChoice, QualityArgs};

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
    /// Is emphasis a structured direction in a model's layers?
    Emphasis(EmphasisArgs),
    /// What does a classifier of lexical stress look at?
    Stress(StressArgs),
    /// Which layers hear that speech is synthetic, or bad?
    Quality(QualityArgs),
}

/// Arguments of `probe speaker`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  phonoscope probe speaker --model ge2e --data manifest.tsv --out report.json
  phonoscope probe speaker --model ge2e --model campplus --model dvector --data manifest.tsv --out three.json
  phonoscope probe speaker --model ge2e --data manifest.tsv --dnsmos --out report.json
  phonoscope probe speaker --run ge2e.run --run campplus.run --descriptors descriptors.tsv --out two.json
  phonoscope probe speaker --run ge2e.run --descriptors d.csv --descriptor f0_median_st vtl_delta_f_cm --out r.json
  phonoscope probe speaker --run w.run --tap encoder.2.resid_post --descriptors none --out layer2.json

Without --run, the activations go to run folders beside the report. Several systems are compared on the items
that all of them could use.")]
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
    /// Speaker folds for everything that is held out
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub folds: usize,
    /// Column of the manifest that holds the corpus's own folds; refused when they share a speaker
    #[arg(long, value_name = "COLUMN")]
    pub fold_column: Option<String>,
    /// Acoustic descriptors
    #[command(flatten)]
    pub descriptors: DescriptorArgs,
    /// Controls to leave out
    #[command(flatten)]
    pub controls: Controls,
    /// Resampling statistics
    #[command(flatten)]
    pub statistics: Statistics,
}

/// Where embeddings come from: finished runs, or models and a manifest.
#[derive(Debug, Clone, Default, Args)]
pub struct SpeakerSource {
    /// A finished run folder; again for each further system
    #[arg(long = "run", id = "run", value_name = "RUN", conflicts_with_all = ["model", "data"], required_unless_present = "model")]
    pub runs: Vec<PathBuf>,
    /// A name in the catalogue, or an ONNX file; again for each further system
    #[arg(
        long = "model",
        id = "model",
        value_name = "NAME|FILE",
        requires = "data"
    )]
    pub models: Vec<String>,
    /// What is said about an ONNX file
    #[command(flatten)]
    pub choice: ModelChoice,
    /// Manifest with a `speaker` column
    #[arg(long, value_name = "MANIFEST", requires = "model")]
    pub data: Option<PathBuf>,
}

/// Which acoustic descriptors take part.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Acoustic descriptors")]
pub struct DescriptorArgs {
    /// `measure` from the recordings (kept beside the report), `none`, or a table of descriptors by item (column `id`, or `path`) or speaker (column `speaker`):
    /// CSV, or any other name with tabs between columns
    #[arg(long, value_name = "measure|none|FILE", default_value = MEASURE)]
    pub descriptors: String,
    /// Descriptors that take part, in the order of the report; `all` for every one (`phonoscope acoustics
    /// --list`) [default: eight counterparts of the paper's, nine with --dnsmos; of a table every column of
    /// numbers]
    #[arg(long = "descriptor", value_name = "NAME", num_args = 1..)]
    pub chosen: Vec<String>,
    /// Rate the recordings with the network DNSMOS as well (fetched where it is missing): dnsmos_ovrl,
    /// dnsmos_sig, dnsmos_bak
    #[arg(long)]
    pub dnsmos: bool,
    /// Most descriptors that the forward selection chooses
    #[arg(long, value_name = "K", default_value_t = 9)]
    pub select: usize,
    /// Largest correlation of two chosen descriptors
    #[arg(long, value_name = "R", default_value_t = 0.8)]
    pub cap: f64,
}

/// The word for descriptors that are measured.
pub const MEASURE: &str = "measure";
/// The word for no descriptors.
pub const NO_DESCRIPTORS: &str = "none";

impl Default for DescriptorArgs {
    fn default() -> Self {
        Self {
            descriptors: MEASURE.into(),
            chosen: vec![],
            dnsmos: false,
            select: 9,
            cap: 0.8,
        }
    }
}

/// Controls that are on by default; the report says which were off.
#[derive(Debug, Clone, Copy, Default, Args)]
#[command(next_help_heading = "Controls, on by default")]
pub struct Controls {
    /// Leave out the multilayer perceptron beside the linear regression
    #[arg(long)]
    pub no_mlp: bool,
    /// Leave out permutation nulls of regressions, component cards, ages and comparisons of systems
    #[arg(long)]
    pub no_nulls: bool,
    /// Leave out the same conclusions from other arrangements of the embeddings
    #[arg(long)]
    pub no_sensitivity: bool,
    /// Leave out the same conclusions from the network with random weights (which is run as well) and from
    /// log-mel bands without a network
    #[arg(long)]
    pub no_baselines: bool,
}

impl Controls {
    /// The flags that are set.
    pub fn flags(self) -> Vec<&'static str> {
        let all = [
            (self.no_mlp, "--no-mlp"),
            (self.no_nulls, "--no-nulls"),
            (self.no_sensitivity, "--no-sensitivity"),
            (self.no_baselines, "--no-baselines"),
        ];
        all.iter()
            .filter(|(set, _)| *set)
            .map(|(_, flag)| *flag)
            .collect()
    }
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

/// The classifier of stress inside the program.
pub(crate) const STRESS_MODEL: &str = "stress-librispeech";

/// Arguments of `probe stress`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  phonoscope probe stress --data words.tsv --out stress.json
  phonoscope probe stress --model mine.onnx --data words.tsv --test-fold 0 --out stress.json
  phonoscope probe stress --model mine.onnx --control null.onnx --data words.tsv --out stress.json
  phonoscope probe stress --model mine.onnx --composite EpsilonPlus --data words.tsv --out plus.json

The manifest is that of `train stress`. The model has two classes, final and initial, and a front end
of kind log_spectrum.")]
pub struct StressArgs {
    /// A name in the catalogue, or an ONNX file
    #[arg(long, value_name = "NAME|FILE", default_value = STRESS_MODEL)]
    pub model: String,
    /// What is said about an ONNX file
    #[command(flatten)]
    pub choice: ModelChoice,
    /// A network trained the same way on shuffled labels (`train stress --shuffle-labels`)
    #[arg(long, value_name = "NAME|FILE")]
    pub control: Option<String>,
    /// Manifest of words
    #[arg(long, value_name = "MANIFEST")]
    pub data: PathBuf,
    /// Report to write
    #[arg(long, value_name = "REPORT.json")]
    pub out: PathBuf,
    /// Which layer has which rule of relevance; again for each further composite [default:
    /// allouche2025 and EpsilonGammaBox]
    #[arg(long = "composite", value_name = "NAME")]
    pub composites: Vec<String>,
    /// Explain the predicted logit less the other, rather than alone
    #[arg(long)]
    pub difference: bool,
    /// Fold whose speakers and words the model was not trained on, or none
    #[arg(long, value_name = "FOLD|none", default_value = "none")]
    pub test_fold: super::FoldChoice,
    /// Leave out the twin with random weights
    #[arg(long)]
    pub no_twin: bool,
    /// Words of the sanity checks; 0 leaves them out
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub sanity_words: usize,
    /// Seed of everything drawn
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Draws of every interval
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub bootstrap: usize,
}
