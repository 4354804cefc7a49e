//! Tests of the app as a whole.

mod quality;
pub(crate) mod sample;
mod sample_emphasis;
mod sample_model;
mod sample_quality;
mod sample_stress;
pub(crate) mod sample_systems;
mod sample_trust;
mod screens;
mod spaces;
mod steps;
mod stress;
mod work;
