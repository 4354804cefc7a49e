//! Phonoscope.

pub mod plot;
pub mod tui;
