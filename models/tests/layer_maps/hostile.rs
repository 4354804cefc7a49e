//! Any survey gets a map, at a cost that grows as the graph does.

use phonoscope_models::map::{layer_map, layer_map_counted};
use phonoscope_models::wire::{
    Attribute, Dim, ElementType, Node, Setting, Survey, Tensor, ValueInfo, survey,
};
use proptest::prelude::*;

use super::conformer::conformer;
use super::parts::{DIM, GeluForm, NormForm, attention, linear, norm};
use super::scribe::{Scribe, Style};
use super::transformer::pre_norm;

/// Looks at nodes and values for each node, at most.
const LOOKS: u64 = 100;
/// Looks for branches that are nowhere, in a graph of any size, at most.
const SEARCH: u64 = 5_000_000;

/// Maps graphs of two sizes: neither costs much for its size, and the larger one no more for each node
/// than the smaller.
fn grows_as_its_graph(what: &str, sizes: [usize; 2], write: impl Fn(&mut Scribe, usize)) {
    let [small, large] = sizes.map(|size| {
        let mut scribe = Scribe::new(Style::Numbers);
        write(&mut scribe, size);
        let found = survey(&scribe.model()).unwrap();
        let nodes = found.nodes.len() as u64;
        let (map, looks) = layer_map_counted(&found);
        println!(
            "{what}: {nodes} nodes, {} blocks, {} looks a node",
            map.blocks.len(),
            looks / nodes
        );
        assert!(looks <= LOOKS * nodes + SEARCH, "{what}: {looks} looks");
        (nodes, looks)
    });
    assert!(large.0 > 4 * small.0);
    // Fixed costs and caps make a large graph cheaper; a tenth is left for its ends.
    assert!(10 * large.1 * small.0 <= 11 * small.1 * large.0, "{what}");
}

#[test]
fn twenty_thousand_nodes_cost_as_much_each_as_a_few() {
    grows_as_its_graph("a deep network", [100, 700], |s, layers| {
        let mut x = s.input("x", &["batch".into(), "time".into(), DIM.into()]);
        for layer in 0..layers {
            let scope = format!("layers.{layer}");
            let normed = norm(s, &scope, &x, DIM, NormForm::Pieces);
            let [_, out] = attention(s, &scope, &normed);
            x = s.op(&scope, "Add", &[&x, &out], &[]);
        }
        s.output(&x);
    });
    grows_as_its_graph(
        "sums with the very first value",
        [1_000, 7_000],
        |s, sums| {
            let first = s.input("x", &["batch".into(), "time".into(), DIM.into()]);
            let mut x = first.clone();
            for sum in 0..sums {
                let made = linear(s, "a", &x, [DIM, DIM]);
                let other = if sum % 2 == 0 { &first } else { &x };
                x = s.op("a", "Add", &[other, &made], &[]);
            }
            s.output(&x);
        },
    );
    grows_as_its_graph("sums of the last two values", [3_000, 20_000], |s, sums| {
        let mut x = s.input("x", &["batch".into(), "time".into(), DIM.into()]);
        let mut before = x.clone();
        for _ in 0..sums {
            let next = s.op("a", "Add", &[&x, &before], &[("axis", Attribute::Int(3))]);
            before = std::mem::replace(&mut x, next);
        }
        s.output(&x);
    });
}

const OPERATORS: [&str; 46] = [
    "Add",
    "Mul",
    "Sub",
    "Div",
    "Pow",
    "MatMul",
    "Gemm",
    "Conv",
    "ConvTranspose",
    "MaxPool",
    "LSTM",
    "GRU",
    "DynamicQuantizeLSTM",
    "Softmax",
    "LayerNormalization",
    "BatchNormalization",
    "SkipLayerNormalization",
    "Attention",
    "MultiHeadAttention",
    "Reshape",
    "Transpose",
    "Squeeze",
    "Unsqueeze",
    "Flatten",
    "Slice",
    "Pad",
    "Gather",
    "Concat",
    "Split",
    "Expand",
    "Tile",
    "STFT",
    "ReduceMean",
    "ReduceMax",
    "GlobalAveragePool",
    "Shape",
    "ConstantOfShape",
    "Where",
    "Erf",
    "Sqrt",
    "Relu",
    "QuantizeLinear",
    "DynamicQuantizeLinear",
    "Einsum",
    "MatMulNBits",
    "Constant",
];

