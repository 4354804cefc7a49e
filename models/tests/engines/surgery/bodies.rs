//! Values in the branches of `If` and in loops.

use ndarray::ArrayD;
use phonoscope_models::graph::{
    Edit, Flattened, Intervention, flattened, intervened, with_outputs,
};
use phonoscope_models::wire::{Attribute, ElementType, Suffix, survey};
use phonoscope_models::{Error, GraphBytes};

use crate::graphs::{Float32, array, model};
use crate::{engines, names, run};

/// A branch that makes `outputs` of `x`: `inner` = x · `w` + outer `bias`, and the weight itself.
fn branch(inner: &str, scaled: &str, factor: f32) -> Suffix {
    let mut body = Suffix::new();
    body.graph_name("branch")
        .init_f32(&format!("{scaled}.w"), &[1], &[factor])
        .named_node(
            "scale",
            "Mul",
            &["x", &format!("{scaled}.w")],
            &[scaled],
            &[],
        )
        .named_node("shift", "Add", &[scaled, "bias"], &[inner], &[]);
    body
}

/// Two `If`s on `sr` = 16000 whose branches use the same names, the second with an `If` inside.
pub(super) fn branching() -> GraphBytes {
    let (mut yes, mut no) = (branch("a", "scaled", 2.0), branch("a", "scaled", 3.0));
    for body in [&mut yes, &mut no] {
        body.node("Identity", &["bias"], &["kept"], &[])
            .node("Neg", &["a"], &["minus"], &[]);
        for output in ["a", "minus", "scaled.w", "kept"] {
            body.output(output);
        }
    }
    let (mut deep, mut shallow) = (branch("c", "deep", 10.0), branch("c", "deep", 20.0));
    deep.output("c");
    shallow.output("c");
    let (deep, shallow) = (deep.body(), shallow.body());
    let mut yes2 = branch("b", "scaled", 4.0);
    let mut no2 = branch("b", "scaled", 5.0);
    for body in [&mut yes2, &mut no2] {
        let branches = [
            ("then_branch", Attribute::Graph(&deep)),
            ("else_branch", Attribute::Graph(&shallow)),
        ];
        body.node("Not", &["wide"], &["narrow"], &[])
            .node("If", &["narrow"], &["d"], &branches)
            .node("Add", &["b", "d"], &["sum"], &[])
            .output("sum");
    }
    let (yes, no, yes2, no2) = (yes.body(), no.body(), yes2.body(), no2.body());
    let mut graph = model("branching");
    graph
        .init_i64("sixteen", &[], &[16000])
        .init_f32("bias", &[1], &[0.5])
        .input("x", Float32, &["time".into()])
        .input("sr", ElementType::Int64, &[])
        .node("Equal", &["sr", "sixteen"], &["wide"], &[])
        .node(
            "If",
            &["wide"],
            &["y", "y2", "factor", "passed"],
            &[
                ("then_branch", Attribute::Graph(&yes)),
                ("else_branch", Attribute::Graph(&no)),
            ],
        )
        .node(
            "If",
            &["wide"],
            &["z"],
            &[
                ("then_branch", Attribute::Graph(&yes2)),
                ("else_branch", Attribute::Graph(&no2)),
            ],
        )
        .node("Add", &["y", "z"], &["out"], &[]);
    for output in ["out", "y2", "factor", "passed"] {
        graph.output(output);
    }
    GraphBytes::new(graph.finish())
}

#[test]
fn branches_that_are_always_taken_join_the_main_graph() {
    let x = array(&[4], 1);
    let outputs = ["out", "y2", "factor", "passed"];
    for (rate, factors) in [(16000.0, [2.0, 4.0, 20.0]), (8000.0, [3.0, 5.0, 10.0])] {
        let Flattened {
            graph,
            inlined,
            hidden,
        } = flattened(&branching(), &[("sr", rate)]).unwrap();
        assert_eq!(inlined.len(), 3, "{inlined:?}");
        assert_eq!(hidden, []);
        let found = survey(graph.bytes()).unwrap();
        assert!(found.nodes.iter().all(|node| node.operator != "If"));
        let sr = ArrayD::from_elem(ndarray::IxDyn(&[]), rate as f32);
        let feed = [("x", &x), ("sr", &sr)];
        for engine in engines() {
            let before = run(&*engine, &branching(), &outputs, &feed);
            let got = run(&*engine, &graph, &outputs, &feed);
            assert_eq!(got, before, "{}", engine.info());
            let whole = &x * factors.iter().sum::<f32>() + 1.5;
            assert!(
                crate::difference(&got[0], &whole) < 1e-5,
                "{}",
                engine.info()
            );
            assert_eq!(got[1], -(&x * factors[0] + 0.5), "{}", engine.info());
            assert_eq!((got[2][[0]], got[3][[0]]), (factors[0], 0.5));
            let taps = ["scaled/1", "scaled/2", "deep"];
            let scaled = run(&*engine, &graph, &taps, &feed);
            for (scaled, factor) in scaled.iter().zip(factors) {
                assert_eq!(*scaled, &x * factor, "{}", engine.info());
            }
            let edit = Intervention {
                tensor: "deep".to_owned(),
                edit: Edit::Zero,
            };
            let edited = intervened(&graph, &[edit]).unwrap();
            let got = run(&*engine, &edited.graph, &["out"], &feed);
            let left = &x * (factors[0] + factors[1]) + 1.5;
            assert!(
                crate::difference(&got[0], &left) < 1e-5,
                "{}",
                engine.info()
            );
        }
    }
}

