//! Shares of R² that do not depend on the order of the predictors.

use ndarray::{Array1, Array2, ArrayViewMut2};
use rand::seq::SliceRandom as _;

use super::{Path, mark_constant};
use crate::regress::Correlations;
use crate::{Error, Result, rng};

/// Most predictors for which [`shapley`] walks through all subsets.
pub const MOST_EXACT: usize = 12;

/// Fewest orders that give a standard error.
const FEWEST_ORDERS: usize = 4;

/// Order-free shares of R².
#[derive(Debug, Clone, PartialEq)]
pub struct Shares {
    /// Share of each target's variance, `[target, predictor]`; a row sums to the target's R². NaN for
    /// constant targets.
    pub shares: Array2<f64>,
    /// Monte-Carlo standard error of each share; nothing when all subsets were used.
    pub standard_error: Option<Array2<f64>>,
    /// Orders sampled; 0 when all subsets were used.
    pub orders: usize,
}

/// Shapley shares of R² (Lindeman, Merenda & Gold 1980, "LMG"): the mean over all orders of the predictors
/// of what each adds to those before it. Exact, over the lattice of subsets, for at most
/// [`MOST_EXACT`] predictors.
pub fn shapley(c: &Correlations) -> Result<Shares> {
    let p = c.predictors.nrows();
    if p > MOST_EXACT {
        return Err(Error::Setting {
            what: "predictors of exact Shapley shares".into(),
            needed: format!("at most {MOST_EXACT}; sample orders instead"),
            found: p.to_string(),
        });
    }
    // R² of every subset; bit j of a subset's number says whether it holds predictor j.
    let mut r2 = Array2::zeros((1 << p, c.targets.ncols()));
    fill(&mut Path::new(c), 0, 0, p, &mut r2.view_mut());
    let mut shares = Array2::zeros((c.targets.ncols(), p));
    let weight = subset_weights(p);
    for j in 0..p {
        let mut sum = Array1::<f64>::zeros(c.targets.ncols());
        for subset in (0..1usize << p).filter(|s| s >> j & 1 == 0) {
            let w = weight[subset.count_ones() as usize];
            sum.scaled_add(w, &r2.row(subset | 1 << j));
            sum.scaled_add(-w, &r2.row(subset));
        }
        shares.column_mut(j).assign(&sum);
    }
    mark_constant(&mut shares, c);
    Ok(Shares {
        shares,
        standard_error: None,
        orders: 0,
    })
}

/// Visits every subset that extends the path by predictors from number `from`.
fn fill(
    path: &mut Path<'_>,
    subset: usize,
    from: usize,
    p: usize,
    r2: &mut ArrayViewMut2<'_, f64>,
) {
    for j in from..p {
        let larger = subset | 1 << j;
        let before = r2.row(subset).to_owned();
        match path.push(j) {
            Some(gain) => {
                r2.row_mut(larger).assign(&(before + gain));
                fill(path, larger, j + 1, p, r2);
                path.pop();
            }
            None => {
                r2.row_mut(larger).assign(&before);
                fill(path, larger, j + 1, p, r2);
            }
        }
    }
}

/// Chance that the predictors before a given one, in a random order of `p`, are a given subset of each
/// size.
fn subset_weights(p: usize) -> Vec<f64> {
    // 1 / (p · C(p − 1, size)).
    let mut choices = 1.0;
    let mut out = Vec::with_capacity(p);
    for size in 0..p {
        out.push(1.0 / (p as f64 * choices));
        choices *= (p - 1 - size) as f64 / (size + 1) as f64;
    }
    out
}

/// The same for any number of predictors, from `orders` random orders, each followed by its reverse.
///
/// Every order's gains sum to R², so the shares do too. Pair `i` uses stream `i` under `seed`.
pub fn shapley_sampled(c: &Correlations, orders: usize, seed: u64) -> Result<Shares> {
    if orders < FEWEST_ORDERS {
        return Err(Error::Setting {
            what: "sampled orders".into(),
            needed: format!("at least {FEWEST_ORDERS}"),
            found: orders.to_string(),
        });
    }
    let (p, targets) = (c.predictors.nrows(), c.targets.ncols());
    let pairs = orders.div_ceil(2);
    let (mut mean, mut spread) = (
        Array2::<f64>::zeros((targets, p)),
        Array2::<f64>::zeros((targets, p)),
    );
    let mut order: Vec<usize> = (0..p).collect();
    for i in 0..pairs {
        order.sort_unstable();
        order.shuffle(&mut rng::stream(seed, "importance.shapley", i as u64));
        let mut pair = Array2::zeros((targets, p));
        add_order(c, order.iter(), &mut pair);
        add_order(c, order.iter().rev(), &mut pair);
        pair /= 2.0;
        // Welford's running mean and sum of squares.
        let before = &pair - &mean;
        mean.scaled_add(1.0 / (i + 1) as f64, &before);
        spread += &(before * (&pair - &mean));
    }
    let n = pairs as f64;
    let mut standard_error = spread.mapv(|s| (s / (n - 1.0) / n).sqrt());
    mark_constant(&mut mean, c);
    mark_constant(&mut standard_error, c);
    Ok(Shares {
        shares: mean,
        standard_error: Some(standard_error),
        orders: 2 * pairs,
    })
}

