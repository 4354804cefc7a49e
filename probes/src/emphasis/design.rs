//! Which versions belong together, and who is held out with whom.

use std::collections::BTreeMap;

use ndarray::{Array2, ArrayView2, Axis};
use phonoscope_analysis::stats;

use super::EmphasisSettings;
use super::input::{Edit, EmphasisInput, Version};
use crate::error::{Error, Result};

/// What was done to a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Emphasis.
    Emphasis,
    /// A change of the whole word that is no emphasis.
    Control,
    /// Another neutral version.
    Neutral,
}

/// A condition that is compared with the neutral one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// A word token with a neutral version.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pair {
    pub(super) id: String,
    /// Place of the neutral version among the versions.
    pub(super) neutral: usize,
    /// Places of the versions of each condition, parallel to the conditions.
    pub(super) versions: Vec<Option<usize>>,
    pub(super) speaker: usize,
    pub(super) word: Option<usize>,
    pub(super) source: usize,
}

/// The pairs, their groups and folds.
#[derive(Debug, Clone, Default)]
pub(super) struct Design {
    /// Emphasis first, then controls, then the other neutral version.
    pub(super) conditions: Vec<Condition>,
    pub(super) neutral: String,
    pub(super) pairs: Vec<Pair>,
    /// Groups of pairs that are never on both sides: speakers, and speakers who share a source.
    pub(super) speakers: Vec<String>,
    pub(super) words: Vec<String>,
    pub(super) sources: usize,
    /// Fold of each speaker; nothing when there are too few.
    pub(super) speaker_fold: Option<Vec<usize>>,
    /// Fold of each word; nothing when there are too few.
    pub(super) word_fold: Option<Vec<usize>>,
    /// Versions that take no part: id and reason.
    pub(super) unused: Vec<(String, String)>,
    /// What the data cannot give, in words.
    pub(super) missing: Vec<String>,
}

/// The name of emphasis by all cues.
pub(super) const ALL_CUES: &str = "emphasis_all";

impl Design {
    pub(super) fn new(input: &EmphasisInput, settings: &EmphasisSettings) -> Result<Self> {
        let mut out = Self {
            unused: input.skipped.clone(),
            ..Self::default()
        };
        let of_pair = out.versions_by_pair(&input.versions);
        let names = conditions(&of_pair);
        let neutrals: Vec<&String> = names
            .iter()
            .filter(|n| kind(n) == Some(Kind::Neutral))
            .collect();
        let Some(first) = neutrals.first() else {
            let left_out = out.unused.first().map_or_else(String::new, |(id, why)| {
                let count = out.unused.len();
                format!("; {count} left out, the first of them, `{id}`, because {why}")
            });
            return Err(Error::Request {
                problem: format!("no version is neutral{left_out}"),
                hint: "the column `condition` must hold names that begin with neutral, emphasis and control".into(),
            });
        };
        out.neutral = (*first).clone();
        out.conditions = names
            .iter()
            .filter(|n| **n != out.neutral)
            .filter_map(|name| {
                Some(Condition {
                    name: name.clone(),
                    kind: kind(name)?,
                })
            })
            .collect();
        // Only one neutral–neutral residual is a null.
        let other = out.conditions.iter().position(|c| c.kind == Kind::Neutral);
        let at_other = other.map(|at| out.conditions[at].name.clone());
        out.conditions
            .retain(|c| c.kind != Kind::Neutral || Some(&c.name) == at_other.as_ref());
        out.conditions
            .sort_by_key(|c| (c.kind, c.name != ALL_CUES, c.name.clone()));
        out.take(&of_pair, &input.versions);
        if !out.conditions.iter().any(|c| c.kind == Kind::Emphasis) || out.pairs.is_empty() {
            return Err(Error::Request {
                problem: "no word has a neutral and an emphasised version".into(),
                hint:
                    "rows of one word share a `pair`; `condition` begins with neutral or emphasis"
                        .into(),
            });
        }
        out.take_sources_for_speakers()?;
        out.deal(settings)?;
        out.say_what_is_missing(input);
        Ok(out)
    }

