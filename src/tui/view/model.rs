//! Model: models at hand, the opened one as a tree, the tap under the cursor.

use phonoscope_models::{Block, Evidence};
use ratatui::style::Style;

use crate::tui::layout::{self, Room};
use crate::tui::model::{Focus, OpenedModel, Row, axes, field, rate};
use crate::tui::state::{JobKind, JobState, State};
use crate::tui::theme::Theme;
use crate::tui::words;

use super::canvas::Canvas;

pub(super) fn draw(state: &State, canvas: &mut Canvas<'_>) {
    let areas = layout::model(canvas.area(), Room::of(state.size), state.model.focus);
    if !areas.list.is_empty() {
        list(state, &mut canvas.part(areas.list));
    }
    if areas.tree.is_empty() {
        return;
    }
    match &state.model.opened {
        Some(model) => {
            tree(state, model, &mut canvas.part(areas.tree));
            card(state, model, &mut canvas.part(areas.card));
        }
        None => nothing(state, &mut canvas.part(areas.tree)),
    }
}

fn border(state: &State, focus: Focus) -> Style {
    if state.model.focus == focus {
        state.theme.accent
    } else {
        state.theme.muted
    }
}

fn list(state: &State, canvas: &mut Canvas<'_>) {
    let theme = &state.theme;
    let sources = &state.model.sources;
    let title = format!("Models ({})", words::thousands(sources.len()));
    let mut inside = canvas.frame(&title, "", border(state, Focus::List));
    if sources.is_empty() {
        inside.put(1, 0, "none known", theme.muted);
    }
    let height = usize::from(inside.height().max(1));
    let first = (state.model.source + 1).saturating_sub(height);
    let shown = sources.iter().enumerate().skip(first).take(height);
    for (y, (i, source)) in (0u16..).zip(shown) {
        let here = i == state.model.source;
        let open = state.model.opened.as_ref();
        let open = open.is_some_and(|model| model.view.name == source.name);
        let sign = match (here, open) {
            (true, true) => ">● ",
            (true, false) => ">  ",
            (false, true) => " ● ",
            (false, false) => "   ",
        };
        let used = inside.put(0, y, sign, theme.accent);
        let used = used + inside.put(used, y, &source.name, theme.text) + 2;
        inside.put(used, y, &source.about, theme.muted);
        if here && state.model.focus == Focus::List {
            inside.tint(y, theme.select);
        }
    }
}

fn nothing(state: &State, canvas: &mut Canvas<'_>) {
    let mut inside = canvas.frame("No model is open", "", state.theme.muted);
    let opening =
        |j: &&crate::tui::state::JobRow| j.kind == JobKind::Model && j.state == JobState::Running;
    let text = match state.jobs.iter().rev().find(opening) {
        Some(job) => format!("{} …", job.label),
        None => format!(
            "{} opens the model under the cursor; one of the catalogue is fetched if need be. Files: phonoscope browse MODEL.onnx",
            state.key("model.open")
        ),
    };
    let width = usize::from(inside.width().saturating_sub(2));
    for (y, line) in (0u16..).zip(words::wrap(&text, width)) {
        inside.put(1, y, &line, state.theme.muted);
    }
}

fn tree(state: &State, model: &OpenedModel, canvas: &mut Canvas<'_>) {
    let theme = &state.theme;
    let picked = match model.picked.len() {
        0 => String::new(),
        n => format!(
            "{} of {} picked",
            n,
            words::count(model.view.taps.len(), "tap")
        ),
    };
    let mut title = model.view.name.clone();
    if !model.filter.is_empty() {
        title.push_str(&format!(" · filter {}", model.filter));
    }
    let mut inside = canvas.frame(&title, &picked, border(state, Focus::Tree));
    if model.rows.is_empty() {
        let why = match (model.view.taps.is_empty(), model.filter.is_empty()) {
            (_, false) => "No tap fits the filter.",
            (true, true) => {
                "Nothing was recognised in this graph; any value can be tapped by its raw name."
            }
            (false, true) => "",
        };
        let width = usize::from(inside.width().saturating_sub(2));
        for (y, line) in (0u16..).zip(words::wrap(why, width)) {
            inside.put(1, y, &line, theme.muted);
        }
    }
    let shown = model.rows.iter().enumerate().skip(model.offset);
    for (y, (i, row)) in (0u16..).zip(shown.take(usize::from(inside.height()))) {
        let here = i == model.cursor;
        inside.dot(0, y, if here { '>' } else { ' ' }, theme.accent);
        match row {
            Row::Block(block) => block_line(theme, model, *block, &mut inside.lines(y, 1)),
            Row::Inside(tap) => tap_line(theme, model, *tap, INDENT, &mut inside.lines(y, 1)),
            Row::Loose(tap) => tap_line(theme, model, *tap, 2, &mut inside.lines(y, 1)),
        }
        if here && state.model.focus == Focus::Tree {
            inside.tint(y, theme.select);
        }
    }
}

