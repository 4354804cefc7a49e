//! The engine that did not run the items, as a second opinion.

use ndarray::{ArrayD, ArrayViewD};
use phonoscope_analysis::task::Task;
use phonoscope_models::Model;
use phonoscope_models::engine::Session;

use super::Subject;
use super::difference::{ByTap, relative_arrays, shown};
use crate::error::Result;
use crate::extract::{Extractor, Prepared, views};
use crate::report::{Check, Status};

/// Largest difference between two engines that passes, relative to the tap's largest value. ONNX
/// Runtime and rten were seen to agree to about 1e-5 of it (single precision, other summation order).
const ENGINES_AGREE: f64 = 1e-3;
/// Relative change of the features where engines disagree: about as much as their rounding.
const NUDGE: f32 = 1e-6;
/// Where a nudge on one engine moves a tap by at least this share of what the engines differ by, the network
/// itself magnifies rounding that much.
const OWN_SHARE: f64 = 0.1;

/// Both engines, reading every value of the taps.
pub(super) struct Other<'a> {
    model: &'a Model,
    extractor: &'a Extractor<'a>,
    engine: String,
    reference: Option<Box<dyn Session>>,
    session: std::result::Result<Box<dyn Session>, String>,
    by_tap: ByTap,
    /// How far nudged features move the engine that ran, on the items where engines disagree.
    nudged: ByTap,
    inferences: usize,
}

impl<'a> Other<'a> {
    pub(super) fn open(subject: &Subject<'a>) -> Result<Self> {
        let taps = subject.extractor.taps();
        let tensors: Vec<String> = taps.iter().map(|t| t.tensor.clone()).collect();
        let second = subject.second_opinion;
        let session = second.as_ref().map_err(Clone::clone).and_then(|engine| {
            let session = subject.model.open(engine.as_ref(), &tensors);
            session.map_err(|e| e.to_string())
        });
        let reference = match &session {
            Ok(_) => Some(subject.model.open(subject.engine, &tensors)?),
            Err(_) => None,
        };
        Ok(Self {
            model: subject.model,
            extractor: subject.extractor,
            engine: second
                .as_ref()
                .map_or_else(|_| "the other engine".into(), |e| e.info().to_string()),
            reference,
            session,
            by_tap: ByTap::new(taps.iter().map(|t| t.name.as_str())),
            nudged: ByTap::new(taps.iter().map(|t| t.name.as_str())),
            inferences: 0,
        })
    }

    /// Adds the differences on one item, relative to the largest value of each tap.
    pub(super) fn compare(&mut self, id: &str, item: &Prepared, task: &Task) -> Result<()> {
        let (Ok(session), Some(reference)) = (&mut self.session, &mut self.reference) else {
            return Ok(());
        };
        let valid = self.extractor.reading().valid(item.placed);
        let features = self.extractor.looked_at(&item.features);
        let feed = self.model.feed(features.view(), valid)?;
        let mine: Vec<ArrayD<f32>> = reference.run(&views(&feed), &task.cancel)?;
        self.inferences += 2;
        match session.run(&views(&feed), &task.cancel) {
            Ok(theirs) => {
                let figures = mine.iter().zip(&theirs).map(|(a, b)| relative_arrays(a, b));
                let figures: Vec<f64> = figures.collect();
                if figures.iter().any(|f| *f > ENGINES_AGREE) {
                    let feed = self.model.feed(nudged(features.view()).view(), valid)?;
                    let moved = reference.run(&views(&feed), &task.cancel)?;
                    self.inferences += 1;
                    let own = mine.iter().zip(&moved).map(|(a, b)| relative_arrays(a, b));
                    self.nudged.see(id, own);
                }
                self.by_tap.see(id, figures);
            }
            Err(e) => {
                task.check()?;
                self.session = Err(e.to_string());
            }
        }
        Ok(())
    }

    pub(super) fn check(self, n: usize) -> Check {
        let check = Check {
            id: "engine_agreement".into(),
            meaning:
                "largest difference of any value of a tap to the other engine, relative to the \
                      tap's largest value"
                    .into(),
            threshold: Some(ENGINES_AGREE),
            inferences: self.inferences,
            ..Check::default()
        };
        if let Err(why) = &self.session {
            return Check {
                verdict: "Not measured: there was no second engine to compare with.".into(),
                detail: format!("{} could not run it: {why}", self.engine),
                ..check
            };
        }
        let Some((tap, worst)) = self.by_tap.largest() else {
            return Check {
                verdict: "Not measured: no item was read.".into(),
                detail: "no item to measure on".into(),
                ..check
            };
        };
        let status = worst.status(ENGINES_AGREE, Status::Warn);
        Check {
            status,
            verdict: match status {
                Status::Pass => format!(
                    "{} gives the same activations up to {} of a tap's largest value.",
                    self.engine,
                    shown(worst.value)
                ),
                _ => apart(
                    &self.engine,
                    (self.by_tap.above(ENGINES_AGREE), self.by_tap.len()),
                    worst.value,
                    self.nudged.value(tap),
                ),
            },
            value: Some(worst.value),
            n,
            detail: format!(
                "against {}; worst tap `{tap}`, {}",
                self.engine,
                worst.detail()
            ),
            taps: self.by_tap.figures(),
            ..check
        }
    }
}

/// What is said of engines that differ by `worst` in the worst of some of all taps, where features changed by
/// [`NUDGE`] move that tap by `own` on one engine.
fn apart(engine: &str, (taps, of): (usize, usize), worst: f64, own: Option<f64>) -> String {
    let differs = format!(
        "{engine} gives other activations at {taps} of {of} taps, up to {} of a tap's largest value: compare only \
         runs of one engine.",
        shown(worst)
    );
    match own.filter(|own| *own >= OWN_SHARE * worst) {
        None => differs,
        Some(own) => format!(
            "{differs} The network magnifies rounding: on one engine, features changed by a millionth move the same \
             tap by {}. So this is no sign of a fault in either engine, and single values of such taps mean little.",
            shown(own)
        ),
    }
}

/// The features, every other value larger by [`NUDGE`] of itself and the rest smaller.
fn nudged(features: ArrayViewD<'_, f32>) -> ArrayD<f32> {
    let mut out = features.to_owned();
    for (value, sign) in out.iter_mut().zip([1.0, -1.0].into_iter().cycle()) {
        *value *= 1.0 + sign * NUDGE;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_network_that_magnifies_rounding_is_told_from_engines_that_differ() {
        let of = |own| apart("rten 1", (2, 3), 2.0, own);
        let engines = of(None);
        assert!(engines.contains("2 of 3 taps, up to 2 of"), "{engines}");
        assert_eq!(of(Some(0.01)), engines);
        let network = of(Some(1.5));
        assert!(
            network.starts_with(&engines) && network.contains("by 1.5. So this is no sign"),
            "{network}"
        );
    }

    #[test]
    fn a_nudge_is_a_few_units_in_the_last_place_of_every_value() {
        let x = array![1.0f32, 8.0, -0.25, 0.0].into_dyn();
        let moved = nudged(x.view());
        let steps = x
            .iter()
            .zip(&moved)
            .map(|(a, b)| (b - a) / a.abs().max(0.25));
        for (step, sign) in steps.zip([1.0, -1.0, -1.0, 0.0]) {
            assert!((step - sign * NUDGE).abs() < 0.1 * NUDGE, "{step}");
        }
    }
}
