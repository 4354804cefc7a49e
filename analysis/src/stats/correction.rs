//! Corrections for many tests. All return adjusted p in the order given.

/// Benjamini–Hochberg: smallest false discovery rate at which each test is kept.
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    step_up(p, 1.0)
}

/// Benjamini–Yekutieli: the same under any dependence between the tests.
pub fn benjamini_yekutieli(p: &[f64]) -> Vec<f64> {
    step_up(p, (1..=p.len()).map(|i| 1.0 / i as f64).sum())
}

/// Holm's step-down control of the family-wise error rate.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; p.len()];
    let mut largest = 0.0_f64;
    for (i, index) in ascending(p).into_iter().enumerate() {
        largest = largest.max(p[index] * (p.len() - i) as f64);
        out[index] = largest.min(1.0);
    }
    out
}

/// Bonferroni's control of the family-wise error rate.
pub fn bonferroni(p: &[f64]) -> Vec<f64> {
    p.iter().map(|v| (v * p.len() as f64).min(1.0)).collect()
}

fn step_up(p: &[f64], factor: f64) -> Vec<f64> {
    let mut out = vec![0.0; p.len()];
    let mut smallest = 1.0_f64;
    for (i, index) in ascending(p).into_iter().enumerate().rev() {
        let rank = (i + 1) as f64;
        smallest = smallest.min(p[index] * p.len() as f64 / rank * factor);
        out[index] = smallest;
    }
    out
}

fn ascending(p: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_tests_by_hand() {
        let p = [0.04, 0.01, 0.03, 0.5];
        let near = |a: Vec<f64>, b: [f64; 4]| {
            assert!(a.iter().zip(b).all(|(x, y)| (x - y).abs() < 1e-12), "{a:?}");
        };
        near(benjamini_hochberg(&p), [0.16 / 3.0, 0.04, 0.16 / 3.0, 0.5]);
        near(holm(&p), [0.09, 0.04, 0.09, 0.5]);
        near(bonferroni(&p), [0.16, 0.04, 0.12, 1.0]);
        assert!(benjamini_yekutieli(&[]).is_empty());
    }
}
