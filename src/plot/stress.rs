//! Bars of a stress report: how often the network is right, and where its relevance lies, each beside
//! what knows less.

use phonoscope_analysis::Estimate;
use phonoscope_probes::report::{Report, Role, Table};

/// What is drawn as bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StressFigure {
    /// Balanced accuracy by group of words.
    Accuracy,
    /// Relevance for its size, by region of time.
    #[default]
    Time,
    /// Share of the relevance, by region of time.
    Share,
    /// Relevance over the energy of the input, by region of time.
    OverEnergy,
    /// Relevance by band of the vowels.
    Bands,
    /// The same, less that of bands moved up and down.
    OverShifted,
    /// Fall of the score when a band is hidden.
    Hidden,
}

impl StressFigure {
    /// All, in the order that screens turn them.
    pub const ALL: [Self; 7] = [
        Self::Time,
        Self::Share,
        Self::OverEnergy,
        Self::Bands,
        Self::OverShifted,
        Self::Hidden,
        Self::Accuracy,
    ];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::Time => "time",
            Self::Share => "share",
            Self::OverEnergy => "over_energy",
            Self::Bands => "bands",
            Self::OverShifted => "over_shifted",
            Self::Hidden => "hidden",
        }
    }

    /// Table that holds it.
    pub const fn table(self) -> &'static str {
        match self {
            Self::Accuracy => "stress_accuracy",
            Self::Time | Self::Share | Self::OverEnergy => "stress_regions",
            Self::Bands | Self::OverShifted => "stress_bands",
            Self::Hidden => "stress_occlusion",
        }
    }

    /// Column of that table.
    pub const fn column(self) -> &'static str {
        match self {
            Self::Accuracy => "balanced_accuracy",
            Self::Time => "enrichment",
            Self::Share => "share",
            Self::OverEnergy => "over_energy",
            Self::Bands => "density",
            Self::OverShifted => "over_shifted",
            Self::Hidden => "fall",
        }
    }

    /// Words for a heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Accuracy => "Balanced accuracy",
            Self::Time => "Relevance per frame, 1 if even",
            Self::Share => "Share of the relevance",
            Self::OverEnergy => "Relevance over input energy",
            Self::Bands => "Relevance per cell of the vowel, 1 if even",
            Self::OverShifted => "The same, less that of shifted bands",
            Self::Hidden => "Fall of the score when a band is hidden",
        }
    }

    /// Where it lies when there is nothing to see.
    const fn rest(self) -> f64 {
        match self {
            Self::Accuracy => 0.5,
            Self::Time | Self::OverEnergy | Self::Bands => 1.0,
            Self::Share | Self::OverShifted | Self::Hidden => 0.0,
        }
    }

    /// Whether composite, sign and group choose its rows.
    pub const fn is_of_maps(self) -> bool {
        !matches!(self, Self::Accuracy | Self::Hidden)
    }
}

/// Which maps, and of which words.
#[derive(Debug, Clone, Copy)]
pub struct StressChoice<'a> {
    /// Which layer has which rule.
    pub composite: &'a str,
    /// `positive` or `negative`.
    pub sign: &'a str,
    /// A group of words.
    pub group: &'a str,
}

/// What a bar is held against.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    /// Its sign on the bar.
    pub sign: char,
    /// What it is.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
    /// The same with its interval, where it has one.
    pub estimate: Option<Estimate>,
}

/// One bar.
#[derive(Debug, Clone, PartialEq)]
pub struct StressBar {
    /// Row of the table.
    pub row: usize,
    /// What it is of.
    pub label: String,
    /// The figure of the trained network.
    pub estimate: Estimate,
    /// Tokens.
    pub n: Option<f64>,
    /// Where it lies when there is nothing to see.
    pub rest: f64,
    /// What it is held against.
    pub baselines: Vec<Baseline>,
}

/// Rows of a table that say the same but for one word.
struct Rows<'a>(&'a Table);

impl Rows<'_> {
    fn is(&self, row: usize, wanted: &[(&str, &str)]) -> bool {
        let text = |id: &str| self.0.column(id).and_then(|c| c.text_at(row));
        wanted.iter().all(|(id, words)| text(id) == Some(words))
    }

    fn baseline(
        &self,
        row: usize,
        column: &str,
        sign: char,
        name: &'static str,
    ) -> Option<Baseline> {
        let column = self.0.column(column)?;
        Some(Baseline {
            sign,
            name,
            value: column.value(row)?,
            estimate: column.estimate_at(row),
        })
    }

    /// The same figure of the row that differs from `row` by its column `key`, which is `words`.
    fn other(
        &self,
        row: usize,
        (key, words): (&str, &str),
        column: &str,
        (sign, name): (char, &'static str),
    ) -> Option<Baseline> {
        let keys = self
            .0
            .columns
            .iter()
            .filter(|c| c.role == Role::Key && c.id != key);
        let keys: Vec<(&str, &str)> = keys
            .filter_map(|c| Some((c.id.as_str(), c.text_at(row)?)))
            .chain([(key, words)])
            .collect();
        let found = (0..self.0.rows()).find(|other| self.is(*other, &keys))?;
        self.baseline(found, column, sign, name)
    }
}

