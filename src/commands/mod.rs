//! One file for each subcommand. Each takes resolved arguments, writes data to standard output and
//! gives the exit code.

mod acoustics;
mod analyse;
mod baselines;
mod browse;
mod data;
mod demo;
mod descriptors;
mod doctor;
mod explain;
mod export;
mod extract;
mod matrix;
mod model_choice;
mod models;
mod probe;
mod quality;
mod relevance;
mod stress;
mod train;

use std::sync::Arc;

use clap::CommandFactory as _;
use phonoscope_analysis::task::Task;
use phonoscope_models::engine::{Engine, EngineChoice, open_engine};
use phonoscope_models::{Cache, Network};

use crate::cli::{Cli, Command, Global};
use crate::exit::Exit;
use crate::output::Printer;
use crate::progress;

/// What every command is given.
#[derive(Debug, Clone)]
pub struct Context {
    /// Options of every command.
    pub global: Global,
    /// Where words go.
    pub printer: Printer,
    /// Progress and cancellation.
    pub task: Task,
}

impl Context {
    /// A context for these options, watching for Ctrl-C.
    pub fn new(global: Global) -> Self {
        let printer = Printer::new(global.quiet);
        Self {
            global,
            printer,
            task: progress::task(printer),
        }
    }

    fn network(&self) -> Network {
        if self.global.offline {
            Network::Offline
        } else {
            Network::Allowed
        }
    }

    fn cache(&self) -> Cache {
        Cache::locate()
    }

    fn engine(&self) -> anyhow::Result<Arc<dyn Engine>> {
        let choice: EngineChoice = self.global.engine.parse()?;
        Ok(open_engine(
            choice,
            &self.cache(),
            self.network(),
            &self.task,
        )?)
    }

    /// The engine that is not `engine`, if it is here; nothing is fetched for a second opinion.
    fn other_engine(&self, engine: &dyn Engine) -> Result<Arc<dyn Engine>, String> {
        let choice = match engine.info().name.as_str() {
            "rten" => EngineChoice::OnnxRuntime,
            _ => EngineChoice::Rten,
        };
        open_engine(choice, &self.cache(), Network::Offline, &self.task).map_err(|e| e.to_string())
    }
}

/// Runs what the command line asks for.
///
/// # Errors
/// Whatever the command could not do; see [`crate::exit::tell`].
pub fn run(cli: Cli, context: &Context) -> anyhow::Result<Exit> {
    match cli.command {
        None => browse::home(context),
        Some(Command::Demo(args)) => demo::run(&args, context),
        Some(Command::Doctor(args)) => doctor::run(&args, context),
        Some(Command::Models(command)) => models::run(&command, context),
        Some(Command::Data(command)) => data::run(&command, context),
        Some(Command::Extract(args)) => extract::run(&args, context),
        Some(Command::Acoustics(args)) => acoustics::run(&args, context),
        Some(Command::Probe(command)) => probe::run(&command, context),
        Some(Command::Relevance(args)) => relevance::run(&args, context),
        Some(Command::Train(command)) => train::run(&command, context),
        Some(Command::Analyse(command)) => analyse::run(&command, context),
        Some(Command::Browse(args)) => browse::run(&args, context),
        Some(Command::Export(args)) => export::run(&args, context),
        Some(Command::Schema) => {
            let schema = serde_json::to_string_pretty(&phonoscope_probes::report::schema())?;
            context.printer.data(&schema)?;
            Ok(Exit::Done)
        }
        Some(Command::Completions(args)) => {
            let mut script = vec![];
            clap_complete::generate(args.shell, &mut Cli::command(), "phonoscope", &mut script);
            context.printer.data(&String::from_utf8_lossy(&script))?;
            Ok(Exit::Done)
        }
    }
}

/// Words of a command line, quoted for a shell.
fn command_line(words: &[String]) -> String {
    let plain = |w: &str| {
        !w.is_empty()
            && w.chars()
                .all(|c| c.is_alphanumeric() || "-_./=:,+@%".contains(c))
    };
    words
        .iter()
        .map(|w| {
            if plain(w) {
                w.clone()
            } else {
                format!("'{}'", w.replace('\'', r"'\''"))
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    #[test]
    fn command_lines_survive_a_shell() {
        let words = ["a", "b c", "it's", "", "*.x"].map(str::to_owned);
        assert_eq!(super::command_line(&words), r"a 'b c' 'it'\''s' '' '*.x'");
    }
}
