//! The Emphasis screen: which figure and condition, whose layer, and which pair.

use phonoscope_probes::report::{Report, Table};

use crate::plot::{
    LayerCurve, LayerFigure, TransferGrid, conditions, layer_curves, main_condition, part_of,
    shown_tap,
};

use super::export::Figure;
use super::extremes::Sound;
use super::plane::Plane;
use super::subset;

pub(crate) use super::emphasis_areas::{EmphasisAreas, emphasis_areas};

/// The pane that keys go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum EmphasisPane {
    /// Curves over the layers, with the card of the layer under the cursor.
    #[default]
    Layers,
    /// Residuals on two components.
    Scatter,
    /// What directions answer to.
    Matrix,
    /// Pairs, with both spectrograms.
    Pairs,
}

impl EmphasisPane {
    pub(crate) const ALL: [Self; 4] = [Self::Layers, Self::Scatter, Self::Matrix, Self::Pairs];
}

/// State of the Emphasis screen.
#[derive(Debug, Clone)]
pub(crate) struct Emphasis {
    pub(crate) pane: EmphasisPane,
    pub(crate) figure: LayerFigure,
    pub(crate) conditions: Vec<String>,
    /// Index into `conditions`.
    pub(crate) condition: usize,
    pub(crate) curves: Vec<LayerCurve>,
    /// Models, whose layers can be chosen.
    pub(crate) models: Vec<String>,
    pub(crate) model: usize,
    /// Taps of the model, from the input on.
    pub(crate) taps: Vec<String>,
    pub(crate) tap: usize,
    pub(crate) grid: Option<TransferGrid>,
    /// Cell under the cursor of the matrix: (learnt, tested).
    pub(crate) cell: (usize, usize),
    /// Residuals of the model on two components, with the condition that colours them.
    pub(crate) scatter: Table,
    pub(crate) plane: Plane,
    /// Rows of `emphasis_pairs` of the model and condition.
    pub(crate) pairs: Vec<usize>,
    pub(crate) pair: usize,
    /// Neutral and changed version under the cursor.
    pub(crate) sounds: [Option<Sound>; 2],
}

impl Emphasis {
    /// The screen of an emphasis report; nothing for others.
    pub(crate) fn new(report: &Report) -> Option<Self> {
        let main = main_condition(report)?;
        let conditions = conditions(report);
        let models: Vec<String> = report
            .systems
            .iter()
            .filter(|s| part_of(report, s) == "model")
            .cloned()
            .collect();
        let mut screen = Self {
            pane: EmphasisPane::default(),
            figure: LayerFigure::default(),
            condition: conditions.iter().position(|c| *c == main).unwrap_or(0),
            conditions,
            curves: Vec::new(),
            models,
            model: 0,
            taps: Vec::new(),
            tap: 0,
            grid: None,
            cell: (0, 0),
            scatter: Table::new("emphasis_scatter", "", "", Vec::new()),
            plane: Plane::new(crate::plot::Coding::Plain),
            pairs: Vec::new(),
            pair: 0,
            sounds: [None, None],
        };
        screen.show_model(report, 0);
        Some(screen)
    }

    pub(crate) fn condition_name(&self) -> &str {
        self.conditions
            .get(self.condition)
            .map_or("", String::as_str)
    }

    pub(crate) fn model_name(&self) -> &str {
        self.models.get(self.model).map_or("", String::as_str)
    }

    pub(crate) fn tap_name(&self) -> &str {
        self.taps.get(self.tap).map_or("", String::as_str)
    }

