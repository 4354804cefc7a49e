//! Tables of comparisons, of best taps and of single residuals.

use super::compare::{Best, Compared};
use super::design::Design;
use super::input::{Edit, EmphasisInput, SystemInfo};
use super::measure::Point;
use super::sheet::Sheet;
use crate::report::Table;

fn system(systems: &[SystemInfo], at: usize) -> String {
    systems.get(at).map_or(String::new(), |s| s.name.clone())
}

fn tap(systems: &[SystemInfo], at: usize, tap: usize) -> String {
    systems
        .get(at)
        .and_then(|s| s.taps.get(tap))
        .map_or(String::new(), |t| t.name.clone())
}

/// The tasks of two systems, as a label of what is compared.
pub(super) fn label(systems: &[SystemInfo], first: usize, second: usize) -> String {
    let of = |at: usize| {
        systems.get(at).map_or(String::new(), |s| {
            s.task.clone().unwrap_or_else(|| s.part.name().to_owned())
        })
    };
    format!("{} against {}", of(first), of(second))
}

pub(super) fn comparison(rows: &[Compared], systems: &[SystemInfo]) -> Table {
    Sheet::new(rows)
        .key("first", "first system", |r| system(systems, r.first))
        .key("second", "second system", |r| system(systems, r.second))
        .key("measure", "cosine_excess: direction consistency over that of neutral–neutral residuals; the others as in their tables, of emphasis by all cues", |r| r.measure.clone())
        .key("at", "equal relative depth, or the best tap of each, chosen anew in every draw of speakers", |r| {
            r.depth.map_or_else(|| "best taps".into(), |d| format!("depth {d:.2}"))
        })
        .number("depth", "relative depth of the first system's tap", None, |r| r.depth.unwrap_or(f64::NAN))
        .text("first_tap", "tap of the first system", |r| Some(tap(systems, r.first, r.taps[0])))
        .text("second_tap", "tap of the second system: the nearest in relative depth", |r| Some(tap(systems, r.second, r.taps[1])))
        .number("first_value", "figure of the first", None, |r| r.values[0])
        .number("second_value", "figure of the second", None, |r| r.values[1])
        .estimate("difference", "first less second on the same pairs; interval over the same speakers and words left out, or drawn for best taps", None, |r| r.difference)
        .text("label", "what the systems were trained to do", |r| Some(label(systems, r.first, r.second)))
        .table("emphasis_comparison", "Systems compared", "One row for each two systems, measure and depth, paired over the same words: models with each other, and each with its twins and with log-mel features. Best taps are chosen anew in every draw, so their intervals hold the choice.")
}

pub(super) fn best(rows: &[Best], systems: &[SystemInfo]) -> Table {
    Sheet::new(rows)
        .key("system", "model, twin or baseline", |r| system(systems, r.system))
        .key("measure", "as in emphasis_comparison", |r| r.measure.clone())
        .text("tap", "where it is largest", |r| Some(tap(systems, r.system, r.tap)))
        .estimate("value", "the figure there; the tap is chosen anew in every draw", None, |r| r.value)
        .text("chosen", "taps that are best in some draw of speakers, with the share of draws", |r| {
            let each = r.chosen.iter().map(|(t, share)| format!("{} {:.0} %", tap(systems, r.system, *t), share * 100.0));
            Some(each.collect::<Vec<_>>().join(", "))
        })
        .table("emphasis_best", "Best taps", "One row for each system and measure that has a best. Never quote a best tap without the taps that other speakers would have chosen.")
}

/// One row for each residual at the tap shown of each model.
pub(super) fn pairs(
    rows: &[Point],
    design: &Design,
    input: &EmphasisInput,
    systems: &[SystemInfo],
) -> Table {
    let pair = |r: &Point| &design.pairs[r.pair];
    let version = |r: &Point| pair(r).versions[r.condition].and_then(|at| input.versions.get(at));
    let neutral = |r: &Point| input.versions.get(pair(r).neutral);
    let condition = |r: &Point| design.conditions[r.condition].name.clone();
    let mut sheet = Sheet::new(rows)
        .key("system", "model", |r| system(systems, r.system))
        .key("tap", "the tap that residuals are shown at: where the model's direction is most consistent", |r| tap(systems, r.system, r.tap))
        .key("pair", "word token", |r| pair(r).id.clone())
        .key("condition", "what was done to the word", condition)
        .metadata("item", "id of the changed version", |r| version(r).map(|v| v.id.clone()))
        .metadata("neutral_item", "id of the neutral version", |r| neutral(r).map(|v| v.id.clone()))
        .metadata("path", "recording of the changed version, as the manifest names it", |r| version(r).map(|v| v.path.clone()))
        .metadata("neutral_path", "recording of the neutral version", |r| neutral(r).map(|v| v.path.clone()))
        .metadata("word", "the word", |r| neutral(r).and_then(|v| v.word.clone()))
        .metadata("speaker", "who speaks", |r| neutral(r).and_then(|v| v.speaker.clone()))
        .number("along", "step along the direction of emphasis by all cues of other speakers; 1 is the mean step", None, |r| r.along);
    for known in &input.edits {
        let Some(column) = &known.column else {
            continue;
        };
        let (unit, how) = match known.edit {
            Edit::Duration => (None, "ratio of durations of the edited region"),
            Edit::F0 => (Some("st"), "shift of F0"),
            Edit::Level => (Some("dB"), "shift of level"),
        };
        let source = if known.measured {
            "measured"
        } else {
            "asked for"
        };
        let edit = known.edit;
        sheet = sheet.number(column, &format!("{how}, {source}"), unit, move |r| {
            version(r)
                .and_then(|v| v.edits[edit as usize])
                .unwrap_or(f64::NAN)
        });
    }
    let length = move |r: &Point, changed: bool| {
        let of = if changed { version(r) } else { neutral(r) };
        of.and_then(|v| v.length_secs).unwrap_or(f64::NAN)
    };
    sheet
        .number(
            "length_secs",
            "length of the changed word",
            Some("s"),
            move |r| length(r, true),
        )
        .number(
            "neutral_length_secs",
            "length of the neutral word",
            Some("s"),
            move |r| length(r, false),
        )
        .table(
            "emphasis_pairs",
            "Pairs",
            "One row for each word token and condition, at one tap of each model.",
        )
}

pub(super) fn scatter(
    rows: &[Point],
    design: &Design,
    systems: &[SystemInfo],
    shares: &[(usize, [f64; 2])],
) -> Table {
    let words: Vec<String> = shares
        .iter()
        .map(|(s, share)| {
            format!(
                "{}: {:.0} % and {:.0} %",
                system(systems, *s),
                share[0] * 100.0,
                share[1] * 100.0
            )
        })
        .collect();
    Sheet::new(rows)
        .key("system", "model", |r| system(systems, r.system))
        .key("tap", "the tap that residuals are shown at", |r| tap(systems, r.system, r.tap))
        .key("pair", "word token", |r| design.pairs[r.pair].id.clone())
        .key("condition", "what was done to the word", |r| design.conditions[r.condition].name.clone())
        .number("pc1", "score on the first principal component of all residuals", None, |r| r.scores[0])
        .number("pc2", "score on the second", None, |r| r.scores[1])
        .table("emphasis_scatter", "Residuals on two components", &format!("One row for each residual, all conditions decomposed together. Shares of variance: {}.", words.join("; ")))
}
