//! What is wrong is an error that names it, whichever engine runs.

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
