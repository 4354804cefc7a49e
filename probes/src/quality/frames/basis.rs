//! The directions that frames are measured in.

use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use phonoscope_analysis::linalg;
use phonoscope_analysis::pca::Moments;
use phonoscope_analysis::task::Task;

use super::super::QualitySettings;
use super::super::corpus::Corpus;
use super::WIDEST;
use super::pass::Pass;
use crate::error::Result;

/// Utterances of each sample that give the directions.
const SAMPLE: usize = 24;

/// Directions of one layer.
pub(super) struct Layer {
    pub(super) name: String,
    /// Place among the taps that are read.
    pub(super) tap: usize,
    centre: Array1<f64>,
    /// `[component, feature]`.
    axes: Array2<f64>,
    /// Share of the pooled variance of frames that they hold.
    pub(super) kept: f64,
}

impl Layer {
    pub(super) fn components(&self) -> usize {
        self.axes.nrows()
    }

    /// Frames in these directions, `[frame, component]`.
    pub(super) fn project(&self, frames: ArrayView2<'_, f32>) -> Array2<f64> {
        let mut centred = frames.mapv(f64::from);
        centred -= &self.centre;
        centred.dot(&self.axes.t())
    }
}

/// Directions of every layer that is not too wide.
pub(super) struct Basis {
    pub(super) layers: Vec<Layer>,
    pub(super) too_wide: Vec<String>,
    /// Utterances of each sample that they come from.
    pub(super) utterances: usize,
}

/// Second moments about zero, summed over samples.
struct Pooled {
    mean: Array1<f64>,
    square: Array2<f64>,
}

/// Directions of the largest variance of the frames of a few utterances of the reference and of each system,
/// each sample counted alike.
pub(super) fn fit(
    pass: &Pass<'_>,
    corpus: &Corpus<'_>,
    settings: &QualitySettings,
    task: &Task,
) -> Result<Basis> {
    let taps = pass.source.taps;
    let mut pooled: Vec<Option<Pooled>> = taps.iter().map(|_| None).collect();
    let mut wide = vec![false; taps.len()];
    let samples: Vec<&[usize]> = std::iter::once(&corpus.reference[..])
        .chain(corpus.systems.iter().map(|s| &s.rows[..]))
        .collect();
    let mut counted = 0.0;
    for rows in samples {
        let step = rows.len().div_ceil(SAMPLE).max(1);
        let items: Vec<usize> = rows.iter().copied().step_by(step).collect();
        let mut moments: Vec<Option<Moments>> = taps.iter().map(|_| None).collect();
        let make = |_: usize, frames: super::reading::Frames| -> Result<Vec<Option<Moments>>> {
            let of = |x: &Array2<f32>| match x.ncols() <= WIDEST {
                true => Moments::of_block(x.mapv(f64::from).view()).map(Some),
                false => Ok(None),
            };
            Ok(frames.iter().map(of).collect::<Result<Vec<_>, _>>()?)
        };
        pass.over("directions of frames", &items, task, make, |_, found| {
            for ((all, one), wide) in moments
                .iter_mut()
                .zip(found.unwrap_or_default())
                .zip(&mut wide)
            {
                let Some(one) = one else {
                    *wide = true;
                    continue;
                };
                match all {
                    None => *all = Some(one),
                    Some(all) => all.merge(&one)?,
                }
            }
            Ok(())
        })?;
        counted += 1.0;
        for (pooled, moments) in pooled.iter_mut().zip(moments) {
            let Some(found) = moments.filter(|m| m.count() > 1) else {
                continue;
            };
            let mean = found.mean().clone();
            let column = mean.view().insert_axis(Axis(1));
            let square = found.covariance()? + column.dot(&column.t());
            match pooled {
                None => *pooled = Some(Pooled { mean, square }),
                Some(pooled) => {
                    pooled.mean += &mean;
                    pooled.square += &square;
                }
            }
        }
    }
    let mut out = Basis {
        layers: vec![],
        too_wide: vec![],
        utterances: SAMPLE,
    };
    for (tap, (found, wide)) in pooled.into_iter().zip(wide).enumerate() {
        let name = taps.get(tap).map(|t| t.name.clone()).unwrap_or_default();
        match found {
            _ if wide => out.too_wide.push(name),
            None => {}
            Some(found) => {
                let centre = found.mean / counted;
                let column = centre.view().insert_axis(Axis(1));
                let covariance = found.square / counted - column.dot(&column.t());
                let total = covariance.diag().sum();
                let eigen = linalg::symmetric_eigen(covariance.view())?;
                let floor = eigen.values.first().copied().unwrap_or(0.0) * 1e-9;
                let rank = eigen.values.iter().filter(|v| **v > floor).count();
                let kept = rank.min(settings.components);
                if kept == 0 {
                    continue;
                }
                out.layers.push(Layer {
                    name,
                    tap,
                    centre,
                    axes: eigen.vectors.slice(s![..kept, ..]).to_owned(),
                    kept: (eigen.values.iter().take(kept).sum::<f64>() / total).min(1.0),
                });
            }
        }
    }
    Ok(out)
}
