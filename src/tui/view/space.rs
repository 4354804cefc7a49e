//! Speaker space: scatter, scree and card; heat map; sex, age and labels; figures; voices.

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
    let areas = layout::space(canvas.area(), Room::of(state.size), space);
    super::scatter::draw(state, opened, space, &mut canvas.part(areas.scatter));
    super::scatter::beside(state, opened, space, &mut canvas.part(areas.beside));
    super::scree::draw(state, opened, space, &mut canvas.part(areas.scree));
    super::card::draw(state, opened, space, &mut canvas.part(areas.card));
    super::heat::draw(state, opened, space, &mut canvas.part(areas.heat));
    super::people::sex(state, opened, space, &mut canvas.part(areas.sex));
    super::people::age(state, opened, space, &mut canvas.part(areas.age));
    super::people::labels(state, opened, space, &mut canvas.part(areas.labels));
    super::people::figures(state, opened, space, &mut canvas.part(areas.figures));
    super::voices::list(state, opened, space, &mut canvas.part(areas.voices));
    super::voices::sound(state, opened, space, &mut canvas.part(areas.sound));
}
