//! Layers as the weights between each output and each input.

use super::windows::{Windows, index, places};
use super::{NORM_EPSILON, Number, Step, Value, Weighing, Weighted};

/// Weights between one output and the inputs that it reads.
pub(super) type Row<T> = Vec<(usize, T)>;

impl Weighted {
    pub(super) fn out_dims(&self, from: &[usize]) -> Vec<usize> {
        match &self.kind {
            Weighing::Convolution(windows, _) => {
                [vec![self.outputs], windows.counts(&from[1..]).unwrap()].concat()
            }
            Weighing::Transposed(windows, _, padding) => {
                let size = |axis: usize| {
                    (from[axis + 1] - 1) * windows.strides[axis]
                        + windows.extent(axis)
                        + padding[axis]
                        - windows.before[axis]
                        - windows.after[axis]
                };
                let sizes: Vec<usize> = (0..from.len() - 1).map(size).collect();
                [vec![self.outputs], sizes].concat()
            }
            Weighing::Dense => vec![self.outputs],
        }
    }

    /// Every output's weights and its bias, the norm folded.
    pub(super) fn rows<T: Number>(&self, from: &[usize]) -> (Vec<Row<T>>, Vec<T>) {
        let to = self.out_dims(from);
        let mut rows: Vec<Row<T>> = vec![vec![]; to.iter().product()];
        let weight = |at: usize| T::of(f64::from(self.weight[at]));
        match &self.kind {
            Weighing::Dense => {
                for (out, row) in rows.iter_mut().enumerate() {
                    let w = |i: usize| (i, weight(i * self.outputs + out));
                    row.extend((0..from[0]).map(w));
                }
            }
            Weighing::Convolution(windows, groups) => {
                let (inner, own) = (from[0] / groups, self.outputs / groups);
                for out in places(&to) {
                    for c in 0..inner {
                        let channel = out[0] / own * inner + c;
                        for element in places(&windows.kernel) {
                            let Some(at) = windows.seen(&out[1..], &element, &from[1..]) else {
                                continue;
                            };
                            let taps: usize = windows.kernel.iter().product();
                            let w = (out[0] * inner + c) * taps + index(&element, &windows.kernel);
                            let x = index(&[&[channel], at.as_slice()].concat(), from);
                            rows[index(&out, &to)].push((x, weight(w)));
                        }
                    }
                }
            }
            Weighing::Transposed(windows, groups, _) => {
                let (inner, own) = (from[0] / groups, self.outputs / groups);
                for x in places(from) {
                    for c in 0..own {
                        for element in places(&windows.kernel) {
                            let at: Option<Vec<usize>> = (0..from.len() - 1)
                                .map(|axis| {
                                    let at = x[axis + 1] * windows.strides[axis]
                                        + element[axis] * windows.dilations[axis];
                                    let at = at.checked_sub(windows.before[axis])?;
                                    (at < to[axis + 1]).then_some(at)
                                })
                                .collect();
                            let Some(at) = at else { continue };
                            let channel = x[0] / inner * own + c;
                            let out = index(&[&[channel], at.as_slice()].concat(), &to);
                            let taps: usize = windows.kernel.iter().product();
                            let w = (x[0] * own + c) * taps + index(&element, &windows.kernel);
                            rows[out].push((index(&x, from), weight(w)));
                        }
                    }
                }
            }
        }
        let area = rows.len() / self.outputs;
        let zero = T::of(0.0);
        let mut bias: Vec<T> = (0..rows.len())
            .map(|out| {
                let bias = self.bias.as_ref().map(|b| T::of(f64::from(b[out / area])));
                bias.unwrap_or(zero)
            })
            .collect();
        if let Some([gain, offset, mean, variance]) = &self.norm {
            for (out, (row, b)) in rows.iter_mut().zip(&mut bias).enumerate() {
                let c = out / area;
                let deviation = (f64::from(variance[c]) + f64::from(NORM_EPSILON)).sqrt();
                let scale = T::of(f64::from(gain[c]) / deviation);
                row.iter_mut().for_each(|(_, w)| *w = *w * scale);
                let mean = T::of(f64::from(mean[c]));
                *b = (*b - mean) * scale + T::of(f64::from(offset[c]));
            }
        }
        (rows, bias)
    }
}

/// The first largest element of each window.
pub(super) fn winners<T: Number>(step: &Step, x: &Value<T>) -> (Vec<usize>, Vec<usize>) {
    let sizes = &x.dims[1..];
    let windows = match step {
        Step::MaxPool(windows) => windows.clone(),
        _ => whole(sizes),
    };
    let dims = [&x.dims[..1], &windows.counts(sizes).unwrap()].concat();
    let winner = |out: &Vec<usize>| {
        let mut best: Option<usize> = None;
        for element in places(&windows.kernel) {
            if let Some(at) = windows.seen(&out[1..], &element, sizes) {
                let i = index(&[&out[..1], &at].concat(), &x.dims);
                if best.is_none_or(|best| x.data[i] > x.data[best]) {
                    best = Some(i);
                }
            }
        }
        best.unwrap()
    };
    let winners = places(&dims).iter().map(winner).collect();
    (dims, winners)
}

pub(super) fn whole(sizes: &[usize]) -> Windows {
    Windows {
        kernel: sizes.to_vec(),
        strides: vec![1; sizes.len()],
        dilations: vec![1; sizes.len()],
        before: vec![0; sizes.len()],
        after: vec![0; sizes.len()],
        ceil: false,
    }
}

pub(super) fn averages<T: Number>(step: &Step, from: &[usize]) -> (Vec<usize>, Vec<Row<T>>) {
    let sizes = &from[1..];
    let (windows, padding_counts) = match step {
        Step::AveragePool(windows, counts) => (windows.clone(), *counts),
        _ => (whole(sizes), false),
    };
    let dims = [&from[..1], &windows.counts(sizes).unwrap()].concat();
    let row = |out: &Vec<usize>| {
        let seen: Vec<usize> = places(&windows.kernel)
            .iter()
            .filter_map(|element| windows.seen(&out[1..], element, sizes))
            .map(|at| index(&[&out[..1], &at].concat(), from))
            .collect();
        let count = if padding_counts {
            windows.counted(&out[1..], sizes)
        } else {
            seen.len()
        };
        seen.into_iter()
            .map(|i| (i, T::of(1.0 / count as f64)))
            .collect()
    };
    let rows = places(&dims).iter().map(row).collect();
    (dims, rows)
}
