//! From run folders to a quality report.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ndarray::{Array2, Axis};
use phonoscope_analysis::task::Task;

use super::log_mel::LOG_MEL;
use super::shared::{Shared, number, text};
use super::{FrameSource, LogMelRows, ModelInput, QualityInput, QualitySettings, Rating, run};
use crate::error::{Error, Result};
use crate::extract::SpanKind;
use crate::report::{Check, InputFile, Provenance, Report, SCHEMA, SystemUsed, Trust};
use crate::speaker::system_name;
use crate::store::{Run, RunItem, sha256_hex};

/// What is asked of runs.
#[derive(Default)]
pub struct Asked<'a> {
    /// Patterns of the taps to measure; every tap of a run without.
    pub taps: Vec<String>,
    /// The system that is the reference; by default the one called `reference`.
    pub reference: Option<String>,
    /// Column of the manifest with listeners' ratings, larger better.
    pub rating: String,
    /// Columns to match the reference by; by default `speaker`, `pair` and `text`, where there are such.
    pub matching: Option<Vec<String>>,
    /// A run of DNSMOS over the same manifest, whose predictions stand in for ratings.
    pub dnsmos: Option<Run>,
    /// Log-mel spectra of the same items: the baseline.
    pub log_mel: Option<LogMelRows>,
    /// Runs of the halves of reference utterances, parallel to the runs; their items are `ID/1` and `ID/2`.
    pub halves: Vec<Option<Run>>,
    /// What frames are read with, parallel to the runs; without, only utterance means are measured.
    pub frames: Vec<Option<FrameSource<'a>>>,
    /// Cautions from before the probe.
    pub remarks: Vec<String>,
    /// Recorded as the way to make the report again.
    pub command: String,
}

impl std::fmt::Debug for Asked<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asked")
            .field("reference", &self.reference)
            .field("rating", &self.rating)
            .field("matching", &self.matching)
            .finish_non_exhaustive()
    }
}

/// Columns that the reference is matched by unless others are named.
const MATCHING: [&str; 3] = ["speaker", "pair", "text"];
/// What DNSMOS predicts.
const DNSMOS: [&str; 3] = ["dnsmos_sig", "dnsmos_bak", "dnsmos_ovr"];

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
    let matching = matching(columns, asked)?;
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
    let several = runs.len() > 1;
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
        provenance: Provenance {
            phonoscope: env!("CARGO_PKG_VERSION").into(),
            command: asked.command.clone(),
            seed: settings.seed,
            settings: settings_map(settings, &input),
            inputs: inputs(runs, asked),
            model: used.first().map(|u| u.model.clone()),
            engine: used.first().map(|u| u.engine.clone()),
            systems: if several { used } else { vec![] },
        },
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

/// Which of a manifest's metadata columns names the systems.
///
/// # Errors
/// When none does.
pub fn system_column(columns: &[String]) -> Result<usize> {
    let found = columns.iter().position(|c| c == "system");
    found.ok_or_else(|| Error::Request {
        problem: "the manifest has no `system` column".into(),
        hint: format!(
            "it has: {}; add one that names who or what made each recording, the reference included",
            columns.join(", ")
        ),
    })
}

fn reference_of(shared: &Shared<'_>, system: usize, asked: Option<&str>) -> Result<String> {
    let found: BTreeSet<&str> = shared
        .chosen
        .iter()
        .filter_map(|item| text(item, system))
        .collect();
    let wanted = asked.unwrap_or("reference");
    match found.contains(wanted) {
        true => Ok(wanted.to_owned()),
        false => Err(Error::Request {
            problem: format!("no used item is of system `{wanted}`"),
            hint: format!(
                "name the reference with --reference: {}",
                found.into_iter().take(12).collect::<Vec<_>>().join(", ")
            ),
        }),
    }
}

fn matching(columns: &[String], asked: &Asked<'_>) -> Result<Vec<String>> {
    match &asked.matching {
        None => {
            let there = |name: &&&str| columns.iter().any(|c| c == **name);
            Ok(MATCHING
                .iter()
                .filter(there)
                .map(|n| (*n).to_owned())
                .collect())
        }
        Some(names) => match names.iter().find(|name| !columns.contains(name)) {
            None => Ok(names.clone()),
            Some(missing) => Err(Error::Request {
                problem: format!(
                    "the manifest has no column `{missing}` to match the reference by"
                ),
                hint: format!("it has: {}", columns.join(", ")),
            }),
        },
    }
}

/// Listeners' ratings, then those that stand in for them.
fn ratings(
    shared: &Shared<'_>,
    columns: &[String],
    asked: &Asked<'_>,
    warnings: &mut Vec<String>,
) -> Result<Vec<Rating>> {
    let mut out = vec![];
    match columns.iter().position(|c| *c == asked.rating) {
        None => warnings.push(format!(
            "the manifest has no ratings (column `{}`): nothing here is known to be what listeners hear",
            asked.rating
        )),
        Some(at) => {
            let words = shared.chosen.iter().filter_map(|item| text(item, at));
            let unread = words.filter(|w| number(w).is_none()).count();
            if unread > 0 {
                warnings.push(format!(
                    "{unread} ratings in `{}` are no numbers and count as missing",
                    asked.rating
                ));
            }
            out.push(Rating {
                name: asked.rating.clone(),
                source: format!("column `{}` of the manifest", asked.rating),
                values: shared.chosen.iter().map(|item| text(item, at).and_then(number)).collect(),
            });
        }
    }
    if let Some(source) = &asked.dnsmos {
        let (rows, values) = source.tap("mos")?;
        let by_id: HashMap<&str, usize> = rows
            .iter()
            .enumerate()
            .filter_map(|(row, item)| Some((source.items.get(*item)?.id.as_str(), row)))
            .collect();
        for (column, name) in DNSMOS.into_iter().enumerate().take(values.ncols()) {
            let of = |item: &&RunItem| {
                let row = by_id.get(item.id.as_str())?;
                Some(values[[*row, column]])
            };
            out.push(Rating {
                name: name.into(),
                source: "predicted by DNSMOS P.835, not by listeners".into(),
                values: shared.chosen.iter().map(of).collect(),
            });
        }
        warnings.push(
            "DNSMOS ratings are a network's predictions, trained on noise suppressors: agreement with them is not \
             agreement with listeners"
                .into(),
        );
    }
    Ok(out)
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
    let mut out: Vec<InputFile> = vec![];
    let others = asked.halves.iter().flatten().chain(&asked.dnsmos);
    for source in runs.iter().chain(others) {
        let description = &source.description;
        let manifest = InputFile {
            what: "manifest".into(),
            name: description.items.manifest.clone(),
            sha256: description.items.sha256.clone(),
        };
        if !out.contains(&manifest) {
            out.push(manifest);
        }
        let run_json = serde_json::to_string(description).unwrap_or_default();
        out.push(InputFile {
            what: "run description".into(),
            name: "run.json".into(),
            sha256: sha256_hex(run_json.as_bytes()),
        });
    }
    out
}

/// Every setting by name, as recorded.
fn settings_map(
    settings: &QualitySettings,
    input: &QualityInput<'_>,
) -> BTreeMap<String, serde_json::Value> {
    let mut map: BTreeMap<String, serde_json::Value> = serde_json::to_value(settings)
        .ok()
        .and_then(|v| serde_json::from_value(v).ok())
        .unwrap_or_default();
    map.insert("reference".into(), input.reference.clone().into());
    map.insert("matching".into(), input.matching.clone().into());
    let ratings: Vec<String> = input.ratings.iter().map(|r| r.name.clone()).collect();
    map.insert("ratings".into(), ratings.into());
    map
}
