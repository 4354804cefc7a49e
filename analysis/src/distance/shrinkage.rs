//! Covariance from few rows.

use ndarray::{Array2, ArrayView2, Axis};

use super::Gaussian;
use crate::{Error, Result, linalg};

/// A covariance drawn towards a multiple of the identity.
#[derive(Debug, Clone, PartialEq)]
pub struct Shrunk {
    /// Mean and shrunk covariance.
    pub gaussian: Gaussian,
    /// Weight of the identity's multiple, in [0, 1].
    pub shrinkage: f64,
    /// What the identity is multiplied by: the mean variance of a column (denominator rows).
    pub target: f64,
}

/// Ledoit & Wolf's covariance (2004, Journal of Multivariate Analysis 88:365–411) of `x: [row, dim]`:
/// `(1 − λ)·S + λ·m·I` with S the covariance (denominator rows), m its mean diagonal and λ the estimate that
/// minimises the expected squared error. Needs two rows.
///
/// Two rows span one direction and their products are equal, so that the formula would find no noise (λ = 0) where
/// there is nothing but noise: λ is 1 there. The result is singular only where λ comes out as 0 and S is singular.
pub fn ledoit_wolf(x: ArrayView2<'_, f64>) -> Result<Shrunk> {
    let what = "Ledoit–Wolf covariance";
    let (n, d) = x.dim();
    if n < 2 || d == 0 {
        return Err(Error::TooFew {
            what: format!("{what}: rows (and one column)"),
            needed: 2,
            found: n.min(2 * d),
        });
    }
    linalg::finite(x, what)?;
    let (nf, df) = (n as f64, d as f64);
    let mean = x.sum_axis(Axis(0)) / nf;
    let z = &x - &mean;
    let lengths = z.map_axis(Axis(1), |r| r.dot(&r));
    let target = lengths.sum() / (nf * df);
    if target.sqrt() <= 16.0 * f64::EPSILON * mean.iter().fold(0.0, |m: f64, v| m.max(v.abs())) {
        return Err(Error::Undefined {
            what: what.into(),
            why: "all rows are equal".into(),
        });
    }
    let covariance = linalg::scatter(z.view()) / nf;
    let square: f64 = covariance.iter().map(|v| v * v).sum();
    // Distance of S from the target, and of single rows' products from S, both squared.
    let spread = (square - df * target * target).max(0.0);
    let noise = (lengths.dot(&lengths) / nf - square).max(0.0) / nf;
    let shrinkage = if spread > 0.0 && n > 2 {
        (noise / spread).min(1.0)
    } else {
        1.0
    };
    let mut shrunk: Array2<f64> = covariance * (1.0 - shrinkage);
    shrunk.diag_mut().mapv_inplace(|v| v + shrinkage * target);
    Ok(Shrunk {
        gaussian: Gaussian::trusted(mean, shrunk),
        shrinkage,
        target,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distance::Mahalanobis;
    use ndarray::array;
    use rand::RngExt as _;

    #[test]
    fn four_rows_by_hand() {
        // S = diag(2, ½), m = 1.25, ‖S − mI‖² = 2 · 0.75² = 1.125. Rows' squared lengths are 4, 4, 1, 1:
        // mean square 8.5, less ‖S‖² = 4.25, over 4 rows: 1.0625.
        let x = array![[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]];
        let found = ledoit_wolf(x.view()).unwrap();
        assert!((found.target - 1.25).abs() < 1e-14);
        let weight = 1.0625 / 1.125;
        assert!((found.shrinkage - weight).abs() < 1e-14);
        let first = 2.0 * (1.0 - weight) + 1.25 * weight;
        assert!((found.gaussian.covariance()[[0, 0]] - first).abs() < 1e-14);
    }

    #[test]
    fn a_peer_agrees() {
        // scikit-learn's LedoitWolf on the same rows.
        let x = array![
            [1.0, 2.0],
            [2.0, 4.5],
            [4.0, 7.0],
            [0.0, 1.0],
            [3.0, 6.5],
            [5.0, 9.0],
            [6.0, 12.5]
        ];
        let found = ledoit_wolf(x.view()).unwrap();
        assert!(
            (found.shrinkage - 0.28972912319520516).abs() < 1e-12,
            "{}",
            found.shrinkage
        );
        assert!((found.gaussian.covariance()[[0, 1]] - 5.1748306738635055).abs() < 1e-12);
    }

    #[test]
    fn fewer_rows_than_columns_are_no_longer_singular() {
        let mut rng = crate::rng::stream(1, "shrinkage-test", 0);
        let x = Array2::from_shape_fn((5, 20), |_| rng.random_range(-1.0..1.0));
        let found = ledoit_wolf(x.view()).unwrap();
        assert!(found.shrinkage > 0.5);
        assert!(Mahalanobis::new(&found.gaussian).is_ok());
        assert!(Mahalanobis::new(&Gaussian::of_rows(x.view()).unwrap()).is_err());
    }

    #[test]
    fn two_rows_say_nothing_of_directions() {
        // S = diag(4, 0), m = 2.
        let found = ledoit_wolf(array![[2.0, 1.0], [-2.0, 1.0]].view()).unwrap();
        assert_eq!(found.shrinkage, 1.0);
        assert_eq!(found.gaussian.covariance(), array![[2.0, 0.0], [0.0, 2.0]]);
    }

    #[test]
    fn bad_rows_are_errors() {
        assert!(ledoit_wolf(array![[1.0, 2.0]].view()).is_err());
        assert!(ledoit_wolf(array![[0.1, 2.0], [0.1, 2.0]].view()).is_err());
        assert!(ledoit_wolf(array![[0.1], [f64::NAN]].view()).is_err());
    }
}
