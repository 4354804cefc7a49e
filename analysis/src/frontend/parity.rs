//! Whether this machine computes the features that the reference programs compute.
//!
//! A synthetic signal ([`signal`]) was given to each reference program once, and some of the
//! features that it gave are kept here. [`front_end_parity`] computes the same features and
//! compares.

mod values;

use super::{
    Channel, FrontEnd, KaldiFbank, Layout, LogSpectrum, MeanNormalise, MelSpectrogram, Normalise,
    Waveform, WhisperLogMel, WhisperPad,
};
use crate::signal::WindowShape;

/// Length of [`signal`].
const SIGNAL_SAMPLES: u32 = 40_000;
/// From here on the signal is quiet noise.
const QUIET_FROM: u32 = 32_000;

/// Batch, step, band and value.
type Value = (usize, usize, usize, f32);

/// Our features beside those of a reference program.
#[derive(Debug, Clone, PartialEq)]
pub struct Parity {
    /// Program and version that gave the reference values.
    pub reference: &'static str,
    /// Number of features compared.
    pub values: usize,
    /// Largest difference; infinite when the features could not be computed or have another shape.
    pub difference: f64,
    /// Largest difference that is rounding.
    pub tolerance: f64,
    /// What both are measured in.
    pub unit: ParityUnit,
}

/// What a difference of features is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParityUnit {
    /// Absolute, in units of the logarithmic feature.
    Log,
    /// Relative to the reference value.
    Relative,
}

impl ParityUnit {
    /// In words for reports.
    pub fn words(self) -> &'static str {
        match self {
            Self::Log => "log units",
            Self::Relative => "of the value",
        }
    }

    /// Single precision in the references leaves this much room.
    fn tolerance(self) -> f64 {
        match self {
            Self::Log => 1e-3,
            Self::Relative => 1e-4,
        }
    }

    fn difference(self, ours: f32, reference: f32) -> f64 {
        let (ours, reference) = (f64::from(ours), f64::from(reference));
        match self {
            Self::Log => (ours - reference).abs(),
            Self::Relative => (ours - reference).abs() / reference.abs(),
        }
    }
}

impl Parity {
    /// Whether the difference is within the tolerance.
    pub fn agrees(&self) -> bool {
        self.difference <= self.tolerance
    }
}

/// A front end with features that a reference program gave for [`signal`].
struct Reference {
    front_end: FrontEnd,
    program: &'static str,
    unit: ParityUnit,
    values: &'static [Value],
}

const LIBROSA: &str = "librosa 0.11.0 melspectrogram";
const WHISPER: &str = "transformers 4.46.3 WhisperFeatureExtractor";
const WAV2VEC2: &str = "transformers 4.46.3 Wav2Vec2FeatureExtractor";
const NEMO: &str = "onnx-asr 0.12.0 NeMo preprocessor, ONNX Runtime 1.31.1";
const TORCH: &str = "PyTorch 1.13.1 stft, log1p, z-score";
const KALDI: &str = "kaldi-native-fbank 1.23.0";

