//! How much variance of rows that were not fitted the axes hold.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

use super::{Scaling, fit, solve};
use crate::task::Task;
use crate::{Error, Result};

/// Squared distances of every row from the mean of the other folds, and what their axes hold of it.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldOut {
    /// Held by the first 1, 2, … axes, `[row, component]`.
    pub captured: Array2<f64>,
    /// Whole squared distance, `[row]`.
    pub total: Array1<f64>,
}

impl HeldOut {
    /// Share of the held-out variance in the first 1, 2, … axes, row `i` counted `weights[i]` times.
    pub fn cumulative_ratio(&self, weights: ArrayView1<'_, f64>) -> Array1<f64> {
        weights.dot(&self.captured) / weights.dot(&self.total)
    }
}

/// Fits on all folds but one and measures that one, for every fold of `folds` (one number per row of
/// `x: [row, dim]`); keep each speaker in one fold.
///
/// Mean, scale and axes all come from the rows outside the fold.
pub fn held_out(
    x: ArrayView2<'_, f64>,
    scaling: Scaling,
    folds: &[usize],
    components: usize,
    task: &Task,
) -> Result<HeldOut> {
    if folds.len() != x.nrows() {
        return Err(Error::Shape {
            what: "fold numbers".into(),
            expected: x.nrows().to_string(),
            found: folds.len().to_string(),
        });
    }
    let count = folds.iter().max().map_or(0, |f| f + 1);
    solve::at_least(count, 2, "held-out variance: folds")?;
    let mut captured = Array2::zeros((x.nrows(), components));
    let mut total = Array1::zeros(x.nrows());
    task.progress
        .start("held-out variance", "fold", Some(count as u64));
    for fold in 0..count {
        task.check()?;
        let (inside, outside): (Vec<usize>, Vec<usize>) =
            (0..x.nrows()).partition(|i| folds[*i] == fold);
        let train = fit(x.select(Axis(0), &outside).view(), scaling)?;
        let test = x.select(Axis(0), &inside);
        let scores = train.scores(test.view())?;
        let mut away = &test - &train.mean;
        if let Some(scale) = &train.scale {
            away /= scale;
        }
        for (local, row) in inside.iter().enumerate() {
            let distance = away.row(local);
            total[*row] = distance.dot(&distance);
            let mut sum = 0.0;
            for k in 0..components {
                sum += scores.get((local, k)).map_or(0.0, |s| s * s);
                captured[[*row, k]] = sum;
            }
        }
        task.progress.advance(1);
    }
    task.progress.finish();
    Ok(HeldOut { captured, total })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_line_is_held_whole_and_a_new_direction_is_not() {
        let x = array![[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [1.5, 2.0]];
        let folds = [0, 0, 1, 1, 2];
        let h = held_out(x.view(), Scaling::Centred, &folds, 2, &Task::silent()).unwrap();
        // The last row lies 2 off a line fitted to the first four, straight above their mean.
        assert!((h.total[4] - 4.0).abs() <= 1e-12);
        assert!((h.captured[[4, 1]] - 0.0).abs() <= 1e-12);
        let only = array![0.0, 0.0, 0.0, 0.0, 1.0];
        assert!((h.cumulative_ratio(only.view())[0] - 0.0).abs() <= 1e-12);
        let all = h.cumulative_ratio(Array1::ones(5).view());
        assert!(all[1] >= all[0] && all[1] <= 1.0);
    }

    #[test]
    fn folds_must_fit_the_rows() {
        let x = array![[0.0, 1.0], [1.0, 0.0], [2.0, 3.0]];
        let run = |folds: &[usize]| held_out(x.view(), Scaling::Centred, folds, 1, &Task::silent());
        assert!(run(&[0, 1]).is_err());
        assert!(run(&[0, 0, 0]).is_err());
        assert!(run(&[0, 1, 2]).is_ok());
    }
}
