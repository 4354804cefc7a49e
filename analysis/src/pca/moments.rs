//! Mean and covariance of streamed rows.

use ndarray::{Array1, Array2, ArrayView2, Axis};

use crate::linalg;
use crate::{Error, Result};

/// Count, mean and scatter of rows seen so far; mergeable, so that blocks may come from anywhere.
///
/// Blocks are centred on their own mean and merged pairwise (Chan, Golub & LeVeque 1983). Means are
/// kept as a sum of two doubles, so a large common offset costs no digits of the covariance.
/// Merging in a fixed order gives the same bits every time.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    count: usize,
    mean: Array1<f64>,
    /// What rounding left out of `mean`.
    mean_rest: Array1<f64>,
    /// Sum of products of deviations, `[dim, dim]`.
    scatter: Array2<f64>,
}

impl Moments {
    /// No rows of `dim` columns yet.
    pub fn new(dim: usize) -> Self {
        Self {
            count: 0,
            mean: Array1::zeros(dim),
            mean_rest: Array1::zeros(dim),
            scatter: Array2::zeros((dim, dim)),
        }
    }

    /// Moments of one block, `[row, dim]`. Fails on entries that are not finite.
    pub fn of_block(block: ArrayView2<'_, f64>) -> Result<Self> {
        linalg::finite(block, "covariance")?;
        let Some(mean) = block.mean_axis(Axis(0)) else {
            return Ok(Self::new(block.ncols()));
        };
        let mut deviations = &block - &mean;
        let mean_rest = deviations.sum_axis(Axis(0)) / block.nrows() as f64;
        deviations -= &mean_rest;
        Ok(Self {
            count: block.nrows(),
            mean,
            mean_rest,
            scatter: linalg::scatter(deviations.view()),
        })
    }

    /// Adds a block of f64 rows, `[row, dim]`.
    pub fn add(&mut self, block: ArrayView2<'_, f64>) -> Result<()> {
        self.merge(&Self::of_block(block)?)
    }

    /// Adds a block of f32 rows, `[row, dim]`; sums are in f64.
    pub fn add_f32(&mut self, block: ArrayView2<'_, f32>) -> Result<()> {
        self.add(block.mapv(f64::from).view())
    }

    /// Adds the rows that `other` has seen.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        if self.mean.len() != other.mean.len() {
            return Err(Error::Shape {
                what: "columns of the rows to merge".into(),
                expected: self.mean.len().to_string(),
                found: other.mean.len().to_string(),
            });
        }
        if other.count == 0 {
            return Ok(());
        }
        if self.count == 0 {
            self.clone_from(other);
            return Ok(());
        }
        let (na, nb) = (self.count as f64, other.count as f64);
        let delta = (&other.mean - &self.mean) + (&other.mean_rest - &self.mean_rest);
        self.scatter += &other.scatter;
        let weight = na * nb / (na + nb);
        for (i, mut row) in self.scatter.outer_iter_mut().enumerate() {
            row.scaled_add(delta[i] * weight, &delta);
        }
        for (i, step) in delta.iter().enumerate() {
            let rest = self.mean_rest[i] + step * (nb / (na + nb));
            let mean = self.mean[i] + rest;
            self.mean_rest[i] = rest - (mean - self.mean[i]);
            self.mean[i] = mean;
        }
        self.count += other.count;
        Ok(())
    }

    /// Rows seen.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Mean row, `[dim]`.
    pub fn mean(&self) -> &Array1<f64> {
        &self.mean
    }

    /// Covariance with denominator `count - 1`, `[dim, dim]`; needs two rows.
    pub fn covariance(&self) -> Result<Array2<f64>> {
        if self.count < 2 {
            return Err(Error::TooFew {
                what: "covariance: rows".into(),
                needed: 2,
                found: self.count,
            });
        }
        Ok(&self.scatter / (self.count as f64 - 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::tests::assert_near;
    use ndarray::array;

    #[test]
    fn one_row_at_a_time_equals_one_block() {
        let x = array![[1.0, 10.0], [2.0, 12.0], [4.0, 11.0], [5.0, 19.0]];
        let mut m = Moments::new(2);
        assert!(m.covariance().is_err());
        for row in x.outer_iter() {
            m.add_f32(row.mapv(|v| v as f32).insert_axis(Axis(0)).view())
                .unwrap();
        }
        assert_eq!((m.count(), m.mean()), (4, &array![3.0, 13.0]));
        let expected = array![[10.0 / 3.0, 17.0 / 3.0], [17.0 / 3.0, 50.0 / 3.0]];
        assert_near(&m.covariance().unwrap(), &expected, 1e-14);
    }

    #[test]
    fn bad_blocks_are_refused() {
        let mut m = Moments::new(2);
        assert!(m.add(array![[1.0, f64::NAN]].view()).is_err());
        assert!(m.add(array![[1.0]].view()).is_err());
        m.add(Array2::zeros((0, 2)).view()).unwrap();
        assert_eq!(m.count(), 0);
    }
}
