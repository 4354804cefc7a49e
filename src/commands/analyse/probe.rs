//! `phonoscope analyse probe`: a linear read-out of labels or numbers, with its controls.

use ndarray::Array2;
use phonoscope_analysis::stats::{self, Interval};

use super::labels::{Labels, read_labels};
use super::{LEVEL, classification, regression};
use crate::cli::LinearProbeArgs;
use crate::commands::Context;
use crate::commands::matrix::read_matrix;
use crate::exit::{Exit, Usage};

/// Bootstrap draws of the interval.
pub(super) const DRAWS: usize = 1000;

/// Rows, their groups and their folds.
pub(super) struct Rows {
    pub(super) x: Array2<f64>,
    /// A number for each row's group; every row its own without `--groups`.
    pub(super) groups: Vec<usize>,
    /// Number of groups.
    pub(super) count: usize,
    /// What a group is, in words.
    pub(super) unit: &'static str,
}

impl Rows {
    /// Percentile interval of `statistic` of row weights, whole groups resampled with predictions held fixed.
    pub(super) fn interval(&self, seed: u64, statistic: impl Fn(&[f64]) -> f64) -> Interval {
        let draw = |index| {
            let mut rng = phonoscope_analysis::rng::stream(seed, "analyse.probe.bootstrap", index);
            let counts = stats::resample_counts(self.count, &mut rng);
            let weights: Vec<f64> = self.groups.iter().map(|g| counts[*g]).collect();
            statistic(&weights)
        };
        let replicates: Vec<f64> = (0..DRAWS as u64).map(draw).collect();
        stats::percentile(&replicates, LEVEL)
    }

    /// How the interval was made.
    pub(super) fn method(&self) -> String {
        format!(
            "bootstrap over {}, {DRAWS} draws, predictions held fixed",
            self.unit
        )
    }
}

pub(super) fn run(args: &LinearProbeArgs, context: &Context) -> anyhow::Result<Exit> {
    let x = read_matrix(&args.x)?;
    let n = x.nrows();
    let (groups, unit) = match &args.groups {
        Some(path) => (read_labels(path, n, "--groups")?, "groups"),
        None => {
            let own = Labels {
                names: vec![],
                places: (0..n).collect(),
            };
            (own, "rows")
        }
    };
    let count = if unit == "groups" {
        groups.names.len()
    } else {
        n
    };
    let rows = Rows {
        x,
        groups: groups.places,
        count,
        unit,
    };
    match (&args.labels, &args.y) {
        (Some(path), _) => {
            let labels = read_labels(path, n, "--labels")?;
            classification::run(&rows, &labels, args, context)
        }
        (None, Some(path)) => {
            let y = read_matrix_or_vector(path, n)?;
            regression::run(&rows, &y, args, context)
        }
        (None, None) => Err(Usage::new(
            "nothing to read out of --x",
            "give --labels for classes or --y for numbers",
        )
        .into()),
    }
}

/// Targets `[row, target]`.
fn read_matrix_or_vector(path: &std::path::Path, rows: usize) -> anyhow::Result<Array2<f64>> {
    let y = crate::commands::matrix::read_targets(path)?;
    if y.nrows() == rows {
        return Ok(y);
    }
    Err(Usage::new(
        format!("--x has {rows} rows, --y has {}", y.nrows()),
        "both must describe the same rows in the same order",
    )
    .into())
}
