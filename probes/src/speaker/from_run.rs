//! From run folders to a speaker report.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ndarray::{Array2, ArrayD};
use phonoscope_analysis::task::Task;

use super::chosen::Chosen;
use super::{
    ControlInput, DescriptorTable, Normalise, SpeakerInput, SpeakerSettings, SystemInput, run,
};
use crate::acoustics::{LOG_MEL_WORDS, LogMel};
use crate::error::{Error, Result};
use crate::extract::SpanKind;
use crate::report::{self, InputFile, ModelUsed, Report, SCHEMA, SystemUsed, Table};
use crate::store::Run;

/// A report, and the arrays that go beside it.
#[derive(Debug, Clone)]
pub struct SpeakerReport {
    /// The report.
    pub report: Report,
    /// Named arrays: speaker embeddings, components, scores and the like.
    pub arrays: Vec<(String, ArrayD<f64>)>,
}

/// What is asked of runs.
#[derive(Debug, Default)]
pub struct Asked {
    /// The tap of every run; by default each model's embedding.
    pub tap: Option<String>,
    /// Acoustic descriptors of the items or speakers.
    pub descriptors: Option<DescriptorTable>,
    /// Column of the manifest that holds folds; by default they are drawn.
    pub folds: Option<String>,
    /// For each run that of its network with random weights, or why there is none; empty where the
    /// control was not asked for.
    pub twins: Vec<std::result::Result<Run, String>>,
    /// The spectra of the recordings, or why there are none; nothing where the control was not asked for.
    pub log_mel: Option<std::result::Result<LogMel, String>>,
    /// Cautions from before the probe.
    pub remarks: Vec<String>,
    /// Recorded as the way to make the report again.
    pub command: String,
}

/// Probes the speaker embeddings of one or more runs over the same items.
///
/// Whether vectors are brought to unit length is the catalogue's word. Items that one of the runs lacks take
/// no part, so that all systems are compared on the same.
///
/// # Errors
/// When a run has no such tap, the manifest has no speakers, there are too few of them, the runs have no
/// items in common, or the folds share speakers or recordings.
pub fn from_runs(
    runs: &[Run],
    asked: &Asked,
    settings: &SpeakerSettings,
    task: &Task,
) -> Result<SpeakerReport> {
    let names = system_names(runs);
    let taps: Vec<&str> = runs
        .iter()
        .map(|source| tap_of(source, asked.tap.as_deref()))
        .collect::<Result<_>>()?;
    let (mut rows, mut vectors, mut systems) = (vec![], vec![], vec![]);
    for ((source, tap), name) in runs.iter().zip(&taps).zip(&names) {
        let (of_items, values) = source.tap(tap)?;
        rows.push(of_items);
        vectors.push(values);
        let embedding = source.description.embedding.as_ref();
        systems.push(SystemInput {
            name: name.clone(),
            normalise: match embedding.is_some_and(|e| e.tap == *tap && e.unit_length) {
                true => Normalise::L2,
                false => Normalise::None,
            },
            embeddings: Array2::zeros((0, 0)),
            controls: vec![],
        });
    }
    let (Some(first), Some(chosen)) = (runs.first(), Chosen::new(runs, &rows, &names)?) else {
        return Err(Error::Request {
            problem: "there is no run to probe".into(),
            hint: "give one or more --run".into(),
        });
    };
    let folds = fold_column(first, asked.folds.as_deref())?;
    let normalised: BTreeMap<String, Normalise> = systems
        .iter()
        .map(|s| (s.name.clone(), s.normalise))
        .collect();
    let input = chosen.input(&vectors, systems, asked.descriptors.as_ref(), folds);
    drop(vectors);
    let input = with_controls(input, &chosen, &taps, asked);
    if input.item_ids.is_empty() && runs.len() > 1 {
        return Err(Error::Request {
            problem: "the runs have no items in common".into(),
            hint: "extract the same manifest with every model".into(),
        });
    }
    let outcome = run(&input, settings, task)?;

    let used: Vec<SystemUsed> = runs
        .iter()
        .zip(&taps)
        .zip(&names)
        .map(|((source, tap), name)| SystemUsed {
            name: name.clone(),
            model: ModelUsed {
                taps: vec![(*tap).to_owned()],
                ..source.description.model.clone()
            },
            engine: source.description.engine.clone(),
        })
        .collect();
    let several = runs.len() > 1;
    let mut trust = first.trust()?;
    for (source, name) in runs.iter().zip(&names).skip(1) {
        trust.checks.iter_mut().for_each(|c| {
            c.system.get_or_insert_with(|| names[0].clone());
        });
        let others = source.trust()?.checks.into_iter();
        trust
            .checks
            .extend(others.map(|check| crate::report::Check {
                system: Some(name.clone()),
                ..check
            }));
    }
    chosen.add_to(&mut trust);
    trust.checks.extend(outcome.checks);
    let mut tables: Vec<Table> = outcome.tables;
    tables.push(chosen.table());
    let speakers: BTreeSet<&str> = input.speakers.iter().map(String::as_str).collect();
    let title = match several {
        false => format!(
            "{} {}: {} speakers",
            first.description.model.name,
            taps[0],
            speakers.len()
        ),
        true => format!("{}: {} speakers", names.join(", "), speakers.len()),
    };
    let report = Report {
        schema: SCHEMA.into(),
        probe: "speaker".into(),
        title,
        systems: names,
        summary: outcome.summary,
        warnings: [outcome.warnings, asked.remarks.clone()].concat(),
        provenance: report::provenance(
            &asked.command,
            settings.seed,
            settings_map(settings, &taps, &normalised, asked),
            inputs(runs, asked),
            used,
        ),
        trust,
        tables,
    };
    Ok(SpeakerReport {
        report,
        arrays: outcome.arrays,
    })
}

