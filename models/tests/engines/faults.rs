//! What is wrong is an error that names it, whichever engine runs.

use std::fs;

use ndarray::Array;
use phonoscope_analysis::task::Cancel;
use phonoscope_models::wire::Attribute;
use phonoscope_models::{Error, GraphBytes};

use crate::graphs::{Float32, array, dense, model};
use crate::{engines, names};

#[test]
fn bytes_that_are_no_model_are_refused() {
    let whole = dense();
    let cut = &whole.bytes()[..whole.bytes().len() / 2];
    for engine in engines() {
        for bytes in [&b""[..], b"RIFF....WAVEfmt ", &[0; 64], cut] {
            let graph = GraphBytes::new(bytes);
            let error = engine.open(&graph, &names(&["y"])).err().unwrap();
            assert!(matches!(error, Error::NotOnnx { .. }), "{error}");
        }
    }
}

#[test]
fn a_graph_that_makes_no_sense_is_an_error_of_the_engine() {
    let mut graph = model("nonsense");
    graph
        .input("x", Float32, &["time".into()])
        .node("Frobnicate", &["x"], &["y"], &[("n", Attribute::Int(1))])
        .output("y");
    let unknown = GraphBytes::new(graph.finish());
    let mut graph = model("loose end");
    graph
        .input("x", Float32, &["time".into()])
        .node("Add", &["x", "nowhere"], &["y"], &[])
        .output("y");
    let loose = GraphBytes::new(graph.finish());
    let x = array(&[3], 1);
    for engine in engines() {
        for graph in [&unknown, &loose] {
            let error = engine
                .open(graph, &names(&["y"]))
                .and_then(|mut session| session.run(&[("x", x.view())], &Cancel::new()))
                .unwrap_err();
            let message = error.to_string();
            assert!(matches!(error, Error::Engine { .. }), "{message}");
            assert!(message.starts_with(&engine.info().to_string()), "{message}");
            assert!(!message.contains('\n'), "{message}");
        }
    }
}

#[test]
fn unknown_taps_name_their_neighbours() {
    for engine in engines() {
        let error = engine
            .open(&dense(), &names(&["y", "actve"]))
            .err()
            .unwrap();
        assert!(error.to_string().contains("`actve`"), "{error}");
        assert!(error.hint().unwrap().contains("active"));
    }
}

#[test]
fn wrong_inputs_name_what_was_expected_and_what_was_given() {
    for engine in engines() {
        let mut session = engine.open(&dense(), &names(&["y"])).unwrap();
        let wide = array(&[5, 9], 1);
        let flat = array(&[8], 1);
        for (name, x, parts) in [
            ("audio", &wide, ["`x`", "`audio`"]),
            ("x", &wide, ["[time, 8]", "[5, 9]"]),
            ("x", &flat, ["[time, 8]", "[8]"]),
        ] {
            let error = session
                .run(&[(name, x.view())], &Cancel::new())
                .unwrap_err();
            let message = error.to_string();
            assert!(parts.iter().all(|part| message.contains(part)), "{message}");
        }
        let good = array(&[5, 8], 1);
        let got = session.run(&[("x", good.view())], &Cancel::new());
        assert_eq!(got.unwrap()[0].shape(), [5, 4], "good after bad");
    }
}

#[test]
fn an_item_of_no_frames_is_an_answer_or_an_error() {
    let empty = Array::zeros(ndarray::IxDyn(&[0, 8]));
    for engine in engines() {
        let mut session = engine.open(&dense(), &names(&["y"])).unwrap();
        match session.run(&[("x", empty.view())], &Cancel::new()) {
            Ok(got) => assert_eq!(got[0].shape(), [0, 4], "{}", engine.info()),
            Err(error) => assert!(matches!(error, Error::Engine { .. }), "{error}"),
        }
    }
}

#[test]
fn views_that_are_not_contiguous_are_read_as_they_are_seen() {
    let wide = array(&[8, 5], 1);
    let turned = wide.t();
    let copied = turned.as_standard_layout().into_owned();
    for engine in engines() {
        let mut session = engine.open(&dense(), &names(&["y"])).unwrap();
        let seen = session
            .run(&[("x", turned.view())], &Cancel::new())
            .unwrap();
        let same = session
            .run(&[("x", copied.view())], &Cancel::new())
            .unwrap();
        assert_eq!(seen, same, "{}", engine.info());
    }
}

#[test]
fn weights_in_other_files_need_their_folder() {
    // External tensors are no part of the graph writer: a name and a location by hand.
    let mut graph = model("external");
    graph
        .input("x", Float32, &["time".into(), 2.into()])
        .node("MatMul", &["x", "w"], &["y"], &[])
        .output("y");
    let external = external_tensor("w", &[2, 3], "weights.data", 24);
    let graph = GraphBytes::new([graph.finish(), external].concat());
    let folder = tempfile::tempdir().unwrap();
    let values: Vec<u8> = (1..=6u8).flat_map(|v| f32::from(v).to_le_bytes()).collect();
    fs::write(folder.path().join("weights.data"), values).unwrap();
    let x = Array::from_vec(vec![1.0, 10.0])
        .into_shape_with_order(ndarray::IxDyn(&[1, 2]))
        .unwrap();
    for engine in engines() {
        let refused = engine.open(&graph, &names(&["y"])).err().unwrap();
        assert!(matches!(refused, Error::Engine { .. }), "{refused}");
        let mut session = engine
            .open_beside(&graph, &names(&["y"]), Some(folder.path()))
            .unwrap_or_else(|error| panic!("{error}"));
        let got = session.run(&[("x", x.view())], &Cancel::new()).unwrap();
        assert_eq!(
            got[0].as_slice().unwrap(),
            [41.0, 52.0, 63.0],
            "{}",
            engine.info()
        );
    }
}

/// A model suffix with one tensor whose data lie in a file.
fn external_tensor(name: &str, dims: &[u8], file: &str, bytes: u8) -> Vec<u8> {
    let field = |number: u8, content: &[u8]| {
        let length = u8::try_from(content.len()).unwrap();
        assert!(length < 128);
        [&[number << 3 | 2, length], content].concat()
    };
    let entry = |key: &str, value: &str| {
        field(
            13,
            &[field(1, key.as_bytes()), field(2, value.as_bytes())].concat(),
        )
    };
    let mut tensor: Vec<u8> = dims.iter().flat_map(|dim| [1 << 3, *dim]).collect();
    tensor.extend([2 << 3, 1]);
    tensor.extend(field(8, name.as_bytes()));
    tensor.extend(entry("location", file));
    tensor.extend(entry("offset", "0"));
    tensor.extend(entry("length", &bytes.to_string()));
    tensor.extend([14 << 3, 1]);
    field(7, &field(5, &tensor))
}
