//! The decomposition and what its spectrum is worth.

use ndarray::{Array1, Array2, ArrayD, ArrayView2, s};
use phonoscope_analysis::estimate::Method;
use phonoscope_analysis::pca::{self, ParallelAnalysis, Pca, SpectrumBootstrap};
use phonoscope_analysis::stats::{self, draws};
use phonoscope_analysis::task::Task;
use phonoscope_analysis::{Estimate, Result};

use super::SpeakerSettings;
use super::gathering::Speakers;

/// Everything known about the components; `shown` of them appear in the report.
pub(super) struct Spectrum {
    pub(super) pca: Pca,
    /// Scores, `[speaker, component]`, all components.
    pub(super) scores: Array2<f64>,
    pub(super) shown: usize,
    /// Shares of variance, `[shown]`.
    pub(super) ratio: Vec<Estimate>,
    /// Running sums of the shares, `[shown]`.
    pub(super) cumulative: Vec<Estimate>,
    pub(super) parallel: ParallelAnalysis,
    /// Share of held-out variance in the first 1, 2, … axes, `[shown]`.
    pub(super) held_out: Vec<Estimate>,
    /// `[component]`.
    pub(super) gaps: Array1<f64>,
    /// `[shown]`.
    pub(super) stability: Array1<f64>,
    /// Components that hold half of the variance, with the bootstrap's interval.
    pub(super) half: Estimate,
}

impl Spectrum {
    /// Scores on the shown components, `[speaker, component]`.
    pub(super) fn shown_scores(&self) -> ArrayView2<'_, f64> {
        self.scores.slice(s![.., ..self.shown])
    }

    /// Arrays for the file beside the report.
    pub(super) fn arrays(&self, speakers: &Speakers) -> Vec<(String, ArrayD<f64>)> {
        let scale = self
            .pca
            .scale
            .iter()
            .map(|s| ("scale", s.clone().into_dyn()));
        [
            ("speaker_embeddings", speakers.embeddings.clone().into_dyn()),
            ("mean", self.pca.mean.clone().into_dyn()),
        ]
        .into_iter()
        .chain(scale)
        .chain([
            ("components", self.pca.components.clone().into_dyn()),
            (
                "explained_variance",
                self.pca.explained_variance.clone().into_dyn(),
            ),
            ("scores", self.scores.clone().into_dyn()),
        ])
        .map(|(name, array)| (name.to_owned(), array))
        .collect()
    }
}

pub(super) fn decompose(
    speakers: &Speakers,
    folds: &[usize],
    settings: &SpeakerSettings,
    task: &Task,
) -> Result<Spectrum> {
    let x = speakers.embeddings.view();
    let (n, scaling, seed) = (x.nrows(), settings.scaling, settings.seed);
    let pca = pca::fit(x, scaling)?;
    let scores = pca.scores(x)?;
    let shown = settings.components.min(pca.components.nrows());
    let parallel = pca::parallel_analysis(x, scaling, settings.permutations, seed, task)?;
    let resampled = pca::bootstrap(x, scaling, &pca, shown, settings.bootstrap, seed, task)?;

    let estimate = |value, replicates: &[f64]| {
        let interval = stats::debiased(value, replicates, settings.level);
        Estimate {
            value,
            lo: interval.lo.max(0.0),
            hi: interval.hi,
            n,
            level: settings.level,
            method: Method::DebiasedClusterBootstrap,
        }
    };
    let share = |value, replicates: &[f64]| {
        let estimate = estimate(value, replicates);
        Estimate {
            hi: estimate.hi.min(1.0),
            ..estimate
        }
    };
    let total = pca::cumulative(pca.explained_variance_ratio.view());
    let mut sums = Array1::<f64>::zeros(settings.bootstrap);
    let (mut ratio, mut cumulative) = (Vec::new(), Vec::new());
    for k in 0..shown {
        let replicates = resampled.ratio.column(k);
        sums += &replicates;
        ratio.push(share(pca.explained_variance_ratio[k], &replicates.to_vec()));
        cumulative.push(share(total[k].min(1.0), &sums.to_vec()));
    }
    Ok(Spectrum {
        held_out: held_out(x, folds, shown, settings, task)?,
        gaps: pca::eigen_gaps(pca.explained_variance.view()),
        stability: resampled.axis_stability(),
        half: half_of(&pca, &resampled, n, settings.level),
        pca,
        scores,
        shown,
        ratio,
        cumulative,
        parallel,
    })
}

/// Components that hold half of the variance of `x: [speaker, dim]`, with the bootstrap's interval.
pub(super) fn half(
    x: ArrayView2<'_, f64>,
    settings: &SpeakerSettings,
    task: &Task,
) -> Result<Estimate> {
    let pca = pca::fit(x, settings.scaling)?;
    let (draws, seed) = (settings.bootstrap, settings.seed);
    let resampled = pca::bootstrap(x, settings.scaling, &pca, 1, draws, seed, task)?;
    Ok(half_of(&pca, &resampled, x.nrows(), settings.level))
}

fn half_of(pca: &Pca, resampled: &SpectrumBootstrap, n: usize, level: f64) -> Estimate {
    let value = half_count(pca.explained_variance_ratio.clone());
    let draws = resampled.ratio.outer_iter();
    let halves: Vec<f64> = draws.map(|draw| half_count(draw.to_owned())).collect();
    let interval = stats::debiased(value, &halves, level);
    Estimate {
        value,
        lo: interval.lo.floor().max(1.0),
        hi: interval.hi.ceil().min(pca.components.nrows() as f64),
        n,
        level,
        method: Method::DebiasedClusterBootstrap,
    }
}

/// Components that hold half of the variance; all of them when rounding leaves less.
fn half_count(ratio: Array1<f64>) -> f64 {
    pca::components_for_share(ratio.view(), 0.5).unwrap_or(ratio.len()) as f64
}

fn held_out(
    x: ArrayView2<'_, f64>,
    folds: &[usize],
    shown: usize,
    settings: &SpeakerSettings,
    task: &Task,
) -> Result<Vec<Estimate>> {
    let n = x.nrows();
    let measured = pca::held_out(x, settings.scaling, folds, shown, task)?;
    let value = measured.cumulative_ratio(Array1::ones(n).view());
    let plan = draws::Plan {
        stage: "held-out intervals",
        stream: "speaker.held_out",
        seed: settings.seed,
        draws: settings.bootstrap,
    };
    let replicates = draws(plan, task, |rng| {
        let weights = Array1::from(stats::resample_counts(n, rng));
        Ok(measured.cumulative_ratio(weights.view()))
    })?;
    let estimates = (0..shown).map(|k| {
        let at: Vec<f64> = replicates.iter().map(|draw| draw[k]).collect();
        let interval = stats::percentile(&at, settings.level);
        Estimate {
            value: value[k],
            lo: interval.lo,
            hi: interval.hi,
            n,
            level: settings.level,
            method: Method::ClusterBootstrap,
        }
    });
    Ok(estimates.collect())
}
