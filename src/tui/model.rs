//! The Model screen's state: models at hand, one opened as a tree of blocks and taps, taps picked.

use std::collections::BTreeSet;
use std::sync::Arc;

use phonoscope_models::{Axis, Block, Field, Tap, Unreachable};

use crate::plot::significant;

use super::words;

/// A model that can be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelSource {
    /// Name in the catalogue, or path of a file: what a command line takes.
    pub name: String,
    /// One line that says what it is.
    pub about: String,
}

/// A model as the screen shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelView {
    /// Name in the catalogue, or path of a file: what a command line takes.
    pub name: String,
    /// What is known of it, as name and words.
    pub facts: Vec<(String, String)>,
    /// Blocks in the order of the graph.
    pub blocks: Vec<Block>,
    /// Taps in the order of the graph.
    pub taps: Vec<Tap>,
    /// Seconds of an input step, where the front end is known.
    pub step_secs: Option<f64>,
    /// Values that no tap reaches.
    pub unreachable: Vec<Unreachable>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

/// Which part of the screen has the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Focus {
    #[default]
    List,
    Tree,
}

/// The Model screen.
#[derive(Debug, Clone, Default)]
pub(crate) struct ModelScreen {
    pub(crate) sources: Vec<ModelSource>,
    /// Source under the cursor.
    pub(crate) source: usize,
    pub(crate) focus: Focus,
    pub(crate) opened: Option<OpenedModel>,
}

impl ModelScreen {
    /// Shows `view`, and lists it when it is new.
    pub(crate) fn show(&mut self, view: ModelView) {
        let known = self.sources.iter().position(|s| s.name == view.name);
        self.source = known.unwrap_or_else(|| {
            self.sources.push(ModelSource {
                name: view.name.clone(),
                about: String::new(),
            });
            self.sources.len() - 1
        });
        self.opened = Some(OpenedModel::new(view));
        self.focus = Focus::Tree;
    }
}

/// A line of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Row {
    /// A block, by its place.
    Block(usize),
    /// A tap of a block.
    Inside(usize),
    /// A tap that belongs to no block.
    Loose(usize),
}

impl Row {
    /// The tap's place, of a line that is one.
    pub(crate) fn tap(self) -> Option<usize> {
        match self {
            Self::Block(_) => None,
            Self::Inside(tap) | Self::Loose(tap) => Some(tap),
        }
    }
}

/// Taps beyond which a model opens with its blocks folded.
const UNFOLDED: usize = 60;

/// One model with what the reader did to it.
#[derive(Debug, Clone)]
pub(crate) struct OpenedModel {
    pub(crate) view: Arc<ModelView>,
    /// Lines shown, from filter and folds.
    pub(crate) rows: Vec<Row>,
    pub(crate) cursor: usize,
    pub(crate) offset: usize,
    pub(crate) filter: String,
    /// Places of the taps picked.
    pub(crate) picked: BTreeSet<usize>,
    folded: BTreeSet<usize>,
}

impl OpenedModel {
    pub(crate) fn new(view: ModelView) -> Self {
        let folded = if view.taps.len() > UNFOLDED {
            (0..view.blocks.len()).collect()
        } else {
            BTreeSet::new()
        };
        let mut opened = Self {
            view: Arc::new(view),
            rows: Vec::new(),
            cursor: 0,
            offset: 0,
            filter: String::new(),
            picked: BTreeSet::new(),
            folded,
        };
        opened.rebuild();
        opened
    }

    /// The line under the cursor.
    pub(crate) fn row(&self) -> Option<Row> {
        self.rows.get(self.cursor).copied()
    }

    /// The tap under the cursor.
    pub(crate) fn tap(&self) -> Option<&Tap> {
        self.view.taps.get(self.row()?.tap()?)
    }

    /// Places of the taps of a block.
    pub(crate) fn taps_of(&self, block: usize) -> Vec<usize> {
        let names = self.view.blocks.get(block).map_or(&[][..], |b| &b.taps);
        let taps = self.view.taps.iter().enumerate();
        taps.filter(|(_, tap)| names.contains(&tap.name))
            .map(|(place, _)| place)
            .collect()
    }

    pub(crate) fn is_folded(&self, block: usize) -> bool {
        self.folded.contains(&block) && self.filter.is_empty()
    }

    /// Folds or unfolds the block under the cursor, or the one of the tap under it.
    pub(crate) fn fold(&mut self) {
        let block = match self.row() {
            Some(Row::Block(block)) => Some(block),
            Some(Row::Inside(tap)) => {
                (0..self.view.blocks.len()).find(|block| self.taps_of(*block).contains(&tap))
            }
            _ => None,
        };
        let Some(block) = block else { return };
        if !self.folded.remove(&block) {
            self.folded.insert(block);
        }
        self.rebuild();
        let place = self.rows.iter().position(|row| *row == Row::Block(block));
        self.cursor = place.unwrap_or(self.cursor);
    }

