//! Phonoscope through its front door: the built program, its files, its words and its exit codes.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot set up should stop, and says why it is skipped"
)]

mod acoustics;
mod analyse;
mod commands;
mod edited;
mod emphasis;
mod faults;
mod own_model;
mod place;
mod pull;
mod quality;
mod relevance;
mod resume;
mod speech;
mod stress;
mod systems;
