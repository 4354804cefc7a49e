//! Taking things out: files and copies.

use std::sync::Arc;

use phonoscope_probes::report::Table;

use crate::plot::Measure;
use crate::tui::cell;
use crate::tui::emphasis::EmphasisPane;
use crate::tui::export::{Figure, Format, Request};
use crate::tui::jobs::Work;
use crate::tui::model::Row;
use crate::tui::opened::Opened;
use crate::tui::space::Pane;
use crate::tui::state::{JobKind, JobState, Overlay, Screen, State, Tone};
use crate::tui::stress::StressPane;
use crate::tui::update::{Effect, Effects, start};

/// What would be exported, in JSON until another format is chosen.
fn shown(screen: Screen, opened: &Opened) -> Option<Request> {
    let mut request = Request {
        report: Arc::clone(&opened.report),
        view: String::new(),
        system: None,
        rows: None,
        figure: None,
        narrowed: String::new(),
        format: Format::Json,
    };
    match screen {
        Screen::Trust => request.view = String::from("trust"),
        Screen::Data => {
            let (table, view) = opened.current()?;
            request.view = opened.report.name_of(table);
            request.system.clone_from(&table.system);
            request.rows = Some((table.id.clone(), view.order.clone()));
            request.figure = match table.id.as_str() {
                "components" => Some(Figure::Scree),
                "associations" => Some(Figure::Associations),
                "pc_cards" => Some(Figure::Heat(Measure::default())),
                _ => Figure::of_table(table),
            };
            let selection = &opened.selection;
            let origin = if opened.narrows(opened.table) {
                selection.origin.as_str()
            } else {
                ""
            };
            let parts = [view.filter.as_str(), origin];
            let parts: Vec<&str> = parts.into_iter().filter(|p| !p.is_empty()).collect();
            request.narrowed = parts.join("; ");
        }
        Screen::Space => {
            let space = opened.space.as_ref()?;
            let table = space.shown_table(&opened.report)?;
            let (view, figure) = match space.pane {
                Pane::Scatter => ("scatter", scatter(opened)),
                Pane::Scree => ("scree", Some(Figure::Scree)),
                Pane::Card => (
                    table.id.as_str(),
                    Some(card_figure(&table.id, space.measure)),
                ),
                Pane::Heat => ("heat", Some(Figure::Heat(space.measure))),
                Pane::Voices => ("voices", None),
                Pane::Sex | Pane::Age | Pane::Labels | Pane::Figures => {
                    (table.id.as_str(), Figure::of_table(table))
                }
            };
            request.view = match opened.system().filter(|_| opened.report.systems.len() > 1) {
                Some(system) if table.system.is_some() => format!("{system}.{view}"),
                _ => view.to_owned(),
            };
            request.system.clone_from(&table.system);
            request.figure = figure;
            let rows = 0..table.rows();
            let mut rows: Vec<u32> = rows.filter_map(|r| u32::try_from(r).ok()).collect();
            let selection = &opened.selection;
            if space.pane == Pane::Voices {
                let listed = space.extremes.voices.iter();
                rows = listed.filter_map(|v| u32::try_from(v.row).ok()).collect();
                request.narrowed = format!("ends of PC{}", space.component);
            } else if space.pane == Pane::Scatter && selection.count() > 0 {
                let index = opened.table_index("speakers")?;
                rows.retain(|r| opened.is_selected(index, *r as usize));
                request.narrowed.clone_from(&selection.origin);
            }
            request.rows = Some((table.id.clone(), rows));
        }
        Screen::Emphasis => {
            let screen = opened.emphasis.as_ref()?;
            let (id, _) = screen.behind();
            whole(&mut request, opened.report.table(None, id)?);
            request.figure = screen.figure_shown();
            if screen.pane == EmphasisPane::Pairs {
                narrow(&mut request, &screen.pairs, screen.title());
            }
        }
        Screen::Stress => {
            let screen = opened.stress.as_ref()?;
            let (id, _) = screen.behind();
            whole(&mut request, opened.report.table(None, id)?);
            request.figure = screen.figure_shown();
            if screen.pane == StressPane::Words {
                narrow(&mut request, &screen.words, screen.listed());
            } else if screen.pane == StressPane::Ledger {
                let words = screen.composite_name().to_owned();
                narrow(&mut request, &screen.layers, words);
            }
        }
        Screen::Quality => {
            let screen = opened.quality.as_ref()?;
            let (id, _) = screen.behind();
            whole(&mut request, screen.table(&opened.report, id)?);
            request.view = format!("{}.{id}", screen.model_name());
            request.figure = screen.figure_shown();
        }
        Screen::Home | Screen::Model | Screen::Jobs | Screen::Log => return None,
    }
    Some(request)
}

/// Asks for every row of a table.
fn whole(request: &mut Request, table: &Table) {
    request.view.clone_from(&table.id);
    request.system.clone_from(&table.system);
    let rows = 0..table.rows();
    let rows = rows.filter_map(|r| u32::try_from(r).ok()).collect();
    request.rows = Some((table.id.clone(), rows));
}

/// Asks for these rows, chosen as `words` say.
fn narrow(request: &mut Request, rows: &[usize], words: String) {
    if let Some((_, asked)) = &mut request.rows {
        *asked = rows.iter().filter_map(|r| u32::try_from(*r).ok()).collect();
        request.narrowed = words;
    }
}

