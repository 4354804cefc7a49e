//! Where things are on screen: pure functions of the size, used by update and view alike.

use ratatui::layout::{Constraint, Layout, Rect, Size};

use crate::plot::Coding;

use super::model::Focus;
use super::space::{Page, Pane, Space};
use super::words;

/// How much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// Under 40×10: a card that asks for more.
    None,
    /// Under 80×24: one pane at a time.
    One,
    /// All panes.
    All,
}

impl Room {
    pub(crate) fn of(size: Size) -> Self {
        if size.width < 40 || size.height < 10 {
            Self::None
        } else if size.width < 80 || size.height < 24 {
            Self::One
        } else {
            Self::All
        }
    }
}

/// The frame around every screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chrome {
    pub(crate) header: Rect,
    pub(crate) body: Rect,
    pub(crate) status: Rect,
    pub(crate) hints: Rect,
}

pub(crate) fn chrome(size: Size) -> Chrome {
    let area = Rect::new(0, 0, size.width, size.height);
    let [header, body, status, hints] = area.layout(&Layout::vertical([
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(1),
        Constraint::Length(1),
    ]));
    Chrome {
        header,
        body,
        status,
        hints,
    }
}

/// The Home screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HomeAreas {
    pub(crate) list: Rect,
    /// What the open report found.
    pub(crate) found: Rect,
    /// Empty where there is nothing to show or little room.
    pub(crate) jobs: Rect,
}

pub(crate) fn home(body: Rect, room: Room, entries: usize, jobs: usize) -> HomeAreas {
    let lines = |n: usize| u16::try_from(n).unwrap_or(u16::MAX).saturating_add(2);
    let jobs = match (jobs, room) {
        (0, _) | (_, Room::One | Room::None) => 0,
        (n, Room::All) => lines(n.min(4)),
    };
    let [list, found, jobs] = body.layout(&Layout::vertical([
        Constraint::Length(lines(entries).clamp(3, (body.height / 3).max(3))),
        Constraint::Fill(1),
        Constraint::Length(jobs),
    ]));
    HomeAreas { list, found, jobs }
}

/// The Trust screen: the checks, and below them coverage.
pub(crate) fn trust(body: Rect, checks: usize) -> [Rect; 2] {
    let wanted = u16::try_from(checks).unwrap_or(u16::MAX).saturating_add(3);
    let height = wanted.clamp(4, (body.height * 3 / 5).max(4));
    body.layout(&Layout::vertical([
        Constraint::Length(height),
        Constraint::Fill(1),
    ]))
}

/// The Model screen; hidden panes are empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ModelAreas {
    pub(crate) list: Rect,
    pub(crate) tree: Rect,
    /// What is under the cursor, below the tree.
    pub(crate) card: Rect,
}

pub(crate) fn model(body: Rect, room: Room, focus: Focus) -> ModelAreas {
    let none = Rect::new(body.x, body.y, 0, 0);
    let (list, right) = match (room, focus) {
        (Room::All, _) => {
            let width = (body.width / 4).clamp(22, 44);
            let [list, right] = body.layout(&Layout::horizontal([
                Constraint::Length(width),
                Constraint::Fill(1),
            ]));
            (list, right)
        }
        (_, Focus::List) => (body, none),
        (_, Focus::Tree) => (none, body),
    };
    let height = if right.height >= 16 {
        right.height / 3
    } else {
        0
    };
    let [tree, card] = right.layout(&Layout::vertical([
        Constraint::Fill(1),
        Constraint::Length(height),
    ]));
    ModelAreas { list, tree, card }
}

/// Columns left of a table's cells: cursor and selection signs.
pub(crate) const GUTTER: u16 = 2;

/// The Data screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DataAreas {
    /// Names of the tables.
    pub(crate) tabs: Rect,
    /// Rows shown, filter, selection.
    pub(crate) facts: Rect,
    pub(crate) header: Rect,
    pub(crate) rows: Rect,
    /// Meaning of the column under the cursor.
    pub(crate) meaning: Rect,
}

