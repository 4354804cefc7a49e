//! The speaker space: whose, which components, which colour, where the cursors are.

use phonoscope_probes::report::{Column, Report, Role, Table};

use crate::plot::{Coding, HeatGrid, Measure, significant};

use super::extremes::Extremes;
use super::pane::FIGURE_TABLES;
use super::plane::{self, Plane};
use super::selection::Selection;
use super::words;

pub(crate) use super::pane::{Marks, Page, Pane};

/// A row of the component card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CardRow {
    /// Row of `associations`.
    Association(usize),
    /// Row of `pc_cards`.
    Descriptor(usize),
}

/// Another system's scatter beside the first.
#[derive(Debug, Clone)]
pub(crate) struct Beside {
    /// Index into the report's systems.
    pub(crate) system: usize,
    pub(crate) plane: Plane,
}

/// State of the Speaker space screen.
#[derive(Debug, Clone)]
pub(crate) struct Space {
    /// Whose space; nothing where the report names no system.
    system: Option<String>,
    /// Components with scores, counted from 1.
    pub(crate) components: usize,
    pub(crate) x: usize,
    pub(crate) y: usize,
    /// Columns of `speakers` that can colour the points.
    pub(crate) colours: Vec<usize>,
    /// Index into `colours`.
    pub(crate) colour: Option<usize>,
    pub(crate) plane: Plane,
    pub(crate) beside: Option<Beside>,
    pub(crate) marks: Marks,
    pub(crate) pane: Pane,
    /// Component of the scree cursor and of the card, from 1.
    pub(crate) component: usize,
    /// What goes with that component.
    pub(crate) card_rows: Vec<CardRow>,
    pub(crate) card_cursor: usize,
    pub(crate) grid: Option<HeatGrid>,
    pub(crate) measure: Measure,
    /// Cell under the heat map's cursor: (component, descriptor), from 0.
    pub(crate) heat_cell: (usize, usize),
    /// Row under the cursor of the sex, age, label and figure panes.
    pub(crate) rows: [usize; 4],
    /// Which of [`FIGURE_TABLES`] is shown, counted among those that are there.
    pub(crate) figure: usize,
    pub(crate) extremes: Extremes,
    /// Whether there is a table of ages.
    pub(crate) ages: bool,
    /// Cell under the cursor, (column, line) of the raster.
    pub(crate) cursor: (u16, u16),
    /// Other corner of the box being drawn.
    pub(crate) anchor: Option<(u16, u16)>,
    /// What is under the cursor or in the box, in words.
    pub(crate) readout: String,
    size: (u16, u16),
}

impl Space {
    /// The space of a system of a speaker report; nothing when it has no component scores.
    pub(crate) fn new(report: &Report, system: Option<&str>) -> Option<Self> {
        let speakers = report.table(system, "speakers")?;
        let components = (1..)
            .take_while(|k| speakers.column(&format!("pc{k}")).is_some())
            .count();
        if components == 0 {
            return None;
        }
        let colours: Vec<usize> = speakers
            .columns
            .iter()
            .enumerate()
            .filter(|(_, c)| c.role != Role::Key)
            .map(|(i, _)| i)
            .collect();
        let mut space = Self {
            system: system.map(str::to_owned),
            components,
            x: 1,
            y: components.min(2),
            colour: first_colour(report, system, speakers, &colours),
            colours,
            plane: Plane::new(Coding::Plain),
            beside: None,
            marks: Marks::default(),
            pane: Pane::default(),
            component: 1,
            card_rows: Vec::new(),
            card_cursor: 0,
            grid: report.table(system, "pc_cards").and_then(HeatGrid::of),
            measure: Measure::default(),
            heat_cell: (0, 0),
            rows: [0; 4],
            figure: 0,
            extremes: Extremes::default(),
            ages: report.table(system, "age").is_some_and(|t| t.rows() > 0),
            cursor: (0, 0),
            anchor: None,
            readout: String::new(),
            size: (0, 0),
        };
        space.recode(report);
        space.show_component(report, 1);
        Some(space)
    }

