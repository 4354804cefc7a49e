//! Distances of one layer: of whole samples, at equal n, without blocks of units, and with swapped utterances.

use ndarray::{Array2, ArrayView2, Axis};
use phonoscope_analysis::Result;
use phonoscope_analysis::distance::{Rooted, Shrunk, W2, ledoit_wolf};
use phonoscope_analysis::rng::Stream;
use phonoscope_analysis::stats::{self, draws};
use phonoscope_analysis::task::Task;
use rand::RngExt as _;
use rand::seq::SliceRandom as _;

use super::QualitySettings;
use super::corpus::{Corpus, System};

/// A sample's normal distribution, shrunk, from these rows of `x`.
pub(super) fn shrunk(x: ArrayView2<'_, f64>, rows: &[usize]) -> Result<Shrunk> {
    ledoit_wolf(x.select(Axis(0), rows).view())
}

pub(super) fn rooted(x: ArrayView2<'_, f64>, rows: &[usize]) -> Result<Rooted> {
    Rooted::new(shrunk(x, rows)?.gaussian)
}

pub(super) fn between(x: ArrayView2<'_, f64>, from: &Rooted, rows: &[usize]) -> Result<W2> {
    from.w2(&shrunk(x, rows)?.gaussian)
}

/// Total variance; shrinking leaves it as it is.
pub(super) fn trace(of: &Rooted) -> f64 {
    of.gaussian().covariance().diag().sum()
}

/// One deal of the reference into halves A and B.
#[derive(Debug, Clone)]
pub(super) struct Deal {
    /// Squared W2 between A and B over the trace of A.
    pub(super) floor: f64,
    /// For each system, the same from A to as many of its utterances as B has, of units that A lacks; and the
    /// floor at that n (smaller than B where the system is).
    pub(super) systems: Vec<Option<(f64, f64)>>,
}

/// Random halves of the reference.
pub(super) fn halves(
    x: ArrayView2<'_, f64>,
    corpus: &Corpus<'_>,
    settings: &QualitySettings,
    task: &Task,
) -> Result<Vec<Deal>> {
    let plan = draws::Plan {
        stage: "random halves of the reference",
        stream: "quality.halves",
        seed: settings.seed,
        draws: settings.halves,
    };
    draws(plan, task, |rng| {
        let place = shuffled_places(corpus.units, rng);
        let (a, b, taken) = split(corpus, &place);
        let from = rooted(x, &a)?;
        let scale = trace(&from);
        let floor = between(x, &from, &b)?.squared() / scale;
        let of_system = |system: &System| -> Result<Option<(f64, f64)>> {
            let mut c: Vec<usize> = system
                .rows
                .iter()
                .copied()
                .filter(|i| !taken[corpus.unit_of[*i]])
                .collect();
            c.sort_by_key(|i| (place[corpus.unit_of[*i]], *i));
            let n = c.len().min(b.len());
            if n < 2 {
                return Ok(None);
            }
            c.truncate(n);
            let away = between(x, &from, &c)?.squared() / scale;
            let own_floor = match n == b.len() {
                true => floor,
                false => between(x, &from, &b[..n])?.squared() / scale,
            };
            Ok(Some((away, own_floor)))
        };
        let systems = corpus
            .systems
            .iter()
            .map(of_system)
            .collect::<Result<_>>()?;
        Ok(Deal { floor, systems })
    })
}

/// A random place for every unit.
fn shuffled_places(units: usize, rng: &mut Stream) -> Vec<usize> {
    let mut place: Vec<usize> = (0..units).collect();
    place.shuffle(rng);
    place
}

/// Rows of the reference whose units come first, and the others, in the order of their units' places; and
/// whether each unit is of the first.
fn split(corpus: &Corpus<'_>, place: &[usize]) -> (Vec<usize>, Vec<usize>, Vec<bool>) {
    let mut rows = corpus.reference.clone();
    rows.sort_by_key(|i| (place[corpus.unit_of[*i]], *i));
    let mut units: Vec<usize> = rows.iter().map(|i| corpus.unit_of[*i]).collect();
    units.dedup();
    let mut taken = vec![false; corpus.units];
    for unit in units.iter().take(units.len() / 2) {
        taken[*unit] = true;
    }
    let (a, b) = rows.into_iter().partition(|i| taken[corpus.unit_of[*i]]);
    (a, b, taken)
}

