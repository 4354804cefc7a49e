//! Recordings made worse by known amounts, so that their order is known.
//!
//! Every kind keeps time: a degraded recording is as long as the original and what happens in it
//! happens when it did, so that times of words and spans stay true.

mod corpus;
mod effects;
mod kind;
mod recording;

#[cfg(test)]
mod tests;

pub use corpus::{COLUMNS, Degraded, REFERENCE, SCHEMA, Settings, Skipped, SystemCount, write};
pub use effects::degrade;
pub use kind::{Kind, Plan};
