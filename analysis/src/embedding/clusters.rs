//! Tightness of classes, from the sums of their unit vectors.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use std::collections::BTreeMap;

use super::{classes, unit_rows};
use crate::{Error, Result};

/// Cosines within and between classes.
#[derive(Debug, Clone, PartialEq)]
pub struct Clusters {
    /// Labels of the classes, ascending, `[class]`.
    pub labels: Vec<usize>,
    /// Rows of each class.
    pub sizes: Vec<usize>,
    /// Mean cosine of two rows of a class; nothing for a class of one row.
    pub within: Vec<Option<f64>>,
    /// Length of the mean of a class's unit vectors: 1 when all point the same way.
    pub resultant_length: Vec<f64>,
    /// Mean of `within` over classes; nothing when all have one row.
    pub mean_within: Option<f64>,
    /// Mean cosine of two rows of different classes; nothing for one class.
    pub mean_between: Option<f64>,
    /// Mean cosine of any two rows: far from 0 where the space has a common offset.
    pub mean_any: f64,
}

/// Cosines within and between the classes of `x: [row, dim]`; needs two rows.
pub fn clusters(x: ArrayView2<'_, f64>, labels: &[usize]) -> Result<Clusters> {
    let what = "cosines within classes";
    classes(what, x.nrows(), labels, 1)?;
    if x.nrows() < 2 {
        return Err(Error::TooFew {
            what: format!("{what}: rows"),
            needed: 2,
            found: x.nrows(),
        });
    }
    let sums = class_sums(&unit_rows(x)?, labels);
    // Sum of the cosines of ordered pairs of n unit vectors with sum s: |s|² − n.
    let pairs = |s: &Array1<f64>, n: usize| s.dot(s) - n as f64;
    let count = |n: usize| (n * (n - 1)) as f64;
    let whole = sums
        .values()
        .fold(Array1::zeros(x.ncols()), |all, (s, _)| all + s);
    let (n, all) = (x.nrows(), pairs(&whole, x.nrows()));
    let inside: f64 = sums.values().map(|(s, n)| pairs(s, *n)).sum();
    let inside_count: f64 = sums.values().map(|(_, n)| count(*n)).sum();
    let within: Vec<Option<f64>> = sums
        .values()
        .map(|(s, n)| (*n > 1).then(|| pairs(s, *n) / count(*n)))
        .collect();
    let known: Vec<f64> = within.iter().flatten().copied().collect();
    Ok(Clusters {
        labels: sums.keys().copied().collect(),
        sizes: sums.values().map(|(_, n)| *n).collect(),
        resultant_length: sums
            .values()
            .map(|(s, n)| s.dot(s).sqrt() / *n as f64)
            .collect(),
        mean_within: (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64),
        mean_between: (sums.len() > 1).then(|| (all - inside) / (count(n) - inside_count)),
        mean_any: all / count(n),
        within,
    })
}

/// Sum of the rows of each class and their number.
fn class_sums(rows: &Array2<f64>, labels: &[usize]) -> BTreeMap<usize, (Array1<f64>, usize)> {
    let mut sums = BTreeMap::new();
    for (row, label) in rows.outer_iter().zip(labels) {
        let (sum, n) = sums
            .entry(*label)
            .or_insert_with(|| (Array1::zeros(rows.ncols()), 0));
        *sum += &row;
        *n += 1;
    }
    sums
}

/// Silhouette of every row by cosine distance (Rousseeuw 1987), `[row]`: `(b − a) / max(a, b)` with a the
/// mean distance to the other rows of its class and b that to the nearest other class; 0 for the only row of
/// a class.
pub fn silhouette(x: ArrayView2<'_, f64>, labels: &[usize]) -> Result<Array1<f64>> {
    classes("silhouette", x.nrows(), labels, 2)?;
    let unit = unit_rows(x)?;
    let sums = class_sums(&unit, labels);
    let one = |(row, label): (ndarray::ArrayView1<'_, f64>, &usize)| {
        let (mut own, mut other) = (0.0, f64::INFINITY);
        for (class, (sum, n)) in &sums {
            let n = *n as f64;
            if class == label {
                if n < 2.0 {
                    return 0.0;
                }
                // The row itself counts in the sum: its cosine with itself is 1.
                own = 1.0 - (row.dot(sum) - row.dot(&row)) / (n - 1.0);
            } else {
                other = other.min(1.0 - row.dot(sum) / n);
            }
        }
        let larger = own.max(other);
        if larger > 0.0 {
            (other - own) / larger
        } else {
            0.0
        }
    };
    Ok(unit.outer_iter().zip(labels).map(one).collect())
}