/// Of each block left out, for each system: W2 and W2 over the root of the reference's trace, both squared.
pub(super) fn without_blocks(
    x: ArrayView2<'_, f64>,
    corpus: &Corpus<'_>,
    task: &Task,
) -> Result<Vec<Vec<(f64, f64)>>> {
    let missing = (f64::NAN, f64::NAN);
    stats::each(
        "leaving out speakers",
        "block",
        corpus.blocks,
        task,
        |block| {
            let kept = |rows: &[usize]| -> Vec<usize> {
                rows.iter()
                    .copied()
                    .filter(|i| corpus.block_of[corpus.unit_of[*i]] != block)
                    .collect()
            };
            let from = rooted(x, &kept(&corpus.reference))?;
            let scale = trace(&from);
            let of_system = |system: &System| match kept(&system.rows) {
                rows if rows.len() < 2 => Ok(missing),
                rows => between(x, &from, &rows).map(|w| (w.squared(), w.squared() / scale)),
            };
            corpus.systems.iter().map(of_system).collect()
        },
    )
}

/// Squared W2 of draws in which nothing tells the system from the reference: with a parallel system each unit's
/// utterances change sides or not; else whole units are dealt into samples of as many units.
pub(super) fn swapped(
    x: ArrayView2<'_, f64>,
    corpus: &Corpus<'_>,
    system: &System,
    settings: &QualitySettings,
    task: &Task,
) -> Result<Vec<f64>> {
    let plan = draws::Plan {
        stage: "swapping utterances",
        stream: "quality.swaps",
        seed: settings.seed,
        draws: settings.swaps,
    };
    let units = |rows: &[usize]| -> Vec<usize> {
        let found: std::collections::BTreeSet<usize> =
            rows.iter().map(|i| corpus.unit_of[*i]).collect();
        found.into_iter().collect()
    };
    let (of_reference, of_system) = (units(&corpus.reference), units(&system.rows));
    draws(plan, task, |rng| {
        // Whether a unit's utterances on the reference's side, and on the system's, are swapped.
        let mut away = [vec![false; corpus.units], vec![false; corpus.units]];
        if system.parallel {
            for unit in &of_system {
                let swap: bool = rng.random_range(0..2) == 1;
                away[0][*unit] = swap;
                away[1][*unit] = swap;
            }
        } else {
            let tokens = of_reference.iter().map(|u| (0, *u));
            let mut tokens: Vec<(usize, usize)> =
                tokens.chain(of_system.iter().map(|u| (1, *u))).collect();
            tokens.shuffle(rng);
            for (place, (side, unit)) in tokens.into_iter().enumerate() {
                let lands = usize::from(place >= of_reference.len());
                away[side][unit] = lands != side;
            }
        }
        let (mut first, mut second) = (vec![], vec![]);
        for (side, rows) in [&corpus.reference, &system.rows].into_iter().enumerate() {
            for i in rows {
                let swapped = away[side][corpus.unit_of[*i]];
                match (side == 0) != swapped {
                    true => first.push(*i),
                    false => second.push(*i),
                }
            }
        }
        if first.len() < 2 || second.len() < 2 {
            return Ok(f64::NAN);
        }
        Ok(between(x, &rooted(x, &first)?, &second)?.squared())
    })
}

/// Mahalanobis distance of every item over the root of the number of directions (about 1 for the reference),
/// from a reference model that has not heard the item's unit.
pub(super) fn mahalanobis(x: ArrayView2<'_, f64>, corpus: &Corpus<'_>) -> Result<Vec<f64>> {
    use phonoscope_analysis::distance::Mahalanobis;
    let folds = super::corpus::FOLDS.min(corpus.blocks);
    let mut out = vec![f64::NAN; x.nrows()];
    for fold in 0..folds {
        let heard: Vec<usize> = corpus
            .reference
            .iter()
            .copied()
            .filter(|i| corpus.fold(*i) != fold)
            .collect();
        let model = Mahalanobis::new(&shrunk(x, &heard)?.gaussian)?;
        let scored: Vec<usize> = (0..x.nrows()).filter(|i| corpus.fold(*i) == fold).collect();
        let rows: Array2<f64> = x.select(Axis(0), &scored);
        let squares = model.squared(rows.view())?;
        for (i, square) in scored.iter().zip(&squares) {
            out[*i] = (square / x.ncols() as f64).sqrt();
        }
    }
    Ok(out)
}
