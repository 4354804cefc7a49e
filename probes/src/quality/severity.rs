//! The order of planted degradations: more of the same should be farther from the reference.

use std::collections::BTreeMap;

use phonoscope_analysis::Result;
use phonoscope_analysis::estimate::Method;
use phonoscope_analysis::rng::Stream;
use phonoscope_analysis::stats::{self, draws};
use phonoscope_analysis::task::Task;
use rand::RngExt as _;
use rand::seq::SliceRandom as _;

use super::QualitySettings;
use super::corpus::Corpus;
use super::criteria::{Criterion, Drawn, Scores};
use super::layer::LayerFound;

/// Fewest degradations that are resampled.
const FEWEST_RESAMPLED: usize = 4;

/// Systems of one degradation.
struct Group {
    name: String,
    /// Places among the corpus's systems, by rising severity.
    systems: Vec<usize>,
    severities: Vec<f64>,
}

/// Distances of systems against their planted severities; none where the manifest has none.
pub(super) fn of_systems(
    corpus: &Corpus<'_>,
    scores: &Scores,
    settings: &QualitySettings,
    task: &Task,
) -> Result<Vec<Criterion>> {
    let groups = groups(corpus);
    if groups.is_empty() {
        return Ok(vec![]);
    }
    let both = [Statistic::Spearman, Statistic::Kendall].into_iter();
    let over = both.map(|statistic| by_degradation(&groups, scores, statistic, settings, task));
    let each = groups
        .iter()
        .map(|g| Ok(of_degradation(g, scores, settings)));
    over.chain(each).collect()
}

/// Spearman of distance and severity in one degradation. There are few grades, so nothing is permuted; how firm the
/// order is shows in the random halves, of which each compares other speakers.
fn of_degradation(group: &Group, scores: &Scores, settings: &QualitySettings) -> Criterion {
    let of = |distances: &[f64]| -> f64 {
        let taken: Vec<f64> = group
            .systems
            .iter()
            .map(|place| distances[*place])
            .collect();
        stats::spearman(&taken, &group.severities).map_or(f64::NAN, |c| c.r)
    };
    let of_layers = |distances: &Vec<Vec<f64>>| distances.iter().map(|d| of(d)).collect();
    let drawn = Drawn {
        values: of_layers(&scores.distances),
        replicates: scores.halves.iter().map(of_layers).collect(),
        null: vec![],
        method: Method::RandomHalves,
    };
    let criterion = Criterion {
        target: "severity".into(),
        of: scores.of.clone(),
        statistic: "Spearman",
        group: Some(group.name.clone()),
        n: group.systems.len(),
        unit: "grades".into(),
        layers: vec![],
        note: None,
    };
    let mut criterion = criterion.with(&scores.layers, &drawn, settings);
    if criterion.best().is_none() {
        criterion.note = Some("some grade has no distance".into());
    }
    criterion
}

/// Whether the worse version of an utterance is the farther one: over all degradations, and in each.
pub(super) fn of_utterances(
    corpus: &Corpus<'_>,
    layers: &[LayerFound],
    settings: &QualitySettings,
    task: &Task,
) -> Result<Vec<Criterion>> {
    let groups = groups(corpus);
    if groups.is_empty() {
        return Ok(vec![]);
    }
    let names: Vec<String> = layers.iter().map(|l| l.name.clone()).collect();
    let order = Order::new(corpus, &groups, layers);
    let each = std::iter::once(None).chain((0..groups.len()).map(Some));
    each.map(|only| order.criterion(only, &groups, &names, settings, task))
        .collect()
}

/// Degradations of two or more severities.
fn groups(corpus: &Corpus<'_>) -> Vec<Group> {
    let mut found: BTreeMap<&str, Vec<(usize, f64)>> = BTreeMap::new();
    for (place, system) in corpus.systems.iter().enumerate() {
        if let Some((name, severity)) = system.degraded.as_ref().filter(|_| system.rows.len() > 1) {
            found.entry(name).or_default().push((place, *severity));
        }
    }
    found
        .into_iter()
        .filter_map(|(name, mut systems)| {
            systems.sort_by(|a, b| a.1.total_cmp(&b.1));
            let differ = systems.first()?.1 < systems.last()?.1;
            differ.then(|| Group {
                name: name.into(),
                severities: systems.iter().map(|s| s.1).collect(),
                systems: systems.into_iter().map(|s| s.0).collect(),
            })
        })
        .collect()
}

#[derive(Clone, Copy, PartialEq)]
enum Statistic {
    Spearman,
    Kendall,
}

