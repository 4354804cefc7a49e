//! The command line: types only, no logic.

mod acoustics;
mod analyse;
mod data;
mod demo;
mod emphasis;
mod model_choice;
mod models;
mod probe;
mod quality;
mod relevance;
mod train;

pub use acoustics::AcousticsArgs;
pub use analyse::{
    AnalyseCommand, CcaArgs, CkaArgs, Covariance, LinearProbeArgs, PairArgs, PcaArgs, RegressArgs,
    W2Args,
};
pub(crate) use data::DEFAULT_SENTENCES;
pub use data::{
    CheckArgs, DataCommand, DegradeArgs, ImportArgs, PullCorpus, PullDataArgs, SynthCommand,
    SynthEmphasisArgs, VoicesArgs,
};
pub use demo::{DemoCommand, DemoEmphasisArgs, DemoStressArgs};
pub use emphasis::{EmphasisArgs, EmphasisControls, InterventionArgs};
pub use model_choice::{ModelChoice, Pad};
pub use models::{CardArgs, InspectArgs, ListArgs, ModelsCommand, PullArgs, TwinArgs, TwinChoice};
pub(crate) use probe::STRESS_MODEL;
pub use probe::{
    Controls, DescriptorArgs, ExtractArgs, MEASURE, NO_DESCRIPTORS, ProbeCommand, RowArgs,
    SpeakerArgs, SpeakerSource, Statistics, StressArgs,
};
pub use quality::{QualityArgs, QualityControls};
pub use relevance::{MethodChoice, RelevanceArgs};
pub use train::{ArchitectureChoice, FoldChoice, TrainCommand, TrainStressArgs};

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Folder of the demo unless another is given.
pub(crate) const DEMO_FOLDER: &str = "phonoscope-demo";

const EXIT_CODES: &str = "Exit codes:
  0  done
  1  done, but a stated threshold failed
  2  bad usage or input
  3  failed while running
  130  interrupted; the same command continues where it was";

/// A terminal workbench for looking inside speech models.
///
/// Point it at an ONNX speech model and a folder of recordings; minutes later you browse what the
/// model's embedding space encodes, with an interval and a control beside every number. Without a
/// command it opens the screen.
#[derive(Debug, Parser)]
#[command(name = "phonoscope", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// Inference engine: `auto` takes ONNX Runtime where it can be had, and rten otherwise
    #[arg(long, global = true, value_name = "NAME", default_value = "auto", env = "PHONOSCOPE_ENGINE", value_parser = ["auto", "onnxruntime", "rten"])]
    pub engine: String,
    /// Fetch nothing: use only what is already here
    #[arg(long, global = true, env = "PHONOSCOPE_OFFLINE", value_parser = clap::builder::FalseyValueParser::new())]
    pub offline: bool,
    /// No progress and no remarks on standard error
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Colours of the screen
    #[arg(long, global = true, value_enum, default_value_t = Theme::Auto, env = "PHONOSCOPE_THEME")]
    pub theme: Theme,
}

/// Colours of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Theme {
    /// Asks the terminal; `mono` when NO_COLOR is set
    Auto,
    /// For dark backgrounds
    Dark,
    /// For light backgrounds
    Light,
    /// Glyphs, bold and reverse only
    Mono,
    /// The terminal's own 16 colours
    Ansi16,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Real models and the best speech at hand: report, summary, screen
    Demo(DemoArgs),
    /// What works here, what does not, and what to do about it
    Doctor(DoctorArgs),
    /// List, fetch and inspect models
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Import, check, make and fetch speech data
    #[command(subcommand)]
    Data(DataCommand),
    /// Run a model over a manifest and keep its activations
    Extract(ExtractArgs),
    /// Measure recordings: pitch, formants, voice quality, tilt, rate, as Praat does
    Acoustics(AcousticsArgs),
    /// Ask a question of a model
    #[command(subcommand)]
    Probe(ProbeCommand),
    /// What a network looks at: relevance of its inputs for its scores
    Relevance(RelevanceArgs),
    /// Train a model to be looked into
    #[command(subcommand)]
    Train(TrainCommand),
    /// The numerics on anyone's matrices
    #[command(subcommand)]
    Analyse(AnalyseCommand),
    /// Open the screen on reports and models
    Browse(BrowseArgs),
    /// Write a report or run in another format
    Export(ExportArgs),
    /// Print the JSON schema of reports
    Schema,
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
}

