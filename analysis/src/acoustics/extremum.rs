//! Maxima of sampled curves between their samples.

use super::interpolation::sinc;

/// A maximum between samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extremum {
    /// Position in samples, counted from zero.
    pub position: f64,
    /// The curve there.
    pub value: f64,
}

/// The vertex of the parabola through a sample and its neighbours, relative to the sample.
///
/// None on a straight line. Serves minima as well.
pub fn parabola(before: f64, here: f64, after: f64) -> Option<Extremum> {
    let slope = 0.5 * (after - before);
    // Two differences lose less than 2 here - before - after.
    let curvature = (here - before) + (here - after);
    (curvature != 0.0).then(|| Extremum {
        position: slope / curvature,
        value: here + 0.5 * slope * slope / curvature,
    })
}

/// Most steps of the search; it needs about ten.
const MAX_STEPS: usize = 60;

/// Absolute tolerance of a maximum's position, in samples; the relative one is the root of the
/// machine's precision.
const TOLERANCE: f64 = 1e-10;

/// The smaller part of a golden section.
const GOLDEN: f64 = 0.381_966_011_250_105_1;

/// The maximum of the windowed-sinc interpolation of `curve` within one sample of `index`.
///
/// Brent's search: parabolas through the best three points so far, golden sections where those
/// fail (R. P. Brent 1973, "Algorithms for Minimization without Derivatives", ch. 5). Next to a
/// sample the interpolation has more than one maximum, so that the way of the search matters. A
/// sample at an end of the curve is returned as it is.
pub fn sinc_maximum(curve: &[f64], index: usize, depth: usize) -> Extremum {
    let at = |position: f64| Extremum {
        position,
        value: sinc(curve, position, depth),
    };
    if index == 0 || index + 1 >= curve.len() {
        return at(index as f64);
    }
    let (mut low, mut high) = (index as f64 - 1.0, index as f64 + 1.0);
    let mut best = at(low + GOLDEN * (high - low));
    let (mut second, mut third) = (best, best);
    for _ in 0..MAX_STEPS {
        let x = best.position;
        let middle = 0.5 * (low + high);
        let tolerance = f64::EPSILON.sqrt() * x.abs() + TOLERANCE / 3.0;
        if (x - middle).abs() + 0.5 * (high - low) <= 2.0 * tolerance {
            break;
        }
        let mut step = GOLDEN * if x < middle { high - x } else { low - x };
        if let Some(to_vertex) = vertex(best, second, third, tolerance)
            && to_vertex.abs() < step.abs()
            && to_vertex > low - x + 2.0 * tolerance
            && to_vertex < high - x - 2.0 * tolerance
        {
            step = to_vertex;
        }
        if step.abs() < tolerance {
            step = tolerance.copysign(step);
        }
        let found = at(x + step);
        if found.value >= best.value {
            *(if step < 0.0 { &mut high } else { &mut low }) = x;
            (best, second, third) = (found, best, second);
        } else {
            *(if step < 0.0 { &mut low } else { &mut high }) = found.position;
            if found.value >= second.value || second.position == x {
                (second, third) = (found, second);
            } else if found.value >= third.value
                || third.position == x
                || third.position == second.position
            {
                third = found;
            }
        }
    }
    best
}

/// From the best of three points to the vertex of the parabola through them; None if the best two
/// are too near to each other to tell.
fn vertex(best: Extremum, second: Extremum, third: Extremum, tolerance: f64) -> Option<f64> {
    let to_second = best.position - second.position;
    if to_second.abs() < tolerance {
        return None;
    }
    let to_third = best.position - third.position;
    let t = to_second * (best.value - third.value);
    let q = to_third * (best.value - second.value);
    let (p, q) = (to_third * q - to_second * t, 2.0 * (q - t));
    (q != 0.0).then(|| -p / q)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vertex_of_a_parabola() {
        // 3 - (x - 0.25)^2 at -1, 0 and 1.
        let vertex = parabola(3.0 - 1.5625, 3.0 - 0.0625, 3.0 - 0.5625);
        assert!(vertex.is_some_and(
            |v| (v.position - 0.25).abs() < 1e-15 && (v.value - 3.0).abs() < 1e-15
        ));
        assert_eq!(parabola(1.0, 2.0, 3.0), None);
    }

    #[test]
    fn the_top_of_a_cosine_between_samples() {
        for (period, shift) in [(9.3, 0.37), (31.0, 0.5), (4.1, -0.2), (120.0, 0.001)] {
            let angle = |i: usize| 2.0 * std::f64::consts::PI * (i as f64 - 300.0 - shift) / period;
            let curve: Vec<f64> = (0..600).map(|i| angle(i).cos()).collect();
            let found = sinc_maximum(&curve, 300, 70);
            assert!((found.position - 300.0 - shift).abs() < 5e-3, "{found:?}");
            assert!((found.value - 1.0).abs() < 1e-5, "{found:?}");
        }
    }

    #[test]
    fn the_maximum_is_no_lower_than_a_fine_search_finds() {
        let curve: Vec<f64> = (0..200)
            .map(|i| (f64::from(i) * 0.7).sin() + 0.4 * (f64::from(i) * 1.9).cos())
            .collect();
        for index in 60..140 {
            if curve[index] <= curve[index - 1] || curve[index] < curve[index + 1] {
                continue;
            }
            let found = sinc_maximum(&curve, index, 30);
            let fine = (0..=2000)
                .map(|k| sinc(&curve, index as f64 - 1.0 + f64::from(k) * 1e-3, 30))
                .fold(f64::MIN, f64::max);
            assert!(found.value >= fine - 1e-9, "{index}: {found:?}, {fine}");
        }
    }

    #[test]
    fn ends_are_returned_as_they_are() {
        assert_eq!(sinc_maximum(&[2.0, 1.0], 0, 70).value, 2.0);
    }
}
