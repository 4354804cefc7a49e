//! Acoustic descriptors against Praat's numbers for 38 recordings, and against planted truths.
//!
//! Settings, sources and tolerances are told in the shared golden data's own notes.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "functions that serve the tests may fail and speak as tests do"
)]

mod data;
mod prosody;
mod spectral;
