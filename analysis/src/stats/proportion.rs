//! Shares of a count.

use super::tails::normal_quantile;

/// Wilson's score interval of a share: `successes` of `n` (E. B. Wilson 1927, JASA 22). None without
/// any trial.
pub fn wilson(successes: usize, n: usize, level: f64) -> Option<(f64, f64)> {
    if n == 0 {
        return None;
    }
    let share = successes as f64 / n as f64;
    let z = normal_quantile(0.5 + 0.5 * level);
    Some(score_interval(share, n as f64, z))
}

/// Wilson's interval of a share, with any quantile and number of trials: for a share of clustered trials, as many
/// as would have its variance.
pub fn score_interval(share: f64, trials: f64, quantile: f64) -> (f64, f64) {
    let (n, z) = (trials, quantile);
    let shrunk = 1.0 + z * z / n;
    let centre = (share + z * z / (2.0 * n)) / shrunk;
    let half = z / shrunk * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    ((centre - half).max(0.0), (centre + half).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::wilson;

    #[test]
    fn intervals_are_those_of_the_textbook() {
        // Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20 and 29 of 29.
        for (hits, n, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (29, 29, 0.8830, 1.0),
        ] {
            let (lo, hi) = wilson(hits, n, 0.95).unwrap();
            assert!(
                (lo - low).abs() < 1e-4 && (hi - high).abs() < 1e-4,
                "{lo} {hi}"
            );
        }
        assert!(wilson(0, 0, 0.95).is_none());
    }
}
