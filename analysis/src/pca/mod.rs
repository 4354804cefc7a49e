//! Principal components, the shape of their spectrum, and how much of it is more than chance.

mod bootstrap;
mod equivalent;
mod held_out;
mod moments;
mod parallel;
mod solve;
mod spectrum;

pub use bootstrap::{SpectrumBootstrap, bootstrap};
pub use equivalent::{Equivalent, equivalent_components};
pub use held_out::{HeldOut, held_out};
pub use moments::Moments;
pub use parallel::{ParallelAnalysis, parallel_analysis};
pub use spectrum::{
    components_for_share, condition_number, cumulative, effective_rank, eigen_gaps,
    participation_ratio, stable_rank, unbiased_participation_ratio,
};

use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::linalg;
use crate::{Error, Result};

/// Rows per block of the streamed covariance.
const BLOCK_ROWS: usize = 1024;

/// What is done to the columns before their covariance is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// The mean is subtracted.
    Centred,
    /// The mean is subtracted, then columns are divided by their sample standard deviation
    /// (denominator n − 1).
    Standardised,
    /// The mean is subtracted, then columns are divided by their population standard deviation
    /// (denominator n), as scikit-learn's `StandardScaler` does.
    StandardisedPopulation,
}

/// Principal components of the rows of a matrix.
///
/// Directions without variance are left out, so there are at most `min(rows - 1, dim)` components.
#[derive(Debug, Clone, PartialEq)]
pub struct Pca {
    /// Column means, `[dim]`.
    pub mean: Array1<f64>,
    /// What centred columns are divided by, `[dim]`; 1 for constant columns. Nothing when centred only.
    pub scale: Option<Array1<f64>>,
    /// Unit axes, `[component, dim]`, signed so that the entry of largest absolute value is positive.
    pub components: Array2<f64>,
    /// Variance along each axis (denominator n − 1), descending, `[component]`.
    pub explained_variance: Array1<f64>,
    /// The same as shares of the total, `[component]`.
    pub explained_variance_ratio: Array1<f64>,
    /// Singular values of the centred (and scaled) matrix, `[component]`.
    pub singular_values: Array1<f64>,
}

/// Principal components of `x: [row, dim]`.
///
/// Exact: covariance and symmetric eigenvalues when there are at least as many rows as columns, the
/// Gram matrix otherwise. Needs two rows and some variance; entries must be finite.
pub fn fit(x: ArrayView2<'_, f64>, scaling: Scaling) -> Result<Pca> {
    let (n, d) = x.dim();
    solve::at_least(n, 2, "PCA: rows")?;
    solve::at_least(d, 1, "PCA: columns")?;
    linalg::finite(x, "PCA")?;
    if n < d {
        return fit_gram(x, scaling);
    }
    let covariance_of = moments(x)?;
    let mut covariance = covariance_of.covariance()?;
    let mean = covariance_of.mean().clone();
    let variance = covariance.diag().to_owned();
    solve::some_variance(&variance, &mean)?;
    let scale = solve::scale(&variance, &mean, n, scaling);
    if let Some(scale) = &scale {
        covariance /= scale;
        covariance /= &scale.view().insert_axis(Axis(1));
    }
    let eigen = linalg::symmetric_eigen(covariance.view())?;
    let kept = solve::rank(&eigen.values, n.max(d));
    let components = eigen.vectors.slice(s![..kept, ..]).to_owned();
    Ok(assemble(mean, scale, components, &eigen.values, n))
}

/// Moments of `x: [row, dim]`, blocks on threads, merged in the order of the rows.
fn moments(x: ArrayView2<'_, f64>) -> Result<Moments> {
    let blocks: Vec<_> = x.axis_chunks_iter(Axis(0), BLOCK_ROWS).collect();
    let mut all = Moments::new(x.ncols());
    // A few blocks at a time: memory stays flat however many rows there are.
    for group in blocks.chunks(16) {
        let parts: Vec<_> = group.par_iter().map(|b| Moments::of_block(*b)).collect();
        for part in parts {
            all.merge(&part?)?;
        }
    }
    Ok(all)
}

fn fit_gram(x: ArrayView2<'_, f64>, scaling: Scaling) -> Result<Pca> {
    let n = x.nrows();
    let z = solve::centre(x, None, scaling)?;
    let mut eigen = linalg::symmetric_eigen(linalg::gram(z.rows.view()).view())?;
    let kept = solve::rank(&eigen.values, x.ncols()).min(n - 1);
    let mut components = eigen.vectors.slice(s![..kept, ..]).dot(&z.rows);
    for (mut axis, value) in components.outer_iter_mut().zip(&eigen.values) {
        axis /= value.sqrt();
    }
    eigen.values /= n as f64 - 1.0;
    Ok(assemble(z.mean, z.scale, components, &eigen.values, n))
}

