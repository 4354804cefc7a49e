//! How a classifier is trained.

use phonoscope_analysis::frontend::{LogSpectrum, SAMPLE_RATE_HZ};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::augment::Augmentation;
use crate::error::{Error, Result};
use crate::learn::conv::Architecture;
use crate::stress::tracks::CONTRASTS;
use crate::stress::{Word, Words};

/// Settings of [`super::train`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TrainSettings {
    /// The network.
    pub architecture: Architecture,
    /// Seconds that are heard from the start of a word, at most.
    pub clip_secs: f64,
    /// Nothing is heard behind the end of a word.
    pub word_alone: bool,
    /// Most passes over as many words as there are to train on.
    pub epochs: usize,
    /// Words of one step, half of them of each class.
    pub batch: usize,
    /// Largest step size of AdamW; it rises over the first fifth and then falls as a cosine.
    pub learning_rate: f64,
    /// Weight decay of AdamW.
    pub weight_decay: f64,
    /// Share of the probability that is spread over both classes.
    pub smoothing: f32,
    /// Weight, in the loss, of marking the vowels and which is stressed; needs times of vowels.
    pub marks_weight: f32,
    /// Weight, in the loss, of saying the contrasts of the vowels (duration, level, F0, F1, F2);
    /// needs their measures.
    pub contrasts_weight: f32,
    /// Networks that are trained, each with its own seed; the classifier is their mean score.
    pub networks: usize,
    /// How words are changed.
    pub augmentation: Augmentation,
    /// Fold whose speakers and words are left out of training, for the test.
    pub test_fold: Option<usize>,
    /// Fold whose speakers and words are left out of training, for stopping early.
    pub validation_fold: Option<usize>,
    /// Passes without a better loss on the words of the validation fold, after which training stops.
    pub patience: usize,
    /// Gives every word the stress of another word: what such a network looks at is a null.
    pub shuffled_labels: bool,
    /// Seed of everything drawn.
    pub seed: u64,
}

impl Default for TrainSettings {
    fn default() -> Self {
        Self {
            architecture: Architecture::small(),
            clip_secs: 0.5,
            word_alone: false,
            epochs: 30,
            batch: 64,
            learning_rate: 2e-3,
            weight_decay: 1e-2,
            smoothing: 0.05,
            marks_weight: 0.0,
            contrasts_weight: 0.0,
            networks: 1,
            augmentation: Augmentation::default(),
            test_fold: Some(0),
            validation_fold: Some(1),
            patience: 10,
            shuffled_labels: false,
            seed: 1,
        }
    }
}

/// What a word is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Followed in training.
    Train,
    /// For stopping early: words of the validation fold.
    Validation,
    /// Left out for the sake of the validation fold, and not used.
    Unused,
    /// Speaker and word were not trained on.
    Test,
    /// The word was not trained on, the speaker was.
    UnseenWord,
    /// The speaker was not trained on, the word was.
    UnseenSpeaker,
    /// Of a pair of words that differ by stress alone, by a speaker that was not trained on; no word
    /// of such a pair is trained on.
    PairUnseenSpeaker,
    /// The same, by a speaker that was trained on.
    PairSeenSpeaker,
}

impl Part {
    /// All, in the order of tables.
    pub const ALL: [Self; 8] = [
        Self::Test,
        Self::UnseenWord,
        Self::UnseenSpeaker,
        Self::PairUnseenSpeaker,
        Self::PairSeenSpeaker,
        Self::Validation,
        Self::Unused,
        Self::Train,
    ];

    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Unused => "unused",
            Self::Test => "test",
            Self::UnseenWord => "unseen_word",
            Self::UnseenSpeaker => "unseen_speaker",
            Self::PairUnseenSpeaker => "pair_unseen_speaker",
            Self::PairSeenSpeaker => "pair_seen_speaker",
        }
    }

    /// What it is, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Train => "trained on",
            Self::Validation => "validation: word unseen",
            Self::Unused => "left out, not used",
            Self::Test => "test: speaker and word unseen",
            Self::UnseenWord => "word unseen, speaker seen",
            Self::UnseenSpeaker => "speaker unseen, word seen",
            Self::PairUnseenSpeaker => "minimal pair, speaker unseen",
            Self::PairSeenSpeaker => "minimal pair, speaker seen",
        }
    }
}

