//! Distances between normal distributions.

use ndarray::{Array1, Array2, ArrayView2, Axis};

use crate::pca::Moments;
use crate::{Error, Result, linalg};

/// A normal distribution.
#[derive(Debug, Clone, PartialEq)]
pub struct Gaussian {
    mean: Array1<f64>,
    covariance: Array2<f64>,
}

/// Squared 2-Wasserstein distance of two normal distributions, and its parts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct W2 {
    /// Squared distance of the means.
    pub mean_part: f64,
    /// What is left when the means are moved onto each other.
    pub covariance_part: f64,
}

impl W2 {
    /// Sum of both parts.
    pub fn squared(&self) -> f64 {
        self.mean_part + self.covariance_part
    }

    /// The distance, in the unit of the data.
    pub fn distance(&self) -> f64 {
        self.squared().sqrt()
    }
}

impl Gaussian {
    /// A distribution with this mean `[dim]` and covariance `[dim, dim]` (symmetric, without negative
    /// eigenvalues beyond rounding; it may be singular).
    pub fn new(mean: Array1<f64>, covariance: Array2<f64>) -> Result<Self> {
        let what = "normal distribution";
        let d = mean.len();
        if covariance.dim() != (d, d) || d == 0 {
            return Err(Error::Shape {
                what: format!("{what}: covariance"),
                expected: format!("[{d}, {d}] with at least one column"),
                found: format!("{:?}", covariance.dim()),
            });
        }
        linalg::finite(mean.view().insert_axis(Axis(0)), what)?;
        linalg::finite(covariance.view(), what)?;
        let largest = covariance.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let skew = covariance
            .indexed_iter()
            .any(|((i, j), v)| (v - covariance[[j, i]]).abs() > 1e-8 * largest);
        if skew {
            return Err(undefined(what, "the covariance is not symmetric"));
        }
        let values = linalg::symmetric_eigenvalues(covariance.view())?;
        if values.iter().any(|v| *v < -1e-8 * largest) {
            return Err(undefined(what, "the covariance has a negative eigenvalue"));
        }
        Ok(Self { mean, covariance })
    }

    /// Mean and covariance (denominator rows − 1) of `x: [row, dim]`; needs two rows.
    pub fn of_rows(x: ArrayView2<'_, f64>) -> Result<Self> {
        let moments = Moments::of_block(x)?;
        Ok(Self {
            covariance: moments.covariance()?,
            mean: moments.mean().clone(),
        })
    }

    /// One whose covariance is known to be one.
    pub(super) fn trusted(mean: Array1<f64>, covariance: Array2<f64>) -> Self {
        Self { mean, covariance }
    }

    /// Mean, `[dim]`.
    pub fn mean(&self) -> &Array1<f64> {
        &self.mean
    }

    /// Covariance, `[dim, dim]`.
    pub fn covariance(&self) -> &Array2<f64> {
        &self.covariance
    }

    /// Symmetric root of the covariance; eigenvalues that are only rounding count as zero.
    fn root(&self) -> Result<Array2<f64>> {
        let eigen = linalg::symmetric_eigen(self.covariance.view())?;
        let floor = eigen.values[0].max(0.0) * f64::EPSILON * self.mean.len() as f64;
        let roots = eigen
            .values
            .mapv(|v| if v > floor { v.sqrt() } else { 0.0 });
        let scaled = &eigen.vectors * &roots.insert_axis(Axis(1));
        Ok(eigen.vectors.t().dot(&scaled))
    }

    /// Logarithm of the determinant and the inverse of a covariance that is not singular.
    fn inverse(covariance: &Array2<f64>, what: &str) -> Result<(f64, Array2<f64>)> {
        let eigen = linalg::symmetric_eigen(covariance.view())?;
        let floor = eigen.values[0] * f64::EPSILON * covariance.nrows() as f64;
        if eigen.values.iter().any(|v| *v <= floor) {
            return Err(undefined(
                what,
                "a covariance is singular (fewer rows than columns, or a constant column): shrink it first",
            ));
        }
        let scaled = &eigen.vectors / &eigen.values.view().insert_axis(Axis(1));
        Ok((
            eigen.values.mapv(f64::ln).sum(),
            eigen.vectors.t().dot(&scaled),
        ))
    }

