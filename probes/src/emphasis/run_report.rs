//! The report of a probe of runs, with its provenance and trust.

use std::collections::{BTreeMap, BTreeSet};

use super::from_run::Asked;
use super::input::{EmphasisInput, Part};
use super::{EmphasisSettings, Outcome};
use crate::error::Result;
use crate::report::{self, Check, ModelUsed, Report, SCHEMA, Skipped, SystemUsed};
use crate::store::Run;

/// The report of an outcome.
pub(super) fn report(
    runs: &[Run],
    input: &EmphasisInput,
    asked: &Asked,
    settings: &EmphasisSettings,
    outcome: Outcome,
) -> Result<Report> {
    let names: Vec<String> = input.systems.iter().map(|s| s.name.clone()).collect();
    let used: Vec<SystemUsed> = runs
        .iter()
        .zip(&input.systems)
        .map(|(source, system)| SystemUsed {
            name: system.name.clone(),
            model: ModelUsed {
                taps: system.taps.iter().map(|t| t.name.clone()).collect(),
                ..source.description.model.clone()
            },
            engine: source.description.engine.clone(),
        })
        .collect();
    let mut trust = crate::report::Trust::default();
    for (source, name) in runs.iter().zip(&names) {
        let own = source.trust()?;
        if trust.coverage.items == 0 {
            trust.coverage = own.coverage;
        }
        trust
            .checks
            .extend(own.checks.into_iter().map(|check| Check {
                system: Some(name.clone()),
                ..check
            }));
    }
    let known: BTreeSet<String> = trust
        .coverage
        .skipped
        .iter()
        .map(|s| s.id.clone())
        .collect();
    for (id, reason) in outcome.unused.iter().filter(|(id, _)| !known.contains(id)) {
        trust.coverage.used = trust.coverage.used.saturating_sub(1);
        trust.coverage.skipped.push(Skipped {
            id: id.clone(),
            reason: reason.clone(),
        });
    }
    trust.checks.extend(outcome.checks);
    let models: Vec<&str> = input
        .systems
        .iter()
        .filter(|s| s.part == Part::Model)
        .map(|s| s.name.as_str())
        .collect();
    let pairs: BTreeSet<&String> = input
        .versions
        .iter()
        .filter_map(|v| v.pair.as_ref())
        .collect();
    Ok(Report {
        schema: SCHEMA.into(),
        probe: "emphasis".into(),
        title: format!(
            "emphasis in {}: {} word tokens",
            models.join(", "),
            pairs.len()
        ),
        summary: [outcome.summary, asked.findings.clone()].concat(),
        warnings: [outcome.warnings, asked.remarks.clone()].concat(),
        provenance: report::provenance(
            &asked.command,
            settings.seed,
            settings_map(settings, input, runs),
            report::inputs(runs),
            used,
        ),
        systems: names,
        trust,
        tables: [outcome.tables, asked.tables.clone()].concat(),
    })
}

fn settings_map(
    settings: &EmphasisSettings,
    input: &EmphasisInput,
    runs: &[Run],
) -> BTreeMap<String, serde_json::Value> {
    let mut map = report::settings_map(settings);
    map.insert(
        "regression_permutations".into(),
        settings.regression_draws().into(),
    );
    if let Some(run) = runs.first() {
        map.insert("pooling".into(), run.description.pooling.clone().into());
    }
    for edit in &input.edits {
        let from = edit
            .column
            .clone()
            .unwrap_or_else(|| "not available".into());
        map.insert(format!("column_{}", edit.edit.column()), from.into());
    }
    map
}