    /// Picks the tap under the cursor, or all taps of the block; all picked already are put back.
    pub(crate) fn pick(&mut self) {
        match self.row() {
            Some(Row::Block(block)) => self.toggle(&self.taps_of(block)),
            Some(Row::Inside(tap) | Row::Loose(tap)) => self.toggle(&[tap]),
            None => {}
        }
    }

    /// Picks every tap that the filter shows.
    pub(crate) fn pick_shown(&mut self) {
        let taps = self.view.taps.iter().enumerate();
        let shown = taps.filter(|(_, tap)| fits(&self.filter, tap));
        let shown: Vec<usize> = shown.map(|(place, _)| place).collect();
        self.toggle(&shown);
    }

    fn toggle(&mut self, taps: &[usize]) {
        if taps.iter().all(|tap| self.picked.contains(tap)) {
            taps.iter().for_each(|tap| {
                self.picked.remove(tap);
            });
        } else {
            self.picked.extend(taps);
        }
    }

    pub(crate) fn set_filter(&mut self, text: &str) {
        text.clone_into(&mut self.filter);
        self.rebuild();
    }

    /// Works out the lines again; the cursor stays on its line where that is still there.
    fn rebuild(&mut self) {
        let before = self.row();
        let shown = |tap: usize| {
            let tap = self.view.taps.get(tap);
            tap.is_some_and(|tap| fits(&self.filter, tap))
        };
        let mut rows = Vec::new();
        let of_blocks: Vec<Vec<usize>> = (0..self.view.blocks.len())
            .map(|b| self.taps_of(b))
            .collect();
        let owned: BTreeSet<usize> = of_blocks.iter().flatten().copied().collect();
        let mut loose = (0..self.view.taps.len())
            .filter(|tap| !owned.contains(tap))
            .peekable();
        for (block, taps) in of_blocks.iter().enumerate() {
            let first = taps.first().copied().unwrap_or(0);
            while let Some(tap) = loose.next_if(|tap| *tap < first) {
                rows.extend(shown(tap).then_some(Row::Loose(tap)));
            }
            let inside: Vec<usize> = taps.iter().copied().filter(|tap| shown(*tap)).collect();
            if self.filter.is_empty() || !inside.is_empty() {
                rows.push(Row::Block(block));
                if !self.is_folded(block) {
                    rows.extend(inside.into_iter().map(Row::Inside));
                }
            }
        }
        rows.extend(loose.filter(|tap| shown(*tap)).map(Row::Loose));
        self.rows = rows;
        let place = before.and_then(|row| self.rows.iter().position(|r| *r == row));
        self.cursor = place.unwrap_or(0);
    }

    /// Moves the window of `height` lines so that the cursor is inside.
    pub(crate) fn scroll(&mut self, height: u16) {
        let height = usize::from(height.max(1));
        self.cursor = self.cursor.min(self.rows.len().saturating_sub(1));
        self.offset = self
            .offset
            .min(self.rows.len().saturating_sub(height))
            .min(self.cursor)
            .max((self.cursor + 1).saturating_sub(height));
    }

    /// Names of the picked taps, or of the one under the cursor when none is picked.
    pub(crate) fn chosen(&self) -> Vec<&str> {
        let picked = self
            .picked
            .iter()
            .filter_map(|tap| self.view.taps.get(*tap));
        let mut names: Vec<&str> = picked.map(|tap| tap.name.as_str()).collect();
        if names.is_empty() {
            names.extend(self.tap().map(|tap| tap.name.as_str()));
        }
        names
    }
}

