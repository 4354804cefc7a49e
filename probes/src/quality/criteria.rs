//! How well the distances of every layer rank systems and utterances: against ratings, and against the order
//! of planted degradations.

use phonoscope_analysis::estimate::Method;
use phonoscope_analysis::stats::{self, Interval};
use phonoscope_analysis::task::Task;
use phonoscope_analysis::{Estimate, Result};

use super::best::{AgainstBest, against_best};
use super::corpus::{Corpus, System};
use super::layer::LayerFound;
use super::matching::Match;
use super::{QualitySettings, ranking, severity};

/// Whole systems, by their distances as they are.
pub(super) const SYSTEMS: &str = "systems";

/// One way to ask whether a layer's distances are those of quality.
pub(super) struct Criterion {
    /// What is ranked against: a rating's name, or `severity`.
    pub(super) target: String,
    /// `systems`, the same with what else was done (`systems, frames`; `systems, other speaker`), or `utterances`.
    pub(super) of: String,
    /// The coefficient, in words.
    pub(super) statistic: &'static str,
    /// The degradation, or nothing for all.
    pub(super) group: Option<String>,
    /// Independent things ranked or resampled.
    pub(super) n: usize,
    pub(super) unit: String,
    pub(super) layers: Vec<LayerRank>,
    /// Why there are no figures, or what to mind.
    pub(super) note: Option<String>,
}

/// One layer under one criterion. Positive: larger distance, worse speech.
pub(super) struct LayerRank {
    pub(super) layer: String,
    pub(super) value: Option<f64>,
    pub(super) estimate: Option<Estimate>,
    /// Two-sided, from permutations.
    pub(super) p: Option<f64>,
    /// The same against the largest of all layers.
    pub(super) p_max: Option<f64>,
    pub(super) best: AgainstBest,
}

/// Distances that are ranked: of every layer and system.
pub(super) struct Scores {
    pub(super) layers: Vec<String>,
    /// `[layer][system]`, in the corpus's order; NaN where there is none.
    pub(super) distances: Vec<Vec<f64>>,
    /// The same of random halves, `[deal][layer][system]`; empty without.
    pub(super) halves: Vec<Vec<Vec<f64>>>,
    /// What the distances are of, in a word or two.
    pub(super) of: String,
}

impl Scores {
    /// Of utterance means.
    fn of_means(layers: &[LayerFound]) -> Self {
        let of = |layer: &LayerFound| -> Vec<f64> {
            let systems = layer.systems.iter();
            systems
                .map(|d| d.as_ref().map_or(f64::NAN, |d| d.normalised.value))
                .collect()
        };
        Self {
            layers: layers.iter().map(|l| l.name.clone()).collect(),
            distances: layers.iter().map(of).collect(),
            halves: (0..layers.first().map_or(0, |l| l.deals.len()))
                .map(|deal| layers.iter().map(|l| l.deals[deal].clone()).collect())
                .collect(),
            of: SYSTEMS.into(),
        }
    }

    /// Of reference utterances that share the classes of a column with the system's, and of such that do not, for
    /// every column of the table of matching.
    fn matched(corpus: &Corpus<'_>, layers: &[LayerFound]) -> Vec<Self> {
        let mut columns: Vec<&str> = vec![];
        for found in layers.iter().flat_map(|l| &l.matches) {
            if !columns.contains(&found.column.as_str()) {
                columns.push(&found.column);
            }
        }
        type Side = fn(&Match) -> Option<Estimate>;
        let sides: [(&str, Side); 2] = [("same", |m| m.same), ("other", |m| m.other)];
        let mut out = vec![];
        for column in columns {
            for (word, side) in sides {
                let of = |layer: &LayerFound| -> Vec<f64> {
                    let of = |system: &System| {
                        let mut found = layer.matches.iter();
                        let found = found.find(|m| m.column == column && m.system == system.name);
                        found.and_then(side).map_or(f64::NAN, |e| e.value)
                    };
                    corpus.systems.iter().map(of).collect()
                };
                let distances: Vec<Vec<f64>> = layers.iter().map(of).collect();
                if distances.iter().flatten().any(|d| d.is_finite()) {
                    out.push(Self {
                        layers: layers.iter().map(|l| l.name.clone()).collect(),
                        distances,
                        halves: vec![],
                        of: format!("{SYSTEMS}, {word} {column}"),
                    });
                }
            }
        }
        out
    }
}