fn block_line(theme: &Theme, model: &OpenedModel, place: usize, canvas: &mut Canvas<'_>) {
    let Some(block) = model.view.blocks.get(place) else {
        return;
    };
    let sign = if model.is_folded(place) { '▸' } else { '▾' };
    let used = 2 + canvas.put(2, 0, &format!("{sign} {}", block.name), theme.heading) + 2;
    let picked = model
        .taps_of(place)
        .iter()
        .filter(|tap| model.picked.contains(tap))
        .count();
    let picked = if picked > 0 {
        format!(", {picked} picked")
    } else {
        String::new()
    };
    let text = format!(
        "{} · {} · {}{picked}",
        block.kind.in_words(),
        parameters(block.parameters),
        words::count(block.taps.len(), "tap")
    );
    canvas.put(used, 0, &text, theme.muted);
}

/// Column of a tap that belongs to a block.
const INDENT: u16 = 4;

fn tap_line(theme: &Theme, model: &OpenedModel, place: usize, x: u16, canvas: &mut Canvas<'_>) {
    let Some(tap) = model.view.taps.get(place) else {
        return;
    };
    let mark = if model.picked.contains(&place) {
        "[x] "
    } else {
        "[ ] "
    };
    let used = x + canvas.put(x, 0, mark, theme.accent);
    // Below its block a tap needs only the rest of its name.
    let blocks = model.view.blocks.iter();
    let name = blocks
        .filter(|_| x == INDENT)
        .find_map(|block| {
            tap.name
                .strip_prefix(block.name.as_str())?
                .strip_prefix('.')
        })
        .unwrap_or(&tap.name);
    canvas.put(used, 0, name, theme.text);
    let (shape, rate, field) = (
        axes(tap),
        words::right(&rate(tap, model.view.step_secs), 8),
        words::right(&field(tap, model.view.step_secs), 8),
    );
    // What there is no room for stands on the card.
    let room = usize::from(canvas.width().saturating_sub(used)).saturating_sub(words::width(name));
    let ways = [
        format!("{shape} {rate} {field}"),
        format!("{shape} {rate}"),
        shape,
    ];
    if let Some(text) = ways.iter().find(|text| words::width(text) + 3 <= room) {
        canvas.put_right(1, 0, text, theme.muted);
    }
}

/// `1.77 M weights`.
fn parameters(n: u64) -> String {
    match n {
        0 => "no weights".into(),
        n if n < 10_000 => format!("{} weights", words::thousands(n as usize)),
        n => format!("{:.2} M weights", n as f64 / 1e6),
    }
}

fn card(state: &State, model: &OpenedModel, canvas: &mut Canvas<'_>) {
    let theme = &state.theme;
    let title = match model.row() {
        Some(Row::Block(block)) => model.view.blocks.get(block).map_or("", |b| &b.name),
        Some(Row::Inside(_) | Row::Loose(_)) => model.tap().map_or("", |t| &t.name),
        None => "Model",
    };
    let mut inside = canvas.frame(title, "", theme.muted);
    let width = usize::from(inside.width().saturating_sub(2));
    let lines = match model.row() {
        Some(Row::Block(block)) => model.view.blocks.get(block).map(of_block),
        Some(_) => model.tap().map(|tap| {
            vec![
                tap.meaning.clone(),
                format!("tensor {} {}", tap.tensor, axes(tap)),
                timing(model, tap),
            ]
        }),
        None => None,
    };
    let facts = model
        .view
        .facts
        .iter()
        .map(|(what, words)| format!("{what}: {words}"));
    let hidden = model.view.unreachable.iter();
    let hidden = hidden.map(|value| format!("out of reach: {} ({})", value.name, value.why));
    let all = lines
        .into_iter()
        .flatten()
        .filter(|line| !line.is_empty())
        .chain(model.view.notes.iter().map(|note| format!("! {note}")))
        .chain(facts)
        .chain(hidden);
    let wrapped = all.flat_map(|line| words::wrap(&line, width));
    for (y, line) in (0..inside.height()).zip(wrapped) {
        inside.put(1, y, &line, theme.text);
    }
}

fn of_block(block: &Block) -> Vec<String> {
    let evidence = match block.evidence {
        Evidence::Names => "found by the names of its parts",
        Evidence::Structure => "found by repeated structure",
    };
    vec![format!(
        "{}, {evidence}; {}, {}",
        block.kind.in_words(),
        words::count(block.nodes, "node"),
        parameters(block.parameters)
    )]
}

fn timing(model: &OpenedModel, tap: &phonoscope_models::Tap) -> String {
    let secs = model.view.step_secs;
    if tap.timing.is_none() {
        return "frame rate and receptive field not known".into();
    }
    let seen = match field(tap, secs).as_str() {
        "all" => "the whole input".to_owned(),
        some => some.to_owned(),
    };
    match secs {
        Some(_) => format!("{} frames; a frame sees {seen}", rate(tap, secs)),
        None => format!(
            "a frame for each {} input steps; it sees {seen}",
            rate(tap, secs).trim_start_matches("1 in ")
        ),
    }
}
