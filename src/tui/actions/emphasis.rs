//! What keys do on the Emphasis screen.

use std::sync::Arc;

use crate::plot::LayerFigure;
use crate::tui::emphasis::{Emphasis, EmphasisPane};
use crate::tui::extremes::{Picture, Sound};
use crate::tui::jobs::Work;
use crate::tui::msg::Outcome;
use crate::tui::opened::Opened;
use crate::tui::sound::Recording;
use crate::tui::state::{Screen, State};
use crate::tui::update::{Effect, Effects};

use super::motion::{next_of, turned};

fn change(state: &mut State, f: impl FnOnce(&mut Emphasis, &phonoscope_probes::report::Report)) {
    if let Some(opened) = &mut state.opened
        && let Some(screen) = &mut opened.emphasis
    {
        f(screen, &opened.report);
    }
}

fn turn_figure(state: &mut State, by: isize) {
    change(state, |screen, report| {
        screen.figure = next_of(&LayerFigure::ALL, screen.figure, by);
        screen.show(report);
    });
}

fn turn_condition(state: &mut State, by: isize) {
    change(state, |screen, report| {
        screen.condition = turned(screen.condition, screen.conditions.len(), by);
        screen.show(report);
    });
}

fn turn_model(state: &mut State, by: isize) {
    change(state, |screen, report| {
        let next = turned(screen.model, screen.models.len(), by);
        screen.show_model(report, next);
    });
}

/// Moves the cursor of the pane that has the keys; `step` moves a place among so many, up and down or sideways.
pub(crate) fn walk(state: &mut State, step: impl Fn(usize, usize, bool) -> usize) {
    change(state, |screen, report| match screen.pane {
        // Every way leads through the layers.
        EmphasisPane::Layers => {
            let count = screen.taps.len();
            screen.tap = step(step(screen.tap, count, false), count, true);
            screen.show(report);
        }
        EmphasisPane::Scatter => {}
        EmphasisPane::Matrix => {
            let Some(grid) = &screen.grid else { return };
            screen.cell.0 = step(screen.cell.0, grid.learnt.len(), false);
            screen.cell.1 = step(screen.cell.1, grid.tested.len(), true);
        }
        EmphasisPane::Pairs => screen.pair = step(screen.pair, screen.pairs.len(), false),
    });
}

/// Goes to the next pane or the one before.
pub(crate) fn turn_pane(screen: &mut Emphasis, by: isize) {
    screen.pane = next_of(&EmphasisPane::ALL, screen.pane, by);
}

pub(crate) fn next_figure(state: &mut State, _effects: &mut Effects) {
    turn_figure(state, 1);
}

pub(crate) fn previous_figure(state: &mut State, _effects: &mut Effects) {
    turn_figure(state, -1);
}

pub(crate) fn next_condition(state: &mut State, _effects: &mut Effects) {
    turn_condition(state, 1);
}

pub(crate) fn previous_condition(state: &mut State, _effects: &mut Effects) {
    turn_condition(state, -1);
}

pub(crate) fn next_model(state: &mut State, _effects: &mut Effects) {
    turn_model(state, 1);
}

pub(crate) fn previous_model(state: &mut State, _effects: &mut Effects) {
    turn_model(state, -1);
}

/// Neutral and changed version of the pair under the cursor, as the report names them.
fn recordings(opened: &Opened) -> Option<[Recording; 2]> {
    let row = opened.emphasis.as_ref()?.row()?;
    let table = opened.report.table(None, "emphasis_pairs")?;
    let of = |id: &str, path: &str| {
        let text = |column: &str| table.column(column).and_then(|c| c.text_at(row));
        Some(Recording {
            id: text(id)?.to_owned(),
            path: text(path)?.into(),
            start_secs: None,
            end_secs: None,
            folders: opened.folders(),
        })
    };
    Some([of("neutral_item", "neutral_path")?, of("item", "path")?])
}

/// Plays the changed version under the cursor, or stops what plays.
pub(crate) fn play(state: &mut State, effects: &mut Effects) {
    play_version(state, 1, effects);
}

/// Plays the neutral version under the cursor, or stops what plays.
pub(crate) fn play_neutral(state: &mut State, effects: &mut Effects) {
    play_version(state, 0, effects);
}

fn play_version(state: &mut State, which: usize, effects: &mut Effects) {
    let found = state.opened.as_ref().and_then(recordings);
    let recording = found.and_then(|both| both.into_iter().nth(which));
    let lacking = || String::from("this report names no recording of that pair");
    super::voice::play_recording(
        state,
        recording.ok_or_else(lacking),
        "emphasis.play",
        effects,
    );
}

/// Has both spectrograms of the pair under the cursor drawn, when they are shown.
pub(crate) fn see(state: &mut State, effects: &mut Effects) {
    let shown = state.screen == Screen::Emphasis;
    let Some(opened) = state.opened.as_mut().filter(|o| {
        shown
            && o.emphasis
                .as_ref()
                .is_some_and(|e| e.pane == EmphasisPane::Pairs)
    }) else {
        return;
    };
    let wanted = recordings(opened);
    let mut next = state.next_job;
    let Some(screen) = &mut opened.emphasis else {
        return;
    };
    let mut wanted = wanted.map_or([None, None], |[a, b]| [Some(a), Some(b)]);
    for (slot, recording) in screen.sounds.iter_mut().zip(&mut wanted) {
        if slot.as_ref().map(|s| &s.recording) == recording.as_ref() {
            continue;
        }
        if let Some(Sound {
            job,
            picture: Picture::Pending,
            ..
        }) = slot
        {
            effects.push(Effect::Cancel(*job));
        }
        *slot = recording.take().map(|recording| {
            let id = next;
            next += 1;
            effects.push(Effect::Start {
                id,
                work: Work::See(Box::new(recording.clone())),
            });
            Sound {
                recording,
                job: id,
                picture: Picture::Pending,
            }
        });
    }
    state.next_job = next;
}

/// Takes in a picture; gives the outcome back where it is of another job.
pub(crate) fn seen(state: &mut State, id: u64, outcome: Outcome) -> Option<Outcome> {
    let screen = state.opened.as_mut().and_then(|o| o.emphasis.as_mut());
    let sound = screen.and_then(|s| s.sounds.iter_mut().flatten().find(|s| s.job == id));
    let Some(sound) = sound else {
        return Some(outcome);
    };
    sound.picture = match outcome {
        Outcome::Seen(picture) => Picture::Ready(Arc::new(*picture)),
        Outcome::Failed(why) => Picture::Failed(why),
        _ => Picture::Failed(String::from("stopped")),
    };
    None
}