    /// Takes over what the reader chose in the space of another system, as far as it is there.
    pub(crate) fn follow(&mut self, before: &Self, report: &Report) {
        let most = self.components;
        (self.x, self.y) = (before.x.min(most), before.y.min(most));
        if self.x == self.y && most > 1 {
            self.y = if self.x == 1 { 2 } else { 1 };
        }
        let name = before.colour_column(report).map(|c| c.id.clone());
        self.colour = name.and_then(|id| self.colour_of(report, &id));
        (self.marks, self.pane) = (before.marks, before.pane);
        (self.measure, self.figure) = (before.measure, before.figure);
        self.cursor = before.cursor;
        self.recode(report);
        self.show_component(report, before.component);
        self.card_cursor = before
            .card_cursor
            .min(self.card_rows.len().saturating_sub(1));
        self.heat_cell = before.heat_cell;
        if let Some(grid) = &self.grid {
            self.heat_cell.0 = self
                .heat_cell
                .0
                .min(grid.components.len().saturating_sub(1));
            self.heat_cell.1 = self
                .heat_cell
                .1
                .min(grid.descriptors.len().saturating_sub(1));
        }
    }

    pub(crate) fn system(&self) -> Option<&str> {
        self.system.as_deref()
    }

    /// The table `id` of this system, or of none.
    pub(crate) fn table<'a>(&self, report: &'a Report, id: &str) -> Option<&'a Table> {
        report.table(self.system(), id)
    }

    /// The column that colours the points.
    pub(crate) fn colour_column<'a>(&self, report: &'a Report) -> Option<&'a Column> {
        let speakers = self.table(report, "speakers")?;
        speakers.columns.get(*self.colours.get(self.colour?)?)
    }

    /// Where among the colours the column `id` of `speakers` is.
    pub(crate) fn colour_of(&self, report: &Report, id: &str) -> Option<usize> {
        let speakers = self.table(report, "speakers")?;
        let is = |i: &usize| speakers.columns.get(*i).is_some_and(|c| c.id == id);
        self.colours.iter().position(is)
    }

    /// Works out the coding after a change of colour.
    pub(crate) fn recode(&mut self, report: &Report) {
        let column = self.colour_column(report);
        self.plane.recode(column);
        if let Some(beside) = &mut self.beside {
            let other = report.systems.get(beside.system).map(String::as_str);
            let speakers = report.table(other, "speakers");
            let column = column.and_then(|c| speakers?.column(&c.id));
            beside.plane.recode(column);
        }
    }

    /// Puts the space of another system beside this one, or takes it away.
    pub(crate) fn set_beside(&mut self, report: &Report, system: Option<usize>) {
        self.beside = system.map(|system| Beside {
            system,
            plane: Plane::new(Coding::Plain),
        });
        self.recode(report);
    }

    /// Moves card and scree cursor to `component`.
    pub(crate) fn show_component(&mut self, report: &Report, component: usize) {
        self.component = component.clamp(1, self.components);
        let rows = |id| {
            self.table(report, id)
                .and_then(|t| Some((t, t.column("component")?)))
                .map_or_else(Vec::new, |(t, c)| {
                    let here = |r: &usize| c.value(*r) == Some(self.component as f64);
                    (0..t.rows()).filter(here).collect()
                })
        };
        let associations = rows("associations").into_iter().map(CardRow::Association);
        let descriptors = rows("pc_cards").into_iter().map(CardRow::Descriptor);
        self.card_rows = associations.chain(descriptors).collect();
        self.card_cursor = self.card_cursor.min(self.card_rows.len().saturating_sub(1));
    }

    /// Tables of the figures page that the report has.
    pub(crate) fn figure_tables<'a>(&self, report: &'a Report) -> Vec<&'a Table> {
        let there = |id: &&str| self.table(report, id).filter(|t| t.rows() > 0);
        FIGURE_TABLES.iter().filter_map(there).collect()
    }

    /// The table behind the pane.
    pub(crate) fn shown_table<'a>(&self, report: &'a Report) -> Option<&'a Table> {
        match self.pane {
            Pane::Figures => self.figure_tables(report).get(self.figure).copied(),
            Pane::Card => match self.card_rows.get(self.card_cursor) {
                Some(CardRow::Descriptor(_)) => self.table(report, "pc_cards"),
                _ => self.table(report, "associations"),
            },
            pane => self.table(report, pane.table()?),
        }
    }

    /// Index into `rows` of the pane that has the keys.
    pub(crate) const fn row_slot(&self) -> Option<usize> {
        match self.pane {
            Pane::Sex => Some(0),
            Pane::Age => Some(1),
            Pane::Labels => Some(2),
            Pane::Figures => Some(3),
            Pane::Scatter | Pane::Scree | Pane::Card | Pane::Heat | Pane::Voices => None,
        }
    }

    /// The row of [`Self::shown_table`] under the cursor.
    pub(crate) fn shown_row(&self) -> Option<usize> {
        match self.pane {
            Pane::Scatter => None,
            Pane::Scree => Some(self.component - 1),
            Pane::Card => match self.card_rows.get(self.card_cursor)? {
                CardRow::Association(row) | CardRow::Descriptor(row) => Some(*row),
            },
            Pane::Heat => self.grid.as_ref()?.row(self.heat_cell.0, self.heat_cell.1),
            Pane::Voices => self.extremes.row(),
            Pane::Sex | Pane::Age | Pane::Labels | Pane::Figures => {
                self.rows.get(self.row_slot()?).copied()
            }
        }
    }

    /// Makes the rasters fit their sizes and the selection, and the read-out fit the cursor.
    /// `chosen` says of a system's row of `speakers` whether it is selected.
    pub(crate) fn settle(
        &mut self,
        report: &Report,
        [size, beside_size]: [(u16, u16); 2],
        selection: &Selection,
        chosen: impl Fn(Option<&str>, usize) -> bool,
    ) {
        let Some(speakers) = self.table(report, "speakers") else {
            return;
        };
        let (axes, version) = ((self.x, self.y), selection.version());
        if let Some(beside) = &mut self.beside {
            let other = report.systems.get(beside.system).map(String::as_str);
            if let Some(speakers) = report.table(other, "speakers") {
                let chosen = |row| chosen(other, row);
                beside
                    .plane
                    .settle(speakers, axes, beside_size, version, chosen);
            }
        }
        let system = self.system.clone();
        let chosen = |row| chosen(system.as_deref(), row);
        self.extremes
            .settle(speakers, self.component, version, &chosen);
        if size.0 == 0 || size.1 == 0 {
            return;
        }
        let held = (!self.plane.is_fresh()).then(|| self.plane.raster.middle(self.cursor));
        self.plane.settle(speakers, axes, size, version, chosen);
        match held {
            None => self.cursor = (size.0 / 2, size.1 / 2),
            Some((x, y)) if self.size != size => {
                self.cursor = self.plane.raster.cell(x, y).unwrap_or(self.cursor);
                self.anchor = None;
            }
            Some(_) => {}
        }
        self.size = size;
        self.cursor.0 = self.cursor.0.min(size.0.saturating_sub(1));
        self.cursor.1 = self.cursor.1.min(size.1.saturating_sub(1));
        self.readout = self.describe(speakers);
    }

    fn axes<'a>(&self, speakers: &'a Table) -> Option<(&'a Column, &'a Column)> {
        plane::columns(speakers, (self.x, self.y))
    }

    /// Corners of the box, or of the single cell under the cursor: (first, last) inclusive.
    pub(crate) fn reach(&self) -> ((u16, u16), (u16, u16)) {
        let (a, b) = (self.anchor.unwrap_or(self.cursor), self.cursor);
        ((a.0.min(b.0), a.1.min(b.1)), (a.0.max(b.0), a.1.max(b.1)))
    }

    /// Speakers (rows of `speakers`) within the box or under the cursor.
    pub(crate) fn reached(&self, speakers: &Table) -> Vec<usize> {
        let Some((x, y)) = self.axes(speakers) else {
            return Vec::new();
        };
        let (first, last) = self.reach();
        let inside = |row: &usize| {
            let cell = x
                .value(*row)
                .zip(y.value(*row))
                .and_then(|(x, y)| self.plane.raster.cell(x, y));
            cell.is_some_and(|(c, l)| {
                (first.0..=last.0).contains(&c) && (first.1..=last.1).contains(&l)
            })
        };
        (0..speakers.rows()).filter(inside).collect()
    }

    /// The box in data values: `PC1 −0.2…0.1, PC2 0.0…0.3`.
    pub(crate) fn reach_in_words(&self) -> String {
        let (first, last) = self.reach();
        let (x0, y1) = self.plane.raster.middle(first);
        let (x1, y0) = self.plane.raster.middle(last);
        let number = |v: f64| {
            let range = (self.plane.raster.x.hi - self.plane.raster.x.lo)
                .min(self.plane.raster.y.hi - self.plane.raster.y.lo);
            if !(1e-3..1e5).contains(&range) {
                return significant(v, 2);
            }
            let decimals = (1.5 - range.log10()).round().max(0.0) as usize;
            format!("{v:.decimals$}").replace('-', "−")
        };
        if self.anchor.is_none() {
            return format!("PC{} {}, PC{} {}", self.x, number(x0), self.y, number(y0));
        }
        format!(
            "PC{} {}…{}, PC{} {}…{}",
            self.x,
            number(x0),
            number(x1),
            self.y,
            number(y0),
            number(y1)
        )
    }

    fn describe(&self, speakers: &Table) -> String {
        const NAMED: usize = 4;
        let rows = self.reached(speakers);
        let name = |row: &usize| speakers.columns.first().and_then(|c| c.text_at(*row));
        let mut names: Vec<String> = rows
            .iter()
            .take(NAMED)
            .filter_map(name)
            .map(|n| words::clip(n, 16))
            .collect();
        if rows.len() > NAMED {
            names.push(String::from("…"));
        }
        let what = if rows.is_empty() {
            String::from("no speaker here")
        } else {
            format!(
                "{}: {}",
                words::count(rows.len(), "speaker"),
                names.join(", ")
            )
        };
        format!("{} · {what}", self.reach_in_words())
    }
}

/// The column to begin with: the metadata column most strongly tied to the first component, else
/// the first one.
fn first_colour(
    report: &Report,
    system: Option<&str>,
    speakers: &Table,
    colours: &[usize],
) -> Option<usize> {
    let place = |id: &str| {
        colours
            .iter()
            .position(|i| speakers.columns.get(*i).is_some_and(|c| c.id == id))
    };
    let strongest = || {
        let t = report.table(system, "associations")?;
        let (component, column) = (t.column("component")?, t.column("column")?);
        let (statistic, effect) = (t.column("statistic")?, t.column("effect")?);
        let strength = |row: usize| {
            let value = effect.value(row).unwrap_or(0.0);
            crate::plot::strength(statistic.text_at(row).unwrap_or(""), value).abs()
        };
        (0..t.rows())
            .filter(|r| component.value(*r) == Some(1.0))
            .max_by(|a, b| strength(*a).total_cmp(&strength(*b)))
            .and_then(|row| place(column.text_at(row)?))
    };
    let metadata = || {
        colours.iter().position(|i| {
            speakers
                .columns
                .get(*i)
                .is_some_and(|c| c.role == Role::Metadata)
        })
    };
    strongest().or_else(metadata)
}
