use phonoscope_analysis::frontend::{
    Channel, KaldiFbank, MeanNormalise, MelSpectrogram, Normalise as Level, Waveform,
    WaveformWindows, WhisperLogMel, WhisperPad,
};

use super::*;
use crate::wire::{ElementType, ElementType::Float32, ElementType::Int64, Suffix, survey};

type Port<'a> = (&'a str, ElementType, &'a [Dim]);

fn graph(inputs: &[Port<'_>], output: (&str, &[Dim])) -> Survey {
    let mut graph = Suffix::new();
    graph.header(8, 17, "test").graph_name("own");
    for (name, element, dims) in inputs {
        graph.input(name, *element, dims);
    }
    let first = inputs.first().map_or("", |(name, _, _)| *name);
    graph
        .node("Identity", &[first], &[output.0], &[])
        .typed_output(output.0, Float32, output.1);
    survey(&graph.finish()).unwrap()
}

fn free(name: &str) -> Dim {
    Dim::Named(name.to_owned())
}

fn guessed(inputs: &[Port<'_>]) -> Guess {
    guess(&graph(inputs, ("y", &[free("B")])), &Given::default())
}

fn front_end_of(name: &str, dims: &[Dim]) -> Option<FrontEnd> {
    let guess = guessed(&[(name, Float32, dims)]);
    assert_eq!(guess.front_end.is_some(), guess.front_end_words.is_some());
    if let Some(words) = &guess.front_end_words {
        assert!(
            words.contains(&format!("guessed from input `{name}`")),
            "{words}"
        );
        assert!(words.contains(&guess.front_end.as_ref().unwrap().describe()));
    }
    guess.front_end
}

#[test]
fn waveforms() {
    let samples = [free("batch"), free("samples")];
    for name in ["audio", "waveform", "speech", "wav", "anything"] {
        let front_end = front_end_of(name, &samples);
        assert_eq!(front_end, Some(FrontEnd::waveform()), "{name}");
    }
    let levelled = Waveform {
        normalise: Level::ZeroMeanUnitVariance,
        ..Waveform::default()
    };
    let wav2vec2 = front_end_of("input_values", &samples);
    assert_eq!(wav2vec2, Some(FrontEnd::Waveform(levelled)));
    let channel = Waveform {
        channel: Channel::Axis,
        ..Waveform::default()
    };
    let convolved = front_end_of("x", &[free("B"), 1.into(), free("T")]);
    assert_eq!(convolved, Some(FrontEnd::Waveform(channel)));
    let dnsmos = Waveform {
        windows: Some(WaveformWindows::DNSMOS),
        ..Waveform::default()
    };
    let fixed = front_end_of("input_1", &[Dim::Unknown, 144_160.into()]);
    assert_eq!(fixed, Some(FrontEnd::Waveform(dnsmos)));
}

#[test]
fn whisper() {
    let whisper = |name: &str, bands: i64, frames: Dim| match front_end_of(
        name,
        &[free("B"), bands.into(), frames],
    ) {
        Some(FrontEnd::WhisperLogMel(settings)) => settings,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        whisper("input_features", 80, free("T")),
        WhisperLogMel::default()
    );
    let large = whisper("input_features", 128, 3000.into());
    assert_eq!((large.mels, large.pad), (128, WhisperPad::Seconds30));
    assert_eq!(whisper("mel", 80, 3000.into()).pad, WhisperPad::Seconds30);
    assert_eq!(
        whisper("input_features", 80, 800.into()),
        WhisperLogMel::SMART_TURN
    );
}

#[test]
fn spectra() {
    let kaldi = |name: &str, dims: &[Dim]| match front_end_of(name, dims) {
        Some(FrontEnd::KaldiFbank(settings)) => settings,
        other => panic!("{other:?}"),
    };
    let plain = kaldi("feats", &[free("B"), free("T"), 80.into()]);
    assert_eq!(plain, KaldiFbank::default());
    let turned = kaldi("spec", &[free("B"), 64.into(), free("T")]);
    assert_eq!(turned.num_mel_bins, 64);
    assert_eq!(
        turned.layout,
        phonoscope_analysis::frontend::Layout::DimFirst
    );
    let stacked = kaldi("speech", &[free("B"), free("T"), 560.into()]);
    assert!(stacked.lfr.is_some());
    let mel = front_end_of("mel_window", &[free("B"), 80.into(), 40.into()]);
    assert_eq!(mel, Some(FrontEnd::Log10Mel(MelSpectrogram::d_vector())));
    let ge2e = front_end_of("mels", &[free("B"), 160.into(), 40.into()]);
    assert_eq!(ge2e, Some(FrontEnd::Ge2eMel));
    let nemo = front_end_of("audio_signal", &[free("B"), 80.into(), free("T")]);
    assert_eq!(nemo, Some(FrontEnd::LnMel(MelSpectrogram::nemo(80))));
}

#[test]
fn speaker_models_get_their_mean_subtracted_and_an_embedding() {
    let dims = [free("B"), free("T"), 80.into()];
    let wespeaker = graph(
        &[("feats", Float32, &dims)],
        ("embs", &[free("B"), 256.into()]),
    );
    let guess_of = |found: &Survey| guess(found, &Given::default());
    let guess = guess_of(&wespeaker);
    let Some(FrontEnd::KaldiFbank(fbank)) = &guess.front_end else {
        panic!("{guess:?}")
    };
    assert_eq!(fbank.scale, 32768.0);
    assert_eq!(fbank.mean_normalise, MeanNormalise::Utterance);
    assert_eq!(guess.embedding.as_ref().unwrap().tap, "embs");
    assert!(guess.remarks().any(|words| words.contains("`embs`")));
    let other = graph(
        &[("x", Float32, &dims)],
        ("embedding", &[free("B"), 192.into()]),
    );
    let Some(FrontEnd::KaldiFbank(fbank)) = guess_of(&other).front_end else {
        panic!()
    };
    assert_eq!(
        (fbank.scale, fbank.mean_normalise),
        (1.0, MeanNormalise::Utterance)
    );
}

#[test]
fn side_inputs_get_their_roles() {
    let samples = [free("B"), free("N")];
    let masked = guessed(&[
        ("input_values", Float32, &samples),
        ("attention_mask", Int64, &samples),
    ]);
    assert_eq!(masked.inputs[1].role, InputRole::Mask);
    assert!(
        masked
            .remarks()
            .any(|words| words.contains("attention_mask"))
    );

    let dims = [free("N"), free("T"), 80.into()];
    let icefall = guessed(&[("x", Float32, &dims), ("x_lens", Int64, &[free("N")])]);
    assert_eq!(icefall.inputs[1].role, InputRole::Length);
    let Some(FrontEnd::KaldiFbank(fbank)) = &icefall.front_end else {
        panic!("{icefall:?}")
    };
    assert!(!fbank.snip_edges);

    let state = [1.into(), free("B"), 128.into()];
    let silero = guessed(&[
        ("input", Float32, &samples),
        ("state", Float32, &state),
        ("sr", Int64, &[]),
    ]);
    let constant = |value, dims: &[usize]| InputRole::Constant {
        value,
        dims: dims.to_vec(),
    };
    assert_eq!(silero.inputs[1].role, constant(0.0, &[1, 1, 128]));
    assert_eq!(silero.inputs[2].role, constant(16000.0, &[]));
    assert!(silero.unknown.is_empty());

    let speechbrain = guessed(&[
        ("wavs", Float32, &samples),
        ("wav_lens", Float32, &[free("B")]),
    ]);
    assert_eq!(speechbrain.inputs[1].role, constant(1.0, &[1]));
}

#[test]
fn what_is_not_understood_is_named_and_what_is_given_is_kept() {
    let samples = [free("B"), free("N")];
    let ports: [Port<'_>; 2] = [("audio", Float32, &samples), ("fmin", Float32, &[])];
    let guess_with = |given: &Given| guess(&graph(&ports, ("y", &[free("B")])), given);
    let unknown = guess_with(&Given::default());
    assert_eq!(unknown.unknown, ["fmin"]);
    assert_eq!(unknown.features(), Some("audio"));
    let fmin = InputBinding {
        name: "fmin".to_owned(),
        role: InputRole::Constant {
            value: 46.875,
            dims: Vec::new(),
        },
    };
    let given = guess_with(&Given {
        front_end: Some(FrontEnd::waveform()),
        inputs: vec![fmin.clone()],
        embedding: None,
    });
    assert_eq!(given.inputs[1], fmin);
    assert_eq!(given.remarks().count(), 0, "nothing was guessed");
    assert!(given.unknown.is_empty());
}

#[test]
fn no_rule_speaks_for_odd_inputs() {
    for dims in [
        vec![free("T")],
        vec![free("B"), 576.into()],
        vec![free("B"), free("C"), free("T")],
        vec![free("B"), 76.into(), 32.into(), 1.into()],
        vec![free("B"), 80.into(), 7001.into()],
        vec![free("B"), i64::MAX.into()],
        vec![free("B"), (-1).into()],
    ] {
        assert_eq!(front_end_of("input_features", &dims), None, "{dims:?}");
    }
    let tokens = guessed(&[("input_ids", Int64, &[free("B"), free("T")])]);
    assert_eq!(tokens.front_end, None);
}

#[test]
fn a_state_of_hostile_size_is_not_made() {
    let dims = [i64::MAX.into(), i64::MAX.into()];
    let huge = guessed(&[
        ("x", Float32, &[free("B"), free("N")]),
        ("state", Float32, &dims),
    ]);
    assert_eq!(huge.unknown, ["state"]);
}
