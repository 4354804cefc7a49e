//! How far apart two distributions are.
//!
//! Gaussian distances compare means and covariances; with few rows for the columns they are inflated, so shrink
//! the covariance ([`ledoit_wolf`]) or keep fewer components first, and give a split-half floor beside them.

mod chance;
mod gaussian;
mod mahalanobis;
mod one_dim;
mod shrinkage;
mod sliced;

pub use chance::{row_redeal, sample_jackknife};
pub use gaussian::{Gaussian, Rooted, W2, bhattacharyya, kl, w2, w2_diagonal};
pub use mahalanobis::Mahalanobis;
pub use one_dim::{energy, kolmogorov_smirnov, w1_1d, w2_1d};
pub use shrinkage::{Shrunk, ledoit_wolf};
pub use sliced::{Sliced, sliced_w2};
