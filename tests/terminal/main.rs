//! The built program in a pseudo-terminal: what is on its screen, what its keys do, and what it
//! leaves behind, whichever way it ends.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot set up should stop")]

mod browsing;
mod leaving;
mod place;
#[cfg(target_os = "linux")]
mod process;
mod sample;
mod screen;
mod working;
