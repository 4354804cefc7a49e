//! Distances of one layer: of whole samples, at equal n, without blocks of units, and with swapped utterances.

use ndarray::{Array2, ArrayView2, Axis};
use phonoscope_analysis::Result;
use phonoscope_analysis::distance::{Rooted, Shrunk, W2, ledoit_wolf, sliced_w2};
use phonoscope_analysis::rng::{self, Stream};
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

/// One deal of the reference into halves A and B. Distances are squared, over the trace of A.
#[derive(Debug, Clone)]
pub(super) struct Deal {
    /// W2 between A and B.
    pub(super) floor: f64,
    /// Of each system; nothing where a half of it has fewer than two utterances.
    pub(super) systems: Vec<Option<AtHalf>>,
}

/// A system at equal n: as many of its utterances as B has (C), of units that A lacks.
#[derive(Debug, Clone, Copy)]
pub(super) struct AtHalf {
    /// W2 from A to C.
    pub(super) away: f64,
    /// W2 from A to B at that n, which is smaller than B where the system is.
    pub(super) floor: f64,
    /// W2 between C and utterances of the system that are not of C's units: the system's own floor at that n.
    pub(super) own: f64,
    /// Sliced W2 from A to C over that from A to B; not taken in every deal.
    pub(super) sliced: Option<f64>,
}

impl AtHalf {
    /// What is left of `away` when half of both floors is taken away: without bias in the part of the means,
    /// whatever the spreads, and without bias at all where nothing differs.
    pub(super) fn excess(&self) -> f64 {
        self.away - (self.floor + self.own) / 2.0
    }
}

/// Deals in which sliced W2 is taken as well.
const SLICED_DEALS: usize = 20;

/// Random halves of the reference, and of every system along with it.
pub(super) fn halves(
    x: ArrayView2<'_, f64>,
    corpus: &Corpus<'_>,
    settings: &QualitySettings,
    task: &Task,
) -> Result<Vec<Deal>> {
    let one = |deal: usize| {
        let mut rng = rng::stream(settings.seed, "quality.halves", deal as u64);
        let place = shuffled_places(corpus.units, &mut rng);
        let in_reference = in_first_half(corpus, &corpus.reference, &place, None);
        let (a, b) = sides(corpus, &corpus.reference, &in_reference, &place);
        let from = rooted(x, &a)?;
        let scale = trace(&from);
        let squared = |from: &Rooted, rows: &[usize]| -> Result<f64> {
            Ok(between(x, from, rows)?.squared() / scale)
        };
        let floor = squared(&from, &b)?;
        let sliced = |rows: &[usize]| -> Result<f64> {
            let (a, rows) = (x.select(Axis(0), &a), x.select(Axis(0), rows));
            let silent = Task::silent();
            let found = sliced_w2(
                a.view(),
                rows.view(),
                settings.directions,
                settings.seed,
                &silent,
            )?;
            Ok(found.distance)
        };
        let of_system = |system: &System| -> Result<Option<AtHalf>> {
            let first = in_first_half(corpus, &system.rows, &place, Some(&in_reference));
            let (mut d, mut c) = sides(corpus, &system.rows, &first, &place);
            let n = c.len().min(b.len());
            c.truncate(n);
            d.truncate(n);
            if n < 2 || d.len() < 2 {
                return Ok(None);
            }
            // Bias falls as 1 / n: where the other half is smaller, its own floor is taken as at n.
            let sizes = 2.0 / n as f64 / (1.0 / n as f64 + 1.0 / d.len() as f64);
            let at_half = AtHalf {
                away: squared(&from, &c)?,
                floor: match n == b.len() {
                    true => floor,
                    false => squared(&from, &b[..n])?,
                },
                own: sizes * squared(&rooted(x, &c)?, &d)?,
                sliced: match deal < SLICED_DEALS {
                    true => Some(sliced(&c)? / sliced(&b[..n])?),
                    false => None,
                },
            };
            Ok(Some(at_half))
        };
        let systems = corpus
            .systems
            .iter()
            .map(of_system)
            .collect::<Result<_>>()?;
        Ok(Deal { floor, systems })
    };
    stats::each(
        "random halves of the reference",
        "draw",
        settings.halves,
        task,
        one,
    )
}

/// A random place for every unit.
fn shuffled_places(units: usize, rng: &mut Stream) -> Vec<usize> {
    let mut place: Vec<usize> = (0..units).collect();
    place.shuffle(rng);
    place
}

/// Whether each unit is in the first half: units of `rows` by their places, except those that `known` has dealt.
fn in_first_half(
    corpus: &Corpus<'_>,
    rows: &[usize],
    place: &[usize],
    known: Option<&[Option<bool>]>,
) -> Vec<Option<bool>> {
    let mut out = known.map_or_else(|| vec![None; corpus.units], <[_]>::to_vec);
    let mut units: Vec<usize> = rows.iter().map(|i| corpus.unit_of[*i]).collect();
    units.retain(|u| out[*u].is_none());
    units.sort_by_key(|u| place[*u]);
    units.dedup();
    let half = units.len() / 2;
    for (k, unit) in units.into_iter().enumerate() {
        out[unit] = Some(k < half);
    }
    out
}

/// Rows whose units are in the first half, and the others, both in the order of their units' places.
fn sides(
    corpus: &Corpus<'_>,
    rows: &[usize],
    first: &[Option<bool>],
    place: &[usize],
) -> (Vec<usize>, Vec<usize>) {
    let mut rows = rows.to_vec();
    rows.sort_by_key(|i| (place[corpus.unit_of[*i]], *i));
    rows.into_iter()
        .partition(|i| first[corpus.unit_of[*i]] == Some(true))
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
