//! Graphs with made-up weights.

use ndarray::{Array, ArrayD, IxDyn};
use phonoscope_models::GraphBytes;
use phonoscope_models::wire::{Attribute, ElementType, Suffix};

pub(crate) use ElementType::Float32;

/// Numbers in [-1, 1) that look random and are the same everywhere.
pub(crate) fn numbers(n: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    (0..n)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect()
}

pub(crate) fn array(shape: &[usize], seed: u32) -> ArrayD<f32> {
    let values = numbers(shape.iter().product(), seed);
    Array::from_shape_vec(IxDyn(shape), values).unwrap()
}

pub(crate) fn model(name: &str) -> Suffix {
    let mut graph = Suffix::new();
    graph.header(8, 17, "phonoscope tests").graph_name(name);
    graph
}

pub(crate) fn weights(graph: &mut Suffix, name: &str, dims: &[i64], scale: f32, seed: u32) {
    let n = dims.iter().product::<i64>() as usize;
    let values: Vec<f32> = numbers(n, seed).iter().map(|x| x * scale).collect();
    graph.init_f32(name, dims, &values);
}

/// `x` [time, 8] → MatMul `product` → Add `sum` → Relu `active` → MatMul `y` [time, 4].
pub(crate) fn dense() -> GraphBytes {
    let mut graph = model("dense");
    weights(&mut graph, "w", &[8, 16], 0.5, 1);
    weights(&mut graph, "b", &[16], 0.5, 2);
    weights(&mut graph, "v", &[16, 4], 0.5, 3);
    graph
        .input("x", Float32, &["time".into(), 8.into()])
        .node("MatMul", &["x", "w"], &["product"], &[])
        .node("Add", &["product", "b"], &["sum"], &[])
        .node("Relu", &["sum"], &["active"], &[])
        .node("MatMul", &["active", "v"], &["y"], &[])
        .typed_output("y", Float32, &["time".into(), 4.into()]);
    GraphBytes::new(graph.finish())
}

/// `x` [batch, 80, time] → Conv `conv` → GELU by Erf `gelu` → Transpose → LayerNormalization
/// `norm` [batch, time, 12] → one attention head with weights `probs` → `y`.
pub(crate) fn encoder() -> GraphBytes {
    let mut graph = model("encoder");
    weights(&mut graph, "conv.w", &[12, 80, 3], 0.1, 1);
    weights(&mut graph, "conv.b", &[12], 0.1, 2);
    weights(&mut graph, "norm.g", &[12], 1.0, 3);
    weights(&mut graph, "norm.b", &[12], 1.0, 4);
    weights(&mut graph, "q.w", &[12, 12], 0.5, 5);
    graph
        .init_f32("root2", &[], &[std::f32::consts::SQRT_2])
        .init_f32("one", &[], &[1.0])
        .init_f32("half", &[], &[0.5])
        .input("x", Float32, &["batch".into(), 80.into(), "time".into()])
        .node(
            "Conv",
            &["x", "conv.w", "conv.b"],
            &["conv"],
            &[
                ("pads", Attribute::Ints(&[1, 1])),
                ("strides", Attribute::Ints(&[2])),
                ("kernel_shape", Attribute::Ints(&[3])),
            ],
        )
        .node("Div", &["conv", "root2"], &["scaled"], &[])
        .node("Erf", &["scaled"], &["erf"], &[])
        .node("Add", &["erf", "one"], &["erf1"], &[])
        .node("Mul", &["conv", "erf1"], &["gelu2"], &[])
        .node("Mul", &["gelu2", "half"], &["gelu"], &[])
        .node(
            "Transpose",
            &["gelu"],
            &["turned"],
            &[("perm", Attribute::Ints(&[0, 2, 1]))],
        )
        .node(
            "LayerNormalization",
            &["turned", "norm.g", "norm.b"],
            &["norm"],
            &[
                ("axis", Attribute::Int(-1)),
                ("epsilon", Attribute::Float(1e-5)),
            ],
        )
        .node("MatMul", &["norm", "q.w"], &["q"], &[])
        .node(
            "Transpose",
            &["norm"],
            &["k"],
            &[("perm", Attribute::Ints(&[0, 2, 1]))],
        )
        .node("MatMul", &["q", "k"], &["logits"], &[])
        .node(
            "Softmax",
            &["logits"],
            &["probs"],
            &[("axis", Attribute::Int(-1))],
        )
        .node("MatMul", &["probs", "norm"], &["mixed"], &[])
        .node("Add", &["turned", "mixed"], &["y"], &[])
        .typed_output(
            "y",
            Float32,
            &["batch".into(), "half_time".into(), 12.into()],
        );
    GraphBytes::new(graph.finish())
}

