//! From a tap's values to one vector a span: the mean over utterances' windows and frames.

use std::num::NonZeroUsize;
use std::ops::Range;

use ndarray::{Array3, ArrayViewD, Axis as At, IxDyn};
use phonoscope_models::{Axis, Tap};

use super::spans::FrameRange;
use crate::error::{Error, Result};

/// What to do about a tap that gives no vectors.
pub(crate) const LEAVE_OUT: &str = "leave this tap out with --taps";

/// What is brought to length one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Scaling {
    /// Nothing.
    #[default]
    AsItComes,
    /// The mean.
    UnitMean,
}

/// Running mean of one tap for each span of an utterance, in double precision.
///
/// The mean runs over batch, windows and time; whatever other axes there are become features, in the
/// order of the graph. Where a tap's axes are not known, its last axis is features.
#[derive(Debug)]
pub(crate) struct Mean<'a> {
    tap: &'a Tap,
    scaling: Scaling,
    /// [span, feature].
    sums: Vec<f64>,
    features: usize,
    spans: usize,
    /// Windows (or what else comes in several) seen so far.
    windows: usize,
    not_finite: usize,
    /// Frames of each span that are averaged; nothing for all.
    frames: Option<NonZeroUsize>,
}

impl<'a> Mean<'a> {
    pub(crate) fn new(tap: &'a Tap, scaling: Scaling, spans: usize) -> Self {
        Self {
            tap,
            scaling,
            sums: vec![],
            features: 0,
            spans,
            windows: 0,
            not_finite: 0,
            frames: None,
        }
    }

    /// Averages as many frames of each span, at equal steps, instead of all.
    pub(crate) fn of_frames(self, frames: Option<NonZeroUsize>) -> Self {
        Self { frames, ..self }
    }

    /// Adds values as the graph gives them; `frames` are those of each span.
    pub(crate) fn add(&mut self, values: ArrayViewD<'_, f32>, frames: &[FrameRange]) -> Result<()> {
        let [windows, steps, features] = extents(&values, self.tap)?;
        if values.is_empty() {
            return Err(unfit(self.tap, "is empty for this recording"));
        }
        let values = arranged(values, self.tap)?;
        self.begin(features)?;
        let flat = values.as_slice().unwrap_or_default();
        for window in flat.chunks_exact((steps * features).max(1)).take(windows) {
            for (span, range) in frames.iter().enumerate() {
                let chosen = chosen(range.within(steps), self.frames);
                let count = chosen.len();
                let mut mean = vec![0.0f64; features];
                for at in chosen {
                    let start = at * features;
                    let frame = window.get(start..start + features).unwrap_or_default();
                    self.not_finite += frame.iter().filter(|v| !v.is_finite()).count();
                    mean.iter_mut()
                        .zip(frame)
                        .for_each(|(m, v)| *m += f64::from(*v));
                }
                mean.iter_mut().for_each(|m| *m /= count as f64);
                self.add_window(span, mean);
            }
        }
        self.windows += windows;
        Ok(())
    }

    /// Adds values of which every frame belongs to every span.
    pub(crate) fn add_whole(&mut self, values: ArrayViewD<'_, f32>) -> Result<()> {
        self.add(values, &vec![FrameRange::ALL; self.spans])
    }

    /// Adds means that the graph itself made: [batch or window, span, feature].
    pub(crate) fn add_pooled(&mut self, values: ArrayViewD<'_, f32>) -> Result<()> {
        let &[windows, spans, features] = values.shape() else {
            return Err(unfit(self.tap, "was not pooled as asked"));
        };
        if spans != self.spans {
            return Err(unfit(self.tap, "was not pooled as asked"));
        }
        self.begin(features)?;
        self.not_finite += values.iter().filter(|v| !v.is_finite()).count();
        for window in values.axis_iter(At(0)) {
            for (span, mean) in window.axis_iter(At(0)).enumerate() {
                self.add_window(span, mean.iter().map(|v| f64::from(*v)));
            }
        }
        self.windows += windows;
        Ok(())
    }

    fn begin(&mut self, features: usize) -> Result<()> {
        if self.sums.is_empty() {
            self.features = features;
            self.sums = vec![0.0; self.spans * features];
        }
        if self.features != features {
            let found = format!("is {features} wide, then {} wide", self.features);
            return Err(unfit(self.tap, &found));
        }
        Ok(())
    }

    fn add_window(&mut self, span: usize, mean: impl IntoIterator<Item = f64>) {
        let sums = self.sums.chunks_exact_mut(self.features.max(1));
        for (sum, m) in sums.skip(span).take(1).flatten().zip(mean) {
            *sum += m;
        }
    }

    fn to_unit_length(&self, vector: &mut [f64]) -> Result<()> {
        let norm = vector.iter().map(|v| v * v).sum::<f64>().sqrt();
        if norm == 0.0 {
            return Err(unfit(self.tap, "is all zero, so it has no direction"));
        }
        vector.iter_mut().for_each(|v| *v /= norm);
        Ok(())
    }

