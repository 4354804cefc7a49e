//! `phonoscope models …`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::ModelChoice;

/// List, fetch and inspect models.
#[derive(Debug, Subcommand)]
pub enum ModelsCommand {
    /// Models of the catalogue
    List(ListArgs),
    /// Fetch models of the catalogue into the cache
    Pull(PullArgs),
    /// What is in a model: inputs, outputs, taps, operators, parameters
    Inspect(InspectArgs),
    /// Print a card to start from for an ONNX file
    Card(CardArgs),
    /// Write a model's random-weight twin: the same network, knowing nothing
    Twin(TwinArgs),
}

/// Arguments of `models list`.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `models pull`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  phonoscope models pull ge2e whisper-tiny.en campplus
  phonoscope models pull wav2vec2-base --from exports/wav2vec2-base.onnx
  phonoscope models pull whisper-small hubert-base --from https://hub.example

An address is a base, after which REPOSITORY/resolve/REVISION/FILE is put, unless it holds
{repository}, {revision} and {file} itself. PHONOSCOPE_HUB is used where --from is not given.")]
pub struct PullArgs {
    /// Names in the catalogue
    #[arg(required = true, value_name = "NAME")]
    pub names: Vec<String>,
    /// Where models of hubs come from: an ONNX file, a folder of them, or a base address
    #[arg(long, value_name = "FILE|FOLDER|ADDRESS")]
    pub from: Option<String>,
}

/// Arguments of `models inspect`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  phonoscope models inspect whisper-tiny.en
  phonoscope models inspect my/model.onnx --json")]
pub struct InspectArgs {
    /// A name in the catalogue, or an ONNX file
    #[arg(value_name = "NAME|FILE")]
    pub model: String,
    /// What is said about a file
    #[command(flatten)]
    pub choice: ModelChoice,
    /// Show every block by itself, also where several are alike
    #[arg(long)]
    pub all: bool,
    /// Leave out the dry run that checks axes and strides
    #[arg(long)]
    pub no_run: bool,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `models card`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:
  phonoscope models card my/model.onnx > my/model.toml

The card says what the model is fed, as far as its inputs tell; change what is wrong.")]
pub struct CardArgs {
    /// An ONNX file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Arguments of `models twin`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  phonoscope models twin ge2e --out ge2e-twin.onnx
  phonoscope models twin my/model.onnx --kind permuted --seed 2 --out twin.onnx")]
pub struct TwinArgs {
    /// A name in the catalogue, or an ONNX file
    #[arg(value_name = "NAME|FILE")]
    pub model: String,
    /// How the weights are drawn, tensor by tensor
    #[arg(long, value_enum, default_value_t = TwinChoice::Redrawn)]
    pub kind: TwinChoice,
    /// Seed of the draws: same seed, same file
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// File to write; it holds all weights, also those that the model keeps in other files
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// How the weights of a twin are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TwinChoice {
    /// From a normal of the same mean and standard deviation
    Redrawn,
    /// The same numbers in another order
    Permuted,
}
