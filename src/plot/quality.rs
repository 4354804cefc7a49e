//! Figures of a quality report by layer: curves of every model for one system or one criterion.

use phonoscope_analysis::Estimate;
use phonoscope_analysis::estimate::Method;
use phonoscope_probes::report::{Column, Report, Table};

use super::layers::{LayerCurve, LayerPoint};

/// A figure that is drawn over the layers of the models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum QualityFigure {
    /// Distance of a system at equal n, above the floor.
    #[default]
    Distance,
    /// That over the floor of the same halves.
    Ratio,
    /// Distance of the whole samples.
    Whole,
    /// Distance of frames at equal n, above its floor.
    Frames,
    /// How a criterion ranks with the distances.
    Criterion,
}

impl QualityFigure {
    /// All, in the order that screens turn them.
    pub const ALL: [Self; 5] = [
        Self::Distance,
        Self::Ratio,
        Self::Whole,
        Self::Frames,
        Self::Criterion,
    ];

    /// Table that holds it.
    pub const fn table(self) -> &'static str {
        match self {
            Self::Distance | Self::Ratio | Self::Whole => "distances",
            Self::Frames => "frame_distances",
            Self::Criterion => "criteria",
        }
    }

    /// Column of that table.
    pub const fn column(self) -> &'static str {
        match self {
            Self::Distance | Self::Frames => "at_half",
            Self::Ratio => "ratio",
            Self::Whole => "normalised",
            Self::Criterion => "interval",
        }
    }

    /// What its null is.
    pub const fn null(self) -> Option<&'static str> {
        match self {
            Self::Distance | Self::Frames => Some("floor: halves of the reference"),
            Self::Ratio => Some("1: no farther than the reference from itself"),
            Self::Whole | Self::Criterion => None,
        }
    }

    /// Words for a heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Distance => "Normalised W2 at equal n",
            Self::Ratio => "W2 over the floor",
            Self::Whole => "Normalised W2, whole samples",
            Self::Frames => "Normalised W2 of frames at equal n",
            Self::Criterion => "Rank correlation",
        }
    }
}

/// What distances are ranked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criterion {
    /// For example a rating, or severity.
    pub target: String,
    /// Systems, or utterances.
    pub of: String,
    /// The coefficient.
    pub statistic: String,
    /// One degradation; nothing for all.
    pub group: Option<String>,
    /// Rows of `criteria` that are of it, a layer each.
    pub rows: Vec<usize>,
}

impl Criterion {
    /// Whether it is the same criterion, of another model.
    pub fn is_same(&self, other: &Self) -> bool {
        self.target == other.target
            && self.of == other.of
            && self.statistic == other.statistic
            && self.group == other.group
    }

    /// The row of the best layer, the first of equals, and its coefficient.
    pub fn best(&self, table: &Table) -> Option<(usize, f64)> {
        let value = table.column("value")?;
        let rows = self.rows.iter();
        let known = rows.filter_map(|row| Some((*row, value.value(*row)?)));
        known.reduce(|a, b| if b.1 > a.1 { b } else { a })
    }

    /// In words.
    pub fn words(&self) -> String {
        let group = self
            .group
            .as_ref()
            .map_or_else(String::new, |g| format!(", {g}"));
        format!(
            "{} against {}, {}{group}",
            self.of, self.target, self.statistic
        )
    }
}

/// The criteria of a model, in the order of its table.
pub fn criteria(report: &Report, model: &str) -> Vec<Criterion> {
    let mut found: Vec<Criterion> = Vec::new();
    let Some(table) = report.table(Some(model), "criteria") else {
        return found;
    };
    let [target, of, statistic, group] =
        ["target", "of", "statistic", "group"].map(|id| table.column(id));
    for row in 0..table.rows() {
        let text = |column: Option<&Column>| column.and_then(|c| c.text_at(row)).map(str::to_owned);
        let criterion = Criterion {
            target: text(target).unwrap_or_default(),
            of: text(of).unwrap_or_default(),
            statistic: text(statistic).unwrap_or_default(),
            group: text(group),
            rows: vec![row],
        };
        match found.iter_mut().find(|known| known.is_same(&criterion)) {
            Some(known) => known.rows.push(row),
            None => found.push(criterion),
        }
    }
    found
}

/// Curves of a figure, a model each, of this system or this criterion.
pub fn quality_curves(
    report: &Report,
    figure: QualityFigure,
    system: &str,
    criterion: Option<&Criterion>,
) -> Vec<LayerCurve> {
    let of = |model: &String| {
        let table = report.table(Some(model), figure.table())?;
        let layers = report.table(Some(model), "layers")?;
        let names = layers.column("layer")?;
        let text = |id: &str, row: usize| table.column(id).and_then(|c| c.text_at(row));
        let rows = match figure {
            QualityFigure::Criterion => {
                let wanted = criterion?;
                let mut own = criteria(report, model).into_iter();
                own.find(|c| c.is_same(wanted))?.rows
            }
            _ => {
                let here = |row: &usize| text("system", *row) == Some(system);
                (0..table.rows()).filter(here).collect()
            }
        };
        let last = layers.rows().saturating_sub(1).max(1) as f64;
        let point = |row: usize| {
            let name = text("layer", row)?;
            let place = (0..layers.rows()).find(|l| names.text_at(*l) == Some(name))?;
            let estimate = estimate(table, figure, row)?;
            let floor = match figure {
                QualityFigure::Distance => layers.column("floor").and_then(|c| c.value(place)),
                QualityFigure::Frames => table.column("floor").and_then(|c| c.value(row)),
                QualityFigure::Ratio => Some(1.0),
                QualityFigure::Whole | QualityFigure::Criterion => None,
            };
            Some(LayerPoint {
                row,
                tap: name.to_owned(),
                depth: place as f64 / last,
                estimate,
                null: floor,
            })
        };
        let points: Vec<LayerPoint> = rows.into_iter().filter_map(point).collect();
        (!points.is_empty()).then(|| LayerCurve {
            system: model.clone(),
            part: String::from("model"),
            points,
        })
    };
    report.systems.iter().filter_map(of).collect()
}

/// The figure of a row; a coefficient of too few systems to resample has an interval of no width.
fn estimate(table: &Table, figure: QualityFigure, row: usize) -> Option<Estimate> {
    let found = table
        .column(figure.column())
        .and_then(|c| c.estimate_at(row));
    let bare = || {
        let value = table
            .column("value")
            .filter(|_| figure == QualityFigure::Criterion);
        let value = value.and_then(|c| c.value(row))?;
        Some(Estimate {
            value,
            lo: value,
            hi: value,
            n: 0,
            level: 0.95,
            method: Method::Bootstrap,
        })
    };
    found.or_else(bare)
}
