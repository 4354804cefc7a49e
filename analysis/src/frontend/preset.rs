//! Presets of the mel front ends: the settings that models of the catalogue were trained with.

use super::Layout;
use super::mel::{BandNormalise, Floor, LastFrame, MelSpectrogram, MelWindows, WindowForm};

pub(super) const DESCRIPTION: &str = "GE2E mel: 16 kHz; raised to -30 dBFS RMS if below; Hann 400, \
     hop 160, centred on zeros, power; 40 Slaney mels 0-8000 Hz, no log; windows of 160 frames \
     every 77, last one zero-padded and kept from 75 % coverage";

/// Settings of [`super::FrontEnd::Ge2eMel`] as a power mel.
pub(super) fn ge2e() -> MelSpectrogram {
    MelSpectrogram {
        mels: 40,
        min_level_dbfs: Some(-30.0),
        windows: Some(MelWindows {
            frames: 160,
            // 1.3 windows per second, rounded to whole frames.
            stride: 77,
            keep_from: Some(0.75),
        }),
        ..MelSpectrogram::default()
    }
}

impl MelSpectrogram {
    /// Of VoiceFilter's d-vector, as a [`super::FrontEnd::Log10Mel`]: 40 bands, complete windows
    /// of 80 frames every 40.
    pub fn d_vector() -> Self {
        Self {
            n_fft: 512,
            mels: 40,
            floor: Some(Floor::Add(1e-6)),
            windows: Some(MelWindows {
                frames: 80,
                stride: 40,
                keep_from: None,
            }),
            ..Self::default()
        }
    }

    /// Of NeMo's models, as a [`super::FrontEnd::LnMel`]: `mels` bands (80, or 128) to mean 0 and
    /// deviation 1, bands first.
    pub fn nemo(mels: usize) -> Self {
        Self {
            n_fft: 512,
            window_form: WindowForm::Symmetric,
            last_frame: LastFrame::Drop,
            mels,
            preemphasis: 0.97,
            floor: Some(Floor::Add(2f64.powi(-24))),
            normalise: BandNormalise::MeanStd,
            layout: Layout::DimFirst,
            ..Self::default()
        }
    }
}
