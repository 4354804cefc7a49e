//! `phonoscope relevance` on small networks.

use std::fs::File;

use ndarray::{Array1, ArrayD, Axis, IxDyn};
use ndarray_npy::NpzReader;
use phonoscope_models::wire::{Attribute, ElementType, Suffix};

use crate::place::Place;

/// `x` [item, 1, 4, 4] → Conv → Relu → GlobalAveragePool → Gemm → Softmax, three classes.
fn network(activation: &str) -> Vec<u8> {
    let weights = |n: usize| {
        (0..n)
            .map(|i| ((i * 7 % 11) as f32 - 4.5) / 5.0)
            .collect::<Vec<_>>()
    };
    let mut graph = Suffix::new();
    let dims = ["item".into(), 1.into(), 4.into(), 4.into()];
    graph
        .header(8, 17, "tests")
        .graph_name("net")
        .input("x", ElementType::Float32, &dims)
        .init_f32("w", &[2, 1, 3, 3], &weights(18))
        .init_f32("b", &[2], &[0.1, -0.2])
        .init_f32("v", &[2, 3], &weights(6))
        .named_node(
            "first",
            "Conv",
            &["x", "w", "b"],
            &["conv"],
            &[("pads", Attribute::Ints(&[1, 1, 1, 1]))],
        )
        .named_node("second", activation, &["conv"], &["active"], &[])
        .node("GlobalAveragePool", &["active"], &["mean"], &[])
        .node("Flatten", &["mean"], &["flat"], &[])
        .named_node("last", "Gemm", &["flat", "v"], &["scores"], &[])
        .node("Softmax", &["scores"], &["y"], &[])
        .output("y");
    graph.finish()
}

fn place() -> Place {
    let place = Place::new();
    place.write("net.onnx", network("Relu"));
    place.write("gelu.onnx", network("Gelu"));
    let x = ArrayD::from_shape_fn(IxDyn(&[3, 1, 4, 4]), |at| {
        ((at[0] * 5 + at[2] * 3 + at[3] * 2) % 7) as f32 / 3.0 - 1.0
    });
    ndarray_npy::write_npy(place.path("x.npy"), &x).unwrap();
    let one = x.index_axis(Axis(0), 0).to_owned();
    ndarray_npy::write_npy(place.path("one.npy"), &one).unwrap();
    place
}

fn array(place: &Place, file: &str, name: &str) -> ArrayD<f32> {
    let mut npz = NpzReader::new(File::open(place.path(file)).unwrap()).unwrap();
    npz.by_name(&format!("{name}.npy")).unwrap()
}

