//! Distance of single rows from a distribution.

use ndarray::{Array1, Array2, ArrayView2, Axis};

use super::Gaussian;
use crate::{Error, Result, linalg};

/// Measures rows by the spread of a reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Mahalanobis {
    mean: Array1<f64>,
    precision: Array2<f64>,
}

impl Mahalanobis {
    /// From a reference whose covariance is not singular (shrink it when rows are few).
    pub fn new(reference: &Gaussian) -> Result<Self> {
        Ok(Self {
            precision: reference.precision("Mahalanobis distance")?,
            mean: reference.mean().clone(),
        })
    }

    /// Squared distance of each row of `x: [row, dim]` from the mean, `[row]`: about `dim` for rows of the
    /// reference itself.
    pub fn squared(&self, x: ArrayView2<'_, f64>) -> Result<Array1<f64>> {
        let what = "Mahalanobis distance";
        if x.ncols() != self.mean.len() {
            return Err(Error::Shape {
                what: format!("{what}: columns"),
                expected: self.mean.len().to_string(),
                found: x.ncols().to_string(),
            });
        }
        linalg::finite(x, what)?;
        let away = &x - &self.mean;
        Ok((away.dot(&self.precision) * &away).sum_axis(Axis(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn two_columns_by_hand() {
        let g = Gaussian::new(array![1.0, 0.0], array![[4.0, 0.0], [0.0, 9.0]]).unwrap();
        let d = Mahalanobis::new(&g).unwrap();
        let found = d.squared(array![[3.0, 3.0], [1.0, 0.0]].view()).unwrap();
        assert!((found[0] - 2.0).abs() < 1e-14 && found[1].abs() < 1e-14);
        assert!(d.squared(array![[1.0]].view()).is_err());
        assert!(d.squared(array![[f64::NAN, 1.0]].view()).is_err());
        let flat = Gaussian::new(array![0.0], array![[0.0]]).unwrap();
        assert!(Mahalanobis::new(&flat).is_err());
    }

    #[test]
    fn rows_of_the_reference_sum_to_dims_times_rows() {
        let x = array![[1.0, 2.0], [2.0, 1.0], [4.0, 4.0], [0.0, 3.0], [3.0, 0.5]];
        let d = Mahalanobis::new(&Gaussian::of_rows(x.view()).unwrap()).unwrap();
        // Σ zᵀ S⁻¹ z = (n − 1) · dim.
        assert!((d.squared(x.view()).unwrap().sum() - 8.0).abs() < 1e-10);
    }
}
