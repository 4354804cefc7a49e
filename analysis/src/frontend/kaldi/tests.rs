use std::f64::consts::{PI, TAU};

use proptest::prelude::*;

use super::*;
use crate::frontend::FrontEnd;

fn noise(n: usize) -> Vec<f32> {
    (0..n)
        .map(|i| ((i * 7919) % 997) as f32 / 997.0 - 0.5)
        .collect()
}

/// Kaldi's definition, written down anew: every sum as it stands in the formulas, by a plain
/// discrete Fourier transform.
fn by_definition(options: &KaldiFbank, samples: &[f32]) -> Vec<Vec<f64>> {
    let length = (16.0 * options.frame_length) as usize;
    let shift = (16.0 * options.frame_shift) as usize;
    let n = samples.len();
    let n_frames = if options.snip_edges {
        if n < length {
            0
        } else {
            1 + (n - length) / shift
        }
    } else {
        (n + shift / 2) / shift
    };
    let points = if options.round_to_power_of_two {
        (0..).map(|k| 1 << k).find(|p| *p >= length).unwrap()
    } else {
        length
    };
    let window: Vec<f64> = (0..length)
        .map(|i| {
            let a = 2.0 * PI * i as f64 / (length - 1) as f64;
            match options.window_type {
                WindowShape::Hann => 0.5 - 0.5 * a.cos(),
                WindowShape::Hamming => 0.54 - 0.46 * a.cos(),
                WindowShape::Povey => (0.5 - 0.5 * a.cos()).powf(0.85),
                WindowShape::Rectangular => 1.0,
                WindowShape::Blackman => 0.42 - 0.5 * a.cos() + 0.08 * (2.0 * a).cos(),
            }
        })
        .collect();
    let mel = |hz: f64| 1127.0 * (1.0 + hz / 700.0).ln();
    let high = if options.high_freq <= 0.0 {
        8000.0 + options.high_freq
    } else {
        options.high_freq
    };
    let delta = (mel(high) - mel(options.low_freq)) / (options.num_mel_bins + 1) as f64;
    (0..n_frames)
        .map(|frame| {
            let begin = if options.snip_edges {
                (frame * shift) as i64
            } else {
                (frame * shift + shift / 2) as i64 - (length / 2) as i64
            };
            let mut x: Vec<f64> = (0..length as i64)
                .map(|i| {
                    let mut at = begin + i;
                    while at < 0 || at >= n as i64 {
                        at = if at < 0 {
                            -at - 1
                        } else {
                            2 * n as i64 - 1 - at
                        };
                    }
                    f64::from(samples[at as usize]) * options.scale
                })
                .collect();
            if options.remove_dc_offset {
                let mean = x.iter().sum::<f64>() / length as f64;
                x.iter_mut().for_each(|v| *v -= mean);
            }
            let energy = |x: &[f64]| {
                let sum: f64 = x.iter().map(|v| v * v).sum();
                sum.max(f64::from(f32::EPSILON))
                    .max(options.energy_floor)
                    .ln()
            };
            let raw = energy(&x);
            for i in (1..length).rev() {
                x[i] -= options.preemphasis_coefficient * x[i - 1];
            }
            x[0] -= options.preemphasis_coefficient * x[0];
            for (v, w) in x.iter_mut().zip(&window) {
                *v *= w;
            }
            let mut row = Vec::new();
            if options.use_energy {
                row.push(if options.raw_energy { raw } else { energy(&x) });
            }
            let spectrum: Vec<f64> = (0..points / 2)
                .map(|k| {
                    let (mut re, mut im) = (0.0, 0.0);
                    for (i, v) in x.iter().enumerate() {
                        let angle = TAU * (k * i % points) as f64 / points as f64;
                        re += v * angle.cos();
                        im -= v * angle.sin();
                    }
                    let power = re * re + im * im;
                    if options.use_power {
                        power
                    } else {
                        power.sqrt()
                    }
                })
                .collect();
            for band in 0..options.num_mel_bins {
                let left = mel(options.low_freq) + band as f64 * delta;
                let (centre, right) = (left + delta, left + 2.0 * delta);
                let mut sum = 0.0;
                for (k, value) in spectrum.iter().enumerate() {
                    let at = mel(16000.0 / points as f64 * k as f64);
                    if at > left && at < right {
                        sum += value
                            * if at <= centre {
                                (at - left) / (centre - left)
                            } else {
                                (right - at) / (right - centre)
                            };
                    }
                }
                row.push(if options.use_log_fbank {
                    sum.max(f64::from(f32::EPSILON)).ln()
                } else {
                    sum
                });
            }
            row
        })
        .collect()
}

fn assert_equal(options: &KaldiFbank, samples: &[f32]) {
    let expected = by_definition(options, samples);
    let got = options.compute(samples).unwrap();
    assert_eq!(got.shape()[1], expected.len(), "{}", options.describe());
    assert_eq!(options.steps(samples.len()), expected.len());
    let got: Vec<f64> = got.iter().map(|x| f64::from(*x)).collect();
    for (a, b) in got.iter().zip(expected.iter().flatten()) {
        let near = (a - b).abs() <= 1e-5 * (1.0 + b.abs());
        assert!(near, "{a} {b}: {}", options.describe());
    }
}

