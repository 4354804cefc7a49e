//! Phonoscope.
