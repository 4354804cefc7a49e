//! Statistics of samples: correlations, separation of classes, resampling, corrections.

mod bootstrap;
mod correction;
mod correlation;
mod description;
mod dip;
pub mod draws;
mod folds;
mod mixture;
mod permutation;
mod proportion;
mod quantile;
mod rank;
mod rank_tests;
mod separation;
mod t_tests;
mod tails;
mod verification;

pub use bootstrap::{
    Interval, basic, bca, crossed_counts, debiased, jackknife, jackknife_interval,
    jackknife_variance, percentile, resample_counts,
};
pub use correction::{benjamini_hochberg, benjamini_yekutieli, bonferroni, holm};
pub use correlation::{
    Correlation, kendall, partial, pearson, spearman, weighted_pearson, weighted_spearman,
};
pub use description::{Description, describe, interquartile_range, trimmed_mean};
pub use dip::{DipNull, dip};
pub use draws::{draws, each};
pub use folds::{group_folds, random_by_type, shuffled_by_group};
pub use mixture::{Mixture, ashman_d, two_normals};
pub use permutation::{
    ExactTest, PermutationTest, critical_value, difference_of_means_exact, permutation_p,
};
pub use proportion::{score_interval, wilson};
pub use quantile::{hazen_of_sorted, quantile, quantile_of_sorted};
pub(crate) use rank::finite as finite_sample;
pub use rank::{Sorted, ranks};
pub use rank_tests::{RankTest, kruskal, mann_whitney, wilcoxon};
pub use separation::{
    Anova, anova, auc, auc_of_rank_sum, eta_squared, weighted_auc, weighted_eta_squared,
};
pub use t_tests::{TTest, cliffs_delta, cohens_d, hedges_g, paired, student, welch};
pub use tails::{chi_squared_upper, f_upper, normal_cdf, normal_quantile, t_quantile, t_two_sided};
pub use verification::{DetPoint, d_prime, det, equal_error_rate};

/// Level of every threshold and null band.
pub const ALPHA: f64 = 0.05;
