//! Canonical correlations (Hotelling 1936), from orthonormal bases of both sides (Björck & Golub 1973).

use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use rand::seq::SliceRandom as _;

use super::centred_pair;
use crate::stats::{chi_squared_upper, draws};
use crate::task::Task;
use crate::{Error, Result, linalg};

/// Canonical correlations of two matrices.
#[derive(Debug, Clone, PartialEq)]
pub struct Cca {
    /// Correlations, descending, `[pair]` with `min(ranks)` pairs.
    pub correlations: Array1<f64>,
    /// Unit-length variates of the first matrix, `[row, pair]`.
    pub first: Array2<f64>,
    /// Unit-length variates of the second matrix, `[row, pair]`.
    pub second: Array2<f64>,
    /// Number of directions in which the centred matrices vary.
    pub ranks: [usize; 2],
    /// Mean of the correlations weighted by how much of the *first* matrix each of its variates tells
    /// (Morcos, Raghu & Bengio 2018): the first is the reference.
    pub pwcca_first: f64,
    /// The same with the second matrix as reference.
    pub pwcca_second: f64,
}

/// Whether the canonical correlations from one on are more than chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DimensionTest {
    /// Wilks' Λ: product of `1 − r²` over this and all later pairs.
    pub wilks: f64,
    /// Bartlett's statistic, about chi-squared for normal rows.
    pub chi_squared: f64,
    /// Its degrees of freedom.
    pub df: usize,
    /// P of the statistic when this and all later correlations are zero.
    pub p: f64,
}

impl Cca {
    /// Mean of the correlations.
    pub fn mean(&self) -> f64 {
        self.correlations.sum() / self.correlations.len() as f64
    }

    /// Bartlett's test (1947) for each pair on: `χ² = −(n − 1 − (p + q + 1) / 2) · ln Λ`.
    pub fn dimension_tests(&self) -> Vec<DimensionTest> {
        let [p, q] = self.ranks;
        let factor = self.first.nrows() as f64 - 1.0 - (p + q + 1) as f64 / 2.0;
        let one = |k: usize| {
            let left = self.correlations.slice(s![k..]);
            let wilks: f64 = left.iter().map(|r| (1.0 - r) * (1.0 + r)).product();
            let chi_squared = -factor * wilks.ln();
            let df = (p - k) * (q - k);
            DimensionTest {
                wilks,
                chi_squared,
                df,
                p: match chi_squared.is_infinite() {
                    true => 0.0,
                    false => chi_squared_upper(chi_squared, df as f64),
                },
            }
        };
        (0..self.correlations.len()).map(one).collect()
    }
}

