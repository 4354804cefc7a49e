//! Everything that is measured of one layer.

use ndarray::{ArrayView2, Axis};
use phonoscope_analysis::distance::sliced_w2;
use phonoscope_analysis::estimate::Method;
use phonoscope_analysis::stats::{self, Interval, draws};
use phonoscope_analysis::task::Task;
use phonoscope_analysis::{Estimate, Result as Computed};

use super::corpus::{Corpus, System};
use super::distances::{self, AtHalf};
use super::matching::{self, Match};
use super::{ModelInput, QualitySettings, space};
use crate::error::{Error, Result};

/// One layer.
pub(super) struct LayerFound {
    pub(super) name: String,
    pub(super) dim: usize,
    pub(super) components: usize,
    /// Share of the pooled variance in those components.
    pub(super) kept: f64,
    /// Root of the reference's total variance: the unit of normalised distances.
    pub(super) root_trace: f64,
    /// Weight of the identity in the reference's covariance.
    pub(super) shrinkage: f64,
    /// Normalised W2 between halves of the reference: median and band.
    pub(super) floor: Estimate,
    /// For each system, in the corpus's order, what was measured or why nothing could be.
    pub(super) systems: Vec<std::result::Result<Distance, String>>,
    /// Mahalanobis distance of every item.
    pub(super) mahalanobis: Vec<f64>,
    pub(super) matches: Vec<Match>,
    /// Normalised W2 at equal n of every deal of halves, `[deal][system]`; NaN where there is none.
    pub(super) deals: Vec<Vec<f64>>,
}

/// Distances of one system in one layer.
pub(super) struct Distance {
    pub(super) n: usize,
    pub(super) w2: Estimate,
    /// Over the root of the reference's trace.
    pub(super) normalised: Estimate,
    pub(super) mean_part: f64,
    pub(super) covariance_part: f64,
    pub(super) shrinkage: f64,
    pub(super) sliced: f64,
    /// At equal n: its ratio to that of two halves of the reference.
    pub(super) sliced_ratio: Option<Estimate>,
    /// At equal n: normalised W2 from a half of the reference.
    pub(super) at_half: Option<Estimate>,
    /// That over the floor of the same halves.
    pub(super) ratio: Option<Estimate>,
    /// The squared normalised W2 less the mean of both samples' own floors: without its bias from small samples.
    pub(super) excess: Option<f64>,
    /// From draws with swapped utterances.
    pub(super) p: Option<f64>,
    /// Median Mahalanobis distance of its utterances.
    pub(super) mahalanobis: Estimate,
}

/// Measures the layer at this place of a model.
pub(super) fn measure(
    model: &ModelInput<'_>,
    at: usize,
    corpus: &Corpus<'_>,
    settings: &QualitySettings,
    task: &Task,
) -> Result<LayerFound> {
    let name = model.layers.get(at).cloned().unwrap_or_default();
    let values = (model.read)(at)?;
    of_rows(&name, values.view(), corpus, settings, task).map_err(|e| match e {
        phonoscope_analysis::Error::Cancelled => Error::from(e),
        e => Error::Request {
            problem: format!("layer `{name}` of `{}`: {e}", model.name),
            hint: crate::extract::LEAVE_OUT.into(),
        },
    })
}

