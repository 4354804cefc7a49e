//! NIST SPHERE files.

use phonoscope_datasets::AudioFault;
use phonoscope_datasets::audio::{self, Codec};
use proptest::prelude::*;
use tempfile::tempdir;

fn header(fields: &str) -> Vec<u8> {
    let mut bytes = format!("NIST_1A\n   1024\n{fields}end_head\n").into_bytes();
    bytes.resize(1_024, b' ');
    bytes
}

fn read(bytes: &[u8]) -> Result<audio::Waveform, AudioFault> {
    let dir = tempdir().unwrap();
    let path = dir.path().join("SA1.WAV");
    std::fs::write(&path, bytes).unwrap();
    audio::read(&path).map_err(|error| match error {
        phonoscope_datasets::Error::Audio { fault, .. } => fault,
        other => panic!("{other}"),
    })
}

const TIMIT: &str = "database_id -s5 TIMIT\nchannel_count -i 1\nsample_count -i 3\nsample_rate -i 16000\n\
    sample_n_bytes -i 2\nsample_byte_format -s2 01\nsample_sig_bits -i 16\n";

#[test]
fn samples_of_either_byte_order_and_width() {
    let values = [0.5_f32, -1.0, 0.25];
    let with = |from: &str, to: &str, data: &[u8]| {
        let fields = TIMIT.replace(from, to);
        read(&[header(&fields), data.to_vec()].concat()).unwrap()
    };
    let little = with("", "", &[0, 0x40, 0, 0x80, 0, 0x20]);
    assert_eq!(little.samples, values);
    assert_eq!(
        (
            little.source.codec,
            little.source.bits,
            little.source.sample_rate_hz
        ),
        (Codec::Sphere, Some(16), 16_000)
    );
    let big = with("-s2 01", "-s2 10", &[0x40, 0, 0x80, 0, 0x20, 0]);
    assert_eq!(big.samples, values);
    let wide = TIMIT.replace("sample_n_bytes -i 2", "sample_n_bytes -i 3");
    let wide = wide.replace("-s2 01", "-s3 012");
    let data = [0, 0, 0x40, 0, 0, 0x80, 0, 0, 0x20];
    assert_eq!(
        read(&[header(&wide), data.to_vec()].concat())
            .unwrap()
            .samples,
        values
    );
    let two = with(
        "channel_count -i 1\nsample_count -i 3",
        "channel_count -i 2\nsample_count -i 1",
        &[0, 0x40, 0, 0x80],
    );
    assert_eq!(two.samples, [-0.25]);
    let law = with(
        "sample_n_bytes -i 2",
        "sample_n_bytes -i 1\nsample_coding -s4 ulaw",
        &[0xff, 0x80, 0x00],
    );
    assert_eq!(
        law.samples,
        [0.0, 32_124.0 / 32_768.0, -32_124.0 / 32_768.0]
    );
    let trailing = with("", "", &[0, 0x40, 0, 0x80, 0, 0x20, 9, 9]);
    assert_eq!(
        trailing.samples, values,
        "bytes behind the last frame are no samples"
    );
}

#[test]
fn what_cannot_be_read_is_named() {
    let fault = |from: &str, to: &str| {
        let bytes = [header(&TIMIT.replace(from, to)), vec![0; 6]].concat();
        read(&bytes).unwrap_err().to_string()
    };
    let coding = "sample_coding -s26 pcm,embedded-shorten-v2.00\nsample_rate";
    assert_eq!(
        fault("sample_rate", coding),
        "unsupported format: NIST SPHERE compressed by `embedded-shorten-v2.00`"
    );
    assert_eq!(
        fault("sample_n_bytes -i 2", "sample_n_bytes -i 9"),
        "unsupported format: NIST SPHERE with samples of 9 bytes"
    );
    assert_eq!(
        fault("-s2 01", "-s4 2301"),
        "unsupported format: NIST SPHERE with bytes in the order `2301`"
    );
    assert_eq!(
        fault("sample_count -i 3", "sample_count -i 99999999999"),
        "truncated: 3 of 99999999999 frames"
    );
    assert_eq!(
        fault("channel_count -i 1", "channel_count -i 0"),
        "damaged: 0 channels"
    );
    assert_eq!(
        fault("sample_rate -i 16000", "sample_rate -i 3"),
        "damaged: a sample rate of 3 Hz"
    );
    assert_eq!(
        fault("sample_rate -i 16000\n", ""),
        "damaged: its header has no sample rate"
    );
    assert_eq!(
        fault("sample_byte_format -s2 01\n", ""),
        "damaged: its header has no byte order"
    );
    assert_eq!(
        fault("sample_count -i 3", "sample_count -i x"),
        "damaged: `sample_count` is `x`"
    );
    assert_eq!(
        read(b"NIST_1A\n   1024\n").unwrap_err().to_string(),
        "truncated: it ends within its header"
    );
    assert_eq!(
        read(b"NIST_1A\n99999999\nx").unwrap_err().to_string(),
        "damaged: its header does not say how long it is"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn mangled_headers_never_panic(
        edits in prop::collection::vec((0_usize..220, any::<u8>()), 1..10),
        length in 0_usize..1_040,
    ) {
        let mut bytes = [header(TIMIT), vec![1; 16]].concat();
        for (at, byte) in edits {
            bytes[at] = byte;
        }
        bytes.truncate(length);
        if let Ok(waveform) = read(&bytes) {
            prop_assert!(waveform.samples.iter().all(|s| s.is_finite()));
        }
    }
}
