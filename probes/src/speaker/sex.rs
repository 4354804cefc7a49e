//! What the two sexes have to do with the components: how far they part them, and whether the descriptors
//! mean the same in both.

use ndarray::{Array2, ArrayView2, Axis};
use phonoscope_analysis::estimate::Method;
use phonoscope_analysis::regress::{FTest, Gram, interactions, nested_f};
use phonoscope_analysis::stats::{self, DipNull, Mixture, draws};
use phonoscope_analysis::task::Task;
use phonoscope_analysis::{Estimate, Result};

use super::SpeakerSettings;
use super::columns::{Kind, SpeakerColumn};
use super::intervals::Association;

/// Simulated uniform samples behind the p of the dip.
const DIPS: usize = 999;
/// Fewest speakers of each class for slopes within it, beyond one for each descriptor.
const FEWEST_BEYOND: usize = 8;

/// The column that tells the sex: two classes, over the speakers who have one.
pub(super) struct Sex<'a> {
    /// Heading of the column.
    pub(super) name: &'a str,
    /// Place among the columns.
    pub(super) column: usize,
    /// The two classes, sorted.
    pub(super) levels: [&'a str; 2],
    /// Whether a speaker is in the second, `[speaker]`.
    pub(super) second: Vec<Option<bool>>,
}

impl<'a> Sex<'a> {
    /// The first column called sex or gender that holds two classes.
    pub(super) fn find(columns: &'a [SpeakerColumn]) -> Option<Self> {
        let named =
            |c: &SpeakerColumn| ["sex", "gender"].contains(&c.name.to_ascii_lowercase().as_str());
        columns.iter().enumerate().find_map(|(column, c)| {
            let Kind::Classes { levels, of } = &c.kind else {
                return None;
            };
            match levels.as_slice() {
                [first, second] if named(c) => Some(Self {
                    name: &c.name,
                    column,
                    levels: [first, second],
                    second: of
                        .iter()
                        .map(|class| class.map(|class| class == 1))
                        .collect(),
                }),
                _ => None,
            }
        })
    }

    /// Rows of `speakers` whose sex is known, and the class (0 or 1) of each.
    pub(super) fn known(&self, speakers: &[usize]) -> (Vec<usize>, Vec<usize>) {
        let known = speakers.iter().enumerate();
        known
            .filter_map(|(row, s)| self.second[*s].map(|second| (row, usize::from(second))))
            .unzip()
    }

    /// `sex=f`
    pub(super) fn label(&self, class: usize) -> String {
        format!("{}={}", self.name, self.levels[class.min(1)])
    }
}

/// How one component lies to the sexes.
pub(super) struct Separation {
    pub(super) auc: Option<Estimate>,
    pub(super) auc_null: f64,
    /// Ashman's D of the two labelled classes.
    pub(super) ashman_d: Option<Estimate>,
    /// The same of two normal components fitted without labels, and their gain in BIC over one.
    pub(super) mixture: Option<(f64, f64)>,
    pub(super) dip: f64,
    pub(super) dip_p: f64,
    /// Benjamini–Hochberg over the components.
    pub(super) dip_q: f64,
}