#[test]
fn branches_that_depend_on_inputs_stay_and_say_on_which() {
    let kept = flattened(&branching(), &[]).unwrap();
    assert_eq!(kept.graph, branching());
    assert_eq!((kept.inlined.len(), kept.hidden.len()), (0, 2));
    assert!(
        kept.hidden[0].why.contains("depends on `sr`"),
        "{:?}",
        kept.hidden
    );
    for (tensor, parts) in [
        ("a", vec!["the `If` node `If:y`", "`then_branch`"]),
        (
            "c",
            vec![
                "the `If` node `If:z`",
                "`then_branch`, the `If` node `If:d` in it",
            ],
        ),
    ] {
        let error = with_outputs(&branching(), &names(&[tensor])).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, Error::Surgery { .. }), "{text}");
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
        assert!(error.hint().unwrap().contains("`wide`"), "{error:?}");
    }
    let error = flattened(&branching(), &[("rate", 16000.0)]).unwrap_err();
    assert!(error.to_string().contains("`rate`"), "{error}");
}

/// `y` = x doubled `n` times.
pub(super) fn looping() -> GraphBytes {
    let mut body = Suffix::new();
    body.graph_name("step")
        .input("i", ElementType::Int64, &[])
        .input("go", ElementType::Bool, &[])
        .input("state", Float32, &["time".into()])
        .node("Identity", &["go"], &["on"], &[])
        .node("Add", &["state", "state"], &["twice"], &[]);
    for (name, element) in [("on", ElementType::Bool), ("twice", Float32)] {
        body.typed_output(
            name,
            element,
            if name == "on" {
                &[]
            } else {
                &[phonoscope_models::wire::Dim::Unknown]
            },
        );
    }
    let body = body.body();
    let mut graph = model("looping");
    graph
        .init_i64("n", &[], &[3])
        .input("x", Float32, &["time".into()])
        .node(
            "Loop",
            &["n", "", "x"],
            &["y"],
            &[("body", Attribute::Graph(&body))],
        )
        .output("y");
    GraphBytes::new(graph.finish())
}

#[test]
fn values_in_loops_are_refused_by_name() {
    let x = array(&[4], 1);
    for engine in engines() {
        assert_eq!(run(&*engine, &looping(), &["y"], &[("x", &x)])[0], &x * 8.0);
        let error = engine.open(&looping(), &names(&["twice"])).err().unwrap();
        assert!(
            error
                .to_string()
                .contains("the `Loop` node `Loop:y` (`body`)"),
            "{error}"
        );
        assert!(error.hint().unwrap().contains("unrolled"), "{error:?}");
    }
    let kept = flattened(&looping(), &[]).unwrap();
    assert!(kept.hidden[0].name.contains("`Loop:y`") && kept.graph == looping());
}

#[test]
fn values_that_were_fused_away_are_refused_with_the_reason() {
    let mut graph = model("fused");
    graph
        .input("x", Float32, &["time".into()])
        .node("Relu", &["x"], &["h"], &[])
        .output("y");
    let mut bytes = graph.finish();
    // A node of another operator set: input, output, operator, domain.
    let node = b"\x0a\x01h\x12\x01y\x22\x04Gelu\x3a\x0dcom.microsoft";
    let graph = [&[0x0a, node.len() as u8], &node[..]].concat();
    bytes.extend([0x3a, graph.len() as u8]);
    bytes.extend(graph);
    let error = with_outputs(&GraphBytes::new(bytes), &names(&["erf"])).unwrap_err();
    assert!(error.to_string().contains("1 × Gelu"), "{error}");
    assert!(error.hint().unwrap().contains("near: h, y"), "{error:?}");
}