fn add_order<'o>(c: &Correlations, order: impl Iterator<Item = &'o usize>, out: &mut Array2<f64>) {
    let mut path = Path::new(c);
    for j in order {
        if let Some(gain) = path.push(*j) {
            let mut column = out.column_mut(*j);
            column += &gain;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{correlations, sample};
    use super::super::{r2, unique};
    use super::*;
    use ndarray::{Axis, array, concatenate};
    use proptest::prelude::*;

    #[test]
    fn two_predictors_by_hand() {
        // r = 0.5 between them; correlations 0.8 and 0.4 with the target, so R² = (0.64 + 0.16 − 0.32) /
        // 0.75 = 0.64: the second adds nothing after the first, and its share is half of 0.16.
        let c = Correlations {
            predictors: array![[1.0, 0.5], [0.5, 1.0]],
            targets: array![[0.8], [0.4]],
            squares: array![1.0],
        };
        let found = shapley(&c).unwrap().shares;
        assert!((found[[0, 0]] - (0.64 + 0.48) / 2.0).abs() < 1e-14);
        assert!((found[[0, 1]] - 0.08).abs() < 1e-14);
    }

    #[test]
    fn sampled_shares_are_near_the_exact_ones() {
        let (x, y) = sample(60, 6, 4);
        let c = correlations(&x, &y);
        let exact = shapley(&c).unwrap();
        let sampled = shapley_sampled(&c, 400, 5).unwrap();
        let error = sampled.standard_error.unwrap();
        for ((index, a), se) in exact.shares.indexed_iter().zip(&error) {
            let off = (a - sampled.shares[index]).abs();
            assert!(off <= 4.5 * se + 1e-12, "{index:?}: {off} against {se}");
        }
        assert!(error.iter().all(|se| *se < 0.02));
        for (row, whole) in sampled.shares.outer_iter().zip(r2(&c)) {
            assert!((row.sum() - whole).abs() < 1e-12);
        }
        assert_eq!(sampled.shares, shapley_sampled(&c, 399, 5).unwrap().shares);
    }

    #[test]
    fn copies_share_and_constants_get_nothing() {
        let (x, y) = sample(40, 2, 1);
        let more = concatenate![
            Axis(1),
            x,
            x.slice(ndarray::s![.., ..1]),
            Array2::ones((40, 1))
        ];
        let found = shapley(&correlations(&more, &y)).unwrap().shares;
        assert!((found[[0, 0]] - found[[0, 2]]).abs() < 1e-10);
        assert_eq!(found[[0, 3]], 0.0);
        let flat = correlations(&x, &Array2::ones((40, 1)));
        assert!(shapley(&flat).unwrap().shares[[0, 0]].is_nan());
    }

    #[test]
    fn too_many_predictors_are_sampled_instead() {
        let (x, y) = sample(60, 14, 2);
        let c = correlations(&x, &y);
        assert!(shapley(&c).unwrap_err().to_string().contains("at most 12"));
        let found = shapley_sampled(&c, 100, 1).unwrap();
        assert_eq!(found.orders, 100);
        assert!((found.shares.row(1).sum() - r2(&c)[1]).abs() < 1e-12);
        assert!(shapley_sampled(&c, 1, 1).is_err());
    }

    proptest! {
        #[test]
        fn shares_are_never_negative_and_sum_to_r2(values in prop::collection::vec(-9.0..9.0_f64, 60)) {
            let all = Array2::from_shape_vec((12, 5), values).unwrap();
            let (x, y) = all.view().split_at(Axis(1), 4);
            let c = correlations(&x.to_owned(), &y.to_owned());
            let found = shapley(&c).unwrap().shares;
            prop_assert!((found.sum() - r2(&c)[0]).abs() < 1e-9);
            // A share is at least the unique part over the number of predictors.
            for (share, unique) in found.iter().zip(&unique(&c)) {
                prop_assert!(*share >= unique / 4.0 - 1e-9);
            }
        }
    }
}