/// Measures every column of `scores: [speaker, component]`, all speakers.
pub(super) fn separations(
    sex: &Sex<'_>,
    scores: ArrayView2<'_, f64>,
    associations: &[Association],
    settings: &SpeakerSettings,
    task: &Task,
) -> Result<Vec<Separation>> {
    let all: Vec<usize> = (0..scores.nrows()).collect();
    let (rows, class) = sex.known(&all);
    let null = match scores.nrows() >= 4 {
        true => Some(DipNull::simulate(
            scores.nrows(),
            DIPS,
            settings.seed,
            task,
        )?),
        false => None,
    };
    let mut out = vec![];
    for (k, column) in scores.columns().into_iter().enumerate() {
        let values = column.to_vec();
        let known: Vec<f64> = rows.iter().map(|r| values[*r]).collect();
        let auc = associations
            .iter()
            .find(|a| a.tested.component == k && a.tested.column == sex.column);
        let dip = null
            .as_ref()
            .map_or(Ok(f64::NAN), |_| stats::dip(&values))?;
        let mixture = stats::two_normals(&values).ok();
        out.push(Separation {
            auc: auc.map(|a| a.effect),
            auc_null: auc.map_or(f64::NAN, |a| a.tested.null_95),
            ashman_d: ashman(&known, &class, k, settings, task)?,
            mixture: mixture.map(|m: Mixture| (m.ashman_d(), m.bic_gain)),
            dip,
            dip_p: null.as_ref().map_or(f64::NAN, |null| null.p(dip)),
            dip_q: f64::NAN,
        });
    }
    let p: Vec<f64> = out.iter().map(|s| s.dip_p).collect();
    if p.iter().all(|p| !p.is_nan()) {
        for (s, q) in out.iter_mut().zip(stats::benjamini_hochberg(&p)) {
            s.dip_q = q;
        }
    }
    Ok(out)
}

fn ashman(
    values: &[f64],
    class: &[usize],
    component: usize,
    settings: &SpeakerSettings,
    task: &Task,
) -> Result<Option<Estimate>> {
    let distance = |weights: &[f64]| -> f64 {
        let mut parts = [vec![], vec![]];
        for ((value, class), weight) in values.iter().zip(class).zip(weights) {
            parts[*class].extend(std::iter::repeat_n(*value, *weight as usize));
        }
        stats::ashman_d(&parts[0], &parts[1]).unwrap_or(f64::NAN)
    };
    let value = distance(&vec![1.0; values.len()]);
    if !value.is_finite() {
        return Ok(None);
    }
    let plan = draws::Plan {
        stage: "intervals of separations",
        stream: &format!("speaker.sex.separation.{component}"),
        seed: settings.seed,
        draws: settings.bootstrap,
    };
    let replicates = draws(plan, task, |rng| {
        Ok(distance(&stats::resample_counts(values.len(), rng)))
    })?;
    let interval = stats::debiased(value, &replicates, settings.level);
    Ok(Some(Estimate {
        value,
        lo: interval.lo.max(0.0),
        hi: interval.hi,
        n: values.len(),
        level: settings.level,
        method: Method::DebiasedClusterBootstrap,
    }))
}

/// Whether descriptors mean the same in both sexes.
pub(super) struct Differences {
    /// All products of descriptor and sex against none, `[component]`.
    pub(super) all: Vec<FTest>,
    /// Benjamini–Hochberg over the components.
    pub(super) all_q: Vec<f64>,
    /// Sex beyond the descriptors, `[component]`.
    pub(super) beyond: Option<Vec<FTest>>,
    pub(super) beyond_q: Vec<f64>,
    /// P of each product alone, `[component, descriptor]`.
    pub(super) each_p: Array2<f64>,
    /// Benjamini–Hochberg over components and descriptors.
    pub(super) each_q: Array2<f64>,
    /// Slopes within each class, standardised over both together, `[class][component][descriptor]`.
    pub(super) slopes: [Vec<Vec<Estimate>>; 2],
    /// Correlations within each class, `[class][component][descriptor]`.
    pub(super) r: [Vec<Vec<Estimate>>; 2],
}

