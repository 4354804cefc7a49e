//! The forward pass.

use super::matrices::{Row, averages, winners};
use super::windows::{index, places};
use super::{Number, Step, Value};

/// What every value was.
#[derive(Debug)]
pub(super) struct Trace<T> {
    pub(super) values: Vec<Value<T>>,
    pub(super) branches: Vec<Option<[Self; 2]>>,
}

pub(super) fn run<T: Number>(steps: &[Step], x: &Value<T>) -> Trace<T> {
    let mut trace = Trace {
        values: vec![x.clone()],
        branches: vec![],
    };
    for step in steps {
        let x = trace.values.last().unwrap().clone();
        let mut branches = None;
        let each = |f: &dyn Fn(T) -> T| Value {
            dims: x.dims.clone(),
            data: x.data.iter().map(|x| f(*x)).collect(),
        };
        let y = match step {
            Step::Weighted(layer) => {
                let (rows, bias) = layer.rows::<T>(&x.dims);
                let out =
                    |(row, b): (&Row<T>, &T)| sum(row.iter().map(|(i, w)| x.data[*i] * *w)) + *b;
                Value {
                    dims: layer.out_dims(&x.dims),
                    data: rows.iter().zip(&bias).map(out).collect(),
                }
            }
            Step::Relu => each(&plus),
            Step::Leaky => each(&|x| {
                if x < T::of(0.0) {
                    x * T::of(f64::from(0.1f32))
                } else {
                    x
                }
            }),
            Step::Tanh => each(&|x| T::of(x.wide().tanh())),
            Step::Sigmoid => each(&|x| T::of(1.0 / (1.0 + (-x.wide()).exp()))),
            Step::Swap => Value {
                dims: swapped(&x.dims),
                data: places(&swapped(&x.dims))
                    .iter()
                    .map(|at| x.data[index(&swapped(at), &x.dims)])
                    .collect(),
            },
            Step::Flatten => Value {
                dims: vec![x.data.len()],
                data: x.data.clone(),
            },
            Step::Pad(before, after) => {
                let mut dims = x.dims.clone();
                let mut data = vec![];
                for axis in 1..dims.len() {
                    dims[axis] += before[axis - 1] + after[axis - 1];
                }
                for at in places(&dims) {
                    data.push(unpadded(&at, before, &x.dims).map_or(T::of(0.0), |i| x.data[i]));
                }
                Value { dims, data }
            }
            Step::MaxPool(_) | Step::GlobalMax => {
                let (dims, winners) = winners(step, &x);
                Value {
                    dims,
                    data: winners.iter().map(|i| x.data[*i]).collect(),
                }
            }
            Step::AveragePool(..) | Step::GlobalAverage => {
                let (dims, rows) = averages(step, &x.dims);
                let out = |row: &Row<T>| sum(row.iter().map(|(i, w)| x.data[*i] * *w));
                Value {
                    dims,
                    data: rows.iter().map(out).collect(),
                }
            }
            Step::Sum(a, b) | Step::Join(a, b) => {
                let both = [run(a, &x), run(b, &x)];
                let [a, b] = [0, 1].map(|k: usize| both[k].values.last().unwrap());
                let y = if matches!(step, Step::Sum(..)) {
                    Value {
                        dims: a.dims.clone(),
                        data: a.data.iter().zip(&b.data).map(|(a, b)| *a + *b).collect(),
                    }
                } else {
                    let mut dims = a.dims.clone();
                    dims[0] += b.dims[0];
                    Value {
                        dims,
                        data: [a.data.as_slice(), &b.data].concat(),
                    }
                };
                branches = Some(both);
                y
            }
        };
        trace.values.push(y);
        trace.branches.push(branches);
    }
    trace
}

pub(super) fn swapped(dims: &[usize]) -> Vec<usize> {
    let mut dims = dims.to_vec();
    dims.swap(0, 1);
    dims
}

pub(super) fn unpadded(at: &[usize], before: &[usize], dims: &[usize]) -> Option<usize> {
    let mut inner = at.to_vec();
    for axis in 1..dims.len() {
        inner[axis] = at[axis].checked_sub(before[axis - 1])?;
        if inner[axis] >= dims[axis] {
            return None;
        }
    }
    Some(index(&inner, dims))
}

pub(super) fn sum<T: Number>(values: impl Iterator<Item = T>) -> T {
    values.fold(T::of(0.0), |sum, x| sum + x)
}

pub(super) fn plus<T: Number>(x: T) -> T {
    if x > T::of(0.0) { x } else { T::of(0.0) }
}

pub(super) fn minus<T: Number>(x: T) -> T {
    if x < T::of(0.0) { x } else { T::of(0.0) }
}