fn of_rows(
    name: &str,
    values: ArrayView2<'_, f64>,
    corpus: &Corpus<'_>,
    settings: &QualitySettings,
    task: &Task,
) -> Computed<LayerFound> {
    let space = space::space(values, corpus, settings.components)?;
    let x = space.rows.view();
    let reference = distances::shrunk(x, &corpus.reference)?;
    let shrinkage = reference.shrinkage;
    let from = phonoscope_analysis::distance::Rooted::new(reference.gaussian)?;
    let scale = distances::trace(&from);
    let deals = distances::halves(x, corpus, settings, task)?;
    let without = distances::without_blocks(x, corpus, task)?;
    let mahalanobis = distances::mahalanobis(x, corpus)?;
    let floors: Vec<f64> = deals.iter().map(|d| d.floor.sqrt()).collect();
    let mut systems = vec![];
    for (place, system) in corpus.systems.iter().enumerate() {
        if system.rows.len() < 2 {
            systems.push(Err("it has one utterance: a covariance needs two".into()));
            continue;
        }
        let of = shrunk_parts(x, &from, system)?;
        let squares: Vec<(f64, f64)> = without.iter().map(|b| b[place]).collect();
        let left = |f: fn(&(f64, f64)) -> f64| -> Vec<f64> {
            squares.iter().map(|s| f(s).sqrt()).collect()
        };
        let distance = of.w2.distance();
        let n = system.rows.len();
        let p = match settings.swaps {
            0 => None,
            _ => {
                let null = distances::swapped(x, corpus, system, settings, task)?;
                let p = stats::permutation_p(of.w2.squared(), &null);
                null.iter().all(|v| v.is_finite()).then_some(p)
            }
        };
        let sliced = sliced_w2(
            x.select(Axis(0), &corpus.reference).view(),
            x.select(Axis(0), &system.rows).view(),
            settings.directions,
            settings.seed,
            task,
        )?;
        let half: Vec<AtHalf> = deals.iter().filter_map(|d| d.systems[place]).collect();
        let over = |of: &dyn Fn(&AtHalf) -> Option<f64>| -> Option<Estimate> {
            let found: Vec<f64> = half.iter().filter_map(of).collect();
            (!found.is_empty()).then(|| band(&found, n / 2, settings))
        };
        let excess = half.iter().map(AtHalf::excess).sum::<f64>() / half.len() as f64;
        systems.push(Ok(Distance {
            n,
            w2: leave_out(distance, &left(|s| s.0), n, settings),
            normalised: leave_out(distance / scale.sqrt(), &left(|s| s.1), n, settings),
            mean_part: of.w2.mean_part,
            covariance_part: of.w2.covariance_part,
            shrinkage: of.shrinkage,
            sliced: sliced.distance,
            sliced_ratio: over(&|h| h.sliced),
            at_half: over(&|h| Some(h.away.sqrt())),
            ratio: over(&|h| Some((h.away / h.floor).sqrt())),
            excess: (!half.is_empty()).then_some(excess),
            p,
            mahalanobis: median_of_units(&mahalanobis, system, corpus, settings, task)?,
        }));
    }
    Ok(LayerFound {
        name: name.into(),
        dim: space.dim,
        components: x.ncols(),
        kept: space.kept,
        root_trace: scale.sqrt(),
        shrinkage,
        floor: band(&floors, corpus.reference.len() / 2, settings),
        systems,
        mahalanobis,
        matches: matching::all(x, corpus, settings, task)?,
        deals: deals
            .iter()
            .map(|d| {
                let of = |h: &Option<AtHalf>| h.map_or(f64::NAN, |h| h.away.sqrt());
                d.systems.iter().map(of).collect()
            })
            .collect(),
    })
}

struct Parts {
    w2: phonoscope_analysis::distance::W2,
    shrinkage: f64,
}

fn shrunk_parts(
    x: ArrayView2<'_, f64>,
    from: &phonoscope_analysis::distance::Rooted,
    system: &System,
) -> Computed<Parts> {
    let of = distances::shrunk(x, &system.rows)?;
    Ok(Parts {
        w2: from.w2(&of.gaussian)?,
        shrinkage: of.shrinkage,
    })
}

/// An estimate whose interval comes from leaving out blocks.
fn leave_out(value: f64, left: &[f64], n: usize, settings: &QualitySettings) -> Estimate {
    let usable: Vec<f64> = left.iter().copied().filter(|v| v.is_finite()).collect();
    let Interval { lo, hi } = stats::jackknife_interval(value, &usable, settings.level);
    Estimate {
        value,
        lo: lo.max(0.0),
        hi,
        n,
        level: settings.level,
        method: Method::Jackknife,
    }
}

/// Median and quantiles over deals.
pub(super) fn band(values: &[f64], n: usize, settings: &QualitySettings) -> Estimate {
    let Interval { lo, hi } = stats::percentile(values, settings.level);
    Estimate {
        value: stats::quantile(values, 0.5),
        lo,
        hi,
        n,
        level: settings.level,
        method: Method::RandomHalves,
    }
}

fn median_of_units(
    values: &[f64],
    system: &System,
    corpus: &Corpus<'_>,
    settings: &QualitySettings,
    task: &Task,
) -> Computed<Estimate> {
    let of = |weights: Option<&[f64]>| {
        let repeated = system.rows.iter().flat_map(|i| {
            let times = weights.map_or(1, |w| w[corpus.unit_of[*i]] as usize);
            std::iter::repeat_n(values[*i], times)
        });
        stats::quantile(&repeated.collect::<Vec<f64>>(), 0.5)
    };
    let plan = draws::Plan {
        stage: "bootstrap of utterances",
        stream: "quality.mahalanobis",
        seed: settings.seed,
        draws: settings.bootstrap,
    };
    let replicates = draws(plan, task, |rng| {
        Ok(of(Some(&stats::resample_counts(corpus.units, rng))))
    })?;
    let Interval { lo, hi } = stats::percentile(&replicates, settings.level);
    Ok(Estimate {
        value: of(None),
        lo,
        hi,
        n: system.rows.len(),
        level: settings.level,
        method: Method::ClusterBootstrap,
    })
}