/// What a criterion was worth in every layer.
pub(super) struct Drawn {
    /// `[layer]`; NaN where it does not exist.
    pub(super) values: Vec<f64>,
    /// Resamples, `[draw][layer]`; empty without.
    pub(super) replicates: Vec<Vec<f64>>,
    /// Permutations, `[draw][layer]`; empty without.
    pub(super) null: Vec<Vec<f64>>,
    pub(super) method: Method,
}

impl Criterion {
    /// Turns draws into intervals, p and comparisons with the best layer.
    pub(super) fn with(
        mut self,
        names: &[String],
        drawn: &Drawn,
        settings: &QualitySettings,
    ) -> Self {
        let best = match drawn.method {
            // Halves overlap: they show what is firm, not what sampling gives.
            Method::RandomHalves => vec![AgainstBest::default(); drawn.values.len()],
            _ => against_best(&drawn.values, &drawn.replicates, self.n, settings.level),
        };
        let size = |draw: &Vec<f64>| {
            let finite = draw.iter().filter(|v| v.is_finite());
            finite.fold(0.0_f64, |most, v| most.max(v.abs()))
        };
        let most: Vec<f64> = drawn.null.iter().map(size).collect();
        self.layers = names
            .iter()
            .zip(&drawn.values)
            .zip(best)
            .enumerate()
            .map(|(l, ((layer, value), best))| {
                let known = value.is_finite();
                let of = |draws: &[Vec<f64>]| -> Vec<f64> { draws.iter().map(|d| d[l]).collect() };
                let absolute: Vec<f64> = of(&drawn.null).iter().map(|v| v.abs()).collect();
                let tested = known && !drawn.null.is_empty();
                LayerRank {
                    layer: layer.clone(),
                    value: known.then_some(*value),
                    estimate: (known && !drawn.replicates.is_empty())
                        .then(|| stats::percentile(&of(&drawn.replicates), settings.level))
                        .filter(|i| i.lo.is_finite() && i.hi.is_finite())
                        .map(|Interval { lo, hi }| Estimate {
                            value: *value,
                            lo: lo.min(*value),
                            hi: hi.max(*value),
                            n: self.n,
                            level: settings.level,
                            method: drawn.method,
                        }),
                    p: tested.then(|| stats::permutation_p(value.abs(), &absolute)),
                    p_max: tested.then(|| stats::permutation_p(value.abs(), &most)),
                    best,
                }
            })
            .collect();
        self
    }

    /// The layer of the largest value.
    pub(super) fn best(&self) -> Option<&LayerRank> {
        let known = self.layers.iter().filter(|l| l.value.is_some());
        known.reduce(|a, b| if b.value > a.value { b } else { a })
    }

    /// How many layers have the largest value.
    pub(super) fn alike(&self) -> usize {
        let most = self.best().and_then(|l| l.value);
        let layers = self.layers.iter();
        layers.filter(|l| most.is_some() && l.value == most).count()
    }
}

/// Every criterion that the corpus allows; those that it does not allow say why.
pub(super) fn all(
    corpus: &Corpus<'_>,
    layers: &[LayerFound],
    settings: &QualitySettings,
    task: &Task,
) -> Result<Vec<Criterion>> {
    let mut out = of_systems(corpus, &Scores::of_means(layers), settings, task)?;
    for scores in Scores::matched(corpus, layers) {
        out.extend(of_systems(corpus, &scores, settings, task)?);
    }
    for rating in corpus.ratings {
        out.extend(ranking::of_utterances(
            corpus, rating, layers, settings, task,
        )?);
    }
    out.extend(severity::of_utterances(corpus, layers, settings, task)?);
    Ok(out)
}

/// Those of systems.
pub(super) fn of_systems(
    corpus: &Corpus<'_>,
    scores: &Scores,
    settings: &QualitySettings,
    task: &Task,
) -> Result<Vec<Criterion>> {
    let mut out = vec![];
    for rating in corpus.ratings {
        out.extend(ranking::of_systems(corpus, rating, scores, settings, task)?);
    }
    out.extend(severity::of_systems(corpus, scores, settings, task)?);
    Ok(out)
}
