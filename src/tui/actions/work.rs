//! Starting and stopping work, and leaving for the shell.

use crate::tui::Exit;
use crate::tui::jobs::Work;
use crate::tui::state::{JobKind, JobState, Screen, State, Tone};
use crate::tui::update::{Effect, Effects, open, start};

pub(crate) fn start_demo(state: &mut State, effects: &mut Effects) {
    if state
        .jobs
        .iter()
        .any(|j| j.kind == JobKind::Demo && j.is_running())
    {
        let jobs = state.key("screen.jobs");
        state.say(
            Tone::Warn,
            format!("the demo is running already: {jobs} shows it"),
        );
        return;
    }
    start(
        state,
        JobKind::Demo,
        String::from("demo"),
        Work::Demo,
        effects,
    );
    let jobs = state.key("screen.jobs");
    state.say(
        Tone::Plain,
        format!("the demo has started: {jobs} shows how far it is"),
    );
}

pub(crate) fn open_recent(state: &mut State, effects: &mut Effects) {
    open(state, state.entry, effects);
}

/// Asks job `index` to stop.
pub(super) fn cancel(state: &mut State, index: usize, effects: &mut Effects) {
    let Some(job) = state.jobs.get_mut(index).filter(|j| j.is_running()) else {
        state.say(Tone::Plain, "that job has ended");
        return;
    };
    job.state = JobState::Cancelling;
    effects.push(Effect::Cancel(job.id));
    let text = format!("{}: stopping", job.label);
    state.say(Tone::Warn, text);
}

pub(crate) fn cancel_selected(state: &mut State, effects: &mut Effects) {
    if state.jobs.is_empty() {
        state.say(Tone::Plain, "there is no job");
        return;
    }
    // From other screens, by the palette, the newest running job is meant.
    let newest = state.jobs.iter().rposition(|j| j.is_running());
    let index = if state.screen == Screen::Jobs {
        state.job
    } else {
        newest.unwrap_or(state.job)
    };
    cancel(state, index, effects);
}

/// Ctrl-C: the newest running job first; quits when none runs or it was asked before.
pub(crate) fn interrupt(state: &mut State, effects: &mut Effects) {
    match state
        .jobs
        .iter()
        .rposition(|j| j.state == JobState::Running)
    {
        Some(index) => cancel(state, index, effects),
        None => state.exit = Some(Exit::Interrupted),
    }
}

pub(crate) fn suspend(_state: &mut State, effects: &mut Effects) {
    effects.push(Effect::Suspend);
}

pub(crate) fn redraw(_state: &mut State, effects: &mut Effects) {
    effects.push(Effect::Redraw);
}
