//! Correlation of two samples.

use super::rank::{Sorted, finite};
use super::tails::{normal_cdf, normal_quantile, t_two_sided};
use crate::{Error, Result};

/// A correlation coefficient with its two-sided p.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Correlation {
    /// The coefficient, in [−1, 1].
    pub r: f64,
    /// Two-sided p of no association; NaN where it is not defined (two pairs).
    pub p: f64,
    /// Number of pairs.
    pub n: usize,
}

impl Correlation {
    /// Interval from Fisher's z transform; NaN below four pairs.
    pub fn fisher_interval(&self, level: f64) -> (f64, f64) {
        if self.n < 4 {
            return (f64::NAN, f64::NAN);
        }
        let half = normal_quantile(0.5 + level / 2.0) / (self.n as f64 - 3.0).sqrt();
        let z = self.r.atanh();
        ((z - half).tanh(), (z + half).tanh())
    }
}

/// Pearson's r; p from t with n − 2 degrees of freedom.
pub fn pearson(x: &[f64], y: &[f64]) -> Result<Correlation> {
    checked("Pearson correlation", x, y)?;
    product_moment("Pearson correlation", x, y)
}

/// Spearman's ρ (ties share their mean rank); p from t with n − 2 degrees of freedom.
pub fn spearman(x: &[f64], y: &[f64]) -> Result<Correlation> {
    let what = "Spearman correlation";
    checked(what, x, y)?;
    product_moment(what, &super::ranks(x), &super::ranks(y))
}

/// Pearson's r of `x` and `y` with `z` held constant; p from t with n − 3 degrees of freedom.
pub fn partial(x: &[f64], y: &[f64], z: &[f64]) -> Result<Correlation> {
    let what = "partial correlation";
    let (xy, xz, yz) = (pearson(x, y)?.r, pearson(x, z)?.r, pearson(y, z)?.r);
    let rest = ((1.0 - xz * xz) * (1.0 - yz * yz)).sqrt();
    if rest <= 1e-12 {
        return Err(undefined(
            what,
            "the third sample determines one of the others",
        ));
    }
    Ok(with_t((xy - xz * yz) / rest, x.len(), 1.0))
}

/// Kendall's τ-b, in n log n steps (Knight 1966).
///
/// p is exact up to 33 pairs without ties, otherwise normal with the variance corrected for ties.
pub fn kendall(x: &[f64], y: &[f64]) -> Result<Correlation> {
    let what = "Kendall correlation";
    checked(what, x, y)?;
    let n = x.len();
    let (tx, ty) = (Ties::of(x), Ties::of(y));
    let pairs = (n * (n - 1)) as f64 / 2.0;
    let spread = (pairs - tx.pairs) * (pairs - ty.pairs);
    if spread <= 0.0 {
        return Err(undefined(what, "a sample is constant"));
    }
    let (discordant, tied_twice) = discordant(x, y);
    let score = pairs - tx.pairs - ty.pairs + tied_twice as f64 - 2.0 * discordant as f64;
    let p = if n <= 33 && tx.pairs == 0.0 && ty.pairs == 0.0 {
        exact_kendall_p(n, discordant)
    } else {
        let m = (n * (n - 1)) as f64;
        let nf = n as f64;
        let variance = (m * (2.0 * nf + 5.0) - tx.linear - ty.linear) / 18.0
            + 2.0 * tx.pairs * ty.pairs / m
            + tx.triples * ty.triples / (9.0 * m * (nf - 2.0));
        2.0 * normal_cdf(-score.abs() / variance.sqrt())
    };
    Ok(Correlation {
        r: score / spread.sqrt(),
        p: p.min(1.0),
        n,
    })
}

/// Pearson's r when pair `i` occurs `weights[i]` times; NaN when a side is constant.
pub fn weighted_pearson(x: &[f64], y: &[f64], weights: &[f64]) -> f64 {
    let total: f64 = weights.iter().sum();
    let mean = |v: &[f64]| v.iter().zip(weights).map(|(v, w)| v * w).sum::<f64>() / total;
    let (mx, my) = (mean(x), mean(y));
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for ((x, y), w) in x.iter().zip(y).zip(weights) {
        let (dx, dy) = (x - mx, y - my);
        xx += w * dx * dx;
        yy += w * dy * dy;
        xy += w * dx * dy;
    }
    let rounding = 64.0 * f64::EPSILON * f64::EPSILON * total;
    if xx <= rounding * mx * mx || yy <= rounding * my * my {
        return f64::NAN;
    }
    (xy / (xx * yy).sqrt()).clamp(-1.0, 1.0)
}

