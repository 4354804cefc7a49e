//! ONNX Runtime's file format, written by the tests and read back as ONNX.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod writer;

use ndarray::array;
use phonoscope_analysis::task::{Cancel, Task};
use phonoscope_models::build::moonshine;
use phonoscope_models::engine::{EngineChoice, open_engine};
use phonoscope_models::wire::{Dim, ElementType, Fields, Setting, Value, survey};
use phonoscope_models::{Cache, GraphBytes, Network, ort_format, ort_to_onnx};
use writer::{Field, attribute, dense, floats, graph, node, session, text, texts, value};

fn refusal(bytes: &[u8]) -> String {
    ort_to_onnx(bytes).unwrap_err().to_string()
}

#[test]
fn a_graph_is_read_with_types_weights_and_nodes_in_order() {
    let bytes = dense();
    assert!(ort_format::is_ort(&bytes));
    let found = survey(&ort_to_onnx(&bytes).unwrap()).unwrap();
    assert_eq!((found.ir_version, found.default_opset()), (8, Some(17)));
    assert_eq!(found.producer, "test");
    let operators: Vec<_> = found.nodes.iter().map(|n| n.operator.as_str()).collect();
    assert_eq!(operators, ["MatMul", "Add", "Mul"]);
    assert_eq!(found.nodes[0].name, "MatMul of product");
    let inputs: Vec<_> = found.inputs.iter().map(|i| i.name.as_str()).collect();
    assert_eq!(inputs, ["x"], "the weight is no input");
    assert_eq!(
        found.inputs[0].dims,
        Some(vec!["time".into(), Dim::Fixed(2)])
    );
    assert_eq!(found.outputs[0].element, Some(ElementType::Float32));
    let inner: Vec<_> = found.inner.iter().map(|i| i.name.as_str()).collect();
    assert_eq!(inner, ["product"]);
    assert_eq!(found.initializers[0].dims, [2, 3]);
    assert_eq!(found.initializers[2].values, Some(vec![2.0]));
}

#[test]
fn metadata_is_kept() {
    let model = ort_to_onnx(&dense()).unwrap();
    let entry = Fields::new(&model).find_map(|field| match field.unwrap() {
        (14, Value::Bytes(entry)) => Some(entry.to_vec()),
        _ => None,
    });
    let fields: Vec<_> = entry
        .iter()
        .flat_map(|e| Fields::new(e))
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(
        fields,
        [(1, Value::Bytes(b"note")), (2, Value::Bytes(b"kept"))]
    );
}

#[test]
fn what_was_read_runs() {
    let graph = GraphBytes::new(ort_to_onnx(&dense()).unwrap());
    let engine = open_engine(
        EngineChoice::Rten,
        &Cache::locate(),
        Network::Offline,
        &Task::silent(),
    )
    .unwrap();
    let mut session = engine.open(&graph, &["y".to_owned()]).unwrap();
    let x = array![[1.0f32, 10.0]].into_dyn();
    let got = session.run(&[("x", x.view())], &Cancel::new()).unwrap();
    assert_eq!(got[0], array![[83.0f32, 104.5, 126.25]].into_dyn());
}

#[test]
fn attributes_of_every_kind_are_read() {
    let body = graph(
        vec![floats("inner", &[2], &[1.0, 2.0])],
        vec![],
        vec![node("Identity", &["inner"], &["branch"], vec![])],
        &[],
        &["branch"],
    );
    let attributes = vec![
        attribute("float", 1, 3, Field::F32(0.5)),
        attribute("int", 2, 4, Field::I64(-7)),
        attribute("zero", 2, 2, Field::I32(2)),
        attribute("text", 3, 5, text("words")),
        attribute("tensor", 4, 6, Field::Table(floats("", &[1], &[3.0]))),
        attribute("body", 5, 7, Field::Table(body.clone())),
        attribute("floats", 6, 8, Field::Floats(vec![1.5, -2.5])),
        attribute("ints", 7, 9, Field::Longs(vec![3, -4])),
        attribute("texts", 8, 10, texts(&["a", ""])),
        attribute(
            "tensors",
            9,
            11,
            Field::Tables(vec![floats("", &[1], &[1.0])]),
        ),
        attribute("bodies", 10, 12, Field::Tables(vec![body])),
    ];
    let nodes = vec![node("Everything", &["x", "", "w"], &["y", ""], attributes)];
    let bytes = session(graph(
        vec![],
        vec![value("x", &[None])],
        nodes,
        &["x"],
        &["y"],
    ));
    let found = survey(&ort_to_onnx(&bytes).unwrap()).unwrap();
    let node = &found.nodes[0];
    assert_eq!(node.inputs, ["x", "", "w"]);
    assert_eq!(node.outputs, ["y", ""]);
    assert_eq!(node.attribute("float"), Some(&Setting::Float(0.5)));
    assert_eq!(node.int("int"), Some(-7));
    assert_eq!(node.int("zero"), Some(0), "a default is not stored");
    assert_eq!(node.text("text"), Some("words"));
    assert_eq!(
        node.attribute("floats"),
        Some(&Setting::Floats(vec![1.5, -2.5]))
    );
    assert_eq!(node.ints("ints"), Some(&[3, -4][..]));
    assert_eq!(node.attributes.len(), 11);
    let Some(Setting::Tensor(tensor)) = node.attribute("tensor") else {
        panic!()
    };
    assert_eq!(tensor.values, Some(vec![3.0]));
    let Some(Setting::Graph(body)) = node.attribute("body") else {
        panic!()
    };
    assert_eq!(body.nodes[0].operator, "Identity");
    assert_eq!(body.initializers[0].name, "inner");
    assert_eq!(body.outputs[0].name, "branch");
}

