use approx::assert_relative_eq;
use proptest::prelude::*;

use ndarray::{ArrayD, s};

use super::compute::gain_to_level;
use super::*;
use crate::Error;
use crate::frontend::FrontEnd;
use crate::frontend::preset;

fn noise(n: usize) -> Vec<f32> {
    (0..n)
        .map(|i| ((i * 7919) % 997) as f32 / 997.0 - 0.5)
        .collect()
}

fn compute(mel: &MelSpectrogram, compression: Compression, samples: &[f32]) -> ArrayD<f32> {
    mel.compute("log10_mel", compression, samples).unwrap()
}

#[test]
fn ge2e_window_counts_by_hand() {
    // One window up to 160 frames; a second from 161 frames, kept once 75 % covered:
    // (77 + 120) · 160 = 31,520 samples.
    let mel = preset::ge2e();
    let windows = mel.windows.clone().unwrap();
    for (n_samples, expected) in [
        (400, 1),
        (25_600, 1),
        (31_519, 1),
        (31_520, 2),
        (113_600, 8),
        (128_000, 9),
    ] {
        assert_eq!(windows.count(n_samples, &mel), expected, "{n_samples}");
    }
}

#[test]
fn complete_windows_by_hand() {
    // 80 frames need 79 hops; the second window 40 hops more.
    let mel = MelSpectrogram::d_vector();
    for (n_samples, expected) in [(79 * 160, 1), (119 * 160 - 1, 1), (119 * 160, 2)] {
        let out = compute(&mel, Compression::Log10, &noise(n_samples));
        assert_eq!(out.shape(), [expected, 80, 40]);
    }
    let short = FrontEnd::Log10Mel(mel).compute(&noise(79 * 160 - 1));
    let needed = 79 * 160;
    assert!(matches!(short, Err(Error::TooFew { needed: n, .. }) if n == needed));
}

#[test]
fn quiet_audio_is_raised_and_loud_audio_left() {
    let gain = |samples: &[f32]| gain_to_level("ge2e_mel", samples, -30.0);
    assert_relative_eq!(gain(&[1e-3, -1e-3]).unwrap(), 31.622_776, epsilon = 1e-4);
    assert_relative_eq!(gain(&[0.5, -0.5]).unwrap(), 1.0);
    let silence = FrontEnd::Ge2eMel.compute(&[0.0; 400]).unwrap_err();
    assert!(silence.to_string().contains("ge2e_mel: level"), "{silence}");
}

#[test]
fn level_of_quiet_audio_does_not_matter() {
    let loud: Vec<f32> = noise(20_000).iter().map(|x| x * 1e-2).collect();
    let soft: Vec<f32> = loud.iter().map(|x| x / 8.0).collect();
    let mel = preset::ge2e();
    let loud = compute(&mel, Compression::None, &loud);
    let soft = compute(&mel, Compression::None, &soft);
    for (a, b) in loud.iter().zip(&soft) {
        assert_relative_eq!(*a, *b, max_relative = 1e-6);
    }
}

#[test]
fn windows_overlap() {
    let mel = compute(&preset::ge2e(), Compression::None, &noise(60_000));
    let mel: ndarray::Array3<f32> = mel.into_dimensionality().unwrap();
    assert_eq!(mel.slice(s![0, 77.., ..]), mel.slice(s![1, ..83, ..]));
}

#[test]
fn logarithms_and_floors_by_hand() {
    let samples = noise(4000);
    let mut mel = MelSpectrogram::default();
    let power = compute(&mel, Compression::None, &samples);
    let plain = compute(&mel, Compression::Log10, &samples);
    mel.floor = Some(Floor::Add(1e-6));
    let added = compute(&mel, Compression::Log10, &samples);
    mel.floor = Some(Floor::AtLeast(0.02));
    mel.factor = 10.0;
    let ln = compute(&mel, Compression::Ln, &samples);
    for (((p, plain), added), ln) in power.iter().zip(&plain).zip(&added).zip(&ln) {
        let p = f64::from(*p);
        assert_relative_eq!(f64::from(*plain), p.max(1e-10).log10(), epsilon = 1e-5);
        assert_relative_eq!(f64::from(*added), (p + 1e-6).log10(), epsilon = 1e-5);
        assert_relative_eq!(f64::from(*ln), 10.0 * p.max(0.02).ln(), epsilon = 1e-4);
    }
}

