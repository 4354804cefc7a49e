//! Corpora as Phonoscope sees them: manifests, recordings, importers, checks and synthetic voices.
//!
//! A [`Manifest`] lists utterances and what is known about them; [`audio`] turns any of them into
//! mono samples at 16 kHz; [`alignment`] says which word or phone is when; [`corpora`] writes manifests for known folder layouts; [`check`] says
//! what is in a corpus and what is wrong with it; [`synth`] makes speech whose answer is known.
//! Nothing here knows of models or terminals.

pub mod alignment;
pub mod audio;
pub mod check;
pub mod clips;
pub mod corpora;
pub mod degrade;
pub mod error;
pub mod manifest;
pub mod psola;
pub mod synth;

pub use error::{AudioFault, Error, Result};
pub use manifest::{Manifest, Utterance};
