use super::*;
use crate::wire::{Attribute, ElementType, Fields, Suffix, Value, put_bytes, put_int};

/// Numbers that look trained: no formula, mean off zero.
fn trained(n: usize, key: u64) -> Vec<f32> {
    let pattern: Vec<f64> = (0..n).map(|i| 0.1 + (i % 7) as f64 * 0.05).collect();
    let mut rng = phonoscope_analysis::rng::stream(key, "trained", 0);
    let drawn = draw::redrawn(&pattern, &mut rng);
    drawn.iter().map(|v| *v as f32).collect()
}

/// A tensor of any element type, as a model that can be appended.
fn tensor(name: &str, kind: i64, dims: &[i64], field: u32, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    dims.iter().for_each(|dim| put_int(&mut out, 1, *dim));
    put_int(&mut out, 2, kind);
    put_bytes(&mut out, 8, name.as_bytes());
    put_bytes(&mut out, field, data);
    out
}

fn with_tensor(graph: Suffix, tensor: &[u8]) -> GraphBytes {
    let mut piece = Vec::new();
    put_bytes(&mut piece, 5, tensor);
    let mut model = graph.finish();
    put_bytes(&mut model, 7, &piece);
    GraphBytes::new(model)
}

fn empty() -> Suffix {
    let mut graph = Suffix::new();
    graph
        .header(8, 17, "test")
        .graph_name("test")
        .input("x", ElementType::Float32, &["time".into(), 64.into()])
        .output("y");
    graph
}

/// Convolution, norm, attention scale, resize, recurrence and a mask in one graph; it need not run.
fn sample() -> GraphBytes {
    let mut graph = empty();
    graph
        .init_f32("w", &[64, 32], &trained(2048, 1))
        .init_f32("bias", &[32], &trained(32, 2))
        .init_f32("scale", &[], &[0.125])
        .init_f32("sizes", &[3], &[1.0, 2.0, 2.5])
        .init_f32(
            "variance",
            &[32],
            &trained(32, 3)
                .iter()
                .map(|v| v * v + 0.01)
                .collect::<Vec<_>>(),
        )
        .init_f32("mean", &[32], &trained(32, 4))
        .init_f32("gain", &[32], &trained(32, 5))
        .init_f32("mask", &[4, 4], &[f32::NEG_INFINITY; 16])
        .init_f32("offset", &[64], &trained(64, 6))
        .init_i64("shape", &[2], &[0, -1])
        .init_f32("spare", &[3], &[1.0, 2.0, 4.0])
        .node("Sub", &["x", "offset"], &["centred"], &[])
        .node(
            "Transpose",
            &["w"],
            &["w.t"],
            &[("perm", Attribute::Ints(&[1, 0]))],
        )
        .node("Transpose", &["w.t"], &["w.again"], &[])
        .node("MatMul", &["centred", "w.again"], &["product"], &[])
        .node("Add", &["product", "bias"], &["shifted"], &[])
        .node("Mul", &["shifted", "scale"], &["scaled"], &[])
        .node(
            "BatchNormalization",
            &["scaled", "gain", "bias", "mean", "variance"],
            &["normal"],
            &[],
        )
        .node("Add", &["normal", "mask"], &["masked"], &[])
        .node("Resize", &["masked", "", "sizes"], &["large"], &[])
        .node("Reshape", &["large", "shape"], &["y"], &[]);
    GraphBytes::new(graph.finish())
}

fn values_of(graph: &GraphBytes) -> Vec<(String, Vec<f64>)> {
    let mut found = Vec::new();
    for field in Fields::new(graph.bytes()) {
        let (7, Value::Bytes(graph)) = field.unwrap() else {
            continue;
        };
        for field in Fields::new(graph) {
            if let (5, Value::Bytes(tensor)) = field.unwrap() {
                let stored = stored::Stored::read(tensor).unwrap();
                if let Ok(values) = stored.values(None) {
                    found.push((stored.name, values));
                }
            }
        }
    }
    found
}

fn value_of(graph: &GraphBytes, name: &str) -> Vec<f64> {
    let found = values_of(graph)
        .into_iter()
        .find(|(known, _)| known == name);
    found.unwrap().1
}