/// Squared distances of class means from the overall mean (each times its rows) over squared distances of rows
/// from their class mean: `tr S_b / tr S_w`.
pub fn fisher_ratio(x: ArrayView2<'_, f64>, labels: &[usize]) -> Result<f64> {
    let what = "Fisher ratio";
    classes(what, x.nrows(), labels, 2)?;
    crate::linalg::finite(x, what)?;
    let centred = &x - &(x.sum_axis(Axis(0)) / x.nrows() as f64);
    let sums = class_sums(&centred, labels);
    let between: f64 = sums.values().map(|(s, n)| s.dot(s) / *n as f64).sum();
    let whole: f64 = centred.iter().map(|v| v * v).sum();
    let within: f64 = centred
        .outer_iter()
        .zip(labels)
        .map(|(row, label)| {
            let (sum, n) = &sums[label];
            let away = &row - &(sum / *n as f64);
            away.dot(&away)
        })
        .sum();
    if within <= f64::EPSILON * whole {
        return Err(Error::Undefined {
            what: what.into(),
            why: "rows do not differ within classes".into(),
        });
    }
    Ok(between / within)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    #[test]
    fn right_angles_by_hand() {
        let x = array![[1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [3.0, 3.0]];
        let c = clusters(x.view(), &[5, 5, 8, 8]).unwrap();
        let h = std::f64::consts::FRAC_1_SQRT_2;
        assert_eq!((&c.labels[..], &c.sizes[..]), (&[5, 8][..], &[2, 2][..]));
        assert!((c.within[0].unwrap() - 1.0).abs() < 1e-14);
        assert!((c.within[1].unwrap() - h).abs() < 1e-14);
        assert!((c.mean_between.unwrap() - h / 2.0).abs() < 1e-14);
        assert!((c.resultant_length[0] - 1.0).abs() < 1e-14);
        assert!((c.mean_any - (1.0 + h + 2.0 * h) / 6.0).abs() < 1e-14);
        // Row 0: a = 0, so 1. Row 2: a = 1 − h, b = 1.
        let s = silhouette(x.view(), &[5, 5, 8, 8]).unwrap();
        assert!((s[0] - 1.0).abs() < 1e-14 && (s[2] - h).abs() < 1e-14);
        let ratio = fisher_ratio(array![[0.0], [2.0], [4.0], [6.0]].view(), &[0, 0, 1, 1]).unwrap();
        assert!((ratio - 4.0).abs() < 1e-14);
    }

    #[test]
    fn lone_rows_and_bad_input() {
        let x = array![[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]];
        let c = clusters(x.view(), &[0, 1, 2]).unwrap();
        assert!(c.mean_within.is_none() && c.within.iter().all(Option::is_none));
        assert!(
            clusters(x.view(), &[1, 1, 1])
                .unwrap()
                .mean_between
                .is_none()
        );
        assert_eq!(silhouette(x.view(), &[0, 1, 1]).unwrap()[0], 0.0);
        assert!(silhouette(x.view(), &[1, 1, 1]).is_err());
        assert!(clusters(x.view(), &[0, 1]).is_err());
        assert!(fisher_ratio(x.view(), &[0, 1, 2]).is_err());
        let zero = array![[1.0, 0.0], [0.0, 0.0]];
        let why = clusters(zero.view(), &[0, 1]).unwrap_err().to_string();
        assert!(why.contains("row 1 (from 0) is all zeros"), "{why}");
    }

    proptest! {
        #[test]
        fn silhouettes_stay_in_range(values in prop::collection::vec(0.1..9.0_f64, 30)) {
            let x = Array2::from_shape_vec((10, 3), values).unwrap();
            let labels: Vec<usize> = (0..10).map(|i| i % 3).collect();
            let s = silhouette(x.view(), &labels).unwrap();
            prop_assert!(s.iter().all(|v| (-1.0..=1.0).contains(v)));
        }
    }
}
