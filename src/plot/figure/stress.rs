//! Figures of a stress report: bars with their intervals, and what each is held against.

use anyhow::{Context as _, Result};
use phonoscope_probes::report::Report;

use super::{BLUE, Drawn, FAINT, INK, VERMILION, provenance, shorten};
use crate::plot::stress::{StressBar, StressChoice, StressFigure, stress_bars};
use crate::plot::{Anchor, Scale, Svg, significant};

/// Tables whose rows these figures show.
pub(super) const TABLES: [&str; 4] = [
    "stress_accuracy",
    "stress_regions",
    "stress_bands",
    "stress_occlusion",
];

/// Every figure that a report has bars for: of the first composite and group of words, positive
/// relevance.
pub(super) fn of_stress(report: &Report) -> Vec<Drawn> {
    let first = |column: &str| {
        let table = report.table(None, "stress_regions");
        table.and_then(|table| table.column(column)?.text_at(0))
    };
    let choice = StressChoice {
        composite: first("composite").unwrap_or_default(),
        sign: "positive",
        group: first("group").unwrap_or_default(),
    };
    let drawn = StressFigure::ALL.into_iter().filter_map(|figure| {
        let bars = stress_bars(report, figure, choice);
        let file = format!("stress_{}.svg", figure.name());
        (!bars.is_empty()).then(|| (file, bars_of(report, figure, choice)))
    });
    drawn.collect()
}

/// The bars of a figure, one below the other.
///
/// # Errors
/// When the report has none.
fn bars_of(report: &Report, figure: StressFigure, choice: StressChoice<'_>) -> Result<String> {
    let bars = stress_bars(report, figure, choice);
    let ends = bars.iter().flat_map(|bar| {
        let own = [
            bar.rest,
            bar.estimate.value,
            bar.estimate.lo,
            bar.estimate.hi,
        ];
        own.into_iter().chain(bar.baselines.iter().map(|b| b.value))
    });
    let scale = Scale::over(ends)
        .with_context(|| format!("the report has no bars of `{}`", figure.name()))?
        .padded(0.04);
    let (left, top, width, line) = (250.0, 92.0, 400.0, 30.0);
    let bottom = top + line * bars.len() as f64;
    let mut svg = Svg::new(860.0, bottom + 64.0, &report.title, &provenance(report)?);
    let place = |value: f64| left + scale.unit(value) * width;
    svg.text((20.0, 26.0), Anchor::Start, 15.0, INK, &report.title);
    svg.text((20.0, 48.0), Anchor::Start, 13.0, INK, figure.title());
    let which = if figure.is_of_maps() {
        format!(
            "{}, {} relevance, {}",
            choice.composite, choice.sign, choice.group
        )
    } else {
        String::new()
    };
    svg.text((20.0, 66.0), Anchor::Start, 12.0, FAINT, &which);
    for tick in scale.ticks(6) {
        let x = place(tick.value);
        svg.line((x, bottom), (x, bottom + 4.0), INK, 1.0);
        svg.text((x, bottom + 17.0), Anchor::Middle, 11.0, INK, &tick.label);
    }
    svg.line((left, bottom), (left + width, bottom), INK, 1.0);
    for (number, bar) in bars.iter().enumerate() {
        let y = top + line * (number as f64 + 0.5);
        svg.line(
            (place(bar.rest), y - line / 2.0),
            (place(bar.rest), y + line / 2.0),
            FAINT,
            1.0,
        );
        one(&mut svg, bar, y, &place);
        let [value, lo, hi] = told(bar);
        let words = match bar.n {
            Some(n) => format!("{value} [{lo}, {hi}], n = {n}"),
            None => format!("{value} [{lo}, {hi}]"),
        };
        svg.text(
            (left + width + 12.0, y + 4.0),
            Anchor::Start,
            11.0,
            INK,
            &words,
        );
        let label = shorten(&bar.label, 38);
        svg.text((left - 10.0, y + 4.0), Anchor::End, 12.0, INK, &label);
    }
    let note = note(&bars);
    svg.text((20.0, bottom + 50.0), Anchor::Start, 11.0, FAINT, &note);
    Ok(svg.finish())
}

fn told(bar: &StressBar) -> [String; 3] {
    [bar.estimate.value, bar.estimate.lo, bar.estimate.hi].map(|v| significant(v, 3))
}

/// The bar from where nothing is to be seen to its value, its interval, and the signs of what it is
/// held against.
fn one(svg: &mut Svg, bar: &StressBar, y: f64, place: &dyn Fn(f64) -> f64) {
    const HALF: f64 = 6.0;
    let ends = [place(bar.rest), place(bar.estimate.value)];
    let [from, to] = if ends[0] <= ends[1] {
        ends
    } else {
        [ends[1], ends[0]]
    };
    let [value, lo, hi] = told(bar);
    let tip = format!("{}: {value} [{lo}, {hi}]", bar.label);
    svg.rect((from, y - HALF), (to - from, 2.0 * HALF), BLUE, &tip);
    let interval = [bar.estimate.lo, bar.estimate.hi].map(place);
    svg.line((interval[0], y), (interval[1], y), INK, 1.5);
    for x in interval {
        svg.line((x, y - 4.0), (x, y + 4.0), INK, 1.5);
    }
    for baseline in &bar.baselines {
        let x = place(baseline.value);
        svg.line((x, y - HALF - 2.0), (x, y + HALF + 2.0), VERMILION, 1.5);
        let sign = baseline.sign.to_string();
        svg.text((x, y - HALF - 3.0), Anchor::Middle, 9.0, VERMILION, &sign);
    }
}

/// What the signs mean.
fn note(bars: &[StressBar]) -> String {
    let mut words = vec!["bar: trained network, line: interval".to_owned()];
    for baseline in bars.iter().flat_map(|bar| &bar.baselines) {
        let meaning = format!("{} {}", baseline.sign, baseline.name);
        if !words.contains(&meaning) {
            words.push(meaning);
        }
    }
    words.join(" · ")
}
