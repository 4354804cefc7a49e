use std::collections::BTreeSet;

use super::*;
use crate::weights::{Elements, Weight};
use crate::wire::survey;

fn weights(layers: usize) -> Weights {
    let (n, mels, hidden) = (6, 5, 8);
    let mut weights = Weights::default();
    let mut add = |name: String, shape: &[usize]| {
        let elements = Elements::Floats(vec![0.5; shape.iter().product()]);
        weights.insert(
            name,
            Weight {
                shape: shape.to_vec(),
                elements,
            },
        );
    };
    for (conv, input) in [(1, mels), (2, n)] {
        add(format!("encoder/conv{conv}/weight"), &[n, input, 3]);
        add(format!("encoder/conv{conv}/bias"), &[n]);
    }
    add("encoder/position_encodings/encodings".to_owned(), &[10, n]);
    let mut norms = vec!["encoder/layer_norm".to_owned()];
    for k in 0..layers {
        for (part, out, input) in [
            ("self_attention/linear_0", 3 * n, n),
            ("self_attention/linear_1", n, n),
            ("ffn/linear_0", hidden, n),
            ("ffn/linear_1", n, hidden),
        ] {
            add(format!("encoder/layer_{k}/{part}/weight"), &[out, input]);
            add(format!("encoder/layer_{k}/{part}/bias"), &[out]);
        }
        let parts = ["self_attention/layer_norm", "ffn/layer_norm"];
        norms.extend(parts.map(|part| format!("encoder/layer_{k}/{part}")));
    }
    for norm in norms {
        add(format!("{norm}/gamma"), &[n]);
        add(format!("{norm}/beta"), &[n]);
    }
    let heads = Weight {
        shape: vec![],
        elements: Elements::Integers(vec![2]),
    };
    weights.insert("encoder/num_heads", heads);
    weights
}

#[test]
fn the_graph_names_every_point_of_the_residual_stream() {
    let model = write(&weights(2)).unwrap();
    assert_eq!(model, write(&weights(2)).unwrap());
    let found = survey(&model).unwrap();
    let inner: Vec<_> = found.inner.iter().map(|v| v.name.as_str()).collect();
    assert_eq!(
        inner,
        [
            "encoder.0.resid_pre",
            "encoder.0.attn.probs",
            "encoder.0.resid_mid",
            "encoder.0.mlp_act",
            "encoder.0.resid_post",
            "encoder.1.attn.probs",
            "encoder.1.resid_mid",
            "encoder.1.mlp_act",
            "encoder.1.resid_post",
        ]
    );
    let dims = |i: usize| found.inner[i].dims.clone().unwrap();
    assert_eq!(
        dims(1),
        ["batch".into(), 2.into(), "time".into(), "key".into()]
    );
    assert_eq!(dims(3), ["batch".into(), "time".into(), 8.into()]);
    assert_eq!(found.outputs[0].name, "encoder.final_norm");
}

#[test]
fn every_value_is_made_once_before_it_is_used() {
    let found = survey(&write(&weights(3)).unwrap()).unwrap();
    let mut made: BTreeSet<&str> = found.inputs.iter().map(|v| v.name.as_str()).collect();
    made.extend(found.initializers.iter().map(|t| t.name.as_str()));
    let mut names = BTreeSet::new();
    for node in &found.nodes {
        assert!(names.insert(&node.name), "node {} twice", node.name);
        for input in &node.inputs {
            assert!(
                made.contains(input.as_str()),
                "{} uses {input} too early",
                node.name
            );
        }
        for output in &node.outputs {
            assert!(made.insert(output), "{output} is made twice");
        }
    }
    let softmaxes = found
        .nodes
        .iter()
        .filter(|n| n.operator == "Softmax")
        .count();
    assert_eq!(softmaxes, 3);
}

#[test]
fn weights_that_do_not_fit_are_named() {
    let mut odd = weights(1);
    let elements = Elements::Floats(vec![0.0; 4]);
    odd.insert(
        "encoder/layer_0/self_attention/linear_0/bias",
        Weight {
            shape: vec![4],
            elements,
        },
    );
    let error = write(&odd).unwrap_err().to_string();
    assert!(
        error.contains("linear_0/bias` has shape [4], needed [18]"),
        "{error}"
    );
    let mut heads = weights(1);
    let elements = Elements::Integers(vec![4]);
    heads.insert(
        "encoder/num_heads",
        Weight {
            shape: vec![],
            elements,
        },
    );
    assert!(write(&heads).unwrap_err().to_string().contains("4 heads"));
}
