//! `phonoscope analyse …`

mod classification;
mod control;
mod distance;
mod labels;
mod probe;
mod regression;
mod similarity;
mod tables;

use phonoscope_analysis::stats::{self, Interval, PermutationTest};
use serde_json::{Value, json};

use super::Context;
use crate::cli::AnalyseCommand;
use crate::exit::Exit;

/// Version tag of the JSON that `analyse` prints.
const SCHEMA: &str = "phonoscope.analysis/1";

/// Coverage of every interval.
const LEVEL: f64 = 0.95;

/// Most blocks of rows that the jackknife leaves out.
const BLOCKS: usize = 20;

pub(super) fn run(command: &AnalyseCommand, context: &Context) -> anyhow::Result<Exit> {
    match command {
        AnalyseCommand::Pca(args) => tables::principal_components(args, context),
        AnalyseCommand::Regress(args) => tables::regression(args, context),
        AnalyseCommand::Cka(args) => similarity::cka(args, context),
        AnalyseCommand::Cca(args) => similarity::cca(args, context),
        AnalyseCommand::W2(args) => distance::w2(args, context),
        AnalyseCommand::Probe(args) => probe::run(args, context),
    }
}

/// A number with its interval and its null.
struct Measured {
    name: &'static str,
    interval: Option<Interval>,
    /// How the interval was made, or why there is none.
    method: String,
    test: PermutationTest,
}

impl Measured {
    /// As JSON; what is not finite is null.
    fn json(&self) -> Value {
        let quantile = |q| finite(stats::quantile(&self.test.null, q));
        json!({
            "name": self.name,
            "value": finite(self.test.observed),
            "lo": self.interval.and_then(|i| finite(i.lo)),
            "hi": self.interval.and_then(|i| finite(i.hi)),
            "level": LEVEL,
            "method": self.method,
            "null": {
                "mean": finite(self.test.null_mean()),
                "lo": quantile(0.025),
                "hi": quantile(0.975),
                "draws": self.test.null.len(),
            },
            "p": self.p(),
        })
    }

    /// Nothing when no null was drawn.
    fn p(&self) -> Option<f64> {
        Some(self.test.p).filter(|p| p.is_finite() && !self.test.null.is_empty())
    }

    /// As a row of the printed table.
    fn row(&self) -> Vec<String> {
        let number = |v: Option<f64>| v.map_or_else(|| "–".into(), |v| format!("{v:.4}"));
        vec![
            self.name.into(),
            number(finite(self.test.observed)),
            number(self.interval.and_then(|i| finite(i.lo))),
            number(self.interval.and_then(|i| finite(i.hi))),
            number(finite(self.test.null_mean())),
            number(self.p()),
        ]
    }
}

/// Head of the table of [`Measured::row`]s.
fn heading() -> Vec<String> {
    ["measure", "value", "lo", "hi", "by chance", "p"]
        .map(String::from)
        .into()
}

fn finite(v: f64) -> Option<f64> {
    Some(v).filter(|v| v.is_finite())
}

fn print(context: &Context, document: &Value) -> anyhow::Result<Exit> {
    context
        .printer
        .data(&serde_json::to_string_pretty(document)?)?;
    Ok(Exit::Done)
}
