//! Phonoscope datasets.
