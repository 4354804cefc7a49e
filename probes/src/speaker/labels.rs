//! Speakers whose embedding says the other sex: for a person to check.

use ndarray::{Array2, ArrayView2, Axis, s};
use phonoscope_analysis::classify::logistic;
use phonoscope_analysis::pca::{self, Scaling};
use phonoscope_analysis::{Error, Result, stats};

use super::descriptors::Descriptors;
use super::gathering::Speakers;
use super::sex::Sex;
use crate::report::{Column, Role, Table};

/// How many speakers of a corpus without a wrong label may be listed on average, were scores normal.
pub(super) const BY_CHANCE: f64 = 0.5;
/// Fewest speakers of a class whose scores have a spread.
const FEWEST: usize = 10;
/// Standard deviations of a normal in one median absolute deviation.
const PER_MAD: f64 = 1.482_602_218_505_602;
/// Leading components that the classifier sees.
const COMPONENTS: usize = 40;

/// Inverse penalty of the logistic regression on standardised components.
const PENALTY_C: f64 = 1.0;

/// A cross-validated look at the labels.
pub(super) struct Labels {
    /// Speakers with a label.
    pub(super) rows: Vec<usize>,
    /// Their class.
    pub(super) class: Vec<usize>,
    /// Chance of the second class, by the model of the other folds.
    second: Vec<f64>,
}

impl Labels {
    /// Chance that the label of row `i` is the other one, as the classifier has it.
    fn other(&self, i: usize) -> f64 {
        match self.class[i] {
            0 => self.second[i],
            _ => 1.0 - self.second[i],
        }
    }

    /// Log odds of row `i` for its own label.
    fn score(&self, i: usize) -> f64 {
        let other = self.other(i).clamp(1e-12, 1.0 - 1e-12);
        ((1.0 - other) / other).ln()
    }

    /// For each row, how many speakers with a right label would lie as far below their class by chance:
    /// all speakers times the tail of a normal about the class's median, as wide as its median absolute
    /// deviation. A wrong label hardly moves either. None in a class of fewer than ten.
    fn by_chance(&self) -> Vec<Option<f64>> {
        let normal = |class: usize| -> Option<(f64, f64)> {
            let of = (0..self.rows.len()).filter(|i| self.class[*i] == class);
            let scores: Vec<f64> = of.map(|i| self.score(i)).collect();
            let median = |values: &[f64]| stats::quantile(values, 0.5);
            let centre = (scores.len() >= FEWEST).then(|| median(&scores))?;
            let apart: Vec<f64> = scores.iter().map(|s| (s - centre).abs()).collect();
            let spread = PER_MAD * median(&apart);
            (spread > 0.0).then_some((centre, spread))
        };
        let of_class = [normal(0), normal(1)];
        let expected = |i: usize| {
            let (centre, spread) = of_class.get(self.class[i]).copied().flatten()?;
            let z = (self.score(i) - centre) / spread;
            Some(self.rows.len() as f64 * stats::normal_cdf(z))
        };
        (0..self.rows.len()).map(expected).collect()
    }

    /// Speakers whose embedding says the other class, so far from their own that no more than
    /// [`BY_CHANCE`] of all speakers would be; the farthest first: `(row, by chance)`.
    pub(super) fn suspicious(&self) -> Vec<(usize, f64)> {
        let by_chance = self.by_chance();
        let rows = by_chance.into_iter().enumerate();
        let mut out: Vec<(usize, f64)> = rows
            .filter_map(|(i, expected)| Some((i, expected?)))
            .filter(|(i, expected)| *expected <= BY_CHANCE && self.other(*i) > 0.5)
            .collect();
        out.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        out
    }
}

