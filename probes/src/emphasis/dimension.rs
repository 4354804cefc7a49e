//! How many directions residuals spread over.

use ndarray::{Array2, ArrayView2, Axis};
use phonoscope_analysis::{linalg, pca, rng, stats};
use rand::seq::SliceRandom as _;

use super::direction::Bench;
use super::spread::{Figure, Scale, distinct};
use crate::error::Result;

/// Shares of the pairs that the subsampling curve is drawn at.
const SHARES: [f64; 5] = [0.125, 0.25, 0.5, 0.75, 1.0];
/// Subsamples at each.
const SUBSAMPLES: usize = 20;
/// Shares of the variance for which components are counted.
const COUNTED: [f64; 2] = [0.9, 0.95];

/// Effective dimension of one condition's residuals at one tap.
#[derive(Debug, Clone)]
pub(super) struct Dimension {
    pub(super) condition: usize,
    pub(super) pairs: usize,
    pub(super) participation: Figure,
    pub(super) unbiased: Figure,
    pub(super) k90: Figure,
    pub(super) k95: Figure,
    pub(super) curve: Vec<CurvePoint>,
}

/// Effective dimension of a share of the pairs.
#[derive(Debug, Clone, Copy)]
pub(super) struct CurvePoint {
    pub(super) pairs: usize,
    /// Median and 2.5 % and 97.5 % points over subsamples.
    pub(super) participation: [f64; 3],
    pub(super) unbiased: [f64; 3],
    pub(super) k90: [f64; 3],
}

impl Bench<'_> {
    /// Pairs for counts at equal n: every condition and system is measured on as many.
    pub(super) fn equal_n(&self, condition: usize) -> Vec<usize> {
        let all = self.design.having(condition);
        let counts = (0..self.design.conditions.len()).map(|c| self.design.having(c).len());
        let least = counts.filter(|n| *n > 3).min().unwrap_or(0);
        if all.len() <= least {
            return all;
        }
        let mut shuffled = all;
        shuffled.shuffle(&mut rng::stream(
            self.settings.seed,
            "emphasis.equal-n",
            condition as u64,
        ));
        shuffled.truncate(least);
        shuffled.sort_unstable();
        shuffled
    }

    /// Effective dimension of a condition's residuals; nothing when there are too few or they do not vary.
    pub(super) fn dimension(
        &self,
        states: ArrayView2<'_, f64>,
        condition: usize,
    ) -> Result<Option<Dimension>> {
        let pairs = self.equal_n(condition);
        let speakers = self.design.speakers_of(&pairs);
        if pairs.len() < 4 || distinct(&speakers) < 3 {
            return Ok(None);
        }
        let residuals = self.design.residuals(states, condition, &pairs);
        let products = linalg::gram(residuals.view());
        if participation(&products).is_nan() {
            return Ok(None);
        }
        let within = |kept: &[bool]| {
            let rows: Vec<usize> = (0..pairs.len()).filter(|i| kept[pairs[*i]]).collect();
            products.select(Axis(0), &rows).select(Axis(1), &rows)
        };
        let positive = [Scale::Positive; 2];
        let ratios = self.resampling.figures(&pairs, &positive, |kept| {
            let own = within(kept);
            vec![
                participation(&own),
                pca::unbiased_participation_ratio(own.view()),
            ]
        });
        let counts = self.resampling.coarse().figures(&pairs, &positive, |kept| {
            components(&within(kept), &COUNTED)
        });
        let (Ok([participation, unbiased]), Ok([k90, k95])) = (
            <[Figure; 2]>::try_from(ratios),
            <[Figure; 2]>::try_from(counts),
        ) else {
            return Ok(None);
        };
        let dimension = Dimension {
            condition,
            pairs: pairs.len(),
            participation,
            unbiased,
            k90,
            k95,
            curve: self.curve(&products, condition),
        };
        self.task.check()?;
        Ok(Some(dimension))
    }

    fn curve(&self, products: &Array2<f64>, condition: usize) -> Vec<CurvePoint> {
        use rayon::prelude::*;
        let n = products.nrows();
        let point = |(place, share): (usize, &f64)| {
            let size = ((share * n as f64).round() as usize).max(4).min(n);
            let draws = if size == n { 1 } else { SUBSAMPLES };
            let of: Vec<[f64; 3]> = (0..draws)
                .into_par_iter()
                .map(|draw| {
                    let mut order: Vec<usize> = (0..n).collect();
                    let index = ((condition * SHARES.len() + place) * SUBSAMPLES + draw) as u64;
                    order.shuffle(&mut rng::stream(
                        self.settings.seed,
                        "emphasis.subsample",
                        index,
                    ));
                    order.truncate(size);
                    let own = products.select(Axis(0), &order).select(Axis(1), &order);
                    [
                        participation(&own),
                        pca::unbiased_participation_ratio(own.view()),
                        components(&own, &COUNTED[..1])[0],
                    ]
                })
                .collect();
            let range = |k: usize| {
                let values: Vec<f64> = of.iter().map(|v| v[k]).filter(|v| v.is_finite()).collect();
                [0.5, 0.025, 0.975].map(|q| {
                    if values.is_empty() {
                        f64::NAN
                    } else {
                        stats::quantile(&values, q)
                    }
                })
            };
            CurvePoint {
                pairs: size,
                participation: range(0),
                unbiased: range(1),
                k90: range(2),
            }
        };
        SHARES.iter().enumerate().map(point).collect()
    }
}

