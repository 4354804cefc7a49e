//! A tone of known frequency and amplitude survives every format.

use phonoscope_datasets::audio::{self, Codec, SAMPLE_RATE_HZ};
use tempfile::tempdir;

use crate::signals::{fixture, sine, tone_at, wav, write_float_wav, write_int_wav};

fn assert_tone(path: &std::path::Path, freq_hz: f64, amplitude: f64, tolerance: f64) {
    let samples = audio::read(path).unwrap().samples;
    let (found, _) = tone_at(freq_hz, &samples, SAMPLE_RATE_HZ);
    assert!(
        (found - amplitude).abs() <= tolerance * amplitude,
        "{}: amplitude {found}, expected {amplitude}",
        path.display()
    );
}

#[test]
fn wav_integers_of_every_width_at_16_khz_are_exact() {
    let dir = tempdir().unwrap();
    for bits in [8_u16, 16, 24, 32] {
        let path = dir.path().join(format!("{bits}.wav"));
        let full = 2.0_f64.powi(i32::from(bits) - 1);
        let values: Vec<i32> = sine(440.0, 0.5, 16_000, 8_000)
            .iter()
            .map(|&s| (f64::from(s) * full).round() as i32)
            .collect();
        write_int_wav(&path, &values, bits, 1, 16_000);
        let read = audio::read(&path).unwrap();
        let expected: Vec<f32> = values
            .iter()
            .map(|&v| (f64::from(v) / full) as f32)
            .collect();
        assert_eq!(read.samples, expected, "{bits} bits");
        assert_eq!(read.source.bits, Some(u32::from(bits)));
        assert_eq!(read.source.codec, Codec::PcmInteger);
        assert_eq!(
            (read.source.channels, read.source.sample_rate_hz),
            (1, 16_000)
        );
    }
}

#[test]
fn wav_floats_at_16_khz_are_exact_even_beyond_full_scale() {
    let dir = tempdir().unwrap();
    let values: Vec<f64> = sine(440.0, 1.5, 16_000, 4_000)
        .iter()
        .map(|&s| f64::from(s))
        .collect();
    for bits in [32_u16, 64] {
        let path = dir.path().join(format!("{bits}.wav"));
        write_float_wav(&path, &values, bits, 1, 16_000);
        let read = audio::read(&path).unwrap();
        let expected: Vec<f32> = values.iter().map(|&v| v as f32).collect();
        assert_eq!(read.samples, expected);
        assert_eq!(read.source.bits, Some(u32::from(bits)));
        assert_eq!(read.source.codec, Codec::PcmFloat);
    }
}

#[test]
fn every_rate_and_channel_count_keeps_the_tone_and_the_length() {
    let dir = tempdir().unwrap();
    for rate in [8_000_u32, 11_025, 16_000, 22_050, 44_100, 48_000] {
        for channels in [1_u16, 2, 5] {
            let n = rate as usize + 7;
            let mono = sine(440.0, 0.5, rate, n);
            // Channel c carries (c + 1) / channels of the tone: the average is known.
            let interleaved: Vec<f64> = mono
                .iter()
                .flat_map(|&s| {
                    (1..=channels).map(move |c| f64::from(s) * f64::from(c) / f64::from(channels))
                })
                .collect();
            let path = dir.path().join(format!("{rate}-{channels}.wav"));
            write_float_wav(&path, &interleaved, 32, channels, rate);
            let read = audio::read(&path).unwrap();
            let expected_len = (n as f64 * 16_000.0 / f64::from(rate)).round() as usize;
            assert_eq!(
                read.samples.len(),
                expected_len,
                "{rate} Hz, {channels} channels"
            );
            assert_eq!(read.source.channels, u32::from(channels));
            assert_eq!(read.source.sample_rate_hz, rate);
            let share = (f64::from(channels) + 1.0) / 2.0 / f64::from(channels);
            assert_tone(&path, 440.0, 0.5 * share, 1e-4);
        }
    }
}

#[test]
fn five_integer_channels_with_an_extensible_header() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("five.wav");
    let values: Vec<i32> = (0..16_000).flat_map(|i| [i % 100, 0, 0, 0, 0]).collect();
    write_int_wav(&path, &values, 16, 5, 16_000);
    let read = audio::read(&path).unwrap();
    assert_eq!(read.samples.len(), 16_000);
    assert_eq!(read.samples[50], (f64::from(50) / 32_768.0 / 5.0) as f32);
}

