//! From recordings and models to reports: the extraction pipeline, the activation store, the probes,
//! the checks that say how far to trust them, and the report with its JSON schema.

pub mod acoustics;
pub mod emphasis;
pub mod error;
pub mod extract;
pub mod learn;
pub mod quality;
pub mod relevance;
pub mod report;
pub mod speaker;
pub mod store;
pub mod stress;
mod trust;

pub use error::{Error, Result};