/// Gives every system its twin's vectors and those of the spectra.
fn with_controls(
    mut input: SpeakerInput,
    chosen: &Chosen<'_>,
    taps: &[&str],
    asked: &Asked,
) -> SpeakerInput {
    for ((at, system), tap) in input.systems.iter_mut().enumerate().zip(taps) {
        if let Some(twin) = asked.twins.get(at) {
            let described = twin.as_ref().ok().map(|run| &run.description.model.name);
            system.controls.push(ControlInput {
                kind: "twin",
                words: described.map_or("the network with random weights".into(), Clone::clone),
                normalise: system.normalise,
                vectors: twin.as_ref().map_err(Clone::clone).and_then(|run| {
                    let (items, vectors) = run.tap(tap).map_err(|e| e.to_string())?;
                    let id = |item: &usize| run.items.get(*item).map_or("", |i| i.id.as_str());
                    let ids: Vec<&str> = items.iter().map(id).collect();
                    chosen.vectors(&ids, &vectors)
                }),
            });
        }
        if let Some(log_mel) = &asked.log_mel {
            system.controls.push(ControlInput {
                kind: "log_mel",
                words: LOG_MEL_WORDS.into(),
                normalise: Normalise::None,
                vectors: log_mel.as_ref().map_err(Clone::clone).and_then(|found| {
                    let ids: Vec<&str> = found.ids.iter().map(String::as_str).collect();
                    chosen.vectors(&ids, &found.vectors)
                }),
            });
        }
    }
    input
}

