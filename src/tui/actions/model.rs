//! What the Model screen does: opening models, picking taps, the command that extracts them.

use crate::tui::jobs::Work;
use crate::tui::model::Focus;
use crate::tui::state::{JobKind, Overlay, Remake, State, Tone};
use crate::tui::update::{Effects, start};
use crate::tui::words;

/// Opens the model under the cursor.
pub(crate) fn open(state: &mut State, effects: &mut Effects) {
    let source = state.model.sources.get(state.model.source);
    let Some(name) = source.map(|source| source.name.clone()) else {
        return;
    };
    open_named(state, name, effects);
}

/// Starts opening the model called `name`.
pub(crate) fn open_named(state: &mut State, name: String, effects: &mut Effects) {
    let label = format!("open {name}");
    start(state, JobKind::Model, label, Work::Model(name), effects);
}

pub(crate) fn fold(state: &mut State, _effects: &mut Effects) {
    if let Some(model) = &mut state.model.opened {
        model.fold();
    }
}

pub(crate) fn pick(state: &mut State, _effects: &mut Effects) {
    if let Some(model) = &mut state.model.opened {
        model.pick();
        model.cursor += usize::from(model.row().is_some_and(|row| row.tap().is_some()));
    }
    tell(state);
}

pub(crate) fn pick_shown(state: &mut State, _effects: &mut Effects) {
    if let Some(model) = &mut state.model.opened {
        model.pick_shown();
    }
    tell(state);
}

pub(crate) fn clear(state: &mut State, _effects: &mut Effects) {
    if let Some(model) = &mut state.model.opened {
        model.picked.clear();
    }
    tell(state);
}

fn tell(state: &mut State) {
    let picked = state.model.opened.as_ref().map_or(0, |m| m.picked.len());
    let command = state.key("model.command");
    let text = match picked {
        0 => String::from("no tap picked"),
        n => format!(
            "{} picked; {command} shows the command that extracts them",
            words::count(n, "tap")
        ),
    };
    state.say(Tone::Plain, text);
}

/// The command that extracts the picked taps.
pub(crate) fn command(state: &mut State, _effects: &mut Effects) {
    let Some(model) = &state.model.opened else {
        state.say(Tone::Warn, "no model is open");
        return;
    };
    let name = super::screen::quoted(&model.view.name);
    let chosen = model.chosen();
    if chosen.is_empty() {
        let key = state.key("tap.pick");
        state.say(Tone::Warn, format!("no tap is picked: {key} picks"));
        return;
    }
    let taps: Vec<String> = chosen.into_iter().map(super::screen::quoted).collect();
    state.overlay = Some(Overlay::Remake(Remake {
        title: "Command",
        what: "Extract what is picked (with your manifest):",
        command: format!(
            "phonoscope extract --model {name} --data MANIFEST.tsv --taps {} --out RUN",
            taps.join(" ")
        ),
        also: "This tree as JSON:",
        second: format!("phonoscope models inspect {name} --json"),
    }));
}

pub(crate) fn next_pane(state: &mut State, _effects: &mut Effects) {
    state.model.focus = match state.model.focus {
        Focus::List if state.model.opened.is_some() => Focus::Tree,
        _ => Focus::List,
    };
}
