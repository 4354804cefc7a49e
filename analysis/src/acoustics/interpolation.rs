//! Windowed-sinc interpolation, as all of the analyses use it.

use std::f64::consts::PI;

/// The value of a sampled curve at position `x`, counted from zero, from `depth` samples on each
/// side.
///
/// Each side's raised cosine reaches zero one sample beyond the outermost sample that it uses;
/// the depth is cut at the ends of the curve. Two samples a side make a cubic (Catmull and Rom),
/// one a straight line, and outside of the curve its end values hold. An empty curve has no value:
/// `NaN`.
pub fn sinc(curve: &[f64], x: f64, depth: usize) -> f64 {
    let (Some(&first), Some(&last)) = (curve.first(), curve.last()) else {
        return f64::NAN;
    };
    if x <= 0.0 {
        return first;
    }
    if x >= (curve.len() - 1) as f64 {
        return last;
    }
    let below = x.floor() as usize;
    let fraction = x - below as f64;
    if fraction == 0.0 {
        return curve[below];
    }
    let depth = depth.min(below + 1).min(curve.len() - 1 - below);
    if depth == 2 {
        return cubic(&curve[below - 1..=below + 2], fraction);
    }
    if depth < 2 {
        return curve[below] + fraction * (curve[below + 1] - curve[below]);
    }
    // sin(pi (x - i)) only changes its sign from one sample to the next.
    let sine = (PI * fraction).sin();
    let left = &curve[below + 1 - depth..=below];
    let right = &curve[below + 1..=below + depth];
    (side(left.iter().rev(), fraction, depth, sine)
        + side(right.iter(), 1.0 - fraction, depth, sine))
        / PI
}

/// The cubic between the middle two of four samples whose slopes there are those between their
/// neighbours.
fn cubic(samples: &[f64], fraction: f64) -> f64 {
    let &[before, left, right, after] = samples else {
        return f64::NAN;
    };
    let (slope_left, slope_right) = (0.5 * (right - before), 0.5 * (after - left));
    let rest = 1.0 - fraction;
    left * rest
        + right * fraction
        + fraction
            * rest
            * ((slope_left - (right - left)) * rest - (slope_right - (right - left)) * fraction)
}

/// The share of the samples on one side, the nearest of them `nearest` steps away.
fn side<'a>(samples: impl Iterator<Item = &'a f64>, nearest: f64, depth: usize, sine: f64) -> f64 {
    let step = PI / (nearest + depth as f64);
    // cos(step * (nearest + k)) by rotation, to spare a cosine a sample.
    let (sine_of_step, cosine_of_step) = step.sin_cos();
    let (mut along, mut across) = ((step * nearest).cos(), (step * nearest).sin());
    let (mut distance, mut sign, mut sum) = (nearest, sine, 0.0);
    for sample in samples {
        sum += sample * sign / distance * (0.5 + 0.5 * along);
        (along, across) = (
            along * cosine_of_step - across * sine_of_step,
            across * cosine_of_step + along * sine_of_step,
        );
        distance += 1.0;
        sign = -sign;
    }
    sum
}

/// The weights of the `2 * depth` samples around a place that lies `fraction` behind the last of
/// the first `depth` of them: what [`sinc`] uses away from the ends of a curve.
pub(crate) fn kernel(fraction: f64, depth: usize) -> Vec<f64> {
    let weight = |distance: f64, reach: f64| {
        let turn = PI * distance;
        turn.sin() / turn * (0.5 + 0.5 * (turn / reach).cos())
    };
    (0..2 * depth)
        .map(|i| {
            if fraction == 0.0 {
                f64::from(i + 1 == depth)
            } else if i < depth {
                weight(fraction + (depth - 1 - i) as f64, fraction + depth as f64)
            } else {
                let nearest = 1.0 - fraction;
                weight(nearest + (i - depth) as f64, nearest + depth as f64)
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{kernel, sinc};

    #[test]
    fn a_kernel_weighs_as_interpolation_does() {
        let curve: Vec<f64> = (0..60).map(|i| (0.7 * f64::from(i)).cos()).collect();
        for fraction in [0.0, 0.125, 0.9] {
            let weights = kernel(fraction, 20);
            let sum: f64 = weights.iter().zip(&curve[10..]).map(|(w, y)| w * y).sum();
            assert!((sum - sinc(&curve, 29.0 + fraction, 20)).abs() < 1e-13);
        }
    }

    #[test]
    fn a_sine_is_read_between_its_samples() {
        let curve: Vec<f64> = (0..400).map(|i| (0.3 * i as f64).sin()).collect();
        for x in [150.25, 200.5, 249.9] {
            assert!(
                (sinc(&curve, x, 70) - (0.3 * x).sin()).abs() < 1e-5,
                "at {x}"
            );
        }
        assert_eq!(sinc(&curve, 17.0, 70), curve[17]);
    }

    #[test]
    fn two_samples_a_side_follow_a_parabola() {
        let curve = [0.0, 1.0, 4.0, 9.0];
        assert!((sinc(&curve, 1.4, 70) - 1.96).abs() < 1e-15);
    }

    #[test]
    fn near_the_ends_and_outside_there_is_still_a_value() {
        let curve = [1.0, 3.0, 2.0];
        assert_eq!(sinc(&curve, 0.5, 70), 2.0);
        assert_eq!(sinc(&curve, -4.0, 70), 1.0);
        assert_eq!(sinc(&curve, 9.0, 70), 2.0);
        assert!(sinc(&[], 0.0, 70).is_nan());
    }
}
