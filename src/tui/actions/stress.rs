//! What keys do on the Stress screen.

use std::sync::Arc;

use phonoscope_probes::report::{Report, Table};

use crate::plot::StressFigure;
use crate::tui::corpus::Corpus;
use crate::tui::jobs::Work;
use crate::tui::msg::Outcome;
use crate::tui::opened::Opened;
use crate::tui::sought::{Told, seek};
use crate::tui::state::{Screen, State, Tone};
use crate::tui::stress::{Overlay, Pairs, SANITY, Stress, StressPane, Verdict};
use crate::tui::update::Effects;
use crate::tui::word::{Asked, Sign};
use crate::tui::words;

use super::motion::{next_of, turned};

fn change(state: &mut State, f: impl FnOnce(&mut Stress, &Report)) {
    if let Some(opened) = &mut state.opened
        && let Some(screen) = &mut opened.stress
    {
        f(screen, &opened.report);
    }
}

/// Moves the cursor of the pane that has the keys; `step` moves a place among so many, up and down or
/// sideways.
pub(crate) fn walk(state: &mut State, step: impl Fn(usize, usize, bool) -> usize) {
    change(state, |screen, _| match screen.pane {
        StressPane::Words => screen.word = step(screen.word, screen.words.len(), false),
        StressPane::Bars => screen.bar = step(screen.bar, screen.bars.len(), false),
        StressPane::Sanity => {
            let rows = screen.sanity.as_ref().map_or(0, Table::rows);
            screen.sanity_row = step(screen.sanity_row, rows, false);
        }
        StressPane::Ledger => screen.layer = step(screen.layer, screen.layers.len(), false),
    });
}

/// Goes to the next pane or the one before.
pub(crate) fn turn_pane(screen: &mut Stress, by: isize) {
    screen.pane = next_of(&StressPane::ALL, screen.pane, by);
}

fn turn_figure(state: &mut State, by: isize) {
    change(state, |screen, report| {
        match screen.pane {
            StressPane::Sanity => {
                screen.check = turned(screen.check, SANITY.len(), by);
                screen.sanity_row = 0;
            }
            _ => screen.figure = next_of(&StressFigure::ALL, screen.figure, by),
        }
        screen.show(report);
    });
}

pub(crate) fn next_figure(state: &mut State, _effects: &mut Effects) {
    turn_figure(state, 1);
}

pub(crate) fn previous_figure(state: &mut State, _effects: &mut Effects) {
    turn_figure(state, -1);
}

fn turn_composite(state: &mut State, by: isize) {
    change(state, |screen, report| {
        screen.composite = turned(screen.composite, screen.composites.len(), by);
        screen.show(report);
    });
    let name = state.opened.as_ref().and_then(|o| o.stress.as_ref());
    let name = name.map_or_else(String::new, |s| s.composite_name().to_owned());
    state.say(Tone::Plain, format!("maps by {name}"));
}

pub(crate) fn next_composite(state: &mut State, _effects: &mut Effects) {
    turn_composite(state, 1);
}

pub(crate) fn previous_composite(state: &mut State, _effects: &mut Effects) {
    turn_composite(state, -1);
}

pub(crate) fn next_group(state: &mut State, _effects: &mut Effects) {
    change(state, |screen, report| {
        screen.group = turned(screen.group, screen.groups.len(), 1);
        screen.show(report);
    });
}

pub(crate) fn previous_group(state: &mut State, _effects: &mut Effects) {
    change(state, |screen, report| {
        screen.group = turned(screen.group, screen.groups.len(), -1);
        screen.show(report);
    });
}

pub(crate) fn next_sign(state: &mut State, _effects: &mut Effects) {
    change(state, |screen, report| {
        screen.overlay.sign = next_of(&Sign::ALL, screen.overlay.sign, 1);
        screen.show(report);
    });
    let screen = state.opened.as_ref().and_then(|o| o.stress.as_ref());
    let sign = screen.map_or("", |s| s.overlay.sign.words());
    state.say(Tone::Plain, format!("relevance {sign}"));
}

pub(crate) fn toggle_overlay(state: &mut State, _effects: &mut Effects) {
    change(state, |screen, _| {
        screen.overlay.shown = !screen.overlay.shown;
    });
}

pub(crate) fn toggle_tracks(state: &mut State, _effects: &mut Effects) {
    change(state, |screen, _| {
        screen.overlay.tracks = !screen.overlay.tracks;
    });
}

pub(crate) fn more_opaque(state: &mut State, _effects: &mut Effects) {
    change(state, |screen, _| {
        let overlay = &mut screen.overlay;
        overlay.opacity = (overlay.opacity + 1).min(Overlay::STEPS);
        overlay.shown = true;
    });
}

pub(crate) fn less_opaque(state: &mut State, _effects: &mut Effects) {
    change(state, |screen, _| {
        screen.overlay.opacity = screen.overlay.opacity.saturating_sub(1).max(1);
    });
}

