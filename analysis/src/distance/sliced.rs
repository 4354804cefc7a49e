//! W2 along random directions.

use ndarray::{Array1, ArrayView2};
use rand::RngExt as _;

use super::w2_1d;
use crate::stats::{draws, normal_quantile};
use crate::task::Task;
use crate::{Error, Result};

/// Sliced W2 of two samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Sliced {
    /// Root of the mean over directions of the squared one-dimensional W2.
    pub distance: f64,
    /// Monte-Carlo standard error of `distance`.
    pub standard_error: f64,
    /// Number of directions.
    pub directions: usize,
}

/// Sliced 2-Wasserstein distance of the rows of `a: [row, dim]` and `b: [row, dim]` (Rabin et al. 2012; Bonneel
/// et al. 2015): no normal shape assumed, and no covariance to estimate. Direction `i` uses stream `i` under
/// `seed`; the same seed gives the same directions for every pair of matrices of one dim.
pub fn sliced_w2(
    a: ArrayView2<'_, f64>,
    b: ArrayView2<'_, f64>,
    directions: usize,
    seed: u64,
    task: &Task,
) -> Result<Sliced> {
    let what = "sliced W2";
    if a.ncols() != b.ncols() || a.ncols() == 0 {
        return Err(Error::Shape {
            what: format!("{what}: columns of the second matrix"),
            expected: a.ncols().max(1).to_string(),
            found: b.ncols().to_string(),
        });
    }
    if directions < 2 {
        return Err(Error::Setting {
            what: format!("{what}: directions"),
            needed: "at least 2".into(),
            found: directions.to_string(),
        });
    }
    let plan = draws::Plan {
        stage: "sliced W2",
        stream: "distance.sliced",
        seed,
        draws: directions,
    };
    let squares = draws(plan, task, |rng| {
        let mut normal = || normal_quantile(rng.random_range(f64::EPSILON..1.0));
        let mut axis: Array1<f64> = (0..a.ncols()).map(|_| normal()).collect();
        axis /= axis.dot(&axis).sqrt();
        Ok(w2_1d(&a.dot(&axis).to_vec(), &b.dot(&axis).to_vec())?.powi(2))
    })?;
    let n = directions as f64;
    let mean = squares.iter().sum::<f64>() / n;
    let spread: f64 = squares.iter().map(|v| (v - mean).powi(2)).sum();
    let distance = mean.sqrt();
    let of_mean = (spread / (n - 1.0) / n).sqrt();
    Ok(Sliced {
        distance,
        standard_error: if distance > 0.0 {
            of_mean / (2.0 * distance)
        } else {
            0.0
        },
        directions,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn a_shift_is_seen_along_every_direction_by_its_cosine() {
        let a = array![[0.0, 0.0], [1.0, 2.0], [3.0, 1.0]];
        let b = &a + &array![3.0, 4.0];
        // Mean squared cosine in two dimensions: ½, so √(25 / 2).
        let found = sliced_w2(a.view(), b.view(), 4000, 1, &Task::silent()).unwrap();
        assert!((found.distance - 12.5_f64.sqrt()).abs() < 4.0 * found.standard_error);
        assert!(found.standard_error < 0.05);
        let same = sliced_w2(a.view(), a.view(), 10, 1, &Task::silent()).unwrap();
        assert_eq!((same.distance, same.standard_error), (0.0, 0.0));
    }

    #[test]
    fn one_column_needs_no_directions() {
        let (a, b) = (array![[0.0], [1.0]], array![[0.0], [3.0]]);
        let found = sliced_w2(a.view(), b.view(), 5, 2, &Task::silent()).unwrap();
        assert!((found.distance - 2.0_f64.sqrt()).abs() < 1e-12);
        let run = |m: &Array2<f64>, n| sliced_w2(a.view(), m.view(), n, 1, &Task::silent());
        assert!(run(&Array2::zeros((2, 2)), 5).is_err() && run(&b, 1).is_err());
        assert!(run(&array![[f64::NAN]], 5).is_err());
        assert!(run(&Array2::zeros((0, 1)), 5).is_err());
    }
}
