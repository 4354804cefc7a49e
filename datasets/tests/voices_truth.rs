//! The planted truth of the built-in voices comes back from the audio by simple independent
//! measures.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use phonoscope_analysis::signal::{Padding, Stft};
use phonoscope_datasets::synth::voices::{Sex, VoicePlan, render};

const RATE: f64 = 16_000.0;

/// A clear voice: nothing but what a test changes should matter.
fn clear() -> VoicePlan {
    VoicePlan {
        speaker: "test".into(),
        sex: Sex::Male,
        f0_hz: 120.0,
        f0_range_st: 3.0,
        vtl_cm: 17.5,
        jitter_percent: 0.2,
        breathiness_db: -40.0,
        tilt_db_per_octave: -7.0,
        shimmer_percent: 0.0,
        level_dbfs: -24.0,
        sonorants_only: false,
        rate_syllables_per_sec: 4.0,
        duration_secs: 6.0,
        seed: 5,
    }
}

fn speak(voice: &VoicePlan, index: usize) -> Vec<f64> {
    let samples = render(voice, index).unwrap();
    samples.into_iter().map(f64::from).collect()
}

/// A voiced 40 ms frame by normalised autocorrelation.
struct Voiced {
    f0_hz: f64,
    peak: f64,
}

/// Frames every 20 ms that are loud and periodic, with F0 within an octave of `near_hz`.
fn voiced_frames(samples: &[f64], near_hz: f64) -> Vec<Voiced> {
    let len = 640;
    let loud = 0.3 * rms(samples);
    let longest = (RATE / near_hz * 1.9) as usize;
    let shortest = (RATE / near_hz / 1.9) as usize;
    let mut frames = Vec::new();
    for start in (0..samples.len().saturating_sub(len + longest + 1)).step_by(320) {
        let here = &samples[start..start + len];
        if rms(here) < loud {
            continue;
        }
        let correlation = |lag: usize| {
            let there = &samples[start + lag..start + lag + len];
            let dot: f64 = here.iter().zip(there).map(|(a, b)| a * b).sum();
            dot / (rms(here) * rms(there) * len as f64).max(1e-12)
        };
        let curve: Vec<f64> = (shortest..=longest).map(correlation).collect();
        let best = (1..curve.len() - 1)
            .max_by(|a, b| curve[*a].total_cmp(&curve[*b]))
            .unwrap();
        if curve[best] < 0.6 {
            continue;
        }
        let (a, b, c) = (curve[best - 1], curve[best], curve[best + 1]);
        let shift = 0.5 * (a - c) / (a - 2.0 * b + c);
        frames.push(Voiced {
            f0_hz: RATE / ((shortest + best) as f64 + shift),
            peak: b.min(0.99999),
        });
    }
    frames
}

fn rms(x: &[f64]) -> f64 {
    (x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64).sqrt()
}

fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * share).round() as usize]
}

/// Mean power `[bin]` at 31.25 Hz.
fn long_term_spectrum(samples: &[f64]) -> Vec<f64> {
    let power = Stft::new(512, 160)
        .unwrap()
        .power(samples, Padding::Zeros)
        .unwrap();
    power.columns().into_iter().map(|bin| bin.sum()).collect()
}

fn band_db(spectrum: &[f64], low_hz: f64, high_hz: f64) -> f64 {
    let bins = (low_hz / 31.25) as usize..(high_hz / 31.25) as usize;
    10.0 * spectrum[bins].iter().sum::<f64>().log10()
}

#[test]
fn f0_comes_back_within_one_and_a_half_percent() {
    for f0_hz in [90.0, 130.0, 180.0, 240.0] {
        let voice = VoicePlan { f0_hz, ..clear() };
        let frames = voiced_frames(&speak(&voice, 0), f0_hz);
        assert!(frames.len() > 60, "{}", frames.len());
        let logs: f64 = frames.iter().map(|f| f.f0_hz.ln()).sum();
        let found = (logs / frames.len() as f64).exp();
        println!("F0: planted {f0_hz} Hz, found {found:.2} Hz");
        assert!(
            (found / f0_hz - 1.0).abs() < 0.015,
            "planted {f0_hz}, found {found}"
        );
    }
}

#[test]
fn f0_range_comes_back() {
    for range_st in [2.0, 5.0, 10.0] {
        let voice = VoicePlan {
            f0_range_st: range_st,
            ..clear()
        };
        let frames = voiced_frames(&speak(&voice, 1), voice.f0_hz);
        let semitones: Vec<f64> = frames.iter().map(|f| 12.0 * f.f0_hz.log2()).collect();
        let found = quantile(semitones.clone(), 0.99) - quantile(semitones, 0.01);
        println!("F0 range: planted {range_st} st, found {found:.2} st (1st to 99th percentile)");
        assert!(
            (found / range_st - 1.0).abs() < 0.2,
            "planted {range_st}, found {found}"
        );
    }
}

