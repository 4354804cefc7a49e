//! Writing FLAC.

use std::io::{self, Cursor, Write as _};
use std::path::Path;

use flac_codec::encode::{FlacSampleWriter, Options};
use phonoscope_analysis::file::write_atomic;

use crate::error::{Error, Result};

const FULL_SCALE: f32 = 32_767.0;
const BITS: u32 = 16;

/// Writes mono FLAC of 16 bits: to a temporary file beside it, then renamed. Full scale is 1; what
/// exceeds it is cut off.
///
/// # Errors
/// [`Error::Write`], also for no samples at all and for a sample that is not finite.
pub fn write_flac(path: &Path, samples: &[f32], sample_rate_hz: u32) -> Result<()> {
    let bytes = encode(samples, sample_rate_hz).map_err(|e| Error::write(path, e))?;
    write_atomic(path, |file| file.write_all(&bytes)).map_err(|e| Error::write(path, e))
}

fn encode(samples: &[f32], sample_rate_hz: u32) -> io::Result<Vec<u8>> {
    if samples.is_empty() || samples.iter().any(|sample| !sample.is_finite()) {
        let why = "a recording needs samples, all of them finite";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    let whole: Vec<i32> = samples
        .iter()
        .map(|sample| (sample.clamp(-1.0, 1.0) * FULL_SCALE).round() as i32)
        .collect();
    let mut bytes = Cursor::new(Vec::new());
    let options = Options::default().no_padding().no_seektable();
    let total = Some(whole.len() as u64);
    let mut writer = FlacSampleWriter::new(&mut bytes, options, sample_rate_hz, BITS, 1, total)
        .map_err(io::Error::other)?;
    writer.write(&whole).map_err(io::Error::other)?;
    writer.finalize().map_err(io::Error::other)?;
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::{self, Codec};
    use proptest::prelude::*;

    fn written(samples: &[f32], sample_rate_hz: u32) -> (u64, audio::Waveform) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.flac");
        write_flac(&path, samples, sample_rate_hz).unwrap();
        let length = std::fs::metadata(&path).unwrap().len();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        (length, audio::read(&path).unwrap())
    }

    /// The value that 16 bits hold for a sample; the reader divides by 32,768.
    fn held(sample: f32) -> f32 {
        (sample.clamp(-1.0, 1.0) * 32_767.0).round() / 32_768.0
    }

    #[test]
    fn speech_like_sound_comes_back_bit_by_bit_and_smaller() {
        let samples: Vec<f32> = (0..40_000)
            .map(|n| {
                let t = n as f32 / 16_000.0;
                let pulse = (t * 120.0 * std::f32::consts::TAU).sin().powi(5);
                0.6 * pulse * (t * 2.0 * std::f32::consts::TAU).sin()
            })
            .collect();
        let (length, read) = written(&samples, 16_000);
        let held: Vec<f32> = samples.iter().copied().map(held).collect();
        assert_eq!(read.samples, held);
        assert_eq!(read.source.codec, Codec::Flac);
        assert_eq!((read.source.bits, read.source.channels), (Some(16), 1));
        assert!(length < 2 * 40_000 * 8 / 10, "{length}");
    }

    #[test]
    fn other_rates_are_named_in_the_file_and_converted_on_reading() {
        let (_, read) = written(&vec![0.25; 24_000], 24_000);
        assert_eq!(read.source.sample_rate_hz, 24_000);
        assert_eq!(read.samples.len(), 16_000);
    }

    #[test]
    fn nothing_and_not_a_number_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        for samples in [&[][..], &[0.0, f32::NAN], &[f32::INFINITY]] {
            let error = write_flac(&folder.path().join("x.flac"), samples, 16_000).unwrap_err();
            assert!(error.to_string().contains("finite"), "{error}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(write_flac(&folder.path().join("no/x.flac"), &[0.0], 16_000).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn any_sound_comes_back(samples in prop::collection::vec(-1.5f32..1.5, 1..9000)) {
            let (_, read) = written(&samples, 16_000);
            let held: Vec<f32> = samples.iter().copied().map(held).collect();
            prop_assert_eq!(read.samples, held);
        }
    }
}