    /// Shows another model: its taps, its residuals and its pairs.
    pub(crate) fn show_model(&mut self, report: &Report, model: usize) {
        self.model = model.min(self.models.len().saturating_sub(1));
        let name = self.model_name().to_owned();
        self.taps = report
            .table(None, "emphasis_taps")
            .map_or_else(Vec::new, |t| rows_of(t, "system", &name, "tap"));
        let shown = shown_tap(report, &name);
        self.tap = self
            .taps
            .iter()
            .position(|t| Some(t) == shown.as_ref())
            .unwrap_or(0);
        if let Some(all) = report.table(None, "emphasis_scatter") {
            let rows = subset::where_is(all, &[("system", &name)]).collect::<Vec<_>>();
            self.scatter = subset::rows_of(all, rows);
        }
        self.plane = Plane::new(crate::plot::Coding::Plain);
        self.plane.recode(self.scatter.column("condition"));
        self.show(report);
    }

    /// Works out curves, matrix and pairs after a change of figure, condition or tap.
    pub(crate) fn show(&mut self, report: &Report) {
        self.curves = layer_curves(report, self.figure, self.condition_name());
        self.grid = TransferGrid::of(report, self.model_name(), self.tap_name());
        if let Some(grid) = &self.grid {
            self.cell.0 = self.cell.0.min(grid.learnt.len().saturating_sub(1));
            self.cell.1 = self.cell.1.min(grid.tested.len().saturating_sub(1));
        }
        let before = self.row();
        self.pairs = report
            .table(None, "emphasis_pairs")
            .map_or_else(Vec::new, |t| {
                let is = |row: usize, id: &str, text: &str| {
                    t.column(id).and_then(|c| c.text_at(row)) == Some(text)
                };
                let here = |r: &usize| {
                    is(*r, "system", self.model_name())
                        && is(*r, "condition", self.condition_name())
                };
                (0..t.rows()).filter(here).collect()
            });
        let kept = before.and_then(|row| self.pairs.iter().position(|r| *r == row));
        self.pair = kept.unwrap_or_else(|| self.pair.min(self.pairs.len().saturating_sub(1)));
    }

    /// Row of `emphasis_pairs` under the cursor.
    pub(crate) fn row(&self) -> Option<usize> {
        self.pairs.get(self.pair).copied()
    }

    /// The table behind the pane, and the row of it under the cursor.
    pub(crate) fn behind(&self) -> (&'static str, Option<usize>) {
        match self.pane {
            EmphasisPane::Layers => {
                let curve = self.curves.iter().find(|c| c.system == self.model_name());
                let point = curve.and_then(|c| c.points.iter().find(|p| p.tap == self.tap_name()));
                (self.figure.table(), point.map(|p| p.row))
            }
            EmphasisPane::Scatter => ("emphasis_scatter", None),
            EmphasisPane::Matrix => {
                let row = self
                    .grid
                    .as_ref()
                    .and_then(|g| g.row(self.cell.0, self.cell.1));
                ("emphasis_transfer", row)
            }
            EmphasisPane::Pairs => ("emphasis_pairs", self.row()),
        }
    }

    /// What is shown, in words.
    pub(crate) fn title(&self) -> String {
        format!("{} of {}", self.condition_name(), self.model_name())
    }

    /// The figure that can be exported.
    pub(crate) fn figure_shown(&self) -> Option<Figure> {
        match self.pane {
            EmphasisPane::Layers => Some(Figure::Layers(
                self.figure,
                self.condition_name().to_owned(),
            )),
            EmphasisPane::Matrix => Some(Figure::Transfer(
                self.model_name().to_owned(),
                self.tap_name().to_owned(),
            )),
            EmphasisPane::Scatter | EmphasisPane::Pairs => None,
        }
    }

    /// Makes the raster fit its size.
    pub(crate) fn settle(&mut self, size: (u16, u16)) {
        self.plane.settle(&self.scatter, (1, 2), size, 0, |_| false);
    }
}

/// Entries of a column in the rows whose `key` is `value`.
fn rows_of(table: &Table, key: &str, value: &str, column: &str) -> Vec<String> {
    let (Some(keys), Some(column)) = (table.column(key), table.column(column)) else {
        return Vec::new();
    };
    let here = (0..table.rows()).filter(|r| keys.text_at(*r) == Some(value));
    here.filter_map(|r| column.text_at(r).map(str::to_owned))
        .collect()
}
