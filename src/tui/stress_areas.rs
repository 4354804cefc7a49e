//! Where the panes of the Stress screen are.

use ratatui::layout::{Constraint, Layout, Rect};

use super::layout::Room;
use super::stress::StressPane;

/// The panes; hidden ones are empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StressAreas {
    pub(crate) words: Rect,
    /// The word under the cursor, and the other of its minimal pair.
    pub(crate) pictures: [Rect; 2],
    pub(crate) bars: Rect,
    pub(crate) sanity: Rect,
    pub(crate) ledger: Rect,
}

/// `pair` says whether two words are shown.
pub(crate) fn stress_areas(body: Rect, room: Room, pane: StressPane, pair: bool) -> StressAreas {
    let none = Rect::new(body.x, body.y, 0, 0);
    let mut areas = StressAreas {
        words: none,
        pictures: [none; 2],
        bars: none,
        sanity: none,
        ledger: none,
    };
    let wide = room == Room::All && body.width >= 110 && body.height >= 30;
    let beside = |area: Rect, left| -> [Rect; 2] {
        area.layout(&Layout::horizontal([left, Constraint::Fill(1)]))
    };
    let over = |area: Rect, top| -> [Rect; 2] {
        area.layout(&Layout::vertical([top, Constraint::Fill(1)]))
    };
    let half = Constraint::Fill(1);
    match (pane, room) {
        (StressPane::Words, Room::All) => {
            let [list, pictures] = match wide {
                true => beside(body, Constraint::Length((body.width / 3).clamp(52, 62))),
                false => over(body, Constraint::Length(body.height * 2 / 5)),
            };
            areas.words = list;
            areas.pictures = match (pair, wide && body.width < 160) {
                (false, _) => [pictures, none],
                (true, true) => over(pictures, half),
                (true, false) => beside(pictures, half),
            };
        }
        (StressPane::Words, _) => areas.words = body,
        (_, _) if wide => {
            let [top, bottom] = over(body, half);
            areas.bars = top;
            [areas.sanity, areas.ledger] = beside(bottom, half);
        }
        (StressPane::Bars, _) => areas.bars = body,
        (StressPane::Sanity, _) => areas.sanity = body,
        (StressPane::Ledger, _) => areas.ledger = body,
    }
    areas
}
