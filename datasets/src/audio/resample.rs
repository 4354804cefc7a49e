//! Rate conversion with rubato; nothing else names it.
//!
//! A linear-phase FFT resampler in double precision (Blackman–Harris² window, stop band from 8 kHz
//! on), its delay removed: sample `k` of the result is the signal at `k / 16000` seconds.

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Resampler as _, WindowFunction};

use super::SAMPLE_RATE_HZ;
use crate::error::AudioFault;

/// Shortest filter, in samples of the lower rate: the pass band is flat to 7.8 kHz, and ringing stays
/// within 64 ms of 16 kHz.
const BLOCK: usize = 1_024;

/// `round(n · 16000 / rate)` samples at 16 kHz from `n` at `rate_hz`; 16 kHz is left alone.
///
/// # Errors
/// [`AudioFault::NoSamples`] where nothing is left, [`AudioFault::Damaged`] for a rate of 0.
pub fn to_16_khz(samples: Vec<f32>, rate_hz: u32) -> Result<Vec<f32>, AudioFault> {
    if rate_hz == SAMPLE_RATE_HZ {
        return Ok(samples);
    }
    let failed = |e: &dyn std::error::Error| AudioFault::Damaged {
        what: format!("its rate of {rate_hz} Hz cannot be converted: {e}"),
    };
    let (n_in, rate) = (samples.len(), rate_hz as usize);
    let n_out = expected_len(n_in, rate_hz);
    if n_out == 0 {
        return Err(AudioFault::NoSamples);
    }
    let target = SAMPLE_RATE_HZ as usize;
    // An even number of the smallest blocks whose rates match: only then does the filter's centre
    // fall on a sample at both rates, and its delay can be removed exactly.
    let unit = rate / gcd(rate, target).max(1);
    let wanted = (BLOCK * rate).div_ceil(target).max(BLOCK);
    let block_in = unit * wanted.div_ceil(unit.max(1)).next_multiple_of(2);
    let mut resampler = Fft::<f64>::new_custom(
        rate,
        target,
        block_in,
        1,
        1,
        WindowFunction::BlackmanHarris2,
        FixedSync::Both,
    )
    .map_err(|e| failed(&e))?;
    let wide: Vec<f64> = samples.into_iter().map(f64::from).collect();
    let input = SequentialSlice::new(&wide, 1, n_in).map_err(|e| failed(&e))?;
    let mut out: Vec<f32> = resampler
        .process_all(&input, n_in, None)
        .map_err(|e| failed(&e))?
        .take_data()
        .into_iter()
        .map(|sample| sample as f32)
        .collect();
    out.resize(n_out, 0.0);
    Ok(out)
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// `round(n · 16000 / rate)`, halves up.
fn expected_len(n: usize, rate_hz: u32) -> usize {
    let (n, rate) = (n as u128, u128::from(rate_hz.max(1)));
    usize::try_from((2 * n * u128::from(SAMPLE_RATE_HZ) + rate) / (2 * rate)).unwrap_or(usize::MAX)
}
