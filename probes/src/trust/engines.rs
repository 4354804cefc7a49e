//! The engine that did not run the items, as a second opinion.

use ndarray::ArrayD;
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

/// Both engines, reading every value of the taps.
pub(super) struct Other<'a> {
    model: &'a Model,
    extractor: &'a Extractor<'a>,
    engine: String,
    reference: Option<Box<dyn Session>>,
    session: std::result::Result<Box<dyn Session>, String>,
    by_tap: ByTap,
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
            inferences: 0,
        })
    }

    /// Adds the differences on one item, relative to the largest value of each tap.
    pub(super) fn compare(&mut self, id: &str, item: &Prepared, task: &Task) -> Result<()> {
        let (Ok(session), Some(reference)) = (&mut self.session, &mut self.reference) else {
            return Ok(());
        };
        let valid = self.extractor.reading().valid(item.placed);
        let feed = self.model.feed(item.features.view(), valid)?;
        let mine: Vec<ArrayD<f32>> = reference.run(&views(&feed), &task.cancel)?;
        self.inferences += 2;
        match session.run(&views(&feed), &task.cancel) {
            Ok(theirs) => {
                let figures = mine.iter().zip(&theirs).map(|(a, b)| relative_arrays(a, b));
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
                _ => format!(
                    "{} gives other activations at {} of {} taps, up to {} of a tap's largest value: \
                     compare only runs of one engine.",
                    self.engine,
                    self.by_tap.above(ENGINES_AGREE),
                    self.by_tap.len(),
                    shown(worst.value)
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
