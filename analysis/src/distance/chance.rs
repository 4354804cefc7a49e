//! What a distance would be between two samples of one distribution, and how far it depends on the rows.

use ndarray::{ArrayView2, Axis, concatenate};
use rand::seq::SliceRandom as _;

use crate::stats::{self, Interval, PermutationTest, draws};
use crate::task::Task;
use crate::{Error, Result};

/// Measures `a: [row, dim]` against `b: [row, dim]`, then random deals of all their rows into two samples of the
/// same sizes: the floor that a distance has when nothing differs. Rows must be independent (one per utterance or
/// speaker, never frames). Draw `i` uses stream `i` under `seed`.
pub fn row_redeal(
    a: ArrayView2<'_, f64>,
    b: ArrayView2<'_, f64>,
    measure: impl Fn(ArrayView2<'_, f64>, ArrayView2<'_, f64>) -> Result<f64> + Sync,
    permutations: usize,
    seed: u64,
    task: &Task,
) -> Result<PermutationTest> {
    let rows = concatenate(Axis(0), &[a, b]).map_err(|_e| Error::Shape {
        what: "distance of samples: columns of the second sample".into(),
        expected: a.ncols().to_string(),
        found: b.ncols().to_string(),
    })?;
    let observed = measure(a, b)?;
    let plan = draws::Plan {
        stage: "null of the distance",
        stream: "distance.redeal",
        seed,
        draws: permutations,
    };
    let null = draws(plan, task, |rng| {
        let mut order: Vec<usize> = (0..rows.nrows()).collect();
        order.shuffle(rng);
        let (first, second) = order.split_at(a.nrows());
        measure(
            rows.select(Axis(0), first).view(),
            rows.select(Axis(0), second).view(),
        )
    })?;
    Ok(PermutationTest::new(observed, null))
}

/// Interval of a distance from leaving out each of `groups` blocks of rows of both samples (dealt out in turn).
///
/// Not a bootstrap: repeated rows make covariances look less certain than they are, and distances too large.
pub fn sample_jackknife(
    a: ArrayView2<'_, f64>,
    b: ArrayView2<'_, f64>,
    measure: impl Fn(ArrayView2<'_, f64>, ArrayView2<'_, f64>) -> Result<f64>,
    groups: usize,
    level: f64,
) -> Result<Interval> {
    let fewest = a.nrows().min(b.nrows());
    if groups < 2 || groups > fewest {
        return Err(Error::Setting {
            what: "jackknife of a distance: groups of rows".into(),
            needed: format!("2 to {fewest}"),
            found: groups.to_string(),
        });
    }
    let whole = measure(a, b)?;
    let kept = |x: ArrayView2<'_, f64>, group: usize| {
        let rows: Vec<usize> = (0..x.nrows()).filter(|i| i % groups != group).collect();
        x.select(Axis(0), &rows)
    };
    let without = |group| measure(kept(a, group).view(), kept(b, group).view());
    let values = (0..groups).map(without).collect::<Result<Vec<_>>>()?;
    Ok(stats::jackknife_interval(whole, &values, level))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distance::{Gaussian, w2};
    use ndarray::Array2;
    use rand::RngExt as _;

    fn noise(rows: usize, seed: u64) -> Array2<f64> {
        let mut rng = crate::rng::stream(seed, "distance-test", 0);
        Array2::from_shape_fn((rows, 3), |_| rng.random_range(-1.0..1.0))
    }

    fn squared(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Result<f64> {
        Ok(w2(&Gaussian::of_rows(a)?, &Gaussian::of_rows(b)?)?.squared())
    }

    #[test]
    fn a_shift_is_beyond_the_floor_and_nothing_is_within() {
        let (a, b) = (noise(40, 1), noise(30, 2));
        let test = |b: &Array2<f64>| {
            row_redeal(a.view(), b.view(), squared, 99, 3, &Task::silent()).unwrap()
        };
        assert!(test(&b).p > 0.05);
        let moved = &b + 1.0;
        let found = test(&moved);
        assert!(found.p == 0.01 && found.null_mean() > 0.0);
        let interval = sample_jackknife(a.view(), moved.view(), squared, 10, 0.95).unwrap();
        assert!(interval.lo < found.observed && found.observed < interval.hi && interval.lo > 1.0);
        assert!(sample_jackknife(a.view(), b.view(), squared, 31, 0.95).is_err());
        let narrow = b.slice(ndarray::s![.., ..2]);
        assert!(row_redeal(a.view(), narrow, squared, 9, 3, &Task::silent()).is_err());
    }
}
