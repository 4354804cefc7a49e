//! Acoustic descriptors of speech, defined as Praat defines them.
//!
//! Everything is computed in `f64` from the published descriptions (Boersma 1993, Childers 1978,
//! Anderson 1978, Michaelis et al. 1997, Hillenbrand & Houde 1996, de Jong & Wempe 2009) and
//! matched to Praat's numbers. What is undefined stays undefined: it is never zero.

pub mod cepstrum;
pub mod descriptor;
pub mod extremum;
pub mod formants;
pub mod gne;
pub mod harmonicity;
pub mod harmonics;
pub mod intensity;
pub mod interpolation;
pub mod jitter;
pub mod level;
pub mod ltas;
pub mod periods;
pub mod pitch;
pub mod pulses;
pub mod rate;
pub mod resample;
pub mod shimmer;
pub mod sound;
pub mod spectrum;
mod sums;
mod transform;
pub mod vocal_tract;
mod window;

#[cfg(test)]
mod edge_cases;
#[cfg(test)]
mod synthetic;

pub use periods::Counted;
pub use pitch::Pitch;
pub use sound::{Frames, Sound};
