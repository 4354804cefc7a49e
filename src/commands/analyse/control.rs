//! Control tasks of linear probes: what could be read out of types alone.

use phonoscope_analysis::rng::Stream;
use phonoscope_analysis::stats::{self, draws};
use serde_json::{Value, json};

use super::finite;
use super::labels::read_labels;
use crate::cli::LinearProbeArgs;
use crate::commands::Context;

/// Scores of the same probe when every type has a random label.
pub(super) struct Control {
    types: usize,
    scores: Vec<f64>,
}

impl Control {
    /// Trains and tests on `args.permutations` control tasks; nothing where there are no types. `score` is given
    /// the task's labels, one a row, made of `values`.
    pub(super) fn run<T: Clone + Sync>(
        values: &[T],
        args: &LinearProbeArgs,
        context: &Context,
        score: impl Fn(&[T], &mut Stream) -> phonoscope_analysis::Result<f64> + Sync,
    ) -> anyhow::Result<Option<Self>> {
        let Some(path) = &args.types else {
            return Ok(None);
        };
        let types = read_labels(path, values.len(), "--types")?;
        let plan = draws::Plan {
            stage: "control tasks",
            stream: "analyse.probe.types",
            seed: args.seed,
            draws: args.permutations,
        };
        let mut scores = stats::draws(plan, &context.task, |rng| {
            let task = stats::random_by_type(values, &types.places, rng);
            score(&task, rng)
        })?;
        scores.retain(|s| s.is_finite());
        Ok(Some(Self {
            types: types.names.len(),
            scores,
        }))
    }

    fn mean(&self) -> f64 {
        self.scores.iter().sum::<f64>() / self.scores.len() as f64
    }

    /// What the probe found beyond what it memorises.
    pub(super) fn json(&self, observed: f64) -> Value {
        let quantile = |q| finite(stats::quantile(&self.scores, q));
        json!({
            "types": self.types,
            "mean": finite(self.mean()),
            "lo": quantile(0.025),
            "hi": quantile(0.975),
            "draws": self.scores.len(),
            "selectivity": finite(observed - self.mean()),
        })
    }

    /// The same as a line.
    pub(super) fn line(&self, observed: f64) -> String {
        let number = |v: f64| finite(v).map_or_else(|| "–".into(), |v| format!("{v:.4}"));
        format!(
            "control task: {} types with random labels give {} [{}, {}]; selectivity {}\n",
            self.types,
            number(self.mean()),
            number(stats::quantile(&self.scores, 0.025)),
            number(stats::quantile(&self.scores, 0.975)),
            number(observed - self.mean()),
        )
    }
}
