//! Panes of the Speaker space that are tables with their intervals drawn.

use crate::tui::opened::Opened;
use crate::tui::space::{Pane, Space};
use crate::tui::state::State;

use super::canvas::Canvas;
use super::forest::{self, Shown};

/// Draws the table of `pane`, or says what makes it.
fn draw(
    state: &State,
    opened: &Opened,
    space: &Space,
    (pane, slot): (Pane, usize),
    (telling, lacking): (&[&str], &str),
    canvas: &mut Canvas<'_>,
) {
    let focus = space.pane == pane;
    let Some(table) = pane.table().and_then(|id| opened.table_of(id)) else {
        return forest::nothing(state, pane.table().unwrap_or(""), lacking, focus, canvas);
    };
    let marked = |row: usize| {
        let index = opened.table_index(&table.id);
        index.is_some_and(|index| opened.is_selected(index, row))
    };
    let shown = Shown {
        table,
        title: &table.title,
        telling,
        note: String::new(),
        cursor: space.rows.get(slot).copied().unwrap_or(0),
        focus,
        marked: &marked,
    };
    forest::draw(state, &shown, canvas);
}

pub(super) fn sex(state: &State, opened: &Opened, space: &Space, canvas: &mut Canvas<'_>) {
    let lacking =
        "`phonoscope probe speaker` makes it where the manifest has a column with two sexes.";
    let telling = [
        "ashman_d",
        "dip_p",
        "interaction_q",
        "interaction_r_squared",
        "beyond_q",
    ];
    let words = (telling.as_slice(), lacking);
    draw(state, opened, space, (Pane::Sex, 0), words, canvas);
}

pub(super) fn age(state: &State, opened: &Opened, space: &Space, canvas: &mut Canvas<'_>) {
    if !space.ages && canvas.height() == 1 {
        let theme = &state.theme;
        let (mark, style) = match space.pane == Pane::Age {
            true => ('>', theme.accent),
            false => (' ', theme.muted),
        };
        canvas.put(
            0,
            0,
            &format!("{mark} Age: no ages in this manifest"),
            style,
        );
        return;
    }
    let lacking = "There are no ages in this manifest.";
    let telling = ["q", "spearman", "accuracy", "majority_accuracy"];
    let words = (telling.as_slice(), lacking);
    draw(state, opened, space, (Pane::Age, 1), words, canvas);
}

pub(super) fn labels(state: &State, opened: &Opened, space: &Space, canvas: &mut Canvas<'_>) {
    let lacking =
        "`phonoscope probe speaker` makes it where the manifest has a column with two sexes.";
    let words = ([].as_slice(), lacking);
    draw(state, opened, space, (Pane::Labels, 2), words, canvas);
}

/// One of the other tables; left and right turn them.
pub(super) fn figures(state: &State, opened: &Opened, space: &Space, canvas: &mut Canvas<'_>) {
    let tables = space.figure_tables(&opened.report);
    let Some(table) = tables.get(space.figure) else {
        let lacking = "`phonoscope probe speaker` makes them: regression, selection, sensitivity with \
                       acoustic descriptors, comparisons with several systems.";
        return forest::nothing(state, "Figures", lacking, true, canvas);
    };
    let title = format!("{} ({} of {})", table.title, space.figure + 1, tables.len());
    let shown = Shown {
        table,
        title: &title,
        telling: &["equivalent_components", "descriptor", "note"],
        note: format!(
            "{} {}: other tables",
            state.key("move.left"),
            state.key("move.right")
        ),
        cursor: space.rows.last().copied().unwrap_or(0),
        focus: true,
        marked: &|_| false,
    };
    forest::draw(state, &shown, canvas);
}
