//! Cosines of pairs of rows of the same and of different classes.

use ndarray::ArrayView2;
use rand::RngExt as _;

use super::{classes, unit_rows};
use crate::{Result, rng};

/// Cosines of pairs of rows, each pair once.
#[derive(Debug, Clone, PartialEq)]
pub struct Pairs {
    /// Of all pairs of rows of the same class.
    pub same: Vec<f64>,
    /// Of pairs of rows of different classes: all, or a random sample.
    pub different: Vec<f64>,
    /// Number of pairs of different classes there are.
    pub different_in_all: usize,
}

/// Cosines of all pairs of the same class of `x: [row, dim]`, and of pairs of different classes: all when there
/// are at most `most`, else `most` of them drawn at random (with replacement) under `seed`.
pub fn pairs(x: ArrayView2<'_, f64>, labels: &[usize], most: usize, seed: u64) -> Result<Pairs> {
    classes("pairs of rows", x.nrows(), labels, 1)?;
    let unit = unit_rows(x)?;
    let n = unit.nrows();
    let cosine = |i: usize, j: usize| unit.row(i).dot(&unit.row(j));
    let mut by_class = std::collections::BTreeMap::<usize, Vec<usize>>::new();
    for (row, label) in labels.iter().enumerate() {
        by_class.entry(*label).or_default().push(row);
    }
    let mut same = vec![];
    for members in by_class.values() {
        for (k, i) in members.iter().enumerate() {
            same.extend(members[k + 1..].iter().map(|j| cosine(*i, *j)));
        }
    }
    let in_all = n * n.saturating_sub(1) / 2 - same.len();
    let mut different = vec![];
    if in_all <= most {
        for i in 0..n {
            let others = (i + 1..n).filter(|j| labels[*j] != labels[i]);
            different.extend(others.map(|j| cosine(i, j)));
        }
    } else {
        let mut rng = rng::stream(seed, "embedding.pairs", 0);
        while different.len() < most {
            let (i, j) = (rng.random_range(0..n), rng.random_range(0..n));
            if labels[i] != labels[j] {
                different.push(cosine(i, j));
            }
        }
    }
    Ok(Pairs {
        same,
        different,
        different_in_all: in_all,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn every_pair_once_or_a_sample() {
        let x = array![[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, -1.0]];
        let labels = [0, 0, 1, 1];
        let all = pairs(x.view(), &labels, 100, 1).unwrap();
        assert_eq!(all.same, [1.0, -1.0]);
        assert_eq!((all.different, all.different_in_all), (vec![0.0; 4], 4));
        let few = pairs(x.view(), &labels, 3, 1).unwrap();
        assert_eq!((few.different.len(), few.different_in_all), (3, 4));
        assert!(pairs(x.view(), &labels[1..], 3, 1).is_err());
        assert!(pairs(x.view(), &[7; 4], 3, 1).unwrap().different.is_empty());
    }
}
