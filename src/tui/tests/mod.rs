//! Tests of the app as a whole.

pub(super) mod sample;
mod sample_model;
mod sample_trust;
mod screens;
mod steps;
mod work;