/// Arguments of `demo`.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:
  phonoscope demo
  phonoscope demo --voices kokoro
  phonoscope demo --data my/manifest.tsv --out my-demo --no-tui
  phonoscope demo emphasis
  phonoscope demo stress")]
pub struct DemoArgs {
    /// Another demonstration than that of speakers
    #[command(subcommand)]
    pub other: Option<DemoCommand>,
    /// Recordings to use instead of made speech
    #[arg(long, value_name = "MANIFEST")]
    pub data: Option<PathBuf>,
    /// Which made speech to use [default: kokoro where `data pull kokoro-voices` has run, else synthetic]
    #[arg(long, value_enum, value_name = "KIND", conflicts_with = "data")]
    pub voices: Option<DemoVoices>,
    /// Folder for the report and what it was made from
    #[arg(long, value_name = "DIR", default_value = DEMO_FOLDER)]
    pub out: PathBuf,
    /// Do not open the screen afterwards
    #[arg(long)]
    pub no_tui: bool,
    /// Resampling statistics
    #[command(flatten)]
    pub statistics: Statistics,
}

/// Made speech for the demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DemoVoices {
    /// 54 neural voices, fetched and spoken the first time (minutes)
    Kokoro,
    /// 60 synthetic voices with known parameters (seconds)
    Synthetic,
}

/// Arguments of `doctor`.
#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `browse`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  phonoscope browse report.json
  phonoscope browse report.json --data corpus/manifest.tsv
  phonoscope browse phonoscope-demo --theme light
  phonoscope browse my/model.onnx
  phonoscope browse whisper-tiny.en")]
pub struct BrowseArgs {
    /// Reports, folders that hold a report.json, ONNX files, or names in the catalogue of models
    #[arg(required = true, value_name = "REPORT|MODEL")]
    pub things: Vec<PathBuf>,
    /// Manifest of the reports' recordings, or its folder, where they are not found beside the report
    #[arg(long, value_name = "MANIFEST|DIR")]
    pub data: Option<PathBuf>,
}

/// Arguments of `export`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  phonoscope export report.json --format csv --out tables
  phonoscope export report.json --format csv --table components --out components.csv
  phonoscope export report.json --format svg --out figures
  phonoscope export report.json --format markdown --out appendix.md
  phonoscope export report.json --format html --out appendix.html
  phonoscope export my.run --format npz --out activations.npz")]
pub struct ExportArgs {
    /// A report, or a run folder
    #[arg(value_name = "REPORT|RUN")]
    pub source: PathBuf,
    /// Format to write
    #[arg(long, value_enum)]
    pub format: ExportFormat,
    /// File to write (`json`, `npz`, `markdown`, `html`, one table), or folder (`svg`, all tables as `csv`)
    #[arg(long, value_name = "PATH")]
    pub out: PathBuf,
    /// Only this table (csv)
    #[arg(long, value_name = "ID")]
    pub table: Option<String>,
}

/// Format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// The whole report
    Json,
    /// Tables; estimates become four columns (value, ends, n)
    Csv,
    /// Arrays for NumPy: numbers only, rows as in the tables
    Npz,
    /// Figures
    Svg,
    /// One page for a paper's appendix: findings, methods, tables, trust, references
    Markdown,
    /// The same page with its figures
    Html,
}

/// Arguments of `completions`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:
  phonoscope completions bash > ~/.local/share/bash-completion/completions/phonoscope")]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
