//! Mapping a graph of twelve transformer blocks.

use phonoscope_models::map::layer_map;
use phonoscope_models::wire::{Attribute, ElementType, Suffix, Survey, survey};

const DIM: i64 = 8;
const BLOCKS: usize = 12;

fn main() {
    divan::main();
}

/// Twelve pre-norm blocks with anonymous names.
fn twelve() -> Survey {
    let mut graph = Suffix::new();
    let dims = ["batch".into(), "time".into(), DIM.into()];
    graph
        .header(8, 17, "bench")
        .graph_name("main")
        .input("x", ElementType::Float32, &dims)
        .init_f32("scale", &[DIM], &[1.0; DIM as usize])
        .init_f32("square", &[DIM, DIM], &[0.1; (DIM * DIM) as usize])
        .init_i64("split", &[4], &[0, 0, 2, DIM / 2])
        .init_i64("merge", &[3], &[0, 0, DIM]);
    let mut count = 0;
    let mut op = |graph: &mut Suffix, operator: &str, inputs: &[&str], perm: &[i64]| {
        count += 1;
        let output = format!("v{count}");
        let order = [("perm", Attribute::Ints(perm))];
        let attributes: &[_] = if perm.is_empty() { &[] } else { &order };
        graph.node(operator, inputs, &[&output], attributes);
        output
    };
    let mut x = "x".to_owned();
    for _ in 0..BLOCKS {
        let g = &mut graph;
        let normed = op(g, "LayerNormalization", &[&x, "scale", "scale"], &[]);
        let [q, k, v] = [[0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]].map(|order| {
            let flat = op(g, "MatMul", &[&normed, "square"], &[]);
            let parts = op(g, "Reshape", &[&flat, "split"], &[]);
            op(g, "Transpose", &[&parts], &order)
        });
        let scores = op(g, "MatMul", &[&q, &k], &[]);
        let probs = op(g, "Softmax", &[&scores], &[]);
        let mixed = op(g, "MatMul", &[&probs, &v], &[]);
        let by_time = op(g, "Transpose", &[&mixed], &[0, 2, 1, 3]);
        let flat = op(g, "Reshape", &[&by_time, "merge"], &[]);
        let out = op(g, "MatMul", &[&flat, "square"], &[]);
        let middle = op(g, "Add", &[&x, &out], &[]);
        let normed = op(g, "LayerNormalization", &[&middle, "scale", "scale"], &[]);
        let up = op(g, "MatMul", &[&normed, "square"], &[]);
        let active = op(g, "Relu", &[&up], &[]);
        let down = op(g, "MatMul", &[&active, "square"], &[]);
        x = op(g, "Add", &[&middle, &down], &[]);
    }
    graph.output(&x);
    survey(&graph.finish()).unwrap_or_default()
}

#[divan::bench]
fn twelve_blocks(bencher: divan::Bencher<'_, '_>) {
    let found = twelve();
    assert_eq!(layer_map(&found).blocks.len(), BLOCKS);
    bencher.bench(|| layer_map(&found));
}
