//! The Quality screen: curves over the layers, systems in one layer, what the distances are ranked
//! against, and the worst utterances.

use phonoscope_probes::report::Table;

use crate::plot::{Scale, significant};
use crate::tui::cell::{MISSING, interval, probability};
use crate::tui::layout::Room;
use crate::tui::opened::Opened;
use crate::tui::quality::{Quality, QualityPane, quality_areas};
use crate::tui::state::State;
use crate::tui::subset;
use crate::tui::words;

use super::canvas::Canvas;
use super::curves;
use super::forest::{self, axis, place};

pub(super) fn draw(state: &State, canvas: &mut Canvas<'_>) {
    let Some(opened) = &state.opened else {
        return super::nothing_open(state, canvas);
    };
    let Some(screen) = &opened.quality else {
        let lacking = "`phonoscope probe quality` makes it from systems and a reference.";
        return forest::nothing(state, "Quality", lacking, true, canvas);
    };
    let areas = quality_areas(canvas.area(), Room::of(state.size), screen.pane);
    layers(state, screen, &mut canvas.part(areas.layers));
    card(state, opened, screen, &mut canvas.part(areas.card));
    systems(state, opened, screen, &mut canvas.part(areas.systems));
    super::criteria::list(state, opened, screen, &mut canvas.part(areas.criteria));
    super::criteria::layers(state, screen, &mut canvas.part(areas.best));
    super::worst::list(state, opened, screen, &mut canvas.part(areas.utterances));
    super::worst::sound(state, opened, screen, &mut canvas.part(areas.sound));
}

fn layers(state: &State, screen: &Quality, canvas: &mut Canvas<'_>) {
    if canvas.width() < 24 || canvas.height() < 6 {
        return;
    }
    let theme = &state.theme;
    let focus = screen.pane == QualityPane::Layers;
    let border = if focus { theme.accent } else { theme.muted };
    let is_criterion = screen.figure == crate::plot::QualityFigure::Criterion;
    let of = match is_criterion {
        true => screen.criteria.get(screen.criterion).map(|c| c.words()),
        false => Some(screen.system_name().to_owned()),
    };
    let above = format!("{}: {}", screen.figure.title(), of.unwrap_or_default());
    let below = format!("{}, {}", screen.model_name(), screen.layer_name());
    let mut inside = canvas.frame(&above, &below, border);
    if screen.curves.is_empty() {
        let lacking = match screen.figure.table() {
            "frame_distances" => "Frames were not measured: that needs `--data`, not `--run`.",
            "criteria" => "No layer has this figure: the criteria say why.",
            _ => "This system has no such figure: too few utterances, or none of other speakers.",
        };
        inside.put(0, 0, lacking, theme.muted);
        return;
    }
    let shown = curves::Shown {
        curves: &screen.curves,
        sign: &|i, _| crate::tui::theme::class_glyph(i),
        has_null: &|_| true,
        null: screen.figure.null().map(str::to_owned),
        here: &|curve, p| curve.system == screen.model_name() && p.tap == screen.layer_name(),
        ends: ["first layer", "last"],
    };
    curves::draw(state, &shown, &mut inside);
}

/// Counts as they are, other numbers with three digits.
fn number(v: f64) -> String {
    match v.fract() == 0.0 && (0.0..1e9).contains(&v) {
        true => words::thousands(v as usize),
        false => significant(v, 3),
    }
}

/// The figures of a row, in words.
struct Row<'a>(&'a Table, usize);

impl Row<'_> {
    fn value(&self, id: &str) -> Option<f64> {
        self.0.column(id)?.value(self.1)
    }

    fn figure(&self, id: &str) -> String {
        let column = self.0.column(id);
        let estimate = column.and_then(|c| c.estimate_at(self.1)).map(interval);
        let number = || self.value(id).map(number);
        estimate
            .or_else(number)
            .unwrap_or_else(|| MISSING.to_owned())
    }

    fn percent(&self, id: &str) -> String {
        let share = self.value(id);
        share.map_or_else(|| MISSING.to_owned(), |v| format!("{:.0} %", 100.0 * v))
    }

    fn p(&self, id: &str) -> String {
        self.value(id)
            .map_or_else(|| MISSING.to_owned(), probability)
    }
}