/// All that reference programs were asked for.
fn references() -> Vec<Reference> {
    let log = |front_end, program, values| Reference {
        front_end,
        program,
        unit: ParityUnit::Log,
        values,
    };
    let relative = |front_end, program, values| Reference {
        front_end,
        program,
        unit: ParityUnit::Relative,
        values,
    };
    let whisper = |mels, pad| {
        FrontEnd::WhisperLogMel(WhisperLogMel {
            mels,
            pad,
            ..WhisperLogMel::default()
        })
    };
    let (short, whole) = (WhisperPad::Multiple320, WhisperPad::Seconds30);
    let unit_variance = FrontEnd::Waveform(Waveform {
        normalise: Normalise::ZeroMeanUnitVariance,
        ..Waveform::default()
    });
    let kaldi = FrontEnd::KaldiFbank;
    let with_mean = |scale, window_type| {
        kaldi(KaldiFbank {
            mean_normalise: MeanNormalise::Utterance,
            scale,
            window_type,
            ..KaldiFbank::default()
        })
    };
    let integers = kaldi(KaldiFbank {
        scale: 32768.0,
        ..KaldiFbank::default()
    });
    let icefall = kaldi(KaldiFbank {
        snip_edges: false,
        high_freq: -400.0,
        ..KaldiFbank::default()
    });
    let (povey, hamming) = (WindowShape::Povey, WindowShape::Hamming);
    let nemo = |mels| FrontEnd::LnMel(MelSpectrogram::nemo(mels));
    let d_vector = FrontEnd::Log10Mel(MelSpectrogram::d_vector());
    let log_spectrum = FrontEnd::LogSpectrum(LogSpectrum::default());
    let smart_turn = FrontEnd::WhisperLogMel(WhisperLogMel::SMART_TURN);
    vec![
        relative(FrontEnd::Ge2eMel, LIBROSA, values::GE2E),
        log(whisper(80, short), WHISPER, values::WHISPER_80),
        log(whisper(80, whole), WHISPER, values::WHISPER_80_WHOLE),
        log(whisper(128, short), WHISPER, values::WHISPER_128),
        log(whisper(128, whole), WHISPER, values::WHISPER_128_WHOLE),
        log(smart_turn, WHISPER, values::SMART_TURN),
        relative(unit_variance, WAV2VEC2, values::UNIT_VARIANCE),
        log(d_vector, LIBROSA, values::D_VECTOR),
        log(nemo(80), NEMO, values::NEMO_80),
        log(nemo(128), NEMO, values::NEMO_128),
        log(kaldi(KaldiFbank::default()), KALDI, values::KALDI),
        log(integers, KALDI, values::KALDI_INTEGERS),
        log(with_mean(1.0, povey), KALDI, values::CAMPPLUS),
        log(with_mean(32768.0, povey), KALDI, values::INTEGERS_MEAN),
        log(with_mean(32768.0, hamming), KALDI, values::WESPEAKER),
        log(icefall, KALDI, values::ICEFALL),
        log(log_spectrum, TORCH, values::LOG_SPECTRUM),
    ]
}

/// A signal of 2.5 s that any program can make again: two triangle waves, one of rising pitch,
/// with noise; the last half second is quiet. Whole numbers of 2⁻¹⁵, so that single precision
/// holds them exactly.
pub fn signal() -> Vec<f32> {
    let triangle = |phase: u32| ((phase & 0xffff) as i32 - 0x8000).abs() - 0x4000;
    let mut state = 1u32;
    (0..SIGNAL_SAMPLES)
        .map(|i| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = ((state >> 16) & 0x1fff) as i32 - 4096;
            let sample = if i < QUIET_FROM {
                let rising = triangle(i * 300 + ((i * i) >> 6));
                let envelope = (i & 4095) as i32;
                ((rising * envelope) >> 12) + (triangle(i * 2621) >> 2) + (noise >> 2)
            } else {
                noise >> 7
            };
            sample as f32 / 32768.0
        })
        .collect()
}

/// The front end without what changes no value: the order of the axes.
fn canonical(front_end: &FrontEnd) -> FrontEnd {
    let mut front_end = front_end.clone();
    match &mut front_end {
        FrontEnd::Waveform(settings) => settings.channel = Channel::None,
        FrontEnd::Ge2eMel | FrontEnd::WhisperLogMel(_) | FrontEnd::LogSpectrum(_) => {}
        FrontEnd::KaldiFbank(settings) => settings.layout = Layout::TimeFirst,
        FrontEnd::PowerMel(settings) | FrontEnd::Log10Mel(settings) | FrontEnd::LnMel(settings) => {
            settings.layout = Layout::TimeFirst;
        }
    }
    front_end
}