/// The bars of a figure, in the order of its table.
pub fn stress_bars(
    report: &Report,
    figure: StressFigure,
    choice: StressChoice<'_>,
) -> Vec<StressBar> {
    let Some(table) = report.table(None, figure.table()) else {
        return vec![];
    };
    let rows = Rows(table);
    let of_maps = [
        ("network", "trained"),
        ("composite", choice.composite),
        ("sign", choice.sign),
        ("group", choice.group),
    ];
    let wanted: &[(&str, &str)] = match figure {
        StressFigure::Accuracy => &[("method", "network")],
        StressFigure::Hidden => &[],
        _ => &of_maps,
    };
    let text = |id: &str, row: usize| table.column(id).and_then(|c| c.text_at(row)).unwrap_or("");
    let bar = |row: usize| {
        let estimate = table.column(figure.column())?.estimate_at(row)?;
        let label = match figure {
            StressFigure::Accuracy => text("group", row).to_owned(),
            StressFigure::Hidden => text("band", row).to_owned(),
            StressFigure::Bands | StressFigure::OverShifted => {
                let vowel = text("vowel", row);
                let vowel = vowel.strip_suffix(" vowel").unwrap_or(vowel);
                format!("{vowel} {}", text("band", row))
            }
            _ => text("region", row).to_owned(),
        };
        // Where both are there, `words` counts different ones.
        let n = ["tokens", "words"]
            .iter()
            .find_map(|id| table.column(id)?.value(row));
        // A difference of two regions is 0 where they are alike, whatever each of them is.
        let rest = match label.contains('−') {
            true => 0.0,
            false => figure.rest(),
        };
        Some(StressBar {
            row,
            label,
            rest,
            estimate,
            n,
            baselines: baselines(&rows, figure, row),
        })
    };
    let here = (0..table.rows()).filter(|row| rows.is(*row, wanted));
    here.filter_map(bar).collect()
}

fn baselines(rows: &Rows<'_>, figure: StressFigure, row: usize) -> Vec<Baseline> {
    let column = figure.column();
    let method = |words, sign, name| rows.other(row, ("method", words), column, (sign, name));
    let network = |words, sign, name| rows.other(row, ("network", words), column, (sign, name));
    let own = |id, sign, name| rows.baseline(row, id, sign, name);
    let found = match figure {
        StressFigure::Accuracy => vec![
            method("contrasts of vowels", 'c', "contrasts of the vowels"),
            method("commonest stress", 'm', "commonest stress"),
        ],
        StressFigure::Hidden => vec![own("fall_shifted", 'b', "shifted bands")],
        _ => {
            let mut all = vec![
                network("untrained twin", 't', "untrained twin"),
                network("shuffled labels", 's', "shuffled labels"),
            ];
            match figure {
                StressFigure::Share => all.extend([
                    own("size_share", 'f', "share of the frames"),
                    own("energy_share", 'e', "share of the energy"),
                ]),
                StressFigure::Bands => all.extend([
                    own("energy", 'e', "input energy"),
                    own("shifted", 'b', "shifted bands"),
                ]),
                _ => {}
            }
            all
        }
    };
    found.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use phonoscope_analysis::estimate::Method;
    use phonoscope_probes::report::Column;

    fn estimate(value: f64) -> Option<Estimate> {
        Some(Estimate {
            value,
            lo: value - 0.1,
            hi: value + 0.1,
            n: 9,
            level: 0.95,
            method: Method::ClusterBootstrap,
        })
    }

    #[test]
    fn a_bar_is_held_against_the_same_region_of_other_networks() {
        let words = |values: [&str; 4]| values.map(|v| Some(v.to_owned())).to_vec();
        let key = |id: &str, values| Column::text(id, Role::Key, "", words(values));
        let columns = vec![
            key(
                "network",
                ["trained", "trained", "untrained twin", "untrained twin"],
            ),
            key("composite", ["a"; 4]),
            key("sign", ["positive"; 4]),
            key("group", ["all"; 4]),
            key(
                "region",
                [
                    "stressed vowel",
                    "stressed − unstressed",
                    "stressed vowel",
                    "stressed − unstressed",
                ],
            ),
            Column::estimate(
                "share",
                "",
                None,
                [0.5, 0.1, 0.3, 0.2].map(estimate).to_vec(),
            ),
            Column::estimate(
                "enrichment",
                "",
                None,
                [0.5, 0.1, 0.3, 0.2].map(estimate).to_vec(),
            ),
            Column::number("words", Role::Value, "", None, [7.0; 4]),
            Column::number("size_share", Role::Value, "", None, [0.25; 4]),
        ];
        let mut report = crate::tui::sample::report();
        report.tables = vec![Table::new("stress_regions", "", "", columns)];
        let choice = StressChoice {
            composite: "a",
            sign: "positive",
            group: "all",
        };
        let bars = stress_bars(&report, StressFigure::Share, choice);
        let labels: Vec<&str> = bars.iter().map(|b| b.label.as_str()).collect();
        assert_eq!(labels, ["stressed vowel", "stressed − unstressed"]);
        let marks: Vec<(char, f64)> = bars[1]
            .baselines
            .iter()
            .map(|b| (b.sign, b.value))
            .collect();
        assert_eq!(
            (marks, bars[1].n),
            (vec![('t', 0.2), ('f', 0.25)], Some(7.0))
        );
        let time = stress_bars(&report, StressFigure::Time, choice);
        let rests: Vec<f64> = time.iter().map(|bar| bar.rest).collect();
        assert_eq!(rests, [1.0, 0.0]);
        let other = StressChoice {
            group: "wrong",
            ..choice
        };
        assert!(stress_bars(&report, StressFigure::Share, other).is_empty());
        assert!(stress_bars(&report, StressFigure::Hidden, choice).is_empty());
    }
}
