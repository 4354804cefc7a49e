//! What the descriptors say of the embedding of speakers outside the fit.

use ndarray::{Array2, ArrayView2, Axis};
use phonoscope_analysis::pca::{self, HeldOut, Scaling};
use phonoscope_analysis::regress::{Design, held_out};
use phonoscope_analysis::stats::{self, draws};
use phonoscope_analysis::task::Task;
use phonoscope_analysis::{Error, Result};
use rand::seq::SliceRandom as _;

use super::SpeakerSettings;
use super::descriptors::Descriptors;
use super::errors::{self, Errors, Worth};
use super::folds::Folds;
use crate::learn::mlp::{self, MlpSettings};
use crate::report::{Column, Role, Table};

/// Components that a regression can be compared with.
const CURVE: usize = 60;

/// One regression of embeddings on descriptors.
pub(super) struct Regression {
    /// `linear` or `mlp`.
    pub(super) model: &'static str,
    /// Over whom: `all`, or `sex=f`.
    pub(super) speakers: String,
    pub(super) descriptors: usize,
    pub(super) worth: Worth,
    /// Held-out share of as many components as there are descriptors.
    pub(super) same_number: f64,
    /// 95 % point of the held-out R² with descriptors permuted over speakers, and p.
    pub(super) null: Option<(f64, f64)>,
    pub(super) note: Option<String>,
}

/// Embeddings and descriptors of the same speakers, with the folds of both.
pub(super) struct Matched {
    /// `[speaker, descriptor]`
    pub(super) x: Array2<f64>,
    /// Embeddings, divided by their standard deviations when the settings say so, `[speaker, dim]`.
    pub(super) y: Array2<f64>,
    pub(super) folds: Vec<usize>,
}

impl Matched {
    /// The speakers who have every descriptor.
    pub(super) fn new(
        embeddings: ArrayView2<'_, f64>,
        descriptors: &Descriptors,
        folds: &Folds,
        scaling: Scaling,
    ) -> Self {
        Self {
            x: descriptors.x.clone(),
            y: in_metric(embeddings.select(Axis(0), &descriptors.speakers), scaling),
            folds: folds.of(&descriptors.speakers),
        }
    }

    /// Some of its rows.
    pub(super) fn of(&self, rows: &[usize]) -> Self {
        let folds: Vec<usize> = rows.iter().map(|r| self.folds[*r]).collect();
        Self {
            x: self.x.select(Axis(0), rows),
            y: self.y.select(Axis(0), rows),
            folds: errors::contiguous(&folds).0,
        }
    }

    /// Share of held-out variance in the first 1, 2, … components of the same speakers and folds.
    pub(super) fn curve(&self, task: &Task) -> Result<HeldOut> {
        let most = CURVE.min(self.y.ncols());
        pca::held_out(self.y.view(), Scaling::Centred, &self.folds, most, task)
    }

    pub(super) fn linear(&self) -> Result<Errors> {
        let all: Vec<usize> = (0..self.x.ncols()).collect();
        errors::linear(self.x.view(), self.y.view(), &self.folds, |_| all.clone())
    }

    /// The paper's network, once per fold.
    fn mlp(&self, settings: &SpeakerSettings, task: &Task) -> Result<Errors> {
        let count = self.folds.iter().max().map_or(0, |f| f + 1);
        task.progress
            .start("network per fold", "fold", Some(count as u64));
        let found = errors::each_fold(self.y.view(), &self.folds, |train, test, fold| {
            let of = |m: &Array2<f64>, rows: &[usize]| m.select(Axis(0), rows);
            let network = MlpSettings {
                seed: settings.network.seed.wrapping_add(fold as u64),
                ..settings.network.clone()
            };
            let fitted = mlp::fit(
                of(&self.x, train).view(),
                of(&self.y, train).view(),
                &network,
                task,
            )?;
            task.progress.advance(1);
            fitted.predict(of(&self.x, test).view())
        });
        task.progress.finish();
        found
    }

    /// Held-out R² of the linear regression with descriptors permuted over speakers: 95 % point and p.
    fn null(
        &self,
        observed: f64,
        stream: &str,
        settings: &SpeakerSettings,
        task: &Task,
    ) -> Result<(f64, f64)> {
        let all: Vec<usize> = (0..self.x.ncols()).collect();
        let plan = draws::Plan {
            stage: "permutation of descriptors",
            stream,
            seed: settings.seed,
            draws: settings.permutations,
        };
        let null = draws(plan, task, |rng| {
            let mut order: Vec<usize> = (0..self.x.nrows()).collect();
            order.shuffle(rng);
            let x = self.x.select(Axis(0), &order);
            let grams = Design::new(x.view(), self.y.view(), &self.folds)?.grams(None)?;
            Ok(held_out(&grams, &all, 0.0)?.total_r2())
        })?;
        Ok((
            stats::critical_value(&null, stats::ALPHA),
            stats::permutation_p(observed, &null),
        ))
    }
}

/// Embeddings in the metric that total R² is taken in.
pub(super) fn in_metric(mut y: Array2<f64>, scaling: Scaling) -> Array2<f64> {
    if scaling != Scaling::Centred {
        for mut column in y.axis_iter_mut(Axis(1)) {
            let (_, sd) = super::descriptors::mean_sd(&column.to_vec());
            if sd > 0.0 {
                column /= sd;
            }
        }
    }
    y
}

