//! Figures of the method note on single recordings.

use ndarray::Axis;
use phonoscope_analysis::frontend::{FrontEnd, WhisperPad};
use phonoscope_datasets::audio;

use super::common::onnxruntime;
use super::{ENGINES, activations, engines, model, run, shared};

/// Recordings of the acoustic golden folder.
fn clips(names: &[&str]) -> Option<Vec<(String, Vec<f32>)>> {
    let folder = shared().join("golden/acoustic/wav");
    if !folder.is_dir() {
        println!("skipped: no {}", folder.display());
        return None;
    }
    let read = |name: &&str| {
        let samples = audio::read(&folder.join(format!("{name}.wav")))
            .unwrap()
            .samples;
        ((*name).to_owned(), samples)
    };
    Some(names.iter().map(read).collect())
}

/// The figures were rounded to four places on another machine.
const FIGURE: f32 = 2e-3;

/// Eight-bit weights and activations round differently on other processors and engines.
const EIGHT_BITS: f32 = 0.05;

fn near(what: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let apart = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    let apart = apart.fold(0.0, f32::max);
    println!("{what}: {found:?}, differs by {apart:e}");
    assert!(apart <= tolerance, "{what}: {found:?} is not {expected:?}");
}

#[test]
fn campplus_is_the_reference_on_the_clip_of_the_note() {
    let Some(clips) = clips(&["real_librivox_0870"]) else {
        return;
    };
    let taps = ["conv.5", "tdnn", "block.0", "block.2", "stats", "embedding"];
    let runs = activations("campplus", &taps, &clips, &engines(), Some(ENGINES));
    for run in runs.into_iter().flatten() {
        let arrays = &run.arrays[0];
        // 708 frames of 10 ms, halved once; 10 bands of 32 channels; 128 + 12·32 channels.
        assert_eq!(arrays[0].shape(), [1, 32, 10, 708]);
        assert_eq!(arrays[1].shape(), [1, 128, 354]);
        assert_eq!(arrays[2].shape(), [1, 512, 354]);
        // A block keeps its input: its first channels are those of the layer before.
        let kept = arrays[2].slice_axis(Axis(1), (0..128).into());
        assert_eq!(kept, arrays[1]);
        // Features are ReLUs: no mean is below zero, and no deviation.
        assert!(arrays[4].iter().all(|v| *v >= 0.0));
        let embedding = arrays[5].as_slice().unwrap();
        let first = [-1.0233, 0.5573, 1.1091, 0.1791, 0.3100];
        let what = format!("campplus on {}", run.engine);
        near(&what, &embedding[..5], &first, FIGURE);
        let norm = embedding.iter().map(|v| v * v).sum::<f32>().sqrt();
        near(&format!("{what}: norm"), &[norm], &[8.4689], FIGURE);
    }
}

#[test]
fn dvector_is_the_reference_on_the_clip_of_the_note() {
    let Some(clips) = clips(&["real_librivox_0870"]) else {
        return;
    };
    let taps = ["lstm.0", "lstm.2", "readout", "embedding"];
    let runs = activations("dvector", &taps, &clips, &engines(), Some(ENGINES));
    for run in runs.into_iter().flatten() {
        let arrays = &run.arrays[0];
        assert_eq!(arrays[0].shape()[1..], [80, 768]);
        assert_eq!(arrays[1].shape()[1..], [80, 768]);
        let mean = arrays[3].mean_axis(Axis(0)).unwrap();
        let length = mean.iter().map(|v| v * v).sum::<f32>().sqrt();
        let found: Vec<f32> = mean.iter().take(5).map(|v| v / length).collect();
        let first = [-0.0248, 0.0197, 0.1401, -0.0026, -0.0081];
        near(
            &format!("dvector on {}", run.engine),
            &found,
            &first,
            FIGURE,
        );
    }
}

#[test]
fn whisper_base_is_the_reference_on_the_clip_of_the_note() {
    let Some(clips) = clips(&["real_librivox_0870"]) else {
        return;
    };
    let Some(mut model) = model("whisper-base") else {
        return;
    };
    // The figure was made with audio of 30 s, as in training.
    model.front_end = FrontEnd::whisper(WhisperPad::Seconds30);
    let tensors = ["encoder.final_norm".to_owned()];
    // ONNX Runtime alone: the built-in engine takes several times as long over 30 s.
    if let Some(engine) = onnxruntime() {
        let arrays = run(&model, engine.as_ref(), &tensors, &clips).unwrap();
        assert_eq!(arrays[0][0].shape(), [1, 1500, 512]);
        let stream = arrays[0][0].index_axis(Axis(0), 0);
        let frame = stream.index_axis(Axis(0), 100);
        let found: Vec<f32> = frame.iter().take(4).copied().collect();
        let first = [-0.3350, -0.5026, 0.4896, 0.1967];
        let what = format!("whisper-base on {}", engine.info());
        near(&what, &found, &first, FIGURE);
    }
}

