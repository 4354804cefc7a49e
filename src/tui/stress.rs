//! The Stress screen: which words, which maps, and what of them.

use phonoscope_probes::report::{Column, Report, Table};

use crate::plot::{StressBar, StressChoice, StressFigure, stress_bars};

use super::export::Figure;
use super::sought::Sought;
use super::subset;
use super::word::{Sign, WordSeen};

pub(crate) use super::stress_areas::stress_areas;

/// The pane that keys go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum StressPane {
    /// Words, with what the classifier looks at in the one under the cursor.
    #[default]
    Words,
    /// Figures of all words, beside their baselines.
    Bars,
    /// Whether the maps can be trusted.
    Sanity,
    /// Where relevance went, layer by layer.
    Ledger,
}

impl StressPane {
    pub(crate) const ALL: [Self; 4] = [Self::Words, Self::Bars, Self::Sanity, Self::Ledger];
}

/// Tables of the sanity pane.
pub(crate) const SANITY: [&str; 4] = [
    "stress_sanity",
    "stress_flipping",
    "stress_agreement",
    "stress_band_sensitivity",
];

/// Groups of words whose maps are told apart, as the probe names them.
const ALL_WORDS: &str = "all";

/// What of the words is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Pairs {
    #[default]
    All,
    /// Words that another differs from by stress alone.
    Only,
    Without,
}

/// Whether the network is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Verdict {
    #[default]
    Any,
    Right,
    Wrong,
}

/// How relevance is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Overlay {
    pub(crate) shown: bool,
    /// Steps of [`Self::STEPS`].
    pub(crate) opacity: usize,
    pub(crate) sign: Sign,
    /// Vowels and tracks.
    pub(crate) tracks: bool,
}

impl Overlay {
    pub(crate) const STEPS: usize = 5;

    /// From 0, nothing, to 1.
    pub(crate) fn opacity(self) -> f64 {
        match self.shown {
            true => self.opacity as f64 / Self::STEPS as f64,
            false => 0.0,
        }
    }
}

/// State of the Stress screen.
#[derive(Debug, Clone)]
pub(crate) struct Stress {
    pub(crate) pane: StressPane,
    pub(crate) pairs: Pairs,
    pub(crate) verdict: Verdict,
    /// Rows of `stress_items` that are listed.
    pub(crate) words: Vec<usize>,
    /// Index into `words`.
    pub(crate) word: usize,
    pub(crate) overlay: Overlay,
    pub(crate) composites: Vec<String>,
    pub(crate) composite: usize,
    pub(crate) figure: StressFigure,
    /// Groups of words whose maps are told apart.
    pub(crate) groups: Vec<String>,
    pub(crate) group: usize,
    pub(crate) bars: Vec<StressBar>,
    pub(crate) bar: usize,
    /// Which of [`SANITY`].
    pub(crate) check: usize,
    /// The rows of it that are of the composite.
    pub(crate) sanity: Option<Table>,
    pub(crate) sanity_row: usize,
    /// Rows of `stress_ledger` of the composite.
    pub(crate) layers: Vec<usize>,
    pub(crate) layer: usize,
    /// The word under the cursor, and the other of its minimal pair.
    pub(crate) seen: [Option<Sought<WordSeen>>; 2],
    /// The selection that `words` was made for.
    selection: u64,
}

impl Stress {
    /// The screen of a stress report; nothing for others.
    pub(crate) fn new(report: &Report) -> Option<Self> {
        let items = report.table(None, "stress_items")?;
        let of = |id: &str, column: &str| {
            let table = report.table(None, id);
            table.map_or_else(Vec::new, |table| subset::words_in(table, column))
        };
        let mut composites = of("stress_ledger", "composite");
        for name in of("stress_regions", "composite") {
            if !composites.contains(&name) {
                composites.push(name);
            }
        }
        let mut screen = Self {
            pane: StressPane::default(),
            pairs: Pairs::default(),
            verdict: Verdict::default(),
            words: (0..items.rows()).collect(),
            word: 0,
            overlay: Overlay {
                shown: true,
                opacity: 4,
                sign: Sign::default(),
                tracks: true,
            },
            composites,
            composite: 0,
            figure: StressFigure::default(),
            groups: of("stress_regions", "group"),
            group: 0,
            bars: Vec::new(),
            bar: 0,
            check: 0,
            sanity: None,
            sanity_row: 0,
            layers: Vec::new(),
            layer: 0,
            seen: [None, None],
            selection: 0,
        };
        screen.show(report);
        Some(screen)
    }

    pub(crate) fn composite_name(&self) -> &str {
        let name = self.composites.get(self.composite);
        name.map_or("", String::as_str)
    }

    pub(crate) fn group_name(&self) -> &str {
        self.groups
            .get(self.group)
            .map_or(ALL_WORDS, String::as_str)
    }

