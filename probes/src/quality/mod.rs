//! How far the speech of a system is from reference speech.

pub mod similarity;