/// Spearman's ρ when pair `i` occurs `weights[i]` times, from samples sorted once; NaN when a side is
/// constant.
pub fn weighted_spearman(x: &Sorted, y: &Sorted, weights: &[f64]) -> f64 {
    weighted_pearson(&x.ranks(weights), &y.ranks(weights), weights)
}

fn product_moment(what: &str, x: &[f64], y: &[f64]) -> Result<Correlation> {
    let r = weighted_pearson(x, y, &vec![1.0; x.len()]);
    if r.is_nan() {
        return Err(undefined(what, "a sample is constant"));
    }
    Ok(with_t(r, x.len(), 0.0))
}

fn with_t(r: f64, n: usize, controls: f64) -> Correlation {
    let df = n as f64 - 2.0 - controls;
    let t = r * (df / ((1.0 - r) * (1.0 + r))).sqrt();
    Correlation {
        r,
        p: t_two_sided(t, df),
        n,
    }
}

fn checked(what: &str, x: &[f64], y: &[f64]) -> Result<()> {
    if x.len() != y.len() {
        return Err(Error::Shape {
            what: format!("{what}: second sample"),
            expected: x.len().to_string(),
            found: y.len().to_string(),
        });
    }
    if x.len() < 2 {
        return Err(Error::TooFew {
            what: format!("{what}: pairs"),
            needed: 2,
            found: x.len(),
        });
    }
    finite(x, what)?;
    finite(y, what)
}

fn undefined(what: &str, why: &str) -> Error {
    Error::Undefined {
        what: what.into(),
        why: why.into(),
    }
}

/// Pairs that the samples order differently, and pairs that both tie.
fn discordant(x: &[f64], y: &[f64]) -> (usize, usize) {
    // Adding 0 makes the two zeros one value.
    let mut both: Vec<(f64, f64)> = x.iter().zip(y).map(|(x, y)| (x + 0.0, y + 0.0)).collect();
    both.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let tied = both.chunk_by(|a, b| a == b).map(<[_]>::len);
    let tied = tied.map(|t| t * (t - 1) / 2).sum();
    let mut values: Vec<f64> = both.into_iter().map(|pair| pair.1).collect();
    let mut room = values.clone();
    (inversions(&mut values, &mut room), tied)
}

/// Sorts `values` by merging; pairs of which the earlier was the larger. `room` is as long.
fn inversions(values: &mut [f64], room: &mut [f64]) -> usize {
    if values.len() < 2 {
        return 0;
    }
    let middle = values.len() / 2;
    let (left, right) = values.split_at_mut(middle);
    let (room_left, room_right) = room.split_at_mut(middle);
    let mut found = inversions(left, room_left) + inversions(right, room_right);
    let (mut i, mut j) = (0, 0);
    for place in room.iter_mut() {
        let take_right = match (left.get(i), right.get(j)) {
            (Some(a), Some(b)) => b < a,
            (left, _) => left.is_none(),
        };
        if take_right {
            found += left.len() - i;
            *place = right[j];
            j += 1;
        } else {
            *place = left[i];
            i += 1;
        }
    }
    values.copy_from_slice(room);
    found
}

/// Sums over groups of `t` equal values.
struct Ties {
    /// Σ t(t−1)/2.
    pairs: f64,
    /// Σ t(t−1)(t−2).
    triples: f64,
    /// Σ t(t−1)(2t+5).
    linear: f64,
}

impl Ties {
    fn of(x: &[f64]) -> Self {
        let mut sorted = x.to_vec();
        sorted.sort_by(f64::total_cmp);
        let sizes = sorted.chunk_by(|a, b| a == b).map(|g| g.len() as f64);
        sizes.fold(
            Self {
                pairs: 0.0,
                triples: 0.0,
                linear: 0.0,
            },
            |s, t| Self {
                pairs: s.pairs + t * (t - 1.0) / 2.0,
                triples: s.triples + t * (t - 1.0) * (t - 2.0),
                linear: s.linear + t * (t - 1.0) * (2.0 * t + 5.0),
            },
        )
    }
}

