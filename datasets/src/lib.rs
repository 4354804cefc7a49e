//! Phonoscope datasets.

pub mod synth;
