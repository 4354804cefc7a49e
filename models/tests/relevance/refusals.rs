//! What is refused, in which words; and files that want to do harm.

use phonoscope_models::relevance::{Compiled, Method, Options, Target, compile};
use phonoscope_models::wire::{Attribute, ElementType, Suffix};
use phonoscope_models::{Error, GraphBytes};
use proptest::prelude::*;

use crate::draw::{Draws, onnx};
use crate::methods::model;

fn with_options(graph: Suffix, shape: &[usize], options: &Options) -> Result<Compiled, Error> {
    compile(&GraphBytes::new(graph.finish()), None, shape, options)
}

fn options() -> Options {
    Options::new(Method::Relevance("EpsilonPlus".parse().unwrap()))
}

fn refusal(graph: Suffix, shape: &[usize]) -> String {
    with_options(graph, shape, &options())
        .unwrap_err()
        .to_string()
}

/// `x` [item, 2, 4, 4] → a node → Flatten → `y`.
fn around(operator: &str, more: &[&str], attributes: &[(&str, Attribute<'_>)]) -> Suffix {
    let mut graph = model();
    let dims = ["item".into(), 2.into(), 4.into(), 4.into()];
    graph
        .input("x", ElementType::Float32, &dims)
        .init_f32("w", &[2, 2, 3, 3], &[0.5; 36])
        .init_f32("odd", &[2, 3, 3, 3], &[0.5; 54])
        .init_f32("five", &[5], &[0.5; 5])
        .init_i64("target", &[2], &[3, 7])
        .init_i64("indices", &[1], &[0]);
    let inputs: Vec<&str> = ["x"].into_iter().chain(more.iter().copied()).collect();
    graph
        .named_node("the node", operator, &inputs, &["made"], attributes)
        .node("Flatten", &["made"], &["y"], &[])
        .output("y");
    graph
}

/// Operator, inputs, attributes, and what its refusal says.
type Refused<'a> = (
    &'a str,
    &'a [&'a str],
    &'a [(&'a str, Attribute<'a>)],
    &'a str,
);

#[test]
fn a_node_without_a_rule_is_refused_by_its_name() {
    let cases: [Refused<'_>; 19] = [
        (
            "InstanceNormalization",
            &["five", "five"],
            &[],
            "`InstanceNormalization`",
        ),
        (
            "Gelu",
            &[],
            &[],
            "no relevance rule for the operator `Gelu`",
        ),
        ("Softmax", &[], &[], "`Softmax`"),
        ("Mul", &["x"], &[], "`Mul` of two values"),
        ("MatMul", &["x"], &[], "`MatMul` of two values"),
        ("Gather", &["indices"], &[], "`Gather`"),
        ("Conv", &["odd"], &[], "weight of shape [2, 3, 3, 3]"),
        ("Conv", &["w", "five"], &[], "does not fit"),
        ("Conv", &["nowhere"], &[], "`nowhere`"),
        (
            "Conv",
            &["w"],
            &[("strides", Attribute::Ints(&[0, 1]))],
            "`strides`",
        ),
        (
            "Conv",
            &["w"],
            &[("strides", Attribute::Ints(&[1]))],
            "2 axes",
        ),
        (
            "Conv",
            &["w"],
            &[("dilations", Attribute::Ints(&[4, 4]))],
            "not one window",
        ),
        ("Add", &["five"], &[], "enlarges"),
        ("Reshape", &["target"], &[], "cannot become [3, 7]"),
        (
            "LeakyRelu",
            &[],
            &[("alpha", Attribute::Float(-0.1))],
            "falls",
        ),
        (
            "Conv",
            &["w"],
            &[("group", Attribute::Int(i64::MAX))],
            "does not fit",
        ),
        (
            "AveragePool",
            &[],
            &[
                ("kernel_shape", Attribute::Ints(&[1 << 20, 1 << 20])),
                ("pads", Attribute::Ints(&[(1 << 20) - 1; 4])),
            ],
            "would have the shape",
        ),
        (
            "MaxPool",
            &[],
            &[("kernel_shape", Attribute::Ints(&[1 << 40, 2]))],
            "`kernel_shape`",
        ),
        (
            "Pad",
            &["target"],
            &[("mode", Attribute::Text("reflect"))],
            "copies",
        ),
    ];
    for (operator, more, attributes, words) in cases {
        let graph = around(operator, more, attributes);
        let error = refusal(graph, &[1, 2, 4, 4]);
        assert!(error.contains(words), "{operator}: {error}");
        assert!(
            error.contains("cannot explain `the node`"),
            "{operator}: {error}"
        );
    }
    let mut graph = around("Relu", &[], &[]);
    graph.node("LSTM", &["made"], &["unused"], &[]);
    let compiled = with_options(graph, &[1, 2, 4, 4], &options());
    assert!(
        compiled.is_ok(),
        "what the score does not depend on needs no rule"
    );
}

