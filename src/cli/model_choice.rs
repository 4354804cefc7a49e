//! What is said about a model of one's own.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What is said about an ONNX file; nothing of it is needed when a card or a guess will do.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "For an ONNX file of your own")]
pub struct ModelChoice {
    /// What it is fed: waveform, whisper_log_mel, kaldi_fbank, power_mel, log10_mel, ln_mel,
    /// ge2e_mel, log_spectrum, or TOML such as '{ kind = "kaldi_fbank", scale = 32768 }' [default:
    /// as the card says, else guessed from the inputs]
    #[arg(long, value_name = "KIND", requires = "model")]
    pub front_end: Option<String>,
    /// Length that Whisper's audio is brought to with zeros; also for models of the catalogue
    #[arg(long, value_enum, value_name = "LENGTH", requires = "model")]
    pub pad: Option<Pad>,
    /// TOML file that says what it is fed and what is in it [default: FILE.toml beside FILE.onnx]
    #[arg(long, value_name = "FILE", requires = "model")]
    pub card: Option<PathBuf>,
    /// What an input is given: features, mask, length, or a number
    #[arg(long = "input", value_name = "NAME=ROLE", requires = "model")]
    pub inputs: Vec<String>,
}

/// Length that Whisper's audio is brought to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Pad {
    /// A multiple of 320 samples
    #[value(name = "320")]
    Multiple320,
    /// 30 s, as in training
    #[value(name = "30s")]
    Seconds30,
}

impl Pad {
    /// As it is written on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Multiple320 => "320",
            Self::Seconds30 => "30s",
        }
    }
}

impl ModelChoice {
    /// The options that are set, each with its value.
    pub fn options(&self) -> Vec<(&'static str, String)> {
        let front_end = self
            .front_end
            .iter()
            .map(|kind| ("front-end", kind.clone()));
        let pad = self.pad.iter().map(|pad| ("pad", pad.name().to_owned()));
        let card = self
            .card
            .iter()
            .map(|card| ("card", card.display().to_string()));
        let inputs = self.inputs.iter().map(|input| ("input", input.clone()));
        front_end.chain(pad).chain(card).chain(inputs).collect()
    }

    /// Whether something is said that a model of the catalogue says itself.
    pub fn is_about_a_file(&self) -> bool {
        self.front_end.is_some() || self.card.is_some() || !self.inputs.is_empty()
    }
}
