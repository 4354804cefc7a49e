//! `phonoscope analyse …`

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// The numerics on anyone's matrices.
#[derive(Debug, Subcommand)]
pub enum AnalyseCommand {
    /// Principal components of a matrix [row, column]
    Pca(PcaArgs),
    /// Ordinary least squares of y on x, with diagnostics
    Regress(RegressArgs),
}

/// Arguments of `analyse pca`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:
  phonoscope analyse pca --x embeddings.npy --json")]
pub struct PcaArgs {
    /// Matrix [row, column] as .npy (float32 or float64)
    #[arg(long, value_name = "X.npy")]
    pub x: PathBuf,
    /// Divide each column by its standard deviation (n − 1) first
    #[arg(long)]
    pub standardise: bool,
    /// Components to print
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub components: usize,
    /// Print as JSON, loadings included
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `analyse regress`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:
  phonoscope analyse regress --x predictors.npy --y outcome.npy --json")]
pub struct RegressArgs {
    /// Predictors [row, column] as .npy; an intercept is added
    #[arg(long, value_name = "X.npy")]
    pub x: PathBuf,
    /// Outcome, one value a row, as .npy
    #[arg(long, value_name = "Y.npy")]
    pub y: PathBuf,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}