/// The tap of a run that holds speaker embeddings.
fn tap_of<'a>(source: &'a Run, asked: Option<&'a str>) -> Result<&'a str> {
    let description = &source.description;
    let kind = description.spans.as_ref().map(|s| s.kind);
    if let Some(kind @ (SpanKind::Word | SpanKind::Phone)) = kind {
        return Err(Error::Request {
            problem: format!(
                "the run in `{}` holds {kind}s, and a speaker space is of utterances",
                source.path.display()
            ),
            hint: "extract the same manifest with --spans utterance into another folder".into(),
        });
    }
    let own = description.embedding.as_ref().map(|e| e.tap.as_str());
    asked.or(own).ok_or_else(|| Error::Request {
        problem: format!(
            "the run of `{}` holds no speaker embedding",
            description.model.name
        ),
        hint: format!(
            "choose one with --tap: {}",
            description.model.taps.join(", ")
        ),
    })
}

/// Where the corpus's own folds stand among the columns.
fn fold_column(first: &Run, asked: Option<&str>) -> Result<Option<usize>> {
    let columns = &first.description.items.columns;
    let Some(name) = asked else { return Ok(None) };
    match columns.iter().position(|c| c == name) {
        Some(at) => Ok(Some(at)),
        None => Err(Error::Request {
            problem: format!("the manifest has no column `{name}` to take folds from"),
            hint: format!("it has: {}", columns.join(", ")),
        }),
    }
}

/// Files that were read.
fn inputs(runs: &[Run], asked: &Asked) -> Vec<InputFile> {
    let mut out = report::inputs(runs);
    for twin in asked.twins.iter().flatten() {
        let what = "run description of a random-weight twin";
        out.push(report::described(twin, what));
    }
    out.extend(asked.descriptors.as_ref().and_then(|d| d.file.clone()));
    out
}

/// What the systems are called: their models' names, numbered where they repeat.
fn system_names(runs: &[Run]) -> Vec<String> {
    let mut out: Vec<String> = vec![];
    for source in runs {
        let name = system_name(&source.description.model.name);
        let next = (2..).map(|k| format!("{name}-{k}"));
        let free = std::iter::once(name.clone()).chain(next);
        out.extend(free.take(runs.len() + 1).find(|n| !out.contains(n)));
    }
    out
}

/// Which of a manifest's metadata columns names the speakers.
///
/// # Errors
/// When none does.
pub fn speaker_column(columns: &[String]) -> Result<usize> {
    let found = columns.iter().position(|c| c == "speaker");
    found.ok_or_else(|| Error::Request {
        problem: "the manifest has no `speaker` column".into(),
        hint: format!(
            "it has: {}; add one that names who speaks",
            columns.join(", ")
        ),
    })
}

/// What a system is called in a report: the model's name, or the file's, in letters that a file name
/// may have.
pub fn system_name(model: &str) -> String {
    let name = Path::new(model).file_name().and_then(|n| n.to_str());
    let name = name.unwrap_or(model).trim_end_matches(".onnx");
    let plain = |c: char| match c.is_ascii_alphanumeric() || "_-.".contains(c) {
        true => c,
        false => '_',
    };
    let name: String = name.chars().map(plain).collect();
    match name.trim_start_matches('.') {
        "" => "model".into(),
        name => name.into(),
    }
}

/// Every setting by name, as recorded.
fn settings_map(
    settings: &SpeakerSettings,
    taps: &[&str],
    normalised: &BTreeMap<String, Normalise>,
    asked: &Asked,
) -> BTreeMap<String, serde_json::Value> {
    let mut map = report::settings_map(settings);
    let tap = match taps {
        [one] => (*one).into(),
        all => serde_json::to_value(all).unwrap_or_default(),
    };
    map.insert("tap".into(), tap);
    let first = normalised.values().next();
    let normalise = match first {
        Some(one) if normalised.values().all(|n| n == one) => serde_json::to_value(one),
        _ => serde_json::to_value(normalised),
    };
    map.insert("normalise".into(), normalise.unwrap_or_default());
    if let Some(descriptors) = &asked.descriptors {
        map.insert("descriptors".into(), descriptors.source.clone().into());
    }
    if let Some(folds) = &asked.folds {
        map.insert("fold_column".into(), folds.clone().into());
    }
    map
}
