//! The trust report: what is measured about every run, rather than promised.

mod coverage;
mod difference;
mod engines;
mod frontend;
mod invariance;
mod quantisation;
mod stored;

pub(crate) use coverage::coverage;
pub(crate) use stored::Stored;

use std::sync::Arc;

use phonoscope_analysis::task::Task;
use phonoscope_datasets::Manifest;
use phonoscope_models::Model;
use phonoscope_models::engine::Engine;

use crate::error::Result;
use crate::extract::{Extractor, FrameRange, Prepared, views};
use crate::report::{Check, Coverage, Status};
use crate::store::{ItemRecord, Outcome};
use difference::{Worst, relative_arrays, shown};
use engines::Other;
use invariance::Invariance;

/// Items on which the checks run: few, because each costs several inferences.
const SAMPLE: usize = 4;
/// Those of them on which the costlier checks run.
const COSTLY_SAMPLE: usize = 2;
/// A sampled recording is the shortest of its part of the run that is at least this long.
const SHORTEST_SECS: f64 = 1.0;

/// What is checked.
pub(crate) struct Subject<'a> {
    pub(crate) model: &'a Model,
    pub(crate) engine: &'a dyn Engine,
    pub(crate) extractor: &'a Extractor<'a>,
    pub(crate) manifest: &'a Manifest,
    pub(crate) records: &'a [ItemRecord],
    pub(crate) coverage: &'a Coverage,
    /// What the run holds.
    pub(crate) stored: Stored<'a>,
    /// The engine that did not run the items, or why there is none.
    pub(crate) second_opinion: &'a std::result::Result<Arc<dyn Engine>, String>,
}

/// Largest difference that taps may make, relative to the output's largest value: a tap can keep an
/// engine from fusing two operators, which changes the last bits of a single-precision result.
const TAPS_NEUTRAL: f64 = 1e-5;

/// Measures on a few used items whether the run can be trusted.
///
/// # Errors
/// When the run's own engine fails on an item it read before, or the task is cancelled.
pub(crate) fn check_run(subject: &Subject<'_>, task: &Task) -> Result<Vec<Check>> {
    let &Subject {
        model,
        engine,
        extractor,
        manifest,
        records,
        ..
    } = subject;
    let sample = sample(records);
    task.progress
        .start("checking the run", "items", Some(sample.len() as u64));
    let declared = model.declared_outputs()?;
    let taps = extractor.taps();
    let inner = |tap: &phonoscope_models::Tap| !declared.contains(&tap.tensor);
    let graph_changed = extractor.reading().pools_inside() || taps.iter().any(inner);
    let mut as_run = extractor.open(&[])?;
    let mut bare = model.open(engine, &declared)?;
    let mut tapped = extractor.open(&declared)?;

    let mut repeat = Worst::default();
    let mut neutral = Worst::default();
    let mut stored = subject.stored.check();
    let mut other = Other::open(subject)?;
    let mut invariance = Invariance::new(subject);
    for (place, index) in sample.iter().enumerate() {
        let Some(utterance) = manifest.utterances.get(*index) else {
            continue;
        };
        let id = &utterance.id;
        task.check()?;
        let Some((item, row)) = stored.prepare(extractor, manifest, *index) else {
            task.progress.advance(1);
            continue;
        };
        let mut run = |item: &Prepared| {
            let results = extractor.run(as_run.as_mut(), item, &task.cancel)?;
            results.into_iter().nth(row).transpose()
        };
        if let (Some(once), Some(again)) = (run(&item)?, run(&item)?) {
            repeat.see(
                id,
                difference::absolute_vectors(&once.vectors, &again.vectors),
            );
            stored.compare(*index, id, &once)?;
        }
        // Taps that are outputs anyway leave the graph as it is: there is nothing to compare.
        if graph_changed {
            let whole = extractor.reading().frames(|_| vec![FrameRange::ALL]);
            let (features, placed) = (extractor.looked_at(&item.features), item.placed);
            let feed = model.feed(features.view(), extractor.reading().valid(placed))?;
            let bare = bare.run(&views(&feed), &task.cancel)?;
            let inputs = extractor
                .reading()
                .inputs(model, features, placed, &whole)?;
            let tapped = tapped.run(&views(&inputs), &task.cancel)?;
            let figures = bare.iter().zip(&tapped).map(|(a, b)| relative_arrays(a, b));
            neutral.see(id, figures.fold(0.0, f64::max));
        }
        other.compare(id, &item, task)?;
        if place < COSTLY_SAMPLE {
            invariance.measure(id, utterance, &item, task)?;
        }
        task.progress.advance(1);
    }
    task.progress.finish();
    let n = sample.len();
    let mut checks = vec![
        coverage::check(subject.coverage),
        frontend::check(&model.front_end),
        quantisation::check(model)?,
        determinism(&repeat, n),
        stored.finish(),
        neutrality(&neutral, graph_changed, n),
        other.check(n),
    ];
    checks.extend(invariance.checks());
    Ok(checks)
}