/// Mean over degradations (each `weights` times) of the rank correlation of distance and severity.
fn within(
    statistic: Statistic,
    distances: &[Vec<f64>],
    severities: &[Vec<f64>],
    weights: &[f64],
) -> f64 {
    let of = |(d, s): (&Vec<f64>, &Vec<f64>)| {
        let found = match statistic {
            Statistic::Spearman => stats::spearman(d, s),
            Statistic::Kendall => stats::kendall(d, s),
        };
        found.map_or(f64::NAN, |c| c.r)
    };
    let each = distances.iter().zip(severities).map(of);
    let sum: f64 = each
        .zip(weights)
        .filter(|(_, w)| **w > 0.0)
        .map(|(r, w)| r * w)
        .sum();
    sum / weights.iter().sum::<f64>()
}

fn by_degradation(
    groups: &[Group],
    scores: &Scores,
    statistic: Statistic,
    settings: &QualitySettings,
    task: &Task,
) -> Result<Criterion> {
    let of_layer = |all: &Vec<f64>| -> Vec<Vec<f64>> {
        let of = |g: &Group| -> Vec<f64> { g.systems.iter().map(|place| all[*place]).collect() };
        groups.iter().map(of).collect()
    };
    let distances: Vec<Vec<Vec<f64>>> = scores.distances.iter().map(of_layer).collect();
    let severities: Vec<Vec<f64>> = groups.iter().map(|g| g.severities.clone()).collect();
    let ones = vec![1.0; groups.len()];
    let of = |severities: &[Vec<f64>], weights: &[f64]| -> Vec<f64> {
        distances
            .iter()
            .map(|d| within(statistic, d, severities, weights))
            .collect()
    };
    let plan = |stage, stream, draws| draws::Plan {
        stage,
        stream,
        seed: settings.seed,
        draws,
    };
    let few = groups.len() < FEWEST_RESAMPLED;
    let bootstrap = if few { 0 } else { settings.bootstrap };
    let drawn = Drawn {
        values: of(&severities, &ones),
        replicates: draws(
            plan(
                "bootstrap of degradations",
                "quality.degradations",
                bootstrap,
            ),
            task,
            |rng| Ok(of(&severities, &stats::resample_counts(groups.len(), rng))),
        )?,
        null: draws(
            plan(
                "shuffling severities",
                "quality.severities",
                settings.permutations,
            ),
            task,
            |rng| Ok(of(&shuffled(&severities, rng), &ones)),
        )?,
        method: Method::ClusterBootstrap,
    };
    let systems: usize = groups.iter().map(|g| g.systems.len()).sum();
    let criterion = Criterion {
        target: "severity".into(),
        of: scores.of.clone(),
        statistic: match statistic {
            Statistic::Spearman => "Spearman, mean over degradations",
            Statistic::Kendall => "Kendall, mean over degradations",
        },
        group: None,
        n: groups.len(),
        unit: format!("degradations of {systems} systems"),
        layers: vec![],
        note: few.then(|| {
            format!(
                "{} degradations: too few to resample, so no intervals",
                groups.len()
            )
        }),
    };
    Ok(criterion.with(&scores.layers, &drawn, settings))
}

fn shuffled(severities: &[Vec<f64>], rng: &mut Stream) -> Vec<Vec<f64>> {
    let mut severities = severities.to_vec();
    severities.iter_mut().for_each(|s| s.shuffle(rng));
    severities
}

/// For every pair of severities of a degradation, in how many utterances the worse is the farther.
struct Order {
    /// `[group][pair]`: places of both within the group.
    pairs: Vec<Vec<(usize, usize)>>,
    /// `[layer][group][pair][unit]`: utterances whose second is farther, less those whose first is.
    signs: Vec<Vec<Vec<Vec<f64>>>>,
    /// `[group][pair][unit]`: utterances compared.
    counts: Vec<Vec<Vec<f64>>>,
    units: usize,
    unit_word: &'static str,
}