/// Whether a tap's name or tensor holds `text`; with `*` in it, whether the whole name fits.
fn fits(text: &str, tap: &Tap) -> bool {
    let text = text.trim();
    if text.contains('*') {
        let mut rest = tap.name.as_str();
        let parts: Vec<&str> = text.split('*').collect();
        for (i, part) in parts.iter().enumerate() {
            let last = i + 1 == parts.len();
            let at = match (i, last) {
                (0, _) => rest.starts_with(part).then_some(0),
                (_, true) => rest.ends_with(part).then(|| rest.len() - part.len()),
                _ => rest.find(part),
            };
            match at.and_then(|at| rest.get(at + part.len()..)) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        return true;
    }
    tap.name.contains(text) || tap.tensor.contains(text)
}

/// `[batch, time, 384]`.
pub(crate) fn axes(tap: &Tap) -> String {
    if tap.axes.is_empty() {
        return tap.dim.map_or("[?]".into(), |dim| format!("[…, {dim}]"));
    }
    let names = tap.axes.iter().map(|axis| match (axis, tap.dim) {
        (Axis::Dim, Some(dim)) => dim.to_string(),
        (Axis::Dim, None) => "dim".into(),
        (Axis::Batch, _) => "batch".into(),
        (Axis::Window, _) => "window".into(),
        (Axis::Time, _) => "time".into(),
        (Axis::Head, _) => "head".into(),
        (Axis::Key, _) => "key".into(),
        (Axis::Freq, _) => "freq".into(),
    });
    format!("[{}]", names.collect::<Vec<_>>().join(", "))
}

/// Frames a second, or input steps a frame where an input step has no known length.
pub(crate) fn rate(tap: &Tap, step_secs: Option<f64>) -> String {
    match (tap.timing, step_secs) {
        (None, _) => String::new(),
        (Some(timing), Some(secs)) if secs > 0.0 => {
            let hertz = 1.0 / (secs * f64::from(timing.stride.max(1)));
            format!("{} Hz", significant(hertz, 3))
        }
        (Some(timing), _) => format!("1 in {}", words::thousands(timing.stride as usize)),
    }
}

/// How much of the input a frame sees.
pub(crate) fn field(tap: &Tap, step_secs: Option<f64>) -> String {
    match (tap.timing.map(|timing| timing.field), step_secs) {
        (None, _) => String::new(),
        (Some(Field::Unbounded), _) => "all".into(),
        (Some(Field::Steps(n)), Some(secs)) => {
            format!("{} ms", significant(1e3 * secs * f64::from(n), 3))
        }
        (Some(Field::Steps(n)), None) => words::count(n as usize, "step"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use phonoscope_models::{BlockKind, Evidence, Timing};

    fn tap(name: &str) -> Tap {
        Tap {
            name: name.into(),
            tensor: format!("t_{name}"),
            axes: vec![Axis::Batch, Axis::Time, Axis::Dim],
            dim: Some(8),
            timing: Some(Timing {
                stride: 320,
                field: Field::Steps(400),
            }),
            meaning: String::new(),
        }
    }

    fn opened() -> OpenedModel {
        let block = |name: &str, taps: &[&str]| Block {
            name: name.into(),
            kind: BlockKind::Transformer,
            evidence: Evidence::Names,
            nodes: 3,
            parameters: 10,
            taps: taps.iter().map(|t| (*t).to_owned()).collect(),
        };
        OpenedModel::new(ModelView {
            name: "m".into(),
            facts: vec![],
            blocks: vec![block("e.0", &["e.0.a", "e.0.b"]), block("e.1", &["e.1.a"])],
            taps: ["in", "e.0.a", "e.0.b", "mid", "e.1.a", "out"]
                .map(tap)
                .to_vec(),
            step_secs: Some(1.0 / 16_000.0),
            unreachable: vec![],
            notes: vec![],
        })
    }

    #[test]
    fn the_tree_keeps_the_order_of_the_graph() {
        use Row::{Block, Inside, Loose};
        let mut model = opened();
        let whole = [
            Loose(0),
            Block(0),
            Inside(1),
            Inside(2),
            Loose(3),
            Block(1),
            Inside(4),
            Loose(5),
        ];
        assert_eq!(model.rows, whole);
        model.cursor = 2;
        model.fold();
        assert_eq!(model.rows[..3], [Loose(0), Block(0), Loose(3)]);
        assert_eq!(model.row(), Some(Block(0)));
        model.set_filter("e.*.a");
        assert_eq!(model.rows, [Block(0), Inside(1), Block(1), Inside(4)]);
        model.set_filter("t_mid");
        assert_eq!(model.rows, [Loose(3)]);
        model.set_filter("nothing");
        assert!(model.rows.is_empty() && model.row().is_none());
        model.scroll(0);
    }

    #[test]
    fn picking_a_block_picks_its_taps_and_puts_them_back() {
        let mut model = opened();
        model.cursor = 1;
        assert!(model.chosen().is_empty(), "a block alone is no tap");
        model.pick();
        assert_eq!(model.chosen(), ["e.0.a", "e.0.b"]);
        model.cursor = 2;
        model.pick();
        assert_eq!(model.chosen(), ["e.0.b"]);
        model.set_filter("*.a");
        model.pick_shown();
        assert_eq!(model.chosen(), ["e.0.a", "e.0.b", "e.1.a"]);
        model.pick_shown();
        assert_eq!(model.chosen(), ["e.0.b"]);
    }

    #[test]
    fn rates_are_in_hertz_where_a_step_has_a_length() {
        let tap = tap("x");
        assert_eq!(rate(&tap, Some(1.0 / 16_000.0)), "50.0 Hz");
        assert_eq!(rate(&tap, None), "1 in 320");
        assert_eq!(field(&tap, Some(1.0 / 16_000.0)), "25.0 ms");
        assert_eq!(field(&tap, None), "400 steps");
        assert_eq!(axes(&tap), "[batch, time, 8]");
    }
}
