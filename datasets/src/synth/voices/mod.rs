//! Built-in voices: a source-filter synthesiser that speaks nonsense syllables with planted
//! speaker parameters.
//!
//! A voice is a train of glottal pulses (Klatt and Klatt 1990, with jitter and an exact spectral
//! tilt) plus aspiration noise, through a cascade of formant resonators whose frequencies scale with
//! 17.5 cm / vocal-tract length, beside a parallel branch for frication. What is said (syllables,
//! intonation, timing, level) is drawn anew for every utterance from one distribution for all
//! speakers, so that speakers differ in the planted parameters only.
//!
//! The same settings give the same samples; on another machine, the last bit of the system's `exp`
//! and `cos` may differ, which 16-bit rounding nearly always hides.

mod corpus;
mod phones;
mod plan;
mod render;
mod score;
mod source;
mod tract;

pub use corpus::{COLUMNS, write};
pub use plan::{Sex, VoicePlan, VoicesSettings, plan, plan_independent};
pub use render::render;

/// Sample rate of the voices.
pub const SAMPLE_RATE_HZ: u32 = 16_000;
const RATE: f64 = SAMPLE_RATE_HZ as f64;
