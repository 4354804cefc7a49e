//! Training of small networks.

pub mod conv;
pub mod mlp;
