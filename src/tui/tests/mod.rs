//! Tests of the app as a whole.

pub(super) mod sample;
mod screens;
mod steps;
