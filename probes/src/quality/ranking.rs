//! Rank correlations of distances with ratings.

use phonoscope_analysis::Result;
use phonoscope_analysis::estimate::Method;
use phonoscope_analysis::rng::Stream;
use phonoscope_analysis::stats::{self, Sorted, draws, ranks};
use phonoscope_analysis::task::Task;
use rand::RngExt as _;
use rand::seq::SliceRandom as _;

use super::corpus::Corpus;
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
        .filter_map(|(place, s)| Some((place, corpus.mean_rating(rating, s)?.0)))
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
        ("Kendall", |x, y| {
            stats::kendall(x, y).map_or(f64::NAN, |c| c.r)
        }),
    ];
    let mut out = vec![];
    for (statistic, of) in both {
        let criterion = Criterion {
            target: rating.name.clone(),
            of: of_layers.of,
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

/// Single utterances of all systems: whole units are resampled; without a null, for utterances of one system
/// are no more alike by chance than by design.
pub(super) fn of_utterances(
    corpus: &Corpus<'_>,
    rating: &Rating,
    layers: &[LayerFound],
    settings: &QualitySettings,
    task: &Task,
) -> Result<Criterion> {
    let names: Vec<String> = layers.iter().map(|l| l.name.clone()).collect();
    let rows = corpus.systems.iter().flat_map(|s| &s.rows);
    let rated: Vec<(usize, f64)> = rows
        .filter_map(|i| Some((*i, rating.values.get(*i).copied().flatten()?)))
        .collect();
    let ratings: Vec<f64> = rated.iter().map(|r| r.1).collect();
    let mut units: Vec<usize> = rated.iter().map(|(i, _)| corpus.unit_of[*i]).collect();
    units.sort_unstable();
    units.dedup();
    let mut criterion = Criterion {
        target: rating.name.clone(),
        of: "utterances",
        statistic: "Spearman",
        group: None,
        n: rated.len(),
        unit: format!("utterances of {} {}", units.len(), corpus.unit_word),
        layers: vec![],
        note: None,
    };
    let distinct = ranks(&ratings);
    if rated.len() < 8 || distinct.iter().all(|r| Some(r) == distinct.first()) {
        criterion.note = Some(match rated.len() {
            0 => "no utterance has a rating of its own".into(),
            n if n < 8 => format!("{n} rated utterances: too few"),
            _ => "all utterances have the same rating".into(),
        });
        return Ok(criterion);
    }
    let sorted = Sorted::new(&ratings);
    let scores: Vec<Sorted> = layers
        .iter()
        .map(|l| {
            Sorted::new(
                &rated
                    .iter()
                    .map(|(i, _)| -l.mahalanobis[*i])
                    .collect::<Vec<_>>(),
            )
        })
        .collect();
    let of = |weights: &[f64]| -> Vec<f64> {
        scores
            .iter()
            .map(|s| stats::weighted_spearman(s, &sorted, weights))
            .collect()
    };
    let plan = draws::Plan {
        stage: "bootstrap of rated utterances",
        stream: "quality.utterances",
        seed: settings.seed,
        draws: settings.bootstrap,
    };
    let replicates = draws(plan, task, |rng| {
        let counts = stats::resample_counts(corpus.units, rng);
        let weights: Vec<f64> = rated
            .iter()
            .map(|(i, _)| counts[corpus.unit_of[*i]])
            .collect();
        Ok(of(&weights))
    })?;
    let drawn = Drawn {
        values: of(&vec![1.0; rated.len()]),
        replicates,
        null: vec![],
        method: Method::ClusterBootstrap,
    };
    Ok(criterion.with(&names, &drawn, settings))
}
