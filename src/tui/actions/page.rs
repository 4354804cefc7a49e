//! Going from page to page of the Speaker space.

use crate::tui::space::Pane;
use crate::tui::state::{Screen, State};
use crate::tui::update::Effects;

fn go(state: &mut State, pane: Pane) {
    if let Some(space) = state.opened.as_mut().and_then(|o| o.space.as_mut()) {
        space.pane = pane;
        space.anchor = None;
        if state.screen != Screen::Space {
            super::screen::go(state, Screen::Space);
        }
    }
}

pub(crate) fn heat(state: &mut State, _effects: &mut Effects) {
    go(state, Pane::Heat);
}

pub(crate) fn people(state: &mut State, _effects: &mut Effects) {
    go(state, Pane::Sex);
}

pub(crate) fn figures(state: &mut State, _effects: &mut Effects) {
    go(state, Pane::Figures);
}

pub(crate) fn voices(state: &mut State, _effects: &mut Effects) {
    go(state, Pane::Voices);
}
