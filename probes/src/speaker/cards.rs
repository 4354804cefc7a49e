//! What each component is made of: its regression on all descriptors.

use ndarray::{Array2, ArrayView2, Axis};
use phonoscope_analysis::estimate::Method;
use phonoscope_analysis::importance::{self, MOST_EXACT};
use phonoscope_analysis::regress::{Correlations, Gram};
use phonoscope_analysis::stats::{self, draws};
use phonoscope_analysis::task::Task;
use phonoscope_analysis::{Estimate, Result};
use rand::seq::SliceRandom as _;

use super::SpeakerSettings;

/// Random orders that Shapley shares are sampled from where there are too many descriptors for all.
const ORDERS: usize = 1000;
/// The same inside each bootstrap draw.
const ORDERS_OF_DRAW: usize = 60;

/// Regression of every component on all descriptors, `[component, descriptor]` unless said otherwise.
pub(super) struct Cards {
    pub(super) beta: Vec<Vec<Estimate>>,
    pub(super) unique: Vec<Vec<Estimate>>,
    pub(super) r: Vec<Vec<Estimate>>,
    pub(super) shapley: Vec<Vec<Estimate>>,
    /// Monte-Carlo error of the shares, where they were sampled.
    pub(super) shapley_error: Option<Array2<f64>>,
    /// 95 % point of the unique ΔR² when residuals are permuted.
    pub(super) null_95: Option<Array2<f64>>,
    pub(super) permutation_p: Option<Array2<f64>>,
    /// P of the unique part from F.
    pub(super) p: Array2<f64>,
    /// Benjamini–Hochberg over all components and descriptors.
    pub(super) q: Array2<f64>,
    /// `[descriptor]`; nothing where the others determine it.
    pub(super) vif: Vec<Option<f64>>,
    /// `[component]`
    pub(super) r2: Vec<Estimate>,
    /// `[component]`
    pub(super) adjusted: Vec<Estimate>,
    /// 95 % point of R² with descriptors unrelated to the component, `[component]`.
    pub(super) r2_null_95: Option<Vec<f64>>,
    /// `[component]`
    pub(super) r2_p: Vec<f64>,
    /// Predictors that are not combinations of others.
    pub(super) rank: usize,
}

/// The measures of one sample.
struct Measured {
    beta: Array2<f64>,
    unique: Array2<f64>,
    r: Array2<f64>,
    shapley: Array2<f64>,
    r2: Vec<f64>,
}

impl Measured {
    fn of(c: &Correlations, orders: usize, seed: u64) -> Result<(Self, Option<Array2<f64>>)> {
        let shares = match c.predictors.nrows() <= MOST_EXACT {
            true => importance::shapley(c)?,
            false => importance::shapley_sampled(c, orders, seed)?,
        };
        let measured = Self {
            beta: importance::standardised_slopes(c),
            unique: importance::unique(c),
            r: c.targets.t().to_owned(),
            shapley: shares.shares,
            r2: importance::r2(c).to_vec(),
        };
        Ok((measured, shares.standard_error))
    }
}

/// Measures every column of `scores: [speaker, component]` against `x: [speaker, descriptor]`.
pub(super) fn measure(
    x: ArrayView2<'_, f64>,
    scores: ArrayView2<'_, f64>,
    settings: &SpeakerSettings,
    task: &Task,
) -> Result<Cards> {
    let (n, p) = x.dim();
    let gram = Gram::of(x, scores, None)?;
    let correlations = gram.correlations();
    let vif = importance::vif(&correlations);
    let (found, shapley_error) = Measured::of(&correlations, ORDERS, settings.seed)?;
    let plan = draws::Plan {
        stage: "intervals of components on descriptors",
        stream: "speaker.cards",
        seed: settings.seed,
        draws: settings.bootstrap,
    };
    let replicates = draws(plan, task, |rng| {
        let weights = stats::resample_counts(n, rng);
        let c = Gram::of(x, scores, Some(&weights))?.correlations();
        Ok(Measured::of(&c, ORDERS_OF_DRAW, settings.seed)?.0)
    })?;
    let rank = rank(&gram)?;
    let df = n as f64 - rank as f64 - 1.0;
    let null = match settings.nulls {
        true => Some(Null::of(x, scores, &gram, df, settings, task)?),
        false => None,
    };
    let f = |unique: f64, r2: f64| unique / ((1.0 - r2).max(0.0) / df);
    let p_of = Array2::from_shape_fn(found.unique.dim(), |(k, j)| {
        let f = f(found.unique[[k, j]], found.r2[k]);
        if f.is_nan() || vif[j].is_none() {
            f64::NAN
        } else {
            stats::f_upper(f, 1.0, df)
        }
    });
    let flat: Vec<f64> = p_of
        .iter()
        .map(|p| if p.is_nan() { 1.0 } else { *p })
        .collect();
    let q = stats::benjamini_hochberg(&flat);
    let q = Array2::from_shape_fn(p_of.dim(), |(k, j)| match p_of[[k, j]].is_nan() {
        true => f64::NAN,
        false => q[k * p + j],
    });
    let estimate = |value: f64, at: Vec<f64>, share: bool| {
        let (interval, method) = match share {
            true => (
                stats::debiased(value, &at, settings.level),
                Method::DebiasedClusterBootstrap,
            ),
            false => (
                stats::percentile(&at, settings.level),
                Method::ClusterBootstrap,
            ),
        };
        Estimate {
            value,
            lo: if share {
                interval.lo.max(0.0).min(value)
            } else {
                interval.lo
            },
            hi: interval.hi,
            n,
            level: settings.level,
            method,
        }
    };
    let grid = |of: &dyn Fn(&Measured) -> &Array2<f64>, share: bool| -> Vec<Vec<Estimate>> {
        let row = |k: usize| {
            let one = |j: usize| {
                let at = replicates.iter().map(|m| of(m)[[k, j]]).collect();
                estimate(of(&found)[[k, j]], at, share)
            };
            (0..p).map(one).collect()
        };
        (0..scores.ncols()).map(row).collect()
    };
    let adjust = |r2: f64| 1.0 - (1.0 - r2) * (n as f64 - 1.0) / df;
    let per_component = |adjusted: bool| -> Vec<Estimate> {
        let value = |m: &Measured, k: usize| if adjusted { adjust(m.r2[k]) } else { m.r2[k] };
        let one = |k: usize| {
            let at: Vec<f64> = replicates.iter().map(|m| value(m, k)).collect();
            estimate(value(&found, k), at, true)
        };
        (0..scores.ncols()).map(one).collect()
    };
    Ok(Cards {
        beta: grid(&|m| &m.beta, false),
        unique: grid(&|m| &m.unique, true),
        r: grid(&|m| &m.r, false),
        shapley: grid(&|m| &m.shapley, true),
        shapley_error,
        null_95: null.as_ref().map(|null| null.unique_95(&found)),
        permutation_p: null.as_ref().map(|null| null.p(&found, &f)),
        p: p_of,
        q,
        vif,
        r2: per_component(false),
        adjusted: per_component(true),
        r2_null_95: null.as_ref().map(|null| null.r2_95.clone()),
        r2_p: found
            .r2
            .iter()
            .map(|r2| {
                let f = (r2 / rank as f64) / ((1.0 - r2).max(0.0) / df);
                stats::f_upper(f, rank as f64, df)
            })
            .collect(),
        rank,
    })
}