/// Everything that was measured of the layer under the cursor, and of the system in it.
fn card(state: &State, opened: &Opened, screen: &Quality, canvas: &mut Canvas<'_>) {
    if canvas.width() < 20 || canvas.height() < 4 {
        return;
    }
    let theme = &state.theme;
    let title = format!("{} · {}", screen.layer_name(), screen.system_name());
    let width = usize::from(canvas.width() - 2);
    let height = usize::from(canvas.height() - 2);
    let wrapped: Vec<(bool, String)> = told(opened, screen)
        .into_iter()
        .flat_map(|(heading, text)| {
            let lines = words::wrap(&text, width).into_iter();
            lines.map(move |line| (heading, line))
        })
        .collect();
    let below = super::more_below(wrapped.len(), height);
    let mut inside = canvas.frame(&title, &below, theme.muted);
    for (y, (heading, line)) in (0u16..).zip(wrapped.iter().take(height)) {
        let style = if *heading { theme.heading } else { theme.text };
        inside.put(0, y, line, style);
    }
}

/// Headings and sentences.
fn told(opened: &Opened, screen: &Quality) -> Vec<(bool, String)> {
    let report = &opened.report;
    let find = |id: &str, wanted: &[(&str, &str)]| {
        let table = screen.table(report, id)?;
        let row = subset::where_is(table, wanted).next()?;
        Some((table, row))
    };
    let (layer, system) = (screen.layer_name(), screen.system_name());
    let both = [("layer", layer), ("system", system)];
    let mut out = Vec::new();
    let mut say = |heading: &str, text: Option<String>| {
        out.push((true, heading.to_owned()));
        out.push((false, text.unwrap_or_else(|| String::from("not available"))));
    };
    let of_layer = find("layers", &[("layer", layer)]).map(|(t, r)| Row(t, r));
    let distance = find("distances", &both).map(|(t, r)| Row(t, r));
    say(
        "Distance, and what the same halves of the reference show",
        distance.as_ref().map(|row| {
            let note = row.0.column("note").and_then(|c| c.text_at(row.1));
            if let Some(note) = note {
                return note.to_owned();
            }
            let floor = of_layer.as_ref().map_or_else(|| MISSING.to_owned(), |l| l.figure("floor"));
            format!(
                "normalised W2 {} at equal n {}, floor {floor}, ratio {}, p {} (swapped utterances); {} utterances",
                row.figure("normalised"),
                row.figure("at_half"),
                row.figure("ratio"),
                row.p("p"),
                row.figure("n"),
            )
        }),
    );
    say(
        "Parts of W2²",
        distance.as_ref().map(|row| {
            format!(
                "means {} ({}), covariances {}; sliced W2 {}, Mahalanobis {}",
                row.figure("mean_part"),
                row.percent("mean_share"),
                row.figure("covariance_part"),
                row.figure("sliced"),
                row.figure("mahalanobis"),
            )
        }),
    );
    say(
        "Frames",
        find("frame_distances", &both).map(|(table, r)| {
            let row = Row(table, r);
            format!(
                "normalised W2 {}, floor {}, ratio {}; {} frames",
                row.figure("normalised"),
                row.figure("floor"),
                row.figure("ratio"),
                row.figure("frames"),
            )
        }),
    );
    say(
        "Layer",
        of_layer.as_ref().map(|row| {
            format!(
                "{} wide, {} directions that keep {} of the variance, shrinkage {}",
                row.figure("dim"),
                row.figure("components"),
                row.percent("kept"),
                row.figure("shrinkage"),
            )
        }),
    );
    let matching = find("matching", &both).map(|(t, r)| Row(t, r));
    say(
        "Reference that shares classes, and other",
        matching.map(|row| {
            format!(
                "same {}, other {}, difference {}",
                row.figure("same"),
                row.figure("other"),
                row.figure("difference")
            )
        }),
    );
    out
}

/// Columns of the parts' bar.
const PARTS: u16 = 12;

