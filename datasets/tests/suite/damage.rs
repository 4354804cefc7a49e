//! Bad recordings are errors of one line with something to do about it, never panics.

use std::path::Path;

use phonoscope_datasets::audio;
use phonoscope_datasets::{AudioFault, Error};
use proptest::prelude::*;
use tempfile::tempdir;

use crate::signals::{fixture, sine, wav, write_float_wav, write_int_wav};

fn fault(path: &Path) -> AudioFault {
    let error = audio::read(path).expect_err("the recording is bad");
    let words = error.to_string();
    assert!(!words.contains('\n'), "{words}");
    assert!(error.hint().is_some(), "{words}");
    match error {
        Error::Audio { fault, .. } => fault,
        other => panic!("{other}"),
    }
}

fn fault_of_bytes(name: &str, bytes: &[u8]) -> AudioFault {
    let dir = tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    fault(&path)
}

#[test]
fn missing_empty_folder_and_text() {
    let dir = tempdir().unwrap();
    assert_eq!(fault(&dir.path().join("no.wav")), AudioFault::Missing);
    assert_eq!(fault_of_bytes("empty.wav", b""), AudioFault::Empty);
    assert!(matches!(fault(dir.path()), AudioFault::Unreadable { .. }));
    for name in ["text.wav", "text.mp3", "text.flac"] {
        let fault = fault_of_bytes(name, b"This is not a recording.\n");
        assert!(
            matches!(fault, AudioFault::NotAudio { .. }),
            "{name}: {fault}"
        );
    }
}

#[test]
fn truncated_flac_wherever_it_is_cut() {
    for name in [
        "tone-440hz-stereo-48khz-16bit.flac",
        "tone-440hz-mono-16khz-24bit.flac",
    ] {
        let bytes = std::fs::read(fixture(name)).unwrap();
        for tenths in 1..10 {
            let cut = &bytes[..bytes.len() * tenths / 10];
            let fault = fault_of_bytes("cut.flac", cut);
            assert!(
                matches!(fault, AudioFault::Truncated { .. }),
                "{name} cut to {tenths}/10: {fault}"
            );
        }
        assert!(matches!(
            fault_of_bytes("cut.flac", &bytes[..bytes.len() - 1]),
            AudioFault::Truncated { .. } | AudioFault::Damaged { .. }
        ));
        assert!(matches!(
            fault_of_bytes("marker.flac", &bytes[..4]),
            AudioFault::Truncated { .. }
        ));
    }
}

#[test]
fn flac_with_one_flipped_bit_is_noticed() {
    let mut bytes = std::fs::read(fixture("tone-440hz-stereo-48khz-16bit.flac")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    let fault = fault_of_bytes("flipped.flac", &bytes);
    assert!(
        matches!(
            fault,
            AudioFault::Damaged { .. } | AudioFault::Truncated { .. }
        ),
        "{fault}"
    );
}

#[test]
fn truncated_wav_mp3_and_ogg() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("whole.wav");
    let values: Vec<i32> = (0..4_000).collect();
    write_int_wav(&path, &values, 16, 1, 16_000);
    let bytes = std::fs::read(&path).unwrap();
    for keep in [5_000, bytes.len() - 1, 46] {
        let fault = fault_of_bytes("cut.wav", &bytes[..keep]);
        assert!(
            matches!(fault, AudioFault::Truncated { .. }),
            "{keep}: {fault}"
        );
    }
    let fault = fault_of_bytes("header.wav", &bytes[..20]);
    assert!(matches!(fault, AudioFault::Truncated { .. }), "{fault}");
    for name in ["tone-440hz-stereo-8khz.mp3", "tone-440hz-mono-44100hz.ogg"] {
        let bytes = std::fs::read(fixture(name)).unwrap();
        let fault = fault_of_bytes(name, &bytes[..bytes.len() / 2]);
        assert!(
            matches!(fault, AudioFault::Truncated { .. }),
            "{name}: {fault}"
        );
    }
}

#[test]
fn wav_written_to_a_pipe_has_no_length_and_is_read_to_its_end() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("pipe.wav");
    for unknown in [0x7fff_f000_u32, u32::MAX] {
        let mut bytes = wav(1, 16, 1, 16_000, &[1, 0].repeat(500));
        bytes[4..8].copy_from_slice(&unknown.saturating_add(36).to_le_bytes());
        bytes[40..44].copy_from_slice(&unknown.to_le_bytes());
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(
            audio::read(&path).unwrap().samples.len(),
            500,
            "{unknown:x}"
        );
    }
}