/// Canonical correlations of `a: [row, dim]` and `b: [row, dim]`, directions without variance left out.
///
/// An error when there are so few rows that correlations of 1 are certain: the ranks of both sides together
/// must be below the rows less one. Reduce the matrices first ([`svcca`], or leading components).
pub fn cca(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Result<Cca> {
    svcca(a, b, 1.0)
}

/// CCA of the leading singular directions that hold `share` of each matrix's variance (Raghu et al. 2017,
/// who use 0.99); all of them for 1. The variates and weights are those of the reduced matrices.
pub fn svcca(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>, share: f64) -> Result<Cca> {
    let (p, q) = bases(a, b, share)?;
    of_cross(&p, &q, p.u.t().dot(&q.u))
}

/// Canonical correlations by chance.
#[derive(Debug, Clone, PartialEq)]
pub struct CcaNull {
    /// Correlations, `[draw, pair]`.
    pub correlations: Array2<f64>,
    /// Weighted means with the first matrix as reference, `[draw]`.
    pub pwcca_first: Vec<f64>,
    /// The same with the second.
    pub pwcca_second: Vec<f64>,
}

impl CcaNull {
    /// Mean correlation of each draw.
    pub fn means(&self) -> Vec<f64> {
        let mean = |row: ndarray::ArrayView1<'_, f64>| row.sum() / row.len() as f64;
        self.correlations.outer_iter().map(mean).collect()
    }
}

/// What [`svcca`] gives when the rows of `b` are permuted: the same n, spectra and dims, and no relation. Draw
/// `i` uses stream `i` under `seed`.
pub fn cca_null(
    a: ArrayView2<'_, f64>,
    b: ArrayView2<'_, f64>,
    share: f64,
    permutations: usize,
    seed: u64,
    task: &Task,
) -> Result<CcaNull> {
    let (p, q) = bases(a, b, share)?;
    let plan = draws::Plan {
        stage: "null of canonical correlations",
        stream: "similarity.cca",
        seed,
        draws: permutations,
    };
    let found = draws(plan, task, |rng| {
        let mut order: Vec<usize> = (0..q.u.nrows()).collect();
        order.shuffle(rng);
        let cross = p.u.t().dot(&q.u.select(Axis(0), &order));
        let svd = linalg::thin_svd(cross.view())?;
        let [first, second] = weighted(&p, &q, &svd);
        Ok((svd.values, first, second))
    })?;
    let pairs = p.rank().min(q.rank());
    let mut correlations = Array2::zeros((permutations, pairs));
    for (mut row, draw) in correlations.outer_iter_mut().zip(&found) {
        row.assign(&draw.0);
    }
    Ok(CcaNull {
        correlations,
        pwcca_first: found.iter().map(|d| d.1).collect(),
        pwcca_second: found.iter().map(|d| d.2).collect(),
    })
}

/// Orthonormal directions in row space, with the columns' coordinates along them.
struct Basis {
    /// `[row, direction]`.
    u: Array2<f64>,
    /// `[direction, column]`.
    coordinates: Array2<f64>,
}

impl Basis {
    /// The leading directions of centred `x` that hold `share` of its variance.
    fn of(x: &Array2<f64>, share: f64) -> Result<Self> {
        let svd = linalg::thin_svd(x.view())?;
        let first = svd.values.first().copied().unwrap_or(0.0);
        let floor = first * f64::EPSILON * x.nrows().max(x.ncols()) as f64;
        let rank = svd.values.iter().take_while(|v| **v > floor).count();
        let total = svd.values.dot(&svd.values);
        let mut sum = 0.0;
        let held = svd.values.iter().take(rank).position(|v| {
            sum += v * v;
            share < 1.0 && sum >= share * total * (1.0 - 1e-12)
        });
        let kept = held.map_or(rank, |k| k + 1);
        let values = svd.values.slice(s![..kept]).insert_axis(Axis(1)).to_owned();
        Ok(Self {
            u: svd.u.slice(s![.., ..kept]).to_owned(),
            coordinates: &svd.vt.slice(s![..kept, ..]) * &values,
        })
    }

    fn rank(&self) -> usize {
        self.u.ncols()
    }
}

fn bases(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>, share: f64) -> Result<(Basis, Basis)> {
    if !(share > 0.0 && share <= 1.0) {
        return Err(Error::Setting {
            what: "share of variance kept by CCA".into(),
            needed: "in (0, 1]".into(),
            found: share.to_string(),
        });
    }
    let (x, y) = centred_pair("CCA", a, b, 3)?;
    let (p, q) = (Basis::of(&x, share)?, Basis::of(&y, share)?);
    if p.rank() + q.rank() + 1 >= x.nrows() {
        return Err(Error::TooFew {
            what: format!(
                "CCA of matrices with {} and {} directions (fewer rows make some correlations 1 by \
                 necessity; keep fewer components): rows",
                p.rank(),
                q.rank()
            ),
            needed: p.rank() + q.rank() + 2,
            found: x.nrows(),
        });
    }
    Ok((p, q))
}

fn of_cross(p: &Basis, q: &Basis, cross: Array2<f64>) -> Result<Cca> {
    let svd = linalg::thin_svd(cross.view())?;
    let [pwcca_first, pwcca_second] = weighted(p, q, &svd);
    Ok(Cca {
        first: p.u.dot(&svd.u),
        second: q.u.dot(&svd.vt.t()),
        ranks: [p.rank(), q.rank()],
        correlations: svd.values.mapv(|r| r.min(1.0)),
        pwcca_first,
        pwcca_second,
    })
}

/// Means of the correlations weighted by how much of each side its variates tell.
fn weighted(p: &Basis, q: &Basis, svd: &linalg::ThinSvd) -> [f64; 2] {
    let mean = |told: Array2<f64>| {
        let told = told.mapv(f64::abs).sum_axis(Axis(1));
        told.dot(&svd.values.mapv(|r| r.min(1.0))) / told.sum()
    };
    [
        mean(svd.u.t().dot(&p.coordinates)),
        mean(svd.vt.dot(&q.coordinates)),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::tests::noise;
    use super::*;
    use crate::stats;
    use ndarray::concatenate;

    #[test]
    fn one_column_each_is_pearson() {
        let x = ndarray::array![[1.0], [2.0], [3.0], [5.0], [4.0]];
        let y = ndarray::array![[2.0], [1.0], [4.0], [3.0], [5.0]];
        let r = crate::stats::pearson(
            x.column(0).as_slice().unwrap(),
            y.column(0).as_slice().unwrap(),
        );
        let found = cca(x.view(), y.view()).unwrap();
        assert!((found.correlations[0] - r.unwrap().r).abs() < 1e-14);
        assert!((found.pwcca_first - found.correlations[0]).abs() < 1e-14);
        let test = found.dimension_tests()[0];
        assert_eq!(test.df, 1);
        assert!((test.wilks - (1.0 - found.correlations[0].powi(2))).abs() < 1e-14);
    }

    #[test]
    fn mixing_columns_changes_no_correlation() {
        let (a, b) = (noise(50, 3, 1), noise(50, 4, 2));
        let mixed = b.dot(&noise(4, 4, 3));
        let (x, y) = (
            cca(a.view(), b.view()).unwrap(),
            cca(a.view(), mixed.view()).unwrap(),
        );
        for (r, s) in x.correlations.iter().zip(&y.correlations) {
            assert!((r - s).abs() < 1e-10);
        }
        let back = cca(b.view(), a.view()).unwrap();
        assert!((back.pwcca_second - x.pwcca_first).abs() < 1e-10);
    }

    #[test]
    fn noise_lies_within_its_null_and_a_relation_beyond() {
        let (a, noise) = (noise(60, 3, 10), noise(60, 4, 11));
        let mut b = noise.clone();
        b.column_mut(0).scaled_add(3.0, &a.column(1));
        let null =
            |b: &Array2<f64>| cca_null(a.view(), b.view(), 1.0, 99, 2, &Task::silent()).unwrap();
        let p = |b: &Array2<f64>| {
            let found = cca(a.view(), b.view()).unwrap();
            stats::permutation_p(found.pwcca_first, &null(b).pwcca_first)
        };
        assert!(p(&b) <= 0.02 && p(&noise) > 0.05);
        // Unrelated matrices still correlate: about √(dims / n) and more.
        let means = null(&noise).means();
        assert!(means.iter().sum::<f64>() / 99.0 > 0.1);
    }

    #[test]
    fn few_rows_and_repeated_columns() {
        let a = noise(8, 4, 4);
        let why = cca(a.view(), noise(8, 3, 5).view())
            .unwrap_err()
            .to_string();
        assert!(
            why.contains("4 and 3 directions") && why.contains("at least 9"),
            "{why}"
        );
        let b = noise(30, 2, 6);
        let twice = concatenate![Axis(1), b, b];
        let found = cca(twice.view(), noise(30, 3, 7).view()).unwrap();
        assert_eq!((found.ranks, found.correlations.len()), ([2, 3], 2));
        assert!(svcca(b.view(), b.view(), 0.0).is_err());
    }

    #[test]
    fn little_variance_is_left_out() {
        let mut a = noise(60, 3, 8);
        a.column_mut(2).mapv_inplace(|v| v * 1e-3);
        let found = svcca(a.view(), noise(60, 4, 9).view(), 0.99).unwrap();
        assert_eq!(found.ranks, [2, 4]);
    }
}