#[test]
fn maps_sum_to_what_the_ledger_says() {
    let place = place();
    let ran = place.run([
        "--engine",
        "rten",
        "relevance",
        "--model",
        "net.onnx",
        "--input",
        "x.npy",
        "--composite",
        "epsilon_1e-6_zerobias",
        "--layer",
        "active",
        "--out",
        "r.npz",
        "--json",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let said: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(said["schema"], "phonoscope.relevance/1");
    let (x, r) = (
        array(&place, "r.npz", "input"),
        array(&place, "r.npz", "relevance"),
    );
    let (ledger, logits) = (
        array(&place, "r.npz", "ledger"),
        array(&place, "r.npz", "logits"),
    );
    assert_eq!(x.shape(), [3, 1, 4, 4]);
    assert_eq!((r.shape(), logits.shape()), (x.shape(), &[3, 3][..]));
    assert_eq!(
        array(&place, "r.npz", "relevance.active").shape(),
        [3, 2, 4, 4]
    );
    assert_eq!(array(&place, "r.npz", "target").sum(), 3.0);
    let mut npz = NpzReader::new(File::open(place.path("r.npz")).unwrap()).unwrap();
    let names: Array1<u8> = npz.by_name("ledger_layers.npy").unwrap();
    let names = String::from_utf8(names.to_vec()).unwrap();
    assert_eq!(
        names.lines().collect::<Vec<_>>(),
        ["last", "GlobalAveragePool:mean", "first"]
    );
    for item in 0..3 {
        let sum = r.index_axis(Axis(0), item).sum();
        let best = logits
            .index_axis(Axis(0), item)
            .iter()
            .copied()
            .fold(f32::MIN, f32::max);
        assert!((ledger[[item, 0, 0]] - best).abs() < 1e-5);
        assert!((ledger[[item, 2, 1]] - sum).abs() < 1e-4);
        assert_eq!(ledger[[item, 2, 2]], 0.0, "biases take nothing");
        let told = said["items"][item]["sum"].as_f64().unwrap();
        assert!((told - f64::from(sum)).abs() < 1e-4);
    }
    let ran = place.run([
        "--engine",
        "rten",
        "relevance",
        "--model",
        "net.onnx",
        "--input",
        "one.npy",
        "--target",
        "2-0",
        "--composite",
        "EpsilonGammaBox",
        "--low",
        "-1",
        "--high",
        "1.5",
        "--out",
        "one.npz",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for words in [
        "target 2-0; 1 items of 1 x 4 x 4",
        "Conservation",
        "zB",
        "stabiliser",
    ] {
        assert!(ran.stdout.contains(words), "{words} in {}", ran.stdout);
    }
    assert_eq!(
        array(&place, "one.npz", "target").as_slice().unwrap(),
        [-1.0, 0.0, 1.0]
    );
}

#[test]
fn every_method_writes_the_same_bytes_again() {
    let place = place();
    for method in [
        "gradient",
        "gradient-x-input",
        "integrated-gradients",
        "smoothgrad",
        "guided-backprop",
        "deconvnet",
    ] {
        let bytes = ["a.npz", "b.npz"].map(|out| {
            let ran = place.run([
                "--engine",
                "rten",
                "relevance",
                "--model",
                "net.onnx",
                "--input",
                "x.npy",
                "--method",
                method,
                "--steps",
                "4",
                "--samples",
                "3",
                "--out",
                out,
            ]);
            assert_eq!(ran.code, 0, "{method}: {}", ran.stderr);
            array(&place, out, "relevance")
        });
        assert_eq!(bytes[0], bytes[1], "{method}");
        assert!(bytes[0].iter().any(|r| *r != 0.0), "{method}");
    }
}

#[test]
fn what_cannot_be_explained_is_told() {
    let place = place();
    place.write("text.npy", "no array");
    ndarray_npy::write_npy(place.path("wrong.npy"), &ndarray::array![[1.0f32, 2.0]]).unwrap();
    let run = |more: &[&str]| {
        let start = ["--engine", "rten", "relevance", "--out", "r.npz"];
        place.run(start.iter().chain(more))
    };
    run(&["--model", "gelu.onnx", "--input", "x.npy"]).fails_with_hint(
        2,
        "cannot explain `second`: there is no relevance rule for the operator `Gelu`",
        "guide/relevance.md",
    );
    run(&["--model", "net.onnx", "--input", "wrong.npy"]).fails(2, "[item, 1, 4, 4]");
    run(&["--model", "net.onnx", "--input", "text.npy"]).fails(2, "text.npy");
    run(&["--model", "net.onnx", "--input", "none.npy"]).fails(2, "none.npy");
    run(&["--model", "none.onnx", "--input", "x.npy"]).fails(2, "none.onnx");
    run(&[
        "--model",
        "net.onnx",
        "--input",
        "x.npy",
        "--composite",
        "epsilon",
    ])
    .fails(2, "`epsilon` as a composite");
    run(&[
        "--model", "net.onnx", "--input", "x.npy", "--target", "best",
    ])
    .fails(2, "`best` as a target");
    run(&["--model", "net.onnx", "--input", "x.npy", "--target", "3"])
        .fails(2, "classes from 0 to 2");
    run(&[
        "--model", "net.onnx", "--input", "x.npy", "--layer", "activ",
    ])
    .fails_with_hint(2, "`activ`", "active");
    run(&[
        "--model",
        "net.onnx",
        "--input",
        "x.npy",
        "--composite",
        "first_zbox",
        "--low",
        "0,1,2",
        "--high",
        "4",
    ])
    .fails(2, "low bound of the input of `first`");
    let bytes = std::fs::read(place.path("x.npy")).unwrap();
    place
        .run([
            "relevance",
            "--model",
            "net.onnx",
            "--input",
            "x.npy",
            "--out",
            "x.npy",
        ])
        .fails_with_hint(2, "written over", "--out");
    assert_eq!(std::fs::read(place.path("x.npy")).unwrap(), bytes);
}

#[test]
fn a_recording_is_explained_through_the_front_end() {
    let place = Place::new();
    let mut graph = Suffix::new();
    let weights: Vec<f32> = (0..64).map(|i| ((i % 9) as f32 - 4.0) / 9.0).collect();
    graph
        .header(8, 17, "tests")
        .graph_name("wave")
        .input("x", ElementType::Float32, &[1.into(), "samples".into()])
        .init_f32("w", &[2, 1, 32], &weights)
        .init_i64("channel", &[1], &[1])
        .node("Unsqueeze", &["x", "channel"], &["one"], &[])
        .node(
            "Conv",
            &["one", "w"],
            &["conv"],
            &[("strides", Attribute::Ints(&[16]))],
        )
        .node("Relu", &["conv"], &["active"], &[])
        .node("GlobalAveragePool", &["active"], &["mean"], &[])
        .node("Flatten", &["mean"], &["y"], &[])
        .output("y");
    place.write("wave.onnx", graph.finish());
    let tone: Vec<i16> = (0..1600)
        .map(|n| ((n as f64 * 0.2).sin() * 9000.0) as i16)
        .collect();
    place.wav("a.wav", &tone);
    place.wav("b.wav", &tone[..800]);
    let run = |files: &[&str]| {
        let start = [
            "--engine",
            "rten",
            "relevance",
            "--model",
            "wave.onnx",
            "--front-end",
            "waveform",
            "--out",
            "r.npz",
        ];
        place.run(start.iter().chain(files))
    };
    let ran = run(&["a.wav"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(array(&place, "r.npz", "relevance").shape(), [1, 1600]);
    run(&["a.wav", "b.wav"]).fails_with_hint(2, "b.wav", "one length");
    run(&["none.wav"]).fails(2, "none.wav");
}