/// The regressions over all speakers: linear, and the network when the settings ask for it.
pub(super) fn over_all(
    matched: &Matched,
    settings: &SpeakerSettings,
    task: &Task,
) -> Result<Vec<Regression>> {
    let mut found = vec![("linear", matched.linear()?)];
    let mut refused = None;
    if settings.mlp {
        match matched.mlp(settings, task) {
            Ok(errors) => found.push(("mlp", errors)),
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(why) => refused = Some(why.to_string()),
        }
    }
    let mut out = measured(matched, &found, "all", settings, task)?;
    if let (Some(why), Some(linear)) = (refused, out.first_mut()) {
        linear.note = Some(format!("the network was not fitted: {why}"));
    }
    Ok(out)
}

/// The linear regression within one class of speakers; a reason where they are too few.
pub(super) fn within(
    matched: &Matched,
    class: &str,
    settings: &SpeakerSettings,
    task: &Task,
) -> Result<std::result::Result<Regression, String>> {
    let (n, p) = matched.x.dim();
    let largest = (0..n)
        .map(|i| {
            matched
                .folds
                .iter()
                .filter(|f| **f == matched.folds[i])
                .count()
        })
        .max()
        .unwrap_or(0);
    if n.saturating_sub(largest) < p + 4 {
        return Ok(Err(format!(
            "no regression within {class}: {n} speakers are too few for {p} descriptors"
        )));
    }
    let found = [("linear", matched.linear()?)];
    let mut rows = measured(matched, &found, class, settings, task)?;
    Ok(rows
        .pop()
        .ok_or_else(|| format!("no regression within {class}")))
}

fn measured(
    matched: &Matched,
    found: &[(&'static str, Errors)],
    speakers: &str,
    settings: &SpeakerSettings,
    task: &Task,
) -> Result<Vec<Regression>> {
    let curve = matched.curve(task)?;
    let rows: Vec<usize> = (0..matched.y.nrows()).collect();
    let models: Vec<&Errors> = found.iter().map(|(_, e)| e).collect();
    let worths = errors::worth(&models, &curve, &rows, settings, task)?;
    let share = curve.cumulative_ratio(ndarray::Array1::ones(rows.len()).view());
    let same = matched.x.ncols().min(share.len());
    let same_number = same.checked_sub(1).map_or(0.0, |k| share[k]);
    let mut out = vec![];
    for ((model, _), worth) in found.iter().zip(worths) {
        let null = match *model == "linear" && settings.nulls {
            true => {
                let stream = format!("speaker.regression.null.{speakers}");
                Some(matched.null(worth.r2.value, &stream, settings, task)?)
            }
            false => None,
        };
        out.push(Regression {
            model,
            speakers: speakers.into(),
            descriptors: matched.x.ncols(),
            note: worth.note(),
            worth,
            same_number,
            null,
        });
    }
    Ok(out)
}

pub(super) fn table(regressions: &[Regression], settings: &SpeakerSettings) -> Table {
    let of = || regressions.iter();
    let text = |id: &str, role, meaning: &str, f: &dyn Fn(&Regression) -> Option<String>| {
        Column::text(id, role, meaning, of().map(f).collect())
    };
    let number = |id: &str, meaning: &str, f: &dyn Fn(&Regression) -> f64| {
        Column::number(
            id,
            Role::Value,
            meaning,
            None,
            of().map(f).collect::<Vec<f64>>(),
        )
    };
    let columns = vec![
        text(
            "model",
            Role::Key,
            "linear least squares, or the multilayer perceptron",
            &|r| Some(r.model.into()),
        ),
        text("speakers", Role::Key, "over whom", &|r| {
            Some(r.speakers.clone())
        }),
        number("descriptors", "predictors", &|r| r.descriptors as f64),
        Column::estimate(
            "r_squared",
            "total R² over all dimensions, 1 − Σ‖y − ŷ‖² / Σ‖y − ȳ‖², of speakers outside the fit; ȳ is \
             the mean of those inside",
            None,
            of().map(|r| Some(r.worth.r2)).collect(),
        ),
        number(
            "null_95",
            "control: the R² that 5 % of permutations of descriptors over speakers reach; missing for \
             the network, which is too slow to refit",
            &|r| r.null.map_or(f64::NAN, |(at, _)| at),
        ),
        number("p", "(1 + b) / (1 + B)", &|r| {
            r.null.map_or(f64::NAN, |(_, p)| p)
        }),
        Column::estimate(
            "equivalent_components",
            "leading components whose held-out share is as large, on the same speakers and folds, straight \
             between whole numbers; 0 when R² is not above 0",
            None,
            of().map(|r| Some(r.worth.components)).collect(),
        ),
        number(
            "same_number_share",
            "held-out share of as many components as there are descriptors",
            &|r| r.same_number,
        ),
        text("note", Role::Value, "bounds", &|r| r.note.clone()),
    ];
    let network = match settings.mlp {
        true => format!(
            " The network has tanh layers of {:?} units and is trained by candle (AdamW, early stopping on \
             speakers set aside), once per fold.",
            settings.network.hidden
        ),
        false => " The network was left out.".into(),
    };
    let nulls = match settings.nulls {
        true => format!(" {} permutations.", settings.permutations),
        false => " Permutation nulls were switched off.".into(),
    };
    Table::new(
        "regression",
        "Descriptors to embedding",
        &format!(
            "What the descriptors say of the embeddings of speakers outside the fit. Intervals resample \
             the held-out speakers {} times, models, axes and folds held fixed.{network}{nulls}",
            settings.bootstrap
        ),
        columns,
    )
}
