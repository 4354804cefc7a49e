//! Whether the conclusions hang on how embeddings are scaled, centred and averaged.

use ndarray::{Array1, Array2, ArrayView2, Axis, concatenate, s};
use phonoscope_analysis::estimate::Method;
use phonoscope_analysis::pca::{self, HeldOut, Scaling};
use phonoscope_analysis::stats::{self, Sorted, draws};
use phonoscope_analysis::task::Task;
use phonoscope_analysis::{Error, Estimate, Result};

use super::errors::{self, Errors, Worth};
use super::regression::in_metric;
use super::sex::Sex;
use super::system::Corpus;
use super::{Normalise, SpeakerSettings, SystemInput, gathering};

/// Components that a variant's conclusions are drawn from.
const LOOKED_AT: usize = 10;
/// Components that a regression can be compared with.
const CURVE: usize = 60;

/// One way to arrange the same embeddings.
pub(super) struct Arrangement {
    id: &'static str,
    /// `[row, dim]`
    y: Array2<f64>,
    /// Speaker of each row.
    cluster: Vec<usize>,
    /// Descriptors of the rows that have them, `(rows, [row, descriptor])`.
    x: Option<(Vec<usize>, Array2<f64>)>,
    /// Whether the mean is taken out.
    centred: bool,
}

impl Arrangement {
    /// `[row, dim]`
    pub(super) fn rows(&self) -> ArrayView2<'_, f64> {
        self.y.view()
    }
}

/// The main conclusions under one arrangement.
pub(super) struct Conclusions {
    pub(super) variant: &'static str,
    pub(super) rows: usize,
    /// Components that hold half of the variance.
    pub(super) half: f64,
    /// Share of the first component.
    pub(super) first_share: f64,
    pub(super) worth: Option<Worth>,
    /// The component that parts the sexes best (from 1) with its AUC, and the AUC of the first.
    pub(super) sex: Option<(usize, Estimate, Estimate)>,
    /// The descriptor closest to the first component, and their correlation.
    pub(super) closest: Option<(String, Estimate)>,
    pub(super) note: Option<String>,
}

/// Every arrangement of one system.
pub(super) fn panel(
    corpus: &Corpus<'_>,
    system: &SystemInput,
    sex: Option<&Sex<'_>>,
    task: &Task,
) -> Result<Vec<Conclusions>> {
    let mut out = vec![];
    for arrangement in arrangements(corpus, system)? {
        task.check()?;
        let id = arrangement.id;
        match conclusions(&arrangement, corpus, sex, task) {
            Ok(found) => out.push(found),
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(why) => out.push(Conclusions {
                variant: id,
                rows: arrangement.y.nrows(),
                half: f64::NAN,
                first_share: f64::NAN,
                worth: None,
                sex: None,
                closest: None,
                note: Some(why.to_string()),
            }),
        }
    }
    Ok(out)
}

/// Speaker means in the metric of the analysis.
pub(super) fn as_analysed(corpus: &Corpus<'_>, system: &SystemInput) -> Result<Arrangement> {
    let y = gathering::gather(corpus.input, system)?.embeddings;
    let descriptors = &corpus.descriptors;
    Ok(Arrangement {
        id: "as analysed",
        cluster: (0..y.nrows()).collect(),
        y: in_metric(y, corpus.settings.scaling),
        x: corpus
            .has_descriptors()
            .then(|| (descriptors.speakers.clone(), descriptors.x.clone())),
        centred: true,
    })
}

fn arrangements(corpus: &Corpus<'_>, system: &SystemInput) -> Result<Vec<Arrangement>> {
    let averaged = |normalise| -> Result<Array2<f64>> {
        let system = SystemInput {
            normalise,
            ..system.clone()
        };
        Ok(gathering::gather(corpus.input, &system)?.embeddings)
    };
    let as_analysed = as_analysed(corpus, system)?;
    let of_speakers = as_analysed.x.clone();
    let plain = averaged(Normalise::None)?;
    let count = plain.nrows();
    let speaker_rows = |id, y: Array2<f64>, centred| Arrangement {
        id,
        y,
        cluster: (0..count).collect(),
        x: of_speakers.clone(),
        centred,
    };
    let mut out = vec![
        as_analysed,
        speaker_rows("raw", plain.clone(), false),
        speaker_rows("centred", plain.clone(), true),
        speaker_rows(
            "standardised",
            in_metric(plain, Scaling::Standardised),
            true,
        ),
    ];
    // A vector of length 0 has no direction; then this variant does not exist.
    if let Ok(unit) = averaged(Normalise::L2) {
        out.push(speaker_rows("length-normalised", unit, true));
    }
    out.push(utterances(corpus, system)?);
    Ok(out)
}

