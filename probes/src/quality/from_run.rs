//! From run folders to a quality report.

use std::collections::{BTreeMap, HashMap};

use ndarray::{Array2, Axis};
use phonoscope_analysis::task::Task;

use super::asked::{Asked, matching_columns, ratings, reference_of, system_column};
use super::log_mel::LOG_MEL;
use super::shared::Shared;
use super::{ModelInput, QualityInput, QualitySettings, run};
use crate::error::{Error, Result};
use crate::extract::SpanKind;
use crate::report::{self, Check, InputFile, Report, SCHEMA, SystemUsed, Trust};
use crate::speaker::system_name;
use crate::store::Run;

/// Measures the layers of one or more runs over the same items. Items that one of the runs lacks, or that name no
/// system, take no part.
///
/// # Errors
/// When the manifest has no systems or no reference, the runs have no items in common, or the reference or
/// all systems are too small.
pub fn from_runs(
    runs: &[Run],
    asked: &Asked<'_>,
    settings: &QualitySettings,
    task: &Task,
) -> Result<Report> {
    let Some(first) = runs.first() else {
        return Err(Error::Request {
            problem: "there is no run to probe".into(),
            hint: "give one or more --run".into(),
        });
    };
    for source in runs {
        utterances_only(source)?;
    }
    let columns = &first.description.items.columns;
    let system = system_column(columns)?;
    let names = model_names(runs);
    let shared = Shared::new(runs, &names, system, asked.log_mel.as_ref());
    if shared.chosen.is_empty() {
        return Err(Error::Request {
            problem: "no item names a system and was used by every run".into(),
            hint: "fill the column `system`, and extract the same manifest with every model".into(),
        });
    }
    let reference = reference_of(&shared, system, asked.reference.as_deref())?;
    let matching = matching_columns(columns, asked.matching.as_deref())?;
    let mut warnings = asked.remarks.clone();
    let ratings = ratings(&shared, columns, asked, &mut warnings)?;
    let models = runs
        .iter()
        .enumerate()
        .map(|(place, source)| model_input(place, source, &names, &shared, asked))
        .collect::<Result<_>>()?;
    let input = QualityInput {
        items: shared.items(columns, &matching),
        reference: reference.clone(),
        ratings,
        matching,
        models,
    };
    let outcome = run(&input, settings, task)?;
    let used: Vec<SystemUsed> = runs
        .iter()
        .zip(&names)
        .map(|(source, name)| SystemUsed {
            name: name.clone(),
            model: source.description.model.clone(),
            engine: source.description.engine.clone(),
        })
        .collect();
    Ok(Report {
        schema: SCHEMA.into(),
        probe: "quality".into(),
        title: format!(
            "{}: {} systems against `{reference}`",
            names.join(", "),
            outcome
                .tables
                .last()
                .map_or(0, |systems| systems.rows().saturating_sub(1))
        ),
        summary: outcome.summary,
        warnings: [outcome.warnings, warnings].concat(),
        provenance: report::provenance(
            &asked.command,
            settings.seed,
            settings_map(settings, &input),
            inputs(runs, asked),
            used,
        ),
        trust: trust(runs, &names, &shared)?,
        systems: names,
        tables: outcome.tables,
    })
}

fn utterances_only(source: &Run) -> Result<()> {
    match source.description.spans.as_ref().map(|s| s.kind) {
        Some(kind @ (SpanKind::Word | SpanKind::Phone)) => Err(Error::Request {
            problem: format!(
                "the run in `{}` holds {kind}s, and quality is of utterances",
                source.path.display()
            ),
            hint: "extract the same manifest with --spans utterance into another folder".into(),
        }),
        _ => Ok(()),
    }
}

