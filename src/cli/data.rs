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
    /// Make recordings worse by known amounts: noise, band limits, clipping, reverberation …
    Degrade(DegradeArgs),
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
    /// Real words edited: emphasis on the stressed vowel, neutral versions and whole-word controls
    Emphasis(Box<EmphasisArgs>),
}

/// Arguments of `data synth emphasis`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  phonoscope data synth emphasis --data words.tsv --out edited
  phonoscope data synth emphasis --data corpus.tsv --alignments aligned --rows 200 --out edited
  phonoscope data synth emphasis --data words.tsv --f0 2..4 --duration 1.5..1.5 --out edited --json

A row is a word where it has start, end and the times of its stressed vowel (stressed_vowel_start
and _end, or stress with vowel1_start …). Otherwise words and phones come from alignments.
Each word makes nine recordings. What was asked for and what is measured are in the manifest.")]
pub struct EmphasisArgs {
    /// Manifest of aligned recordings: TSV, CSV or JSONL
    #[arg(long, value_name = "MANIFEST")]
    pub data: PathBuf,
    /// Folder for the recordings and manifest.tsv
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Folder or file of word and phone times; otherwise the column `alignment`, or files beside the
    /// recordings
    #[arg(long, value_name = "PATH")]
    pub alignments: Option<PathBuf>,
    /// Rows to draw at random [default: all]
    #[arg(long, value_name = "N")]
    pub rows: Option<usize>,
    /// Words to draw from a row that has several
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub words_per_row: usize,
    /// Duration of the stressed vowel, times the original
    #[arg(long, value_name = "LOW..HIGH", default_value = "1.2..2", value_parser = range)]
    pub duration: (f64, f64),
    /// Pitch of the stressed vowel, semitones
    #[arg(long, value_name = "LOW..HIGH", default_value = "1..6", value_parser = range, allow_hyphen_values = true)]
    pub f0: (f64, f64),
    /// Level of the stressed vowel, dB
    #[arg(long, value_name = "LOW..HIGH", default_value = "1..8", value_parser = range, allow_hyphen_values = true)]
    pub level: (f64, f64),
    /// Control: duration of the word, times the original
    #[arg(long, value_name = "LOW..HIGH", default_value = "1.1..1.5", value_parser = range)]
    pub rate: (f64, f64),
    /// Control: pitch of the word, semitones
    #[arg(long, value_name = "LOW..HIGH", default_value = "2..6", value_parser = range, allow_hyphen_values = true)]
    pub pitch: (f64, f64),
    /// Control: level of the word, dB
    #[arg(long, value_name = "LOW..HIGH", default_value = "3..8", value_parser = range, allow_hyphen_values = true)]
    pub gain: (f64, f64),
    /// Neutral versions: duration of the word, times the original
    #[arg(long, value_name = "LOW..HIGH", default_value = "0.97..1.03", value_parser = range)]
    pub neutral_duration: (f64, f64),
    /// Neutral versions: pitch of the word, semitones
    #[arg(long, value_name = "LOW..HIGH", default_value = "-0.3..0.3", value_parser = range, allow_hyphen_values = true)]
    pub neutral_f0: (f64, f64),
    /// Recording kept on each side of the word
    #[arg(long, value_name = "SECONDS", default_value_t = 0.1)]
    pub context_secs: f64,
    /// Shortest stressed vowel
    #[arg(long, value_name = "SECONDS", default_value_t = 0.05)]
    pub min_vowel_secs: f64,
    /// Distance of the highest peak from full scale; louder words are scaled, all versions alike
    #[arg(long, value_name = "DB", default_value_t = 1.0)]
    pub headroom_db: f64,
    /// Seed of everything drawn
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print the figures as JSON
    #[arg(long)]
    pub json: bool,
}

/// Two numbers with `..` between them.
fn range(text: &str) -> Result<(f64, f64), String> {
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|x| x.is_finite());
    text.split_once("..")
        .and_then(|(low, high)| Some((number(low)?, number(high)?)))
        .filter(|(low, high)| low <= high)
        .ok_or_else(|| "write two numbers, the lower first, such as 1.2..2".to_owned())
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

/// Arguments of `data degrade`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  phonoscope data degrade --data corpus.tsv --out degraded
  phonoscope data degrade --data corpus.tsv --kinds noise_white,reverb --out degraded
  phonoscope data degrade --data corpus.tsv --kinds lowpass=4000/2000,mulaw=6/4 --out degraded

Kinds and their grades from the mildest to the worst:
  noise_white, noise_speech  signal-to-noise ratio in dB           30/20/10/0
  lowpass                    cut-off in Hz                         6000/4000/2000/1000
  clip                       percent of the samples                0.1/1/5/15
  quantise                   bits, linear                          10/8/6/4
  mulaw                      bits, companded                       8/6/4/3
  reverb                     reverberation time (60 dB) in seconds 0.2/0.4/0.8/1.6
  psola                      rounds of pitch and duration edits    1/2/4/8
  drop, repeat               percent of the frames of 20 ms        2/5/10/20")]
pub struct DegradeArgs {
    /// Manifest: TSV, CSV or JSONL with a header; the column `path` is required
    #[arg(long, value_name = "MANIFEST")]
    pub data: PathBuf,
    /// Folder for the recordings and manifest.tsv
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// What to do, each with its own grades if you like [default: all, as below]
    #[arg(long, value_name = "KIND[=A/B…],…", value_delimiter = ',')]
    pub kinds: Vec<String>,
    /// Distance of the highest peak from full scale; louder recordings are scaled
    #[arg(long, value_name = "DB", default_value_t = 1.0)]
    pub headroom_db: f64,
    /// Seed of everything drawn
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print what was made as JSON
    #[arg(long)]
    pub json: bool,
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
