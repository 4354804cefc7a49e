//! What keys do on the Quality screen.

use std::sync::Arc;

use phonoscope_probes::report::Report;

use crate::plot::QualityFigure;
use crate::tui::corpus::Corpus;
use crate::tui::jobs::Work;
use crate::tui::msg::Outcome;
use crate::tui::quality::{Quality, QualityPane, Worst};
use crate::tui::sought::{Told, seek};
use crate::tui::state::{Screen, State};
use crate::tui::update::Effects;

use super::motion::{next_of, turned};

fn change(state: &mut State, f: impl FnOnce(&mut Quality, &Report)) {
    if let Some(opened) = &mut state.opened
        && let Some(screen) = &mut opened.quality
    {
        f(screen, &opened.report);
    }
}

/// Moves the cursor of the pane that has the keys; `step` moves a place among so many, up and down or
/// sideways.
pub(crate) fn walk(state: &mut State, step: impl Fn(usize, usize, bool) -> usize) {
    change(state, |screen, report| match screen.pane {
        // Every way leads through the layers.
        QualityPane::Layers => {
            let count = screen.layers.len();
            screen.layer = step(step(screen.layer, count, false), count, true);
            screen.show(report);
        }
        QualityPane::Systems => {
            screen.system = step(screen.system, screen.systems.len(), false);
            screen.layer = step(screen.layer, screen.layers.len(), true);
            screen.show(report);
        }
        QualityPane::Best => {
            screen.criterion = step(screen.criterion, screen.criteria.len(), false);
            screen.layer = step(screen.layer, screen.layers.len(), true);
            screen.show(report);
        }
        QualityPane::Worst => {
            let before = screen.utterance;
            screen.utterance = step(before, screen.utterances.len(), false);
            if screen.utterance != before {
                screen.moment = 0;
            }
            let moments = screen.shown().map_or(0, |u| u.moments.len());
            screen.moment = step(screen.moment, moments, true);
        }
    });
}

/// Goes to the next pane or the one before.
pub(crate) fn turn_pane(screen: &mut Quality, by: isize) {
    screen.pane = next_of(&QualityPane::ALL, screen.pane, by);
}

fn turn_figure(state: &mut State, by: isize) {
    change(state, |screen, report| match screen.pane {
        QualityPane::Worst => {
            screen.worst = next_of(&[Worst::Whole, Worst::Moments], screen.worst, by);
            screen.list(report);
        }
        _ => {
            screen.figure = next_of(&QualityFigure::ALL, screen.figure, by);
            screen.show(report);
        }
    });
}

fn turn_system(state: &mut State, by: isize) {
    change(state, |screen, report| {
        screen.system = turned(screen.system, screen.systems.len(), by);
        screen.show(report);
    });
}

fn turn_criterion(state: &mut State, by: isize) {
    change(state, |screen, report| {
        screen.criterion = turned(screen.criterion, screen.criteria.len(), by);
        screen.show(report);
    });
}

fn turn_model(state: &mut State, by: isize) {
    let Some(opened) = &mut state.opened else {
        return;
    };
    let Some(screen) = &mut opened.quality else {
        return;
    };
    let next = turned(screen.model, screen.models.len(), by);
    screen.show_model(&opened.report, next);
    let name = screen.model_name();
    // Tables of the Data screen are then this model's too.
    if let Some(system) = opened.report.systems.iter().position(|s| s == name) {
        opened.show_system(system);
    }
}

pub(crate) fn next_figure(state: &mut State, _effects: &mut Effects) {
    turn_figure(state, 1);
}

pub(crate) fn previous_figure(state: &mut State, _effects: &mut Effects) {
    turn_figure(state, -1);
}

pub(crate) fn next_system(state: &mut State, _effects: &mut Effects) {
    turn_system(state, 1);
}

pub(crate) fn previous_system(state: &mut State, _effects: &mut Effects) {
    turn_system(state, -1);
}

pub(crate) fn next_criterion(state: &mut State, _effects: &mut Effects) {
    turn_criterion(state, 1);
}

pub(crate) fn previous_criterion(state: &mut State, _effects: &mut Effects) {
    turn_criterion(state, -1);
}

pub(crate) fn next_model(state: &mut State, _effects: &mut Effects) {
    turn_model(state, 1);
}

pub(crate) fn previous_model(state: &mut State, _effects: &mut Effects) {
    turn_model(state, -1);
}

/// Plays the utterance under the cursor, or stops what plays.
pub(crate) fn play(state: &mut State, effects: &mut Effects) {
    play_part(state, None, effects);
}

/// Plays the moment under the cursor alone, or stops what plays.
pub(crate) fn play_moment(state: &mut State, effects: &mut Effects) {
    let moment = state.opened.as_ref().and_then(|opened| {
        let screen = opened.quality.as_ref()?;
        let moments = screen.moments(&opened.report);
        moments.get(screen.moment).copied()
    });
    let lacking = || Err(String::from("no moment of this utterance is known"));
    match moment {
        Some(span) => play_part(state, Some(span), effects),
        None => super::voice::play_recording(state, lacking(), "quality.play_moment", effects),
    }
}

/// Plays what was found, or a span of it in seconds after its start.
fn play_part(state: &mut State, span: Option<[f64; 2]>, effects: &mut Effects) {
    let screen = state.opened.as_ref().and_then(|o| o.quality.as_ref());
    let sought = screen.and_then(|s| s.found.as_ref());
    let found = match sought.map(|s| &s.told) {
        Some(Told::Ready(found)) => Ok(found.0.clone()),
        Some(Told::Failed(why)) => Err(why.clone()),
        Some(Told::Pending) => Err(String::from("the recording is being read")),
        None => Err(String::from("no utterance to play")),
    };
    let part = found.map(|mut recording| {
        if let Some([start, end]) = span {
            let from = recording.start_secs.unwrap_or(0.0);
            let last = recording.end_secs.unwrap_or(f64::INFINITY);
            recording.start_secs = Some(from + start);
            recording.end_secs = Some((from + end).min(last));
        }
        recording
    });
    super::voice::play_recording(state, part, "quality.play", effects);
}

/// Has the utterance under the cursor found and drawn, when it is shown.
pub(crate) fn see(state: &mut State, effects: &mut Effects) {
    let shown = state.screen == Screen::Quality;
    let Some(opened) = state.opened.as_mut().filter(|_| shown) else {
        return;
    };
    let corpus = Corpus::of(opened);
    let Some(screen) = opened
        .quality
        .as_mut()
        .filter(|q| q.pane == QualityPane::Worst)
    else {
        return;
    };
    let id = screen.shown().map(|u| u.id.clone());
    let wanted = id.zip(corpus).map(|(id, corpus)| {
        let work = Work::Find(Box::new((corpus, id.clone())));
        (id, work)
    });
    seek(&mut screen.found, wanted, &mut state.next_job, effects);
}

/// Takes in a picture; gives the outcome back where it is of another job.
pub(crate) fn seen(state: &mut State, id: u64, outcome: Outcome) -> Option<Outcome> {
    let screen = state.opened.as_mut().and_then(|o| o.quality.as_mut());
    let sought = screen
        .and_then(|s| s.found.as_mut())
        .filter(|s| s.job == id);
    let Some(sought) = sought else {
        return Some(outcome);
    };
    sought.told = match outcome {
        Outcome::Found(found) => Told::Ready(Arc::new(*found)),
        Outcome::Failed(why) => Told::Failed(why),
        _ => Told::Failed(String::from("stopped")),
    };
    None
}
