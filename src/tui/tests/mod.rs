//! Tests of the app as a whole.

pub(crate) mod sample;
mod sample_model;
mod sample_trust;
mod screens;
mod steps;
mod work;
