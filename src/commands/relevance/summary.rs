//! What is said about maps: scores, sums, and where relevance went.

use ndarray::{Array2, ArrayD, Axis};
use phonoscope_analysis::stats::quantile;
use phonoscope_models::GraphBytes;
use phonoscope_models::engine::EngineInfo;
use phonoscope_models::relevance::{Explanation, Method, Target};
use serde_json::{Value, json};

use crate::cli::RelevanceArgs;
use crate::output::columns;

/// Version tag of the JSON.
const SCHEMA: &str = "phonoscope.relevance/1";
/// Items that are told one by one.
const TOLD: usize = 12;

/// How maps were made.
pub(super) struct About<'a> {
    pub(super) args: &'a RelevanceArgs,
    pub(super) method: &'a Method,
    pub(super) target: Target,
    pub(super) engine: &'a EngineInfo,
    pub(super) graph: &'a GraphBytes,
}

/// One layer of the ledger: medians over items of shares of the score.
struct Line {
    layer: String,
    operator: &'static str,
    rule: Option<String>,
    shares: [Option<f64>; 4],
}

const SHARES: [&str; 4] = ["arriving", "leaving", "bias", "stabiliser"];

impl About<'_> {
    pub(super) fn text(&self, maps: &Explanation) -> String {
        let shape: Vec<String> = maps.relevance.shape()[1..]
            .iter()
            .map(usize::to_string)
            .collect();
        let mut text = format!(
            "{}; target {}; {} items of {}; {}\n\n",
            self.method,
            self.target,
            maps.scores.len(),
            shape.join(" x "),
            self.engine
        );
        let mut rows = vec![
            ["item", "predicted", "score", "sum", "sum/score"]
                .map(String::from)
                .to_vec(),
        ];
        let sums = sums(&maps.relevance);
        for (item, sum) in sums.iter().enumerate().take(TOLD) {
            let score = maps.scores[item];
            rows.push(vec![
                item.to_string(),
                predicted(&maps.logits, item).to_string(),
                format!("{score:.4}"),
                format!("{sum:.4}"),
                share(*sum, score).map_or("-".to_owned(), |share| format!("{share:.3}")),
            ]);
        }
        text.push_str(&columns(&rows));
        if sums.len() > TOLD {
            text.push_str(&format!("… and {} more\n", sums.len() - TOLD));
        }
        if let Some(gain) = &maps.gain {
            let gaps = gain
                .iter()
                .zip(&sums)
                .map(|(gain, sum)| Some((gain - sum).abs()));
            text.push_str(&format!(
                "\nsum of the map against the gain over the baseline: median gap {:.2e}; more \
                 --steps make it smaller\n",
                median(gaps.collect()).unwrap_or(0.0)
            ));
        }
        let lines = lines(maps);
        if lines.is_empty() {
            return text;
        }
        text.push_str(
            "\nConservation, from the score down (shares of the score, median over items)\n",
        );
        let mut heading = ["layer", "kind", "rule"].map(String::from).to_vec();
        heading.extend(SHARES.map(String::from));
        let mut rows = vec![heading];
        for line in lines {
            let mut row = vec![
                line.layer,
                line.operator.to_owned(),
                line.rule.unwrap_or_default(),
            ];
            let share = |share: Option<f64>| match share {
                Some(share) => format!("{:.3}", if share.abs() < 5e-4 { 0.0 } else { share }),
                None => "-".to_owned(),
            };
            row.extend(line.shares.map(share));
            rows.push(row);
        }
        text.push_str(&columns(&rows));
        text
    }

    pub(super) fn json(&self, maps: &Explanation) -> Value {
        let sums = sums(&maps.relevance);
        let items: Vec<Value> = sums
            .iter()
            .enumerate()
            .map(|(item, sum)| {
                json!({
                    "predicted": predicted(&maps.logits, item),
                    "score": maps.scores[item],
                    "sum": sum,
                    "sum_over_score": share(*sum, maps.scores[item]),
                    "gain": maps.gain.as_ref().map(|gain| gain[item]),
                })
            })
            .collect();
        let ledger: Vec<Value> = lines(maps)
            .into_iter()
            .map(|line| {
                let [arriving, leaving, bias, stabiliser] = line.shares;
                json!({
                    "layer": line.layer,
                    "kind": line.operator,
                    "rule": line.rule,
                    "arriving": arriving,
                    "leaving": leaving,
                    "bias": bias,
                    "stabiliser": stabiliser,
                })
            })
            .collect();
        json!({
            "schema": SCHEMA,
            "model": self.args.model,
            "graph_sha256": self.graph.sha256(),
            "engine": self.engine.to_string(),
            "method": self.method.to_string(),
            "target": self.target.to_string(),
            "shape": maps.relevance.shape(),
            "items": items,
            "ledger_unit": "share of the score, median over items",
            "ledger": ledger,
        })
    }
}

fn predicted(logits: &Array2<f32>, item: usize) -> usize {
    let row = logits.row(item).to_vec();
    let weights = Target::Predicted.weights(&row).unwrap_or_default();
    weights
        .iter()
        .position(|weight| *weight == 1.0)
        .unwrap_or(0)
}

fn sums(maps: &ArrayD<f32>) -> Vec<f64> {
    let sum = |map: ndarray::ArrayViewD<'_, f32>| map.iter().map(|r| f64::from(*r)).sum();
    maps.axis_iter(Axis(0)).map(sum).collect()
}

fn share(part: f64, whole: f64) -> Option<f64> {
    let share = part / whole;
    share.is_finite().then_some(share)
}

fn lines(maps: &Explanation) -> Vec<Line> {
    let Some(ledger) = &maps.ledger else {
        return vec![];
    };
    let rest = ledger.stabiliser();
    let parts = [&ledger.arriving, &ledger.leaving, &ledger.bias, &rest];
    let line = |place: usize| {
        let layer = &ledger.layers[place];
        let of = |part: &Array2<f32>| {
            let items = part.column(place).into_iter().zip(&maps.scores);
            let shares = items.map(|(part, score)| share(f64::from(*part), *score));
            median(shares.collect())
        };
        Line {
            layer: layer.name.clone(),
            operator: layer.operator,
            rule: layer.rule.map(|rule| rule.to_string()),
            shares: parts.map(of),
        }
    };
    (0..ledger.layers.len()).map(line).collect()
}

/// The median of those that are there.
fn median(values: Vec<Option<f64>>) -> Option<f64> {
    let values: Vec<f64> = values.into_iter().flatten().collect();
    (!values.is_empty()).then(|| quantile(&values, 0.5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_of_those_that_are_there() {
        assert_eq!(
            median(vec![Some(3.0), None, Some(1.0), Some(2.0)]),
            Some(2.0)
        );
        assert_eq!(median(vec![Some(1.0), Some(2.0)]), Some(1.5));
        assert_eq!(median(vec![None]), None);
        assert_eq!(share(1.0, 0.0), None);
    }
}
