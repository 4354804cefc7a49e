//! Figures of an emphasis report by layer: which tables hold them, and their curves.

use phonoscope_analysis::Estimate;
use phonoscope_probes::report::{Report, Table};

/// A figure that is drawn over the depth of the models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LayerFigure {
    /// Mean cosine to the direction of other speakers.
    #[default]
    Cosine,
    /// Participation ratio.
    Dimension,
    /// Held-out R² of the duration.
    Duration,
    /// Word accuracy from residuals.
    Word,
    /// AUC of emphasis on other speakers and words.
    Transfer,
}

impl LayerFigure {
    /// All, in the order that screens turn them.
    pub const ALL: [Self; 5] = [
        Self::Cosine,
        Self::Dimension,
        Self::Duration,
        Self::Word,
        Self::Transfer,
    ];

    /// Table that holds it.
    pub const fn table(self) -> &'static str {
        match self {
            Self::Cosine => "emphasis_direction",
            Self::Dimension => "emphasis_dimension",
            Self::Duration => "emphasis_duration",
            Self::Word => "emphasis_word",
            Self::Transfer => "emphasis_specificity",
        }
    }

    /// Column of that table.
    pub const fn column(self) -> &'static str {
        match self {
            Self::Cosine => "cosine_speaker_out",
            Self::Dimension => "participation_ratio_unbiased",
            Self::Duration => "r2",
            Self::Word => "accuracy",
            Self::Transfer => "auc",
        }
    }

    /// Column with what its null leaves, and what it is.
    pub const fn null(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Cosine => Some(("neutral_mean", "two neutral versions")),
            Self::Dimension | Self::Transfer => None,
            Self::Duration => Some(("null_mean", "targets shuffled")),
            Self::Word => Some(("null_mean", "words shuffled")),
        }
    }

    /// Words for an axis.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Cosine => "cosine to the direction of other speakers",
            Self::Dimension => "participation ratio, unbiased",
            Self::Duration => "held-out R² of duration",
            Self::Word => "word accuracy from residuals",
            Self::Transfer => "AUC of emphasis, other speakers and words",
        }
    }

    /// Name in file names.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cosine => "direction",
            Self::Dimension => "dimension",
            Self::Duration => "duration",
            Self::Word => "word",
            Self::Transfer => "transfer",
        }
    }
}

/// One point of a curve.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerPoint {
    /// Row of the table.
    pub row: usize,
    /// Name of the tap.
    pub tap: String,
    /// From 0, the first, to 1, the last.
    pub depth: f64,
    /// The figure with its interval.
    pub estimate: Estimate,
    /// What the null leaves, where there is one.
    pub null: Option<f64>,
}

/// The figure of one system by depth.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerCurve {
    /// Name of the system.
    pub system: String,
    /// What it is: model, redrawn twin, permuted twin, baseline.
    pub part: String,
    /// By depth.
    pub points: Vec<LayerPoint>,
}

/// The condition that stands for emphasis: all cues, else the first of the table.
pub fn main_condition(report: &Report) -> Option<String> {
    let table = report.table(None, "emphasis_direction")?;
    let conditions = table.column("condition")?;
    let all: Vec<&str> = (0..table.rows())
        .filter_map(|r| conditions.text_at(r))
        .collect();
    let found = all
        .iter()
        .find(|c| **c == "emphasis_all")
        .or_else(|| all.first());
    found.map(|c| (*c).to_owned())
}

/// Conditions that residuals were measured of, in order.
pub fn conditions(report: &Report) -> Vec<String> {
    let mut out: Vec<String> = vec![];
    if let Some((table, column)) = report
        .table(None, "emphasis_direction")
        .and_then(|t| Some((t, t.column("condition")?)))
    {
        for name in (0..table.rows()).filter_map(|r| column.text_at(r)) {
            if !out.iter().any(|o| o == name) {
                out.push(name.to_owned());
            }
        }
    }
    out
}

/// Whether a row of a figure's table is of this condition, and of the target that the figure is about.
fn belongs(table: &Table, row: usize, figure: LayerFigure, condition: &str) -> bool {
    let is = |id: &str, text: &str| table.column(id).and_then(|c| c.text_at(row)) == Some(text);
    match figure {
        LayerFigure::Cosine | LayerFigure::Dimension => is("condition", condition),
        LayerFigure::Duration => is("condition", condition) && is("target", "duration"),
        LayerFigure::Word => is("from", &format!("residual {condition}")),
        LayerFigure::Transfer => is("tested_on", condition),
    }
}

