//! The directions that distances of a layer are taken in.

use ndarray::{Array2, ArrayView2, Axis, s};
use phonoscope_analysis::{Result, linalg};

use super::corpus::Corpus;

/// A layer wider than this has its directions from a few rows of each sample.
const WIDE: usize = 1024;
/// That many, spread evenly.
const FEW_ROWS: usize = 64;

/// Utterances of a layer in its leading directions.
pub(super) struct Space {
    /// Coordinates, `[item, component]`.
    pub(super) rows: Array2<f64>,
    /// Width of the layer.
    pub(super) dim: usize,
    /// Share of the pooled variance that the directions hold.
    pub(super) kept: f64,
}

/// Directions of the largest variance of reference and systems together, each counted alike, around the mean
/// of their means. What tells a system from the reference is in them whether or not the reference varies
/// there, and no sample is favoured, so that swapping samples remains a fair null.
pub(super) fn space(
    x: ArrayView2<'_, f64>,
    corpus: &Corpus<'_>,
    components: usize,
) -> Result<Space> {
    linalg_finite(x, corpus)?;
    let samples: Vec<&[usize]> = std::iter::once(&corpus.reference[..])
        .chain(corpus.systems.iter().map(|s| &s.rows[..]))
        .collect();
    let means: Vec<_> = samples
        .iter()
        .filter_map(|rows| x.select(Axis(0), rows).mean_axis(Axis(0)))
        .collect();
    let centre = means
        .iter()
        .fold(ndarray::Array1::<f64>::zeros(x.ncols()), |sum, m| sum + m)
        / means.len().max(1) as f64;
    let few = x.ncols() > WIDE;
    let mut chosen: Vec<(usize, f64)> = vec![];
    for sample in &samples {
        let step = if few {
            sample.len().div_ceil(FEW_ROWS)
        } else {
            1
        };
        let taken: Vec<usize> = sample.iter().copied().step_by(step.max(1)).collect();
        let scale = 1.0 / ((taken.len() * samples.len()).max(1) as f64).sqrt();
        chosen.extend(taken.into_iter().map(|i| (i, scale)));
    }
    let mut weighted = Array2::zeros((chosen.len(), x.ncols()));
    for (mut row, (i, scale)) in weighted.outer_iter_mut().zip(&chosen) {
        row.assign(&(&x.row(*i) - &centre));
        row *= *scale;
    }
    let (values, axes) = leading(weighted.view(), components)?;
    let total: f64 = weighted.iter().map(|v| v * v).sum();
    let held: f64 = values.iter().sum();
    Ok(Space {
        rows: (&x - &centre).dot(&axes.t()),
        dim: x.ncols(),
        kept: if total > 0.0 {
            (held / total).min(1.0)
        } else {
            0.0
        },
    })
}

/// The leading eigenvalues and axes `[axis, column]` of `xᵀx`, by the smaller side.
fn leading(x: ArrayView2<'_, f64>, most: usize) -> Result<(Vec<f64>, Array2<f64>)> {
    let wide = x.nrows() < x.ncols();
    let eigen = linalg::symmetric_eigen(
        match wide {
            true => linalg::gram(x),
            false => linalg::scatter(x),
        }
        .view(),
    )?;
    let largest = eigen.values.first().copied().unwrap_or(0.0);
    let floor = largest * f64::EPSILON * x.ncols().max(x.nrows()) as f64;
    let rank = eigen.values.iter().filter(|v| **v > floor).count();
    let kept = rank.min(most);
    if kept == 0 {
        return Err(phonoscope_analysis::Error::Undefined {
            what: "distance".into(),
            why: "all utterances have the same vector".into(),
        });
    }
    let vectors = eigen.vectors.slice(s![..kept, ..]);
    let axes = match wide {
        false => vectors.to_owned(),
        true => {
            let mut axes = vectors.dot(&x);
            for (mut axis, value) in axes.outer_iter_mut().zip(&eigen.values) {
                axis /= value.sqrt();
            }
            axes
        }
    };
    Ok((eigen.values.iter().copied().take(kept).collect(), axes))
}

/// An error that names the first item whose vector is not finite.
fn linalg_finite(x: ArrayView2<'_, f64>, corpus: &Corpus<'_>) -> Result<()> {
    let bad = x
        .outer_iter()
        .zip(corpus.items)
        .find(|(row, _)| row.iter().any(|v| !v.is_finite()));
    match bad {
        None => Ok(()),
        Some((_, item)) => Err(phonoscope_analysis::Error::Undefined {
            what: format!("vector of `{}`", item.id),
            why: "it holds values that are not finite".into(),
        }),
    }
}