#[test]
fn dnsmos_scores_are_those_of_the_note() {
    let expected = [
        ("real_bobby", 1, [3.5359, 4.0495, 3.2643]),
        ("real_librivox_0870", 5, [3.6023, 3.9238, 3.2424]),
        ("real_arctic_a0007", 7, [3.4552, 3.8969, 3.1014]),
    ];
    let Some(clips) = clips(&expected.map(|(name, ..)| name)) else {
        return;
    };
    // A window takes seconds without optimisation: the long ones on one engine.
    let (short, long) = clips.split_at(1);
    let taps = ["mos"];
    let both = activations("dnsmos", &taps, short, &engines(), Some(ENGINES));
    let one = activations("dnsmos", &taps, long, onnxruntime().as_slice(), None);
    for (run, expected) in both
        .iter()
        .flatten()
        .map(|run| (run, &expected[..1]))
        .chain(one.iter().flatten().map(|run| (run, &expected[1..])))
    {
        for ((name, windows, scores), arrays) in expected.iter().zip(&run.arrays) {
            assert_eq!(arrays[0].shape(), [*windows, 3], "{name}");
            let mean = arrays[0].mean_axis(Axis(0)).unwrap();
            let mean: Vec<f32> = mean.iter().copied().collect();
            let what = format!("dnsmos of {name} on {}", run.engine);
            near(&what, &mean, scores, FIGURE);
        }
    }
}

#[test]
fn moonshine_is_the_reference_on_the_clip_of_the_note() {
    let Some(clips) = clips(&["real_librivox_0870"]) else {
        return;
    };
    let taps = [
        "encoder.0.resid_pre",
        "encoder.5.resid_mid",
        "encoder.5.resid_post",
        "encoder.final_norm",
    ];
    let runs = activations("moonshine-tiny", &taps, &clips, &engines(), None);
    for run in runs.into_iter().flatten() {
        let arrays = &run.arrays[0];
        let [batch, steps, dim] = arrays[3].shape() else {
            panic!("{:?}", arrays[3].shape());
        };
        assert_eq!((*batch, *dim), (1, 288));
        for stream in &arrays[..3] {
            assert_eq!(stream.shape(), [1, *steps, 288]);
        }
        let stream = arrays[3].index_axis(Axis(0), 0);
        let frame = stream.index_axis(Axis(0), 100);
        let found: Vec<f32> = frame.iter().take(4).copied().collect();
        let first = [0.2496, -0.0189, -0.5438, -0.0347];
        let what = format!("moonshine-tiny on {}", run.engine);
        near(&what, &found, &first, EIGHT_BITS);
    }
}

/// Eight-bit networks: the references' own engine rounds differently on other processors.
#[test]
fn a_whole_sentence_ends_and_one_cut_in_its_middle_goes_on() {
    let Some(mut clips) = clips(&["real_librivox_0870"]) else {
        return;
    };
    let whole = clips[0].1.clone();
    clips.push(("cut".to_owned(), whole[..whole.len() / 10 * 6].to_vec()));
    let taps = [
        "probability",
        "encoder.0.resid_pre",
        "encoder.3.resid_post",
        "encoder.final_norm",
    ];
    let runs = activations("smart-turn-v3.2", &taps, &clips, &engines(), None);
    for run in runs.into_iter().flatten() {
        let [ended, cut] = [0, 1].map(|k| run.arrays[k][0].iter().copied().next().unwrap());
        println!("smart-turn on {}: whole {ended}, cut {cut}", run.engine);
        assert!(ended > 0.9 && cut < 0.1, "{ended} {cut}");
        assert_eq!(run.arrays[0][1].shape(), [1, 400, 384]);
        assert_eq!(run.arrays[0][2].shape(), [1, 400, 384]);
    }
}

#[test]
fn the_speech_embedding_has_a_vector_every_80_ms_however_short_the_clip() {
    let Some(mut clips) = clips(&["real_librivox_0870"]) else {
        return;
    };
    let whole = clips[0].1.clone();
    clips.push(("short".to_owned(), whole[..1600].to_vec()));
    let runs = activations(
        "openwakeword-embedding",
        &["mel", "embedding"],
        &clips,
        &engines(),
        Some(ENGINES),
    );
    for run in runs.into_iter().flatten() {
        // 113,600 samples: (113600 - 512) / 160 + 1 = 707 frames, (707 - 76) / 8 + 1 = 79 windows.
        assert_eq!(run.arrays[0][0].shape(), [707, 32]);
        assert_eq!(run.arrays[0][1].shape(), [79, 96]);
        assert_eq!(run.arrays[1][1].shape(), [1, 96]);
    }
}
