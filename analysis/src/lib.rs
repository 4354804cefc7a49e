//! Signal processing, numerics and statistics for looking inside speech models.
//!
//! Everything here is pure: arrays in, arrays out. No files, models or terminals, but for the one
//! way all crates write files ([`mod@file`]), which has its place here because all build on this
//! crate. Matrices cross the
//! crate's border as `ndarray` views whose axes are documented as `[row, column]`; randomness is
//! always an argument (see [`rng::stream`]); long loops take a [`task::Task`] to report progress
//! and to notice cancellation.

pub mod acoustics;
pub mod classify;
pub mod distance;
pub mod embedding;
pub mod error;
pub mod estimate;
pub mod file;
pub mod frontend;
pub mod importance;
pub mod linalg;
pub mod pca;
pub mod regress;
pub mod rng;
pub mod signal;
pub mod similarity;
pub mod stats;
pub mod task;

pub use error::{Error, Result};
pub use estimate::Estimate;
