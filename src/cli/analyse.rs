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
    /// How alike two representations of the same rows are (CKA)
    Cka(CkaArgs),
    /// Canonical correlations of two representations of the same rows
    Cca(CcaArgs),
    /// Wasserstein distance between two sets of rows
    W2(W2Args),
    /// Linear read-out of labels or numbers on held-out rows, with its controls
    Probe(LinearProbeArgs),
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

/// Two matrices, the number of permutations and the seed.
#[derive(Debug, Clone, Args)]
pub struct PairArgs {
    /// First matrix [row, column] as .npy, or .npz:NAME
    #[arg(long, value_name = "X.npy")]
    pub x: PathBuf,
    /// Second matrix
    #[arg(long, value_name = "Y.npy")]
    pub y: PathBuf,
    /// Draws of the permutation null
    #[arg(long, value_name = "N", default_value_t = 199)]
    pub permutations: usize,
    /// Seed of all draws
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `analyse cka`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "The rows of both matrices describe the same items in the same order. Chance: rows of y permuted.

Example:
  phonoscope analyse cka --x layer3.npy --y layer4.npy --json"
)]
pub struct CkaArgs {
    /// The matrices and their null
    #[command(flatten)]
    pub pair: PairArgs,
    /// Also CKA of Gaussian kernels, this share of the median distance wide
    #[arg(long, value_name = "SHARE")]
    pub rbf: Option<f64>,
}

/// Arguments of `analyse cca`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "PWCCA is not symmetric: both sides are printed as reference. Chance: rows of y permuted.

Examples:
  phonoscope analyse cca --x a.npy --y b.npy --json
  phonoscope analyse cca --x a.npy --y b.npy --variance 0.99"
)]
pub struct CcaArgs {
    /// The matrices and their null
    #[command(flatten)]
    pub pair: PairArgs,
    /// Share of each matrix's variance kept in leading directions first (SVCCA: 0.99)
    #[arg(long, value_name = "SHARE", default_value_t = 1.0)]
    pub variance: f64,
}

/// How covariances are estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Covariance {
    /// Of the sample, denominator rows − 1
    Sample,
    /// Shrunk towards a multiple of the identity (Ledoit–Wolf)
    Shrunk,
}

impl Covariance {
    /// The estimate in a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sample => "sample",
            Self::Shrunk => "shrunk",
        }
    }
}

/// Arguments of `analyse w2`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Rows must be independent: one an utterance, not one a frame. Chance: all rows dealt anew into \
two samples of the same sizes.

Example:
  phonoscope analyse w2 --x reference.npy --y system.npy --json"
)]
pub struct W2Args {
    /// The matrices and their null
    #[command(flatten)]
    pub pair: PairArgs,
    /// How covariances are estimated
    #[arg(long, value_enum, default_value_t = Covariance::Shrunk)]
    pub covariance: Covariance,
}

/// Arguments of `analyse probe`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Columns are standardised inside each fold. Control: the same probe on shuffled labels, whole groups \
swapped where a group has one label. With --types also a control task; value less control is the selectivity.

Examples:
  phonoscope analyse probe --x embeddings.npy --labels sex.txt --groups speakers.txt --json
  phonoscope analyse probe --x states.npy --labels stress.txt --types words.txt --groups speakers.txt
  phonoscope analyse probe --x states.npy --y log_duration.npy --groups speakers.npy"
)]
pub struct LinearProbeArgs {
    /// Matrix [row, column] as .npy, or .npz:NAME
    #[arg(long, value_name = "X.npy")]
    pub x: PathBuf,
    /// Classes to tell: one label a row, as .npy of whole numbers or text
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "y",
        required_unless_present = "y"
    )]
    pub labels: Option<PathBuf>,
    /// Numbers to predict as .npy: one for each row of X, or rows × targets
    #[arg(long, value_name = "Y.npy")]
    pub y: Option<PathBuf>,
    /// Groups (speakers) whose rows stay in one fold: one label a row
    #[arg(long, value_name = "FILE")]
    pub groups: Option<PathBuf>,
    /// Types for a control task (words, phones): one label a row; every type gets a random label or number, the same
    /// wherever it occurs, and the probe is trained on those (Hewitt & Liang)
    #[arg(long, value_name = "FILE")]
    pub types: Option<PathBuf>,
    /// Number of folds
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub folds: usize,
    /// Weight of the squared slopes: ½ of it for classes, 1 of it for numbers
    #[arg(long, value_name = "LAMBDA", default_value_t = 1.0)]
    pub penalty: f64,
    /// Draws of shuffled labels
    #[arg(long, value_name = "N", default_value_t = 99)]
    pub permutations: usize,
    /// Seed of folds and draws
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}
