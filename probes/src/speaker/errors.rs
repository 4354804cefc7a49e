//! Squared errors of speakers that a model never saw, and what they are worth in components.
//!
//! Models and axes stay as they were fitted outside each fold; intervals resample the speakers whose errors
//! are counted. So a network is fitted once per fold, and the curve of the components is resampled with the
//! same speakers as the models that are compared with it.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use phonoscope_analysis::estimate::Method;
use phonoscope_analysis::pca::{self, Equivalent, HeldOut};
use phonoscope_analysis::regress::Gram;
use phonoscope_analysis::stats::{self, draws};
use phonoscope_analysis::task::Task;
use phonoscope_analysis::{Estimate, Result};

use super::SpeakerSettings;

/// Squared errors, and squared distances from the mean of the other folds, of every row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Errors {
    /// `[row]`
    pub(super) error: Array1<f64>,
    /// `[row]`
    pub(super) total: Array1<f64>,
}

impl Errors {
    /// Total R², row `i` counted `weights[i]` times.
    pub(super) fn r2(&self, weights: ArrayView1<'_, f64>) -> f64 {
        1.0 - weights.dot(&self.error) / weights.dot(&self.total)
    }
}

/// Fits `predict` outside every fold and measures it inside.
///
/// `predict(train, test)` is given row numbers and the fold, and returns predictions `[test row, target]`.
pub(super) fn each_fold(
    y: ArrayView2<'_, f64>,
    folds: &[usize],
    mut predict: impl FnMut(&[usize], &[usize], usize) -> Result<Array2<f64>>,
) -> Result<Errors> {
    let n = y.nrows();
    let mut out = Errors {
        error: Array1::zeros(n),
        total: Array1::zeros(n),
    };
    for fold in 0..folds.iter().max().map_or(0, |f| f + 1) {
        let (test, train): (Vec<usize>, Vec<usize>) = (0..n).partition(|i| folds[*i] == fold);
        let mean = y.select(Axis(0), &train).sum_axis(Axis(0)) / train.len() as f64;
        let predicted = predict(&train, &test, fold)?;
        for (local, row) in test.iter().enumerate() {
            let truth = y.row(*row);
            let squared = |of: ArrayView1<'_, f64>| (&truth - &of).mapv(|e| e * e).sum();
            out.error[*row] = squared(predicted.row(local));
            out.total[*row] = squared(mean.view());
        }
    }
    Ok(out)
}

/// Least squares of `y` on the predictors `chosen(fold)` of `x`.
pub(super) fn linear(
    x: ArrayView2<'_, f64>,
    y: ArrayView2<'_, f64>,
    folds: &[usize],
    chosen: impl Fn(usize) -> Vec<usize>,
) -> Result<Errors> {
    each_fold(y, folds, |train, test, fold| {
        let of = |m: ArrayView2<'_, f64>, rows: &[usize]| m.select(Axis(0), rows);
        let gram = Gram::of(of(x, train).view(), of(y, train).view(), None)?;
        gram.fit(&chosen(fold), 0.0)?.predict(of(x, test).view())
    })
}

/// What a model's held-out R² is, and how many components are worth as much.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Worth {
    pub(super) r2: Estimate,
    pub(super) components: Estimate,
    /// Whether the estimate, and the upper end of its interval, are only lower bounds because the curve of
    /// the components ends there.
    pub(super) open: (bool, bool),
}

impl Worth {
    /// A remark on bounds; nothing when all is measured.
    pub(super) fn note(&self) -> Option<String> {
        let most = match self.open {
            (true, _) => self.components.value,
            (_, true) => self.components.hi,
            _ => return None,
        };
        Some(match self.open.0 {
            true => format!("worth more than the {most} components looked at"),
            false => format!("the interval goes beyond the {most} components looked at"),
        })
    }
}

/// R² of each model and its worth in components, with intervals from the same resampled speakers.
///
/// `cluster[row]` is the speaker of a row.
pub(super) fn worth(
    models: &[&Errors],
    curve: &HeldOut,
    cluster: &[usize],
    settings: &SpeakerSettings,
    task: &Task,
) -> Result<Vec<Worth>> {
    let (cluster, speakers) = contiguous(cluster);
    let measure = |weights: ArrayView1<'_, f64>| -> Vec<(f64, Equivalent)> {
        let curve = curve.cumulative_ratio(weights).to_vec();
        let one = |m: &&Errors| {
            let r2 = m.r2(weights);
            (r2, pca::equivalent_components(r2, &curve))
        };
        models.iter().map(one).collect()
    };
    let plan = draws::Plan {
        stage: "intervals of regressions",
        stream: "speaker.regression",
        seed: settings.seed,
        draws: settings.bootstrap,
    };
    let replicates = draws(plan, task, |rng| {
        let counts = stats::resample_counts(speakers, rng);
        let weights: Array1<f64> = cluster.iter().map(|c| counts[*c]).collect();
        Ok(measure(weights.view()))
    })?;
    let observed = measure(Array1::ones(cluster.len()).view());
    let most = curve.captured.ncols();
    let interval = |value: f64, of: Vec<f64>| {
        let found = stats::percentile(&of, settings.level);
        Estimate {
            value,
            lo: found.lo,
            hi: found.hi,
            n: speakers,
            level: settings.level,
            method: Method::ClusterBootstrap,
        }
    };
    let one = |(m, (r2, equivalent)): (usize, (f64, Equivalent))| {
        let at =
            |f: &dyn Fn(&(f64, Equivalent)) -> f64| replicates.iter().map(|d| f(&d[m])).collect();
        let components = interval(equivalent.at_least(), at(&|(_, k)| k.at_least()));
        Worth {
            r2: interval(r2, at(&|(r2, _)| *r2)),
            open: (
                matches!(equivalent, Equivalent::MoreThan(_)),
                components.hi >= most as f64,
            ),
            components,
        }
    };
    Ok(observed.into_iter().enumerate().map(one).collect())
}

/// Labels renumbered from 0 without gaps, in their order, and how many there are.
pub(super) fn contiguous(labels: &[usize]) -> (Vec<usize>, usize) {
    let distinct: std::collections::BTreeSet<usize> = labels.iter().copied().collect();
    let place: std::collections::HashMap<usize, usize> = distinct
        .into_iter()
        .enumerate()
        .map(|(i, l)| (l, i))
        .collect();
    (labels.iter().map(|l| place[l]).collect(), place.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_line_predicts_what_it_never_saw() {
        let x = array![[0.0], [1.0], [2.0], [3.0]];
        let y = array![[1.0, 0.0], [3.0, 0.0], [5.0, 0.0], [7.0, 2.0]];
        let all = |_| vec![0];
        let found = linear(x.view(), y.view(), &[0, 1, 0, 1], all).unwrap();
        // The second fold is on the line of the first, but for 2 in the other dimension.
        assert!((found.error[1] - 0.0).abs() < 1e-12 && (found.error[3] - 4.0).abs() < 1e-12);
        assert!((found.total[1] - 0.0).abs() < 1e-12 && (found.total[3] - 20.0).abs() < 1e-12);
        let none = linear(x.view(), y.view(), &[0, 1, 0, 1], |_| vec![]).unwrap();
        assert!((none.r2(Array1::ones(4).view())).abs() < 1e-12);
    }
}
