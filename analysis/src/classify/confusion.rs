//! Counts of true against predicted classes.

use ndarray::Array2;

use super::distinct;
use crate::{Error, Result};

/// How often each true class was predicted as each class.
#[derive(Debug, Clone, PartialEq)]
pub struct Confusion {
    /// The classes, ascending.
    pub classes: Vec<usize>,
    /// Rows of each kind, `[true, predicted]`.
    pub counts: Array2<usize>,
}

impl Confusion {
    /// Counts rows; classes are those that occur on either side.
    pub fn new(truth: &[usize], predicted: &[usize]) -> Result<Self> {
        let what = "confusion of classes";
        if truth.len() != predicted.len() {
            return Err(Error::Shape {
                what: format!("{what}: predictions"),
                expected: truth.len().to_string(),
                found: predicted.len().to_string(),
            });
        }
        if truth.is_empty() {
            return Err(Error::TooFew {
                what: format!("{what}: rows"),
                needed: 1,
                found: 0,
            });
        }
        let classes = distinct(&[truth, predicted].concat());
        let place = |label: &usize| classes.partition_point(|c| c < label);
        let mut counts = Array2::zeros((classes.len(), classes.len()));
        for (t, p) in truth.iter().zip(predicted) {
            counts[[place(t), place(p)]] += 1;
        }
        Ok(Self { classes, counts })
    }

    /// Share of rows predicted right.
    pub fn accuracy(&self) -> f64 {
        self.counts.diag().sum() as f64 / self.counts.sum() as f64
    }

    /// Share of each true class predicted right, `[class]`; nothing for a class that never occurs.
    pub fn recall(&self) -> Vec<Option<f64>> {
        let of = |(k, row): (usize, ndarray::ArrayView1<'_, usize>)| {
            let all = row.sum();
            (all > 0).then(|| row[k] as f64 / all as f64)
        };
        self.counts.outer_iter().enumerate().map(of).collect()
    }

    /// Mean recall of the classes that occur: 1 / classes by chance, whatever their sizes.
    pub fn balanced_accuracy(&self) -> f64 {
        let known: Vec<f64> = self.recall().into_iter().flatten().collect();
        known.iter().sum::<f64>() / known.len() as f64
    }

    /// Mean over classes of F1, `2·hits / (true + predicted)`.
    pub fn macro_f1(&self) -> f64 {
        let one = |k: usize| {
            let both = self.counts.row(k).sum() + self.counts.column(k).sum();
            2.0 * self.counts[[k, k]] as f64 / both as f64
        };
        (0..self.classes.len()).map(one).sum::<f64>() / self.classes.len() as f64
    }
}

/// For every row the commonest class of the *other* folds (the lower one on ties): the baseline of a classifier
/// that looks at nothing.
pub fn majority(labels: &[usize], folds: &[usize]) -> Result<Vec<usize>> {
    let what = "majority baseline";
    if folds.len() != labels.len() {
        return Err(Error::Shape {
            what: format!("{what}: fold numbers"),
            expected: labels.len().to_string(),
            found: folds.len().to_string(),
        });
    }
    let classes = distinct(labels);
    let mut best = std::collections::BTreeMap::new();
    for fold in distinct(folds) {
        let count = |class: &usize| {
            let here = labels.iter().zip(folds);
            here.filter(|(l, f)| *l == class && **f != fold).count()
        };
        let counts: Vec<usize> = classes.iter().map(count).collect();
        let most = counts.iter().copied().max().unwrap_or(0);
        if most == 0 {
            return Err(Error::TooFew {
                what: format!("{what}: folds"),
                needed: 2,
                found: 1,
            });
        }
        let place = counts.iter().position(|c| *c == most).unwrap_or(0);
        best.insert(fold, classes[place]);
    }
    Ok(folds.iter().map(|f| best[f]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn six_rows_by_hand() {
        let c = Confusion::new(&[0, 0, 0, 0, 5, 5], &[0, 0, 0, 5, 5, 9]).unwrap();
        assert_eq!(c.classes, [0, 5, 9]);
        assert_eq!(c.counts, array![[3, 1, 0], [0, 1, 1], [0, 0, 0]]);
        assert!((c.accuracy() - 4.0 / 6.0).abs() < 1e-15);
        assert_eq!(c.recall(), [Some(0.75), Some(0.5), None]);
        assert_eq!(c.balanced_accuracy(), 0.625);
        assert!((c.macro_f1() - (6.0 / 7.0 + 0.5 + 0.0) / 3.0).abs() < 1e-15);
        assert!(Confusion::new(&[0], &[]).is_err() && Confusion::new(&[], &[]).is_err());
    }

    #[test]
    fn the_majority_is_that_of_the_other_folds() {
        let found = majority(&[1, 1, 1, 2, 2], &[0, 0, 1, 1, 0]).unwrap();
        // Other folds of fold 0: 1 and 2, a tie; of fold 1: 1, 1, 2.
        assert_eq!(found, [1, 1, 1, 1, 1]);
        assert!(majority(&[1, 2], &[0, 0]).is_err() && majority(&[1], &[]).is_err());
    }
}