    /// The means `[span, feature]`, row by row.
    pub(crate) fn finish(mut self) -> Result<Vec<f32>> {
        if self.windows == 0 || self.sums.is_empty() {
            return Err(unfit(self.tap, "is empty for this recording"));
        }
        if self.not_finite > 0 {
            return Err(Error::NotFinite {
                tap: self.tap.name.clone(),
                values: self.not_finite,
            });
        }
        let mut sums = std::mem::take(&mut self.sums);
        for mean in sums.chunks_exact_mut(self.features.max(1)) {
            match self.scaling {
                Scaling::AsItComes => mean.iter_mut().for_each(|m| *m /= self.windows as f64),
                Scaling::UnitMean => self.to_unit_length(mean)?,
            }
        }
        Ok(sums.into_iter().map(|m| m as f32).collect())
    }
}

/// Frames of a range that are averaged: all, or as many at equal steps, each in the middle of its step.
fn chosen(range: Range<usize>, frames: Option<NonZeroUsize>) -> Vec<usize> {
    let Some(frames) = frames.map(NonZeroUsize::get).filter(|_| !range.is_empty()) else {
        return range.collect();
    };
    let middle = |k: usize| range.start + (2 * k + 1) * range.len() / (2 * frames);
    (0..frames).map(middle).collect()
}

/// A tap's values of one run of the network as `[window, frame, feature]`.
pub(crate) fn frames(values: ArrayViewD<'_, f32>, tap: &Tap) -> Result<Array3<f32>> {
    let extents = extents(&values, tap)?;
    if values.is_empty() {
        return Err(unfit(tap, "is empty for this recording"));
    }
    let values = arranged(values, tap)?.into_owned();
    values
        .into_shape_with_order(extents)
        .map_err(|_e| unfit(tap, "does not have the axes declared"))
}

/// Where the axes of a tap go: those that come in several, time, features.
fn places(tap: &Tap, rank: usize) -> Result<[Vec<usize>; 3]> {
    if rank == 0 {
        return Err(unfit(tap, "is a single number"));
    }
    if tap.axes.is_empty() {
        let first = usize::from(rank > 1);
        return Ok([
            (0..first).collect(),
            (first..rank - 1).collect(),
            vec![rank - 1],
        ]);
    }
    if tap.axes.len() != rank {
        let found = format!("has {rank} axes, not the {} declared", tap.axes.len());
        return Err(unfit(tap, &found));
    }
    let of = |wanted: &[Axis]| -> Vec<usize> {
        let axes = tap.axes.iter().enumerate();
        axes.filter(|(_, axis)| wanted.contains(axis))
            .map(|(at, _)| at)
            .collect()
    };
    Ok([
        of(&[Axis::Batch, Axis::Window]),
        of(&[Axis::Time]),
        of(&[Axis::Head, Axis::Key, Axis::Freq, Axis::Dim]),
    ])
}

/// Windows, frames and features of a tap's values.
fn extents(values: &ArrayViewD<'_, f32>, tap: &Tap) -> Result<[usize; 3]> {
    let shape = values.shape();
    let size = |axes: Vec<usize>| axes.into_iter().filter_map(|at| shape.get(at)).product();
    Ok(places(tap, shape.len())?.map(size))
}

/// The values with axes [window…, time…, feature…], in memory in that order.
fn arranged<'v>(
    values: ArrayViewD<'v, f32>,
    tap: &Tap,
) -> Result<ndarray::CowArray<'v, f32, IxDyn>> {
    let order = places(tap, values.ndim())?.concat();
    let arranged = values.permuted_axes(order);
    Ok(if arranged.is_standard_layout() {
        arranged.into()
    } else {
        arranged.as_standard_layout().into_owned().into()
    })
}

