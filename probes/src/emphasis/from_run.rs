//! From run folders to an emphasis report.

use std::collections::{BTreeMap, HashMap};

use ndarray::{Array2, Axis};
use phonoscope_analysis::task::Task;
use phonoscope_models::Catalogue;

use super::input::{Edit, EditColumn, EmphasisInput, Part, States, SystemInfo, TapInfo, Version};
use super::log_mel::LOG_MEL;
use super::run_report::report;
use super::{EmphasisSettings, run};
use crate::error::{Error, Result};
use crate::extract::SpanKind;
use crate::report::{Report, Table};
use crate::speaker::system_name;
use crate::store::{Outcome as Became, Run, RunItem};

/// What is asked of runs.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Patterns of taps, `*` for any characters; by default every tap of a run.
    pub taps: Vec<String>,
    /// Receptive fields in words, by system and tap, where they are known.
    pub fields: BTreeMap<(String, String), String>,
    /// Cautions from before the probe.
    pub remarks: Vec<String>,
    /// Tables made elsewhere, of interventions.
    pub tables: Vec<Table>,
    /// Findings made elsewhere.
    pub findings: Vec<String>,
    /// Recorded as the way to make the report again.
    pub command: String,
}

/// Columns of a manifest without which there are no pairs.
const NEEDED: [&str; 3] = ["pair", "condition", "speaker"];

/// Says before hours of extraction that a manifest holds no pairs.
///
/// # Errors
/// Naming the column that is missing.
pub fn manifest_fits(columns: &[String]) -> Result<()> {
    for needed in NEEDED {
        if !columns.iter().any(|c| c == needed) {
            return Err(Error::Request {
                problem: format!("the manifest has no `{needed}` column"),
                hint: format!(
                    "it has: {}; the probe compares rows of one `pair` and `speaker` whose `condition` begins with \
                     neutral, emphasis or control",
                    columns.join(", ")
                ),
            });
        }
    }
    Ok(())
}

/// What a twin of a model is called.
pub fn twin_name(model: &str, kind: &str) -> String {
    format!("{}-{kind}", system_name(model))
}

/// Probes the residuals of one or more runs over the same manifest. Rows that one of the runs lacks take no part.
///
/// # Errors
/// When the manifest has no pairs, the runs have no rows or taps to compare, or those of the probe.
pub fn from_runs(
    runs: &[Run],
    asked: &Asked,
    settings: &EmphasisSettings,
    task: &Task,
) -> Result<Report> {
    let (input, read) = read(runs, asked)?;
    let outcome = run(&input, &read, settings, task)?;
    report(runs, &input, asked, settings, outcome)
}

/// The rows that all runs have, and where their states are.
pub(crate) fn read<'a>(runs: &'a [Run], asked: &Asked) -> Result<(EmphasisInput, RunStates<'a>)> {
    let Some(first) = runs.first() else {
        return Err(Error::Request {
            problem: "there is no run to probe".into(),
            hint: "give one or more --run".into(),
        });
    };
    manifest_fits(&first.description.items.columns)?;
    if runs.iter().any(|r| {
        r.description
            .spans
            .as_ref()
            .is_some_and(|s| s.kind == SpanKind::Phone)
    }) {
        return Err(Error::Request {
            problem: "a run holds phones, and residuals are of words".into(),
            hint: "extract the same manifest with --spans segment into another folder".into(),
        });
    }
    let systems = systems(runs, asked)?;
    let used: Vec<Vec<usize>> = runs
        .iter()
        .map(|r| {
            (0..r.items.len())
                .filter(|i| r.items[*i].is_used())
                .collect()
        })
        .collect();
    let places: Vec<HashMap<&str, usize>> = runs
        .iter()
        .zip(&used)
        .map(|(run, used)| {
            used.iter()
                .enumerate()
                .map(|(row, i)| (run.items[*i].id.as_str(), row))
                .collect()
        })
        .collect();
    let mut rows: Vec<Vec<usize>> = vec![vec![]; runs.len()];
    let columns = Columns::of(first);
    let mut input = EmphasisInput {
        edits: columns.edits.clone(),
        ..EmphasisInput::default()
    };
    for item in &first.items {
        let skip = |why: String| (item.id.clone(), why);
        if let Became::Skipped { reason, .. } = &item.outcome {
            input.skipped.push(skip(reason.clone()));
            continue;
        }
        let found: Vec<Option<&usize>> =
            places.iter().map(|ids| ids.get(item.id.as_str())).collect();
        if let Some(at) = found.iter().position(Option::is_none) {
            input.skipped.push(skip(format!(
                "`{}` gave no result for it",
                systems[at].name
            )));
            continue;
        }
        let version = columns.version(item);
        let label = item.span.as_ref().and_then(|s| s.label.as_ref());
        if let (Some(label), Some(word)) = (label, &version.word)
            && !label.eq_ignore_ascii_case(word)
        {
            input
                .skipped
                .push(skip("it is another word of the recording".into()));
            continue;
        }
        input.versions.push(version);
        for (rows, at) in rows.iter_mut().zip(found) {
            rows.extend(at);
        }
    }
    if input.versions.is_empty() {
        return Err(Error::Request {
            problem: "the runs have no rows in common".into(),
            hint: "extract the same manifest with every model".into(),
        });
    }
    input.systems = systems;
    let states = RunStates {
        runs,
        taps: input
            .systems
            .iter()
            .map(|s| s.taps.iter().map(|t| t.name.clone()).collect())
            .collect(),
        rows,
    };
    mark_silence(&mut input, &states)?;
    Ok((input, states))
}