pub(crate) fn data(body: Rect) -> DataAreas {
    let [tabs, facts, header, rows, meaning] = body.layout(&Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(1),
    ]));
    DataAreas {
        tabs,
        facts,
        header,
        rows,
        meaning,
    }
}

/// The panes of the Speaker space; hidden ones are empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SpaceAreas {
    pub(crate) scatter: Rect,
    /// Another system's scatter.
    pub(crate) beside: Rect,
    pub(crate) scree: Rect,
    pub(crate) card: Rect,
    pub(crate) heat: Rect,
    pub(crate) sex: Rect,
    pub(crate) age: Rect,
    pub(crate) labels: Rect,
    pub(crate) figures: Rect,
    pub(crate) voices: Rect,
    pub(crate) sound: Rect,
}

/// Whether two scatters fit side by side.
pub(crate) fn has_room_beside(size: Size) -> bool {
    size.width >= 120 && size.height >= 24
}

pub(crate) fn space(body: Rect, room: Room, space: &Space) -> SpaceAreas {
    let none = Rect::new(body.x, body.y, 0, 0);
    let mut areas = SpaceAreas {
        scatter: none,
        beside: none,
        scree: none,
        card: none,
        heat: none,
        sex: none,
        age: none,
        labels: none,
        figures: none,
        voices: none,
        sound: none,
    };
    match (space.pane.page(), room) {
        (Page::Heat, _) => areas.heat = body,
        (Page::Figures, _) => areas.figures = body,
        (Page::Voices, _) => {
            let width = (body.width / 3).clamp(24, 44);
            let [list, sound] = body.layout(&Layout::horizontal([
                Constraint::Length(width),
                Constraint::Fill(1),
            ]));
            (areas.voices, areas.sound) = (list, sound);
        }
        (Page::People, Room::All) => {
            // Without ages a line says so.
            let age = if space.ages {
                7.min(body.height / 3)
            } else {
                1
            };
            let [sex, age, labels] = body.layout(&Layout::vertical([
                Constraint::Fill(2),
                Constraint::Length(age),
                Constraint::Fill(1),
            ]));
            (areas.sex, areas.age, areas.labels) = (sex, age, labels);
        }
        (Page::Overview, Room::All) => overview(body, space, &mut areas),
        (Page::People | Page::Overview, _) => match space.pane {
            Pane::Scree => areas.scree = body,
            Pane::Card => areas.card = body,
            Pane::Sex => areas.sex = body,
            Pane::Age => areas.age = body,
            Pane::Labels => areas.labels = body,
            _ => areas.scatter = body,
        },
    }
    areas
}

/// Scatter and scree (or two scatters) over the card.
fn overview(body: Rect, space: &Space, areas: &mut SpaceAreas) {
    // Up to three lines of facts, a heading, the rows and the border.
    let wanted = u16::try_from(space.card_rows.len())
        .unwrap_or(u16::MAX)
        .saturating_add(6);
    let card_height = wanted.clamp(7, (body.height / 2).max(7));
    let [top, card] = body.layout(&Layout::vertical([
        Constraint::Fill(1),
        Constraint::Length(card_height),
    ]));
    areas.card = card;
    // The scree gives way to the second scatter until it has the keys.
    let two = space.beside.is_some() && body.width >= 120 && space.pane != Pane::Scree;
    if two {
        let [scatter, beside] = top.layout(&Layout::horizontal([
            Constraint::Fill(1),
            Constraint::Fill(1),
        ]));
        (areas.scatter, areas.beside) = (scatter, beside);
        return;
    }
    let scree_width = (top.width * 2 / 5).clamp(30, 64);
    let [scatter, scree] = top.layout(&Layout::horizontal([
        Constraint::Fill(1),
        Constraint::Length(scree_width),
    ]));
    (areas.scatter, areas.scree) = (scatter, scree);
}

