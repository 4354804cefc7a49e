//! Speaker space: scatter, scree and the card of one component.

use crate::tui::layout::{self, Room};
use crate::tui::state::State;

use super::canvas::Canvas;

pub(super) fn draw(state: &State, canvas: &mut Canvas<'_>) {
    let Some(opened) = &state.opened else {
        return super::nothing_open(state, canvas);
    };
    let Some(space) = &opened.space else {
        let text = "This report has no speaker space; Data shows its tables.";
        canvas.put(2, 1, text, state.theme.muted);
        return;
    };
    let room = Room::of(state.size);
    let areas = layout::space(canvas.area(), room, space.pane, space.card_rows.len());
    super::scatter::draw(state, opened, space, &mut canvas.part(areas.scatter));
    super::scree::draw(state, opened, space, &mut canvas.part(areas.scree));
    super::card::draw(state, opened, space, &mut canvas.part(areas.card));
}
