//! What a similarity would be by chance, and how far it depends on which rows were at hand.

use ndarray::{ArrayView2, Axis};
use rand::seq::SliceRandom as _;

use super::same_rows;
use crate::stats::{self, Interval, PermutationTest, draws};
use crate::task::Task;
use crate::{Error, Result};

/// Measures `a` against `b`, then against row permutations of `b`: the same n, columns and spectra, and no
/// relation. Draw `i` uses stream `i` under `seed`.
pub fn row_permutation(
    a: ArrayView2<'_, f64>,
    b: ArrayView2<'_, f64>,
    measure: impl Fn(ArrayView2<'_, f64>, ArrayView2<'_, f64>) -> Result<f64> + Sync,
    permutations: usize,
    seed: u64,
    task: &Task,
) -> Result<PermutationTest> {
    same_rows("permutation of rows", a, b, 2)?;
    let observed = measure(a, b)?;
    let plan = draws::Plan {
        stage: "permutation of rows",
        stream: "similarity.permutation",
        seed,
        draws: permutations,
    };
    let null = draws(plan, task, |rng| {
        let mut order: Vec<usize> = (0..b.nrows()).collect();
        order.shuffle(rng);
        measure(a, b.select(Axis(0), &order).view())
    })?;
    Ok(PermutationTest::new(observed, null))
}

/// Interval of a similarity from leaving out each of `groups` blocks of rows (dealt out in turn), by the
/// jackknife's standard error and Student's t with `groups − 1` degrees of freedom.
///
/// Not a bootstrap: rows taken twice look alike in both matrices, and inflate every similarity.
pub fn row_jackknife(
    a: ArrayView2<'_, f64>,
    b: ArrayView2<'_, f64>,
    measure: impl Fn(ArrayView2<'_, f64>, ArrayView2<'_, f64>) -> Result<f64>,
    groups: usize,
    level: f64,
) -> Result<Interval> {
    let what = "jackknife of a similarity";
    same_rows(what, a, b, 2)?;
    if groups < 2 || groups > a.nrows() {
        return Err(Error::Setting {
            what: format!("{what}: groups of rows"),
            needed: format!("2 to {}", a.nrows()),
            found: groups.to_string(),
        });
    }
    let whole = measure(a, b)?;
    let without = |group: usize| {
        let kept: Vec<usize> = (0..a.nrows()).filter(|i| i % groups != group).collect();
        measure(
            a.select(Axis(0), &kept).view(),
            b.select(Axis(0), &kept).view(),
        )
    };
    let values = (0..groups).map(without).collect::<Result<Vec<_>>>()?;
    Ok(stats::jackknife_interval(whole, &values, level))
}

#[cfg(test)]
mod tests {
    use super::super::linear_cka;
    use super::super::tests::noise;
    use super::*;

    #[test]
    fn related_and_unrelated_rows() {
        let a = noise(40, 3, 1);
        let b = &a + &noise(40, 3, 2);
        let test = |b: ArrayView2<'_, f64>| {
            row_permutation(a.view(), b, linear_cka, 199, 5, &Task::silent()).unwrap()
        };
        let found = test(b.view());
        assert_eq!(found.p, 0.005);
        assert!(found.null_mean() > 0.0 && found.null_mean() < 0.2);
        assert!(test(noise(40, 3, 3).view()).p > 0.05);
        let interval = row_jackknife(a.view(), b.view(), linear_cka, 20, 0.95).unwrap();
        assert!(interval.lo < found.observed && found.observed < interval.hi);
        assert!(row_jackknife(a.view(), b.view(), linear_cka, 1, 0.95).is_err());
    }

    #[test]
    fn the_jackknife_of_a_mean_is_its_standard_error() {
        let x = ndarray::array![[1.0], [2.0], [4.0], [9.0]];
        let mean = |a: ArrayView2<'_, f64>, _: ArrayView2<'_, f64>| Ok(a.sum() / a.nrows() as f64);
        let found = row_jackknife(x.view(), x.view(), mean, 4, 0.95).unwrap();
        // Squares around 4: 9 + 4 + 0 + 25 = 38; standard error √(38 / 3 / 4).
        let half = stats::t_quantile(0.975, 3.0) * (38.0_f64 / 12.0).sqrt();
        assert!((found.hi - 4.0 - half).abs() < 1e-9 && (found.lo - 4.0 + half).abs() < 1e-9);
    }
}
