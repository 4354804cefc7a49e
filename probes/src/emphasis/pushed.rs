//! What pushing layers did, in a table and in words.

use super::direction::Null;
use super::intervene::InterventionPlan;
use super::sheet::Sheet;
use super::spread::Figure;
use crate::report::Table;

/// What a push is read by at a later tap.
pub(super) const READINGS: [&str; 4] = ["along", "cosine", "duration", "f0"];

/// One reading of one push at one tap.
pub(super) struct Row {
    pub(super) system: String,
    pub(super) pushed: String,
    pub(super) read: String,
    pub(super) dose: f64,
    pub(super) reading: &'static str,
    pub(super) items: usize,
    pub(super) value: Figure,
    pub(super) null: Option<Null>,
    pub(super) null_range: [f64; 2],
}

/// The table of all pushes.
pub(super) fn table(rows: &[Row], plan: &InterventionPlan, level: f64) -> Table {
    Sheet::new(rows)
        .key("system", "model", |r| r.system.clone())
        .key("pushed", "tap that the direction was added to, at every frame", |r| r.pushed.clone())
        .key("read", "tap that was read, the pushed one first", |r| r.read.clone())
        .number("dose", "length of the push, in mean lengths of the tap's emphasis residuals", None, |r| r.dose)
        .key("reading", "along: step along the read tap's own mean emphasis residual, 1 is that residual; cosine: of the change to it; duration, f0: change of a linear read-out of log duration ratio and of the F0 shift in semitones, learnt on residuals", |r| r.reading.into())
        .number("words", "neutral words pushed", None, |r| r.items as f64)
        .estimate("value", "mean over words", None, |r| r.value.estimate(level, (f64::NEG_INFINITY, f64::INFINITY)))
        .number("random_mean", "control: mean over random directions of the same length", None, |r| r.null.map_or(f64::NAN, |n| n.mean))
        .number("random_lo", "control: smallest of them", None, |r| r.null_range[0])
        .number("random_hi", "control: largest of them", None, |r| r.null_range[1])
        .number("p", "(1 + b) / (1 + B): random directions that move the reading as far", None, |r| r.null.map_or(f64::NAN, |n| n.p))
        .table("emphasis_intervention", "Layers pushed along emphasis", &format!(
            "One row for each system, tap read, dose and reading. Directions and read-outs were learnt on other \
             speakers than the words pushed. {} random directions were run at dose 1; beside other doses they stand \
             scaled.", plan.random))
}

/// What the last tap makes of one dose.
pub(super) fn finding(rows: &[Row], level: f64) -> Option<String> {
    let last = rows.last()?;
    let of = |reading: &str| {
        let own =
            |r: &&Row| r.read == last.read && r.reading == reading && (r.dose - 1.0).abs() < 1e-9;
        let row = rows.iter().find(own)?;
        let e = row
            .value
            .estimate(level, (f64::NEG_INFINITY, f64::INFINITY))?;
        Some(format!(
            "{reading} {:.2} [{:.2}, {:.2}] (random directions {:.2} to {:.2})",
            e.value, e.lo, e.hi, row.null_range[0], row.null_range[1]
        ))
    };
    let parts: Vec<String> = READINGS.iter().filter_map(|r| of(r)).collect();
    (!parts.is_empty()).then(|| {
        format!(
            "{}: one mean emphasis added at {} moves {} on {} neutral words: {}.",
            last.system,
            last.pushed,
            last.read,
            last.items,
            parts.join(", ")
        )
    })
}