const ATTRIBUTES: [&str; 16] = [
    "axis",
    "perm",
    "axes",
    "kernel_shape",
    "strides",
    "pads",
    "dilations",
    "group",
    "hidden_size",
    "layout",
    "keepdims",
    "allowzero",
    "starts",
    "ends",
    "split",
    "start",
];

fn setting() -> impl Strategy<Value = Setting> {
    let number = prop_oneof![-3i64..6, any::<i64>()];
    prop_oneof![
        number.clone().prop_map(Setting::Int),
        prop::collection::vec(number, 0..5).prop_map(Setting::Ints),
        prop_oneof![
            Just("bij,bjk->bik"),
            Just("bi,b->"),
            Just("SAME_UPPER"),
            Just("bidirectional")
        ]
        .prop_map(|text| Setting::Text(text.to_owned())),
    ]
}

fn value_name() -> impl Strategy<Value = String> {
    prop_oneof![8 => (0u8..24).prop_map(|n| n.to_string()), 1 => Just(String::new())]
}

fn node() -> impl Strategy<Value = Node> {
    (
        prop::sample::select(&OPERATORS[..]),
        prop::collection::vec(value_name(), 0..6),
        prop::collection::vec(value_name(), 0..4),
        prop::collection::vec((prop::sample::select(&ATTRIBUTES[..]), setting()), 0..4),
    )
        .prop_map(|(operator, inputs, outputs, attributes)| Node {
            operator: operator.to_owned(),
            name: format!("layers.{}", inputs.len()),
            domain: String::new(),
            inputs,
            outputs,
            attributes: attributes
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        })
}

fn dim() -> impl Strategy<Value = Dim> {
    prop_oneof![
        any::<i64>().prop_map(Dim::Fixed),
        (0i64..9).prop_map(Dim::Fixed),
        Just(Dim::Named("time".to_owned())),
        Just(Dim::Unknown),
    ]
}

fn value() -> impl Strategy<Value = ValueInfo> {
    (
        value_name(),
        prop::option::of(prop::collection::vec(dim(), 0..6)),
    )
        .prop_map(|(name, dims)| ValueInfo {
            name,
            element: Some(ElementType::Float32),
            dims,
        })
}

fn tensor() -> impl Strategy<Value = Tensor> {
    let sizes = prop::collection::vec(prop_oneof![0i64..9, any::<i64>()], 0..5);
    let values = prop::option::of(prop::collection::vec(-1e19f64..1e19, 0..5));
    (value_name(), sizes, values, any::<bool>()).prop_map(|(name, dims, values, is_integer)| {
        Tensor {
            name,
            element: if is_integer {
                ElementType::Int64
            } else {
                ElementType::Float32
            },
            dims,
            external: None,
            external_bytes: (0, None),
            raw: None,
            values,
        }
    })
}

proptest! {
    #[test]
    fn any_survey_gets_a_map(
        nodes in prop::collection::vec(node(), 1..40),
        inputs in prop::collection::vec(value(), 0..4),
        inner in prop::collection::vec(value(), 0..4),
        initializers in prop::collection::vec(tensor(), 0..8),
    ) {
        let found = Survey { nodes, inputs, inner, initializers, ..Survey::default() };
        let map = layer_map(&found);
        prop_assert_eq!(&map, &layer_map(&found));
        for block in &map.blocks {
            prop_assert!(block.taps.iter().all(|name| map.taps.iter().any(|tap| tap.name == *name)));
        }
    }

    #[test]
    fn a_damaged_graph_gets_a_map(at in any::<prop::sample::Index>(), to in any::<u8>(), which in 0..2) {
        let mut bytes = match which {
            0 => conformer(Style::TorchScript, 1).model(),
            _ => pre_norm(Style::Dynamo, NormForm::Pieces, GeluForm::Erf, true).model(),
        };
        let at = at.index(bytes.len());
        bytes[at] = to;
        if let Ok(found) = survey(&bytes) {
            let map = layer_map(&found);
            prop_assert!(map.taps.iter().all(|tap| !tap.name.is_empty()));
        }
    }
}
