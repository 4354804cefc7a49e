//! Which words a step is made of.

use std::collections::BTreeMap;

use phonoscope_analysis::rng::Stream;
use rand::RngExt as _;
use rand::seq::SliceRandom as _;

use super::augment::{Augmentation, Changed};
use super::clips::Clips;
use crate::error::{Error, Result};
use crate::stress::{Stress, Word};

/// Words to train on, by class and word, so that common words do not count more.
#[derive(Debug, Clone)]
pub(super) struct Sampler {
    /// Numbers of the tokens of every word, by class.
    by_word: [Vec<Vec<usize>>; 2],
    /// Numbers of tokens by class and speaker, and by class and sex.
    by_speaker: BTreeMap<(usize, String), Vec<usize>>,
    by_sex: BTreeMap<(usize, String), Vec<usize>>,
    /// Class of every token of the manifest.
    classes: Vec<usize>,
}

impl Sampler {
    /// Takes the tokens of these numbers.
    pub(super) fn new(words: &[Word], trained: &[usize], classes: Vec<usize>) -> Result<Self> {
        let mut by_word: BTreeMap<(usize, &str), Vec<usize>> = BTreeMap::new();
        let (mut by_speaker, mut by_sex) = (BTreeMap::new(), BTreeMap::new());
        for number in trained {
            let (word, class) = (&words[*number], classes[*number]);
            by_word
                .entry((class, &word.word))
                .or_default()
                .push(*number);
            let keep = |map: &mut BTreeMap<_, Vec<usize>>, name: &str| {
                map.entry((class, name.to_owned()))
                    .or_default()
                    .push(*number);
            };
            keep(&mut by_speaker, &word.speaker);
            keep(&mut by_sex, word.sex.as_deref().unwrap_or_default());
        }
        let of = |class: usize| {
            let own = by_word.iter().filter(|((c, _), _)| *c == class);
            own.map(|(_, tokens)| tokens.clone()).collect::<Vec<_>>()
        };
        let sampler = Self {
            by_word: [of(0), of(1)],
            by_speaker,
            by_sex,
            classes,
        };
        for stress in Stress::ALL {
            let found = sampler.by_word[stress.class()].len();
            if found < 2 {
                return Err(Error::Request {
                    problem: format!(
                        "{found} different words with {} stress are left to train on",
                        stress.name()
                    ),
                    hint: "at least two are needed: give more data or leave fewer folds out".into(),
                });
            }
        }
        Ok(sampler)
    }

    /// A token of a class: each word equally likely, then each of its tokens.
    fn token(&self, class: usize, rng: &mut Stream) -> usize {
        let words = &self.by_word[class];
        let tokens = &words[rng.random_range(0..words.len())];
        tokens[rng.random_range(0..tokens.len())]
    }

    /// Another token of the same class, of the same speaker or of the same sex.
    fn partner(&self, words: &[Word], token: usize, rng: &mut Stream) -> usize {
        let (word, class) = (&words[token], self.classes[token]);
        let same_speaker = rng.random_range(0.0..1.0f32) < 0.5;
        let found = if same_speaker {
            self.by_speaker.get(&(class, word.speaker.clone()))
        } else {
            let sex = word.sex.clone().unwrap_or_default();
            self.by_sex.get(&(class, sex))
        };
        match found {
            Some(tokens) if !tokens.is_empty() => tokens[rng.random_range(0..tokens.len())],
            _ => token,
        }
    }

    /// One changed token of a class.
    pub(super) fn draw(
        &self,
        class: usize,
        words: &[Word],
        clips: &mut Clips,
        settings: &Augmentation,
        rng: &mut Stream,
    ) -> Result<Changed> {
        let token = self.token(class, rng);
        let mut word = settings.cut(clips.wide(token)?, rng);
        if rng.random_range(0.0..1.0f32) < settings.splice {
            let partner = self.partner(words, token, rng);
            let other = settings.cut(clips.wide(partner)?, rng);
            if let Some(spliced) = Augmentation::spliced(&word, &other) {
                word = spliced;
            }
        }
        Ok(settings.disturbed(word, rng))
    }
}

/// The class of every token; shuffled, every word has that of another word.
pub(super) fn classes(words: &[Word], shuffled: Option<&mut Stream>) -> Vec<usize> {
    let own = |word: &Word| word.stress.class();
    let Some(rng) = shuffled else {
        return words.iter().map(own).collect();
    };
    // A spelling with both stresses counts as two words.
    let mut of_word: BTreeMap<(&str, usize), usize> = BTreeMap::new();
    for word in words {
        of_word.insert((&word.word, own(word)), own(word));
    }
    let mut dealt: Vec<usize> = of_word.values().copied().collect();
    dealt.shuffle(rng);
    for (to, class) in of_word.values_mut().zip(dealt) {
        *to = class;
    }
    let dealt = words.iter().map(|word| {
        let class = of_word.get(&(word.word.as_str(), own(word)));
        class.copied().unwrap_or_default()
    });
    dealt.collect()
}
