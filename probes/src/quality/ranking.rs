//! Rank correlations of distances with ratings.

use std::collections::BTreeMap;

use phonoscope_analysis::Result;
use phonoscope_analysis::estimate::Method;
use phonoscope_analysis::rng::Stream;
use phonoscope_analysis::stats::{self, Sorted, draws, ranks};
use phonoscope_analysis::task::Task;
use rand::RngExt as _;
use rand::seq::SliceRandom as _;

use super::corpus::{Corpus, mean_rating};
use super::criteria::{Criterion, Drawn, Scores};
use super::layer::LayerFound;
use super::{QualitySettings, Rating};

/// Fewest rated systems of a rank correlation.
const FEWEST: usize = 3;
/// Fewest rated systems of which an interval is drawn.
const FEWEST_RESAMPLED: usize = 5;

/// Minus the distance of systems against their mean rating: Spearman and Kendall.
pub(super) fn of_systems(
    corpus: &Corpus<'_>,
    rating: &Rating,
    of_layers: &Scores,
    settings: &QualitySettings,
    task: &Task,
) -> Result<Vec<Criterion>> {
    let measured = |place: &usize| {
        let mut layers = of_layers.distances.iter();
        layers.all(|d| d.get(*place).is_some_and(|v| v.is_finite()))
    };
    let rated: Vec<(usize, f64)> = corpus
        .systems
        .iter()
        .enumerate()
        .filter(|(place, _)| measured(place))
        .filter_map(|(place, s)| Some((place, mean_rating(rating, &s.rows)?.0)))
        .collect();
    let ratings: Vec<f64> = rated.iter().map(|r| r.1).collect();
    let taken = |distances: &Vec<f64>| -> Vec<f64> {
        rated.iter().map(|(place, _)| -distances[*place]).collect()
    };
    let scores: Vec<Vec<f64>> = of_layers.distances.iter().map(taken).collect();
    type Coefficient = fn(&[f64], &[f64]) -> f64;
    let both: [(&'static str, Coefficient); 2] = [
        ("Spearman", |x, y| {
            stats::spearman(x, y).map_or(f64::NAN, |c| c.r)
        }),
        ("Kendall", tau),
    ];
    let mut out = vec![];
    for (statistic, of) in both {
        let criterion = Criterion {
            target: rating.name.clone(),
            of: of_layers.of.clone(),
            statistic,
            group: None,
            n: rated.len(),
            unit: "systems".into(),
            layers: vec![],
            note: too_few(&ratings),
        };
        let drawn = match criterion.note {
            Some(_) => None,
            None => Some(drawn(&scores, &ratings, of, settings, task)?),
        };
        out.push(match drawn {
            None => criterion,
            Some(drawn) => {
                let few = ratings.len() < FEWEST_RESAMPLED;
                let mut criterion = criterion.with(&of_layers.layers, &drawn, settings);
                criterion.note = few.then(|| {
                    format!(
                        "{} systems: too few to resample, so no intervals",
                        ratings.len()
                    )
                });
                criterion
            }
        });
    }
    Ok(out)
}

fn too_few(ratings: &[f64]) -> Option<String> {
    match ratings {
        [] => Some("no system has ratings".into()),
        few if few.len() < FEWEST => Some(format!(
            "{} rated system{}: a rank correlation needs {FEWEST}",
            few.len(),
            if few.len() == 1 { "" } else { "s" }
        )),
        [first, rest @ ..] if rest.iter().all(|r| r == first) => {
            Some("all systems have the same mean rating".into())
        }
        _ => None,
    }
}

fn drawn(
    scores: &[Vec<f64>],
    ratings: &[f64],
    of: fn(&[f64], &[f64]) -> f64,
    settings: &QualitySettings,
    task: &Task,
) -> Result<Drawn> {
    let n = ratings.len();
    let plan = |stage, stream, draws| draws::Plan {
        stage,
        stream,
        seed: settings.seed,
        draws,
    };
    let resampled = |rng: &mut Stream| {
        let rows: Vec<usize> = (0..n).map(|_| rng.random_range(0..n)).collect();
        let taken = |x: &[f64]| -> Vec<f64> { rows.iter().map(|i| x[*i]).collect() };
        let ratings = taken(ratings);
        Ok(scores
            .iter()
            .map(|s| of(&taken(s), &ratings))
            .collect::<Vec<f64>>())
    };
    let permuted = |rng: &mut Stream| {
        let mut ratings = ratings.to_vec();
        ratings.shuffle(rng);
        Ok(scores.iter().map(|s| of(s, &ratings)).collect::<Vec<f64>>())
    };
    let few = n < FEWEST_RESAMPLED;
    let bootstrap = if few { 0 } else { settings.bootstrap };
    Ok(Drawn {
        values: scores.iter().map(|s| of(s, ratings)).collect(),
        replicates: draws(
            plan("bootstrap of systems", "quality.systems", bootstrap),
            task,
            resampled,
        )?,
        null: draws(
            plan(
                "shuffling ratings",
                "quality.ratings",
                settings.permutations,
            ),
            task,
            permuted,
        )?,
        method: Method::Bootstrap,
    })
}

fn tau(x: &[f64], y: &[f64]) -> f64 {
    stats::kendall(x, y).map_or(f64::NAN, |c| c.r)
}

/// Fewest rated utterances of a rank correlation.
const FEWEST_UTTERANCES: usize = 8;
/// Most draws of Kendall's coefficient of single utterances, which takes long.
pub(super) const KENDALL_DRAWS: usize = 200;

/// Minus the Mahalanobis distance of single utterances of all systems against their ratings: Spearman and Kendall.
/// Whole units are resampled. For the null, systems swap their ratings as wholes, utterance by utterance, which
/// keeps that utterances of a system are alike; it needs systems that were rated on the same utterances.
pub(super) fn of_utterances(
    corpus: &Corpus<'_>,
    rating: &Rating,
    layers: &[LayerFound],
    settings: &QualitySettings,
    task: &Task,
) -> Result<Vec<Criterion>> {
    let names: Vec<String> = layers.iter().map(|l| l.name.clone()).collect();
    let rated = Rated::new(corpus, rating);
    let mut units: Vec<usize> = rated.rows.iter().map(|i| corpus.unit_of[*i]).collect();
    units.sort_unstable();
    units.dedup();
    let distinct = ranks(&rated.ratings);
    let why_none = match rated.rows.len() {
        0 => Some("no utterance has a rating of its own".to_owned()),
        n if n < FEWEST_UTTERANCES => Some(format!(
            "{n} rated utterances: a rank correlation needs {FEWEST_UTTERANCES}"
        )),
        _ if distinct.iter().all(|r| Some(r) == distinct.first()) => {
            Some("all utterances have the same rating".to_owned())
        }
        _ => None,
    };
    let mut out = vec![];
    for statistic in ["Spearman", "Kendall"] {
        let criterion = Criterion {
            target: rating.name.clone(),
            of: "utterances".into(),
            statistic,
            group: None,
            n: rated.rows.len(),
            unit: format!("utterances of {} {}", units.len(), corpus.unit_word),
            layers: vec![],
            note: why_none.clone(),
        };
        if why_none.is_some() {
            out.push(criterion);
            continue;
        }
        let drawn = match statistic {
            "Spearman" => rated.drawn(corpus, spearman_of(&rated, layers), settings, task)?,
            _ => {
                let few = QualitySettings {
                    bootstrap: settings.bootstrap.min(KENDALL_DRAWS),
                    permutations: settings.permutations.min(KENDALL_DRAWS - 1),
                    ..settings.clone()
                };
                rated.drawn(corpus, kendall_of(&rated, layers), &few, task)?
            }
        };
        let mut criterion = criterion.with(&names, &drawn, settings);
        criterion.note = drawn.null.is_empty().then(|| {
            "no p: it needs three or more systems that were rated on the same utterances".to_owned()
        });
        out.push(criterion);
    }
    Ok(out)
}

/// Rated utterances.
struct Rated {
    rows: Vec<usize>,
    ratings: Vec<f64>,
    /// Places of the utterances, `[system][utterance]`, where all rated systems have the same utterances.
    complete: Option<Vec<Vec<usize>>>,
}

impl Rated {
    fn new(corpus: &Corpus<'_>, rating: &Rating) -> Self {
        let (mut rows, mut ratings) = (vec![], vec![]);
        let mut by_system: Vec<BTreeMap<&str, usize>> = vec![];
        let mut complete = true;
        for system in &corpus.systems {
            let mut own = BTreeMap::new();
            for i in &system.rows {
                let Some(value) = rating.values.get(*i).copied().flatten() else {
                    continue;
                };
                complete &= corpus
                    .pair_key(*i)
                    .is_some_and(|key| own.insert(key, rows.len()).is_none());
                rows.push(*i);
                ratings.push(value);
            }
            if !own.is_empty() {
                by_system.push(own);
            }
        }
        complete &= by_system.len() >= FEWEST;
        complete &= by_system
            .windows(2)
            .all(|both| both[0].keys().eq(both[1].keys()));
        let places = |own: BTreeMap<&str, usize>| own.into_values().collect();
        Self {
            rows,
            ratings,
            complete: complete.then(|| by_system.into_iter().map(places).collect()),
        }
    }

    /// Ratings after systems have swapped theirs.
    fn swapped(&self, places: &[Vec<usize>], rng: &mut Stream) -> Vec<f64> {
        let mut from: Vec<usize> = (0..places.len()).collect();
        from.shuffle(rng);
        let mut out = self.ratings.clone();
        for (own, other) in places.iter().zip(from) {
            for (to, from) in own.iter().zip(&places[other]) {
                out[*to] = self.ratings[*from];
            }
        }
        out
    }

    /// `of` gives every layer's coefficient for these ratings when utterances count so often.
    fn drawn(
        &self,
        corpus: &Corpus<'_>,
        of: impl Fn(&[f64], &[f64]) -> Vec<f64> + Sync,
        settings: &QualitySettings,
        task: &Task,
    ) -> Result<Drawn> {
        let ones = vec![1.0; self.rows.len()];
        let plan = |stage, stream, draws| draws::Plan {
            stage,
            stream,
            seed: settings.seed,
            draws,
        };
        let bootstrap = plan(
            "bootstrap of rated utterances",
            "quality.utterances",
            settings.bootstrap,
        );
        let replicates = draws(bootstrap, task, |rng| {
            let counts = stats::resample_counts(corpus.units, rng);
            let count = |i: &usize| counts[corpus.unit_of[*i]];
            let weights: Vec<f64> = self.rows.iter().map(count).collect();
            Ok(of(&self.ratings, &weights))
        })?;
        let null = match &self.complete {
            None => vec![],
            Some(places) => {
                let shuffling = plan(
                    "swapping ratings of systems",
                    "quality.ratings.utterances",
                    settings.permutations,
                );
                draws(shuffling, task, |rng| {
                    Ok(of(&self.swapped(places, rng), &ones))
                })?
            }
        };
        Ok(Drawn {
            values: of(&self.ratings, &ones),
            replicates,
            null,
            method: Method::ClusterBootstrap,
        })
    }

    fn scores(&self, layer: &LayerFound) -> Vec<f64> {
        self.rows.iter().map(|i| -layer.mahalanobis[*i]).collect()
    }
}

fn spearman_of(
    rated: &Rated,
    layers: &[LayerFound],
) -> impl Fn(&[f64], &[f64]) -> Vec<f64> + Sync + use<> {
    let scores: Vec<Sorted> = layers
        .iter()
        .map(|l| Sorted::new(&rated.scores(l)))
        .collect();
    move |ratings, weights| {
        let ratings = Sorted::new(ratings);
        scores
            .iter()
            .map(|s| stats::weighted_spearman(s, &ratings, weights))
            .collect()
    }
}

fn kendall_of(
    rated: &Rated,
    layers: &[LayerFound],
) -> impl Fn(&[f64], &[f64]) -> Vec<f64> + Sync + use<> {
    let scores: Vec<Vec<f64>> = layers.iter().map(|l| rated.scores(l)).collect();
    move |ratings, weights| {
        let repeated = |x: &[f64]| -> Vec<f64> {
            let each = x.iter().zip(weights);
            each.flat_map(|(v, w)| std::iter::repeat_n(*v, *w as usize))
                .collect()
        };
        let ratings = repeated(ratings);
        scores.iter().map(|s| tau(&repeated(s), &ratings)).collect()
    }
}