/// Utterances as rows, in the metric of the analysis; folds and resampling still go by speaker.
fn utterances(corpus: &Corpus<'_>, system: &SystemInput) -> Result<Arrangement> {
    let speakers = gathering::gather(corpus.input, system)?;
    let mut y = system.embeddings.clone();
    if system.normalise == Normalise::L2 {
        for mut row in y.outer_iter_mut() {
            let length = row.dot(&row).sqrt();
            row /= length;
        }
    }
    let x = corpus.has_descriptors().then(|| {
        let of = corpus.descriptors.of_items(corpus.input);
        let (rows, values): (Vec<usize>, Vec<Vec<f64>>) = of
            .into_iter()
            .enumerate()
            .filter_map(|(row, values)| Some((row, values?)))
            .unzip();
        let p = corpus.descriptors.names.len();
        let flat = values.concat();
        let x = Array2::from_shape_vec((rows.len(), p), flat);
        (rows, x.unwrap_or_else(|_no_rows| Array2::zeros((0, p))))
    });
    Ok(Arrangement {
        id: "utterances",
        y: in_metric(y, corpus.settings.scaling),
        cluster: speakers.of_item,
        x,
        centred: true,
    })
}

/// What `of` says; axes and folds are its own.
pub(super) fn conclusions(
    of: &Arrangement,
    corpus: &Corpus<'_>,
    sex: Option<&Sex<'_>>,
    task: &Task,
) -> Result<Conclusions> {
    let settings = corpus.settings;
    // Rows and their mirror images have mean zero: their components are those of the rows as they are.
    let mirrored = |y: ArrayView2<'_, f64>| -> Result<Array2<f64>> {
        let both = concatenate(Axis(0), &[y, (-&y).view()]);
        both.map_err(|_e| Error::Shape {
            what: "mirrored rows".into(),
            expected: "equal columns".into(),
            found: "unequal".into(),
        })
    };
    let fitted = match of.centred {
        true => pca::fit(of.y.view(), Scaling::Centred)?,
        false => pca::fit(mirrored(of.y.view())?.view(), Scaling::Centred)?,
    };
    let scores = fitted.scores(of.y.view())?;
    let looked_at = LOOKED_AT.min(scores.ncols());
    let scores = scores.slice(s![.., ..looked_at]);
    let ratio = fitted.explained_variance_ratio.view();
    let worth = match &of.x {
        Some((rows, x)) if !rows.is_empty() => {
            let y = of.y.select(Axis(0), rows);
            let cluster: Vec<usize> = rows.iter().map(|r| of.cluster[*r]).collect();
            let folds = corpus.folds.of(&cluster);
            let all: Vec<usize> = (0..x.ncols()).collect();
            let mut found = errors::linear(x.view(), y.view(), &folds, |_| all.clone())?;
            let most = CURVE.min(y.ncols());
            let curve = match of.centred {
                true => pca::held_out(y.view(), Scaling::Centred, &folds, most, task)?,
                false => {
                    found.total = squares(y.view());
                    let twice = [folds.as_slice(), folds.as_slice()].concat();
                    let both = mirrored(y.view())?;
                    let of_both = pca::held_out(both.view(), Scaling::Centred, &twice, most, task)?;
                    HeldOut {
                        captured: of_both.captured.slice(s![..y.nrows(), ..]).to_owned(),
                        total: of_both.total.slice(s![..y.nrows()]).to_owned(),
                    }
                }
            };
            let models: [&Errors; 1] = [&found];
            errors::worth(&models, &curve, &cluster, settings, task)?.pop()
        }
        _ => None,
    };
    Ok(Conclusions {
        variant: of.id,
        rows: of.y.nrows(),
        half: pca::components_for_share(ratio, 0.5).unwrap_or(ratio.len()) as f64,
        first_share: ratio.first().copied().unwrap_or(f64::NAN),
        worth,
        sex: match sex {
            Some(sex) => separation(of, scores, sex, settings, task)?,
            None => None,
        },
        closest: closest(of, scores, &corpus.descriptors.names, settings, task)?,
        note: None,
    })
}

