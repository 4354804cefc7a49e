//! All measures of one tap.

use ndarray::{Array2, Axis};

use super::design::{Design, Kind};
use super::dimension::Dimension;
use super::direction::{Bench, Direction};
use super::edits::{Rows, Target, Told};
use super::held_out::Split;
use super::input::{Edit, EmphasisInput};
use super::spread::Figure;
use super::transfer::Transfer;
use super::words::{Source, Words};
use crate::error::{Error, Result};

/// What was found at one tap of one system.
#[derive(Debug, Clone)]
pub(super) struct TapFound {
    pub(super) system: usize,
    pub(super) tap: usize,
    pub(super) dim: usize,
    pub(super) directions: Vec<Direction>,
    pub(super) dimensions: Vec<Dimension>,
    pub(super) told: Vec<Told>,
    pub(super) words: Vec<Words>,
    pub(super) transfers: Vec<Transfer>,
    /// What could not be measured, in words.
    pub(super) missing: Vec<String>,
}

/// A figure that systems are compared by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Headline {
    /// Mean cosine to the direction of other speakers, over that of neutral–neutral residuals.
    Excess,
    /// Participation ratio of emphasis residuals, without the bias of few pairs.
    Dimension,
    /// Held-out R² of the edit's duration.
    Duration,
    /// Word accuracy from residuals.
    Words,
    /// AUC of emphasis by all cues on other speakers and words.
    Transfer,
    /// Response of that direction to a control.
    Response(String),
}

impl Headline {
    pub(super) fn name(&self) -> String {
        match self {
            Self::Excess => "cosine_excess".into(),
            Self::Dimension => "participation_ratio_unbiased".into(),
            Self::Duration => "duration_r2".into(),
            Self::Words => "word_accuracy".into(),
            Self::Transfer => "transfer_auc".into(),
            Self::Response(control) => format!("response_{control}"),
        }
    }

    /// Whether more of it is better, so that a best tap means something.
    pub(super) fn has_best(&self) -> bool {
        !matches!(self, Self::Dimension | Self::Response(_))
    }

    pub(super) fn range(&self) -> (f64, f64) {
        match self {
            Self::Excess => (-2.0, 2.0),
            Self::Words | Self::Transfer => (0.0, 1.0),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        }
    }
}

/// Measures one tap.
pub(super) fn measure(
    bench: &Bench<'_>,
    input: &EmphasisInput,
    (system, tap): (usize, usize),
    states: &Array2<f64>,
) -> Result<TapFound> {
    if states.nrows() != input.versions.len() {
        return Err(Error::Request {
            problem: format!(
                "{} states for {} versions",
                states.nrows(),
                input.versions.len()
            ),
            hint: "give one row for every version".into(),
        });
    }
    let view = states.view();
    let design = bench.design;
    let mut out = TapFound {
        system,
        tap,
        dim: states.ncols(),
        directions: vec![],
        dimensions: vec![],
        told: vec![],
        words: vec![],
        transfers: vec![],
        missing: vec![],
    };
    if let Some(((row, _), v)) = states.indexed_iter().find(|(_, v)| !v.is_finite()) {
        out.missing.push(format!(
            "a state of `{}` holds {v}, so nothing was measured",
            input.versions[row].id
        ));
        return Ok(out);
    }
    for condition in 0..design.conditions.len() {
        let name = &design.conditions[condition].name;
        match bench.direction(view, condition)? {
            Some(found) => out.directions.push(found),
            None => out.missing.push(format!(
                "{name}: fewer than three speakers have residuals with a direction"
            )),
        }
        match bench.dimension(view, condition)? {
            Some(found) => out.dimensions.push(found),
            None => out.missing.push(format!(
                "{name}: residuals do not vary, or there are fewer than four"
            )),
        }
    }
    if out.directions.is_empty() {
        return Ok(out);
    }
    let regressed = design
        .of_kind(Kind::Emphasis)
        .into_iter()
        .chain(design.of_kind(Kind::Control));
    for condition in regressed {
        out.told
            .extend(bench.told(view, input, Rows::Within(condition))?);
    }
    if design.of_kind(Kind::Emphasis).len() > 1 {
        out.told.extend(bench.told(view, input, Rows::Pooled)?);
    }
    out.words = bench.words(view)?;
    out.transfers = bench.transfers(view)?;
    Ok(out)
}

impl TapFound {
    pub(super) fn direction(&self, condition: usize) -> Option<&Direction> {
        self.directions.iter().find(|d| d.condition == condition)
    }

    pub(super) fn dimension(&self, condition: usize) -> Option<&Dimension> {
        self.dimensions.iter().find(|d| d.condition == condition)
    }

