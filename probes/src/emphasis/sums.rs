//! Products of unit residuals, summed over groups of them, so that permutations of groups are cheap.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use phonoscope_analysis::linalg;

/// Products of unit residuals, whole and summed over groups.
pub(super) struct Sums {
    /// Group of each residual.
    pub(super) group: Vec<usize>,
    /// `[residual, group]`.
    pub(super) rows: Array2<f64>,
    /// `[group, group]`.
    pub(super) groups: Array2<f64>,
}

impl Sums {
    /// `products: [residual, other]`, with the groups of both sides.
    pub(super) fn new(
        products: ArrayView2<'_, f64>,
        group: &[usize],
        of_other: &[usize],
        count: usize,
    ) -> Self {
        let mut rows = Array2::zeros((products.nrows(), count));
        for (j, g) in of_other.iter().enumerate() {
            let mut column = rows.column_mut(*g);
            column += &products.column(j);
        }
        let mut groups = Array2::zeros((count, count));
        for (i, g) in group.iter().enumerate() {
            let mut row = groups.row_mut(*g);
            row += &rows.row(i);
        }
        Self {
            group: group.to_vec(),
            rows,
            groups,
        }
    }

    /// Cosine of each residual to the mean direction of the other groups, when the residuals of a group carry
    /// `sign` (0 leaves the group out). NaN where the others cancel.
    pub(super) fn cosines(&self, sign: &Array1<f64>) -> Vec<f64> {
        let turned = &self.groups.dot(sign) * sign;
        let whole = turned.sum();
        let to_all = self.rows.dot(sign);
        self.group
            .iter()
            .enumerate()
            .map(|(i, g)| {
                let own = self.groups[[*g, *g]] * sign[*g] * sign[*g];
                let left = whole - 2.0 * turned[*g] + own;
                let along = (to_all[i] - self.rows[[i, *g]] * sign[*g]) * sign[*g];
                if left > 1e-18 * whole.abs().max(1e-300) {
                    along / left.sqrt()
                } else {
                    f64::NAN
                }
            })
            .collect()
    }

    pub(super) fn mean_cosine(&self, sign: &Array1<f64>) -> f64 {
        let cosines = self.cosines(sign);
        let used = cosines
            .iter()
            .zip(&self.group)
            .filter(|(_, g)| sign[**g] != 0.0);
        let (sum, n) = used.fold((0.0, 0.0), |(sum, n), (c, _)| (sum + c, n + 1.0));
        sum / n
    }
}

/// Rows brought to length one; rows of no length are left out. The rows that are kept, and lengths of all.
pub(super) fn unit(residuals: &Array2<f64>) -> (Array2<f64>, Vec<usize>, Vec<f64>) {
    let lengths: Vec<f64> = residuals.outer_iter().map(|r| r.dot(&r).sqrt()).collect();
    let kept: Vec<usize> = (0..lengths.len()).filter(|i| lengths[*i] > 0.0).collect();
    let mut rows = residuals.select(Axis(0), &kept);
    for (mut row, i) in rows.outer_iter_mut().zip(&kept) {
        row /= lengths[*i];
    }
    (rows, kept, lengths)
}

/// Products of two sets of residuals of the same pairs, of which speakers can change sides.
pub(super) struct Swapped {
    /// `[side of the residual][side of the others]`.
    pub(super) sums: [[Sums; 2]; 2],
}

impl Swapped {
    /// `rows` holds the first set, then the second.
    pub(super) fn new(rows: &Array2<f64>, group: &[usize], count: usize) -> Self {
        let products = linalg::gram(rows.view());
        let n = group.len();
        let side = |a: usize, b: usize| {
            let part = products.slice(ndarray::s![a * n..(a + 1) * n, b * n..(b + 1) * n]);
            Sums::new(part, group, group, count)
        };
        Self {
            sums: [[side(0, 0), side(0, 1)], [side(1, 0), side(1, 1)]],
        }
    }

    /// Mean cosine of the first set less that of the second, when the speakers of `swap` change sides.
    pub(super) fn difference(&self, swap: &[bool]) -> f64 {
        let mean = |side: usize| {
            let of: Vec<usize> = swap.iter().map(|s| side ^ usize::from(*s)).collect();
            let masks: Vec<Array1<f64>> = (0..2)
                .map(|k| of.iter().map(|o| f64::from(*o == k)).collect())
                .collect();
            let (mut turned, mut to_all) = (Array1::zeros(swap.len()), vec![]);
            for a in 0..2 {
                let mut rows = Array1::zeros(self.sums[0][0].group.len());
                for b in 0..2 {
                    turned += &(&self.sums[a][b].groups.dot(&masks[b]) * &masks[a]);
                    rows += &self.sums[a][b].rows.dot(&masks[b]);
                }
                to_all.push(rows);
            }
            let whole: f64 = turned.sum();
            let group = &self.sums[0][0].group;
            let cosines = group.iter().enumerate().map(|(i, g)| {
                let s = of[*g];
                let own = &self.sums[s][s];
                let left = whole - 2.0 * turned[*g] + own.groups[[*g, *g]];
                (to_all[s][i] - own.rows[[i, *g]]) / left.max(1e-300).sqrt()
            });
            cosines.sum::<f64>() / group.len() as f64
        };
        mean(0) - mean(1)
    }
}
