//! Pushing a layer along its direction of emphasis, and reading what later layers make of it.

use std::collections::BTreeSet;

use ndarray::Array1;
use phonoscope_analysis::rng;
use phonoscope_analysis::task::Task;
use phonoscope_datasets::Manifest;
use phonoscope_models::engine::Engine;
use phonoscope_models::{Model, Tap};
use rand::seq::SliceRandom as _;

use super::EmphasisSettings;
use super::design::Design;
use super::direction::{Bench, Null};
use super::from_run::{Asked, RunStates, read};
use super::input::{EmphasisInput, States as _};
use super::learnt::{Learnt, reading_of};
use super::pushed::{READINGS, Row, finding, table};
use super::resampling::Resampling;
use super::spread::Scale;
use crate::error::{Error, Result};
use crate::extract::Rows;
use crate::report::Table;
use crate::store::Run;

/// What is done to the layers.
#[derive(Debug, Clone, PartialEq)]
pub struct InterventionPlan {
    /// The tap that is pushed; by default that of the most consistent direction which has later ones.
    pub tap: Option<String>,
    /// Neutral words to do it on, of speakers that the directions are not learnt on.
    pub items: usize,
    /// Lengths of the push, in mean lengths of the tap's emphasis residuals.
    pub doses: Vec<f64>,
    /// Random directions of length one dose.
    pub random: usize,
}

impl Default for InterventionPlan {
    fn default() -> Self {
        Self {
            tap: None,
            items: 30,
            doses: vec![0.5, 1.0, 2.0],
            random: 20,
        }
    }
}

/// A system whose model is at hand.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// Name in the report.
    pub system: &'a str,
    /// The model.
    pub model: &'a Model,
    /// The taps of its run, in order.
    pub taps: &'a [Tap],
    /// The engine.
    pub engine: &'a dyn Engine,
    /// What a row is.
    pub rows: &'a Rows,
    /// The manifest of its run.
    pub manifest: &'a Manifest,
}

impl std::fmt::Debug for Subject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subject")
            .field("system", &self.system)
            .finish_non_exhaustive()
    }
}

/// What pushing layers did.
#[derive(Debug, Clone, Default)]
pub struct Interventions {
    /// One table, empty of rows where nothing could be pushed.
    pub tables: Vec<Table>,
    /// Findings in sentences.
    pub findings: Vec<String>,
    /// Why a system was left out.
    pub remarks: Vec<String>,
}

/// Adds each subject's direction of emphasis to one of its layers and reads the later ones.
///
/// Directions and read-outs are learnt on the residuals of other speakers than the words pushed.
///
/// # Errors
/// When the runs do not fit, an engine fails, or the task is cancelled. A system that cannot be pushed is a
/// remark.
pub fn intervene(
    runs: &[Run],
    subjects: &[Subject<'_>],
    plan: &InterventionPlan,
    (asked, settings): (&Asked, &EmphasisSettings),
    task: &Task,
) -> Result<Interventions> {
    let (input, states) = read(runs, asked)?;
    let settings = EmphasisSettings {
        nulls: false,
        ..settings.clone()
    };
    let design = Design::new(&input, &settings)?;
    let bench = Bench {
        design: &design,
        settings: &settings,
        resampling: Resampling::new(&design, settings.seed, settings.bootstrap),
        task,
    };
    let (mut rows, mut out) = (vec![], Interventions::default());
    for subject in subjects {
        let Some(system) = input.systems.iter().position(|s| s.name == subject.system) else {
            continue;
        };
        let pushing = Pushing {
            bench: &bench,
            input: &input,
            states: &states,
            subject,
            system,
            plan,
        };
        match pushing.run() {
            Ok(found) => {
                out.findings.extend(finding(&found, settings.level));
                rows.extend(found);
            }
            Err(Error::Request { problem, .. }) => {
                out.remarks
                    .push(format!("{}: no intervention: {problem}", subject.system));
            }
            Err(other) => return Err(other),
        }
    }
    if !rows.is_empty() {
        out.tables.push(table(&rows, plan, settings.level));
    }
    Ok(out)
}

/// One system that is pushed.
pub(super) struct Pushing<'a> {
    pub(super) bench: &'a Bench<'a>,
    pub(super) input: &'a EmphasisInput,
    states: &'a RunStates<'a>,
    pub(super) subject: &'a Subject<'a>,
    pub(super) system: usize,
    pub(super) plan: &'a InterventionPlan,
}

