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
    sine / PI * (side::<true>(left, fraction) + side::<false>(right, 1.0 - fraction))
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

/// Samples that are weighted at once, each by its own chain of cosines.
const LANES: usize = 4;

/// The weighted sum of the samples on one side, the nearest of them `nearest` steps away; it is
/// the last one if the slice is `REVERSED`.
///
/// The cosines `cos(step * (nearest + k))` come by rotation, to spare a cosine a sample.
fn side<const REVERSED: bool>(samples: &[f64], nearest: f64) -> f64 {
    let step = PI / (nearest + samples.len() as f64);
    let (step_sine, step_cosine) = step.sin_cos();
    let (mut sine, mut cosine) = (step * nearest).sin_cos();
    let (mut across, mut along) = ([0.0; LANES], [0.0; LANES]);
    for lane in 0..LANES {
        (across[lane], along[lane]) = (sine, cosine);
        (sine, cosine) = rotated(sine, cosine, step_sine, step_cosine);
    }
    let (two_sine, two_cosine) = rotated(step_sine, step_cosine, step_sine, step_cosine);
    let (turn_sine, turn_cosine) = rotated(two_sine, two_cosine, two_sine, two_cosine);
    let mut distance = [0.0, 1.0, 2.0, 3.0].map(|lane: f64| nearest + lane);
    let mut sums = [0.0; LANES];
    let mut add = |four: &[f64; LANES]| {
        for lane in 0..LANES {
            let sample = four[if REVERSED { LANES - 1 - lane } else { lane }];
            sums[lane] += sample * (0.5 + 0.5 * along[lane]) / distance[lane];
            (across[lane], along[lane]) =
                rotated(across[lane], along[lane], turn_sine, turn_cosine);
            distance[lane] += LANES as f64;
        }
    };
    let mut last = [0.0; LANES];
    if REVERSED {
        let (rest, fours) = samples.as_rchunks::<LANES>();
        fours.iter().rev().for_each(&mut add);
        last[LANES - rest.len()..].copy_from_slice(rest);
    } else {
        let (fours, rest) = samples.as_chunks::<LANES>();
        fours.iter().for_each(&mut add);
        last[..rest.len()].copy_from_slice(rest);
    }
    add(&last);
    sums[0] - sums[1] + sums[2] - sums[3]
}

/// The sine and cosine of the sum of two angles.
fn rotated(sine: f64, cosine: f64, by_sine: f64, by_cosine: f64) -> (f64, f64) {
    (
        sine * by_cosine + cosine * by_sine,
        cosine * by_cosine - sine * by_sine,
    )
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
