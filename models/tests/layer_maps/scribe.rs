//! Writes graphs with the names that exporters give, and remembers what should be found in them.

use std::collections::BTreeMap;

use phonoscope_models::wire::{Attribute, Dim, ElementType, Suffix, put_bytes};

/// Whose names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `/encoder/layers.0/self_attn/MatMul_output_0`, weights of products `onnx::MatMul_7`.
    TorchScript,
    /// `val_83`, `add_146`, `layer_norm_8`.
    Dynamo,
    /// `model/layer_0/attention/MatMul:0`.
    Tf2Onnx,
    /// `123`.
    Numbers,
}

impl Style {
    pub(super) const ALL: [Self; 4] = [
        Self::TorchScript,
        Self::Dynamo,
        Self::Tf2Onnx,
        Self::Numbers,
    ];
}

/// A graph being written.
pub(super) struct Scribe {
    pub(super) style: Style,
    /// Names of taps, and the values that they should be.
    pub(super) marks: Vec<(String, String)>,
    graph: Suffix,
    contrib: Vec<u8>,
    count: usize,
    made: BTreeMap<String, usize>,
    latest: BTreeMap<String, String>,
}

impl Scribe {
    pub(super) fn new(style: Style) -> Self {
        let mut graph = Suffix::new();
        graph.header(8, 17, "test").graph_name("main");
        Self {
            style,
            marks: Vec::new(),
            graph,
            contrib: Vec::new(),
            count: 0,
            made: BTreeMap::new(),
            latest: BTreeMap::new(),
        }
    }

    /// The serialised model.
    pub(super) fn model(&self) -> Vec<u8> {
        let mut bytes = self.graph.clone().finish();
        put_bytes(&mut bytes, 7, &self.contrib);
        bytes
    }

    pub(super) fn mark(&mut self, tap: impl Into<String>, value: &str) {
        self.marks.push((tap.into(), value.to_owned()));
    }

    pub(super) fn input(&mut self, name: &str, dims: &[Dim]) -> String {
        self.graph.input(name, ElementType::Float32, dims);
        name.to_owned()
    }

    pub(super) fn typed_input(&mut self, name: &str, element: ElementType, dims: &[Dim]) -> String {
        self.graph.input(name, element, dims);
        name.to_owned()
    }

    pub(super) fn output(&mut self, value: &str) {
        self.graph.output(value);
    }

    fn name(&mut self, scope: &str, operator: &str) -> String {
        self.count += 1;
        let count = self.count;
        let base = match self.style {
            Style::TorchScript => format!("/{}/{operator}_output_0", scope.replace(' ', "/")),
            Style::Tf2Onnx => {
                let scope = scope.replace("layers.", "layer_").replace(' ', "/");
                format!("model/{scope}/{operator}:0")
            }
            Style::Dynamo => match operator {
                "LayerNormalization" => format!("layer_norm_{count}"),
                "Add" => format!("add_{count}"),
                _ => format!("val_{count}"),
            },
            Style::Numbers => count.to_string(),
        };
        let seen = self.made.entry(base.clone()).or_insert(0);
        *seen += 1;
        match *seen {
            1 => base,
            n => format!("{base}_{}", n - 1),
        }
    }

    /// Weights, small and different from each other.
    pub(super) fn weight(&mut self, scope: &str, dims: &[i64]) -> String {
        self.count += 1;
        let name = match self.style {
            Style::TorchScript if dims.len() == 2 => format!("onnx::MatMul_{}", self.count),
            Style::Numbers => self.count.to_string(),
            _ => format!("{}.{}", scope.replace(' ', "."), self.count),
        };
        let size: i64 = dims.iter().product();
        let seed = self.count as i64;
        let values: Vec<f32> = (0..size)
            .map(|at| ((at * 37 + seed * 11) % 101) as f32 / 500.0 - 0.1)
            .collect();
        self.graph.init_f32(&name, dims, &values);
        name
    }

    /// A weight of a norm: positive.
    pub(super) fn scale(&mut self, dims: &[i64]) -> String {
        self.count += 1;
        let name = match self.style {
            Style::Numbers => self.count.to_string(),
            _ => format!("norm.weight.{}", self.count),
        };
        let size: i64 = dims.iter().product();
        let values: Vec<f32> = (0..size).map(|at| 1.0 + at as f32 / 100.0).collect();
        self.graph.init_f32(&name, dims, &values);
        name
    }

    pub(super) fn number(&mut self, value: f32) -> String {
        self.count += 1;
        let name = format!("constant_{}", self.count);
        self.graph.init_f32(&name, &[], &[value]);
        name
    }

    pub(super) fn ints(&mut self, values: &[i64]) -> String {
        self.count += 1;
        let name = format!("constant_{}", self.count);
        self.graph.init_i64(&name, &[values.len() as i64], values);
        name
    }

    /// A node with one output.
    pub(super) fn op(
        &mut self,
        scope: &str,
        operator: &str,
        inputs: &[&str],
        attributes: &[(&str, Attribute<'_>)],
    ) -> String {
        let output = self.name(scope, operator);
        self.graph.node(operator, inputs, &[&output], attributes);
        self.latest.insert(operator.to_owned(), output.clone());
        output
    }

    /// What the last node with this operator made.
    pub(super) fn last_of(&self, operator: &str) -> String {
        self.latest[operator].clone()
    }

    /// A node with several outputs; an empty name is an output left out.
    pub(super) fn ops<const N: usize>(
        &mut self,
        scope: &str,
        operator: &str,
        inputs: &[&str],
        attributes: &[(&str, Attribute<'_>)],
    ) -> [String; N] {
        let outputs: [String; N] = std::array::from_fn(|_| self.name(scope, operator));
        let names = outputs.each_ref().map(String::as_str);
        self.graph.node(operator, inputs, &names, attributes);
        outputs
    }

    /// A node of `com.microsoft`; the outputs wanted are `true`.
    pub(super) fn contrib<const N: usize>(
        &mut self,
        scope: &str,
        operator: &str,
        inputs: &[&str],
        wanted: [bool; N],
    ) -> [String; N] {
        let outputs = wanted.map(|is_wanted| match is_wanted {
            true => self.name(scope, operator),
            false => String::new(),
        });
        let mut node = Vec::new();
        inputs
            .iter()
            .for_each(|input| put_bytes(&mut node, 1, input.as_bytes()));
        outputs
            .iter()
            .for_each(|output| put_bytes(&mut node, 2, output.as_bytes()));
        let node_name = format!("{operator}_{}", self.count);
        put_bytes(&mut node, 3, node_name.as_bytes());
        put_bytes(&mut node, 4, operator.as_bytes());
        put_bytes(&mut node, 7, b"com.microsoft");
        put_bytes(&mut self.contrib, 1, &node);
        outputs
    }
}
