//! The `phonoscope` program as a library: command line, screen, figures, exports.

pub mod cli;
pub mod commands;
pub mod exit;
pub mod export;
pub mod output;
pub mod plot;
mod progress;
pub mod tui;