fn model_input<'a>(
    place: usize,
    source: &'a Run,
    names: &[String],
    shared: &'a Shared<'_>,
    asked: &'a Asked<'_>,
) -> Result<ModelInput<'a>> {
    let taps = source.select(&asked.taps)?;
    let baseline = asked
        .log_mel
        .as_ref()
        .filter(|_| source.description.twin.is_none());
    let first = usize::from(baseline.is_some());
    let layers: Vec<String> = baseline
        .map(|_| LOG_MEL.to_owned())
        .into_iter()
        .chain(taps.iter().cloned())
        .collect();
    let embedding = source
        .description
        .embedding
        .as_ref()
        .and_then(|e| taps.iter().position(|t| *t == e.tap))
        .filter(|_| source.description.twin.is_none())
        .map(|at| at + first);
    let rows = shared.rows.get(place).cloned().unwrap_or_default();
    let halves = match (embedding, asked.halves.get(place).and_then(Option::as_ref)) {
        (Some(at), Some(halves)) => paired_halves(halves, &layers[at])?,
        _ => None,
    };
    Ok(ModelInput {
        name: names[place].clone(),
        read: Box::new(move |at: usize| match (at.checked_sub(first), baseline) {
            (None, Some(spectra)) => Ok(spectra.rows.select(Axis(0), &shared.log_mel)),
            (Some(at), _) => {
                let (_, values) = source.tap(taps.get(at).map_or("", String::as_str))?;
                Ok(values.select(Axis(0), &rows))
            }
            (None, None) => Ok(Array2::zeros((0, 0))),
        }),
        layers,
        embedding,
        halves,
        frames: asked.frames.get(place).copied().flatten(),
    })
}

/// Ids of utterances of which both halves were used, and the halves' vectors.
fn paired_halves(source: &Run, tap: &str) -> Result<Option<(Vec<String>, Array2<f64>)>> {
    let (items, values) = source.tap(tap)?;
    let by_id: HashMap<&str, usize> = items
        .iter()
        .enumerate()
        .filter_map(|(row, item)| Some((source.items.get(*item)?.id.as_str(), row)))
        .collect();
    let (mut ids, mut rows) = (vec![], vec![]);
    for item in &source.items {
        let Some(id) = item.id.strip_suffix("/1") else {
            continue;
        };
        let second = by_id.get(format!("{id}/2").as_str());
        if let (Some(first), Some(second)) = (by_id.get(item.id.as_str()), second) {
            ids.push(id.to_owned());
            rows.extend([*first, *second]);
        }
    }
    Ok((!ids.is_empty()).then(|| (ids, values.select(Axis(0), &rows))))
}

/// What the models are called: their names, marked where the weights were randomised, numbered where they
/// repeat.
fn model_names(runs: &[Run]) -> Vec<String> {
    let mut out: Vec<String> = vec![];
    for source in runs {
        let said = source.description.model.name.as_str();
        let name = match &source.description.twin {
            Some(twin) => {
                let of_twin = format!(" ({}, seed {})", twin.kind, twin.seed);
                let model = said.strip_suffix(of_twin.as_str()).unwrap_or(said);
                format!("{}-{}", system_name(model), twin.kind)
            }
            None => system_name(said),
        };
        let next = (2..).map(|k| format!("{name}-{k}"));
        let free = std::iter::once(name.clone()).chain(next);
        out.extend(free.take(runs.len() + 1).find(|n| !out.contains(n)));
    }
    out
}

/// The checks of every run, and what took no part here.
fn trust(runs: &[Run], names: &[String], shared: &Shared<'_>) -> Result<Trust> {
    let mut out = Trust::default();
    for (place, (source, name)) in runs.iter().zip(names).enumerate() {
        let of_run = source.trust()?;
        if place == 0 {
            out.coverage = of_run.coverage;
        }
        let system = (runs.len() > 1).then(|| name.clone());
        out.checks
            .extend(of_run.checks.into_iter().map(|check| Check {
                system: system.clone(),
                ..check
            }));
    }
    out.coverage.used = out.coverage.used.saturating_sub(shared.unused.len());
    out.coverage.skipped.extend(shared.unused.iter().cloned());
    Ok(out)
}

/// Files that were read.
fn inputs(runs: &[Run], asked: &Asked<'_>) -> Vec<InputFile> {
    let others = asked.halves.iter().flatten().chain(&asked.dnsmos);
    report::inputs(runs.iter().chain(others))
}

/// Every setting by name, as recorded.
fn settings_map(
    settings: &QualitySettings,
    input: &QualityInput<'_>,
) -> BTreeMap<String, serde_json::Value> {
    let mut map = report::settings_map(settings);
    map.insert("reference".into(), input.reference.clone().into());
    map.insert("matching".into(), input.matching.clone().into());
    let ratings: Vec<String> = input.ratings.iter().map(|r| r.name.clone()).collect();
    map.insert("ratings".into(), ratings.into());
    map
}