/// Works out the list again after a change of filter.
fn relist(state: &mut State, f: impl FnOnce(&mut Stress)) {
    let Some(opened) = &mut state.opened else {
        return;
    };
    let Some(mut screen) = opened.stress.take() else {
        return;
    };
    f(&mut screen);
    let report = Arc::clone(&opened.report);
    screen.list(&report, |row| opened.leaves_word(row));
    opened.stress = Some(screen);
}

pub(crate) fn next_pairs(state: &mut State, _effects: &mut Effects) {
    relist(state, |screen| {
        screen.pairs = next_of(&[Pairs::All, Pairs::Only, Pairs::Without], screen.pairs, 1);
    });
}

pub(crate) fn next_verdict(state: &mut State, _effects: &mut Effects) {
    relist(state, |screen| {
        let all = [Verdict::Any, Verdict::Right, Verdict::Wrong];
        screen.verdict = next_of(&all, screen.verdict, 1);
    });
}

/// Lists the words of the speaker under the cursor alone, or of all again.
pub(crate) fn only_speaker(state: &mut State, _effects: &mut Effects) {
    let Some(opened) = &mut state.opened else {
        return;
    };
    let Some(row) = opened.stress.as_ref().and_then(Stress::row) else {
        return;
    };
    let voice = opened
        .table_index("stress_items")
        .and_then(|index| opened.voice_of(index, row));
    let Some(voice) = voice else {
        return;
    };
    if opened.selection.count() > 0 {
        opened.selection.clear();
        opened.selection_changed();
        return state.say(Tone::Plain, "words of all speakers");
    }
    opened.select(voice, String::from("the speaker of a word"));
    let name = opened.voices.get(voice).cloned().unwrap_or_default();
    state.say(Tone::Plain, format!("words of {}", words::clip(&name, 30)));
}

/// Row of `stress_items` under the cursor, and that of the other of its pair.
fn rows(opened: &Opened) -> [Option<usize>; 2] {
    let Some(screen) = &opened.stress else {
        return [None, None];
    };
    [screen.row(), screen.other(&opened.report)]
}

/// Plays the word under the cursor, or stops what plays.
pub(crate) fn play(state: &mut State, effects: &mut Effects) {
    play_word(state, 0, effects);
}

/// Plays the other of the minimal pair, or stops what plays.
pub(crate) fn play_other(state: &mut State, effects: &mut Effects) {
    play_word(state, 1, effects);
}

fn play_word(state: &mut State, which: usize, effects: &mut Effects) {
    let screen = state.opened.as_ref().and_then(|o| o.stress.as_ref());
    let sought = screen.and_then(|s| s.seen.get(which)?.as_ref());
    let recording = sought.and_then(|s| s.ready()).map(|w| w.recording.clone());
    let lacking = match sought.map(|s| &s.told) {
        Some(Told::Failed(why)) => why.clone(),
        Some(_) => String::from("the word is being read"),
        None if which == 1 => String::from("no other word differs from this one by stress alone"),
        None => String::from("no word to play"),
    };
    super::voice::play_recording(state, recording.ok_or(lacking), "stress.play", effects);
}

/// Has the word under the cursor and the other of its pair found and explained, when they are shown.
pub(crate) fn see(state: &mut State, effects: &mut Effects) {
    let shown = state.screen == Screen::Stress;
    let Some(opened) = state.opened.as_mut().filter(|_| shown) else {
        return;
    };
    let (rows, corpus) = (rows(opened), Corpus::of(opened));
    let report = Arc::clone(&opened.report);
    let Some(screen) = opened
        .stress
        .as_mut()
        .filter(|s| s.pane == StressPane::Words)
    else {
        return;
    };
    let composite = screen.composite_name().to_owned();
    let asked = |row: usize| {
        let items = report.table(None, "stress_items")?;
        let id = items.column("id")?.text_at(row)?.to_owned();
        let asked = Asked {
            corpus: corpus.clone()?,
            report: Arc::clone(&report),
            id: id.clone(),
            composite: composite.clone(),
        };
        Some((format!("{id} {composite}"), Work::Word(Box::new(asked))))
    };
    for (slot, row) in screen.seen.iter_mut().zip(rows) {
        seek(slot, row.and_then(asked), &mut state.next_job, effects);
    }
}

/// Takes in a word; gives the outcome back where it is of another job.
pub(crate) fn seen(state: &mut State, id: u64, outcome: Outcome) -> Option<Outcome> {
    let screen = state.opened.as_mut().and_then(|o| o.stress.as_mut());
    let sought = screen.and_then(|s| s.seen.iter_mut().flatten().find(|s| s.job == id));
    let Some(sought) = sought else {
        return Some(outcome);
    };
    sought.told = match outcome {
        Outcome::Word(word) => Told::Ready(Arc::new(*word)),
        Outcome::Failed(why) => Told::Failed(why),
        _ => Told::Failed(String::from("stopped")),
    };
    None
}