impl Pushing<'_> {
    fn run(&self) -> Result<Vec<Row>> {
        let info = &self.input.systems[self.system];
        let at = match &self.plan.tap {
            Some(name) => info
                .taps
                .iter()
                .position(|t| t.name == *name)
                .ok_or_else(|| refuse(format!("it has no tap `{name}`")))?,
            None => self.most_consistent()?,
        };
        if at + 1 >= info.taps.len() {
            return Err(refuse(format!(
                "`{}` has no later tap to read",
                info.taps[at].name
            )));
        }
        let (pushed, learners) = self.deal()?;
        let learnt: Vec<Learnt> = (at..info.taps.len())
            .map(|tap| self.learn(tap, &learners))
            .collect::<Result<_>>()?;
        let changes = self.changes(at, &pushed, &learnt)?;
        let mut out = vec![];
        for (k, of) in learnt.iter().enumerate() {
            for (r, reading) in READINGS.into_iter().enumerate() {
                let read = |change: &Array1<f64>| reading_of(of, r, change);
                let values = |push: usize| -> Vec<f64> {
                    changes.iter().map(|item| read(&item[push][k])).collect()
                };
                let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
                let doses = self.plan.doses.len();
                let random: Vec<f64> = (doses..doses + self.plan.random)
                    .map(|push| mean(&values(push)))
                    .collect();
                if random.iter().any(|v| !v.is_finite()) {
                    continue;
                }
                for (push, dose) in self.plan.doses.iter().enumerate() {
                    let own = values(push);
                    let figure = self.bench.resampling.mean(&pushed, &own, Scale::Plain);
                    // Random directions are one dose long; other doses are set beside them scaled, as they say.
                    let scale = if reading == "cosine" { 1.0 } else { *dose };
                    let scaled: Vec<f64> = random.iter().map(|v| v * scale).collect();
                    let mut sorted = scaled.clone();
                    sorted.sort_by(f64::total_cmp);
                    out.push(Row {
                        system: info.name.clone(),
                        pushed: info.taps[at].name.clone(),
                        read: info.taps[at + k].name.clone(),
                        dose: *dose,
                        reading,
                        items: own.len(),
                        null: (!scaled.is_empty()).then(|| Null::of(figure.value, &scaled)),
                        null_range: [
                            sorted.first().copied().unwrap_or(f64::NAN),
                            sorted.last().copied().unwrap_or(f64::NAN),
                        ],
                        value: figure,
                    });
                }
            }
        }
        Ok(out)
    }

    /// The tap of the most consistent direction that has a later one.
    fn most_consistent(&self) -> Result<usize> {
        let taps = self.input.systems[self.system].taps.len();
        let main = self.bench.design.main();
        let mut best: Option<(usize, f64)> = None;
        for tap in 0..taps.saturating_sub(1) {
            let states = self.states.states(self.system, tap)?;
            let Some(found) = self.bench.direction(states.view(), main)? else {
                continue;
            };
            let value = found.excess.map_or(found.speaker_out.value, |f| f.value);
            if value.is_finite() && best.is_none_or(|(_, b)| value > b) {
                best = Some((tap, value));
            }
        }
        best.map(|(tap, _)| tap)
            .ok_or_else(|| refuse("no tap but the last has a direction".into()))
    }

    /// Pairs that are pushed, and pairs of other speakers to learn from.
    fn deal(&self) -> Result<(Vec<usize>, Vec<usize>)> {
        let design = self.bench.design;
        let main = design.having(design.main());
        let mut speakers: Vec<usize> = design
            .speakers_of(&main)
            .into_iter()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        speakers.shuffle(&mut rng::stream(
            self.bench.settings.seed,
            "emphasis.intervention",
            0,
        ));
        let (mut pushed, mut taken) = (vec![], BTreeSet::new());
        for speaker in speakers.iter().take(speakers.len() / 2) {
            if pushed.len() >= self.plan.items {
                break;
            }
            taken.insert(*speaker);
            pushed.extend(
                main.iter()
                    .copied()
                    .filter(|p| design.pairs[*p].speaker == *speaker),
            );
        }
        pushed.truncate(self.plan.items);
        let learners: Vec<usize> = main
            .into_iter()
            .filter(|p| !taken.contains(&design.pairs[*p].speaker))
            .collect();
        if pushed.is_empty() || learners.len() < 8 {
            return Err(refuse(
                "there are too few speakers to push some and learn from others".into(),
            ));
        }
        Ok((pushed, learners))
    }

    fn learn(&self, tap: usize, learners: &[usize]) -> Result<Learnt> {
        let states = self.states.states(self.system, tap)?;
        Learnt::of(self.bench.design, self.input, states.view(), learners)
    }
}

pub(super) fn refuse(problem: String) -> Error {
    Error::Request {
        problem,
        hint: "choose another tap with --intervene, or leave it out with --no-intervention".into(),
    }
}
