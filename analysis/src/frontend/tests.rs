use proptest::prelude::*;

use super::*;

fn all_kinds() -> Vec<FrontEnd> {
    FrontEnd::KINDS
        .iter()
        .map(|kind| FrontEnd::of_kind(kind).unwrap())
        .collect()
}

#[test]
fn serialised_form_is_the_catalogue_s() {
    let whisper = FrontEnd::whisper(WhisperPad::Seconds30);
    let json = serde_json::to_string(&whisper).unwrap();
    assert_eq!(
        json,
        r#"{"kind":"whisper_log_mel","pad":"seconds30","mels":80,"normalise":"none"}"#
    );
    for front_end in all_kinds() {
        let name = front_end.name();
        let least: FrontEnd = serde_json::from_str(&format!(r#"{{"kind":"{name}"}}"#)).unwrap();
        assert_eq!(least, front_end, "every setting has its default");
        let whole = serde_json::to_string(&front_end).unwrap();
        assert_eq!(serde_json::from_str::<FrontEnd>(&whole).unwrap(), front_end);
        let unknown = format!(r#"{{"kind":"{name}","colour":1}}"#);
        let error = serde_json::from_str::<FrontEnd>(&unknown).unwrap_err();
        assert!(error.to_string().contains("colour"), "{error}");
    }
    assert_eq!(FrontEnd::of_kind("mfcc"), None);
}

#[test]
fn settings_of_models_in_words_of_the_card() {
    let parse = |json: &str| serde_json::from_str::<FrontEnd>(json).unwrap();
    let campplus = parse(
        r#"{"kind":"kaldi_fbank","num_mel_bins":80,"scale":1.0,"mean_normalise":"utterance"}"#,
    );
    let FrontEnd::KaldiFbank(fbank) = &campplus else {
        panic!("{campplus:?}")
    };
    assert_eq!(fbank.mean_normalise, MeanNormalise::Utterance);
    let dnsmos = parse(
        r#"{"kind":"waveform","windows":{"samples":144160,"hop_samples":16000,"short":"double","count":"dnsmos"}}"#,
    );
    let FrontEnd::Waveform(waveform) = &dnsmos else {
        panic!("{dnsmos:?}")
    };
    assert_eq!(waveform.windows, Some(WaveformWindows::DNSMOS));
    let smart_turn = parse(
        r#"{"kind":"whisper_log_mel","window_secs":8.0,"normalise":"zero_mean_unit_variance"}"#,
    );
    assert_eq!(
        smart_turn,
        FrontEnd::WhisperLogMel(WhisperLogMel::SMART_TURN)
    );
    let d_vector = parse(
        r#"{"kind":"log10_mel","n_fft":512,"mels":40,"floor":{"add":1e-6},"windows":{"frames":80,"stride":40}}"#,
    );
    assert_eq!(d_vector, FrontEnd::Log10Mel(MelSpectrogram::d_vector()));
    let hanning = parse(r#"{"kind":"kaldi_fbank","window_type":"hanning"}"#);
    assert!(hanning.describe().contains("hann window"));
}

#[test]
fn a_preset_equals_its_settings() {
    let samples: Vec<f32> = (0..40_000)
        .map(|i| ((i % 91) as f32 - 45.0) / 91.0)
        .collect();
    let open = FrontEnd::PowerMel(preset::ge2e()).compute(&samples);
    assert_eq!(open, FrontEnd::Ge2eMel.compute(&samples));
}

#[test]
fn waveform_is_a_batch_of_one() {
    let features = FrontEnd::waveform().compute(&[0.5, -0.25]).unwrap();
    assert_eq!(features.data.shape(), [1, 2]);
    assert_eq!(features.data.as_slice().unwrap(), [0.5, -0.25]);
}

#[test]
fn bad_samples_are_errors_that_name_the_front_end() {
    for front_end in all_kinds() {
        let empty = front_end.compute(&[]).unwrap_err();
        assert!(matches!(empty, Error::TooFew { found: 0, .. }));
        assert!(empty.to_string().contains(front_end.name()), "{empty}");
        let mut samples = vec![0.1; 1000];
        samples[7] = f32::NAN;
        let nan = front_end.compute(&samples).unwrap_err().to_string();
        assert!(nan.contains("sample 7"), "{nan}");
        samples[7] = f32::INFINITY;
        assert!(front_end.compute(&samples).is_err());
        let needed = front_end.needed_samples();
        assert!(matches!(
            front_end.compute(&vec![0.1; needed - 1]),
            Err(Error::TooFew { .. })
        ));
        assert!(front_end.compute(&vec![0.1; needed]).is_ok());
    }
    let huge = FrontEnd::Ge2eMel.compute(&[1e30; 400]).unwrap_err();
    assert!(huge.to_string().contains("[-1, 1]"), "{huge}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_length_gives_the_announced_steps(n in 400usize..60_000) {
        let samples: Vec<f32> = (0..n).map(|i| ((i * i) % 1009) as f32 / 1009.0 - 0.5).collect();
        for front_end in all_kinds() {
            let data = front_end.compute(&samples).unwrap().data;
            let steps = data.shape()[front_end.time_axis()];
            prop_assert_eq!(steps, front_end.steps_for(n), "{}", front_end.name());
            prop_assert!(front_end.is_windowed() || data.shape()[0] == 1);
        }
        let mel = FrontEnd::Ge2eMel.compute(&samples).unwrap().data;
        prop_assert_eq!(&mel.shape()[1..], &[160, 40]);
        prop_assert!(mel.iter().all(|x| *x >= 0.0));
        let log_mel = FrontEnd::whisper(WhisperPad::Multiple320).compute(&samples).unwrap().data;
        prop_assert_eq!(log_mel.shape(), &[1, 80, 2 * n.div_ceil(320)]);
        let top = log_mel.iter().copied().fold(f32::MIN, f32::max);
        prop_assert!(log_mel.iter().all(|x| *x >= top - 2.0 - 1e-5));
    }
}