fn assemble(
    mean: Array1<f64>,
    scale: Option<Array1<f64>>,
    mut components: Array2<f64>,
    eigenvalues: &Array1<f64>,
    n: usize,
) -> Pca {
    for mut axis in components.outer_iter_mut() {
        solve::fix_sign(axis.view_mut());
    }
    let total: f64 = eigenvalues.iter().map(|v| v.max(0.0)).sum();
    let explained_variance = eigenvalues.slice(s![..components.nrows()]).to_owned();
    Pca {
        explained_variance_ratio: &explained_variance / total,
        singular_values: explained_variance.mapv(|v| (v * (n as f64 - 1.0)).sqrt()),
        mean,
        scale,
        components,
        explained_variance,
    }
}

impl Pca {
    /// Scores of rows on the axes, `[row, component]`, for `x: [row, dim]`.
    pub fn scores(&self, x: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        if x.ncols() != self.mean.len() {
            return Err(Error::Shape {
                what: "columns of the rows to project".into(),
                expected: self.mean.len().to_string(),
                found: x.ncols().to_string(),
            });
        }
        let mut z = &x - &self.mean;
        if let Some(scale) = &self.scale {
            z /= scale;
        }
        Ok(z.dot(&self.components.t()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::tests::assert_near;
    use ndarray::array;
    use rand::RngExt as _;

    fn noise(rows: usize, dim: usize) -> Array2<f64> {
        let mut rng = crate::rng::stream(1, "pca-test", 0);
        Array2::from_shape_fn((rows, dim), |_| rng.random_range(-1.0..1.0))
    }

    #[test]
    fn a_line_by_hand() {
        let x = array![[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]];
        let p = fit(x.view(), Scaling::Centred).unwrap();
        assert_eq!(p.components.dim(), (1, 2));
        assert_near(&p.components, &array![[0.6, 0.8]], 1e-12);
        assert_near(&p.explained_variance, &array![25.0], 1e-12);
        assert_near(&p.explained_variance_ratio, &array![1.0], 1e-12);
        let scores = p.scores(x.view()).unwrap();
        assert_near(&scores, &array![[-5.0], [0.0], [5.0]], 1e-12);
    }

    #[test]
    fn gram_and_covariance_sides_agree() {
        let x = noise(9, 8);
        for scaling in [
            Scaling::Centred,
            Scaling::Standardised,
            Scaling::StandardisedPopulation,
        ] {
            let a = fit(x.view(), scaling).unwrap();
            let b = fit_gram(x.view(), scaling).unwrap();
            assert_near(&a.components, &b.components, 1e-9);
            assert_near(&a.explained_variance, &b.explained_variance, 1e-12);
            assert_near(&a.singular_values, &b.singular_values, 1e-12);
        }
    }

    #[test]
    fn a_constant_column_is_harmless_and_no_variance_is_an_error() {
        let mut x = noise(12, 4);
        x.column_mut(2).fill(0.1);
        let p = fit(x.view(), Scaling::Standardised).unwrap();
        assert_eq!(p.components.nrows(), 3);
        let wide = x.slice(s![..3, ..]);
        assert_eq!(fit(wide, Scaling::Centred).unwrap().components.nrows(), 2);
        let same = Array2::from_shape_fn((7, 3), |(_, j)| 0.1 + j as f64 / 3.0);
        let e = fit(same.view(), Scaling::Centred).unwrap_err();
        assert!(matches!(e, Error::Undefined { .. }), "{e}");
        assert!(fit(same.slice(s![..2, ..]), Scaling::Centred).is_err());
        assert!(fit(x.slice(s![..1, ..]), Scaling::Centred).is_err());
        x[[3, 1]] = f64::NAN;
        assert!(fit(x.view(), Scaling::Centred).is_err());
        assert!(fit(x.slice(s![2..5, ..]), Scaling::Centred).is_err());
        assert!(p.scores(array![[1.0]].view()).is_err());
    }

    #[test]
    fn many_blocks_give_the_same_bits_on_one_and_two_threads() {
        let x = noise(3000, 6);
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| fit(x.view(), Scaling::Centred).unwrap())
        };
        assert_eq!(on(1), on(2));
    }
}