/// Systems in the layer under the cursor: distance above the floor, its parts, severity and ratings.
fn systems(state: &State, opened: &Opened, screen: &Quality, canvas: &mut Canvas<'_>) {
    if canvas.width() < 30 || canvas.height() < 5 {
        return;
    }
    let theme = &state.theme;
    let focus = screen.pane == QualityPane::Systems;
    let border = if focus { theme.accent } else { theme.muted };
    let rows = usize::from(canvas.height() - 4).max(1);
    let first = (screen.system + 1).saturating_sub(rows);
    let below = super::more_below(screen.systems.len(), first + rows);
    let title = format!(
        "Systems in {}, {}",
        screen.model_name(),
        screen.layer_name()
    );
    let mut inside = canvas.frame(&title, &below, border);
    let Some(table) = screen.table(&opened.report, "distances") else {
        return;
    };
    let of = |system: &str| {
        let mut here = screen.in_layer.iter();
        here.find(|row| subset::is(table, **row, "system", system))
            .map(|row| Row(table, *row))
    };
    let known = opened.report.table(None, "systems");
    let fact = |system: &str| known.map_or_else(String::new, |known| facts(known, system));
    let floor = screen.table(&opened.report, "layers").and_then(|layers| {
        let row = subset::where_is(layers, &[("layer", screen.layer_name())]).next()?;
        layers.column("floor")?.estimate_at(row)
    });
    let ends = screen
        .systems
        .iter()
        .filter_map(|s| of(s)?.0.column("at_half")?.estimate_at(of(s)?.1));
    let ends = ends
        .flat_map(|e| [e.lo, e.hi])
        .chain(floor.map(|f| f.hi))
        .chain([0.0]);
    let Some(scale) = Scale::over(ends).map(|s| s.padded(0.03)) else {
        return;
    };
    let longest = screen
        .systems
        .iter()
        .map(|s| words::width(s))
        .max()
        .unwrap_or(0);
    let label = (longest as u16).saturating_add(2).clamp(8, 22);
    let numbers = 22;
    let parts = 2 + label + numbers;
    let start = parts + PARTS + 2;
    let strip = (inside.width().saturating_sub(start) / 2)
        .max(10)
        .min(inside.width().saturating_sub(start));
    let facts_at = start + strip + 2;
    for (x, head) in [
        (2, "system"),
        (2 + label, "W2 at equal n"),
        (parts, "mean ▓ cov ░"),
        (facts_at, "severity · rating"),
    ] {
        inside.put(x, 0, head, theme.heading);
    }
    inside.put(
        start,
        0,
        &words::left(&axis(scale, strip), usize::from(strip)),
        theme.muted,
    );
    let list = screen.systems.iter().enumerate().skip(first).take(rows);
    for (y, (i, system)) in (1u16..).zip(list) {
        let here = i == screen.system;
        inside.dot(0, y, if here { '>' } else { ' ' }, theme.accent);
        inside.put(
            2,
            y,
            &words::clip(system, usize::from(label - 1)),
            theme.text,
        );
        let Some(row) = of(system) else { continue };
        let away = row.0.column("at_half").and_then(|c| c.estimate_at(row.1));
        let text = match away {
            Some(e) => interval(e),
            None => row.figure("normalised"),
        };
        inside.put(
            2 + label,
            y,
            &words::clip(&text, usize::from(numbers - 1)),
            theme.text,
        );
        if let Some(share) = row.value("mean_share") {
            let mean = (share * f64::from(PARTS)).round() as u16;
            (0..PARTS).for_each(|x| {
                let glyph = if x < mean { '▓' } else { '░' };
                inside.dot(parts + x, y, glyph, theme.series(usize::from(x >= mean)));
            });
        }
        let at = |v: f64| place(scale, v, strip).map(|x| start + x);
        if let Some(e) = away {
            if let (Some(lo), Some(hi)) = (at(e.lo), at(e.hi)) {
                (lo..=hi).for_each(|x| inside.dot(x, y, '─', theme.accent));
            }
            at(e.value)
                .into_iter()
                .for_each(|x| inside.dot(x, y, '●', theme.accent));
        }
        let floors = floor.and_then(|f| at(f.hi));
        floors
            .into_iter()
            .for_each(|x| inside.dot(x, y, '┃', theme.warn));
        inside.put(facts_at, y, &fact(system), theme.text);
        if here && focus {
            inside.tint(y, theme.select);
        }
    }
    let last = inside.height().saturating_sub(1);
    let note =
        "● at equal n, with the band over halves · ┃ upper end of the floor · parts are of W2²";
    inside.put(0, last, note, theme.muted);
}

/// What is known of a system: what was done to it, how much, and how it was rated.
fn facts(known: &Table, system: &str) -> String {
    let Some(row) = subset::where_is(known, &[("system", system)]).next() else {
        return String::new();
    };
    let of = |column: &phonoscope_probes::report::Column| {
        let value = number(column.value(row)?);
        let Some(name) = column.id.strip_prefix("rating_") else {
            return Some(value);
        };
        let rated = known.column(&format!("rated_{name}"));
        let rated = rated.and_then(|c| c.value(row)).map(number);
        let rated = rated.map_or_else(String::new, |n| format!(" (n {n})"));
        Some(format!("{name} {value}{rated}"))
    };
    let columns = known.columns.iter();
    let told = columns.filter(|c| c.id == "severity" || c.id.starts_with("rating_"));
    let found: Vec<String> = told.filter_map(of).collect();
    match found.as_slice() {
        [] => String::from("no rating"),
        found => found.join(" · "),
    }
}