/// States of runs on disk.
#[derive(Debug)]
pub(crate) struct RunStates<'a> {
    runs: &'a [Run],
    taps: Vec<Vec<String>>,
    /// Rows of each run's taps.
    rows: Vec<Vec<usize>>,
}

impl States for RunStates<'_> {
    fn states(&self, system: usize, tap: usize) -> Result<Array2<f64>> {
        let name = self
            .taps
            .get(system)
            .and_then(|t| t.get(tap))
            .map_or("", String::as_str);
        let (_, values) = self.runs[system].tap(name)?;
        Ok(values.select(Axis(0), &self.rows[system]))
    }
}

/// A span whose log-mel features are all the same holds nothing.
fn mark_silence(input: &mut EmphasisInput, states: &RunStates<'_>) -> Result<()> {
    let Some(at) = input.systems.iter().position(|s| s.part == Part::Baseline) else {
        return Ok(());
    };
    let features = states.states(at, 0)?;
    for (version, row) in input.versions.iter_mut().zip(features.outer_iter()) {
        let (lo, hi) = row
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| {
                (lo.min(*v), hi.max(*v))
            });
        version.silent = hi - lo < 1e-6;
    }
    Ok(())
}

/// Where the manifest's columns are.
struct Columns {
    at: HashMap<String, usize>,
    edits: Vec<EditColumn>,
}

impl Columns {
    fn of(run: &Run) -> Self {
        let names = &run.description.items.columns;
        let at: HashMap<String, usize> = names
            .iter()
            .enumerate()
            .map(|(i, n)| (n.clone(), i))
            .collect();
        let edits = Edit::ALL.map(|edit| {
            let achieved = edit.achieved().into_iter().find(|c| at.contains_key(*c));
            let asked = Some(edit.column()).filter(|c| at.contains_key(*c));
            EditColumn {
                edit,
                column: achieved.or(asked).map(str::to_owned),
                measured: achieved.is_some(),
            }
        });
        Self {
            at,
            edits: edits.into(),
        }
    }

    fn version(&self, item: &RunItem) -> Version {
        let value = |name: &str| {
            self.at
                .get(name)
                .and_then(|at| item.metadata.get(*at).cloned().flatten())
        };
        let span = item
            .span
            .as_ref()
            .and_then(|s| Some(s.end_secs? - s.start_secs?));
        let whole = match &item.outcome {
            Became::Used { duration_secs, .. } => Some(*duration_secs),
            Became::Skipped { .. } => None,
        };
        let number = |column: &EditColumn| {
            let text = value(column.column.as_deref()?)?;
            text.parse::<f64>().ok().filter(|v| v.is_finite())
        };
        let mut edits = [None; Edit::COUNT];
        for (slot, column) in edits.iter_mut().zip(&self.edits) {
            *slot = number(column);
        }
        Version {
            id: item.id.clone(),
            path: item.path.clone(),
            pair: value("pair"),
            condition: value("condition"),
            speaker: value("speaker"),
            word: value("word"),
            source: value("source"),
            length_secs: span.or(whole).filter(|l| *l > 0.0),
            edits,
            silent: false,
        }
    }
}

/// The system of each run.
pub(crate) fn systems(runs: &[Run], asked: &Asked) -> Result<Vec<SystemInfo>> {
    let mut out: Vec<SystemInfo> = vec![];
    for run in runs {
        let description = &run.description;
        let model = &description.model.name;
        let base = model.split(" (").next().unwrap_or(model);
        let (name, part, twin_of) = match &description.twin {
            Some(twin) => {
                let part = if twin.kind == "permuted" {
                    Part::Permuted
                } else {
                    Part::Redrawn
                };
                (twin_name(base, &twin.kind), part, Some(system_name(base)))
            }
            None if model == LOG_MEL => (LOG_MEL.to_owned(), Part::Baseline, None),
            None => (system_name(model), Part::Model, None),
        };
        let name = free(name, &out);
        let fits = |tap: &&String| {
            asked.taps.is_empty()
                || part == Part::Baseline
                || asked.taps.iter().any(|p| phonoscope_models::fits(p, tap))
        };
        let taps: Vec<TapInfo> = description
            .model
            .taps
            .iter()
            .filter(fits)
            .map(|tap| TapInfo {
                name: tap.clone(),
                receptive_field: asked
                    .fields
                    .get(&(name.clone(), tap.clone()))
                    .cloned()
                    .unwrap_or_else(|| "not known from the run folder".into()),
            })
            .collect();
        if taps.is_empty() {
            return Err(Error::Request {
                problem: format!("the run of `{name}` has no such tap"),
                hint: format!("it has: {}", description.model.taps.join(", ")),
            });
        }
        let task = Catalogue::builtin()
            .ok()
            .and_then(|c| Some(words_of_task(c.get(base).ok()?.task)));
        out.push(SystemInfo {
            task: task.filter(|_| part == Part::Model),
            name,
            part,
            twin_of,
            taps,
        });
    }
    Ok(out)
}

fn words_of_task(task: phonoscope_models::Purpose) -> String {
    use phonoscope_models::Purpose;
    match task {
        Purpose::SpeechRecognition => "ASR".into(),
        other => serde_json::to_value(other)
            .ok()
            .and_then(|v| v.as_str().map(|s| s.replace('_', " ")))
            .unwrap_or_default(),
    }
}

/// The name, numbered where it is taken.
fn free(name: String, known: &[SystemInfo]) -> String {
    let taken = |n: &String| known.iter().any(|s| s.name == *n);
    let next = (2..=known.len() + 2).map(|k| format!("{name}-{k}"));
    std::iter::once(name.clone())
        .chain(next)
        .find(|n| !taken(n))
        .unwrap_or(name)
}
