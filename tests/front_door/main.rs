//! Phonoscope through its front door: the built program, its files, its words and its exit codes.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot set up should stop"
)]

mod commands;
mod faults;
mod place;
mod resume;
mod speech;
