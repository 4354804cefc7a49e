//! `phonoscope models …`

use clap::{Args, Subcommand};

/// List, fetch and inspect models.
#[derive(Debug, Subcommand)]
pub enum ModelsCommand {
    /// Models of the catalogue
    List(ListArgs),
    /// Fetch models of the catalogue into the cache
    Pull(PullArgs),
    /// What is in a model: inputs, outputs, taps, operators, parameters
    Inspect(InspectArgs),
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
#[command(after_help = "Example:
  phonoscope models pull ge2e whisper-tiny.en")]
pub struct PullArgs {
    /// Names in the catalogue
    #[arg(required = true, value_name = "NAME")]
    pub names: Vec<String>,
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
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}
