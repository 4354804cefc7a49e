//! The trust report: what is measured about every run, rather than promised.

mod coverage;

pub(crate) use coverage::coverage;

use ndarray::ArrayD;
use phonoscope_analysis::task::Task;
use phonoscope_datasets::Manifest;
use std::sync::Arc;

use phonoscope_models::Model;
use phonoscope_models::engine::{Engine, Session};

use crate::error::Result;
use crate::extract::{Extractor, views};
use crate::report::{Check, Status};
use crate::store::{ItemRecord, Outcome};

/// Items on which the checks run: few, because each costs several inferences.
const SAMPLE: usize = 4;

/// Largest difference between two engines that passes, relative to the tap's largest value. ONNX
/// Runtime and rten were seen to agree to about 1e-5 of it (single precision, other summation order).
const ENGINES_AGREE: f64 = 1e-3;

/// What is checked.
pub(crate) struct Subject<'a> {
    pub(crate) model: &'a Model,
    pub(crate) engine: &'a dyn Engine,
    pub(crate) extractor: &'a Extractor<'a>,
    pub(crate) manifest: &'a Manifest,
    pub(crate) records: &'a [ItemRecord],
    /// The engine that did not run the items, or why there is none.
    pub(crate) second_opinion: &'a std::result::Result<Arc<dyn Engine>, String>,
}

/// Largest difference that taps may make, relative to the output's largest value: a tap can keep an
/// engine from fusing two operators, which changes the last bits of a single-precision result.
const TAPS_NEUTRAL: f64 = 1e-5;

/// Measures determinism, tap neutrality and agreement of engines on a few used items.
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
        second_opinion,
    } = subject;
    let sample = sample(records);
    task.progress
        .start("checking the run", "items", Some(sample.len() as u64));
    let declared = model.declared_outputs()?;
    let tapped: Vec<String> = declared
        .iter()
        .cloned()
        .chain(extractor.taps().iter().map(|t| t.tensor.clone()))
        .collect();
    let taps_added = tapped.iter().any(|tensor| !declared.contains(tensor));
    let mut bare = model.open(engine, &declared)?;
    let mut first = model.open(engine, &tapped)?;
    let mut second = model.open(engine, &tapped)?;
    let mut other = Other::open(second_opinion, extractor);

    let mut repeat = Worst::default();
    let mut neutral = Worst::default();
    for index in &sample {
        let Some(utterance) = manifest.utterances.get(*index) else {
            continue;
        };
        task.check()?;
        let feed = model.feed(extractor.features(utterance)?.view(), None)?;
        let mut run = |session: &mut dyn Session| session.run(&views(&feed), &task.cancel);
        let (once, again) = (run(first.as_mut())?, run(second.as_mut())?);
        repeat.see(&utterance.id, absolute(&once, &again));
        repeat.see(&utterance.id, absolute(&once, &run(first.as_mut())?));
        // Taps that are outputs anyway leave the graph as it is: there is nothing to compare.
        if taps_added {
            neutral.see(&utterance.id, relative(&run(bare.as_mut())?, &once));
        }
        let taps = once.get(declared.len()..).unwrap_or_default();
        other.compare(&utterance.id, taps, &mut run);
        task.progress.advance(1);
    }
    task.progress.finish();
    let n = sample.len();
    Ok(vec![
        Check {
            id: "determinism".into(),
            meaning: "largest difference of any value when the same item runs again, in the same \
                      session and in a fresh one"
                .into(),
            status: repeat.verdict(0.0, Status::Fail),
            value: Some(repeat.value),
            threshold: Some(0.0),
            unit: None,
            n,
            detail: repeat.detail(),
            ..Check::default()
        },
        Check {
            id: "tap_neutrality".into(),
            meaning: "largest difference of the model's own outputs, with taps against without, \
                      relative to the output's largest value"
                .into(),
            status: neutral.verdict(TAPS_NEUTRAL, Status::Warn),
            value: taps_added.then_some(neutral.value),
            threshold: Some(TAPS_NEUTRAL),
            unit: None,
            n: if taps_added { n } else { 0 },
            detail: if taps_added {
                neutral.detail()
            } else {
                "every tap is an output of the model: nothing was added to its graph".into()
            },
            ..Check::default()
        },
        other.check(n),
    ])
}

/// Evenly spaced used items.
fn sample(records: &[ItemRecord]) -> Vec<usize> {
    let used: Vec<usize> = records
        .iter()
        .filter(|r| matches!(r.outcome, Outcome::Used { .. }))
        .map(|r| r.index)
        .collect();
    let take = SAMPLE.min(used.len());
    (0..take)
        .filter_map(|i| used.get(i * used.len() / take).copied())
        .collect()
}

/// Largest difference between arrays that stand in the same order, relative to the largest value of
/// each reference.
fn relative(reference: &[ArrayD<f32>], values: &[ArrayD<f32>]) -> f64 {
    let of_each = reference.iter().zip(values).map(|(a, b)| {
        let scale = a.iter().fold(0.0f64, |m, v| m.max(f64::from(v.abs())));
        largest_difference(a, b) / scale.max(f64::MIN_POSITIVE)
    });
    of_each.fold(0.0, f64::max)
}

