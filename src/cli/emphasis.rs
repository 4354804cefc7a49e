//! `phonoscope probe emphasis`

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use phonoscope_probes::extract::SpanKind;

use super::{SpeakerSource, Statistics};

/// Arguments of `probe emphasis`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  phonoscope probe emphasis --model whisper-tiny.en --data manifest.tsv --out emphasis.json
  phonoscope probe emphasis --model whisper-tiny.en --model smart-turn-v3.2 --data manifest.tsv --out two.json
  phonoscope probe emphasis --model mine.onnx --taps 'encoder.*.resid_post' --data manifest.tsv --out mine.json
  phonoscope probe emphasis --run before.run --run after.run --out fine-tuning.json
  phonoscope probe emphasis --model whisper-tiny.en --data manifest.tsv --equal-frames 8 --out equal.json
  phonoscope probe emphasis --model whisper-base --data manifest.tsv --intervene encoder.2.resid_post --out r.json

The manifest has a row for each version of a word: `pair` names the word token, `condition` begins with neutral,
emphasis or control (neutral_a, neutral_b, emphasis_all, control_rate …), `speaker`, and where known `word`,
`source` (the recording that all versions come from), `start` and `end` (seconds), `duration_ratio`, `f0_shift_st`,
`level_shift_db` (or achieved_duration_ratio … where they were measured). `phonoscope data synth emphasis` makes one.

Without --run, the activations go to run folders beside the report: each model's, those of its redrawn and permuted
twins, and log-mel features.")]
pub struct EmphasisArgs {
    /// Where the states come from
    #[command(flatten)]
    pub source: SpeakerSource,
    /// Report to write
    #[arg(long, value_name = "REPORT.json")]
    pub out: PathBuf,
    /// Taps to read, `*` for any characters [default: the residual stream before and after every block, where the
    /// model has one, else every tap with a frame rate; of runs every tap]
    #[arg(long, value_name = "PATTERN", num_args = 1..)]
    pub taps: Vec<String>,
    /// What is averaged over: segment (the word's `start` to `end`, heard within its recording), word (of an
    /// alignment beside the recording), or utterance (the word is cut out before the model hears it)
    #[arg(long, value_name = "KIND", default_value_t = SpanKind::Segment)]
    pub spans: SpanKind,
    /// Average N frames of each word, at equal steps, instead of all: a mean over more frames is less noisy, and so
    /// tells the word's length
    #[arg(long, value_name = "N", requires = "data")]
    pub equal_frames: Option<NonZeroUsize>,
    /// Folds of speakers, and folds of words, for everything that is held out
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub folds: usize,
    /// Seed of the twins' weights
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub twin_seed: u64,
    /// Pushing layers along emphasis
    #[command(flatten)]
    pub intervention: InterventionArgs,
    /// Controls to leave out
    #[command(flatten)]
    pub controls: EmphasisControls,
    /// Resampling statistics
    #[command(flatten)]
    pub statistics: Statistics,
}

/// What is pushed along emphasis.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Interventions")]
pub struct InterventionArgs {
    /// Tap to add the direction of emphasis to [default: that of the most consistent direction that has later
    /// taps]
    #[arg(long, value_name = "TAP")]
    pub intervene: Option<String>,
    /// Neutral words to do it on
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub intervention_items: usize,
    /// Random directions of the same length, as a control
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub random_directions: usize,
    /// Leave interventions out
    #[arg(long)]
    pub no_intervention: bool,
}

/// Controls that are on by default; the report says which were off.
#[derive(Debug, Clone, Copy, Default, Args)]
#[command(next_help_heading = "Controls, on by default")]
pub struct EmphasisControls {
    /// Leave out copies of the models with redrawn and permuted weights
    #[arg(long)]
    pub no_twins: bool,
    /// Leave out log-mel features
    #[arg(long)]
    pub no_log_mel: bool,
    /// Leave out permutation nulls
    #[arg(long)]
    pub no_nulls: bool,
}

impl EmphasisControls {
    /// The flags that are set.
    pub fn flags(self) -> Vec<&'static str> {
        let all = [
            (self.no_twins, "--no-twins"),
            (self.no_log_mel, "--no-log-mel"),
            (self.no_nulls, "--no-nulls"),
        ];
        all.iter()
            .filter(|(set, _)| *set)
            .map(|(_, flag)| *flag)
            .collect()
    }
}