    /// Inverse of the covariance, `[dim, dim]`; an error when it is singular.
    pub(super) fn precision(&self, what: &str) -> Result<Array2<f64>> {
        Ok(Self::inverse(&self.covariance, what)?.1)
    }

    fn away(&self, other: &Self, what: &str) -> Result<Array1<f64>> {
        if self.mean.len() != other.mean.len() {
            return Err(Error::Shape {
                what: format!("{what}: columns of the second distribution"),
                expected: self.mean.len().to_string(),
                found: other.mean.len().to_string(),
            });
        }
        Ok(&self.mean - &other.mean)
    }
}

/// A normal distribution with the root of its covariance, for distances to many others.
#[derive(Debug, Clone, PartialEq)]
pub struct Rooted {
    gaussian: Gaussian,
    root: Array2<f64>,
}

impl Rooted {
    /// Takes the root once.
    pub fn new(gaussian: Gaussian) -> Result<Self> {
        Ok(Self {
            root: gaussian.root()?,
            gaussian,
        })
    }

    /// The distribution.
    pub fn gaussian(&self) -> &Gaussian {
        &self.gaussian
    }

    /// Squared W2 to `other`, as [`w2`] gives it but from the eigenvalues of `Σ₁^½ Σ₂ Σ₁^½`: several times
    /// faster, and exact to about 1e-8 of the larger trace (singular directions lose half the digits).
    pub fn w2(&self, other: &Gaussian) -> Result<W2> {
        let away = self.gaussian.away(other, "W2")?;
        let product = self.root.dot(&other.covariance).dot(&self.root);
        let shared: f64 = linalg::symmetric_eigenvalues(product.view())?
            .iter()
            .map(|v| v.max(0.0).sqrt())
            .sum();
        let traces = self.gaussian.covariance.diag().sum() + other.covariance.diag().sum();
        Ok(W2 {
            mean_part: away.dot(&away),
            covariance_part: (traces - 2.0 * shared).max(0.0),
        })
    }
}

/// Squared W2 (Givens & Shortt 1984): `|μ₁ − μ₂|² + tr Σ₁ + tr Σ₂ − 2 tr (Σ₁^½ Σ₂ Σ₁^½)^½`. The last trace is
/// taken as the sum of the singular values of `Σ₁^½ Σ₂^½`, which also serves singular covariances.
pub fn w2(a: &Gaussian, b: &Gaussian) -> Result<W2> {
    let away = a.away(b, "W2")?;
    let product = a.root()?.dot(&b.root()?);
    let shared = linalg::thin_svd(product.view())?.values.sum();
    let traces = a.covariance.diag().sum() + b.covariance.diag().sum();
    Ok(W2 {
        mean_part: away.dot(&away),
        covariance_part: (traces - 2.0 * shared).max(0.0),
    })
}

/// The same as if columns were uncorrelated: `|μ₁ − μ₂|² + Σ (σ₁ − σ₂)²`.
pub fn w2_diagonal(a: &Gaussian, b: &Gaussian) -> Result<W2> {
    let away = a.away(b, "diagonal W2")?;
    let sd = |g: &Gaussian| g.covariance.diag().mapv(|v| v.max(0.0).sqrt());
    let spread = sd(a) - sd(b);
    Ok(W2 {
        mean_part: away.dot(&away),
        covariance_part: spread.dot(&spread),
    })
}

/// Kullback–Leibler divergence of `a` from `b` in nats; not symmetric.
pub fn kl(a: &Gaussian, b: &Gaussian) -> Result<f64> {
    let what = "Kullback–Leibler divergence";
    let away = a.away(b, what)?;
    let (log_a, _) = Gaussian::inverse(&a.covariance, what)?;
    let (log_b, precision) = Gaussian::inverse(&b.covariance, what)?;
    let trace: f64 = precision
        .iter()
        .zip(&a.covariance)
        .map(|(p, s)| p * s)
        .sum();
    let d = away.len() as f64;
    Ok(0.5 * (trace + away.dot(&precision.dot(&away)) - d + log_b - log_a))
}