#[test]
fn no_samples_and_samples_that_are_no_numbers() {
    assert_eq!(
        fault_of_bytes("zero.wav", &wav(1, 16, 1, 16_000, &[])),
        AudioFault::NoSamples
    );
    let dir = tempdir().unwrap();
    for (bits, value, name) in [
        (32, f64::NAN, "NaN"),
        (64, f64::NAN, "NaN"),
        (32, f64::INFINITY, "inf"),
        (64, f64::NEG_INFINITY, "-inf"),
        (64, 1e300, "inf"),
    ] {
        let path = dir.path().join("bad.wav");
        for rate in [16_000, 44_100] {
            let mut values: Vec<f64> = vec![0.1; 2_000];
            values[1_500] = value;
            write_float_wav(&path, &values, bits, 1, rate);
            let expected = AudioFault::NotFinite {
                index: 1_500,
                value: name.to_owned(),
            };
            assert_eq!(fault(&path), expected);
        }
    }
}

#[test]
fn formats_that_are_not_read_are_named() {
    let mut m4a = vec![0, 0, 0, 32];
    m4a.extend(b"ftypM4A ");
    let fault = fault_of_bytes("a.m4a", &m4a);
    assert_eq!(fault.to_string(), "unsupported format: MP4 or M4A");
    let rate = fault_of_bytes("rate.wav", &wav(1, 16, 1, 3, &[0; 100]));
    assert_eq!(rate.to_string(), "damaged: a sample rate of 3 Hz");
}

#[test]
fn spans_outside_the_recording() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("second.wav");
    audio::write_wav(&path, &sine(200.0, 0.1, 16_000, 16_000), 16_000).unwrap();
    for (start, end) in [
        (Some(0.5), Some(1.02)),
        (Some(1.0), None),
        (Some(2.0), Some(3.0)),
        (Some(0.5), Some(0.5)),
        (Some(0.5), Some(0.50001)),
        (Some(f64::NAN), None),
        (None, Some(f64::NAN)),
        (Some(-1.0), None),
    ] {
        let error = audio::read_span(&path, start, end).expect_err("outside");
        assert!(error.hint().is_some(), "{start:?} {end:?}: {error}");
    }
}

#[cfg(unix)]
#[test]
fn a_path_that_is_not_utf8_is_read_and_shown() {
    use std::os::unix::ffi::OsStrExt as _;
    let dir = tempdir().unwrap();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.wav");
    let path = dir.path().join(name);
    assert_eq!(fault(&path), AudioFault::Missing);
    audio::write_wav(&path, &[0.5; 100], 16_000).unwrap();
    assert_eq!(audio::read(&path).unwrap().samples.len(), 100);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn mangled_files_never_panic(
        file in 0_usize..5,
        cut in 0.0_f64..1.0,
        edits in prop::collection::vec((0.0_f64..1.0, any::<u8>()), 0..12),
    ) {
        let dir = tempdir().unwrap();
        let mut bytes = match file {
            4 => wav(1, 16, 2, 44_100, &[7; 4_000]),
            file => {
                let name = [
                    "tone-440hz-mono-16khz-24bit.flac",
                    "tone-440hz-mono-44100hz.ogg",
                    "tone-440hz-stereo-48khz-16bit.flac",
                    "tone-440hz-stereo-8khz.mp3",
                ][file];
                std::fs::read(fixture(name)).unwrap()
            }
        };
        // Headers matter most: half of the edits fall into the first bytes.
        for (i, (at, byte)) in edits.iter().enumerate() {
            let reach = if i % 2 == 0 { bytes.len().min(128) } else { bytes.len() };
            bytes[(at * reach as f64) as usize] = *byte;
        }
        let keep = if cut < 0.5 { bytes.len() } else { (cut * bytes.len() as f64) as usize };
        let path = dir.path().join("mangled.bin");
        std::fs::write(&path, &bytes[..keep]).unwrap();
        match audio::read(&path) {
            Ok(waveform) => prop_assert!(waveform.samples.iter().all(|s| s.is_finite())),
            Err(error) => {
                let words = error.to_string();
                prop_assert!(!words.contains('\n'), "{}", words);
                prop_assert!(!words.contains("decoder fail"), "{}", words);
            }
        }
    }
}