/// Products of rows about their mean.
fn centred(products: &Array2<f64>) -> Array2<f64> {
    let n = products.nrows() as f64;
    let mean = products.sum_axis(Axis(1)) / n;
    let all = mean.sum() / n;
    Array2::from_shape_fn(products.dim(), |(i, j)| {
        products[[i, j]] - mean[i] - mean[j] + all
    })
}

/// Participation ratio of the rows with these products.
fn participation(products: &Array2<f64>) -> f64 {
    let of = centred(products);
    let trace = of.diag().sum();
    // Rounding is no variance.
    let size = products.diag().iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    if trace <= 1e-20 * size * products.nrows() as f64 || trace <= 0.0 {
        return f64::NAN;
    }
    trace * trace / of.iter().map(|v| v * v).sum::<f64>()
}

/// Components of the rows with these products that hold each share of their variance; NaN without variance.
fn components(products: &Array2<f64>, shares: &[f64]) -> Vec<f64> {
    let Ok(values) = linalg::symmetric_eigenvalues(centred(products).view()) else {
        return vec![f64::NAN; shares.len()];
    };
    let positive = values.mapv(|v| v.max(0.0));
    let total = positive.sum();
    let of = |share: &f64| {
        let found = pca::components_for_share((&positive / total).view(), *share);
        found.filter(|_| total > 0.0).map_or(f64::NAN, |k| k as f64)
    };
    shares.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use rand::RngExt as _;

    #[test]
    fn by_hand() {
        // Two directions of equal spread.
        let x = array![[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]] + 5.0;
        let products = x.dot(&x.t());
        assert!((participation(&products) - 2.0).abs() < 1e-9);
        assert_eq!(components(&products, &COUNTED), [2.0, 2.0]);
        assert!(participation(&Array2::ones((4, 4))).is_nan());
        // From products as from eigenvalues.
        let mut rng = rng::stream(1, "participation-test", 0);
        let x = Array2::from_shape_fn((30, 4), |_| rng.random_range(-1.0..1.0));
        let fit = pca::fit(x.view(), pca::Scaling::Centred).unwrap();
        let expected = pca::participation_ratio(fit.explained_variance.view());
        assert!((participation(&x.dot(&x.t())) - expected).abs() < 1e-10);
    }
}