/// Bhattacharyya distance: `⅛ δᵀ Σ⁻¹ δ + ½ ln (|Σ| / √(|Σ₁| |Σ₂|))` with the mean covariance Σ.
pub fn bhattacharyya(a: &Gaussian, b: &Gaussian) -> Result<f64> {
    let what = "Bhattacharyya distance";
    let away = a.away(b, what)?;
    let between = (&a.covariance + &b.covariance) / 2.0;
    let (log, precision) = Gaussian::inverse(&between, what)?;
    let (log_a, _) = Gaussian::inverse(&a.covariance, what)?;
    let (log_b, _) = Gaussian::inverse(&b.covariance, what)?;
    Ok(away.dot(&precision.dot(&away)) / 8.0 + 0.5 * (log - 0.5 * (log_a + log_b)))
}

fn undefined(what: &str, why: &str) -> Error {
    Error::Undefined {
        what: what.into(),
        why: why.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    fn line(mean: f64, variance: f64) -> Gaussian {
        Gaussian::new(array![mean], array![[variance]]).unwrap()
    }

    #[test]
    fn one_dimension_by_hand() {
        let (a, b) = (line(1.0, 4.0), line(4.0, 1.0));
        let d = w2(&a, &b).unwrap();
        assert!((d.mean_part - 9.0).abs() < 1e-14 && (d.covariance_part - 1.0).abs() < 1e-14);
        assert!((d.distance() - 10.0_f64.sqrt()).abs() < 1e-14);
        assert_eq!(w2_diagonal(&a, &b).unwrap().squared(), 10.0);
        // ½ (4 + 9 − 1 + ln ¼).
        assert!((kl(&a, &b).unwrap() - 0.5 * (12.0 - 4.0_f64.ln())).abs() < 1e-12);
        // 9 / (8 · 2.5) + ½ ln (2.5 / 2).
        let expected = 0.45 + 0.5 * 1.25_f64.ln();
        assert!((bhattacharyya(&a, &b).unwrap() - expected).abs() < 1e-12);
    }

    #[test]
    fn singular_and_bad_covariances() {
        let flat = Gaussian::new(array![0.0, 0.0], array![[1.0, 0.0], [0.0, 0.0]]).unwrap();
        let round = Gaussian::new(array![0.0, 0.0], array![[1.0, 0.0], [0.0, 1.0]]).unwrap();
        assert!((w2(&flat, &round).unwrap().squared() - 1.0).abs() < 1e-12);
        assert!(w2(&flat, &flat).unwrap().squared() < 1e-12);
        assert!(
            kl(&round, &flat)
                .unwrap_err()
                .to_string()
                .contains("shrink")
        );
        assert!(bhattacharyya(&flat, &flat).is_err());
        assert!(w2(&flat, &line(0.0, 1.0)).is_err());
        assert!(Gaussian::new(array![0.0, 0.0], array![[1.0, 2.0], [0.0, 1.0]]).is_err());
        assert!(Gaussian::new(array![0.0, 0.0], array![[1.0, 2.0], [2.0, 1.0]]).is_err());
        assert!(Gaussian::new(array![f64::NAN], array![[1.0]]).is_err());
        assert!(Gaussian::of_rows(array![[1.0, 2.0]].view()).is_err());
    }

    proptest! {
        #[test]
        fn w2_is_symmetric_and_zero_to_itself(
            x in prop::collection::vec(-4.0..4.0_f64, 24),
            y in prop::collection::vec(-4.0..4.0_f64, 24),
        ) {
            let of = |v: Vec<f64>| {
                Gaussian::of_rows(Array2::from_shape_vec((8, 3), v).unwrap().view()).unwrap()
            };
            let (a, b) = (of(x), of(y));
            let (d, e) = (w2(&a, &b).unwrap().squared(), w2(&b, &a).unwrap().squared());
            let rooted = Rooted::new(a.clone()).unwrap().w2(&b).unwrap();
            prop_assert!((d - rooted.squared()).abs() < 1e-6);
            prop_assert!((d - e).abs() < 1e-9 && w2(&a, &a).unwrap().squared() < 1e-9);
            // Columns apart can only be nearer or equal.
            prop_assert!(w2_diagonal(&a, &b).unwrap().squared() <= d + 1e-9);
        }
    }
}