#[test]
fn bands_are_normalised_over_the_utterance() {
    let mut frames = ndarray::array![[1.0f32, 5.0], [3.0, 5.0]];
    BandNormalise::MeanStd.apply(&mut frames);
    // Deviation of the sample {1, 3}: √2.
    let expected = 1.0 / (2f64.sqrt() + 1e-5);
    assert_relative_eq!(f64::from(frames[[1, 0]]), expected, epsilon = 1e-6);
    assert_eq!([frames[[0, 1]], frames[[1, 1]]], [0.0, 0.0]);
    let mut frames = ndarray::array![[1.0f32, 5.0], [3.0, 5.0]];
    BandNormalise::Mean.apply(&mut frames);
    assert_eq!(frames, ndarray::array![[-1.0, 0.0], [1.0, 0.0]]);
}

#[test]
fn the_layout_swaps_frames_and_bands() {
    let mut mel = MelSpectrogram::default();
    let time_first = compute(&mel, Compression::Ln, &noise(3000));
    mel.layout = Layout::DimFirst;
    let dim_first = compute(&mel, Compression::Ln, &noise(3000));
    assert_eq!(dim_first.shape(), [1, 80, 19]);
    assert_eq!(time_first.permuted_axes(vec![0, 2, 1]), dim_first);
}

#[test]
fn senseless_settings_are_named() {
    let check = |change: &dyn Fn(&mut MelSpectrogram)| {
        let mut mel = MelSpectrogram::default();
        change(&mut mel);
        let error = mel.check("log10_mel", Compression::Log10).unwrap_err();
        error.to_string()
    };
    assert!(check(&|mel| mel.n_fft = 0).contains("n_fft"));
    assert!(check(&|mel| mel.n_fft = 401).contains("n_fft"));
    assert!(check(&|mel| mel.hop_length = 0).contains("hop"));
    assert!(check(&|mel| mel.win_length = 401).contains("win_length"));
    assert!(check(&|mel| mel.mels = usize::MAX).contains("mels"));
    assert!(check(&|mel| mel.high_hz = 9000.0).contains("band"));
    assert!(check(&|mel| mel.floor = Some(Floor::Add(0.0))).contains("floor"));
    assert!(check(&|mel| mel.factor = f64::NAN).contains("factor"));
    let windows = |frames, keep_from| {
        Some(MelWindows {
            frames,
            stride: 1,
            keep_from,
        })
    };
    assert!(check(&|mel| mel.windows = windows(0, None)).contains("windows"));
    assert!(check(&|mel| mel.windows = windows(5, Some(2.0))).contains("keep_from"));
    let mel = MelSpectrogram {
        floor: Some(Floor::Add(1.0)),
        ..MelSpectrogram::default()
    };
    assert!(mel.check("power_mel", Compression::None).is_err());
    let huge = MelSpectrogram {
        windows: windows(usize::MAX / 2, Some(0.0)),
        ..MelSpectrogram::default()
    };
    assert!(FrontEnd::PowerMel(huge).compute(&noise(1000)).is_err());
}

proptest! {
    #[test]
    fn any_length_gives_the_steps_that_are_announced(
        n in 512usize..9000,
        hop in 1usize..400,
        reflect in any::<bool>(),
        drop_last in any::<bool>(),
    ) {
        let mel = MelSpectrogram {
            n_fft: 512,
            hop_length: hop,
            mels: 20,
            last_frame: if drop_last { LastFrame::Drop } else { LastFrame::Keep },
            pad: if reflect { Padding::Reflect } else { Padding::None },
            ..MelSpectrogram::default()
        };
        prop_assume!(n >= mel.needed_samples());
        let steps = mel.steps(n);
        let out = compute(&mel, Compression::Ln, &noise(n));
        prop_assert_eq!(out.shape(), &[1, steps, 20]);
    }
}
