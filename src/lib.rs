//! The `phonoscope` program as a library: command line, screen, exports.

pub mod cli;
pub mod commands;
pub mod exit;
pub mod export;
pub mod output;
mod progress;