#[test]
fn telephone_wav_is_read() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("mulaw.wav");
    // µ-law 0x80 is the largest positive value, 0x00 the largest negative one.
    let data: Vec<u8> = (0..8_000)
        .map(|i| if i / 10 % 2 == 0 { 0x80 } else { 0x00 })
        .collect();
    std::fs::write(&path, wav(7, 8, 1, 8_000, &data)).unwrap();
    let read = audio::read(&path).unwrap();
    assert_eq!(read.source.codec, Codec::PcmLogarithmic);
    let (fundamental, _) = tone_at(400.0, &read.samples, SAMPLE_RATE_HZ);
    let square = 4.0 / std::f64::consts::PI * 32_124.0 / 32_768.0;
    assert!((fundamental - square).abs() < 0.02, "{fundamental}");
}

#[test]
fn mp3_at_8_khz_in_stereo() {
    let path = fixture("tone-440hz-stereo-8khz.mp3");
    let read = audio::read(&path).unwrap();
    assert_eq!(read.source.codec, Codec::Mp3);
    assert_eq!(
        (read.source.sample_rate_hz, read.source.channels),
        (8_000, 2)
    );
    assert_eq!(read.source.bits, None);
    // Left 0.5 and right 0.25 average to 0.375; the encoder is lossy.
    assert_tone(&path, 440.0, 0.375, 0.02);
    assert!(
        (read.duration_secs() - 0.6).abs() < 0.01,
        "{}",
        read.duration_secs()
    );
}

#[test]
fn ogg_vorbis_at_44100_hz() {
    let path = fixture("tone-440hz-mono-44100hz.ogg");
    let read = audio::read(&path).unwrap();
    assert_eq!(read.source.codec, Codec::Vorbis);
    assert_tone(&path, 440.0, 0.5, 0.02);
    assert_eq!(read.samples.len(), 9_600);
}

#[test]
fn flac_of_24_bits_and_of_two_channels() {
    let deep = fixture("tone-440hz-mono-16khz-24bit.flac");
    let read = audio::read(&deep).unwrap();
    assert_eq!(
        (read.source.codec, read.source.bits),
        (Codec::Flac, Some(24))
    );
    assert_eq!(read.samples.len(), 4_000);
    assert_tone(&deep, 440.0, 0.5, 1e-4);
    // Every sample is a multiple of 2⁻²³.
    assert!(
        read.samples
            .iter()
            .all(|s| (s * 8_388_608.0).fract() == 0.0)
    );

    let stereo = fixture("tone-440hz-stereo-48khz-16bit.flac");
    let read = audio::read(&stereo).unwrap();
    assert_eq!((read.source.channels, read.samples.len()), (2, 4_000));
    assert_tone(&stereo, 440.0, 0.5, 1e-3);
}

#[test]
fn content_decides_not_the_name() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("actually-flac.wav");
    std::fs::copy(fixture("tone-440hz-mono-16khz-24bit.flac"), &path).unwrap();
    assert_eq!(audio::read(&path).unwrap().source.codec, Codec::Flac);
}

#[test]
fn written_wav_reads_back_and_hashes_its_bytes() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("out.wav");
    let samples = sine(300.0, 0.3, 16_000, 1_000);
    audio::write_wav(&path, &samples, 16_000).unwrap();
    let read = audio::read(&path).unwrap();
    assert_eq!(read.samples, samples);
    // SHA-256 of known bytes: the empty-file hash cannot come out, so compare two files.
    let other = dir.path().join("other.wav");
    audio::write_wav(&other, &samples, 16_000).unwrap();
    assert_eq!(audio::read(&other).unwrap().sha256, read.sha256);
    audio::write_wav(&other, &samples[1..], 16_000).unwrap();
    assert_ne!(audio::read(&other).unwrap().sha256, read.sha256);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
}

#[test]
fn spans_are_slices_of_the_whole() {
    let path = fixture("tone-440hz-mono-44100hz.ogg");
    let whole = audio::read(&path).unwrap();
    let part = audio::read_span(&path, Some(0.1), Some(0.25)).unwrap();
    assert_eq!(part.samples, whole.samples[1_600..4_000]);
    assert_eq!(part.sha256, whole.sha256);
    assert_eq!(audio::read_span(&path, None, None).unwrap(), whole);
    assert_eq!(
        audio::read_span(&path, Some(0.5), None)
            .unwrap()
            .samples
            .len(),
        1_600
    );
    // A manifest that rounds up by a few milliseconds is forgiven.
    let rounded = audio::read_span(&path, Some(0.5), Some(0.605)).unwrap();
    assert_eq!(rounded.samples.len(), 1_600);
}
