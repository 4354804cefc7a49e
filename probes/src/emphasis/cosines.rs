//! How alike the directions of residuals are, and without some of them.

use ndarray::{Array1, Array2, Axis};

/// Unit residuals' products, summed once so that leaving a few residuals out costs little.
pub(super) struct Cosines<'a> {
    /// `[residual, residual]`.
    products: &'a Array2<f64>,
    group: &'a [usize],
    groups: usize,
    /// Sums of each row over all residuals, and over those of its own group.
    to_all: Array1<f64>,
    to_own: Array1<f64>,
}

/// Two ways to put the consistency of directions in a number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Consistency {
    /// Mean cosine of a residual to the mean direction of the other groups.
    pub(super) to_others: f64,
    /// Mean cosine of two residuals of different groups.
    pub(super) pairwise: f64,
}

impl<'a> Cosines<'a> {
    pub(super) fn new(products: &'a Array2<f64>, group: &'a [usize]) -> Self {
        let own = |i: usize| -> f64 {
            let row = products.row(i);
            let same = row.iter().zip(group).filter(|(_, g)| **g == group[i]);
            same.map(|(v, _)| v).sum()
        };
        Self {
            products,
            group,
            groups: group.iter().max().map_or(0, |g| g + 1),
            to_all: products.sum_axis(Axis(1)),
            to_own: (0..group.len()).map(own).collect(),
        }
    }

    /// Consistency of the residuals that are kept, `[residual]`; NaN where the others cancel.
    pub(super) fn of(&self, kept: &[bool]) -> Consistency {
        let (mut all, mut own) = (self.to_all.clone(), self.to_own.clone());
        for gone in (0..kept.len()).filter(|i| !kept[*i]) {
            let column = self.products.row(gone);
            for (i, v) in column.iter().enumerate() {
                all[i] -= v;
                if self.group[i] == self.group[gone] {
                    own[i] -= v;
                }
            }
        }
        let (mut turned, mut within) = (vec![0.0; self.groups], vec![0.0; self.groups]);
        let mut sizes = vec![0.0; self.groups];
        let used: Vec<usize> = (0..kept.len()).filter(|i| kept[*i]).collect();
        for i in &used {
            let g = self.group[*i];
            turned[g] += all[*i];
            within[g] += own[*i];
            sizes[g] += 1.0;
        }
        let whole: f64 = turned.iter().sum();
        let cosines = used.iter().map(|i| {
            let g = self.group[*i];
            let left = whole - 2.0 * turned[g] + within[g];
            if left > 1e-18 * whole.abs().max(1e-300) {
                (all[*i] - own[*i]) / left.sqrt()
            } else {
                f64::NAN
            }
        });
        let n = used.len() as f64;
        let pairs = n * n - sizes.iter().map(|s| s * s).sum::<f64>();
        Consistency {
            to_others: cosines.sum::<f64>() / n,
            pairwise: (whole - within.iter().sum::<f64>()) / pairs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn by_hand_and_without_one() {
        // Directions x, x, y, the first two of one speaker.
        let products = array![[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let of = Cosines::new(&products, &[0, 0, 1]);
        let all = of.of(&[true; 3]);
        assert_eq!((all.to_others, all.pairwise), (0.0, 0.0));
        let x = array![[1.0, 0.0], [0.6, 0.8], [0.8, 0.6], [0.0, 1.0]];
        let products = x.dot(&x.t());
        let group = [0, 1, 1, 2];
        let without = Cosines::new(&products, &group).of(&[true, false, true, true]);
        let rows = x.select(Axis(0), &[0, 2, 3]);
        let fewer = rows.dot(&rows.t());
        let again = Cosines::new(&fewer, &[0, 1, 2]).of(&[true; 3]);
        assert!((without.to_others - again.to_others).abs() < 1e-12);
        assert!((without.pairwise - again.pairwise).abs() < 1e-12);
        assert!((again.pairwise - (0.8 + 0.6) / 3.0).abs() < 1e-12);
    }
}
