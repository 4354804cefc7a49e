//! `phonoscope train …`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// Train a model to be looked into.
#[derive(Debug, Subcommand)]
pub enum TrainCommand {
    /// A classifier that hears whether the stress of a word of two syllables is initial or final
    Stress(TrainStressArgs),
}

/// Arguments of `train stress`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  phonoscope train stress --data words.tsv --out stress.onnx
  phonoscope train stress --data words.tsv --out vgg.onnx --architecture vgg16 --minutes 600
  phonoscope train stress --data words.tsv --out null.onnx --shuffle-labels --epochs 5

The manifest has columns speaker, word and stress (initial or final), start and end of the word, and
where known sex, minimal_pair, vowel1_start to vowel2_end, speaker_fold and word_fold. Beside
MODEL.onnx are written MODEL.toml (what it is fed), MODEL.md (data, figures, limits) and
MODEL.scores.tsv (the score of every word). An interrupted training continues where it was.")]
pub struct TrainStressArgs {
    /// Manifest of words
    #[arg(long, value_name = "MANIFEST")]
    pub data: PathBuf,
    /// ONNX file to write
    #[arg(long, value_name = "MODEL.onnx")]
    pub out: PathBuf,
    /// Network
    #[arg(long, value_enum, value_name = "NAME", default_value_t = ArchitectureChoice::Small)]
    pub architecture: ArchitectureChoice,
    /// Seconds that the network hears from the start of a word, at most
    #[arg(long, value_name = "SECONDS", default_value_t = 0.5)]
    pub clip: f64,
    /// Let it hear nothing behind the end of a word
    #[arg(long)]
    pub word_alone: bool,
    /// Most passes over the words
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub epochs: usize,
    /// Most minutes to train for; it ends after the pass that exceeds them
    #[arg(long, value_name = "MINUTES")]
    pub minutes: Option<f64>,
    /// Fold whose speakers and words are kept for the test, or none
    #[arg(long, value_name = "FOLD|none", default_value = "0")]
    pub test_fold: FoldChoice,
    /// Fold whose speakers and words are kept for stopping early, or none
    #[arg(long, value_name = "FOLD|none", default_value = "1")]
    pub val_fold: FoldChoice,
    /// Passes without a better loss on the fold for stopping early, after which training stops
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub patience: usize,
    /// Words of one step
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub batch: usize,
    /// Largest step size [default: 0.002, for vgg16 0.00001 as in the paper]
    #[arg(long, value_name = "RATE")]
    pub rate: Option<f64>,
    /// Weight, in the loss, of marking the vowels and which is stressed
    #[arg(long, value_name = "WEIGHT", default_value_t = 0.0)]
    pub marks: f32,
    /// Weight, in the loss, of saying the contrasts of the vowels: duration, level, F0, F1, F2
    #[arg(long, value_name = "WEIGHT", default_value_t = 0.0)]
    pub contrasts: f32,
    /// Networks to train, each with its own seed; the model is the mean of their scores
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub networks: usize,
    /// Chance that the second syllable of a training word comes from another of the same stress
    /// [default: 0.5, 0 without times of vowels]
    #[arg(long, value_name = "CHANCE")]
    pub splice: Option<f32>,
    /// Give every word the stress of another word: a control
    #[arg(long)]
    pub shuffle_labels: bool,
    /// Licence of the recordings and whom to credit, for the card
    #[arg(long, value_name = "WORDS", default_value = "not stated")]
    pub data_licence: String,
    /// Seed of everything drawn
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Draws of the bootstrap of the figures in the card
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub bootstrap: usize,
    /// Train the same for every other fold too, and tell how well all words are told by the networks
    /// that do not know them: as many times the work as there are folds
    #[arg(long)]
    pub rotate: bool,
    /// Begin anew where an interrupted training could be continued
    #[arg(long)]
    pub restart: bool,
    /// Print the figures as JSON
    #[arg(long)]
    pub json: bool,
}

/// A network for stress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ArchitectureChoice {
    /// 116,000 weights, minutes on a laptop
    Small,
    /// Temporal convolutions averaged over the word; try it with --marks 1 --contrasts 1
    Tcn,
    /// The paper's VGG16, 18.7 million weights, many hours on a laptop
    Vgg16,
}

/// A fold, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoldChoice(pub Option<usize>);

impl std::str::FromStr for FoldChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self(None)),
            number => number
                .parse()
                .map(|fold| Self(Some(fold)))
                .map_err(|_no_number| "a fold is a number from 0, or `none`".to_owned()),
        }
    }
}

impl std::fmt::Display for FoldChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(fold) => write!(f, "{fold}"),
            None => f.write_str("none"),
        }
    }
}
