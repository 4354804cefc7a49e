//! The Quality screen: whose layers, which system, which criterion, and which utterance.

use phonoscope_probes::report::{Report, Table};

use crate::plot::{Criterion, LayerCurve, QualityFigure, criteria, quality_curves};

use super::export::Figure;
use super::sought::Sought;
use super::sound::{Recording, Spectrogram};
use super::subset;

pub(crate) use super::quality_areas::quality_areas;

/// The pane that keys go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum QualityPane {
    /// Curves over the layers, with the card of the layer under the cursor.
    #[default]
    Layers,
    /// Systems in that layer.
    Systems,
    /// What the distances are ranked against, and the layers under it.
    Best,
    /// The worst utterances, and their worst moments.
    Worst,
}

impl QualityPane {
    pub(crate) const ALL: [Self; 4] = [Self::Layers, Self::Systems, Self::Best, Self::Worst];
}

/// Which utterances are the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Worst {
    /// Those farthest on the whole.
    #[default]
    Whole,
    /// Those with the farthest moment.
    Moments,
}

impl Worst {
    const fn table(self) -> &'static str {
        match self {
            Self::Whole => "utterances",
            Self::Moments => "quality_moments",
        }
    }
}

/// An utterance of a list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Utterance {
    pub(crate) id: String,
    pub(crate) system: String,
    /// Row of the list's table.
    pub(crate) row: usize,
    /// Rows of `quality_moments`.
    pub(crate) moments: Vec<usize>,
}

/// A recording that was found, and its picture.
pub(crate) type Found = (Recording, Spectrogram);

/// State of the Quality screen.
#[derive(Debug, Clone)]
pub(crate) struct Quality {
    pub(crate) pane: QualityPane,
    pub(crate) figure: QualityFigure,
    pub(crate) models: Vec<String>,
    pub(crate) model: usize,
    /// Layers of the model, from the input on.
    pub(crate) layers: Vec<String>,
    pub(crate) layer: usize,
    /// Systems that are compared with the reference.
    pub(crate) systems: Vec<String>,
    pub(crate) system: usize,
    pub(crate) criteria: Vec<Criterion>,
    pub(crate) criterion: usize,
    pub(crate) curves: Vec<LayerCurve>,
    /// Rows of `distances` of the layer.
    pub(crate) in_layer: Vec<usize>,
    /// Rows of `criteria` of the criterion.
    pub(crate) ranked: Option<Table>,
    pub(crate) worst: Worst,
    pub(crate) utterances: Vec<Utterance>,
    pub(crate) utterance: usize,
    /// Moment of the utterance under the cursor.
    pub(crate) moment: usize,
    pub(crate) found: Option<Sought<Found>>,
}

impl Quality {
    /// The screen of a quality report; nothing for others.
    pub(crate) fn new(report: &Report) -> Option<Self> {
        let has = |model: &&String| report.table(Some(model), "distances").is_some();
        let models: Vec<String> = report.systems.iter().filter(has).cloned().collect();
        if models.is_empty() {
            return None;
        }
        let mut screen = Self {
            pane: QualityPane::default(),
            figure: QualityFigure::default(),
            models,
            model: 0,
            layers: Vec::new(),
            layer: 0,
            systems: Vec::new(),
            system: 0,
            criteria: Vec::new(),
            criterion: 0,
            curves: Vec::new(),
            in_layer: Vec::new(),
            ranked: None,
            worst: Worst::default(),
            utterances: Vec::new(),
            utterance: 0,
            moment: 0,
            found: None,
        };
        screen.show_model(report, 0);
        Some(screen)
    }

    pub(crate) fn model_name(&self) -> &str {
        self.models.get(self.model).map_or("", String::as_str)
    }

    pub(crate) fn layer_name(&self) -> &str {
        self.layers.get(self.layer).map_or("", String::as_str)
    }

    pub(crate) fn system_name(&self) -> &str {
        self.systems.get(self.system).map_or("", String::as_str)
    }