#[test]
fn inputs_and_outputs_that_do_not_fit_are_told() {
    let relu = || around("Relu", &[], &[]);
    for shape in [
        &[1, 2, 4][..],
        &[1, 3, 4, 4],
        &[0, 2, 4, 4],
        &[1 << 60, 2, 4, 4],
    ] {
        let error = refusal(relu(), shape);
        assert!(error.contains("[item, 2, 4, 4]"), "{error}");
    }
    let mut two = relu();
    two.input("more", ElementType::Float32, &[1.into()]);
    let error = refusal(two, &[1, 2, 4, 4]);
    assert!(error.contains("2 (x, more)"), "{error}");
    let mut two = relu();
    two.output("made");
    let error = refusal(two.clone(), &[1, 2, 4, 4]);
    assert!(error.contains("2 (y, made)"), "{error}");
    let chosen = |output: &str| Options {
        output: Some(output.to_owned()),
        ..options()
    };
    assert!(with_options(two.clone(), &[1, 2, 4, 4], &chosen("y")).is_ok());
    let error = with_options(two.clone(), &[1, 2, 4, 4], &chosen("made")).unwrap_err();
    assert!(error.to_string().contains("[1, classes]"), "{error}");
    let error = with_options(two.clone(), &[1, 2, 4, 4], &chosen("mad")).unwrap_err();
    assert!(error.hint().unwrap().contains("made"), "{error:?}");
    let asked = Options {
        inner: vec!["mad".to_owned()],
        ..chosen("y")
    };
    let error = with_options(two, &[1, 2, 4, 4], &asked).unwrap_err();
    assert!(matches!(error, Error::UnknownTensor { .. }), "{error}");
    let mut constant = model();
    constant
        .input("x", ElementType::Float32, &[1.into()])
        .init_f32("c", &[1], &[1.0])
        .node("Relu", &["c"], &["y"], &[])
        .output("y");
    assert!(refusal(constant, &[1]).contains("cannot explain"));
    let mut nothing = model();
    nothing
        .input("x", ElementType::Float32, &[1.into(), 2.into()])
        .node("Softmax", &["x"], &["y"], &[])
        .output("y");
    assert!(refusal(nothing, &[1, 2]).contains("no layers"));
    let options = Options {
        target: Target::Class(32),
        ..options()
    };
    let error = with_options(relu(), &[1, 2, 4, 4], &options).unwrap_err();
    assert!(
        error.to_string().contains("classes from 0 to 31"),
        "{error}"
    );
}

#[test]
fn items_of_a_batch_are_never_mixed() {
    let turned = || {
        around(
            "Transpose",
            &[],
            &[("perm", Attribute::Ints(&[1, 0, 2, 3]))],
        )
    };
    let error = refusal(turned(), &[2, 2, 4, 4]);
    assert!(error.contains("mixes the items"), "{error}");
    let mut chosen = turned();
    chosen.node(
        "Flatten",
        &["made"],
        &["all"],
        &[("axis", Attribute::Int(0))],
    );
    chosen.output("all");
    let options = Options {
        output: Some("all".to_owned()),
        ..options()
    };
    assert!(with_options(chosen, &[1, 2, 4, 4], &options).is_ok());
}

#[test]
fn weights_beside_the_graph_need_their_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("w.bin"), 0.5f32.to_le_bytes().repeat(8)).unwrap();
    let entry = |key: &str, value: &str| {
        let mut out = Vec::new();
        phonoscope_models::wire::put_bytes(&mut out, 1, key.as_bytes());
        phonoscope_models::wire::put_bytes(&mut out, 2, value.as_bytes());
        out
    };
    use phonoscope_models::wire::{put_bytes, put_int};
    let mut tensor = Vec::new();
    put_int(&mut tensor, 1, 4);
    put_int(&mut tensor, 1, 2);
    put_int(&mut tensor, 2, 1);
    put_bytes(&mut tensor, 8, b"w");
    put_bytes(&mut tensor, 13, &entry("location", "w.bin"));
    put_int(&mut tensor, 14, 1);
    let mut graph = model();
    graph
        .input("x", ElementType::Float32, &[1.into(), 4.into()])
        .node("MatMul", &["x", "w"], &["y"], &[])
        .output("y");
    let (mut part, mut bytes) = (Vec::new(), graph.finish());
    put_bytes(&mut part, 5, &tensor);
    put_bytes(&mut bytes, 7, &part);
    let graph = GraphBytes::new(bytes);
    assert!(compile(&graph, None, &[1, 4], &options()).is_err());
    assert!(compile(&graph, Some(folder.path()), &[1, 4], &options()).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damaged_networks_give_an_answer(
        seed in 0u64..40,
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let drawn = Draws::new(seed).network();
        let mut bytes = onnx(&drawn).bytes().to_vec();
        for (place, to) in places {
            let place = place.index(bytes.len());
            bytes[place] = to;
        }
        let shape = [&[1], drawn.dims.as_slice()].concat();
        let name = ["EpsilonGammaBox", "allouche2025", "alpha2beta1", "flat"][seed as usize % 4];
        let options = Options::new(Method::Relevance(name.parse().unwrap()));
        let _answer = compile(&GraphBytes::new(bytes), None, &shape, &options);
    }
}
