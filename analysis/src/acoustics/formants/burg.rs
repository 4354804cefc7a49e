//! Linear prediction by Burg's method (Anderson 1978).

/// Memory for the prediction of frames of one length.
#[derive(Clone, Debug, Default)]
pub(super) struct Burg {
    forward: Vec<f64>,
    backward: Vec<f64>,
    /// Prediction coefficients: `x[t] ≈ sum coefficients[k] x[t - 1 - k]`.
    pub(super) coefficients: Vec<f64>,
    before: Vec<f64>,
}

impl Burg {
    /// Predicts a frame. False where the frame is too short or has nothing to predict.
    pub(super) fn fit(&mut self, frame: &[f64], order: usize) -> bool {
        self.coefficients.clear();
        if frame.len() <= order {
            return false;
        }
        // Errors forwards of samples 1 .. n, and backwards of samples 0 .. n - 1.
        self.forward.clear();
        self.forward.extend_from_slice(&frame[1..]);
        self.backward.clear();
        self.backward.extend_from_slice(&frame[..frame.len() - 1]);
        let mut sums = products(&self.forward, &self.backward);
        for stage in 0..order {
            let (product, power) = sums;
            if power <= 0.0 {
                return false;
            }
            let reflection = 2.0 * product / power;
            self.before.clone_from(&self.coefficients);
            for (j, coefficient) in self.coefficients.iter_mut().enumerate() {
                *coefficient -= reflection * self.before[stage - 1 - j];
            }
            self.coefficients.push(reflection);
            if stage + 1 < order {
                sums = self.advance(reflection);
            }
        }
        true
    }

    /// Takes one stage's prediction off both errors, which lose a sample, and sums their products.
    fn advance(&mut self, reflection: f64) -> (f64, f64) {
        let n = self.forward.len() - 1;
        // The new forward error of sample t + 1 meets the new backward error of sample t: shift
        // the forward errors by one while writing them.
        let (mut products, mut powers) = ([0.0; 4], [0.0; 4]);
        let forward = &mut self.forward[..=n];
        let backward = &mut self.backward[..=n];
        let (mut f_here, b) = (forward[0], backward);
        let fours = n / 4 * 4;
        for start in (0..fours).step_by(4) {
            let mut f_next = [0.0; 4];
            f_next.copy_from_slice(&forward[start + 1..start + 5]);
            let mut b_next = [0.0; 4];
            b_next.copy_from_slice(&b[start + 1..start + 5]);
            let mut b_now = [0.0; 4];
            b_now.copy_from_slice(&b[start..start + 4]);
            let f_now = [f_here, f_next[0], f_next[1], f_next[2]];
            for lane in 0..4 {
                let f = f_next[lane] - reflection * b_next[lane];
                let g = b_now[lane] - reflection * f_now[lane];
                products[lane] += f * g;
                powers[lane] += f * f + g * g;
                forward[start + lane] = f;
                b[start + lane] = g;
            }
            f_here = f_next[3];
        }
        let (mut product, mut power) = (products.iter().sum(), powers.iter().sum());
        for t in fours..n {
            let f = forward[t + 1] - reflection * b[t + 1];
            let g = b[t] - reflection * f_here;
            product += f * g;
            power += f * f + g * g;
            f_here = forward[t + 1];
            forward[t] = f;
            b[t] = g;
        }
        self.forward.truncate(n);
        self.backward.truncate(n);
        (product, power)
    }
}

/// The sums of products and of powers of two errors.
fn products(forward: &[f64], backward: &[f64]) -> (f64, f64) {
    use crate::acoustics::sums;
    (
        sums::dot(forward, backward),
        sums::pairs(forward, backward, |f, b| f * f + b * b),
    )
}

#[cfg(test)]
mod tests {
    use super::Burg;

    /// The recursion as the paper writes it, without any of the shifting above.
    fn plainly(frame: &[f64], order: usize) -> Vec<f64> {
        let n = frame.len();
        let (mut f, mut b) = (frame.to_vec(), frame.to_vec());
        let mut a: Vec<f64> = vec![];
        for stage in 1..=order {
            let range = stage..n;
            let top: f64 = range.clone().map(|t| 2.0 * f[t] * b[t - 1]).sum();
            let bottom: f64 = range
                .clone()
                .map(|t| f[t] * f[t] + b[t - 1] * b[t - 1])
                .sum();
            let k = top / bottom;
            let old = a.clone();
            for j in 0..old.len() {
                a[j] = old[j] - k * old[old.len() - 1 - j];
            }
            a.push(k);
            let (f_old, b_old) = (f.clone(), b.clone());
            for t in range {
                f[t] = f_old[t] - k * b_old[t - 1];
                b[t] = b_old[t - 1] - k * f_old[t];
            }
        }
        a
    }

    #[test]
    fn the_recursion_is_the_papers() {
        let frame: Vec<f64> = (0..61)
            .map(|i| (f64::from(i) * 0.4).sin() + 0.3 * (f64::from(i * i % 17) - 8.0))
            .collect();
        let mut burg = Burg::default();
        assert!(burg.fit(&frame, 8));
        for (found, expected) in burg.coefficients.iter().zip(plainly(&frame, 8)) {
            assert!((found - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn silence_and_short_frames_have_no_prediction() {
        let mut burg = Burg::default();
        assert!(!burg.fit(&[0.0; 50], 10));
        assert!(!burg.fit(&[1.0; 10], 10));
        assert!(!burg.fit(&[], 10));
    }
}
