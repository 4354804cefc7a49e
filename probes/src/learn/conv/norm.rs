//! Batch normalisation followed by ReLU, as one operation.

use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};

use super::unfold::floats;

/// Mean and variance of each channel over a batch.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Moments {
    pub(super) mean: Vec<f32>,
    pub(super) variance: Vec<f32>,
}

/// max(gain · (x − mean) / √(variance + ε) + shift, 0) with the moments of the batch itself, which
/// are left in `moments`. Values have the channel first.
pub(super) struct NormRelu {
    pub(super) epsilon: f32,
    pub(super) moments: Arc<Mutex<Moments>>,
}

impl NormRelu {
    fn moments(&self) -> Moments {
        let kept = self.moments.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clone()
    }
}

impl CustomOp3 for NormRelu {
    fn name(&self) -> &'static str {
        "batch norm and ReLU"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        gain: &CpuStorage,
        gain_layout: &Layout,
        shift: &CpuStorage,
        shift_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, gain, shift) = (
            floats(x, x_layout)?,
            floats(gain, gain_layout)?,
            floats(shift, shift_layout)?,
        );
        let size = x.len() / gain.len().max(1);
        let mut moments = Moments::default();
        let mut out = vec![0f32; x.len()];
        let channels = x
            .chunks_exact(size.max(1))
            .zip(out.chunks_exact_mut(size.max(1)));
        for ((x, out), (gain, shift)) in channels.zip(gain.iter().zip(shift)) {
            let mean = sum(x.iter().copied()) / size as f64;
            let squares = sum(x.iter().map(|x| {
                let far = x - mean as f32;
                far * far
            }));
            let variance = squares / size as f64;
            let scale = f64::from(*gain) / (variance + f64::from(self.epsilon)).sqrt();
            let (scale, add) = (scale as f32, (f64::from(*shift) - mean * scale) as f32);
            for (out, x) in out.iter_mut().zip(x) {
                *out = (x * scale + add).max(0.0);
            }
            moments.mean.push(mean as f32);
            moments.variance.push(variance as f32);
        }
        *self.moments.lock().unwrap_or_else(PoisonError::into_inner) = moments;
        Ok((CpuStorage::F32(out), x_layout.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        gain: &Tensor,
        _shift: &Tensor,
        result: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let all = |tensor: &Tensor| tensor.flatten_all()?.to_vec1::<f32>();
        let (values, result, grad) = (all(x)?, all(result)?, all(grad)?);
        let gains = all(gain)?;
        let moments = self.moments();
        let size = (values.len() / gains.len().max(1)).max(1);
        let mut to_x = vec![0f32; values.len()];
        let (mut to_gain, mut to_shift) = (Vec::new(), Vec::new());
        for (channel, gain) in gains.iter().enumerate() {
            let span = channel * size..(channel + 1) * size;
            let (x, y, g) = (
                &values[span.clone()],
                &result[span.clone()],
                &grad[span.clone()],
            );
            let mean = moments.mean[channel];
            let root = 1.0 / (moments.variance[channel] + self.epsilon).sqrt();
            // What arrives where ReLU let pass.
            let passed = |y: f32, g: f32| if y > 0.0 { g } else { 0.0 };
            let arrived = sum(y.iter().zip(g).map(|(y, g)| passed(*y, *g)));
            let turned = sum(x
                .iter()
                .zip(y.iter().zip(g))
                .map(|(x, (y, g))| passed(*y, *g) * (x - mean) * root));
            let (mean_arrived, mean_turned) = (
                (arrived / size as f64) as f32,
                (turned / size as f64) as f32,
            );
            let out = to_x[span].iter_mut();
            for (out, (x, (y, g))) in out.zip(x.iter().zip(y.iter().zip(g))) {
                let standard = (x - mean) * root;
                let own = passed(*y, *g) - mean_arrived - standard * mean_turned;
                *out = gain * root * own;
            }
            to_gain.push(turned as f32);
            to_shift.push(arrived as f32);
        }
        let count = gains.len();
        Ok((
            Some(Tensor::from_vec(to_x, x.shape(), x.device())?),
            Some(Tensor::from_vec(to_gain, count, x.device())?),
            Some(Tensor::from_vec(to_shift, count, x.device())?),
        ))
    }
}

/// A sum in blocks of single precision, which are added in double.
fn sum(values: impl Iterator<Item = f32>) -> f64 {
    let (mut total, mut block, mut count) = (0f64, 0f32, 0);
    for value in values {
        block += value;
        count += 1;
        if count == 256 {
            total += f64::from(block);
            (block, count) = (0.0, 0);
        }
    }
    total + f64::from(block)
}
