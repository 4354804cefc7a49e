//! A number that never travels alone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the interval of an [`Estimate`] was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Percentile interval of a bootstrap that resamples whole speakers (clusters).
    ClusterBootstrap,
    /// The same, for quantities that a bootstrap biases: the replicates are shifted by twice the
    /// estimated bias, and the interval is stretched to hold the point estimate.
    DebiasedClusterBootstrap,
    /// Percentile interval of a bootstrap that resamples rows.
    Bootstrap,
    /// Percentile interval of a bootstrap that resamples words and speakers, each with replacement,
    /// and counts an item as often as both together.
    CrossedBootstrap,
    /// Bias-corrected and accelerated bootstrap interval.
    Bca,
    /// Interval from Fisher's z transform of a correlation.
    FisherZ,
    /// Jackknife that leaves out groups of speakers in turn, with Student's t.
    Jackknife,
    /// Jackknife that leaves out speakers, words and single items in turn: the variances of the first two less
    /// that of the third, with Student's t.
    CrossedJackknife,
    /// Wilson's score interval of a share.
    Wilson,
    /// Quantiles of a permutation null.
    Permutation,
    /// Quantiles over random halves of the reference: how much the choice of utterances alone moves the value.
    RandomHalves,
}

/// A value with its interval, its sample size and how the interval was made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    /// Point estimate on the full sample.
    pub value: f64,
    /// Lower end of the interval.
    pub lo: f64,
    /// Upper end of the interval.
    pub hi: f64,
    /// Number of independent units (usually speakers).
    pub n: usize,
    /// Nominal coverage of the interval, in (0, 1).
    pub level: f64,
    /// How the interval was made.
    pub method: Method,
}