/// Largest absolute difference between arrays that stand in the same order.
fn absolute(a: &[ArrayD<f32>], b: &[ArrayD<f32>]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| largest_difference(a, b))
        .fold(0.0, f64::max)
}

fn largest_difference(a: &ArrayD<f32>, b: &ArrayD<f32>) -> f64 {
    if a.shape() != b.shape() {
        return f64::INFINITY;
    }
    let differences = a.iter().zip(b).map(|(x, y)| {
        let d = (f64::from(*x) - f64::from(*y)).abs();
        if d.is_nan() && x.to_bits() != y.to_bits() {
            f64::INFINITY
        } else {
            d
        }
    });
    differences.fold(0.0, f64::max)
}

/// The largest figure so far, and where it was seen.
#[derive(Default)]
struct Worst {
    value: f64,
    at: Option<String>,
}

impl Worst {
    fn see(&mut self, id: &str, value: f64) {
        if self.at.is_none() || value > self.value {
            self.value = value.min(f64::MAX);
            self.at = Some(id.to_owned());
        }
    }

    fn verdict(&self, threshold: f64, otherwise: Status) -> Status {
        match &self.at {
            None => Status::NotRun,
            Some(_) if self.value <= threshold => Status::Pass,
            Some(_) => otherwise,
        }
    }

    fn detail(&self) -> String {
        match &self.at {
            None => "no item to measure on".into(),
            Some(_) if self.value == 0.0 => "bit-identical on every sampled item".into(),
            Some(id) => format!("largest on item `{id}`"),
        }
    }
}

/// Runs one item in a session.
type Runner<'a> = dyn FnMut(&mut dyn Session) -> phonoscope_models::Result<Vec<ArrayD<f32>>> + 'a;

/// The engine that did not run the items, as a second opinion.
struct Other {
    engine: String,
    session: std::result::Result<Box<dyn Session>, String>,
    worst: Worst,
}

impl Other {
    fn open(
        engine: &std::result::Result<Arc<dyn Engine>, String>,
        extractor: &Extractor<'_>,
    ) -> Self {
        let name = engine
            .as_ref()
            .map_or_else(|_| "the other engine".into(), |e| e.info().to_string());
        let session = engine
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|e| extractor.open(Some(e.as_ref())).map_err(|e| e.to_string()));
        Self {
            engine: name,
            session,
            worst: Worst::default(),
        }
    }

    /// Adds the difference on one item, relative to the largest value of each tap.
    fn compare(&mut self, id: &str, reference: &[ArrayD<f32>], run: &mut Runner<'_>) {
        let Ok(session) = &mut self.session else {
            return;
        };
        match run(session.as_mut()) {
            Ok(values) => {
                self.worst.see(id, relative(reference, &values));
            }
            Err(e) => self.session = Err(e.to_string()),
        }
    }

    fn check(self, n: usize) -> Check {
        let (status, value, detail) = match &self.session {
            Ok(_) => (
                self.worst.verdict(ENGINES_AGREE, Status::Warn),
                Some(self.worst.value),
                format!("against {}; {}", self.engine, self.worst.detail()),
            ),
            Err(why) => (
                Status::NotRun,
                None,
                format!("{} could not run it: {why}", self.engine),
            ),
        };
        Check {
            id: "engine_agreement".into(),
            meaning: "largest difference to the other engine, relative to the tap's largest value"
                .into(),
            status,
            value,
            threshold: Some(ENGINES_AGREE),
            unit: None,
            n: if value.is_some() { n } else { 0 },
            detail,
            ..Check::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn differences_count_shapes_and_nans() {
        let one = |x: ArrayD<f32>| [x];
        let a = one(array![1.0f32, 2.0].into_dyn());
        assert_eq!(absolute(&a, &a), 0.0);
        assert_eq!(absolute(&a, &one(array![1.0f32, 4.0].into_dyn())), 2.0);
        assert_eq!(absolute(&a, &one(array![1.0f32].into_dyn())), f64::INFINITY);
        assert_eq!(
            absolute(&a, &one(array![1.0f32, f32::NAN].into_dyn())),
            f64::INFINITY
        );
    }

    #[test]
    fn the_sample_is_spread_over_used_items() {
        let used = |index| ItemRecord {
            index,
            outcome: Outcome::Used {
                duration_secs: 1.0,
                audio_sha256: String::new(),
            },
            not_finite: 0,
        };
        let skipped = |index| ItemRecord {
            index,
            outcome: Outcome::Skipped {
                reason: String::new(),
            },
            not_finite: 0,
        };
        assert_eq!(
            sample(&(0..100).map(used).collect::<Vec<_>>()),
            [0, 25, 50, 75]
        );
        assert_eq!(sample(&[skipped(0), used(1)]), [1]);
        assert!(sample(&[skipped(0)]).is_empty());
    }
}
