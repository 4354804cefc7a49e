//! Tests of the app as a whole.

pub(crate) mod sample;
mod sample_emphasis;
mod sample_model;
pub(crate) mod sample_systems;
mod sample_trust;
mod screens;
mod spaces;
mod steps;
mod work;