impl Order {
    fn new(corpus: &Corpus<'_>, groups: &[Group], layers: &[LayerFound]) -> Self {
        let by_key: Vec<BTreeMap<&str, usize>> = corpus
            .systems
            .iter()
            .map(|system| {
                let key = |i: &usize| Some((corpus.pair_key(*i)?, *i));
                system.rows.iter().filter_map(key).collect()
            })
            .collect();
        let units = corpus.units;
        let mut order = Self {
            pairs: vec![],
            signs: layers.iter().map(|_| vec![]).collect(),
            counts: vec![],
            units,
            unit_word: corpus.unit_word,
        };
        for group in groups {
            let k = group.systems.len();
            let pairs: Vec<(usize, usize)> = (0..k)
                .flat_map(|i| (i + 1..k).map(move |j| (i, j)))
                .collect();
            let both: Vec<Vec<(usize, usize)>> = pairs
                .iter()
                .map(|(i, j)| {
                    let (a, b) = (&by_key[group.systems[*i]], &by_key[group.systems[*j]]);
                    a.iter()
                        .filter_map(|(key, i)| Some((*i, *b.get(key)?)))
                        .collect()
                })
                .collect();
            let spread = |pairs: &[(usize, usize)], of: &dyn Fn(usize, usize) -> f64| {
                let mut out = vec![0.0; units];
                for (i, j) in pairs {
                    out[corpus.unit_of[*i]] += of(*i, *j);
                }
                out
            };
            for (layer, signs) in layers.iter().zip(&mut order.signs) {
                let d = &layer.mahalanobis;
                let sign = |i: usize, j: usize| match d[j].partial_cmp(&d[i]) {
                    Some(std::cmp::Ordering::Greater) => 1.0,
                    Some(std::cmp::Ordering::Less) => -1.0,
                    _ => 0.0,
                };
                signs.push(both.iter().map(|p| spread(p, &sign)).collect());
            }
            order
                .counts
                .push(both.iter().map(|p| spread(p, &|_, _| 1.0)).collect());
            order.pairs.push(pairs);
        }
        order
    }

    /// Concordance of distance and severity within degradation and utterance, in every layer.
    fn tau(&self, groups: &[usize], severities: &[Vec<f64>], weights: &[f64]) -> Vec<f64> {
        let total = |of: &[f64]| -> f64 { of.iter().zip(weights).map(|(v, w)| v * w).sum() };
        let direction = |g: usize, pair: usize| {
            let (i, j) = self.pairs[g][pair];
            let step = severities[g][j] - severities[g][i];
            if step > 0.0 {
                1.0
            } else if step < 0.0 {
                -1.0
            } else {
                0.0
            }
        };
        let places: Vec<(usize, usize)> = groups
            .iter()
            .flat_map(|g| (0..self.pairs[*g].len()).map(move |pair| (*g, pair)))
            .filter(|(g, pair)| direction(*g, *pair) != 0.0)
            .collect();
        let compared: f64 = places
            .iter()
            .map(|(g, pair)| total(&self.counts[*g][*pair]))
            .sum();
        self.signs
            .iter()
            .map(|signs| {
                let of = |(g, pair): (usize, usize)| direction(g, pair) * total(&signs[g][pair]);
                places.iter().copied().map(of).sum::<f64>() / compared
            })
            .collect()
    }

    fn criterion(
        &self,
        only: Option<usize>,
        groups: &[Group],
        names: &[String],
        settings: &QualitySettings,
        task: &Task,
    ) -> Result<Criterion> {
        let chosen: Vec<usize> = only.map_or_else(|| (0..groups.len()).collect(), |g| vec![g]);
        let severities: Vec<Vec<f64>> = groups.iter().map(|g| g.severities.clone()).collect();
        let mut compared = vec![false; self.units];
        for counts in chosen.iter().flat_map(|g| &self.counts[*g]) {
            for (seen, count) in compared.iter_mut().zip(counts) {
                *seen |= *count > 0.0;
            }
        }
        let n = compared.iter().filter(|c| **c).count();
        let mut criterion = Criterion {
            target: "severity".into(),
            of: "utterances".into(),
            statistic: "Kendall within utterance and degradation",
            group: only.map(|g| groups[g].name.clone()),
            n,
            unit: self.unit_word.into(),
            layers: vec![],
            note: None,
        };
        if n < 2 {
            criterion.note = Some(
                "utterances of different severities have no `pair` in common, so they cannot be ordered".into(),
            );
            return Ok(criterion);
        }
        let ones = vec![1.0; self.units];
        let bootstrap = draws::Plan {
            stage: "bootstrap of utterances",
            stream: "quality.order",
            seed: settings.seed,
            draws: settings.bootstrap,
        };
        let members: Vec<usize> = (0..self.units).filter(|u| compared[*u]).collect();
        let replicates = draws(bootstrap, task, |rng| {
            let mut weights = vec![0.0; self.units];
            for _ in 0..members.len() {
                weights[members[rng.random_range(0..members.len())]] += 1.0;
            }
            Ok(self.tau(&chosen, &severities, &weights))
        })?;
        let shuffling = draws::Plan {
            stage: "shuffling severities",
            stream: "quality.severities",
            seed: settings.seed,
            draws: if only.is_none() {
                settings.permutations
            } else {
                0
            },
        };
        let null = draws(shuffling, task, |rng| {
            Ok(self.tau(&chosen, &shuffled(&severities, rng), &ones))
        })?;
        let drawn = Drawn {
            values: self.tau(&chosen, &severities, &ones),
            replicates,
            null,
            method: Method::ClusterBootstrap,
        };
        Ok(criterion.with(names, &drawn, settings))
    }
}
