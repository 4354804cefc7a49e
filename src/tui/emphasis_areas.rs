//! Where the panes of the Emphasis screen are.

use ratatui::layout::{Constraint, Layout, Rect};

use super::emphasis::EmphasisPane;
use super::layout::Room;

/// The panes; hidden ones are empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EmphasisAreas {
    pub(crate) layers: Rect,
    /// What was measured at the layer under the cursor.
    pub(crate) card: Rect,
    pub(crate) scatter: Rect,
    pub(crate) matrix: Rect,
    pub(crate) pairs: Rect,
    /// Neutral and changed version.
    pub(crate) sounds: [Rect; 2],
}

pub(crate) fn emphasis_areas(body: Rect, room: Room, pane: EmphasisPane) -> EmphasisAreas {
    let none = Rect::new(body.x, body.y, 0, 0);
    let mut areas = EmphasisAreas {
        layers: none,
        card: none,
        scatter: none,
        matrix: none,
        pairs: none,
        sounds: [none; 2],
    };
    let halves = |area: Rect| -> [Rect; 2] {
        area.layout(&Layout::horizontal([
            Constraint::Fill(1),
            Constraint::Fill(1),
        ]))
    };
    let stacked = |area: Rect| -> [Rect; 2] {
        area.layout(&Layout::vertical([
            Constraint::Fill(1),
            Constraint::Fill(1),
        ]))
    };
    match (pane, room) {
        (EmphasisPane::Pairs, Room::All) => {
            let [list, sounds] = stacked(body);
            (areas.pairs, areas.sounds) = (list, halves(sounds));
        }
        (EmphasisPane::Pairs, _) => areas.pairs = body,
        // All four from this size on; below, the pane with the keys, and the card beside the layers.
        (_, Room::All) if body.width >= 110 && body.height >= 30 => {
            let [top, bottom] = stacked(body);
            [areas.layers, areas.card] = halves(top);
            [areas.scatter, areas.matrix] = halves(bottom);
        }
        (EmphasisPane::Layers, Room::All) => [areas.layers, areas.card] = stacked(body),
        (EmphasisPane::Layers, _) => areas.layers = body,
        (EmphasisPane::Scatter, _) => areas.scatter = body,
        (EmphasisPane::Matrix, _) => areas.matrix = body,
    }
    areas
}