/// Compares features of this front end with those of the reference program; `None` where none was
/// asked for exactly these settings.
pub fn front_end_parity(front_end: &FrontEnd) -> Option<Parity> {
    let wanted = canonical(front_end);
    let reference = references()
        .into_iter()
        .find(|reference| canonical(&reference.front_end) == wanted)?;
    let axis = front_end.time_axis();
    let ours = front_end.compute(&signal()).ok();
    let value_at = |&(batch, step, band, _): &Value| {
        let data = &ours.as_ref()?.data;
        let at = match (data.ndim(), axis) {
            (2, _) => vec![batch, step],
            (_, 3) => vec![batch, 0, band, step],
            (_, 2) if matches!(front_end, FrontEnd::Waveform(_)) => vec![batch, 0, step],
            (_, 1) => vec![batch, step, band],
            _ => vec![batch, band, step],
        };
        data.get(at.as_slice()).copied()
    };
    let differences = reference.values.iter().map(|value| {
        value_at(value).map_or(f64::INFINITY, |ours| {
            reference.unit.difference(ours, value.3)
        })
    });
    Some(Parity {
        reference: reference.program,
        values: reference.values.len(),
        difference: differences.fold(0.0, f64::max),
        tolerance: reference.unit.tolerance(),
        unit: reference.unit,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signal_is_the_one_that_the_references_were_given() {
        let signal = signal();
        assert_eq!(signal.len(), 40_000);
        let first: Vec<f32> = signal.iter().take(5).map(|x| x * 32768.0).collect();
        assert_eq!(first, [4898.0, 4373.0, 1837.0, 2425.0, 1293.0]);
        let sum: f64 = signal.iter().map(|x| f64::from(*x) * 32768.0).sum();
        assert_eq!(sum, -314_255.0);
    }

    #[test]
    fn every_reference_agrees_in_any_layout() {
        for reference in references() {
            let parity = front_end_parity(&reference.front_end).unwrap();
            let words = reference.front_end.describe();
            assert!(parity.agrees(), "{}: {words}", parity.difference);
            assert!(parity.values >= 16, "{words}");
            let mut turned = reference.front_end.clone();
            match &mut turned {
                FrontEnd::KaldiFbank(settings) => settings.layout = Layout::DimFirst,
                FrontEnd::LnMel(settings) => settings.layout = Layout::TimeFirst,
                FrontEnd::Waveform(settings) => settings.channel = Channel::Axis,
                _ => {}
            }
            let again = front_end_parity(&turned).unwrap();
            assert!(
                again.agrees(),
                "{}: {}",
                again.difference,
                turned.describe()
            );
        }
    }

    #[test]
    fn other_features_do_not_agree() {
        let references = references();
        for (i, a) in references.iter().enumerate() {
            for b in references.iter().skip(i + 1) {
                let same = a.values.iter().zip(b.values).all(|(a, b)| a == b);
                assert!(
                    !same,
                    "{} and {}",
                    a.front_end.describe(),
                    b.front_end.describe()
                );
            }
        }
        let largest = |front_end: &FrontEnd, reference: &Reference| {
            let data = front_end.compute(&signal()).unwrap().data;
            let differences = reference.values.iter().map(|(batch, step, band, value)| {
                reference
                    .unit
                    .difference(data[[*batch, *step, *band]], *value)
            });
            differences.fold(0.0, f64::max)
        };
        let hann = FrontEnd::KaldiFbank(KaldiFbank {
            window_type: WindowShape::Hann,
            ..KaldiFbank::default()
        });
        let kaldi = references
            .iter()
            .find(|r| r.front_end == FrontEnd::KaldiFbank(KaldiFbank::default()))
            .unwrap();
        assert!(largest(&hann, kaldi) > 10.0 * ParityUnit::Log.tolerance());
        assert!(largest(&kaldi.front_end, kaldi) <= ParityUnit::Log.tolerance());
        assert_eq!(front_end_parity(&hann), None, "no program was asked for it");
        assert_eq!(front_end_parity(&FrontEnd::waveform()), None);
    }
}
