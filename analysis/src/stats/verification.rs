//! How well a score tells pairs of the same speaker from pairs of different ones.

use super::description::varying;
use super::rank::finite;
use crate::{Error, Result};

/// Error rates when scores of at least `threshold` are accepted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DetPoint {
    /// Lowest accepted score; infinite for "accept nothing".
    pub threshold: f64,
    /// Share of `different` that is accepted.
    pub false_accept: f64,
    /// Share of `same` that is rejected.
    pub false_reject: f64,
}

/// Detection error trade-off: both error rates at every distinct score, from "accept nothing" down to
/// "accept all".
pub fn det(different: &[f64], same: &[f64]) -> Result<Vec<DetPoint>> {
    let what = "detection error trade-off";
    for scores in [different, same] {
        finite(scores, what)?;
        if scores.is_empty() {
            return Err(Error::TooFew {
                what: format!("{what}: scores in each class"),
                needed: 1,
                found: 0,
            });
        }
    }
    let mut all: Vec<(f64, bool)> = different.iter().map(|s| (*s, false)).collect();
    all.extend(same.iter().map(|s| (*s, true)));
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut out = vec![DetPoint {
        threshold: f64::INFINITY,
        false_accept: 0.0,
        false_reject: 1.0,
    }];
    let (mut accepted, mut hits) = (0usize, 0usize);
    for group in all.chunk_by(|a, b| a.0 == b.0) {
        let same_here = group.iter().filter(|(_, same)| *same).count();
        hits += same_here;
        accepted += group.len() - same_here;
        out.push(DetPoint {
            threshold: group[0].0,
            false_accept: accepted as f64 / different.len() as f64,
            false_reject: 1.0 - hits as f64 / same.len() as f64,
        });
    }
    Ok(out)
}

/// Equal error rate: where false accepts and false rejects meet on the line between the two neighbouring
/// points of [`det`].
pub fn equal_error_rate(different: &[f64], same: &[f64]) -> Result<f64> {
    let points = det(different, same)?;
    let gap = |p: &DetPoint| p.false_reject - p.false_accept;
    for pair in points.windows(2) {
        let (before, after) = (gap(&pair[0]), gap(&pair[1]));
        if after <= 0.0 {
            let share = before / (before - after);
            let rise = pair[1].false_accept - pair[0].false_accept;
            return Ok(pair[0].false_accept + share * rise);
        }
    }
    // The last point accepts all: its gap is −1.
    Ok(1.0)
}

/// d′: difference of the means over the root mean variance (denominators n − 1) of two classes.
pub fn d_prime(low: &[f64], high: &[f64]) -> Result<f64> {
    let what = "d′";
    let (ml, sl) = varying(what, low)?;
    let (mh, sh) = varying(what, high)?;
    Ok((mh - ml) / f64::midpoint(sl * sl, sh * sh).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn small_cases_by_hand() {
        let eer = |d: &[f64], s: &[f64]| equal_error_rate(d, s).unwrap();
        assert_eq!(eer(&[0.0, 1.0], &[2.0, 3.0]), 0.0);
        assert_eq!(eer(&[2.0, 3.0], &[0.0, 1.0]), 1.0);
        assert_eq!(eer(&[0.0, 2.0], &[1.0, 3.0]), 0.5);
        // All scores equal: the line from (0, 1) to (1, 0).
        assert_eq!(eer(&[1.0, 1.0], &[1.0]), 0.5);
        let points = det(&[0.0, 2.0], &[1.0, 3.0]).unwrap();
        assert_eq!(points.len(), 5);
        assert_eq!((points[2].false_accept, points[2].false_reject), (0.5, 0.5));
        assert_eq!(
            d_prime(&[0.0, 2.0], &[3.0, 5.0]).unwrap(),
            3.0 / 2.0_f64.sqrt()
        );
    }

    #[test]
    fn bad_scores_are_errors() {
        assert!(det(&[], &[1.0]).is_err() && det(&[1.0], &[f64::NAN]).is_err());
        assert!(d_prime(&[1.0, 1.0], &[1.0, 2.0]).is_err() && d_prime(&[1.0], &[2.0]).is_err());
    }

    proptest! {
        #[test]
        fn raising_all_scores_changes_nothing(
            different in prop::collection::vec(-3.0..3.0_f64, 1..20),
            same in prop::collection::vec(-3.0..3.0_f64, 1..20),
        ) {
            let up = |x: &[f64]| x.iter().map(|v| (v / 2.0).exp()).collect::<Vec<_>>();
            let plain = equal_error_rate(&different, &same).unwrap();
            let raised = equal_error_rate(&up(&different), &up(&same)).unwrap();
            prop_assert!((plain - raised).abs() < 1e-12 && (0.0..=1.0).contains(&plain));
        }
    }
}
