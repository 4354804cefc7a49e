//! Minimisers of smooth convex functions.

use std::collections::VecDeque;

use nalgebra::{DMatrix, DVector};
use ndarray::Array1;

use crate::{Error, Result};

/// A convex function with its derivatives. Values may be infinite outside the allowed region.
pub(super) trait Objective {
    fn value(&self, at: &Array1<f64>) -> f64;
    fn gradient(&self, at: &Array1<f64>) -> Array1<f64>;
    fn hessian(&self, at: &Array1<f64>) -> DMatrix<f64>;
}

/// Most parameters for Newton's method, whose steps cost their cube.
const MOST_NEWTON: usize = 400;
/// Most steps of Newton's method.
const NEWTON_STEPS: usize = 200;
/// Most steps of L-BFGS.
const LBFGS_STEPS: usize = 20_000;
/// Steps that L-BFGS remembers.
const MEMORY: usize = 12;
/// Smallest step a line search tries.
const LEAST_STEP: f64 = 1e-12;

/// Minimum of `objective` from `start`: Newton's method when parameters are few, else L-BFGS (Nocedal 1980).
pub(super) fn minimise(
    what: &str,
    objective: &impl Objective,
    start: Array1<f64>,
) -> Result<Array1<f64>> {
    if start.len() <= MOST_NEWTON {
        newton(what, objective, start)
    } else {
        lbfgs(what, objective, start)
    }
}

pub(super) fn newton(
    what: &str,
    objective: &impl Objective,
    start: Array1<f64>,
) -> Result<Array1<f64>> {
    let (mut at, mut value) = (start, f64::INFINITY);
    for _ in 0..NEWTON_STEPS {
        if value.is_infinite() {
            value = objective.value(&at);
        }
        let gradient = objective.gradient(&at);
        let Some(factor) = objective.hessian(&at).cholesky() else {
            return Err(not_converged(what));
        };
        let step = factor.solve(&DVector::from_iterator(at.len(), gradient.iter().copied()));
        let step: Array1<f64> = step.iter().map(|v| -v).collect();
        let slope = gradient.dot(&step);
        // The decrement bounds what is left to gain: below it is rounding.
        if -slope <= 1e-22 * (1.0 + value.abs()) {
            return Ok(at);
        }
        let Some((next, lower)) = line_search(objective, &at, value, &step, slope) else {
            // No step lowers the value any more: its digits are used up.
            return settled(what, -slope, value, at);
        };
        (at, value) = (next, lower);
    }
    Err(not_converged(what))
}

pub(super) fn lbfgs(
    what: &str,
    objective: &impl Objective,
    start: Array1<f64>,
) -> Result<Array1<f64>> {
    let mut at = start;
    let mut value = objective.value(&at);
    let mut gradient = objective.gradient(&at);
    let first = gradient.dot(&gradient).sqrt();
    let mut memory: VecDeque<(Array1<f64>, Array1<f64>, f64)> = VecDeque::new();
    for _ in 0..LBFGS_STEPS {
        if gradient.dot(&gradient).sqrt() <= 1e-10 * first {
            return Ok(at);
        }
        let mut step = direction(&gradient, &memory);
        let mut slope = gradient.dot(&step);
        if slope >= 0.0 {
            memory.clear();
            step = -&gradient;
            slope = -gradient.dot(&gradient);
        }
        if memory.is_empty() {
            // Nothing known of the curvature: a step of length at most 1.
            let scale = gradient.dot(&gradient).sqrt().max(1.0);
            step /= scale;
            slope /= scale;
        }
        let Some((next, lower)) = line_search(objective, &at, value, &step, slope) else {
            if memory.is_empty() {
                return settled(what, -slope, value, at);
            }
            memory.clear();
            continue;
        };
        let new_gradient = objective.gradient(&next);
        let (moved, turned) = (&next - &at, &new_gradient - &gradient);
        let curvature = moved.dot(&turned);
        if curvature > 1e-14 * moved.dot(&moved).sqrt() * turned.dot(&turned).sqrt() {
            memory.push_back((moved, turned, 1.0 / curvature));
            if memory.len() > MEMORY {
                memory.pop_front();
            }
        }
        (at, value, gradient) = (next, lower, new_gradient);
    }
    Err(not_converged(what))
}

/// Two-loop recursion: minus the gradient through the remembered inverse curvature.
fn direction(
    gradient: &Array1<f64>,
    memory: &VecDeque<(Array1<f64>, Array1<f64>, f64)>,
) -> Array1<f64> {
    let mut q = -gradient;
    let mut weights = Vec::with_capacity(memory.len());
    for (moved, turned, inverse) in memory.iter().rev() {
        let weight = inverse * moved.dot(&q);
        q.scaled_add(-weight, turned);
        weights.push(weight);
    }
    if let Some((_, turned, inverse)) = memory.back() {
        q /= inverse * turned.dot(turned);
    }
    for ((moved, turned, inverse), weight) in memory.iter().zip(weights.iter().rev()) {
        let rest = weight - inverse * turned.dot(&q);
        q.scaled_add(rest, moved);
    }
    q
}

/// Halves the step until the value falls by a share of what the slope promises.
fn line_search(
    objective: &impl Objective,
    at: &Array1<f64>,
    value: f64,
    step: &Array1<f64>,
    slope: f64,
) -> Option<(Array1<f64>, f64)> {
    let mut length = 1.0;
    while length >= LEAST_STEP {
        let next = at + &(step * length);
        let lower = objective.value(&next);
        if lower <= value + 1e-4 * length * slope && lower < value {
            return Some((next, lower));
        }
        length /= 2.0;
    }
    None
}

/// The point, if what is left to gain is only rounding of the value.
fn settled(what: &str, left: f64, value: f64, at: Array1<f64>) -> Result<Array1<f64>> {
    if left <= 1e-9 * (1.0 + value.abs()) {
        return Ok(at);
    }
    Err(not_converged(what))
}

fn not_converged(what: &str) -> Error {
    Error::NotConverged { what: what.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// `Σ c·(v − t)⁴ + (v − t)²`, with its minimum at t.
    struct Bowl {
        target: Array1<f64>,
    }

    impl Objective for Bowl {
        fn value(&self, at: &Array1<f64>) -> f64 {
            (at - &self.target).iter().map(|d| d.powi(4) + d * d).sum()
        }
        fn gradient(&self, at: &Array1<f64>) -> Array1<f64> {
            (at - &self.target).mapv(|d| 4.0 * d.powi(3) + 2.0 * d)
        }
        fn hessian(&self, at: &Array1<f64>) -> DMatrix<f64> {
            let d = at - &self.target;
            DMatrix::from_fn(d.len(), d.len(), |i, j| match i == j {
                true => 12.0 * d[i] * d[i] + 2.0,
                false => 0.0,
            })
        }
    }

    #[test]
    fn both_ways_find_the_bottom() {
        let bowl = Bowl {
            target: array![3.0, -2.0, 0.5],
        };
        for found in [
            newton("test", &bowl, Array1::zeros(3)).unwrap(),
            lbfgs("test", &bowl, Array1::zeros(3)).unwrap(),
        ] {
            assert!(bowl.value(&found) < 1e-16, "{found}");
        }
    }
}
