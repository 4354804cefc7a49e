//! Statistics of samples: correlations, separation of classes, resampling, corrections.

mod bootstrap;
mod correction;
mod correlation;
pub mod draws;
mod permutation;
mod quantile;
mod rank;
mod separation;
mod tails;

pub use bootstrap::{Interval, basic, bca, debiased, jackknife, percentile, resample_counts};
pub use correction::{benjamini_hochberg, benjamini_yekutieli, bonferroni, holm};
pub use correlation::{
    Correlation, kendall, partial, pearson, spearman, weighted_pearson, weighted_spearman,
};
pub use draws::draws;
pub use permutation::{ExactTest, critical_value, difference_of_means_exact, permutation_p};
pub use quantile::{hazen_of_sorted, quantile, quantile_of_sorted};
pub use rank::{Sorted, ranks};
pub use separation::{
    Anova, anova, auc, auc_of_rank_sum, eta_squared, weighted_auc, weighted_eta_squared,
};
pub use tails::{chi_squared_upper, f_upper, normal_cdf, normal_quantile, t_two_sided};

/// Level of every threshold and null band.
pub const ALPHA: f64 = 0.05;
