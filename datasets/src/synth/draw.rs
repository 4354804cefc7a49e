//! Random draws that need nothing but whole-number arithmetic.

use phonoscope_analysis::rng::{self, Stream};
use rand::Rng as _;

pub(crate) struct Draw(Stream);

impl Draw {
    pub(crate) fn new(seed: u64, name: &str, index: u64) -> Self {
        Self(rng::stream(seed, name, index))
    }

    /// Uniform in `[low, high)`.
    pub(crate) fn uniform(&mut self, low: f64, high: f64) -> f64 {
        let unit = (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        low + (high - low) * unit
    }

    /// Uniform among `0 .. n`; 0 when `n` is 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.uniform(0.0, n as f64) as usize).min(n.saturating_sub(1))
    }

    /// Nearly normal with mean 0 and variance 1, never beyond ±3.5: a sum of four uniforms.
    pub(crate) fn normal(&mut self) -> f64 {
        let bits = self.0.next_u64();
        let sum: f64 = (0..4).map(|i| ((bits >> (16 * i)) & 0xffff) as f64).sum();
        (sum / 65_535.0 - 2.0) * 3f64.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::Draw;

    #[test]
    fn normal_has_mean_0_and_variance_1() {
        let mut draw = Draw::new(1, "test", 0);
        let n = 100_000;
        let values: Vec<f64> = (0..n).map(|_| draw.normal()).collect();
        let mean = values.iter().sum::<f64>() / f64::from(n);
        let variance = values.iter().map(|x| x * x).sum::<f64>() / f64::from(n);
        assert!(mean.abs() < 0.015, "{mean}");
        assert!((variance - 1.0).abs() < 0.02, "{variance}");
    }

    #[test]
    fn below_covers_its_range() {
        let mut draw = Draw::new(1, "test", 0);
        let mut seen = [0; 5];
        (0..1000).for_each(|_| seen[draw.below(5)] += 1);
        assert!(seen.iter().all(|n| *n > 150), "{seen:?}");
        assert_eq!(draw.below(0), 0);
    }
}
