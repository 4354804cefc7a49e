//! Rate conversion: alignment, pass band, aliases.

use phonoscope_datasets::audio::resample::to_16_khz;

use crate::signals::{sine, tone_at};

const RATES_HZ: [u32; 7] = [8_000, 11_025, 22_050, 24_000, 44_100, 48_000, 96_000];

#[test]
fn sixteen_khz_is_left_alone() {
    let samples = sine(7_900.0, 1.0, 16_000, 1_234);
    assert_eq!(to_16_khz(samples.clone(), 16_000).unwrap(), samples);
}

#[test]
fn tones_keep_amplitude_and_phase() {
    for rate in RATES_HZ {
        for freq_hz in [100.0, 1_000.0, 3_500.0] {
            let out = to_16_khz(sine(freq_hz, 0.8, rate, rate as usize), rate).unwrap();
            assert_eq!(out.len(), 16_000);
            let (amplitude, phase) = tone_at(freq_hz, &out, 16_000);
            assert!(
                (amplitude - 0.8).abs() < 8e-4,
                "{rate} Hz, {freq_hz} Hz: {amplitude}"
            );
            // A hundredth of a sample at 16 kHz.
            let late = phase / std::f64::consts::TAU / freq_hz * 16_000.0;
            assert!(
                late.abs() < 0.01,
                "{rate} Hz, {freq_hz} Hz: off by {late} samples"
            );
        }
    }
}

#[test]
fn the_pass_band_reaches_7700_hz() {
    for rate in [22_050, 44_100, 48_000] {
        let out = to_16_khz(sine(7_700.0, 0.8, rate, rate as usize), rate).unwrap();
        let (amplitude, _) = tone_at(7_700.0, &out, 16_000);
        assert!((amplitude - 0.8).abs() < 8e-4, "{rate} Hz: {amplitude}");
    }
}

#[test]
fn what_lies_above_8_khz_is_100_db_down() {
    for rate in [22_050_u32, 24_000, 44_100, 48_000, 96_000] {
        for freq_hz in [8_010.0, 9_000.0, 10_500.0] {
            let out = to_16_khz(sine(freq_hz, 1.0, rate, rate as usize), rate).unwrap();
            let middle = &out[2_000..14_000];
            let power = middle.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>();
            let db = 10.0 * (2.0 * power / middle.len() as f64).log10();
            assert!(
                db < -100.0,
                "{rate} Hz: {freq_hz} Hz comes through at {db:.1} dB"
            );
        }
    }
}

#[test]
fn an_impulse_stays_where_it_was() {
    for (rate, at, expected) in [
        (48_000, 3_000, 1_000),
        (8_000, 500, 1_000),
        (44_100, 4_410, 1_600),
    ] {
        let mut samples = vec![0.0_f32; rate as usize / 4];
        samples[at] = 1.0;
        let out = to_16_khz(samples, rate).unwrap();
        let (peak, _) = out
            .iter()
            .enumerate()
            .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
            .unwrap();
        assert_eq!(peak, expected, "{rate} Hz");
        // Linear phase: the response is even around its peak.
        for k in 1..20 {
            assert!(
                (out[expected - k] - out[expected + k]).abs() < 1e-5,
                "{rate} Hz, {k}"
            );
        }
    }
}

#[test]
fn any_length_and_rate_gives_the_rounded_length() {
    for rate in [1_000_u32, 7_999, 11_025, 12_345, 44_099, 768_000] {
        for n in [1_usize, 2, 3, 47, 1_000, 5_001] {
            let expected = (2 * n * 16_000 + rate as usize) / (2 * rate as usize);
            match to_16_khz(vec![0.25; n], rate) {
                Ok(out) => {
                    assert_eq!(out.len(), expected, "{n} at {rate} Hz");
                    assert!(out.iter().all(|s| s.is_finite()));
                }
                Err(fault) => assert_eq!((expected, fault.to_string().as_str()), (0, "0 samples")),
            }
        }
    }
}