#[test]
fn every_option_equals_the_definition() {
    let samples = noise(1500);
    let change = |change: &dyn Fn(&mut KaldiFbank)| {
        let mut options = KaldiFbank {
            num_mel_bins: 23,
            ..KaldiFbank::default()
        };
        change(&mut options);
        assert_equal(&options, &samples);
    };
    change(&|_| ());
    for window in [
        WindowShape::Hann,
        WindowShape::Hamming,
        WindowShape::Rectangular,
        WindowShape::Blackman,
    ] {
        change(&|o| o.window_type = window);
    }
    change(&|o| o.snip_edges = false);
    change(&|o| (o.frame_length, o.frame_shift) = (20.0, 12.5));
    change(&|o| (o.low_freq, o.high_freq) = (60.0, -400.0));
    change(&|o| o.high_freq = 7600.0);
    change(&|o| o.preemphasis_coefficient = 0.0);
    change(&|o| o.remove_dc_offset = false);
    change(&|o| o.use_energy = true);
    change(&|o| (o.use_energy, o.raw_energy, o.energy_floor) = (true, false, 1e12));
    change(&|o| o.round_to_power_of_two = false);
    change(&|o| o.use_log_fbank = false);
    change(&|o| o.use_power = false);
    change(&|o| o.scale = 1.0);
}

#[test]
fn silence_is_the_smallest_energy() {
    let fbank = KaldiFbank::default().compute(&[0.0; 800]).unwrap();
    assert_eq!(fbank.shape(), [1, 3, 80]);
    assert!(fbank.iter().all(|x| *x == f32::EPSILON.ln()));
}

#[test]
fn the_mean_over_the_utterance_is_subtracted() {
    let options = KaldiFbank {
        mean_normalise: MeanNormalise::Utterance,
        layout: Layout::DimFirst,
        ..KaldiFbank::default()
    };
    let fbank = options.compute(&noise(8000)).unwrap();
    assert_eq!(fbank.shape(), [1, 80, 48]);
    for band in fbank.index_axis(Axis(0), 0).rows() {
        assert!(band.mean().unwrap().abs() < 1e-4);
    }
}

#[test]
fn stacks_by_hand() {
    let frames = Array2::from_shape_fn((5, 1), |(t, _)| t as f32);
    let stacked = Lfr { m: 3, n: 2 }.stack(&frames);
    assert_eq!(
        stacked,
        ndarray::array![[0.0, 0.0, 1.0], [1.0, 2.0, 3.0], [3.0, 4.0, 4.0]]
    );
    let options = KaldiFbank {
        lfr: Some(Lfr { m: 7, n: 6 }),
        ..KaldiFbank::default()
    };
    let n = 400 + 13 * 160;
    assert_eq!(options.compute(&noise(n)).unwrap().shape(), [1, 3, 560]);
    assert_eq!((options.steps(n), options.step_samples()), (3, 960));
}

#[test]
fn senseless_settings_are_named() {
    let check = |change: &dyn Fn(&mut KaldiFbank)| {
        let mut options = KaldiFbank::default();
        change(&mut options);
        options.check().unwrap_err().to_string()
    };
    assert!(check(&|o| o.dither = 1.0).contains("dither"));
    assert!(check(&|o| o.frame_length = 1e9).contains("frame_length"));
    assert!(check(&|o| o.frame_shift = 0.0).contains("frame_shift"));
    assert!(check(&|o| o.num_mel_bins = 0).contains("num_mel_bins"));
    assert!(check(&|o| o.low_freq = -1.0).contains("band"));
    assert!(check(&|o| o.scale = f64::INFINITY).contains("scale"));
    assert!(check(&|o| o.lfr = Some(Lfr { m: 0, n: 1 })).contains("lfr"));
    let odd = check(&|o| (o.frame_length, o.round_to_power_of_two) = (1.1, false));
    assert!(odd.contains("even"), "{odd}");
}

#[test]
fn too_short_audio_is_refused() {
    let snipped = FrontEnd::KaldiFbank(KaldiFbank::default());
    assert!(snipped.compute(&noise(399)).is_err());
    assert!(snipped.compute(&noise(400)).is_ok());
    let mirrored = FrontEnd::KaldiFbank(KaldiFbank {
        snip_edges: false,
        ..KaldiFbank::default()
    });
    assert!(mirrored.compute(&noise(79)).is_err());
    assert_eq!(
        mirrored.compute(&noise(80)).unwrap().data.shape(),
        [1, 1, 80]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_length_equals_the_definition(n in 80usize..1200, snip_edges in any::<bool>()) {
        let options = KaldiFbank { num_mel_bins: 10, snip_edges, ..KaldiFbank::default() };
        assert_equal(&options, &noise(n));
    }
}
