//! Surgery on damaged models: an answer or an error, never a panic.

use std::path::Path;

use phonoscope_models::graph::{
    Edit, Intervention, check_external, flattened, intervened, pooled, with_outputs,
};
use phonoscope_models::wire::survey;
use phonoscope_models::{Axis, Field, GraphBytes, Tap, Timing, quantisation};
use proptest::prelude::*;

use super::{bodies, external, interventions};
use crate::graphs::{encoder, shapes};

fn models() -> Vec<GraphBytes> {
    vec![
        bodies::branching(),
        bodies::looping(),
        external::graph("parts/w.bin", "4", "24"),
        interventions::quantised(),
        shapes(),
        encoder(),
    ]
}

/// Everything that surgery does, to every value that the damaged model still has.
fn operate(bytes: Vec<u8>) {
    let graph = GraphBytes::new(bytes);
    let Ok(found) = survey(graph.bytes()) else {
        assert!(flattened(&graph, &[]).is_err());
        return;
    };
    let values = || found.values().map(str::to_owned).take(12);
    let names: Vec<String> = values().chain(["nowhere".to_owned()]).collect();
    for name in &names {
        let _answer = with_outputs(&graph, std::slice::from_ref(name));
    }
    for axes in [
        vec![Axis::Batch, Axis::Time, Axis::Dim],
        vec![Axis::Time, Axis::Batch, Axis::Head, Axis::Dim],
        vec![],
    ] {
        let taps: Vec<Tap> = values()
            .map(|tensor| Tap {
                name: tensor.clone(),
                tensor,
                axes: axes.clone(),
                dim: None,
                timing: Some(Timing {
                    stride: 2,
                    field: Field::Unbounded,
                }),
                meaning: String::new(),
            })
            .collect();
        for tap in &taps {
            let _answer = pooled(&graph, std::slice::from_ref(tap));
        }
        let _answer = pooled(&graph, &taps);
    }
    for edit in [Edit::Add, Edit::Replace, Edit::Zero] {
        let edits: Vec<Intervention> = values()
            .chain(found.inputs.iter().map(|input| input.name.clone()))
            .chain(found.initializers.iter().map(|tensor| tensor.name.clone()))
            .map(|tensor| Intervention { tensor, edit })
            .collect();
        for edit in &edits {
            let _answer = intervened(&graph, std::slice::from_ref(edit));
        }
        let _answer = intervened(&graph, &edits);
    }
    if let Ok(flat) = flattened(&graph, &[("sr", 16000.0)]) {
        assert!(survey(flat.graph.bytes()).is_ok());
    }
    let _answer = check_external(&found, Path::new("nowhere"));
    let _answer = quantisation(&found);
}

#[test]
fn whole_models_are_operated_on() {
    models()
        .into_iter()
        .for_each(|model| operate(model.bytes().to_vec()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn damaged_models_give_an_answer_or_an_error(
        which in any::<prop::sample::Index>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let mut bytes = which.get(&models()).bytes().to_vec();
        for (at, to) in damage {
            let at = at.index(bytes.len());
            bytes[at] = to;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        operate(bytes);
    }

    #[test]
    fn names_swapped_within_a_model_give_an_answer_or_an_error(
        which in any::<prop::sample::Index>(),
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
    ) {
        let model = which.get(&models()).clone();
        let found = survey(model.bytes()).unwrap();
        let names: Vec<&str> = found.values().filter(|name| !name.is_empty()).collect();
        let (from, to) = (from.get(&names).as_bytes(), to.get(&names).as_bytes());
        let mut bytes = model.bytes().to_vec();
        // Loops, twice made values, values read before they are made.
        if from.len() == to.len() {
            let at = bytes.windows(from.len()).position(|part| part == from);
            if let Some(at) = at {
                bytes[at..at + from.len()].copy_from_slice(to);
            }
        }
        operate(bytes);
    }
}