fn squares(y: ArrayView2<'_, f64>) -> Array1<f64> {
    y.map_axis(Axis(1), |row| row.dot(&row))
}

/// AUC of the sexes on the component that parts them best, and on the first.
fn separation(
    of: &Arrangement,
    scores: ArrayView2<'_, f64>,
    sex: &Sex<'_>,
    settings: &SpeakerSettings,
    task: &Task,
) -> Result<Option<(usize, Estimate, Estimate)>> {
    let (rows, class) = sex.known(&of.cluster);
    let second: Vec<bool> = class.iter().map(|c| *c == 1).collect();
    let sorted = |k: usize| {
        let column: Vec<f64> = rows.iter().map(|r| scores[[*r, k]]).collect();
        Sorted::new(&column)
    };
    let ones = vec![1.0; rows.len()];
    let auc = |k: usize| stats::weighted_auc(&sorted(k), &second, &ones);
    let apart = |k: &usize| (auc(*k) - 0.5).abs();
    let best = (0..scores.ncols()).max_by(|a, b| apart(a).total_cmp(&apart(b)).then(b.cmp(a)));
    let Some(best) = best.filter(|k| auc(*k).is_finite()) else {
        return Ok(None);
    };
    let owners: Vec<usize> = rows.iter().map(|r| of.cluster[*r]).collect();
    let (own, first) = (sorted(best), sorted(0));
    let turned = |value: f64, up: bool| if up { value } else { 1.0 - value };
    let (up, first_up) = (auc(best) >= 0.5, auc(0) >= 0.5);
    let found = resampled("separation", &owners, settings, task, |weights| {
        let of = |sorted, up| turned(stats::weighted_auc(sorted, &second, weights), up);
        [of(&own, up), of(&first, first_up)]
    })?;
    let [of_best, of_first] = found;
    Ok(Some((best + 1, of_best, of_first)))
}

/// The descriptor whose correlation with the first component is strongest.
fn closest(
    of: &Arrangement,
    scores: ArrayView2<'_, f64>,
    names: &[String],
    settings: &SpeakerSettings,
    task: &Task,
) -> Result<Option<(String, Estimate)>> {
    let Some((rows, x)) = of.x.as_ref().filter(|(rows, _)| rows.len() > 2) else {
        return Ok(None);
    };
    let first: Vec<f64> = rows.iter().map(|r| scores[[*r, 0]]).collect();
    let ones = vec![1.0; rows.len()];
    let strength = |j: &usize| stats::weighted_pearson(&first, &x.column(*j).to_vec(), &ones).abs();
    let known = (0..x.ncols()).filter(|j| strength(j).is_finite());
    let Some(best) = known.max_by(|a, b| strength(a).total_cmp(&strength(b)).then(b.cmp(a))) else {
        return Ok(None);
    };
    let column = x.column(best).to_vec();
    let owners: Vec<usize> = rows.iter().map(|r| of.cluster[*r]).collect();
    let [r] = resampled("closest", &owners, settings, task, |weights| {
        [stats::weighted_pearson(&first, &column, weights)]
    })?;
    Ok(Some((names[best].clone(), r)))
}

/// Estimates of `measure(weights of the rows)`, whole speakers resampled.
fn resampled<const K: usize>(
    what: &str,
    owners: &[usize],
    settings: &SpeakerSettings,
    task: &Task,
    measure: impl Fn(&[f64]) -> [f64; K] + Sync,
) -> Result<[Estimate; K]> {
    let (owners, speakers) = errors::contiguous(owners);
    let plan = draws::Plan {
        stage: "intervals of the sensitivity panel",
        stream: &format!("speaker.sensitivity.{what}"),
        seed: settings.seed,
        draws: settings.bootstrap,
    };
    let replicates = draws(plan, task, |rng| {
        let counts = stats::resample_counts(speakers, rng);
        let weights: Vec<f64> = owners.iter().map(|o| counts[*o]).collect();
        Ok(measure(&weights))
    })?;
    let observed = measure(&vec![1.0; owners.len()]);
    Ok(std::array::from_fn(|i| {
        let at: Vec<f64> = replicates.iter().map(|r| r[i]).collect();
        let interval = stats::percentile(&at, settings.level);
        Estimate {
            value: observed[i],
            lo: interval.lo,
            hi: interval.hi,
            n: speakers,
            level: settings.level,
            method: Method::ClusterBootstrap,
        }
    }))
}
