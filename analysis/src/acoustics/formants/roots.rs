//! All roots of a polynomial at once (Aberth 1973).

use realfft::num_complex::Complex;

const MAX_ITERATIONS: usize = 100;

/// Memory for the roots of polynomials.
#[derive(Clone, Debug, Default)]
pub(super) struct Roots {
    /// The roots found last, in no order.
    pub(super) found: Vec<Complex<f64>>,
}

impl Roots {
    /// The roots of `z^n - c[0] z^(n-1) - … - c[n-1]`. False where they were not found to rounding.
    ///
    /// Each root is refined by Newton's step, repelled by the other roots, until the steps are of
    /// the size of rounding errors.
    pub(super) fn find(&mut self, c: &[f64]) -> bool {
        let n = c.len();
        self.found.clear();
        // On a circle off the real axis, so that pairs are not trapped on it.
        self.found.extend((0..n).map(|k| {
            Complex::from_polar(
                0.9,
                std::f64::consts::TAU * (k as f64 + 0.3) / n as f64 + 0.01,
            )
        }));
        for _ in 0..MAX_ITERATIONS {
            let mut settled = true;
            for k in 0..n {
                let z = self.found[k];
                let (ratio, is_noise) = newton(c, z);
                let mut repulsion = Complex::new(0.0, 0.0);
                for (j, other) in self.found.iter().enumerate() {
                    if j != k {
                        repulsion += (z - other).inv();
                    }
                }
                let step = ratio / (1.0 - ratio * repulsion);
                if !(step.re.is_finite() && step.im.is_finite()) {
                    // Two guesses fell together: part them.
                    self.found[k] = z * Complex::new(1.01, 0.013);
                    settled = false;
                    continue;
                }
                self.found[k] = z - step;
                settled &= is_noise || step.norm_sqr() <= 1e-30 * z.norm_sqr();
            }
            if settled {
                return true;
            }
        }
        false
    }
}

/// Value over slope at `z`, and whether the value is only rounding error.
fn newton(c: &[f64], z: Complex<f64>) -> (Complex<f64>, bool) {
    let mut value = Complex::new(1.0, 0.0);
    let mut slope = Complex::new(0.0, 0.0);
    let (mut bound, size) = (1.0, z.norm());
    for &coefficient in c {
        slope = slope * z + value;
        value = value * z - coefficient;
        bound = bound * size + coefficient.abs();
    }
    if value.norm_sqr() == 0.0 {
        return (value, true);
    }
    (value / slope, value.norm() <= 2.0 * f64::EPSILON * bound)
}

#[cfg(test)]
mod tests {
    use realfft::num_complex::Complex;

    use super::Roots;

    /// Coefficients of the polynomial with these roots.
    fn polynomial(roots: &[Complex<f64>]) -> Vec<f64> {
        let mut p = vec![Complex::new(1.0, 0.0)];
        for root in roots {
            p.push(Complex::new(0.0, 0.0));
            for i in (1..p.len()).rev() {
                let lower = p[i - 1];
                p[i] -= root * lower;
            }
        }
        p[1..].iter().map(|c| -c.re).collect()
    }

    #[test]
    fn roots_of_all_kinds_are_found() {
        let pair = |r: f64, angle: f64| [angle, -angle].map(|a| Complex::from_polar(r, a));
        let mut planted: Vec<_> = [(0.98, 0.3), (0.95, 1.0), (0.999, 1.05), (1.3, 2.0)]
            .iter()
            .flat_map(|&(r, a)| pair(r, a))
            .collect();
        planted.extend([Complex::new(0.5, 0.0), Complex::new(-0.9, 0.0)]);
        let mut roots = Roots::default();
        assert!(roots.find(&polynomial(&planted)));
        for root in planted {
            let nearest = roots.found.iter().map(|z| (z - root).norm());
            assert!(nearest.fold(f64::MAX, f64::min) < 1e-11, "{root}");
        }
    }

    #[test]
    fn a_line_and_no_polynomial_have_the_roots_that_they_have() {
        let mut roots = Roots::default();
        assert!(roots.find(&[0.25]));
        assert!((roots.found[0] - 0.25).norm() < 1e-15);
        assert!(roots.find(&[]) && roots.found.is_empty());
        assert!(!roots.find(&[f64::NAN, 0.0]));
    }
}