#[test]
fn only_the_bytes_of_weights_change() {
    let original = sample();
    for kind in TwinKind::ALL {
        let made = twin(&original, kind, 1).unwrap();
        let strip = |graph: &GraphBytes| {
            let mut found = survey(graph.bytes()).unwrap();
            found
                .initializers
                .iter_mut()
                .for_each(|tensor| tensor.values = None);
            found
        };
        assert_eq!(strip(&original), strip(&made.graph), "{kind}");
        assert_eq!(made.redrawn, 5, "w, bias, mean, gain, variance");
        assert_eq!(made.redrawn_elements, 2048 + 4 * 32);
        let reasons: Vec<_> = made
            .kept
            .iter()
            .map(|k| (k.name.as_str(), k.reason.clone()))
            .collect();
        assert_eq!(
            reasons,
            [
                ("scale", Reason::Scalar),
                ("sizes", Reason::Constant("Resize".to_owned())),
                ("mask", Reason::NotFinite),
                ("offset", Reason::InputNormalisation),
                ("shape", Reason::Steering),
                ("spare", Reason::Unread),
            ]
        );
        for ((name, before), (_, after)) in values_of(&original).iter().zip(values_of(&made.graph))
        {
            let kept = reasons.iter().any(|(kept, _)| kept == name);
            assert_eq!(*before == after, kept, "{name}");
        }
    }
}

#[test]
fn moments_are_matched_and_permutations_keep_the_numbers() {
    let original = sample();
    let before = value_of(&original, "w");
    let (mean, sd) = draw::moments(&before);
    let redrawn = value_of(&twin(&original, TwinKind::Redrawn, 1).unwrap().graph, "w");
    let (drawn_mean, drawn_sd) = draw::moments(&redrawn);
    // Four standard errors of the moments of 2,048 draws.
    assert!((drawn_mean - mean).abs() < 4.0 * sd / 2048f64.sqrt());
    assert!((drawn_sd - sd).abs() < 4.0 * sd / 4096f64.sqrt());
    let mut permuted = value_of(&twin(&original, TwinKind::Permuted, 1).unwrap().graph, "w");
    let mut sorted = before.clone();
    assert_ne!(permuted, before);
    permuted.sort_by(f64::total_cmp);
    sorted.sort_by(f64::total_cmp);
    assert_eq!(permuted, sorted);
}

#[test]
fn a_running_variance_stays_positive() {
    let original = sample();
    let before = value_of(&original, "variance");
    let redrawn = twin(&original, TwinKind::Redrawn, 1).unwrap();
    assert_eq!(redrawn.levelled, ["variance"]);
    let (mean, _) = draw::moments(&before);
    let after = value_of(&redrawn.graph, "variance");
    assert!(after.iter().all(|value| (value - mean).abs() < 1e-6));
    let permuted = twin(&original, TwinKind::Permuted, 1).unwrap();
    assert!(permuted.levelled.is_empty());
    let sorted = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values
    };
    let after = value_of(&permuted.graph, "variance");
    assert_eq!(sorted(after), sorted(before));
}

#[test]
fn same_seed_same_bytes_and_each_tensor_its_own_stream() {
    let original = sample();
    let made = |seed| twin(&original, TwinKind::Redrawn, seed).unwrap().graph;
    assert_eq!(made(1), made(1));
    assert_ne!(made(1), made(2));
    let graph = made(1);
    let standard = |name: &str| -> Vec<f64> {
        let (mean, sd) = draw::moments(&value_of(&original, name));
        value_of(&graph, name)
            .iter()
            .map(|v| (v - mean) / sd)
            .take(3)
            .collect()
    };
    let (bias, gain) = (standard("bias"), standard("gain"));
    assert!(bias.iter().zip(&gain).all(|(a, b)| (a - b).abs() > 1e-3));
}

