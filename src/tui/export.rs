//! Files of what is on screen, each with its provenance.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use phonoscope_probes::report::{Data, Report, Table};

use crate::plot::{self, LayerFigure, Measure, ScatterFigure};

use super::cell::exact;
use super::subset;

/// File formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Csv,
    Svg,
}

impl Format {
    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Svg => "svg",
        }
    }

    /// What the file will be, for the prompt.
    pub(crate) const fn describe(self) -> &'static str {
        match self {
            Self::Json => "JSON  a report; opens here again",
            Self::Csv => "CSV   the rows, with provenance",
            Self::Svg => "SVG   the figure, with provenance",
        }
    }
}

/// The figure that belongs to a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Figure {
    Scatter {
        x: usize,
        y: usize,
        colour: Option<String>,
        selected: Option<Vec<bool>>,
    },
    Scree,
    Associations,
    Heat(Measure),
    Regression,
    Selection,
    /// A figure over the layers, of this condition.
    Layers(LayerFigure, String),
    /// What the directions of a system's tap answer to.
    Transfer(String, String),
    /// Distances of a quality report over the layers of a model.
    Distances,
    /// The intervals of a table.
    Forest(String),
}

impl Figure {
    /// The figure of a table with intervals.
    pub(crate) fn of_table(table: &Table) -> Option<Self> {
        match table.id.as_str() {
            "regression" => Some(Self::Regression),
            "selection" => Some(Self::Selection),
            "distances" => Some(Self::Distances),
            // A row for each tap and condition of every system is no forest.
            id if id.starts_with("emphasis_") => None,
            id => plot::estimates(table)
                .next()
                .map(|_| Self::Forest(id.to_owned())),
        }
    }
}

/// What to write.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) report: Arc<Report>,
    /// Name of the view, part of the file name.
    pub(crate) view: String,
    /// The system that table and figure belong to.
    pub(crate) system: Option<String>,
    /// Table and rows shown; nothing for the trust report.
    pub(crate) rows: Option<(String, Vec<u32>)>,
    pub(crate) figure: Option<Figure>,
    /// How the rows were chosen, in words; empty when all are there.
    pub(crate) narrowed: String,
    pub(crate) format: Format,
}

impl Request {
    /// Formats in which this view can be written.
    pub(crate) fn formats(figure: Option<&Figure>) -> Vec<Format> {
        let mut formats = vec![Format::Json, Format::Csv];
        formats.extend(figure.map(|_| Format::Svg));
        formats
    }