    /// Versions by pair and condition; what cannot be used is set aside with the reason.
    fn versions_by_pair(
        &mut self,
        versions: &[Version],
    ) -> BTreeMap<String, BTreeMap<String, usize>> {
        let mut out = BTreeMap::<String, BTreeMap<String, usize>>::new();
        for (at, v) in versions.iter().enumerate() {
            let why = match (&v.pair, &v.condition, &v.speaker) {
                (None, _, _) => "it has no pair",
                (_, None, _) => "it has no condition",
                (_, _, None) => "it has no speaker",
                _ if v.silent => "its span is silent",
                (_, Some(name), _) if kind(name).is_none() => {
                    "its condition begins with none of neutral, emphasis, control"
                }
                (Some(pair), Some(condition), _) => {
                    let known = out.entry(pair.clone()).or_default();
                    if !known.contains_key(condition) {
                        known.insert(condition.clone(), at);
                        continue;
                    }
                    "its pair has another version of the same condition"
                }
            };
            self.unused.push((v.id.clone(), why.into()));
        }
        out
    }

    /// Keeps the pairs that have a neutral version and another one.
    fn take(&mut self, of_pair: &BTreeMap<String, BTreeMap<String, usize>>, versions: &[Version]) {
        let (mut speakers, mut words, mut sources) =
            (Names::default(), Names::default(), Names::default());
        for (id, known) in of_pair {
            let others: Vec<Option<usize>> = self
                .conditions
                .iter()
                .map(|c| known.get(&c.name).copied())
                .collect();
            let neutral = known.get(&self.neutral).copied();
            let Some((neutral, v)) = neutral.and_then(|at| Some((at, versions.get(at)?))) else {
                self.set_aside(known.values(), versions, "its pair has no neutral version");
                continue;
            };
            if others.iter().all(Option::is_none) {
                self.set_aside(
                    known.values(),
                    versions,
                    "its pair has nothing but a neutral version",
                );
                continue;
            }
            let same = |at: &Option<usize>| {
                at.and_then(|at| versions.get(at))
                    .is_none_or(|o| o.speaker == v.speaker && o.word == v.word)
            };
            if !others.iter().all(same) {
                self.set_aside(
                    known.values(),
                    versions,
                    "its pair has several speakers or words",
                );
                continue;
            }
            let source = v.source.clone().unwrap_or_else(|| format!("\u{0}{id}"));
            self.pairs.push(Pair {
                id: id.clone(),
                neutral,
                versions: others,
                speaker: speakers.place(v.speaker.clone().unwrap_or_default()),
                word: v.word.clone().map(|w| words.place(w)),
                source: sources.place(source),
            });
        }
        self.sources = sources.names.len();
        self.words = words.names;
        self.speakers = speakers.names;
        self.join_speakers_of_one_source();
    }

