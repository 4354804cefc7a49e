//! Acoustic descriptors of speech, defined as Praat defines them.
//!
//! Everything is computed in `f64` from the published descriptions (Boersma 1993, Childers 1978,
//! Anderson 1978, Michaelis et al. 1997, Hillenbrand & Houde 1996, de Jong & Wempe 2009) and
//! matched to Praat's numbers. What is undefined stays undefined: it is never zero.

#[cfg(test)]
mod edge_cases;
pub mod extremum;
pub mod harmonicity;
pub mod intensity;
pub mod interpolation;
pub mod jitter;
pub mod level;
pub mod periods;
pub mod pitch;
pub mod pulses;
pub mod rate;
pub mod shimmer;
pub mod sound;
mod sums;
#[cfg(test)]
mod synthetic;

pub use periods::Counted;
pub use pitch::Pitch;
pub use sound::{Frames, Sound};