    /// The sign of the bars, as tables name it.
    pub(crate) const fn sign_name(&self) -> &'static str {
        match self.overlay.sign {
            Sign::Both | Sign::For => "positive",
            Sign::Against => "negative",
        }
    }

    /// Works out bars, checks and ledger after a change of figure, composite, sign or group.
    pub(crate) fn show(&mut self, report: &Report) {
        let choice = StressChoice {
            composite: self.composite_name(),
            sign: self.sign_name(),
            group: self.group_name(),
        };
        self.bars = stress_bars(report, self.figure, choice);
        self.bar = self.bar.min(self.bars.len().saturating_sub(1));
        let check = SANITY.get(self.check).copied().unwrap_or_default();
        let own = |table: &Table| {
            let wanted = [("composite", self.composite_name())];
            if table.column("composite").is_none() {
                return table.clone();
            }
            let rows: Vec<usize> = subset::where_is(table, &wanted).collect();
            let mut part = subset::rows_of(table, rows);
            part.title = format!("{}, {}", part.title, self.composite_name());
            part.columns.retain(|c| c.id != "composite");
            part
        };
        self.sanity = report.table(None, check).map(own);
        let rows = self.sanity.as_ref().map_or(0, Table::rows);
        self.sanity_row = self.sanity_row.min(rows.saturating_sub(1));
        let wanted = [("composite", self.composite_name())];
        let ledger = report.table(None, "stress_ledger");
        self.layers = ledger.map_or_else(Vec::new, |t| subset::where_is(t, &wanted).collect());
        self.layer = self.layer.min(self.layers.len().saturating_sub(1));
    }

    /// Works out the list of words; `chosen` says which rows the selection leaves.
    pub(crate) fn list(&mut self, report: &Report, chosen: impl Fn(usize) -> bool) {
        let Some(items) = report.table(None, "stress_items") else {
            return;
        };
        let before = self.row();
        let [right, pair] = ["right", "minimal_pair"].map(|id| items.column(id));
        let right = |row: usize| right.and_then(|c| c.value(row)) == Some(1.0);
        let in_pair = |row: usize| pair.and_then(|c| c.text_at(row)) == Some("yes");
        let here = |row: &usize| {
            let pairs = match self.pairs {
                Pairs::All => true,
                Pairs::Only => in_pair(*row),
                Pairs::Without => !in_pair(*row),
            };
            let verdict = match self.verdict {
                Verdict::Any => true,
                Verdict::Right => right(*row),
                Verdict::Wrong => !right(*row),
            };
            pairs && verdict && chosen(*row)
        };
        self.words = (0..items.rows()).filter(here).collect();
        let kept = before.and_then(|row| self.words.iter().position(|r| *r == row));
        self.word = kept.unwrap_or_else(|| self.word.min(self.words.len().saturating_sub(1)));
    }

    /// The same, once for each version of the selection.
    pub(crate) fn settle(&mut self, report: &Report, version: u64, chosen: impl Fn(usize) -> bool) {
        if self.selection != version {
            self.selection = version;
            self.list(report, chosen);
        }
    }

    /// Row of `stress_items` under the cursor.
    pub(crate) fn row(&self) -> Option<usize> {
        self.words.get(self.word).copied()
    }

    /// The other of the minimal pair: the same word with the other stress, by the same speaker where
    /// there is one; nothing for words that have none.
    pub(crate) fn other(&self, report: &Report) -> Option<usize> {
        let items = report.table(None, "stress_items")?;
        let row = self.row()?;
        if !subset::is(items, row, "minimal_pair", "yes") {
            return None;
        }
        let [word, stress, speaker] = ["word", "stress", "speaker"].map(|id| items.column(id));
        let same = |column: Option<&Column>, other: usize| {
            column.is_some_and(|c| c.text_at(other) == c.text_at(row))
        };
        let others = (0..items.rows()).filter(|o| same(word, *o) && !same(stress, *o));
        others.min_by_key(|o| !same(speaker, *o))
    }

    /// The table behind the pane, and the row of it under the cursor.
    pub(crate) fn behind(&self) -> (&'static str, Option<usize>) {
        match self.pane {
            StressPane::Words => ("stress_items", self.row()),
            StressPane::Bars => {
                let bar = self.bars.get(self.bar);
                (self.figure.table(), bar.map(|bar| bar.row))
            }
            StressPane::Sanity => (SANITY.get(self.check).copied().unwrap_or_default(), None),
            StressPane::Ledger => ("stress_ledger", self.layers.get(self.layer).copied()),
        }
    }

    /// The figure that can be exported.
    pub(crate) fn figure_shown(&self) -> Option<Figure> {
        match self.pane {
            StressPane::Words | StressPane::Ledger => None,
            StressPane::Bars | StressPane::Sanity => {
                Some(Figure::Forest(self.behind().0.to_owned()))
            }
        }
    }

    /// What is listed, in words.
    pub(crate) fn listed(&self) -> String {
        let pairs = match self.pairs {
            Pairs::All => "",
            Pairs::Only => "minimal pairs",
            Pairs::Without => "no minimal pairs",
        };
        let verdict = match self.verdict {
            Verdict::Any => "",
            Verdict::Right => "told right",
            Verdict::Wrong => "told wrong",
        };
        let parts: Vec<&str> = [pairs, verdict]
            .into_iter()
            .filter(|p| !p.is_empty())
            .collect();
        parts.join(", ")
    }

    /// Which maps are shown, in words.
    pub(crate) fn maps(&self) -> String {
        format!(
            "maps by {}; words: {}",
            self.composite_name(),
            self.group_name()
        )
    }
}
