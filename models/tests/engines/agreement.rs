//! The engines against each other and against numbers worked out here.

use std::thread;

use ndarray::{Array2, ArrayD, ArrayView2, Axis, Ix2};
use phonoscope_analysis::task::Cancel;
use phonoscope_models::GraphBytes;

use crate::graphs::{array, dense, encoder, numbers, recurrent, shapes, terse};
use crate::{difference, engines, names, onnxruntime, rten, run};

/// Both run 32-bit kernels that add in different orders; values here are of order one.
const TOLERANCE: f32 = 1e-4;

fn cases() -> Vec<(GraphBytes, &'static str, ArrayD<f32>, Vec<&'static str>)> {
    vec![
        (
            dense(),
            "x",
            array(&[50, 8], 7),
            vec!["product", "active", "y"],
        ),
        (
            encoder(),
            "x",
            array(&[2, 80, 61], 8),
            vec!["conv", "gelu", "norm", "probs", "y"],
        ),
        (
            recurrent(),
            "mel",
            array(&[3, 160, 40], 9),
            vec!["lstm.0", "lstm.1", "pre_relu", "embedding"],
        ),
        (
            shapes(),
            "x",
            array(&[9, 6], 10),
            vec!["split", "mean", "y"],
        ),
        (
            terse(),
            "x",
            array(&[2, 4, 30], 11),
            vec!["conv", "pool", "wider", "y"],
        ),
    ]
}

#[test]
fn engines_agree_on_every_tap() {
    let Some(onnxruntime) = onnxruntime() else {
        return;
    };
    for (graph, input, x, taps) in cases() {
        let ours = run(&*rten(), &graph, &taps, &[(input, &x)]);
        let theirs = run(&*onnxruntime, &graph, &taps, &[(input, &x)]);
        for ((tap, a), b) in taps.iter().zip(&ours).zip(&theirs) {
            let d = difference(a, b);
            println!("{tap} {:?}: largest difference {d:e}", a.shape());
            assert!(d < TOLERANCE, "{tap}: {d}");
        }
    }
}

#[test]
fn the_dense_graph_gives_what_its_products_give() {
    let x = array(&[50, 8], 7);
    let matrix = |rows, columns, seed| {
        Array2::from_shape_vec((rows, columns), numbers(rows * columns, seed)).unwrap() * 0.5
    };
    let x2: ArrayView2<'_, f32> = x.view().into_dimensionality::<Ix2>().unwrap();
    let bias = matrix(1, 16, 2);
    let active = (x2.dot(&matrix(8, 16, 1)) + bias.row(0)).mapv(|v| v.max(0.0));
    let y = active.dot(&matrix(16, 4, 3)).into_dyn();
    for engine in engines() {
        let got = run(&*engine, &dense(), &["y", "active"], &[("x", &x)]);
        assert!(difference(&got[0], &y) < 1e-5, "{}", engine.info());
        assert!(difference(&got[1], &active.clone().into_dyn()) < 1e-5);
    }
}

#[test]
fn attention_weights_sum_to_one_and_embeddings_have_length_one() {
    for engine in engines() {
        let probs = run(
            &*engine,
            &encoder(),
            &["probs"],
            &[("x", &array(&[2, 80, 61], 8))],
        );
        assert!(
            probs[0]
                .sum_axis(Axis(2))
                .iter()
                .all(|sum| (sum - 1.0).abs() < 1e-5)
        );
        let mel = array(&[3, 160, 40], 9);
        let embedding = run(&*engine, &recurrent(), &["embedding"], &[("mel", &mel)]);
        let lengths = embedding[0].mapv(|v| v * v).sum_axis(Axis(1));
        assert!(lengths.iter().all(|l| (l - 1.0).abs() < 1e-5), "{lengths}");
    }
}

#[test]
fn a_second_run_gives_the_same_bits() {
    for engine in engines() {
        for (graph, input, x, taps) in cases() {
            let mut session = engine.open(&graph, &names(&taps)).unwrap();
            let mut go = || session.run(&[(input, x.view())], &Cancel::new()).unwrap();
            assert_eq!(go(), go(), "{}", engine.info());
        }
    }
}

#[test]
fn sessions_on_several_threads_give_what_one_gives() {
    for engine in engines() {
        let items: Vec<ArrayD<f32>> = (0..6).map(|i| array(&[2, 80, 41 + 10 * i], 50)).collect();
        let one = |x: &ArrayD<f32>| run(&*engine, &encoder(), &["norm", "y"], &[("x", x)]);
        let alone: Vec<_> = items.iter().map(one).collect();
        let together: Vec<_> = thread::scope(|scope| {
            let workers: Vec<_> = items.iter().map(|x| scope.spawn(move || one(x))).collect();
            workers.into_iter().map(|w| w.join().unwrap()).collect()
        });
        assert_eq!(alone, together, "{}", engine.info());
    }
}
