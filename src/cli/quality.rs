//! `phonoscope probe quality`

use std::path::PathBuf;

use clap::Args;

use super::{SpeakerSource, Statistics};

/// Arguments of `probe quality`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  phonoscope probe quality --model whisper-tiny.en --data manifest.tsv --out quality.json
  phonoscope probe quality --model whisper-tiny.en --model ge2e --data manifest.tsv --reference natural --out two.json
  phonoscope probe quality --model wavlm.onnx --taps 'encoder.*.resid_post' --data manifest.tsv --out wavlm.json
  phonoscope probe quality --run whisper.run --run twin.run --dnsmos-run dnsmos.run --out from-runs.json

The manifest names in `system` who or what made each recording; one system is the reference. `mos` holds
listeners' ratings, `speaker` and `pair` (or `text`) what utterances of different systems share, `degradation` and
`severity` what was done to them. Without ratings, DNSMOS predicts some, and planted severities must come out
in order.

Without --run, the activations go to run folders beside the report: each model's, that of its redrawn twin, of
halves of reference utterances where each speaker has only one, and of DNSMOS. Interrupted, the same command
continues these folders; the passes over frames that follow start again.")]
pub struct QualityArgs {
    /// Where the activations come from
    #[command(flatten)]
    pub source: SpeakerSource,
    /// Report to write
    #[arg(long, value_name = "REPORT.json")]
    pub out: PathBuf,
    /// Taps to measure, `*` for any characters [default: the residual stream before and after every block,
    /// convolutions, recurrent layers and the embedding; of runs every tap]
    #[arg(long, value_name = "PATTERN", num_args = 1..)]
    pub taps: Vec<String>,
    /// System that the others are compared with [default: reference]
    #[arg(long, value_name = "SYSTEM")]
    pub reference: Option<String>,
    /// Columns that reference and system may share or not, for the table of matched references [default: speaker,
    /// pair and text, where the manifest has them]
    #[arg(long = "match", id = "match", value_name = "COLUMN", num_args = 1..)]
    pub matching: Vec<String>,
    /// Column of listeners' ratings, larger better
    #[arg(long, value_name = "COLUMN", default_value = "mos")]
    pub rating: String,
    /// A finished run of dnsmos over the same manifest, whose predictions stand beside ratings
    #[arg(long, value_name = "RUN", requires = "run")]
    pub dnsmos_run: Option<PathBuf>,
    /// Directions of a layer that distances are taken in
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub components: usize,
    /// Random halves of the reference, for the floor
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub halves: usize,
    /// Draws in which reference and system swap utterances, for the p of each distance; 0 for none
    #[arg(long, value_name = "N", default_value_t = 99)]
    pub swaps: usize,
    /// Layer whose frames are followed over time [default: the one that ranks best, where it can be followed]
    #[arg(
        long,
        value_name = "TAP",
        requires = "model",
        conflicts_with = "no_frames"
    )]
    pub follow: Option<String>,
    /// Controls to leave out
    #[command(flatten)]
    pub controls: QualityControls,
    /// Resampling statistics
    #[command(flatten)]
    pub statistics: Statistics,
}

/// Controls that are on by default; the report says which were off.
#[derive(Debug, Clone, Copy, Default, Args)]
#[command(next_help_heading = "Controls, on by default")]
pub struct QualityControls {
    /// Leave out the copy of each model that learned nothing
    #[arg(long)]
    pub no_twin: bool,
    /// Leave out log-mel spectra as a layer
    #[arg(long)]
    pub no_log_mel: bool,
    /// Leave out DNSMOS where the manifest has no ratings
    #[arg(long)]
    pub no_dnsmos: bool,
    /// Leave out halves of utterances as the ceiling of speaker similarity
    #[arg(long)]
    pub no_ceiling: bool,
    /// Leave out frames: only utterance means are measured
    #[arg(long)]
    pub no_frames: bool,
}

impl QualityControls {
    /// The flags that are set.
    pub fn flags(self) -> Vec<&'static str> {
        let all = [
            (self.no_twin, "--no-twin"),
            (self.no_log_mel, "--no-log-mel"),
            (self.no_dnsmos, "--no-dnsmos"),
            (self.no_ceiling, "--no-ceiling"),
            (self.no_frames, "--no-frames"),
        ];
        all.iter()
            .filter(|(set, _)| *set)
            .map(|(_, flag)| *flag)
            .collect()
    }
}
