//! The speaker space: which components, which colour, where the cursor is.

use phonoscope_probes::report::{Column, Report, Role, Table};

use crate::plot::{Coding, Scale, significant};

use super::opened::Selection;
use super::raster::Raster;
use super::words;

/// The pane that keys go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Pane {
    #[default]
    Scatter,
    Scree,
    Card,
}

/// How points are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Marks {
    /// One glyph per cell, another for each class.
    #[default]
    Glyphs,
    /// Eight dots per cell.
    Dots,
}

/// Everything a raster depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RasterKey {
    size: (u16, u16),
    axes: (usize, usize),
    colour: Option<usize>,
    selection: u64,
}

/// State of the Speaker space screen.
#[derive(Debug, Clone)]
pub(crate) struct Space {
    /// Components with scores, counted from 1.
    pub(crate) components: usize,
    pub(crate) x: usize,
    pub(crate) y: usize,
    /// Columns of `speakers` that can colour the points.
    pub(crate) colours: Vec<usize>,
    /// Index into `colours`.
    pub(crate) colour: Option<usize>,
    pub(crate) coding: Coding,
    pub(crate) marks: Marks,
    pub(crate) pane: Pane,
    /// Component of the scree cursor and of the card, from 1.
    pub(crate) component: usize,
    /// Rows of `associations` of that component.
    pub(crate) card_rows: Vec<usize>,
    pub(crate) card_cursor: usize,
    /// Cell under the cursor, (column, line) of the raster.
    pub(crate) cursor: (u16, u16),
    /// Other corner of the box being drawn.
    pub(crate) anchor: Option<(u16, u16)>,
    pub(crate) raster: Raster,
    key: Option<RasterKey>,
    /// What is under the cursor or in the box, in words.
    pub(crate) readout: String,
}

impl Space {
    /// The space of a speaker report; nothing when it has no component scores.
    pub(crate) fn new(report: &Report) -> Option<Self> {
        let speakers = report.table(None, "speakers")?;
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
        let empty = Scale::new(0.0, 1.0);
        let nothing = Raster::new(
            (0, 0),
            (empty, empty),
            std::iter::empty(),
            &Coding::Plain,
            |_| false,
        );
        let mut space = Self {
            components,
            x: 1,
            y: components.min(2),
            colour: first_colour(report, speakers, &colours),
            colours,
            coding: Coding::Plain,
            marks: Marks::default(),
            pane: Pane::default(),
            component: 1,
            card_rows: Vec::new(),
            card_cursor: 0,
            cursor: (0, 0),
            anchor: None,
            raster: nothing,
            key: None,
            readout: String::new(),
        };
        space.recode(report);
        space.show_component(report, 1);
        Some(space)
    }

    /// The column that colours the points.
    pub(crate) fn colour_column<'a>(&self, report: &'a Report) -> Option<&'a Column> {
        let speakers = report.table(None, "speakers")?;
        speakers.columns.get(*self.colours.get(self.colour?)?)
    }

    /// Works out the coding after a change of colour.
    pub(crate) fn recode(&mut self, report: &Report) {
        self.coding = self.colour_column(report).map_or(Coding::Plain, Coding::of);
    }

    /// Moves card and scree cursor to `component`.
    pub(crate) fn show_component(&mut self, report: &Report, component: usize) {
        self.component = component.clamp(1, self.components);
        self.card_rows = report
            .table(None, "associations")
            .and_then(|t| Some((t, t.column("component")?)))
            .map(|(t, c)| {
                (0..t.rows())
                    .filter(|r| c.value(*r) == Some(self.component as f64))
                    .collect()
            })
            .unwrap_or_default();
        self.card_cursor = self.card_cursor.min(self.card_rows.len().saturating_sub(1));
    }

    /// Makes the raster fit `size` cells and the selection, and the read-out fit the cursor.
    pub(crate) fn settle(&mut self, report: &Report, size: (u16, u16), selection: &Selection) {
        let key = RasterKey {
            size,
            axes: (self.x, self.y),
            colour: self.colour,
            selection: selection.version(),
        };
        let Some(speakers) = report.table(None, "speakers") else {
            return;
        };
        if size.0 == 0 || size.1 == 0 {
            return;
        }
        if self.key != Some(key) {
            let held = self
                .key
                .map(|before| (before.size, self.raster.middle(self.cursor)));
            self.draw(speakers, size, selection);
            match held {
                None => self.cursor = (size.0 / 2, size.1 / 2),
                Some((before, (x, y))) if before != size => {
                    self.cursor = self.raster.cell(x, y).unwrap_or(self.cursor);
                    self.anchor = None;
                }
                Some(_) => {}
            }
            self.key = Some(key);
        }
        self.cursor.0 = self.cursor.0.min(size.0.saturating_sub(1));
        self.cursor.1 = self.cursor.1.min(size.1.saturating_sub(1));
        self.readout = self.describe(speakers);
    }

    fn draw(&mut self, speakers: &Table, size: (u16, u16), selection: &Selection) {
        let Some((x, y)) = self.axes(speakers) else {
            return;
        };
        let rows = speakers.rows();
        let scale = |c: &Column| {
            Scale::over((0..rows).filter_map(|r| c.value(r)))
                .unwrap_or(Scale { lo: 0.0, hi: 1.0 })
                .padded(0.03)
        };
        let points = (0..rows).filter_map(|r| Some((r, x.value(r)?, y.value(r)?)));
        self.raster = Raster::new(size, (scale(x), scale(y)), points, &self.coding, |r| {
            selection.has(r)
        });
    }

    fn axes<'a>(&self, speakers: &'a Table) -> Option<(&'a Column, &'a Column)> {
        Some((
            speakers.column(&format!("pc{}", self.x))?,
            speakers.column(&format!("pc{}", self.y))?,
        ))
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
                .and_then(|(x, y)| self.raster.cell(x, y));
            cell.is_some_and(|(c, l)| {
                (first.0..=last.0).contains(&c) && (first.1..=last.1).contains(&l)
            })
        };
        (0..speakers.rows()).filter(inside).collect()
    }

    /// The box in data values: `PC1 −0.2…0.1, PC2 0.0…0.3`.
    pub(crate) fn reach_in_words(&self) -> String {
        let (first, last) = self.reach();
        let (x0, y1) = self.raster.middle(first);
        let (x1, y0) = self.raster.middle(last);
        let number = |v: f64| {
            let range =
                (self.raster.x.hi - self.raster.x.lo).min(self.raster.y.hi - self.raster.y.lo);
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
fn first_colour(report: &Report, speakers: &Table, colours: &[usize]) -> Option<usize> {
    let place = |id: &str| {
        colours
            .iter()
            .position(|i| speakers.columns.get(*i).is_some_and(|c| c.id == id))
    };
    let strongest = || {
        let t = report.table(None, "associations")?;
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