/// Tests `x: [speaker, descriptor]` against `scores: [speaker, component]` for speakers of known `class`.
///
/// Nothing where one class is too small; the reason is told.
pub(super) fn differences(
    x: ArrayView2<'_, f64>,
    scores: ArrayView2<'_, f64>,
    class: &[usize],
    settings: &SpeakerSettings,
    task: &Task,
) -> Result<std::result::Result<Differences, String>> {
    let needed = x.ncols() + FEWEST_BEYOND;
    for c in 0..2 {
        let found = class.iter().filter(|of| **of == c).count();
        if found < needed {
            return Ok(Err(format!(
                "{found} speakers of one sex have every descriptor, slopes within it need {needed}"
            )));
        }
    }
    let scores = standardised(scores);
    let found = interactions(x, class, scores.view())?;
    let dummy = Array2::from_shape_fn((class.len(), 1), |(i, _)| class[i] as f64);
    // The sex may be a combination of the descriptors; then it says nothing beyond them.
    let beyond = nested_f(x, dummy.view(), scores.view()).ok();
    let each_p = Array2::from_shape_fn((scores.ncols(), x.ncols()), |(k, j)| {
        found.each[j].as_ref().map_or(f64::NAN, |tests| tests[k].p)
    });
    let adjust = |p: &[f64]| -> Vec<f64> {
        let known: Vec<f64> = p.iter().copied().filter(|p| !p.is_nan()).collect();
        let mut q = stats::benjamini_hochberg(&known).into_iter();
        let one = |p: &f64| {
            if p.is_nan() {
                f64::NAN
            } else {
                q.next().unwrap_or(f64::NAN)
            }
        };
        p.iter().map(one).collect()
    };
    let flat: Vec<f64> = each_p.iter().copied().collect();
    let each_q = adjust(&flat);
    let [first, second] = [0, 1].map(|c| within(x, scores.view(), class, c, settings, task));
    let ((slopes_0, r_0), (slopes_1, r_1)) = (first?, second?);
    Ok(Ok(Differences {
        all_q: adjust(&found.all.iter().map(|t| t.p).collect::<Vec<f64>>()),
        all: found.all,
        beyond_q: beyond.as_ref().map_or(vec![], |of| {
            adjust(&of.iter().map(|t| t.p).collect::<Vec<f64>>())
        }),
        beyond,
        each_q: Array2::from_shape_fn(each_p.dim(), |(k, j)| each_q[k * x.ncols() + j]),
        each_p,
        slopes: [slopes_0, slopes_1],
        r: [r_0, r_1],
    }))
}

/// Components in units of their standard deviation.
fn standardised(scores: ArrayView2<'_, f64>) -> Array2<f64> {
    super::regression::in_metric(
        scores.to_owned(),
        phonoscope_analysis::pca::Scaling::Standardised,
    )
}

type Grid = Vec<Vec<Estimate>>;

/// Slopes and correlations of one sample, both `[predictor, component]`.
type Measured = (Array2<f64>, Array2<f64>);

/// Slopes and correlations of one class, `[component][descriptor]`.
fn within(
    x: ArrayView2<'_, f64>,
    scores: ArrayView2<'_, f64>,
    class: &[usize],
    which: usize,
    settings: &SpeakerSettings,
    task: &Task,
) -> Result<(Grid, Grid)> {
    let rows: Vec<usize> = (0..class.len()).filter(|i| class[*i] == which).collect();
    let (x, scores) = (x.select(Axis(0), &rows), scores.select(Axis(0), &rows));
    let all: Vec<usize> = (0..x.ncols()).collect();
    let measure = |weights: Option<&[f64]>| -> Result<Measured> {
        let gram = Gram::of(x.view(), scores.view(), weights)?;
        Ok((gram.fit(&all, 0.0)?.slopes, gram.correlations().targets))
    };
    let found = measure(None)?;
    let plan = draws::Plan {
        stage: "intervals of slopes within a sex",
        stream: &format!("speaker.sex.slopes.{which}"),
        seed: settings.seed,
        draws: settings.bootstrap,
    };
    let replicates = draws(plan, task, |rng| {
        measure(Some(&stats::resample_counts(rows.len(), rng)))
    })?;
    let grid = |of: fn(&Measured) -> &Array2<f64>| -> Grid {
        let one = |k: usize, j: usize| {
            let at: Vec<f64> = replicates.iter().map(|d| of(d)[[j, k]]).collect();
            let interval = stats::percentile(&at, settings.level);
            Estimate {
                value: of(&found)[[j, k]],
                lo: interval.lo,
                hi: interval.hi,
                n: rows.len(),
                level: settings.level,
                method: Method::ClusterBootstrap,
            }
        };
        (0..scores.ncols())
            .map(|k| (0..x.ncols()).map(|j| one(k, j)).collect())
            .collect()
    };
    Ok((grid(|d| &d.0), grid(|d| &d.1)))
}