/// Predicts the sex of every labelled speaker from the others, fold by fold.
pub(super) fn look(
    sex: &Sex<'_>,
    embeddings: ArrayView2<'_, f64>,
    folds: &[usize],
) -> Result<Labels> {
    let all: Vec<usize> = (0..embeddings.nrows()).collect();
    let (rows, class) = sex.known(&all);
    let mut second = vec![f64::NAN; rows.len()];
    for fold in 0..folds.iter().max().map_or(0, |f| f + 1) {
        let (test, train): (Vec<usize>, Vec<usize>) =
            (0..rows.len()).partition(|i| folds[rows[*i]] == fold);
        if test.is_empty() {
            continue;
        }
        let of = |part: &[usize]| -> Vec<usize> { part.iter().map(|i| rows[*i]).collect() };
        let (x, held) = leading(
            embeddings.select(Axis(0), &of(&train)).view(),
            embeddings.select(Axis(0), &of(&test)).view(),
        )?;
        let known: Vec<usize> = train.iter().map(|i| class[*i]).collect();
        if known.iter().all(|c| *c == known[0]) {
            return Err(Error::Undefined {
                what: "sex from the embedding".into(),
                why: "a fold leaves speakers of one sex only".into(),
            });
        }
        let chances = logistic(x.view(), &known, PENALTY_C)?.probabilities(held.view())?;
        for (i, row) in test.iter().zip(chances.outer_iter()) {
            second[*i] = row[1];
        }
    }
    Ok(Labels {
        rows,
        class,
        second,
    })
}

/// Scores of training and test rows on the leading components of the training rows, in units of their
/// standard deviations.
fn leading(
    train: ArrayView2<'_, f64>,
    test: ArrayView2<'_, f64>,
) -> Result<(Array2<f64>, Array2<f64>)> {
    let fitted = pca::fit(train, Scaling::Centred)?;
    let most = COMPONENTS.min(train.nrows() / 4).max(1);
    let kept = most.min(fitted.components.nrows());
    let spread = fitted.explained_variance.slice(s![..kept]).mapv(f64::sqrt);
    let cut = |scores: Array2<f64>| scores.slice(s![.., ..kept]).to_owned() / &spread;
    Ok((cut(fitted.scores(train)?), cut(fitted.scores(test)?)))
}

pub(super) fn table(
    sex: &Sex<'_>,
    labels: &Labels,
    speakers: &Speakers,
    descriptors: &Descriptors,
    names: &[String],
) -> Table {
    let listed = labels.suspicious();
    let speaker = |i: usize| labels.rows[i];
    let text = |id: &str, role, meaning: &str, f: &dyn Fn(usize) -> String| {
        let values = listed.iter().map(|(i, _)| Some(f(*i))).collect();
        Column::text(id, role, meaning, values)
    };
    let mut columns = vec![
        text("speaker", Role::Key, "speaker", &|i| {
            speakers.names[speaker(i)].clone()
        }),
        text("label", Role::Metadata, "as the corpus has it", &|i| {
            sex.levels[labels.class[i]].to_owned()
        }),
        text("embedding_says", Role::Value, "the other class", &|i| {
            sex.levels[1 - labels.class[i]].to_owned()
        }),
        Column::number(
            "by_chance",
            Role::Value,
            "speakers of this corpus that would lie as far from their class if every label were right",
            None,
            listed.iter().map(|(_, expected)| *expected),
        ),
        Column::number(
            "probability",
            Role::Value,
            "of the other class, by the model of the other folds; not calibrated",
            None,
            listed.iter().map(|(i, _)| labels.other(*i)),
        ),
        Column::number(
            "items",
            Role::Value,
            "utterances of the speaker",
            None,
            listed
                .iter()
                .map(|(i, _)| speakers.items[speaker(*i)] as f64),
        ),
    ];
    for (name, medians) in names.iter().zip(&descriptors.medians) {
        if columns.iter().all(|c| c.id != *name) {
            columns.push(Column::number(
                name,
                Role::Metadata,
                "median over the speaker's utterances, transformed as in the table of descriptors",
                None,
                listed
                    .iter()
                    .map(|(i, _)| medians[speaker(*i)].unwrap_or(f64::NAN)),
            ));
        }
    }
    let wrong = (0..labels.rows.len())
        .filter(|i| labels.other(*i) > 0.5)
        .count();
    Table::new(
        "suspicious_labels",
        "Labels to check",
        &format!(
            "Speakers whose embedding says the other `{}`, by a logistic regression on the leading \
             components that was fitted without their fold, and whose log odds lie so far from those of \
             their class that at most {BY_CHANCE} speakers would on average if every label were right \
             and scores within a class normal (in simulations with right labels 0.9 to 2.7 of 251 were listed). Of {} labelled speakers it takes \
             {wrong} for the other class, most of them by its own error. A voice may be unlike its label \
             and the label right: listen before changing anything.",
            sex.name,
            labels.rows.len()
        ),
        columns,
    )
}

#[cfg(test)]
mod tests;