#[test]
fn weights_of_every_type_and_field_are_drawn() {
    let floats = trained(40, 9);
    let f32s: Vec<u8> = floats.iter().flat_map(|v| v.to_le_bytes()).collect();
    let f64s: Vec<u8> = floats
        .iter()
        .flat_map(|v| f64::from(*v).to_le_bytes())
        .collect();
    let f16s: Vec<u8> = floats
        .iter()
        .flat_map(|v| half::f16::from_f32(*v).to_le_bytes())
        .collect();
    let bf16s: Vec<u8> = floats
        .iter()
        .flat_map(|v| half::bf16::from_f32(*v).to_le_bytes())
        .collect();
    let bytes: Vec<u8> = floats.iter().map(|v| (v * 100.0) as i8 as u8).collect();
    for (what, kind, field, data, operator) in [
        ("f32 raw", 1, 9, &f32s, "MatMul"),
        ("f32 list", 1, 4, &f32s, "Gemm"),
        ("f64 raw", 11, 9, &f64s, "MatMul"),
        ("f64 list", 11, 10, &f64s, "MatMul"),
        ("f16 raw", 10, 9, &f16s, "Conv"),
        ("bf16 raw", 16, 9, &bf16s, "MatMul"),
        ("i8 raw", 3, 9, &bytes, "MatMulInteger"),
        ("u8 raw", 2, 9, &bytes, "ConvInteger"),
    ] {
        let mut graph = empty();
        graph.node(operator, &["x", "w"], &["y"], &[]);
        let original = with_tensor(graph, &tensor("w", kind, &[8, 5], field, data));
        let before = value_of(&original, "w");
        for kind in TwinKind::ALL {
            let made = twin(&original, kind, 4).unwrap();
            let after = value_of(&made.graph, "w");
            assert_eq!(after.len(), 40, "{what}");
            assert_ne!(before, after, "{what}");
            let ((mean, sd), (m, s)) = (draw::moments(&before), draw::moments(&after));
            assert!(
                (m - mean).abs() < 4.0 * sd / 40f64.sqrt(),
                "{what}: {mean} {m}"
            );
            assert!((s - sd).abs() < 4.0 * sd / 80f64.sqrt(), "{what}: {sd} {s}");
        }
    }
}

#[test]
fn quantised_weights_keep_their_scales_and_zero_points() {
    let mut graph = empty();
    graph
        .init_f32("w.scale", &[8], &trained(8, 1))
        .init_f32("row.scale", &[8], &trained(8, 2))
        .node("DequantizeLinear", &["q", "w.scale", "w.zero"], &["w"], &[])
        .node(
            "DynamicQuantizeLinear",
            &["x"],
            &["x.q", "x.scale", "x.zero"],
            &[],
        )
        .node("Mul", &["x.scale", "row.scale"], &["both.scale"], &[])
        .node("MatMul", &["x", "w"], &["y"], &[]);
    let zero = tensor(
        "w.zero",
        2,
        &[8],
        9,
        &[120, 121, 122, 123, 124, 125, 126, 127],
    );
    let weights: Vec<u8> = trained(80, 3)
        .iter()
        .map(|v| (120.0 + v * 60.0) as u8)
        .collect();
    let q = tensor("q", 2, &[10, 8], 9, &weights);
    let first = with_tensor(graph, &zero);
    let mut piece = Vec::new();
    put_bytes(&mut piece, 5, &q);
    let mut model = first.bytes().to_vec();
    put_bytes(&mut model, 7, &piece);
    let original = GraphBytes::new(model);
    let made = twin(&original, TwinKind::Redrawn, 1).unwrap();
    assert_eq!(made.redrawn, 1);
    assert!(
        made.kept
            .iter()
            .all(|kept| kept.reason == Reason::Quantisation),
        "{:?}",
        made.kept
    );
    assert_eq!(made.kept.len(), 3);
    let (lowest, highest) = (weights.iter().min().unwrap(), weights.iter().max().unwrap());
    let range = f64::from(*lowest)..=f64::from(*highest);
    assert!(value_of(&made.graph, "q").iter().all(|v| range.contains(v)));
}

