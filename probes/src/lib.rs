//! Extraction, activation store, probes and reports.

pub mod report;
pub mod speaker;