/// Shift in octaves that best aligns two long-term spectra between 1 and 6 kHz.
fn spectral_shift_octaves(from: &[f64], to: &[f64]) -> f64 {
    let level = |spectrum: &[f64], freq_hz: f64| {
        let centre = freq_hz / 31.25;
        let sum: f64 = (-3..=3)
            .map(|k| spectrum[(centre + f64::from(k)).round() as usize])
            .sum();
        sum.log10()
    };
    let grid: Vec<f64> = (0..300)
        .map(|i| 1200.0 * (f64::from(i) / 180.0).exp2())
        .collect();
    let misfit = |shift: f64| {
        let pairs = grid.iter().filter(|f| **f * shift.exp2() < 6000.0);
        let gaps: Vec<f64> = pairs
            .map(|f| level(to, f * shift.exp2()) - level(from, *f))
            .collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        gaps.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / gaps.len() as f64
    };
    let shifts = (-100..=100).map(|i| f64::from(i) / 200.0);
    shifts
        .min_by(|a, b| misfit(*a).total_cmp(&misfit(*b)))
        .unwrap()
}

#[test]
fn formants_move_with_the_inverse_of_vocal_tract_length() {
    let spectrum = |vtl_cm| {
        let voice = VoicePlan {
            vtl_cm,
            duration_secs: 12.0,
            ..clear()
        };
        long_term_spectrum(&speak(&voice, 0))
    };
    let reference = spectrum(17.5);
    for vtl_cm in [13.5, 15.0, 16.0, 19.0, 20.0] {
        let planted = (17.5f64 / vtl_cm).log2();
        let found = spectral_shift_octaves(&reference, &spectrum(vtl_cm));
        println!("formants at {vtl_cm} cm: planted {planted:+.3} octaves, found {found:+.3}");
        assert!(
            (found - planted).abs() < 0.03,
            "planted {planted}, found {found}"
        );
    }
}

#[test]
fn breathiness_lowers_the_harmonics_to_noise_ratio() {
    let hnr_db = |breathiness_db| {
        let voice = VoicePlan {
            breathiness_db,
            f0_range_st: 1.0,
            ..clear()
        };
        let frames = voiced_frames(&speak(&voice, 0), voice.f0_hz);
        let ratios = frames
            .iter()
            .map(|f| 10.0 * (f.peak / (1.0 - f.peak)).log10());
        quantile(ratios.collect(), 0.5)
    };
    let found: Vec<f64> = [-40.0, -25.0, -15.0, -8.0].map(hnr_db).to_vec();
    println!("HNR at breathiness -40, -25, -15, -8 dB: {found:.1?} dB");
    assert!(found.windows(2).all(|w| w[0] > w[1]), "{found:?}");
    assert!(found[0] - found[3] > 6.0, "{found:?}");
}

/// Levels in dB of two equally wide bands, three octaves apart, in every frame.
fn band_levels(samples: &[f64]) -> Vec<(f64, f64)> {
    let stft = Stft::new(512, 160).unwrap();
    let power = stft.power(samples, Padding::Zeros).unwrap();
    let rows = power.rows().into_iter().map(|row| row.to_vec());
    rows.map(|row| (band_db(&row, 400.0, 580.0), band_db(&row, 3200.0, 4640.0)))
        .collect()
}

#[test]
fn tilt_moves_energy_between_bands() {
    let levels = |tilt_db_per_octave| {
        let voice = VoicePlan {
            tilt_db_per_octave,
            breathiness_db: -80.0,
            ..clear()
        };
        band_levels(&speak(&voice, 0))
    };
    let reference = levels(-8.0);
    let vowels = quantile(reference.iter().map(|l| l.0).collect(), 0.7);
    for tilt in [-11.0, -6.0, -4.0] {
        let pairs = reference
            .iter()
            .zip(levels(tilt))
            .filter(|(before, _)| before.0 > vowels);
        let gaps = pairs.map(|(before, after)| (after.1 - after.0) - (before.1 - before.0));
        let found = quantile(gaps.collect(), 0.5) / 3.0;
        let planted = tilt + 8.0;
        println!("tilt: planted {planted:+} dB/octave, found {found:+.2}");
        assert!(
            (found / planted - 1.0).abs() < 0.15,
            "planted {planted}, found {found}"
        );
    }
}

