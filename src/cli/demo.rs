//! The demonstrations that are commands of their own.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Statistics;

/// Another demonstration.
#[derive(Debug, Clone, Subcommand)]
pub enum DemoCommand {
    /// How a speech recogniser's layers answer to emphasis, on 16 words of LibriSpeech that are edited
    Emphasis(DemoEmphasisArgs),
    /// What a classifier of lexical stress looks at: the shipped one, on 40 words of LibriSpeech
    Stress(DemoStressArgs),
}

/// Arguments of `demo stress`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  phonoscope demo stress
  phonoscope demo stress --out my-demo --no-tui

The words come with the program (CC BY 4.0, their ATTRIBUTION is written beside them): 24 whose
speakers and spellings the classifier was not trained on, and 16 of minimal pairs.")]
pub struct DemoStressArgs {
    /// Folder for the report and the words
    #[arg(long, value_name = "DIR", default_value = "phonoscope-demo-stress")]
    pub out: PathBuf,
    /// Do not open the screen afterwards
    #[arg(long)]
    pub no_tui: bool,
    /// Words of the sanity checks; 0 leaves them out
    #[arg(long, value_name = "N", default_value_t = 6)]
    pub sanity_words: usize,
    /// Seed of everything drawn
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Draws of every interval
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub bootstrap: usize,
}

/// Arguments of `demo emphasis`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  phonoscope demo emphasis
  phonoscope demo emphasis --out my-demo --no-tui

The words come with the program (CC BY 4.0, their ATTRIBUTION is written beside them). `phonoscope data
synth emphasis` edits others, and `phonoscope probe emphasis` reads them.")]
pub struct DemoEmphasisArgs {
    /// Folder for the report, the words and their edited versions
    #[arg(long, value_name = "DIR", default_value = "phonoscope-demo-emphasis")]
    pub out: PathBuf,
    /// Do not open the screen afterwards
    #[arg(long)]
    pub no_tui: bool,
    /// Resampling statistics
    #[command(flatten)]
    pub statistics: Statistics,
}