/// Inside of the scatter pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ScatterAreas {
    pub(crate) legend: Rect,
    /// Labels of the y axis.
    pub(crate) y_axis: Rect,
    pub(crate) plot: Rect,
    /// Labels of the x axis.
    pub(crate) x_axis: Rect,
}

pub(crate) fn scatter(pane: Rect, coding: &Coding, title: &str) -> ScatterAreas {
    let inner = inside(pane);
    let legend_rows = if inner.height >= 8 {
        legend(coding, title, inner.width).len()
    } else {
        1
    };
    let [legend, middle, bottom] = inner.layout(&Layout::vertical([
        Constraint::Length(u16::try_from(legend_rows).unwrap_or(1)),
        Constraint::Fill(1),
        Constraint::Length(1),
    ]));
    let [y_axis, plot] = middle.layout(&Layout::horizontal([
        Constraint::Length(7),
        Constraint::Fill(1),
    ]));
    let [_, x_axis] = bottom.layout(&Layout::horizontal([
        Constraint::Length(7),
        Constraint::Fill(1),
    ]));
    ScatterAreas {
        legend,
        y_axis,
        plot,
        x_axis,
    }
}

/// `area` without a border of one cell.
pub(crate) fn inside(area: Rect) -> Rect {
    Rect {
        x: area.x.saturating_add(1).min(area.right()),
        y: area.y.saturating_add(1).min(area.bottom()),
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(2),
    }
}

/// One entry of a legend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    Title(String),
    /// Class index with its label.
    Class(usize, String),
    Missing(String),
    /// Smallest and largest value of the ramp.
    Ramp(String, String),
}

impl Key {
    pub(crate) fn width(&self) -> usize {
        match self {
            Self::Title(text) => words::width(text),
            Self::Class(_, text) | Self::Missing(text) => 2 + words::width(text),
            Self::Ramp(lo, hi) => words::width(lo) + words::width(hi) + RAMP_CELLS + 2,
        }
    }
}

/// Cells of the colour bar in a legend.
pub(crate) const RAMP_CELLS: usize = 12;

/// The legend in lines of `width` columns, at most three.
pub(crate) fn legend(coding: &Coding, title: &str, width: u16) -> Vec<Vec<Key>> {
    const LABEL: usize = 18;
    let mut keys = vec![Key::Title(words::clip(title, 20))];
    match coding {
        Coding::Plain => {}
        Coding::Classes {
            classes,
            others,
            missing,
            ..
        } => {
            for (i, class) in classes.iter().enumerate() {
                let name = words::clip(&class.name, LABEL);
                keys.push(Key::Class(
                    i,
                    format!("{name} {}", words::thousands(class.rows)),
                ));
            }
            if *others > 0 {
                keys.push(Key::Class(
                    classes.len(),
                    format!("other {}", words::thousands(*others)),
                ));
            }
            if *missing > 0 {
                keys.push(Key::Missing(format!(
                    "missing {}",
                    words::thousands(*missing)
                )));
            }
        }
        Coding::Ramp { scale, missing, .. } => {
            let number = |v| crate::plot::significant(v, 3);
            keys.push(Key::Ramp(number(scale.lo), number(scale.hi)));
            if *missing > 0 {
                keys.push(Key::Missing(format!(
                    "missing {}",
                    words::thousands(*missing)
                )));
            }
        }
    }
    let mut lines: Vec<Vec<Key>> = vec![Vec::new()];
    let mut used = 0;
    for key in keys {
        let needed = key.width() + 2;
        if used > 0 && used + needed > usize::from(width) + 2 {
            if lines.len() == 3 {
                break;
            }
            lines.push(Vec::new());
            used = 0;
        }
        used += needed;
        if let Some(line) = lines.last_mut() {
            line.push(key);
        }
    }
    lines
}
