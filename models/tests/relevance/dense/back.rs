//! Rules, element by element.

use phonoscope_models::relevance::{Composite, Rule};

use super::matrices::{Row, averages, winners};
use super::run::{Trace, minus, plus, run, sum, swapped, unpadded};
use super::windows::{index, places};
use super::{Number, Step, Value, Weighing, Weighted};

/// The rules of a network and the bounds of its input.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) composite: Composite,
    pub(crate) low: f32,
    pub(crate) high: f32,
}

/// Logits, and relevance of one of them at the input.
pub(crate) fn explain<T: Number>(
    steps: &[Step],
    x: &Value<f32>,
    class: usize,
    rules: &Rules,
) -> (Vec<f64>, Vec<f64>) {
    let x = Value {
        dims: x.dims.clone(),
        data: x.data.iter().map(|x| T::of(f64::from(*x))).collect(),
    };
    let trace = run(steps, &x);
    let logits = &trace.values.last().unwrap().data;
    let mut r = vec![T::of(0.0); logits.len()];
    r[class] = logits[class];
    let r = back(steps, &trace, r, rules, true);
    let wide = |values: &[T]| values.iter().map(|x| x.wide()).collect();
    (wide(logits), wide(&r))
}

/// Relevance at the input of steps. `outermost` steps have the first layer.
fn back<T: Number>(
    steps: &[Step],
    trace: &Trace<T>,
    mut r: Vec<T>,
    rules: &Rules,
    outermost: bool,
) -> Vec<T> {
    let weighted = |step: &Step| matches!(step, Step::Weighted(_));
    let first = outermost.then(|| steps.iter().position(weighted)).flatten();
    let stabiliser = rules.composite.stabiliser;
    for (place, step) in steps.iter().enumerate().rev() {
        let (x, y) = (&trace.values[place], &trace.values[place + 1]);
        let mut to = vec![T::of(0.0); x.data.len()];
        match step {
            Step::Relu | Step::Leaky | Step::Tanh | Step::Sigmoid | Step::Flatten => to = r,
            Step::Swap => {
                for (at, r) in places(&y.dims).iter().zip(&r) {
                    to[index(&swapped(at), &x.dims)] = *r;
                }
            }
            Step::Pad(before, _) => {
                for (at, r) in places(&y.dims).iter().zip(&r) {
                    if let Some(i) = unpadded(at, before, &x.dims) {
                        to[i] = *r;
                    }
                }
            }
            Step::MaxPool(_) | Step::GlobalMax => {
                for (i, r) in winners(step, x).1.iter().zip(&r) {
                    to[*i] = to[*i] + *r;
                }
            }
            Step::AveragePool(..) | Step::GlobalAverage => {
                let rows: Vec<Row<T>> = averages(step, &x.dims).1;
                for ((row, y), r) in rows.iter().zip(&y.data).zip(&r) {
                    let s = *r / away(*y, stabiliser);
                    row.iter()
                        .for_each(|(i, w)| to[*i] = to[*i] + x.data[*i] * *w * s);
                }
            }
            Step::Sum(a, b) | Step::Join(a, b) => {
                let both = trace.branches[place].as_ref().unwrap();
                let outs = [0, 1].map(|k: usize| &both[k].values.last().unwrap().data);
                let parts: [Vec<T>; 2] = if matches!(step, Step::Sum(..)) {
                    let s: Vec<T> = r
                        .iter()
                        .zip(&y.data)
                        .map(|(r, y)| *r / away(*y, stabiliser))
                        .collect();
                    outs.map(|out| out.iter().zip(&s).map(|(x, s)| *x * *s).collect())
                } else {
                    let (front, rest) = r.split_at(outs[0].len());
                    [front.to_vec(), rest.to_vec()]
                };
                for ((branch, trace), part) in [a, b].into_iter().zip(both).zip(parts) {
                    let back = back(branch, trace, part, rules, false);
                    to.iter_mut().zip(back).for_each(|(to, r)| *to = *to + r);
                }
            }
            Step::Weighted(layer) => {
                let rule = match (&rules.composite.first, &layer.kind) {
                    (Some(rule), _) if first == Some(place) => *rule,
                    (_, Weighing::Dense) => rules.composite.dense,
                    _ => rules.composite.convolution,
                };
                to = weighted_back(layer, x, &y.data, &r, (rule, rules));
            }
        }
        r = to;
    }
    r
}

fn weighted_back<T: Number>(
    layer: &Weighted,
    x: &Value<T>,
    z: &[T],
    r: &[T],
    (rule, rules): (Rule, &Rules),
) -> Vec<T> {
    let (rows, bias) = layer.rows::<T>(&x.dims);
    let zero = T::of(0.0);
    let mut to = vec![zero; x.data.len()];
    let f = |x: f32| T::of(f64::from(x));
    let e = rules.composite.stabiliser;
    let (low, high) = (f(rules.low), f(rules.high));
    for ((row, b), (z, r)) in rows.iter().zip(&bias).zip(z.iter().zip(r)) {
        let b = if rules.composite.zero_bias { zero } else { *b };
        let product: Vec<(usize, T)> = row.iter().map(|(i, w)| (*i, x.data[*i] * *w)).collect();
        let mut give = |parts: &mut dyn Iterator<Item = (usize, T)>, s: T| {
            parts.for_each(|(i, part)| to[i] = to[i] + part * s);
        };
        let mut shares = |part: &dyn Fn(T) -> T, extra: T, by: T, epsilon: f32| {
            let total = sum(product.iter().map(|(_, p)| part(*p))) + extra;
            let s = by * *r / away(total, epsilon);
            give(&mut product.iter().map(|(i, p)| (*i, part(*p))), s);
        };
        let one = T::of(1.0);
        match rule {
            Rule::Epsilon(epsilon) => shares(&|p| p, b, one, epsilon),
            Rule::ZPlus => shares(&plus, plus(b), one, e),
            Rule::AlphaBeta { alpha, beta } => {
                shares(&plus, plus(b), f(alpha), e);
                shares(&minus, minus(b), -f(beta), e);
            }
            Rule::Gamma(gamma) => {
                let gamma = f(gamma);
                if *z > zero {
                    shares(&|p| p + gamma * plus(p), b + gamma * plus(b), one, e);
                } else if *z < zero {
                    shares(&|p| p + gamma * minus(p), b + gamma * minus(b), one, e);
                }
            }
            Rule::WSquare => {
                let squares = || row.iter().map(|(i, w)| (*i, *w * *w));
                let total = sum(squares().map(|(_, p)| p)) + b * b;
                give(&mut squares(), *r / away(total, e));
            }
            Rule::Flat => {
                let total = T::of(row.len() as f64);
                give(&mut row.iter().map(|(i, _)| (*i, one)), *r / away(total, e));
            }
            Rule::ZBox => {
                let part =
                    |(i, w): &(usize, T)| (*i, x.data[*i] * *w - low * plus(*w) - high * minus(*w));
                let total = sum(row.iter().map(|p| part(p).1));
                give(&mut row.iter().map(part), *r / away(total, e));
            }
            Rule::PositiveWeights => {
                let parts = || row.iter().map(|(i, w)| (*i, x.data[*i] * plus(*w)));
                let total = sum(parts().map(|(_, p)| p)) + b;
                give(&mut parts(), *r / away(total, e));
            }
        }
    }
    to
}

/// z away from zero by ε.
fn away<T: Number>(z: T, epsilon: f32) -> T {
    let epsilon = T::of(f64::from(epsilon));
    if z >= T::of(0.0) {
        z + epsilon
    } else {
        z - epsilon
    }
}
