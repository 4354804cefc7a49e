//! Bootstrap of the spectrum and of its axes, over rows that stand for whole speakers.

use ndarray::{Array1, Array2, ArrayView2, Axis, s};

use super::{Pca, Scaling, solve};
use crate::stats::{self, draws};
use crate::task::Task;
use crate::{Result, linalg};

/// Spectra of resampled rows.
#[derive(Debug, Clone, PartialEq)]
pub struct SpectrumBootstrap {
    /// Shares of variance, `[draw, component]`.
    pub ratio: Array2<f64>,
    /// `|cos|` between the draw's axis and the fitted axis of the same rank, `[draw, axis]`.
    pub cosine: Array2<f64>,
}

impl SpectrumBootstrap {
    /// Median over draws of `|cos|` per axis: near 1 when an axis is where it is whoever was recorded.
    pub fn axis_stability(&self) -> Array1<f64> {
        self.cosine
            .axis_iter(Axis(1))
            .map(|c| stats::quantile(&c.to_vec(), 0.5))
            .collect()
    }
}

/// Refits the spectrum of `x: [row, dim]` on `resamples` samples of its rows, with replacement.
///
/// Give one row per speaker: then this is the cluster bootstrap over speakers. Shares of the first
/// `fitted.components.nrows()` components are kept, and the direction of the first `axes`. Scaling is
/// redone inside each draw. Draw `i` uses stream `i`: any number of threads gives the same bits.
pub fn bootstrap(
    x: ArrayView2<'_, f64>,
    scaling: Scaling,
    fitted: &Pca,
    axes: usize,
    resamples: usize,
    seed: u64,
    task: &Task,
) -> Result<SpectrumBootstrap> {
    let n = x.nrows();
    solve::at_least(n, 3, "bootstrap of the spectrum: rows")?;
    let kept = fitted.components.nrows();
    let axes = axes.min(kept);
    let plan = draws::Plan {
        stage: "bootstrap of the spectrum",
        stream: "pca.bootstrap",
        seed,
        draws: resamples,
    };
    let found = draws(plan, task, |rng| {
        let weights = stats::resample_counts(n, rng);
        let rows: Vec<usize> = (0..n).filter(|i| weights[*i] > 0.0).collect();
        let counts: Vec<f64> = rows.iter().map(|i| weights[*i]).collect();
        one_draw(
            x.select(Axis(0), &rows).view(),
            &counts,
            scaling,
            fitted,
            axes,
        )
    })?;
    let mut ratio = Array2::zeros((resamples, kept));
    let mut cosine = Array2::zeros((resamples, axes));
    for (b, (shares, cosines)) in found.iter().enumerate() {
        let m = shares.len().min(kept);
        ratio.slice_mut(s![b, ..m]).assign(&shares.slice(s![..m]));
        cosine.row_mut(b).assign(cosines);
    }
    Ok(SpectrumBootstrap { ratio, cosine })
}

/// Shares and `|cos|` of one resample given as distinct rows and how often each was taken.
fn one_draw(
    rows: ArrayView2<'_, f64>,
    counts: &[f64],
    scaling: Scaling,
    fitted: &Pca,
    axes: usize,
) -> Result<(Array1<f64>, Array1<f64>)> {
    // All draws equal: no variance and no axes, which is what such a sample shows.
    let Ok(z) = solve::centre(rows, Some(counts), scaling) else {
        return Ok((Array1::zeros(0), Array1::zeros(axes)));
    };
    let leading = fitted.components.slice(s![..axes, ..]);
    let mut cosine = Array1::zeros(axes);
    let eigen = if z.rows.nrows() < z.rows.ncols() {
        // With z = u·diag(σ)·wᵀ, the cosine of w and an axis v is uᵀ·(z·v) / σ.
        let eigen = linalg::symmetric_eigen(linalg::gram(z.rows.view()).view())?;
        let known = axes.min(solve::rank(&eigen.values, z.rows.ncols()));
        let projected = z.rows.dot(&leading.t());
        for k in 0..known {
            let cos = eigen.vectors.row(k).dot(&projected.column(k)) / eigen.values[k].sqrt();
            cosine[k] = cos.abs();
        }
        eigen
    } else {
        let eigen = linalg::symmetric_eigen(linalg::scatter(z.rows.view()).view())?;
        for k in 0..axes {
            cosine[k] = eigen.vectors.row(k).dot(&leading.row(k)).abs();
        }
        eigen
    };
    Ok((solve::shares(eigen.values), cosine))
}

#[cfg(test)]
mod tests {
    use super::super::fit;
    use super::*;
    use rand::RngExt as _;

    fn planted(rows: usize, dim: usize) -> Array2<f64> {
        let mut rng = crate::rng::stream(3, "bootstrap-test", 0);
        let mut x = Array2::from_shape_fn((rows, dim), |_| rng.random_range(-1.0..1.0));
        for mut row in x.outer_iter_mut() {
            row[0] += rng.random_range(-6.0..6.0);
        }
        x
    }

    fn run(x: &Array2<f64>, threads: usize) -> SpectrumBootstrap {
        let fitted = fit(x.view(), Scaling::Centred).unwrap();
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            bootstrap(
                x.view(),
                Scaling::Centred,
                &fitted,
                3,
                60,
                9,
                &Task::silent(),
            )
            .unwrap()
        })
    }

    #[test]
    fn a_planted_axis_is_stable_and_noise_axes_are_not() {
        for dim in [4, 60] {
            let stability = run(&planted(40, dim), 1).axis_stability();
            assert!(
                stability[0] > 0.95 && stability[1] < stability[0] - 0.04,
                "{dim}: {stability}"
            );
        }
    }

    #[test]
    fn both_sides_of_the_decomposition_agree() {
        let x = planted(8, 5);
        let fitted = fit(x.view(), Scaling::Centred).unwrap();
        let counts = [2.0, 1.0, 1.0, 3.0, 1.0];
        let rows = x.slice(s![..5, ..]);
        let (tall, tall_cos) = one_draw(rows, &counts, Scaling::Centred, &fitted, 3).unwrap();
        // A sixth column of zeros changes nothing but sends the work to the other side.
        let pad = |m: ArrayView2<'_, f64>| {
            let mut out = Array2::zeros((m.nrows(), 6));
            out.slice_mut(s![.., ..5]).assign(&m);
            out
        };
        let wide_fit = Pca {
            components: pad(fitted.components.view()),
            ..fitted
        };
        let (wide, wide_cos) =
            one_draw(pad(rows).view(), &counts, Scaling::Centred, &wide_fit, 3).unwrap();
        for k in 0..3 {
            assert!((tall[k] - wide[k]).abs() < 1e-12);
            assert!((tall_cos[k] - wide_cos[k]).abs() < 1e-9);
        }
    }

    #[test]
    fn one_and_two_threads_give_the_same_bits() {
        let x = planted(30, 50);
        assert_eq!(run(&x, 1), run(&x, 2));
    }
}
