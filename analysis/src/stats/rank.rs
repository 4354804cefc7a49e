//! Ranks, plain and of weighted samples.

use crate::{Error, Result};

/// Ranks from 1; ties share the mean of their ranks. NaN must not occur.
pub fn ranks(x: &[f64]) -> Vec<f64> {
    Sorted::new(x).ranks(&vec![1.0; x.len()])
}

/// A sample sorted once, for ranks under many weightings.
#[derive(Debug, Clone)]
pub struct Sorted {
    order: Vec<usize>,
    /// Lengths of the runs of equal values in `order`.
    runs: Vec<usize>,
}

impl Sorted {
    /// Sorts `x`. NaN must not occur.
    pub fn new(x: &[f64]) -> Self {
        let mut order: Vec<usize> = (0..x.len()).collect();
        order.sort_by(|a, b| x[*a].total_cmp(&x[*b]));
        let runs = order.chunk_by(|a, b| x[*a] == x[*b]).map(<[usize]>::len);
        Self {
            runs: runs.collect(),
            order,
        }
    }

    /// Ranks, in the order of the sample, when value `i` occurs `weights[i]` times; all copies of a
    /// value share their mean rank.
    pub fn ranks(&self, weights: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.order.len()];
        let (mut start, mut below) = (0, 0.0);
        for run in &self.runs {
            let members = &self.order[start..start + run];
            let weight: f64 = members.iter().map(|i| weights[*i]).sum();
            for i in members {
                out[*i] = below + (weight + 1.0) / 2.0;
            }
            below += weight;
            start += run;
        }
        out
    }
}

/// An error when a value is not finite.
pub(crate) fn finite(x: &[f64], what: &str) -> Result<()> {
    match x.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(i) => Err(Error::Undefined {
            what: what.into(),
            why: format!("value {i} is {}", x[i]),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_share_the_mean_rank() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [3.5, 1.0, 3.5, 2.0]);
        assert_eq!(ranks(&[0.0, -0.0]), [1.5, 1.5]);
        assert!(ranks(&[]).is_empty());
    }

    #[test]
    fn weights_are_repetitions() {
        let weighted = Sorted::new(&[5.0, 1.0, 3.0]).ranks(&[2.0, 1.0, 0.0]);
        assert_eq!(weighted[..2], ranks(&[5.0, 1.0, 5.0])[..2]);
    }
}
