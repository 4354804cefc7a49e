//! Phonoscope models.
