//! How alike two maps are.

use ndarray::{Array2, ArrayView2};
use phonoscope_analysis::stats::spearman;

/// Side of the window of the structural similarity.
const WINDOW: usize = 7;

/// How alike two maps are: by rank and by structure, with their signs and without.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Likeness {
    /// Spearman's correlation of all values; nothing where a map is constant.
    pub spearman: Option<f64>,
    /// The same of absolute values.
    pub spearman_absolute: Option<f64>,
    /// Structural similarity of the maps, each divided by its largest absolute value and laid with
    /// zero on mid grey: −1 is then 0, and 1 is 1.
    pub ssim: Option<f64>,
    /// The same of absolute values.
    pub ssim_absolute: Option<f64>,
}

/// Likeness of two maps `[bin, frame]` of the same sizes.
pub fn likeness(a: ArrayView2<'_, f32>, b: ArrayView2<'_, f32>) -> Likeness {
    let list = |map: ArrayView2<'_, f32>, absolute: bool| -> Vec<f64> {
        let value = |x: &f32| if absolute { x.abs() } else { *x };
        map.iter().map(|x| f64::from(value(x))).collect()
    };
    let ranked = |absolute: bool| {
        let found = spearman(&list(a, absolute), &list(b, absolute)).ok()?;
        found.r.is_finite().then_some(found.r)
    };
    let structured = |absolute: bool| {
        let [a, b] = [a, b].map(|map| scaled(map, absolute));
        ssim(a?.view(), b?.view(), 1.0)
    };
    Likeness {
        spearman: ranked(false),
        spearman_absolute: ranked(true),
        ssim: structured(false),
        ssim_absolute: structured(true),
    }
}

/// A map as a picture from 0 to 1: absolute values over the largest, or signed ones over it with zero
/// at one half. The similarity compares means by their product, so signed values as they are would
/// make a map and its opposite alike. Nothing for a map of zeros.
fn scaled(map: ArrayView2<'_, f32>, absolute: bool) -> Option<Array2<f64>> {
    let largest = map.iter().fold(0f32, |most, x| most.max(x.abs()));
    (largest > 0.0 && largest.is_finite()).then(|| {
        map.mapv(|x| {
            let x = f64::from(x) / f64::from(largest);
            if absolute {
                x.abs()
            } else {
                f64::midpoint(x, 1.0)
            }
        })
    })
}

/// Mean structural similarity over windows of 7 × 7, with sample variances and the constants 0.01²
/// and 0.03² of `range`², the difference of the largest and the least possible value. Nothing for
/// maps of other sizes or smaller than a window.
pub fn ssim(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>, range: f64) -> Option<f64> {
    let (rows, columns) = a.dim();
    if a.dim() != b.dim() || rows < WINDOW || columns < WINDOW {
        return None;
    }
    let (c1, c2) = ((0.01 * range).powi(2), (0.03 * range).powi(2));
    let n = (WINDOW * WINDOW) as f64;
    let tables = [
        summed(rows, columns, |at| a[at]),
        summed(rows, columns, |at| b[at]),
        summed(rows, columns, |at| a[at] * a[at]),
        summed(rows, columns, |at| b[at] * b[at]),
        summed(rows, columns, |at| a[at] * b[at]),
    ];
    let mut total = 0.0;
    for row in 0..=rows - WINDOW {
        for column in 0..=columns - WINDOW {
            let (low, right) = (row + WINDOW, column + WINDOW);
            let mean = |table: &Array2<f64>| {
                let sum = table[[low, right]] - table[[row, right]] - table[[low, column]]
                    + table[[row, column]];
                sum / n
            };
            let [mean_a, mean_b, aa, bb, ab] = [0, 1, 2, 3, 4].map(|table| mean(&tables[table]));
            let unbiased = n / (n - 1.0);
            let variance = |square: f64, mean: f64| ((square - mean * mean) * unbiased).max(0.0);
            let (var_a, var_b) = (variance(aa, mean_a), variance(bb, mean_b));
            let covariance = (ab - mean_a * mean_b) * unbiased;
            let above = (2.0 * mean_a * mean_b + c1) * (2.0 * covariance + c2);
            let below = (mean_a.powi(2) + mean_b.powi(2) + c1) * (var_a + var_b + c2);
            total += above / below;
        }
    }
    let windows = (rows - WINDOW + 1) * (columns - WINDOW + 1);
    Some(total / windows as f64)
}

/// Sums over everything above and to the left of each corner.
fn summed(rows: usize, columns: usize, value: impl Fn([usize; 2]) -> f64) -> Array2<f64> {
    let mut table = Array2::zeros((rows + 1, columns + 1));
    for row in 0..rows {
        let mut line = 0.0;
        for column in 0..columns {
            line += value([row, column]);
            table[[row + 1, column + 1]] = table[[row, column + 1]] + line;
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(f: impl Fn(usize, usize) -> f32) -> Array2<f32> {
        Array2::from_shape_fn((20, 16), |(i, j)| f(i, j))
    }

    #[test]
    fn a_map_is_like_itself_and_unlike_its_opposite() {
        let a = map(|i, j| (i as f32 * 0.7).sin() * (j as f32 + 1.0));
        let same = likeness(a.view(), a.view());
        for value in [
            same.spearman,
            same.spearman_absolute,
            same.ssim,
            same.ssim_absolute,
        ] {
            assert!((value.unwrap() - 1.0).abs() < 1e-9);
        }
        let opposite = likeness(a.view(), a.mapv(|x| -2.0 * x).view());
        assert!((opposite.spearman.unwrap() + 1.0).abs() < 1e-9);
        assert!((opposite.spearman_absolute.unwrap() - 1.0).abs() < 1e-9);
        assert!(opposite.ssim.unwrap() < -0.5 && opposite.ssim_absolute.unwrap() > 0.999);
    }

    #[test]
    fn a_constant_window_by_hand() {
        let (a, b) = (
            Array2::from_elem((7, 7), 0.5),
            Array2::from_elem((7, 7), 0.25),
        );
        let c1 = 1e-4;
        let expected = (2.0 * 0.125 + c1) / (0.25 + 0.0625 + c1);
        assert!((ssim(a.view(), b.view(), 1.0).unwrap() - expected).abs() < 1e-12);
        assert_eq!(ssim(a.view(), Array2::zeros((7, 8)).view(), 1.0), None);
    }

    #[test]
    fn an_empty_map_has_no_likeness() {
        let zero = map(|_, _| 0.0);
        let found = likeness(zero.view(), map(|i, _| i as f32).view());
        assert_eq!((found.spearman, found.ssim), (None, None));
    }
}
