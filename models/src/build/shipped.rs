//! ONNX files that packages ship, with what they lack added after them: values rebuilt or turned so
//! that they can be tapped, and published formulas on top of raw outputs.

use super::{dim, transpose};
use crate::wire::{Attribute, ElementType, Suffix, survey};
use crate::{Error, Result};

const DVECTOR_LAYERS: [&str; 3] = ["val_83", "val_143", "val_203"];
const DVECTOR_HIDDEN: usize = 768;
const DVECTOR_DIM: usize = 256;

/// The coefficients of `a·x² + b·x + c` for SIG, BAK and OVR by which DNSMOS P.835 turns its
/// network's raw outputs into mean opinion scores. Source: Microsoft's `dnsmos_local.py` (MIT).
const DNSMOS_CURVE: [[f32; 3]; 3] = [
    [-0.083_972_78, -0.131_668_88, -0.067_662_83],
    [1.220_839_5, 1.609_155_2, 1.115_464_7],
    [0.005_243_9, -0.396_045_46, 0.046_025_35],
];

/// The d-vector network: `lstm.K` [window, time, dim] from its layers' [time, window, dim], and
/// `embedding.unit` [window, dim], each window's embedding at length one.
pub(super) fn dvector(bytes: &[u8]) -> Result<Vec<u8>> {
    needs(bytes, &DVECTOR_LAYERS, &["embedding"])?;
    let mut added = Suffix::new();
    for (layer, value) in DVECTOR_LAYERS.into_iter().enumerate() {
        let tap = format!("lstm.{layer}");
        transpose(&mut added, value, &tap, &[1, 0, 2]);
        let dims = ["window".into(), "time".into(), dim(DVECTOR_HIDDEN).into()];
        added.inner(&tap, ElementType::Float32, &dims);
    }
    let norm = [("axis", Attribute::Int(1)), ("p", Attribute::Int(2))];
    let dims = ["window".into(), dim(DVECTOR_DIM).into()];
    added
        .node(
            "LpNormalization",
            &["embedding"],
            &["embedding.unit"],
            &norm,
        )
        .inner("embedding.unit", ElementType::Float32, &dims);
    Ok([bytes, &added.finish()].concat())
}

/// DNSMOS P.835: `mos` [window, 3], the calibrated scores for signal, background and overall.
pub(super) fn dnsmos(bytes: &[u8]) -> Result<Vec<u8>> {
    const RAW: &str = "Identity:0";
    needs(bytes, &[], &[RAW])?;
    let mut added = Suffix::new();
    for (name, values) in ["mos.square", "mos.slope", "mos.offset"]
        .iter()
        .zip(DNSMOS_CURVE)
    {
        added.init_f32(name, &[dim(values.len())], &values);
    }
    added
        .node("Mul", &[RAW, "mos.square"], &["mos.bent"], &[])
        .node("Add", &["mos.bent", "mos.slope"], &["mos.factor"], &[])
        .node("Mul", &["mos.factor", RAW], &["mos.risen"], &[])
        .node("Add", &["mos.risen", "mos.offset"], &["mos"], &[])
        .inner("mos", ElementType::Float32, &["window".into(), 3.into()]);
    Ok([bytes, &added.finish()].concat())
}

/// Checks that the graph has these values inside and these outputs.
pub(super) fn needs(bytes: &[u8], values: &[&str], outputs: &[&str]) -> Result<()> {
    let found = survey(bytes)?;
    let mut missing = values
        .iter()
        .filter(|name| !found.values().any(|value| value == **name))
        .chain(
            outputs
                .iter()
                .filter(|name| !found.outputs.iter().any(|output| output.name == **name)),
        );
    match missing.next() {
        None => Ok(()),
        Some(name) => Err(Error::Weights {
            model: "the graph".to_owned(),
            why: format!("the graph has no value `{name}`"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(values: &[&str], output: &str) -> Vec<u8> {
        let mut graph = Suffix::new();
        graph.header(8, 17, "test").graph_name("g");
        graph.input("x", ElementType::Float32, &["n".into(), 3.into()]);
        let mut last = "x";
        for value in values.iter().chain([&output]) {
            graph.node("Relu", &[last], &[value], &[]);
            last = value;
        }
        graph.output(output);
        graph.finish()
    }

    #[test]
    fn what_is_added_follows_what_was_shipped() {
        let shipped = graph(&DVECTOR_LAYERS, "embedding");
        let built = dvector(&shipped).unwrap();
        assert!(built.starts_with(&shipped));
        let found = survey(&built).unwrap();
        let added: Vec<_> = found.inner.iter().map(|v| v.name.as_str()).collect();
        assert_eq!(added, ["lstm.0", "lstm.1", "lstm.2", "embedding.unit"]);
        assert_eq!(found.outputs.len(), 1);
    }

    #[test]
    fn a_graph_without_the_values_is_refused_by_name() {
        let error = dvector(&graph(&["val_83"], "embedding")).unwrap_err();
        assert!(error.to_string().contains("`val_143`"), "{error}");
        let error = dnsmos(&graph(&[], "other")).unwrap_err().to_string();
        assert!(error.contains("`Identity:0`"), "{error}");
    }
}