/// Mean absolute difference of neighbouring periods over the mean, in percent: the waveform around
/// each cycle's strongest sample is matched with the next cycle's.
fn cycle_jitter_percent(samples: &[f64], f0_hz: f64) -> f64 {
    let period = (RATE / f0_hz).round() as usize;
    let loud = 0.5 * rms(samples);
    let half = period / 6;
    let (mut at, mut differences, mut periods) = (period, Vec::new(), Vec::new());
    let mut previous: Option<f64> = None;
    while at + 3 * period < samples.len() {
        if previous.is_none() {
            let cycle = at..at + period;
            at = cycle
                .max_by(|a, b| samples[*a].abs().total_cmp(&samples[*b].abs()))
                .unwrap();
        }
        let here = &samples[at - half..=at + half];
        let match_at = |lag: usize| {
            let there = &samples[at + lag - half..=at + lag + half];
            let dot: f64 = here.iter().zip(there).map(|(a, b)| a * b).sum();
            dot / (rms(here) * rms(there) * here.len() as f64).max(1e-12)
        };
        let lags = period * 85 / 100..=period * 115 / 100;
        let best = lags
            .max_by(|a, b| match_at(*a).total_cmp(&match_at(*b)))
            .unwrap();
        if rms(here) < loud || match_at(best) < 0.9 {
            previous = None;
            at += period / 2;
            continue;
        }
        let (a, b, c) = (match_at(best - 1), match_at(best), match_at(best + 1));
        let found = best as f64 + 0.5 * (a - c) / (a - 2.0 * b + c);
        if let Some(previous) = previous {
            differences.push((found - previous).abs());
        }
        periods.push(found);
        previous = Some(found);
        at += best;
    }
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    100.0 * mean(&differences) / mean(&periods)
}

#[test]
fn jitter_raises_the_variation_of_periods() {
    let measured = |jitter_percent| {
        let voice = VoicePlan {
            jitter_percent,
            f0_range_st: 0.0,
            breathiness_db: -60.0,
            ..clear()
        };
        cycle_jitter_percent(&speak(&voice, 0), voice.f0_hz)
    };
    let planted = [0.0, 0.5, 1.0, 2.0];
    let found = planted.map(measured);
    println!("jitter: planted {planted:?} %, found {found:.2?} %");
    assert!(found.windows(2).all(|w| w[0] < w[1]), "{found:?}");
    for (planted, found) in planted.iter().zip(found).skip(2) {
        assert!(
            (found / planted - 1.0).abs() < 0.5,
            "planted {planted}, found {found}"
        );
    }
}

/// Peaks per second of the smoothed level of the vowel band, between the first and last peak,
/// leaving out pauses.
fn peaks_per_sec(samples: &[f64], rate: f64) -> f64 {
    let power = Stft::new(512, 80)
        .unwrap()
        .power(samples, Padding::Zeros)
        .unwrap();
    let raw: Vec<f64> = power
        .rows()
        .into_iter()
        .map(|r| r.iter().skip(8).take(56).sum())
        .collect();
    let half = (40.0 / rate) as usize;
    let smoothed: Vec<f64> = (0..raw.len())
        .map(|i| {
            let near = &raw[i.saturating_sub(half)..(i + half + 1).min(raw.len())];
            near.iter().sum::<f64>() / near.len() as f64
        })
        .collect();
    let top = quantile(smoothed.clone(), 0.95);
    let reach = (200.0 / rate * 0.45) as usize;
    let peaks: Vec<usize> = (reach..smoothed.len() - reach)
        .filter(|i| {
            let near = &smoothed[i - reach..=i + reach];
            smoothed[*i] > 0.03 * top && near.iter().all(|x| *x <= smoothed[*i])
        })
        .collect();
    let gaps: Vec<f64> = peaks
        .windows(2)
        .map(|w| (w[1] - w[0]) as f64 * 0.005)
        .collect();
    1.0 / quantile(gaps, 0.5)
}

#[test]
fn rate_sets_the_spacing_of_syllables() {
    for rate in [3.0, 4.5, 6.5] {
        let voice = VoicePlan {
            rate_syllables_per_sec: rate,
            duration_secs: 15.0,
            ..clear()
        };
        let found = peaks_per_sec(&speak(&voice, 0), rate);
        println!("rate: planted {rate} /s, found {found:.2} /s");
        assert!(
            (found / rate - 1.0).abs() < 0.15,
            "planted {rate}, found {found}"
        );
    }
}