impl TrainSettings {
    /// What `word` is used for.
    pub fn part(&self, word: &Word) -> Part {
        let is = |fold: Option<usize>, of: usize| fold == Some(of);
        let test = [word.speaker_fold, word.word_fold].map(|fold| is(self.test_fold, fold));
        if word.minimal_pair {
            return if test[0] || self.test_fold.is_none() {
                Part::PairUnseenSpeaker
            } else {
                Part::PairSeenSpeaker
            };
        }
        match test {
            [true, true] => return Part::Test,
            [true, false] => return Part::UnseenSpeaker,
            [false, true] => return Part::UnseenWord,
            [false, false] => {}
        }
        if is(self.validation_fold, word.word_fold) {
            Part::Validation
        } else if is(self.validation_fold, word.speaker_fold) {
            Part::Unused
        } else {
            Part::Train
        }
    }

    /// What the network is fed.
    pub(super) fn front_end(&self) -> LogSpectrum {
        LogSpectrum {
            clip_secs: Some(self.clip_secs),
            word_alone: self.word_alone,
            ..LogSpectrum::default()
        }
    }

    /// Seed of one of the networks.
    pub(super) fn member_seed(&self, place: usize) -> u64 {
        self.seed.wrapping_add(place as u64)
    }

    pub(super) fn check(&self, words: &Words) -> Result<()> {
        let wrong = |problem: String, hint: &str| {
            Err(Error::Request {
                problem,
                hint: hint.to_owned(),
            })
        };
        for (name, fold) in [
            ("test", self.test_fold),
            ("validation", self.validation_fold),
        ] {
            if let Some(fold) = fold.filter(|fold| *fold >= words.folds) {
                let problem = format!(
                    "{name} fold {fold}, and there are folds 0 to {}",
                    words.folds - 1
                );
                return wrong(problem, "choose one of those, or none");
            }
        }
        if self.test_fold.is_some() && self.test_fold == self.validation_fold {
            return wrong(
                "test and validation fold are the same".into(),
                "choose two, or leave validation out",
            );
        }
        if self.epochs == 0 || self.batch < 4 || self.patience == 0 || self.networks == 0 {
            return wrong(
                "epochs, patience and networks must be positive, and a batch at least 4".into(),
                "leave the options out for the defaults",
            );
        }
        let front_end = self.front_end();
        let longest_secs =
            (front_end.frames - 1) as f64 * front_end.hop_length as f64 / f64::from(SAMPLE_RATE_HZ);
        if !(self.clip_secs > 0.0 && self.clip_secs <= longest_secs) {
            return wrong(
                format!("{} s of a word are to be heard", self.clip_secs),
                &format!("give a number above 0 and up to {longest_secs}"),
            );
        }
        if self.word_alone && self.augmentation.context_frames > 0 {
            return wrong(
                "a word is heard alone, and trained on with frames behind it".into(),
                "give no frames of context",
            );
        }
        let rates = [self.learning_rate, self.weight_decay];
        if !(rates[0] > 0.0 && rates.iter().all(|x| (0.0..=1.0).contains(x))) {
            return wrong(
                format!("learning rate {}, weight decay {}", rates[0], rates[1]),
                "the rate lies above 0 and up to 1, the decay from 0 to 1",
            );
        }
        if self.augmentation.splice > 0.0 && !words.has_vowels {
            return wrong(
                "splicing needs the times of both vowels, which the manifest does not have".into(),
                "add vowel1_start to vowel2_end, or give --splice 0",
            );
        }
        if self.marks_weight > 0.0 && (!words.has_vowels || self.architecture.marks == 0) {
            return wrong(
                "marking vowels needs their times and a network with a head for it".into(),
                "add vowel1_start to vowel2_end, or leave --marks out",
            );
        }
        let measured = words.words.iter().any(|w| w.vowel_values.is_some());
        let heads = self.architecture.measures == CONTRASTS.len();
        if self.contrasts_weight > 0.0 && !(measured && heads) {
            return wrong(
                "contrasts of vowels need their times and a network with a head for them".into(),
                "add vowel1_start to vowel2_end, or leave --contrasts out",
            );
        }
        if self.architecture.classes()? != 2 {
            return wrong(
                format!(
                    "network `{}` does not have two classes",
                    self.architecture.name
                ),
                "its last layer needs two outputs, final and initial",
            );
        }
        Ok(())
    }
}