/// A `Constant` node with a tensor, inside the branch of an `If`.
fn nested() -> GraphBytes {
    let data: Vec<u8> = trained(40, 9)
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let attribute = |name: &str, field: u32, kind: i64, content: &[u8]| {
        let mut out = Vec::new();
        put_bytes(&mut out, 1, name.as_bytes());
        put_bytes(&mut out, field, content);
        put_int(&mut out, 20, kind);
        out
    };
    let node = |operator: &str, inputs: &[&str], output: &str, attribute: Option<Vec<u8>>| {
        let mut out = Vec::new();
        inputs
            .iter()
            .for_each(|input| put_bytes(&mut out, 1, input.as_bytes()));
        put_bytes(&mut out, 2, output.as_bytes());
        put_bytes(&mut out, 4, operator.as_bytes());
        attribute.iter().for_each(|a| put_bytes(&mut out, 5, a));
        out
    };
    let constant = attribute("value", 5, 4, &tensor("", 1, &[8, 5], 9, &data));
    let mut branch = Vec::new();
    put_bytes(&mut branch, 1, &node("Constant", &[], "w", Some(constant)));
    put_bytes(&mut branch, 1, &node("MatMul", &["x", "w"], "z", None));
    let choice = node(
        "If",
        &["flag"],
        "y",
        Some(attribute("then_branch", 6, 5, &branch)),
    );
    let mut piece = Vec::new();
    put_bytes(&mut piece, 1, &choice);
    let mut model = empty().finish();
    put_bytes(&mut model, 7, &piece);
    GraphBytes::new(model)
}

#[test]
fn constants_inside_branches_are_drawn() {
    let original = nested();
    let made = twin(&original, TwinKind::Permuted, 1).unwrap();
    assert_eq!((made.redrawn, made.redrawn_elements), (1, 40));
    assert_eq!(made.graph.bytes().len(), original.bytes().len());
    assert_ne!(made.graph, original);
}

#[test]
fn weights_in_other_files_come_inside() {
    let folder = tempfile::tempdir().unwrap();
    let data: Vec<u8> = trained(40, 9)
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    std::fs::write(folder.path().join("w.data"), [&[0; 8][..], &data].concat()).unwrap();
    let entry = |key: &str, value: &str| {
        let mut out = Vec::new();
        put_bytes(&mut out, 1, key.as_bytes());
        put_bytes(&mut out, 2, value.as_bytes());
        out
    };
    let external = |file: &str| {
        let mut out = Vec::new();
        [8, 5].iter().for_each(|dim| put_int(&mut out, 1, *dim));
        put_int(&mut out, 2, 1);
        put_bytes(&mut out, 8, b"w");
        for entry in [
            entry("location", file),
            entry("offset", "8"),
            entry("length", "160"),
        ] {
            put_bytes(&mut out, 13, &entry);
        }
        put_int(&mut out, 14, 1);
        let mut graph = empty();
        graph.node("MatMul", &["x", "w"], &["y"], &[]);
        with_tensor(graph, &out)
    };
    let original = external("w.data");
    let made = twin_beside(&original, Some(folder.path()), TwinKind::Permuted, 1).unwrap();
    let mut after = value_of(&made.graph, "w");
    let mut before: Vec<f64> = trained(40, 9).iter().map(|v| f64::from(*v)).collect();
    after.sort_by(f64::total_cmp);
    before.sort_by(f64::total_cmp);
    assert_eq!(after, before);
    assert!(
        survey(made.graph.bytes()).unwrap().initializers[0]
            .external
            .is_none()
    );
    let alone = twin(&original, TwinKind::Permuted, 1)
        .unwrap_err()
        .to_string();
    assert!(alone.contains("no folder was given"), "{alone}");
    let lost = twin_beside(
        &external("../w.data"),
        Some(folder.path()),
        TwinKind::Permuted,
        1,
    );
    assert!(lost.unwrap_err().to_string().contains("outside the folder"));
}

#[test]
fn a_graph_without_weights_has_no_twin() {
    let mut graph = empty();
    graph
        .init_f32("two", &[], &[2.0])
        .node("Mul", &["x", "two"], &["y"], &[]);
    let error = twin(&GraphBytes::new(graph.finish()), TwinKind::Redrawn, 1).unwrap_err();
    assert!(error.to_string().contains("no weights"), "{error}");
}

#[test]
fn kinds_are_read_as_they_are_shown() {
    for kind in TwinKind::ALL {
        assert_eq!(kind.to_string().parse::<TwinKind>().unwrap(), kind);
    }
    assert!("shuffled".parse::<TwinKind>().is_err());
}
