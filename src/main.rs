//! The `phonoscope` program.

use std::process::ExitCode;

use clap::Parser as _;
use phonoscope::{cli::Cli, commands, exit};

fn main() -> ExitCode {
    phonoscope_models::engine::disable_telemetry();
    let cli = Cli::parse();
    let context = commands::Context::new(cli.global.clone());
    let exit = commands::run(cli, &context).unwrap_or_else(|error| {
        let told = exit::tell(&error, &context.task.cancel);
        context.printer.error(&told);
        told.exit
    });
    ExitCode::from(exit.code())
}
