//! Signals with known properties, and the files that hold them.

use std::f64::consts::TAU;
use std::path::{Path, PathBuf};

/// A sine of `freq_hz` with `amplitude`, starting at phase 0.
pub(crate) fn sine(freq_hz: f64, amplitude: f64, rate_hz: u32, n: usize) -> Vec<f32> {
    (0..n)
        .map(|i| (amplitude * (TAU * freq_hz * i as f64 / f64::from(rate_hz)).sin()) as f32)
        .collect()
}

/// Amplitude and phase (radians, of a sine) at `freq_hz` in the middle half of `samples`.
pub(crate) fn tone_at(freq_hz: f64, samples: &[f32], rate_hz: u32) -> (f64, f64) {
    // A Hann window keeps neighbouring frequencies out.
    let (from, to) = (samples.len() / 4, samples.len() * 3 / 4);
    let n = (to - from) as f64;
    let (mut sin, mut cos, mut weight) = (0.0, 0.0, 0.0);
    for (i, &sample) in samples.iter().enumerate().take(to).skip(from) {
        let hann = 0.5 - 0.5 * (TAU * (i - from) as f64 / n).cos();
        let angle = TAU * freq_hz * i as f64 / f64::from(rate_hz);
        sin += hann * f64::from(sample) * angle.sin();
        cos += hann * f64::from(sample) * angle.cos();
        weight += hann;
    }
    (2.0 * sin.hypot(cos) / weight, cos.atan2(sin))
}

pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

/// Writes interleaved integers of `bits` as WAV.
pub(crate) fn write_int_wav(path: &Path, values: &[i32], bits: u16, channels: u16, rate_hz: u32) {
    let spec = hound::WavSpec {
        channels,
        sample_rate: rate_hz,
        bits_per_sample: bits,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for &value in values {
        writer.write_sample(value).unwrap();
    }
    writer.finalize().unwrap();
}

/// Writes interleaved floats of 32 or 64 bits as WAV, header and all.
pub(crate) fn write_float_wav(path: &Path, values: &[f64], bits: u16, channels: u16, rate_hz: u32) {
    let mut data = Vec::new();
    for &value in values {
        match bits {
            64 => data.extend(value.to_le_bytes()),
            _ => data.extend((value as f32).to_le_bytes()),
        }
    }
    std::fs::write(path, wav(3, bits, channels, rate_hz, &data)).unwrap();
}

/// A WAV file with the given format tag.
pub(crate) fn wav(tag: u16, bits: u16, channels: u16, rate_hz: u32, data: &[u8]) -> Vec<u8> {
    let block = channels * bits / 8;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + data.len() as u32).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend(tag.to_le_bytes());
    bytes.extend(channels.to_le_bytes());
    bytes.extend(rate_hz.to_le_bytes());
    bytes.extend((rate_hz * u32::from(block)).to_le_bytes());
    bytes.extend(block.to_le_bytes());
    bytes.extend(bits.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(data);
    bytes
}