    /// The table `id` of the model shown.
    pub(crate) fn table<'a>(&self, report: &'a Report, id: &str) -> Option<&'a Table> {
        report.table(Some(self.model_name()), id)
    }

    /// Shows another model, with system and criterion as they were as far as it has them.
    pub(crate) fn show_model(&mut self, report: &Report, model: usize) {
        let system = self.system_name().to_owned();
        let criterion = self.criteria.get(self.criterion).cloned();
        self.model = model.min(self.models.len().saturating_sub(1));
        let words = |id: &str, column: &str| {
            let table = self.table(report, id);
            table.map_or_else(Vec::new, |t| subset::words_in(t, column))
        };
        let (layers, systems) = (words("layers", "layer"), words("distances", "system"));
        self.criteria = criteria(report, self.model_name());
        let kept = criterion.and_then(|c| self.criteria.iter().position(|k| k.is_same(&c)));
        self.criterion = kept.unwrap_or(0);
        self.system = systems.iter().position(|s| *s == system).unwrap_or(0);
        (self.layers, self.systems) = (layers, systems);
        self.layer = self.best(report).unwrap_or(0);
        self.show(report);
        self.list(report);
    }

    /// The layer that ranks best under the first criterion that has figures.
    fn best(&self, report: &Report) -> Option<usize> {
        let table = self.table(report, "criteria")?;
        let (row, _) = self.criteria.iter().find_map(|c| c.best(table))?;
        let name = table.column("layer")?.text_at(row)?;
        self.layers.iter().position(|layer| layer == name)
    }

    /// Works out curves and rows after a change of figure, layer, system or criterion.
    pub(crate) fn show(&mut self, report: &Report) {
        let criterion = self.criteria.get(self.criterion);
        self.curves = quality_curves(report, self.figure, self.system_name(), criterion);
        let distances = self.table(report, "distances");
        let wanted = [("layer", self.layer_name())];
        self.in_layer = distances.map_or_else(Vec::new, |t| subset::where_is(t, &wanted).collect());
        let ranked = self.table(report, "criteria").zip(criterion);
        self.ranked = ranked.map(|(table, criterion)| {
            let mut part = subset::rows_of(table, criterion.rows.iter().copied());
            // What the criterion is stands above.
            let told = ["target", "of", "statistic", "group"];
            part.columns.retain(|c| !told.contains(&c.id.as_str()));
            part
        });
    }

    /// Works out the list of utterances.
    pub(crate) fn list(&mut self, report: &Report) {
        let moments = self.table(report, "quality_moments");
        let of = |id: &str| {
            let table = moments?;
            let rows: Vec<usize> = subset::where_is(table, &[("utterance", id)]).collect();
            Some(rows)
        };
        let table = self.table(report, self.worst.table());
        let text = |id: &str, row: usize| {
            let column = table.and_then(|t| t.column(id));
            column.and_then(|c| c.text_at(row)).unwrap_or("").to_owned()
        };
        let mut found: Vec<Utterance> = Vec::new();
        for row in 0..table.map_or(0, Table::rows) {
            let id = text("utterance", row);
            if found.iter().any(|u| u.id == id) {
                continue;
            }
            found.push(Utterance {
                system: text("system", row),
                moments: of(&id).unwrap_or_default(),
                row,
                id,
            });
        }
        self.utterances = found;
        self.utterance = 0;
        self.moment = 0;
    }

    /// The utterance under the cursor.
    pub(crate) fn shown(&self) -> Option<&Utterance> {
        self.utterances.get(self.utterance)
    }

    /// Start and end of the moments of the utterance under the cursor, in seconds.
    pub(crate) fn moments(&self, report: &Report) -> Vec<[f64; 2]> {
        let Some(table) = self.table(report, "quality_moments") else {
            return Vec::new();
        };
        let value = |id: &str, row: usize| table.column(id).and_then(|c| c.value(row));
        let rows = self.shown().map_or(&[][..], |u| &u.moments);
        let span = |row: &usize| Some([value("start_secs", *row)?, value("end_secs", *row)?]);
        rows.iter().filter_map(span).collect()
    }

    /// The table behind the pane, and the row of it under the cursor.
    pub(crate) fn behind(&self) -> (&'static str, Option<usize>) {
        match self.pane {
            QualityPane::Layers => {
                let curve = self.curves.iter().find(|c| c.system == self.model_name());
                let here = curve.and_then(|c| c.points.iter().find(|p| p.tap == self.layer_name()));
                (self.figure.table(), here.map(|p| p.row))
            }
            QualityPane::Systems => ("distances", self.in_layer.get(self.system).copied()),
            QualityPane::Best => {
                let criterion = self.criteria.get(self.criterion);
                ("criteria", criterion.and_then(|c| c.rows.first().copied()))
            }
            QualityPane::Worst => (self.worst.table(), self.shown().map(|u| u.row)),
        }
    }

    /// The figure that can be exported.
    pub(crate) fn figure_shown(&self) -> Option<Figure> {
        match self.pane {
            QualityPane::Layers | QualityPane::Systems => Some(Figure::Distances),
            QualityPane::Best => Some(Figure::Forest(String::from("criteria"))),
            QualityPane::Worst => None,
        }
    }

    /// What is shown, in words.
    pub(crate) fn title(&self) -> String {
        format!(
            "{} in {}, {}",
            self.system_name(),
            self.model_name(),
            self.layer_name()
        )
    }
}