fn scatter(opened: &Opened) -> Option<Figure> {
    let space = opened.space.as_ref()?;
    Some(Figure::Scatter {
        x: space.x,
        y: space.y,
        colour: space.colour_column(&opened.report).map(|c| c.id.clone()),
        selected: opened.mask(),
    })
}

fn card_figure(table: &str, measure: Measure) -> Figure {
    match table {
        "pc_cards" => Figure::Heat(measure),
        _ => Figure::Associations,
    }
}

pub(crate) fn open(state: &mut State, _effects: &mut Effects) {
    let Some(request) = state.opened.as_ref().and_then(|o| shown(state.screen, o)) else {
        state.say(Tone::Warn, "nothing to export here: open a report first");
        return;
    };
    let mut formats = Request::formats(request.figure.as_ref());
    let pictured = matches!(
        state.screen,
        Screen::Space | Screen::Emphasis | Screen::Stress | Screen::Quality
    );
    if pictured && formats.contains(&Format::Svg) {
        // The picture first where a picture is shown.
        formats.rotate_right(1);
    }
    state.overlay = Some(Overlay::Export { formats, cursor: 0 });
}

pub(crate) fn accept(state: &mut State, effects: &mut Effects) {
    let Some(Overlay::Export { formats, cursor }) = state.overlay.take() else {
        return;
    };
    let request = state.opened.as_ref().and_then(|o| shown(state.screen, o));
    let (Some(mut request), Some(format)) = (request, formats.get(cursor)) else {
        return;
    };
    request.format = *format;
    let label = format!("export {}", request.file_name());
    start(
        state,
        JobKind::Export,
        label,
        Work::Export(Box::new(request)),
        effects,
    );
}

fn hand_out(state: &mut State, text: String, effects: &mut Effects) {
    let shown = crate::tui::words::clip(&text, 40);
    effects.push(Effect::Copy(text));
    // The terminal never tells whether it took the text.
    state.say(
        Tone::Plain,
        format!("sent to the terminal's clipboard: {shown}"),
    );
}

/// What `y` means on the screen shown.
fn under_cursor(state: &State) -> Option<String> {
    match state.screen {
        Screen::Home => {
            let opened = state.opened.as_ref()?;
            Some(opened.report.summary.join("\n"))
        }
        Screen::Data => {
            let (table, view) = state.opened.as_ref()?.current()?;
            Some(cell::exact(table.columns.get(view.column)?, view.row()?))
        }
        Screen::Model => {
            let model = state.model.opened.as_ref()?;
            match model.row()? {
                Row::Block(block) => Some(model.view.blocks.get(block)?.name.clone()),
                Row::Inside(_) | Row::Loose(_) => Some(model.tap()?.name.clone()),
            }
        }
        Screen::Space => {
            let opened = state.opened.as_ref()?;
            let space = opened.space.as_ref()?;
            if space.pane == Pane::Scatter {
                return Some(space.readout.clone());
            }
            let table = space.shown_table(&opened.report)?;
            Some(cell::row_as_tsv(table, space.shown_row()?))
        }
        Screen::Emphasis => {
            let opened = state.opened.as_ref()?;
            let (id, row) = opened.emphasis.as_ref()?.behind();
            Some(cell::row_as_tsv(opened.report.table(None, id)?, row?))
        }
        Screen::Stress => {
            let opened = state.opened.as_ref()?;
            let screen = opened.stress.as_ref()?;
            if screen.pane == StressPane::Sanity {
                return Some(cell::row_as_tsv(screen.sanity.as_ref()?, screen.sanity_row));
            }
            let (id, row) = screen.behind();
            Some(cell::row_as_tsv(opened.report.table(None, id)?, row?))
        }
        Screen::Quality => {
            let opened = state.opened.as_ref()?;
            let screen = opened.quality.as_ref()?;
            let (id, row) = screen.behind();
            Some(cell::row_as_tsv(screen.table(&opened.report, id)?, row?))
        }
        Screen::Trust => {
            let opened = state.opened.as_ref()?;
            let check = opened.report.trust.checks.get(opened.check)?;
            serde_json::to_string(check).ok()
        }
        Screen::Jobs => {
            let job = state.jobs.get(state.job)?;
            Some(match &job.state {
                JobState::Failed(why) => format!("{}: {why}", job.label),
                JobState::Done(words) => words.clone(),
                _ => job.label.clone(),
            })
        }
        Screen::Log => state.log.window(1).next().map(|line| line.text.clone()),
    }
}

pub(crate) fn copy(state: &mut State, effects: &mut Effects) {
    match under_cursor(state).filter(|text| !text.is_empty()) {
        Some(text) => hand_out(state, text, effects),
        None => state.say(Tone::Warn, "nothing to copy here"),
    }
}

pub(crate) fn copy_row(state: &mut State, effects: &mut Effects) {
    let row = state.opened.as_ref().and_then(|o| {
        let (table, view) = o.current()?;
        Some(cell::row_as_tsv(table, view.row()?))
    });
    row.into_iter()
        .for_each(|text| hand_out(state, text, effects));
}

pub(crate) fn copy_command(state: &mut State, effects: &mut Effects) {
    if let Some(Overlay::Remake(remake)) = state.overlay.take() {
        hand_out(state, remake.command, effects);
    }
}