    pub(super) fn told(&self, rows: Rows, target: Target) -> Option<&Told> {
        self.told
            .iter()
            .find(|t| t.rows == rows && t.target == target)
    }

    /// How well the duration of the emphasis is told: of the edit where it is known, else of the word.
    pub(super) fn duration(&self, condition: usize) -> Option<&Told> {
        let of = |target| self.told(Rows::Within(condition), target);
        of(Target::Edit(Edit::Duration)).or_else(|| of(Target::Word))
    }

    pub(super) fn word(&self, source: Source) -> Option<&Words> {
        self.words.iter().find(|w| w.source == source)
    }

    /// The direction of `learnt` on `tested`, on the split that keeps most apart.
    pub(super) fn transfer(&self, learnt: usize, tested: usize) -> Option<&Transfer> {
        let of = |split| {
            self.transfers
                .iter()
                .find(|t| t.learnt == learnt && t.tested == tested && t.split == split)
        };
        of(Split::Both).or_else(|| of(Split::Speakers))
    }

    /// The figures that systems are compared by.
    pub(super) fn headlines(&self, design: &Design) -> Vec<(Headline, Figure)> {
        let main = design.main();
        let mut out = vec![];
        let mut add = |name: Headline, figure: Option<&Figure>| {
            out.extend(
                figure
                    .filter(|f| f.value.is_finite())
                    .map(|f| (name, f.clone())),
            );
        };
        let direction = self.direction(main);
        add(
            Headline::Excess,
            direction.map(|d| d.excess.as_ref().unwrap_or(&d.speaker_out)),
        );
        add(
            Headline::Dimension,
            self.dimension(main).map(|d| &d.unbiased),
        );
        add(Headline::Duration, self.duration(main).map(|t| &t.r2));
        add(
            Headline::Words,
            self.word(Source::Residual(main)).map(|w| &w.accuracy),
        );
        add(
            Headline::Transfer,
            self.transfer(main, main).map(|t| &t.auc),
        );
        for control in design.of_kind(Kind::Control) {
            let name = Headline::Response(design.conditions[control].name.clone());
            add(
                name,
                self.transfer(main, control)
                    .and_then(|t| t.response.as_ref()),
            );
        }
        out
    }
}

/// A residual on the two leading components of all residuals at a tap, and along the direction of emphasis.
#[derive(Debug, Clone)]
pub(super) struct Point {
    pub(super) system: usize,
    pub(super) tap: usize,
    pub(super) pair: usize,
    pub(super) condition: usize,
    pub(super) scores: [f64; 2],
    /// Along the mean direction of the main condition's residuals of other speakers, over their mean length.
    pub(super) along: f64,
}

/// Every residual at a tap, and the share of variance on each of the two components.
pub(super) fn points(
    design: &Design,
    (system, tap): (usize, usize),
    states: &Array2<f64>,
) -> Option<(Vec<Point>, [f64; 2])> {
    let mut rows = vec![];
    for condition in 0..design.conditions.len() {
        rows.extend(
            design
                .having(condition)
                .into_iter()
                .map(|pair| (condition, pair)),
        );
    }
    let mut residuals = Array2::zeros((rows.len(), states.ncols()));
    for (i, (condition, pair)) in rows.iter().enumerate() {
        residuals
            .row_mut(i)
            .assign(&design.residuals(states.view(), *condition, &[*pair]).row(0));
    }
    let fit =
        phonoscope_analysis::pca::fit(residuals.view(), phonoscope_analysis::pca::Scaling::Centred)
            .ok()?;
    let scores = fit.scores(residuals.view()).ok()?;
    let main = design.main();
    let own = design.having(main);
    let of_main = design.residuals(states.view(), main, &own);
    let whole = of_main.sum_axis(Axis(0));
    let mean_of_others = |speaker: usize| {
        let mut sum = whole.clone();
        let mut n = own.len() as f64;
        for (i, pair) in own.iter().enumerate() {
            if design.pairs[*pair].speaker == speaker {
                sum -= &of_main.row(i);
                n -= 1.0;
            }
        }
        sum / n
    };
    let directions: Vec<_> = (0..design.speakers.len()).map(mean_of_others).collect();
    let points = rows.iter().enumerate().map(|(i, (condition, pair))| {
        let direction = &directions[design.pairs[*pair].speaker];
        let at = |k: usize| scores.row(i).get(k).copied().unwrap_or(0.0);
        Point {
            system,
            tap,
            pair: *pair,
            condition: *condition,
            scores: [at(0), at(1)],
            along: residuals.row(i).dot(direction) / direction.dot(direction),
        }
    });
    let share = |k: usize| fit.explained_variance_ratio.get(k).copied().unwrap_or(0.0);
    Some((points.collect(), [share(0), share(1)]))
}