/// `mel` [window, time, 40] → two LSTMs `lstm.0`, `lstm.1` [window, time, 24] → last frame
/// `last` → `pre_relu` → Relu → LpNormalization `embedding` [window, 10].
pub(crate) fn recurrent() -> GraphBytes {
    let mut graph = model("recurrent");
    graph.input("mel", Float32, &["window".into(), "time".into(), 40.into()]);
    graph.init_i64("axis1", &[1], &[1]);
    graph.node(
        "Transpose",
        &["mel"],
        &["time_first"],
        &[("perm", Attribute::Ints(&[1, 0, 2]))],
    );
    for (layer, input, width) in [(0, "time_first", 40), (1, "flat.0", 24)] {
        let name = |part: &str| format!("{part}.{layer}");
        weights(&mut graph, &name("w"), &[1, 96, width], 0.3, 10 + layer);
        weights(&mut graph, &name("r"), &[1, 96, 24], 0.3, 20 + layer);
        weights(&mut graph, &name("b"), &[1, 192], 0.3, 30 + layer);
        graph
            .node(
                "LSTM",
                &[input, &name("w"), &name("r"), &name("b")],
                &[&name("all"), &name("hidden"), &name("cell")],
                &[("hidden_size", Attribute::Int(24))],
            )
            .node("Squeeze", &[&name("all"), "axis1"], &[&name("flat")], &[])
            .node(
                "Transpose",
                &[&name("flat")],
                &[&name("lstm")],
                &[("perm", Attribute::Ints(&[1, 0, 2]))],
            );
    }
    weights(&mut graph, "linear.w", &[24, 10], 0.5, 40);
    graph
        .init_i64("from", &[1], &[-1])
        .init_i64("to", &[1], &[i64::MAX])
        .init_i64("axis0", &[1], &[0])
        .node("Slice", &["flat.1", "from", "to", "axis0"], &["last1"], &[])
        .node("Squeeze", &["last1", "axis0"], &["last"], &[])
        .node("MatMul", &["last", "linear.w"], &["pre_relu"], &[])
        .node("Relu", &["pre_relu"], &["raw"], &[])
        .node(
            "LpNormalization",
            &["raw"],
            &["embedding"],
            &[("axis", Attribute::Int(-1)), ("p", Attribute::Int(2))],
        )
        .typed_output("embedding", Float32, &["window".into(), 10.into()]);
    GraphBytes::new(graph.finish())
}

/// `x` [time, 6] → heads by Shape, Slice, Concat, Reshape and Split: `y` [time, 2, 3] summed.
pub(crate) fn shapes() -> GraphBytes {
    let mut graph = model("shapes");
    graph
        .init_i64("zero", &[1], &[0])
        .init_i64("one", &[1], &[1])
        .init_i64("heads", &[2], &[2, 3])
        .init_i64("halves", &[2], &[1, 2])
        .init_i64("axis2", &[1], &[2])
        .input("x", Float32, &["time".into(), 6.into()])
        .node("Shape", &["x"], &["shape"], &[])
        .node("Slice", &["shape", "zero", "one"], &["time"], &[])
        .node(
            "Concat",
            &["time", "heads"],
            &["target"],
            &[("axis", Attribute::Int(0))],
        )
        .node("Reshape", &["x", "target"], &["split"], &[])
        .node(
            "Split",
            &["split", "halves"],
            &["left", "right"],
            &[("axis", Attribute::Int(2))],
        )
        .node(
            "ReduceMean",
            &["right"],
            &["mean"],
            &[
                ("axes", Attribute::Ints(&[2])),
                ("keepdims", Attribute::Int(1)),
            ],
        )
        .node("Sub", &["left", "mean"], &["y3"], &[])
        .node("Squeeze", &["y3", "axis2"], &["y"], &[])
        .typed_output("y", Float32, &["time".into(), 2.into()]);
    GraphBytes::new(graph.finish())
}

/// A chain of `n` products of 512 × 512 matrices, kept at the size of its input `x`.
pub(crate) fn long(n: usize) -> GraphBytes {
    let mut graph = model("long");
    weights(&mut graph, "w", &[512, 512], 0.05, 1);
    graph.input("x", Float32, &[512.into(), 512.into()]);
    let name = |i: usize| {
        if i == 0 {
            "x".to_owned()
        } else {
            format!("h{i}")
        }
    };
    for i in 0..n {
        graph.node("MatMul", &[&name(i), "w"], &[&name(i + 1)], &[]);
    }
    graph.typed_output(&name(n), Float32, &[512.into(), 512.into()]);
    GraphBytes::new(graph.finish())
}

/// `x` [batch, 4, time] → Conv, MaxPool, ConvTranspose, AveragePool → `y`, with nothing said that has a
/// default.
pub(crate) fn terse() -> GraphBytes {
    let mut graph = model("terse");
    weights(&mut graph, "in.w", &[6, 4, 3], 0.3, 1);
    weights(&mut graph, "out.w", &[6, 5, 2], 0.3, 2);
    let window = [("kernel_shape", Attribute::Ints(&[2]))];
    graph
        .input("x", Float32, &["batch".into(), 4.into(), "time".into()])
        .node("Conv", &["x", "in.w"], &["conv"], &[])
        .node("MaxPool", &["conv"], &["pool"], &window)
        .node("ConvTranspose", &["pool", "out.w"], &["wider"], &[])
        .node("AveragePool", &["wider"], &["y"], &window)
        .typed_output("y", Float32, &["batch".into(), 5.into(), "steps".into()]);
    GraphBytes::new(graph.finish())
}
