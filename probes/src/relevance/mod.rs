//! Whether maps of relevance can be believed: parameter randomisation, pixel flipping, agreement
//! between rules, conservation.
//!
//! Sources: Adebayo et al. (2018) for randomisation; Samek et al. (2017) for flipping; Wang et al.
//! (2004) for the structural similarity.

mod agreement;
mod flipping;
mod maps;
mod randomisation;
mod similarity;

pub use agreement::{Agreement, agreement};
pub(crate) use flipping::flipping;
pub use flipping::{Filling, Flipped, FlippingSettings, Order};
pub(crate) use maps::Scorer;
pub use maps::{Balance, Mapper, Maps};
pub use randomisation::{RandomisationSettings, Randomised, Way, randomisation};
pub use similarity::{Likeness, likeness, ssim};