    /// Suggested file name: `speaker-scatter.svg`.
    pub(crate) fn file_name(&self) -> String {
        let name = format!("{}-{}", self.report.probe, self.view);
        let plain: String = name
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '-' {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        format!("{plain}.{}", self.format.extension())
    }

    fn table(&self) -> Result<Option<Table>> {
        let Some((id, rows)) = &self.rows else {
            return Ok(None);
        };
        let table = self
            .report
            .table(self.system.as_deref(), id)
            .with_context(|| format!("the report has no table `{id}`"))?;
        let mut table = subset::rows_of(table, rows.iter().map(|row| *row as usize));
        if !self.narrowed.is_empty() {
            table.meaning = format!("{} [rows: {}]", table.meaning, self.narrowed);
        }
        Ok(Some(table))
    }
}

/// The bytes of the file.
///
/// # Errors
/// When the report lacks what the view shows.
pub(crate) fn render(request: &Request) -> Result<Vec<u8>> {
    match request.format {
        Format::Json => {
            let report = &request.report;
            let part = Report {
                schema: report.schema.clone(),
                probe: report.probe.clone(),
                title: report.title.clone(),
                systems: report.systems.clone(),
                summary: report.summary.clone(),
                warnings: report.warnings.clone(),
                provenance: report.provenance.clone(),
                trust: report.trust.clone(),
                tables: request.table()?.into_iter().collect(),
            };
            let mut bytes = serde_json::to_vec_pretty(&part)?;
            bytes.push(b'\n');
            Ok(bytes)
        }
        Format::Csv => csv(request).map(String::into_bytes),
        Format::Svg => svg(request).map(String::into_bytes),
    }
}

fn svg(request: &Request) -> Result<String> {
    let (report, system) = (&request.report, request.system.as_deref());
    match &request.figure {
        Some(Figure::Scatter {
            x,
            y,
            colour,
            selected,
        }) => {
            let (colour, selected) = (colour.as_deref(), selected.as_deref());
            plot::scatter(
                report,
                &ScatterFigure {
                    system,
                    x: *x,
                    y: *y,
                    colour,
                    selected,
                },
            )
        }
        Some(Figure::Scree) => plot::scree(report, system),
        Some(Figure::Associations) => plot::associations(report, system),
        Some(Figure::Heat(measure)) => plot::heat(report, system, *measure),
        Some(Figure::Regression) => plot::regression(report, system),
        Some(Figure::Selection) => plot::selection(report, system),
        Some(Figure::Layers(figure, condition)) => plot::layers(report, *figure, condition),
        Some(Figure::Transfer(system, tap)) => plot::transfer(report, system, tap),
        Some(Figure::Distances) => plot::distances(report, system),
        Some(Figure::Forest(id)) => plot::forest(report, system, id),
        None => anyhow::bail!("`{}` has no figure", request.view),
    }
}

fn csv(request: &Request) -> Result<String> {
    let provenance = &request.report.provenance;
    let one_line = |text: &str| text.replace(['\n', '\r'], " ");
    let mut out = format!(
        "# {}\n# view: {}\n# made by: {}\n# provenance: {}\n",
        one_line(&request.report.title),
        request.view,
        one_line(&provenance.command),
        serde_json::to_string(provenance)?
    );
    let mut line = |cells: &[String]| {
        let quoted: Vec<String> = cells.iter().map(|c| quote(c)).collect();
        out.push_str(&quoted.join(","));
        out.push('\n');
    };
    let Some(table) = request.table()? else {
        line(
            &[
                "check",
                "status",
                "value",
                "threshold",
                "unit",
                "n",
                "detail",
            ]
            .map(String::from),
        );
        for check in &request.report.trust.checks {
            let number = |v: Option<f64>| v.map_or_else(String::new, |v| v.to_string());
            let status = serde_json::to_value(check.status)?;
            line(&[
                check.id.clone(),
                status.as_str().unwrap_or("").to_owned(),
                number(check.value),
                number(check.threshold),
                check.unit.clone().unwrap_or_default(),
                check.n.to_string(),
                check.detail.clone(),
            ]);
        }
        return Ok(out);
    };
    let mut heads = Vec::new();
    for column in &table.columns {
        heads.push(column.id.clone());
        if let Data::Estimate(_) = column.data {
            heads.extend([format!("{}_lo", column.id), format!("{}_hi", column.id)]);
        }
    }
    line(&heads);
    for row in 0..table.rows() {
        let mut cells = Vec::with_capacity(heads.len());
        for column in &table.columns {
            cells.push(exact(column, row));
            if let Data::Estimate(_) = column.data {
                let ends = column
                    .estimate_at(row)
                    .map(|e| [e.lo.to_string(), e.hi.to_string()]);
                cells.extend(ends.unwrap_or_default());
            }
        }
        line(&cells);
    }
    Ok(out)
}

fn quote(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r', '#']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;
    use super::*;

    fn request(format: Format, figure: Option<Figure>) -> Request {
        Request {
            report: Arc::new(sample::report()),
            view: "associations".into(),
            system: None,
            rows: Some(("associations".into(), vec![1, 0])),
            figure,
            narrowed: "component<2".into(),
            format,
        }
    }

    #[test]
    fn json_is_a_report_of_the_rows_shown() {
        let bytes = render(&request(Format::Json, None)).unwrap();
        let report: Report = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(report.tables.len(), 1);
        assert_eq!(report.tables[0].rows(), 2);
        assert!(report.tables[0].meaning.contains("component<2"));
        assert_eq!(report.provenance, sample::report().provenance);
    }

    #[test]
    fn csv_carries_provenance_and_interval_ends() {
        let text = String::from_utf8(render(&request(Format::Csv, None)).unwrap()).unwrap();
        assert!(text.contains("# made by: phonoscope probe speaker"));
        assert!(text.contains("effect,effect_lo,effect_hi"));
        assert_eq!(text.lines().filter(|l| !l.starts_with('#')).count(), 3);
        let heads = text.lines().find(|l| !l.starts_with('#')).unwrap();
        let row = text.lines().last().unwrap();
        assert_eq!(heads.split(',').count(), row.split(',').count());
    }

    #[test]
    fn figures_are_well_formed_and_repeat_byte_for_byte() {
        let speakers = sample::report().table(None, "speakers").unwrap().rows();
        let scatter = |colour: Option<&str>| Figure::Scatter {
            x: 1,
            y: 2,
            colour: colour.map(Into::into),
            selected: Some(vec![true; speakers]),
        };
        let figures = [
            scatter(Some("sex")),
            scatter(Some("age")),
            scatter(None),
            Figure::Scree,
            Figure::Associations,
        ];
        for figure in figures {
            let draw = || render(&request(Format::Svg, Some(figure.clone()))).unwrap();
            let text = String::from_utf8(draw()).unwrap();
            crate::plot::assert_well_formed(&text);
            assert!(text.contains("<desc>{&quot;phonoscope&quot;"), "{figure:?}");
            assert_eq!(text.into_bytes(), draw());
        }
        assert!(render(&request(Format::Svg, None)).is_err());
    }

    #[test]
    fn file_names_are_plain() {
        let mut odd = request(Format::Csv, None);
        odd.view = "../x y".into();
        assert_eq!(odd.file_name(), "speaker-___x_y.csv");
    }
}