fn unfit(tap: &Tap, why: &str) -> Error {
    Error::Request {
        problem: format!("tap `{}` {why}", tap.name),
        hint: LEAVE_OUT.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{ArrayD, array};

    fn tap(axes: &[Axis]) -> Tap {
        Tap {
            name: "t".into(),
            tensor: "t".into(),
            axes: axes.to_vec(),
            dim: None,
            timing: None,
            meaning: String::new(),
        }
    }

    fn pool(axes: &[Axis], values: &ArrayD<f32>, scaling: Scaling) -> Result<Vec<f32>> {
        let tap = tap(axes);
        let mut mean = Mean::new(&tap, scaling, 1);
        mean.add(values.view(), &[FrameRange::ALL])?;
        mean.finish()
    }

    #[test]
    fn unknown_axes_are_averaged_but_the_last() {
        let x = array![[[1.0f32, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 0.0]]].into_dyn();
        assert_eq!(pool(&[], &x, Scaling::AsItComes).unwrap(), [4.0, 3.0]);
        assert_eq!(pool(&[], &x, Scaling::UnitMean).unwrap(), [0.8, 0.6]);
    }

    #[test]
    fn time_is_averaged_wherever_it_stands() {
        use Axis::{Batch, Dim, Freq, Head, Time};
        // [batch, dim, time]: the mean over each row.
        let conv = array![[[1.0f32, 3.0, 5.0], [2.0, 4.0, 0.0]]].into_dyn();
        let mean = pool(&[Batch, Dim, Time], &conv, Scaling::AsItComes);
        assert_eq!(mean.unwrap(), [3.0, 2.0]);
        // [batch, head, time, dim] and [batch, dim, freq, time]: remaining axes flattened in order.
        let four = ArrayD::from_shape_vec(vec![1, 2, 2, 2], (0..8).map(|x| x as f32).collect());
        let four = four.unwrap();
        let heads = pool(&[Batch, Head, Time, Dim], &four, Scaling::AsItComes);
        assert_eq!(heads.unwrap(), [1.0, 2.0, 5.0, 6.0]);
        let bands = pool(&[Batch, Dim, Freq, Time], &four, Scaling::AsItComes);
        assert_eq!(bands.unwrap(), [0.5, 2.5, 4.5, 6.5]);
        // [time, batch, dim], as recurrent layers have it.
        let rnn = array![[[1.0f32, 2.0]], [[3.0, 6.0]]].into_dyn();
        let mean = pool(&[Time, Batch, Dim], &rnn, Scaling::AsItComes);
        assert_eq!(mean.unwrap(), [2.0, 4.0]);
    }

    #[test]
    fn each_span_has_its_own_mean_and_pooled_values_are_the_same() {
        let tap = tap(&[Axis::Window, Axis::Time, Axis::Dim]);
        let x = array![[[1.0f32], [2.0], [9.0]], [[3.0], [4.0], [0.0]]].into_dyn();
        let spans = [
            FrameRange { first: 0, last: 1 },
            FrameRange { first: 2, last: 7 },
        ];
        let mut mean = Mean::new(&tap, Scaling::AsItComes, 2);
        mean.add(x.view(), &spans).unwrap();
        let host = mean.finish().unwrap();
        assert_eq!(host, [2.5, 4.5]);
        let mut mean = Mean::new(&tap, Scaling::AsItComes, 2);
        let pooled = array![[[1.5f32], [9.0]], [[3.5], [0.0]]].into_dyn();
        mean.add_pooled(pooled.view()).unwrap();
        assert_eq!(mean.finish().unwrap(), host);
        let mut mean = Mean::new(&tap, Scaling::AsItComes, 3);
        assert!(mean.add_pooled(pooled.view()).is_err());
    }

    #[test]
    fn equal_frames_are_taken_at_equal_steps() {
        let frames = |n: usize| NonZeroUsize::new(n);
        assert_eq!(chosen(3..9, frames(3)), [4, 6, 8]);
        assert_eq!(chosen(3..6, frames(3)), [3, 4, 5]);
        assert_eq!(
            chosen(3..5, frames(4)),
            [3, 3, 4, 4],
            "short spans repeat theirs"
        );
        assert_eq!(chosen(0..5, frames(2)), [1, 3]);
        assert_eq!(chosen(2..4, None), [2, 3]);
        assert!(chosen(2..2, frames(3)).is_empty());
        let tap = tap(&[Axis::Window, Axis::Time, Axis::Dim]);
        let x = array![[[1.0f32], [2.0], [4.0], [8.0], [16.0]]].into_dyn();
        let mut mean = Mean::new(&tap, Scaling::AsItComes, 1).of_frames(frames(2));
        mean.add(x.view(), &[FrameRange::ALL]).unwrap();
        assert_eq!(mean.finish().unwrap(), [5.0]);
    }

    #[test]
    fn pooling_refuses_what_has_no_mean() {
        let bad = array![[1.0f32, f32::NAN], [f32::INFINITY, f32::NAN]].into_dyn();
        let error = pool(&[], &bad, Scaling::AsItComes).unwrap_err();
        assert!(
            matches!(error, Error::NotFinite { values: 3, .. }),
            "{error}"
        );
        let refused = |axes: &[Axis], shape: Vec<usize>, scaling| {
            pool(axes, &ArrayD::zeros(shape), scaling).is_err()
        };
        assert!(refused(&[], vec![0, 2], Scaling::AsItComes));
        assert!(refused(&[], vec![1, 2], Scaling::UnitMean));
        assert!(refused(&[], vec![], Scaling::AsItComes));
        assert!(refused(&[Axis::Dim], vec![1, 2], Scaling::AsItComes));
        assert!(refused(
            &[Axis::Batch, Axis::Time, Axis::Dim],
            vec![1, 0, 2],
            Scaling::AsItComes
        ));
    }
}
