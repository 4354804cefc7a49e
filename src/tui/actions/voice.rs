//! Choosing a voice, seeing and hearing it.

use std::sync::Arc;

use crate::tui::extremes::{Picture, Sound};
use crate::tui::jobs::Work;
use crate::tui::msg::Outcome;
use crate::tui::opened::Opened;
use crate::tui::sound::Recording;
use crate::tui::space::Pane;
use crate::tui::state::{JobKind, Screen, State, Tone};
use crate::tui::update::{Effect, Effects, start};

/// The voice under the cursor of the screen shown, by its place among the voices.
fn under_cursor(screen: Screen, opened: &Opened) -> Option<usize> {
    match screen {
        Screen::Data => opened.voice_of(opened.table, opened.current()?.1.row()?),
        Screen::Space => {
            let space = opened.space.as_ref()?;
            let (table, row) = match space.pane {
                Pane::Labels => ("suspicious_labels", space.shown_row()?),
                Pane::Voices => ("speakers", space.extremes.row()?),
                Pane::Scatter => {
                    let reached = space.reached(opened.table_of("speakers")?);
                    ("speakers", *reached.first()?)
                }
                _ => return None,
            };
            opened.voice_of(opened.table_index(table)?, row)
        }
        _ => None,
    }
}

pub(crate) fn select(state: &mut State, _effects: &mut Effects) {
    let screen = state.screen;
    let Some(opened) = &mut state.opened else {
        return;
    };
    let Some(voice) = under_cursor(screen, opened) else {
        state.say(Tone::Warn, "there is no voice under the cursor");
        return;
    };
    let origin = match opened.space.as_ref().map(|s| s.pane) {
        Some(Pane::Labels) => String::from("a label to check"),
        Some(Pane::Voices) => String::from("from the ends of a component"),
        _ => String::from("under the cursor"),
    };
    opened.select(voice, origin);
    super::space::say_selected(state);
}

/// Plays a recording, or says why there is none; stops what plays.
pub(super) fn play_recording(
    state: &mut State,
    found: Result<Recording, String>,
    command: &str,
    effects: &mut Effects,
) {
    let playing = state
        .jobs
        .iter()
        .rposition(|j| j.kind == JobKind::Play && j.is_running());
    if let Some(index) = playing {
        return super::work::cancel(state, index, effects);
    }
    let recording = match found {
        Ok(recording) => recording,
        Err(lacking) => return state.say(Tone::Warn, lacking),
    };
    let label = format!("play {}", recording.id);
    start(
        state,
        JobKind::Play,
        label,
        Work::Play(Box::new(recording)),
        effects,
    );
    let key = state.key(command);
    state.say(Tone::Plain, format!("playing; {key} stops"));
}

/// Plays the voice under the cursor, or the selected one; stops what plays.
pub(crate) fn play(state: &mut State, effects: &mut Effects) {
    let screen = state.screen;
    let Some(opened) = &state.opened else {
        return;
    };
    let found = voice_to_play(screen, opened);
    play_recording(state, found, "voice.play", effects);
}

fn voice_to_play(screen: Screen, opened: &Opened) -> Result<Recording, String> {
    let voice = under_cursor(screen, opened).or_else(|| opened.selection.first());
    let voice = voice.ok_or("no voice to play: put the cursor on one, or select one")?;
    // On the page of voices the recording shown; in a table of recordings the row's own.
    let nth = match (screen, &opened.space) {
        (Screen::Space, Some(space)) if space.pane == Pane::Voices => space.extremes.item,
        (Screen::Data, _) => nth_of_row(opened, voice),
        _ => 0,
    };
    let recording = opened.recording(voice, nth).map(|(recording, _)| recording);
    Ok(recording.ok_or("this report names no recording of that voice")?)
}

/// Which of the voice's recordings the row under the cursor of the table of items is.
fn nth_of_row(opened: &Opened, voice: usize) -> usize {
    let Some((table, view)) = opened.current().filter(|(t, _)| t.id == "items") else {
        return 0;
    };
    let id = view
        .row()
        .and_then(|row| table.column("id").and_then(|c| c.text_at(row)));
    let count = opened.recording(voice, 0).map_or(0, |(_, count)| count);
    let is = |nth: &usize| {
        let recording = opened.recording(voice, *nth);
        recording.is_some_and(|(r, _)| Some(r.id.as_str()) == id)
    };
    (0..count).find(is).unwrap_or(0)
}

fn turn_item(state: &mut State, by: isize) {
    let Some(opened) = &mut state.opened else {
        return;
    };
    let voice = under_cursor(Screen::Space, opened);
    let count = voice.and_then(|voice| Some(opened.recording(voice, 0)?.1));
    let (Some(count), Some(space)) = (count, &mut opened.space) else {
        return;
    };
    let extremes = &mut space.extremes;
    extremes.item = (extremes.item + count).saturating_add_signed(by) % count.max(1);
}

pub(crate) fn next_item(state: &mut State, _effects: &mut Effects) {
    turn_item(state, 1);
}

pub(crate) fn previous_item(state: &mut State, _effects: &mut Effects) {
    turn_item(state, -1);
}

/// The recording that the page of voices should show.
fn wanted(opened: &Opened) -> Option<Recording> {
    let space = opened.space.as_ref().filter(|s| s.pane == Pane::Voices)?;
    let voice = opened.voice_of(opened.table_index("speakers")?, space.extremes.row()?)?;
    Some(opened.recording(voice, space.extremes.item)?.0)
}

/// Has the spectrogram of the voice under the cursor drawn, when its page is shown.
pub(crate) fn see(state: &mut State, effects: &mut Effects) {
    if state.screen != Screen::Space {
        return;
    }
    let id = state.next_job;
    let Some(opened) = &mut state.opened else {
        return;
    };
    let wanted = wanted(opened);
    let Some(space) = opened.space.as_mut().filter(|s| s.pane == Pane::Voices) else {
        return;
    };
    let before = space.extremes.sound.as_ref();
    if before.map(|s| &s.recording) == wanted.as_ref() {
        return;
    }
    if let Some(Sound {
        job,
        picture: Picture::Pending,
        ..
    }) = before
    {
        effects.push(Effect::Cancel(*job));
    }
    space.extremes.sound = wanted.map(|recording| {
        let work = Work::See(Box::new(recording.clone()));
        effects.push(Effect::Start { id, work });
        Sound {
            recording,
            job: id,
            picture: Picture::Pending,
        }
    });
    state.next_job += 1;
}

/// Takes in a picture; gives the outcome back where it is of another job.
pub(crate) fn seen(state: &mut State, id: u64, outcome: Outcome) -> Option<Outcome> {
    let space = state.opened.as_mut().and_then(|o| o.space.as_mut());
    let sound = space.and_then(|s| s.extremes.sound.as_mut());
    let Some(sound) = sound.filter(|s| s.job == id) else {
        return Some(outcome);
    };
    sound.picture = match outcome {
        Outcome::Seen(picture) => Picture::Ready(Arc::new(*picture)),
        Outcome::Failed(why) => Picture::Failed(why),
        _ => Picture::Failed(String::from("stopped")),
    };
    None
}