/// Share of permutations of `n` with at most as many inversions on the nearer side, doubled.
fn exact_kendall_p(n: usize, discordant: usize) -> f64 {
    let most = n * (n - 1) / 2;
    let nearer = discordant.min(most - discordant);
    if 2 * nearer >= most {
        return 1.0;
    }
    // shares[k]: share of permutations of the first i items with k inversions.
    let mut shares = vec![0.0; most + 1];
    shares[0] = 1.0;
    for i in 2..=n {
        let before = shares.clone();
        for (k, share) in shares.iter_mut().enumerate() {
            let from = (k + 1).saturating_sub(i);
            *share = before[from..=k].iter().sum::<f64>() / i as f64;
        }
    }
    (2.0 * shares[..=nearer].iter().sum::<f64>()).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_pairs_by_hand() {
        let (x, y) = ([1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 2.0, 4.0]);
        assert!((pearson(&x, &y).unwrap().r - 0.8).abs() < 1e-15);
        assert!((spearman(&x, &y).unwrap().r - 0.8).abs() < 1e-15);
        let tau = kendall(&x, &y).unwrap();
        // One discordant pair of six; of 24 orders 1 has none and 3 have one.
        assert!((tau.r - 4.0 / 6.0).abs() < 1e-15 && (tau.p - 8.0 / 24.0).abs() < 1e-15);
    }

    #[test]
    fn degenerate_samples() {
        assert!(pearson(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0]).is_err());
        assert!(pearson(&[0.1; 7], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]).is_err());
        assert!(kendall(&[1.0, 1.0], &[1.0, 2.0]).is_err());
        assert!(spearman(&[1.0, f64::NAN], &[1.0, 2.0]).is_err());
        assert!(pearson(&[1.0], &[1.0]).is_err() && pearson(&[1.0, 2.0], &[1.0]).is_err());
        let two = pearson(&[1.0, 2.0], &[5.0, 4.0]).unwrap();
        assert!(two.r == -1.0 && two.p.is_nan() && two.fisher_interval(0.95).0.is_nan());
        assert!(partial(&[1.0, 2.0, 4.0], &[1.0, 3.0, 2.0], &[1.0, 2.0, 4.0]).is_err());
    }

    #[test]
    fn kendall_counts_pairs_as_a_look_at_every_pair_does() {
        // Few distinct values, so that there are ties of every sort; both zeros.
        let mut rng = crate::rng::stream(3, "kendall-test", 0);
        for n in [2_usize, 3, 7, 40, 101] {
            let mut draw = |most: u32| -> Vec<f64> {
                use rand::RngExt as _;
                let one = |_| f64::from(rng.random_range(0..most)) - 1.0;
                let mut values: Vec<f64> = (0..n).map(one).collect();
                values
                    .iter_mut()
                    .filter(|v| **v == 0.0)
                    .step_by(2)
                    .for_each(|v| *v = -0.0);
                values
            };
            let (x, y) = (draw(6), draw(9));
            let (mut score, mut unlike) = (0.0, 0);
            let (mut tx, mut ty) = (0.0, 0.0);
            for i in 0..n {
                for j in i + 1..n {
                    let product = (x[i] - x[j]) * (y[i] - y[j]);
                    score += f64::from(product > 0.0) - f64::from(product < 0.0);
                    unlike += usize::from(product < 0.0);
                    tx += f64::from(x[i] == x[j]);
                    ty += f64::from(y[i] == y[j]);
                }
            }
            assert_eq!(discordant(&x, &y).0, unlike);
            let pairs = (n * (n - 1)) as f64 / 2.0;
            let expected = score / ((pairs - tx) * (pairs - ty)).sqrt();
            if let Ok(found) = kendall(&x, &y) {
                assert!((found.r - expected).abs() < 1e-12, "{} {expected}", found.r);
            } else {
                assert!(expected.is_nan());
            }
        }
    }

    #[test]
    fn weights_are_repetitions() {
        let (x, y) = ([1.0, 2.0, 2.0, 5.0], [2.0, 1.0, 4.0, 3.0]);
        let doubled = spearman(&[1.0, 2.0, 2.0, 5.0, 5.0], &[2.0, 1.0, 4.0, 3.0, 3.0]).unwrap();
        let weighted = weighted_spearman(&Sorted::new(&x), &Sorted::new(&y), &[1.0, 1.0, 1.0, 2.0]);
        assert!((doubled.r - weighted).abs() < 1e-14);
    }
}