fn determinism(repeat: &Worst, n: usize) -> Check {
    let status = repeat.status(0.0, Status::Fail);
    Check {
        id: "determinism".into(),
        meaning: "largest difference of any stored value when the same item runs twice in one session"
            .into(),
        status,
        verdict: match status {
            Status::Pass => format!("The same item gives the same bits again, on {n} items."),
            Status::NotRun => "Not measured: no item was read.".into(),
            _ => "The same item gives other numbers when it runs again: differences below the figure \
                  mean nothing."
                .into(),
        },
        value: repeat.measured(),
        threshold: Some(0.0),
        n,
        detail: repeat.detail(),
        inferences: 2 * n,
        ..Check::default()
    }
}

fn neutrality(neutral: &Worst, graph_changed: bool, n: usize) -> Check {
    let status = neutral.status(TAPS_NEUTRAL, Status::Warn);
    Check {
        id: "tap_neutrality".into(),
        meaning:
            "largest difference of the model's own outputs, with taps against without, relative \
                  to the output's largest value"
                .into(),
        status,
        verdict: match (graph_changed, status) {
            (false, _) => "Nothing to measure: only the model's own outputs were read.".into(),
            (_, Status::NotRun) => "Not measured: no item was read.".into(),
            (_, Status::Pass) if neutral.value == 0.0 => {
                format!("Taps did not change the model: outputs are bit-identical on {n} items.")
            }
            (_, Status::Pass) => format!(
                "Taps moved the model's outputs by {} of their largest value, which is rounding.",
                shown(neutral.value)
            ),
            _ => format!(
                "Taps changed the model's outputs by {} of their largest value: the engine computes \
                 the tapped graph another way (fused or quantised operators), so activations are those \
                 of a slightly different model.",
                shown(neutral.value)
            ),
        },
        value: neutral.measured(),
        threshold: Some(TAPS_NEUTRAL),
        n: if graph_changed { n } else { 0 },
        detail: if graph_changed {
            neutral.detail()
        } else {
            "every tap is an output of the model: nothing was added to its graph".into()
        },
        inferences: if graph_changed { 2 * n } else { 0 },
        ..Check::default()
    }
}

/// A used item from each of as many equal parts of the run: the shortest that is not very short, for
/// the sake of time.
fn sample(records: &[ItemRecord]) -> Vec<usize> {
    let used: Vec<(usize, f64)> = records
        .iter()
        .filter_map(|r| match r.outcome {
            Outcome::Used { duration_secs, .. } => Some((r.index, duration_secs)),
            Outcome::Skipped { .. } => None,
        })
        .collect();
    let parts = SAMPLE.min(used.len());
    let part = |i: usize| used.get(i * used.len() / parts..(i + 1) * used.len() / parts);
    let too_short = |secs: f64| secs < SHORTEST_SECS;
    (0..parts)
        .filter_map(|i| {
            let key = |(_, secs): &&(usize, f64)| {
                (
                    too_short(*secs),
                    if too_short(*secs) { -secs } else { *secs },
                )
            };
            let best = part(i)?.iter().min_by(|a, b| {
                let ((a_short, a), (b_short, b)) = (key(a), key(b));
                a_short.cmp(&b_short).then(a.total_cmp(&b))
            });
            best.map(|(index, _)| *index)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Cause;

    #[test]
    fn the_sample_is_spread_over_used_items_and_prefers_short_ones() {
        let used = |index, duration_secs| ItemRecord {
            index,
            outcome: Outcome::Used {
                duration_secs,
                audio_sha256: String::new(),
                spans: vec![],
            },
            not_finite: 0,
        };
        let skipped = |index| ItemRecord {
            index,
            outcome: Outcome::Skipped {
                reason: String::new(),
                cause: Cause::Recording,
            },
            not_finite: 0,
        };
        let equal: Vec<ItemRecord> = (0..100).map(|i| used(i, 2.0)).collect();
        assert_eq!(sample(&equal), [0, 25, 50, 75]);
        assert_eq!(sample(&[skipped(0), used(1, 2.0)]), [1]);
        assert!(sample(&[skipped(0)]).is_empty());
        let secs = [9.0, 0.5, 4.0, 7.0, 0.2, 0.5, 3.0, 2.0];
        let mixed: Vec<ItemRecord> = (0..8).map(|i| used(i, secs[i])).collect();
        assert_eq!(sample(&mixed), [0, 2, 5, 7]);
    }
}
