//! Is emphasis a structured direction in a model's layers?
//!
//! The unit is the emphasis residual: the state of a word's emphasised version less that of its neutral version,
//! made of the same recording. Per tap: whether residuals point the same way, over how many directions they spread,
//! whether they tell how much longer, higher or louder the word became, whether they still tell which word it was,
//! and whether a direction learnt on some speakers, words and cues serves for others without answering to mere
//! rate, pitch and gain. Intervals are over speakers and words, left out in turn with everything fitted anew; all versions
//! of a recording stay on one side of every fold.

mod compare;
mod compare_tables;
mod cosines;
mod design;
mod dimension;
mod direction;
mod edits;
mod ends;
mod findings;
mod from_run;
mod held_out;
mod input;
mod intervene;
mod learnt;
mod log_mel;
mod measure;
mod missing;
mod push;
mod pushed;
mod resampling;
mod run_report;
mod settings;
mod sheet;
mod smooth;
mod spread;
mod sums;
mod tables;
mod transfer;
mod words;

#[cfg(test)]
mod tests;

pub use from_run::{Asked, from_runs, manifest_fits, twin_name};
pub use input::{Edit, EditColumn, EmphasisInput, Part, States, SystemInfo, TapInfo, Version};
pub use intervene::{InterventionPlan, Interventions, Subject, intervene};
pub use log_mel::{LOG_MEL, log_mel_model};
pub use settings::EmphasisSettings;

use phonoscope_analysis::task::Task;

use crate::error::Result;
use crate::report::{Check, Status, Table};
use design::{Design, Kind};
use direction::Bench;
use findings::Story;
use resampling::Resampling;

/// What the probe found.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Findings in sentences.
    pub summary: Vec<String>,
    /// Cautions.
    pub warnings: Vec<String>,
    /// The numbers.
    pub tables: Vec<Table>,
    /// What was measured about the folds.
    pub checks: Vec<Check>,
    /// Versions that take no part: id and reason.
    pub unused: Vec<(String, String)>,
}

/// Runs the probe on states that are read tap by tap.
///
/// # Errors
/// When no word has a neutral and an emphasised version, there are fewer than three speakers, states cannot be
/// read, or the task is cancelled.
pub fn run(
    input: &EmphasisInput,
    states: &dyn States,
    settings: &EmphasisSettings,
    task: &Task,
) -> Result<Outcome> {
    settings.check()?;
    let design = Design::new(input, settings)?;
    let bench = Bench {
        design: &design,
        settings,
        resampling: Resampling::new(&design, settings.seed, settings.bootstrap),
        task,
    };
    let mut found = vec![];
    for (system, info) in input.systems.iter().enumerate() {
        for tap in 0..info.taps.len() {
            task.check()?;
            found.push(measure::measure(
                &bench,
                input,
                (system, tap),
                &states.states(system, tap)?,
            )?);
        }
    }
    let compared = compare::compare(
        &found,
        &input.systems,
        &design,
        (settings, &bench.resampling),
    );
    let best = compare::best_taps(
        &found,
        &input.systems,
        &design,
        (settings, &bench.resampling),
    );
    let story = Story {
        design: &design,
        input,
        settings,
        found: &found,
        compared: &compared,
    };
    let tabled = tables::Tabled {
        design: &design,
        systems: &input.systems,
        settings,
        found: &found,
    };
    let mut tables = tabled.all();
    tables.push(compare_tables::comparison(&compared, &input.systems));
    tables.push(compare_tables::best(&best, &input.systems));
    let (mut points, mut shares) = (vec![], vec![]);
    for (system, info) in input
        .systems
        .iter()
        .enumerate()
        .filter(|(_, s)| s.part == Part::Model)
    {
        let Some(shown) = story.shown(system) else {
            continue;
        };
        debug_assert!(shown.tap < info.taps.len());
        let at = states.states(system, shown.tap)?;
        if let Some((own, share)) = measure::points(&design, (system, shown.tap), &at) {
            points.extend(own);
            shares.push((system, share));
        }
    }
    tables.push(compare_tables::pairs(
        &points,
        &design,
        input,
        &input.systems,
    ));
    tables.push(compare_tables::scatter(
        &points,
        &design,
        &input.systems,
        &shares,
    ));
    tables.retain(|t| t.rows() > 0);
    Ok(Outcome {
        summary: story.summary(),
        warnings: story.warnings(),
        tables,
        checks: vec![leakage(&design)],
        unused: design.unused.clone(),
    })
}

/// Speakers, words and recordings on both sides of a fold, counted in the folds as they were dealt.
fn leakage(design: &Design) -> Check {
    let pairs: Vec<usize> = design.having(design.main());
    let mut shared = 0;
    let mut cells_seen = 0;
    if let Some((split, cells)) = held_out::best_split(design, &pairs) {
        for cell in &cells {
            cells_seen += 1;
            let of = |rows: &[usize],
                      f: &dyn Fn(&design::Pair) -> Option<usize>|
             -> std::collections::BTreeSet<usize> {
                rows.iter()
                    .filter_map(|i| f(&design.pairs[pairs[*i]]))
                    .collect()
            };
            let mut count = |f: &dyn Fn(&design::Pair) -> Option<usize>| {
                shared += of(&cell.train, f).intersection(&of(&cell.test, f)).count();
            };
            count(&|p| Some(p.speaker));
            count(&|p| Some(p.source));
            if split == held_out::Split::Both {
                count(&|p| p.word);
            }
        }
    }
    Check {
        id: "leakage".into(),
        meaning:
            "speakers, recordings and words that stand on both sides of a fold of the regressions"
                .into(),
        status: match (cells_seen, shared) {
            (0, _) => Status::NotRun,
            (_, 0) => Status::Pass,
            _ => Status::Fail,
        },
        verdict: match (cells_seen, shared) {
            (0, _) => "There are too few speakers for folds, so nothing was held out.".into(),
            (_, 0) => "No speaker, recording or word stands on both sides of a fold.".into(),
            (_, n) => format!("{n} speakers, recordings or words stand on both sides of a fold."),
        },
        value: (cells_seen > 0).then_some(shared as f64),
        threshold: Some(0.0),
        n: cells_seen,
        detail: format!(
            "{} speakers, {} words, {} recordings; {} conditions of emphasis",
            design.speakers.len(),
            design.words.len(),
            design.sources,
            design.of_kind(Kind::Emphasis).len()
        ),
        ..Check::default()
    }
}
