//! Adam with decoupled weight decay.

use super::Array;

/// Decay of the running mean of gradients, and of their squares.
const DECAYS: [f64; 2] = [0.9, 0.999];
const EPSILON: f64 = 1e-8;

/// State of AdamW (Loshchilov and Hutter 2019) for a list of arrays.
#[derive(Debug, Clone, PartialEq)]
pub struct AdamW {
    /// Steps taken.
    pub steps: u64,
    /// Running means of the gradients, parallel to the arrays.
    pub first: Vec<Vec<f32>>,
    /// Running means of their squares.
    pub second: Vec<Vec<f32>>,
}

impl AdamW {
    /// Before the first step.
    pub fn new(parameters: &[Array]) -> Self {
        let zeros = || {
            parameters
                .iter()
                .map(|p| vec![0.0; p.values.len()])
                .collect()
        };
        Self {
            steps: 0,
            first: zeros(),
            second: zeros(),
        }
    }

    /// One step along `gradients`, parallel to `parameters`. Only weights decay: gains, shifts and
    /// biases (arrays of one axis) do not.
    pub fn step(
        &mut self,
        parameters: &mut [Array],
        gradients: &[Vec<f32>],
        rate: f64,
        decay: f64,
    ) {
        self.steps += 1;
        let count = self.steps as f64;
        let [first_scale, second_scale] = DECAYS.map(|decay| 1.0 / (1.0 - decay.powf(count)));
        let state = self.first.iter_mut().zip(&mut self.second);
        for ((array, gradient), (first, second)) in parameters.iter_mut().zip(gradients).zip(state)
        {
            let shrink = if array.shape.len() > 1 {
                1.0 - rate * decay
            } else {
                1.0
            };
            let state = first.iter_mut().zip(second.iter_mut());
            for ((value, g), (m, v)) in array.values.iter_mut().zip(gradient).zip(state) {
                let g = f64::from(*g);
                let mean = DECAYS[0] * f64::from(*m) + (1.0 - DECAYS[0]) * g;
                let square = DECAYS[1] * f64::from(*v) + (1.0 - DECAYS[1]) * g * g;
                (*m, *v) = (mean as f32, square as f32);
                let step = mean * first_scale / ((square * second_scale).sqrt() + EPSILON);
                *value = (f64::from(*value) * shrink - rate * step) as f32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step_by_hand() {
        let array = |shape: Vec<usize>| Array {
            name: String::new(),
            shape,
            values: vec![2.0],
        };
        let mut arrays = [array(vec![1, 1]), array(vec![1])];
        let mut adam = AdamW::new(&arrays);
        adam.step(&mut arrays, &[vec![4.0], vec![-4.0]], 0.1, 0.5);
        // m̂ / √v̂ is the sign of the gradient; only the matrix decays, by 0.1 · 0.5.
        assert!((arrays[0].values[0] - (2.0 * 0.95 - 0.1)).abs() < 1e-6);
        assert!((arrays[1].values[0] - 2.1).abs() < 1e-6);
    }

    #[test]
    fn a_bowl_is_descended() {
        let mut arrays = [Array {
            name: String::new(),
            shape: vec![2],
            values: vec![3.0, -2.0],
        }];
        let mut adam = AdamW::new(&arrays);
        for _ in 0..400 {
            let gradient: Vec<f32> = arrays[0].values.iter().map(|x| 2.0 * (x - 1.0)).collect();
            adam.step(&mut arrays, &[gradient], 0.05, 0.0);
        }
        assert!(arrays[0].values.iter().all(|x| (x - 1.0).abs() < 0.02));
    }
}