/// Predictors that are not combinations of others.
fn rank(gram: &Gram) -> Result<usize> {
    let r = gram.correlations().predictors;
    let values = phonoscope_analysis::linalg::symmetric_eigenvalues(r.view())?;
    Ok(values.iter().filter(|v| **v > 1e-10).count())
}

/// What regressions look like when residuals fall on other speakers.
struct Null {
    /// F of each unique part, `[draw][component, descriptor]`.
    f: Vec<Array2<f64>>,
    /// Unique parts as shares of the residual variance, `[draw][component, descriptor]`.
    unique: Vec<Array2<f64>>,
    /// `[component]`
    r2_95: Vec<f64>,
}

impl Null {
    /// Permutes the residuals of the full model over speakers (ter Braak 1992), which keeps what the
    /// descriptors share and tests every unique part at once; R² is that of the permuted residuals.
    fn of(
        x: ArrayView2<'_, f64>,
        scores: ArrayView2<'_, f64>,
        gram: &Gram,
        df: f64,
        settings: &SpeakerSettings,
        task: &Task,
    ) -> Result<Self> {
        let all: Vec<usize> = (0..x.ncols()).collect();
        let residuals = &scores - &gram.fit(&all, 0.0)?.predict(x)?;
        let plan = draws::Plan {
            stage: "permutation of residuals",
            stream: "speaker.cards.null",
            seed: settings.seed,
            draws: settings.permutations,
        };
        let null = draws(plan, task, |rng| {
            let mut order: Vec<usize> = (0..x.nrows()).collect();
            order.shuffle(rng);
            let permuted = residuals.select(Axis(0), &order);
            let c = Gram::of(x, permuted.view(), None)?.correlations();
            let (unique, r2) = (importance::unique(&c), importance::r2(&c));
            let f = Array2::from_shape_fn(unique.dim(), |(k, j)| {
                unique[[k, j]] / ((1.0 - r2[k]).max(0.0) / df)
            });
            Ok((f, unique, r2))
        })?;
        let r2_95 = (0..scores.ncols())
            .map(|k| {
                let at: Vec<f64> = null.iter().map(|(_, _, r2)| r2[k]).collect();
                stats::critical_value(&at, stats::ALPHA)
            })
            .collect();
        let (f, unique) = null.into_iter().map(|(f, unique, _)| (f, unique)).unzip();
        Ok(Self { f, unique, r2_95 })
    }

    /// 95 % points on the scale of ΔR².
    fn unique_95(&self, found: &Measured) -> Array2<f64> {
        Array2::from_shape_fn(found.unique.dim(), |(k, j)| {
            let at: Vec<f64> = self.unique.iter().map(|u| u[[k, j]]).collect();
            stats::critical_value(&at, stats::ALPHA) * (1.0 - found.r2[k])
        })
    }

    fn p(&self, found: &Measured, f: &dyn Fn(f64, f64) -> f64) -> Array2<f64> {
        Array2::from_shape_fn(found.unique.dim(), |(k, j)| {
            let at: Vec<f64> = self.f.iter().map(|f| f[[k, j]]).collect();
            stats::permutation_p(f(found.unique[[k, j]], found.r2[k]), &at)
        })
    }
}