#[test]
fn values_that_a_body_needs_come_before_it() {
    let body = graph(
        vec![],
        vec![],
        vec![node("Identity", &["made"], &["branch"], vec![])],
        &[],
        &["branch"],
    );
    let attributes = vec![attribute("then_branch", 5, 7, Field::Table(body))];
    let mut choice = node("If", &["flag"], &["y"], attributes);
    choice.extend([Field::Absent, texts(&["made"])]);
    let nodes = vec![choice, node("Relu", &["x"], &["made"], vec![])];
    let bytes = session(graph(vec![], vec![], nodes, &["x", "flag"], &["y"]));
    let found = survey(&ort_to_onnx(&bytes).unwrap()).unwrap();
    assert_eq!(found.nodes[0].operator, "Relu");
    assert_eq!(
        found.nodes[1].inputs,
        ["flag"],
        "what a body needs is no input"
    );
}

#[test]
fn what_is_shared_is_read_wherever_it_is_referred_to() {
    let note = attribute("ints", 7, 9, Field::Longs(vec![1, 2]));
    let mut shared = node("Many", &["x"], &["y"], vec![]);
    shared[10] = Field::Repeated(note, 3);
    let bytes = session(graph(vec![], vec![], vec![shared], &["x"], &["y"]));
    let found = survey(&ort_to_onnx(&bytes).unwrap()).unwrap();
    let attributes = &found.nodes[0].attributes;
    assert_eq!(attributes.len(), 3);
    let same =
        |(name, value): &(String, Setting)| name == "ints" && *value == Setting::Ints(vec![1, 2]);
    assert!(attributes.iter().all(same));
}

#[test]
fn what_onnx_cannot_say_is_refused() {
    let one = |nodes, weights| session(graph(weights, vec![], nodes, &["x"], &["y"]));
    let mut fused = node("Fused_1", &["x"], &["y"], vec![]);
    fused[6] = Field::I32(1);
    assert!(refusal(&one(vec![fused], vec![])).contains("compiled for one device"));
    let odd = vec![attribute("odd", 11, 3, Field::F32(1.0))];
    let error = refusal(&one(vec![node("Odd", &["x"], &["y"], odd)], vec![]));
    assert!(error.contains("`odd` is of unknown type 11"), "{error}");
    let lost = vec![attribute("lost", 5, 3, Field::F32(1.0))];
    let error = refusal(&one(vec![node("If", &["x"], &["y"], lost)], vec![]));
    assert!(error.contains("`lost` lacks its graph"), "{error}");
    let mut outside = floats("w", &[1], &[]);
    outside.extend([Field::Absent, Field::I64(64)]);
    assert!(refusal(&one(vec![], vec![outside])).contains("another file"));
    let circle = vec![
        node("Relu", &["b"], &["a"], vec![]),
        node("Relu", &["a"], &["b"], vec![]),
    ];
    assert!(refusal(&one(circle, vec![])).contains("circle"));
    assert!(refusal(b"").contains("does not begin"));
    assert!(refusal(b"\x08\0\0\0ORTX\0\0\0\0").contains("does not begin"));
    assert!(refusal(&writer::file(&vec![text("6")])).contains("no model"));
}

#[test]
fn the_last_sum_of_moonshine_becomes_a_value() {
    let [stream, branch] = ["/layers.5/Add_output_0", "/layers.5/mlp/fc2/Add_output_0"];
    let nodes = vec![
        node("Relu", &["x"], &[stream], vec![]),
        node("Neg", &[stream], &[branch], vec![]),
        node("SkipLayerNormalization", &[stream, branch], &["y"], vec![]),
    ];
    let bytes = session(graph(vec![], vec![], nodes, &["x"], &["y"]));
    let found = survey(&moonshine(&bytes).unwrap()).unwrap();
    let added = found.nodes.last().unwrap();
    assert_eq!(added.operator, "Add");
    assert_eq!(added.inputs, [stream, branch]);
    assert_eq!(added.outputs, ["/layers.5/Add_1_output_0"]);
}
