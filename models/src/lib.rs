//! Models: finding, fetching and reading them, writing them as ONNX, and running them.
//!
//! Weights are read by small readers of their own that execute nothing ([`wire`] for ONNX); every
//! byte that comes from outside is treated as hostile: lengths are checked, sizes are limited, and
//! what is wrong becomes an [`Error`] that names it.

pub mod build;
pub mod engine;
pub mod error;
pub mod fetch;
pub mod graph;
pub mod model;
pub mod weights;
pub mod wire;

pub use error::{Error, Result};
pub use fetch::Network;
pub use model::GraphBytes;
