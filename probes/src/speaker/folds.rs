//! Folds of speakers, and the check that nothing lies on both sides of one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use phonoscope_analysis::{Error, Result, rng};
use rand::seq::SliceRandom as _;

use super::errors::contiguous;
use super::gathering::Speakers;
use super::{SpeakerInput, SpeakerSettings};
use crate::report::{Check, Status};

/// A fold for every speaker, numbered from zero without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folds {
    pub(super) of_speaker: Vec<usize>,
    pub(super) count: usize,
    /// Speakers who share recordings with others and were kept together with them, by group.
    pub(super) together: Vec<Vec<usize>>,
}

impl Folds {
    /// The corpus's own folds, else folds drawn by speaker; refused when a speaker or a recording lies
    /// in two of them.
    pub(super) fn new(
        input: &SpeakerInput,
        speakers: &Speakers,
        settings: &SpeakerSettings,
    ) -> Result<Self> {
        let groups = groups(input, speakers);
        let folds = match &input.folds {
            Some(given) => Self::given(given, speakers)?,
            None => Self::deal(&groups, settings)?,
        };
        let of_item: Vec<usize> = match &input.folds {
            Some(given) => numbered(given),
            None => speakers
                .of_item
                .iter()
                .map(|s| folds.of_speaker[*s])
                .collect(),
        };
        refuse_shared(&of_item, input)?;
        Ok(Self {
            together: together(&groups),
            ..folds
        })
    }

    /// Groups dealt in random order, one after the other.
    fn deal(groups: &[usize], settings: &SpeakerSettings) -> Result<Self> {
        let distinct: BTreeSet<usize> = groups.iter().copied().collect();
        let mut order: Vec<usize> = distinct.into_iter().collect();
        if order.len() < 2 {
            return Err(Error::TooFew {
                what: "speaker folds: speakers that share no recording".into(),
                needed: 2,
                found: order.len(),
            });
        }
        let count = settings.folds.min(order.len());
        order.shuffle(&mut rng::stream(settings.seed, "speaker.folds", 0));
        let fold: HashMap<usize, usize> = order
            .into_iter()
            .enumerate()
            .map(|(place, group)| (group, place % count))
            .collect();
        Ok(Self {
            of_speaker: groups.iter().map(|g| fold[g]).collect(),
            count,
            together: vec![],
        })
    }

    fn given(given: &[String], speakers: &Speakers) -> Result<Self> {
        let numbers = numbered(given);
        let count = numbers.iter().max().map_or(0, |n| n + 1);
        if count < 2 {
            return Err(Error::TooFew {
                what: "folds of the corpus: folds".into(),
                needed: 2,
                found: count,
            });
        }
        let mut of_speaker = vec![0; speakers.names.len()];
        for (speaker, fold) in speakers.of_item.iter().zip(numbers) {
            of_speaker[*speaker] = fold;
        }
        Ok(Self {
            of_speaker,
            count,
            together: vec![],
        })
    }

    /// Folds of some speakers, renumbered without gaps.
    pub(super) fn of(&self, speakers: &[usize]) -> Vec<usize> {
        let own: Vec<usize> = speakers.iter().map(|s| self.of_speaker[*s]).collect();
        contiguous(&own).0
    }

    /// The check of the trust report: it is only written when nothing is shared.
    pub(super) fn check(&self, given: bool) -> Check {
        Check {
            id: "fold_leakage".into(),
            meaning:
                "speakers and recordings, by content, that lie in more than one of the folds that \
                      held-out figures come from"
                    .into(),
            status: Status::Pass,
            verdict: "No speaker and no recording lies on both sides of a fold.".into(),
            value: Some(0.0),
            threshold: Some(0.0),
            unit: Some("speakers and recordings".into()),
            n: self.of_speaker.len(),
            detail: format!(
                "{} folds, {}{}",
                self.count,
                if given {
                    "as the corpus has them"
                } else {
                    "drawn by speaker"
                },
                match self.together.len() {
                    0 => String::new(),
                    n => format!("; {n} groups of speakers that share recordings kept together"),
                }
            ),
            ..Check::default()
        }
    }
}

/// An error when a speaker or a recording lies in two folds: every held-out figure would be too good.
pub(super) fn refuse_shared(fold_of_item: &[usize], input: &SpeakerInput) -> Result<()> {
    let refuse = |what: &str, names: BTreeSet<&str>| -> Result<()> {
        let first: Vec<&str> = names.iter().copied().take(4).collect();
        match names.len() {
            0 => Ok(()),
            n => Err(Error::Undefined {
                what: "held-out figures".into(),
                why: format!(
                    "{n} {what} lie in more than one fold (for example {}); keep each in one",
                    first.join(", ")
                ),
            }),
        }
    };
    let speakers = fold_of_item
        .iter()
        .zip(input.speakers.iter().map(String::as_str));
    refuse("speakers", shared(speakers))?;
    let known = fold_of_item.iter().zip(&input.recordings);
    let recordings = known.filter_map(|(f, r)| r.as_deref().map(|r| (f, r)));
    refuse("recordings", shared(recordings))
}

/// Names that occur with two folds.
fn shared<'a>(pairs: impl Iterator<Item = (&'a usize, &'a str)>) -> BTreeSet<&'a str> {
    let mut first: HashMap<&str, usize> = HashMap::new();
    let mut out = BTreeSet::new();
    for (fold, name) in pairs {
        if *first.entry(name).or_insert(*fold) != *fold {
            out.insert(name);
        }
    }
    out
}

/// Labels as numbers in their sorted order.
fn numbered(labels: &[String]) -> Vec<usize> {
    let distinct: BTreeSet<&String> = labels.iter().collect();
    let number: HashMap<&String, usize> = distinct
        .into_iter()
        .enumerate()
        .map(|(i, l)| (l, i))
        .collect();
    labels.iter().map(|l| number[l]).collect()
}

/// For each speaker the first speaker that it is linked to by shared recordings (itself when none).
fn groups(input: &SpeakerInput, speakers: &Speakers) -> Vec<usize> {
    let mut parent: Vec<usize> = (0..speakers.names.len()).collect();
    fn root(parent: &[usize], mut s: usize) -> usize {
        while parent[s] != s {
            s = parent[s];
        }
        s
    }
    let mut owner: HashMap<&str, usize> = HashMap::new();
    for (recording, speaker) in input.recordings.iter().zip(&speakers.of_item) {
        let Some(recording) = recording.as_deref() else {
            continue;
        };
        let first = *owner.entry(recording).or_insert(*speaker);
        let (a, b) = (root(&parent, first), root(&parent, *speaker));
        parent[a.max(b)] = a.min(b);
    }
    (0..parent.len()).map(|s| root(&parent, s)).collect()
}

fn together(groups: &[usize]) -> Vec<Vec<usize>> {
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (speaker, group) in groups.iter().enumerate() {
        members.entry(*group).or_default().push(speaker);
    }
    members.into_values().filter(|m| m.len() > 1).collect()
}
