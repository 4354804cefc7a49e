//! What goes in and out of each step backwards.

use crate::relevance::Rule;
use crate::relevance::emit::{Emitter, Setting};
use crate::relevance::network::{Node, Op, wide};
use crate::relevance::tensor::Tensor;

/// A step of the backward pass in the ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct LedgerLayer {
    /// Name of the node.
    pub name: String,
    /// What kind of step it is.
    pub operator: &'static str,
    /// Its rule, where it has weights.
    pub rule: Option<Rule>,
}

/// A value of the graph and its shape.
type Part = (String, Vec<usize>);

#[derive(Debug)]
struct Entry {
    layer: LedgerLayer,
    arriving: Part,
    leaving: Vec<Part>,
    bias: Vec<Part>,
}

/// The steps in the order of the backward pass, while the graph is written.
#[derive(Debug, Default)]
pub(in crate::relevance) struct Ledger {
    entries: Vec<Entry>,
}

/// The ledger's values in the graph, each `[item, layer]`.
#[derive(Debug, Clone)]
pub(in crate::relevance) struct Sums {
    pub(in crate::relevance) layers: Vec<LedgerLayer>,
    pub(in crate::relevance) arriving: String,
    pub(in crate::relevance) leaving: String,
    pub(in crate::relevance) bias: String,
}

impl Ledger {
    pub(super) fn open(&mut self, node: &Node, rule: Option<Rule>, value: &str, dims: &[usize]) {
        let operator = match &node.op {
            Op::Linear(linear) => linear.operator(),
            Op::Affine { norm: true, .. } => "BatchNorm",
            Op::Affine { .. } => "Affine",
            Op::MaxPool(_) => "MaxPool",
            Op::AveragePool { .. } => "AveragePool",
            Op::Mean(_) => "Mean",
            Op::Activation(_) => "Activation",
            Op::Add => "Add",
            Op::Concat(_) => "Concat",
            Op::Reshape => "Reshape",
            Op::Transpose(_) => "Transpose",
            Op::Pad { .. } => "Pad",
        };
        self.entries.push(Entry {
            layer: LedgerLayer {
                name: node.name.clone(),
                operator,
                rule,
            },
            arriving: (value.to_owned(), dims.to_vec()),
            leaving: Vec::new(),
            bias: Vec::new(),
        });
    }

    /// Notes what the step last opened hands to an input.
    pub(super) fn given(&mut self, value: &str, dims: &[usize]) {
        if let Some(entry) = self.entries.last_mut() {
            entry.leaving.push((value.to_owned(), dims.to_vec()));
        }
    }

    /// Notes what the biases of the step last opened took.
    pub(super) fn swallowed(
        &mut self,
        e: &mut Emitter,
        swallowed: &[(String, Vec<f32>)],
        channel_dims: Vec<usize>,
        dims: &[usize],
    ) {
        let Some(entry) = self.entries.last_mut() else {
            return;
        };
        for (place, (quotient, bias)) in swallowed.iter().enumerate() {
            let key = format!("relevance/{}/bias {place}", entry.arriving.0);
            let channel_dims = channel_dims.clone();
            let bias = e.floats(&key, || Tensor::new(channel_dims, bias.clone()));
            entry
                .bias
                .push((e.op("Mul", &[quotient, &bias]), dims.to_vec()));
        }
    }

    /// Writes the sums. Steps that move relevance one to one are left out.
    pub(in crate::relevance) fn write(self, e: &mut Emitter, batch: usize) -> Option<Sums> {
        let tells = |entry: &Entry| {
            !matches!(
                entry.layer.operator,
                "Activation" | "Reshape" | "Transpose" | "Concat" | "Affine" | "MaxPool"
            )
        };
        let entries: Vec<Entry> = self.entries.into_iter().filter(tells).collect();
        if entries.is_empty() {
            return None;
        }
        let (mut arriving, mut leaving, mut bias) = (vec![], vec![], vec![]);
        for entry in &entries {
            arriving.push(total(e, std::slice::from_ref(&entry.arriving), batch));
            leaving.push(total(e, &entry.leaving, batch));
            bias.push(total(e, &entry.bias, batch));
        }
        let mut joined = |columns: Vec<String>| {
            let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
            e.with("Concat", &columns, vec![("axis", Setting::Int(1))])
        };
        Some(Sums {
            arriving: joined(arriving),
            leaving: joined(leaving),
            bias: joined(bias),
            layers: entries.into_iter().map(|entry| entry.layer).collect(),
        })
    }
}

/// The sum over all parts, `[item, 1]`.
fn total(e: &mut Emitter, parts: &[Part], batch: usize) -> String {
    let mut sum: Option<String> = None;
    for (value, dims) in parts {
        let elements: usize = dims.iter().product();
        let flat = e.reshape(value, &wide(&[batch, elements / batch.max(1)]));
        let axis = e.ints(&[1]);
        let one = e.with(
            "ReduceSum",
            &[&flat, &axis],
            vec![("keepdims", Setting::Int(1))],
        );
        sum = Some(match sum {
            Some(sum) => e.op("Add", &[&sum, &one]),
            None => one,
        });
    }
    sum.unwrap_or_else(|| {
        let key = format!("relevance/no bias/{batch}");
        e.floats(&key, || Tensor::filled(vec![batch, 1], 0.0))
    })
}
