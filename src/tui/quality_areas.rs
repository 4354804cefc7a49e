//! Where the panes of the Quality screen are.

use ratatui::layout::{Constraint, Layout, Rect};

use super::layout::Room;
use super::quality::QualityPane;

/// The panes; hidden ones are empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QualityAreas {
    pub(crate) layers: Rect,
    /// What was measured in the layer under the cursor.
    pub(crate) card: Rect,
    pub(crate) systems: Rect,
    pub(crate) criteria: Rect,
    /// Layers under the criterion.
    pub(crate) best: Rect,
    pub(crate) utterances: Rect,
    pub(crate) sound: Rect,
}

pub(crate) fn quality_areas(body: Rect, room: Room, pane: QualityPane) -> QualityAreas {
    let none = Rect::new(body.x, body.y, 0, 0);
    let mut areas = QualityAreas {
        layers: none,
        card: none,
        systems: none,
        criteria: none,
        best: none,
        utterances: none,
        sound: none,
    };
    let over = |area: Rect, top| -> [Rect; 2] {
        area.layout(&Layout::vertical([top, Constraint::Fill(1)]))
    };
    let beside = |area: Rect, left| -> [Rect; 2] {
        area.layout(&Layout::horizontal([left, Constraint::Fill(1)]))
    };
    let half = Constraint::Fill(1);
    let wide = room == Room::All && body.width >= 110 && body.height >= 30;
    match (pane, room) {
        (QualityPane::Worst, Room::All) => {
            [areas.utterances, areas.sound] = match wide {
                true => beside(body, Constraint::Length((body.width / 3).clamp(48, 70))),
                false => over(body, Constraint::Length(body.height * 2 / 5)),
            };
        }
        (QualityPane::Worst, _) => areas.utterances = body,
        (_, _) if wide => {
            let [top, bottom] = over(body, half);
            [areas.layers, areas.card] = beside(top, Constraint::Percentage(60));
            let [left, right] = beside(bottom, half);
            areas.systems = left;
            [areas.criteria, areas.best] = over(right, Constraint::Percentage(40));
        }
        (QualityPane::Layers, Room::All) => {
            [areas.layers, areas.card] = over(body, Constraint::Percentage(65));
        }
        (QualityPane::Best, Room::All) => {
            [areas.criteria, areas.best] = over(body, Constraint::Percentage(40));
        }
        (QualityPane::Layers, _) => areas.layers = body,
        (QualityPane::Systems, _) => areas.systems = body,
        (QualityPane::Best, _) => areas.criteria = body,
    }
    areas
}
