//! Reading inner values leaves a graph as it was.

use phonoscope_models::graph::with_outputs;
use phonoscope_models::wire;

use crate::graphs::{array, dense, encoder, recurrent};
use crate::{engines, names, run};

#[test]
fn tapping_leaves_the_outputs_bit_identical() {
    for engine in engines() {
        let x = array(&[2, 80, 61], 8);
        let plain = run(&*engine, &encoder(), &["y"], &[("x", &x)]);
        let tapped = run(
            &*engine,
            &encoder(),
            &["conv", "norm", "probs", "y"],
            &[("x", &x)],
        );
        assert_eq!(plain[0], tapped[3], "{}", engine.info());
        let mel = array(&[3, 160, 40], 9);
        let plain = run(&*engine, &recurrent(), &["embedding"], &[("mel", &mel)]);
        let taps = ["lstm.0", "embedding", "pre_relu"];
        let tapped = run(&*engine, &recurrent(), &taps, &[("mel", &mel)]);
        assert_eq!(plain[0], tapped[1], "{}", engine.info());
    }
}

#[test]
fn outputs_come_in_the_order_asked_and_as_often() {
    let x = array(&[5, 8], 1);
    for engine in engines() {
        let got = run(
            &*engine,
            &dense(),
            &["y", "sum", "y", "product", "sum"],
            &[("x", &x)],
        );
        let shapes: Vec<_> = got.iter().map(|a| a.shape()[1]).collect();
        assert_eq!(shapes, [4, 16, 4, 16, 16], "{}", engine.info());
        assert_eq!(got[0], got[2]);
        assert_eq!(got[1], got[4]);
        assert_ne!(got[1], got[3]);
    }
}

#[test]
fn a_graph_tapped_beforehand_is_read_by_the_same_names() {
    let taps = names(&["active", "y"]);
    let tapped = with_outputs(&dense(), &taps).unwrap();
    assert_eq!(wire::survey(tapped.bytes()).unwrap().outputs.len(), 2);
    let x = array(&[5, 8], 1);
    for engine in engines() {
        let before = run(&*engine, &dense(), &["active", "y"], &[("x", &x)]);
        assert_eq!(
            run(&*engine, &tapped, &["active", "y"], &[("x", &x)]),
            before
        );
    }
}

#[test]
fn values_inside_a_fused_operator_can_be_read() {
    let x = array(&[2, 80, 61], 8);
    for engine in engines() {
        let parts = ["scaled", "erf", "erf1", "gelu2", "gelu"];
        let got = run(&*engine, &encoder(), &parts, &[("x", &x)]);
        assert!(
            got.iter().all(|part| part.shape() == [2, 12, 31]),
            "{}",
            engine.info()
        );
        let again = &got[3] * 0.5;
        assert_eq!(again, got[4], "{}", engine.info());
    }
}