    fn set_aside<'a>(
        &mut self,
        rows: impl Iterator<Item = &'a usize>,
        versions: &[Version],
        why: &str,
    ) {
        let found = rows.filter_map(|at| versions.get(*at));
        self.unused
            .extend(found.map(|v| (v.id.clone(), why.to_owned())));
    }

    /// Speakers of one source count as one: its versions must stay on one side.
    fn join_speakers_of_one_source(&mut self) {
        let mut owner: BTreeMap<usize, usize> = BTreeMap::new();
        let mut into: Vec<usize> = (0..self.speakers.len()).collect();
        for pair in &self.pairs {
            let first = *owner.entry(pair.source).or_insert(pair.speaker);
            let (a, b) = (root(&into, first), root(&into, pair.speaker));
            if let Some(slot) = into.get_mut(a.max(b)) {
                *slot = a.min(b);
            }
        }
        let mut joined = Names::default();
        for pair in &mut self.pairs {
            let name = self.speakers.get(root(&into, pair.speaker)).cloned();
            pair.speaker = joined.place(name.unwrap_or_default());
        }
        self.speakers = joined.names;
    }

    /// With one speaker, recordings are the units of folds and intervals.
    fn take_sources_for_speakers(&mut self) -> Result<()> {
        if self.speakers.len() < 2 {
            self.missing.push(
                "folds and intervals over speakers are not available: there is one speaker (speakers of one \
                 source count as one). Recordings stand in for speakers, so nothing here speaks of other voices"
                    .into(),
            );
            let mut of_source = Names::default();
            for pair in &mut self.pairs {
                pair.speaker = of_source.place(pair.source.to_string());
            }
            self.speakers = of_source.names;
        }
        if self.speakers.len() < 3 {
            return Err(Error::Request {
                problem: format!(
                    "there are {} speakers; the probe needs three",
                    self.speakers.len()
                ),
                hint: "or, of one speaker, three recordings named in the column `source`".into(),
            });
        }
        Ok(())
    }

    /// Deals speakers and words into folds.
    fn deal(&mut self, settings: &EmphasisSettings) -> Result<()> {
        let dealt = |groups: usize, what: &str| -> Result<Option<Vec<usize>>> {
            if groups < 2 {
                return Ok(None);
            }
            let all: Vec<usize> = (0..groups).collect();
            let seed = settings.seed ^ u64::from(what == "words");
            let folds = settings.folds.min(groups);
            Ok(Some(stats::group_folds(&all, None, folds, seed)?))
        };
        self.speaker_fold = dealt(self.speakers.len(), "speakers")?;
        self.word_fold = dealt(self.words.len(), "words")?;
        Ok(())
    }

    /// Pairs that have the condition.
    pub(super) fn having(&self, condition: usize) -> Vec<usize> {
        let has = |p: &usize| {
            self.pairs[*p]
                .versions
                .get(condition)
                .is_some_and(Option::is_some)
        };
        (0..self.pairs.len()).filter(has).collect()
    }

    /// Conditions of a kind, by place.
    pub(super) fn of_kind(&self, kind: Kind) -> Vec<usize> {
        let all = self.conditions.iter().enumerate();
        all.filter(|(_, c)| c.kind == kind)
            .map(|(at, _)| at)
            .collect()
    }

    /// The other neutral version, where there is one.
    pub(super) fn null(&self) -> Option<usize> {
        self.of_kind(Kind::Neutral).first().copied()
    }

    /// The condition that stands for emphasis: all cues, else the first.
    pub(super) fn main(&self) -> usize {
        self.of_kind(Kind::Emphasis).first().copied().unwrap_or(0)
    }

    /// States of a condition (nothing: neutral) for these pairs, `[pair, dim]`.
    pub(super) fn states(
        &self,
        states: ArrayView2<'_, f64>,
        condition: Option<usize>,
        pairs: &[usize],
    ) -> Array2<f64> {
        let row = |p: &usize| match condition {
            None => self.pairs[*p].neutral,
            Some(c) => self.pairs[*p]
                .versions
                .get(c)
                .copied()
                .flatten()
                .unwrap_or(self.pairs[*p].neutral),
        };
        let rows: Vec<usize> = pairs.iter().map(row).collect();
        states.select(Axis(0), &rows)
    }

    /// Residuals of a condition for these pairs, `[pair, dim]`.
    pub(super) fn residuals(
        &self,
        states: ArrayView2<'_, f64>,
        condition: usize,
        pairs: &[usize],
    ) -> Array2<f64> {
        self.states(states, Some(condition), pairs) - self.states(states, None, pairs)
    }

    pub(super) fn speakers_of(&self, pairs: &[usize]) -> Vec<usize> {
        pairs.iter().map(|p| self.pairs[*p].speaker).collect()
    }

    pub(super) fn sources_of(&self, pairs: &[usize]) -> Vec<usize> {
        pairs.iter().map(|p| self.pairs[*p].source).collect()
    }

    /// The number of an edit that is predicted, of the versions of `condition`.
    pub(super) fn target(
        &self,
        input: &EmphasisInput,
        edit: Edit,
        condition: usize,
        pair: usize,
    ) -> Option<f64> {
        let at = (*self.pairs[pair].versions.get(condition)?)?;
        edit.target(input.versions.get(at)?.edits[edit as usize]?)
    }
}

/// Numbers of names, in the order of their first use.
#[derive(Default)]
struct Names {
    names: Vec<String>,
    known: BTreeMap<String, usize>,
}

impl Names {
    fn place(&mut self, name: String) -> usize {
        let next = self.names.len();
        let at = *self.known.entry(name.clone()).or_insert(next);
        if at == next {
            self.names.push(name);
        }
        at
    }
}

fn root(into: &[usize], mut at: usize) -> usize {
    while let Some(next) = into.get(at).filter(|next| **next != at) {
        at = *next;
    }
    at
}

/// What a condition is, by the beginning of its name.
fn kind(name: &str) -> Option<Kind> {
    match name {
        n if n.starts_with("emph") => Some(Kind::Emphasis),
        n if n.starts_with("control") => Some(Kind::Control),
        n if n.starts_with("neutral") => Some(Kind::Neutral),
        _ => None,
    }
}

/// Names of the conditions that occur, sorted.
fn conditions(of_pair: &BTreeMap<String, BTreeMap<String, usize>>) -> Vec<String> {
    let all = of_pair.values().flat_map(|known| known.keys().cloned());
    let unique: std::collections::BTreeSet<String> = all.collect();
    unique.into_iter().collect()
}