/// Curves of a figure for one condition, systems in the report's order.
pub fn layer_curves(report: &Report, figure: LayerFigure, condition: &str) -> Vec<LayerCurve> {
    let Some(table) = report.table(None, figure.table()) else {
        return vec![];
    };
    let text = |id: &str, row: usize| table.column(id).and_then(|c| c.text_at(row)).unwrap_or("");
    let mut out: Vec<LayerCurve> = vec![];
    for row in (0..table.rows()).filter(|row| belongs(table, *row, figure, condition)) {
        let found = table
            .column(figure.column())
            .and_then(|c| c.estimate_at(row));
        let depth = table.column("depth").and_then(|c| c.value(row));
        let (Some(estimate), Some(depth)) = (found, depth) else {
            continue;
        };
        let system = text("system", row);
        let null = figure
            .null()
            .and_then(|(id, _)| table.column(id)?.value(row));
        let point = LayerPoint {
            row,
            tap: text("tap", row).to_owned(),
            depth,
            estimate,
            null,
        };
        match out.iter_mut().find(|c| c.system == system) {
            Some(curve) => curve.points.push(point),
            None => out.push(LayerCurve {
                system: system.to_owned(),
                part: part_of(report, system),
                points: vec![point],
            }),
        }
    }
    out
}

/// What a system is in the comparison.
pub fn part_of(report: &Report, system: &str) -> String {
    let found = report.table(None, "emphasis_taps").and_then(|t| {
        let systems = t.column("system")?;
        let row = (0..t.rows()).find(|r| systems.text_at(*r) == Some(system))?;
        t.column("part")?.text_at(row)
    });
    found.unwrap_or("model").to_owned()
}

/// A matrix of estimates: rows are what a direction was learnt on, columns what it was tested on.
#[derive(Debug, Clone, PartialEq)]
pub struct TransferGrid {
    /// Learnt on.
    pub learnt: Vec<String>,
    /// Tested on.
    pub tested: Vec<String>,
    /// Row of `emphasis_transfer` of each cell, `[learnt][tested]`.
    pub rows: Vec<Vec<Option<usize>>>,
}

impl TransferGrid {
    /// The grid of a system's tap, on the split that keeps most apart; nothing without rows.
    pub fn of(report: &Report, system: &str, tap: &str) -> Option<Self> {
        let table = report.table(None, "emphasis_transfer")?;
        let text =
            |id: &str, row: usize| table.column(id).and_then(|c| c.text_at(row)).unwrap_or("");
        let here: Vec<usize> = (0..table.rows())
            .filter(|r| text("system", *r) == system && text("tap", *r) == tap)
            .collect();
        let split = ["other speakers and words", "other speakers"]
            .into_iter()
            .find(|s| here.iter().any(|r| text("held_out", *r) == *s))?;
        let mut out = Self {
            learnt: vec![],
            tested: vec![],
            rows: vec![],
        };
        let place = |names: &mut Vec<String>, name: &str| match names.iter().position(|n| n == name)
        {
            Some(at) => at,
            None => {
                names.push(name.to_owned());
                names.len() - 1
            }
        };
        for row in here.into_iter().filter(|r| text("held_out", *r) == split) {
            let (l, t) = (
                place(&mut out.learnt, text("learnt_on", row)),
                place(&mut out.tested, text("tested_on", row)),
            );
            out.rows
                .resize_with(out.learnt.len().max(out.rows.len()), Vec::new);
            if let Some(cells) = out.rows.get_mut(l) {
                cells.resize(cells.len().max(t + 1), None);
                if let Some(cell) = cells.get_mut(t) {
                    *cell = Some(row);
                }
            }
        }
        Some(out)
    }

    /// Row of `emphasis_transfer` of a cell.
    pub fn row(&self, learnt: usize, tested: usize) -> Option<usize> {
        self.rows.get(learnt)?.get(tested).copied().flatten()
    }
}

/// The tap at which residuals of a model are shown one by one; else its first.
pub fn shown_tap(report: &Report, system: &str) -> Option<String> {
    let of = |id: &str| {
        let table = report.table(None, id)?;
        let systems = table.column("system")?;
        let row = (0..table.rows()).find(|r| systems.text_at(*r) == Some(system))?;
        Some(table.column("tap")?.text_at(row)?.to_owned())
    };
    of("emphasis_scatter").or_else(|| of("emphasis_taps"))
}
