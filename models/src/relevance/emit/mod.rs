//! Writing the graph that computes logits and relevance.

mod forward;
mod linear;
mod write;

pub(super) use forward::forward;
pub(super) use linear::{Map, Weights, transposed_convolution};
pub(super) use write::Output;

use std::collections::BTreeMap;

use super::tensor::Tensor;
use crate::graph::Names;

/// How rules become operators. All give the same numbers within rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Emission {
    /// As the rules are written: every branch of every sign, transposed convolutions throughout. For
    /// tests.
    Literal,
    /// With what is known of signs and supports, passes merged.
    #[default]
    Optimised,
    /// As optimised, but without the operators on indices of max-pools, which rten has not.
    Portable,
}

/// Value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Setting {
    Int(i64),
    Float(f32),
    Text(&'static str),
    Ints(Vec<i64>),
}

pub(super) type Settings = Vec<(&'static str, Setting)>;

#[derive(Debug, Clone)]
struct Made {
    operator: &'static str,
    inputs: Vec<String>,
    outputs: Vec<String>,
    settings: Settings,
}

#[derive(Debug, Clone)]
enum Constant {
    Floats(Tensor),
    Ints { dims: Vec<i64>, data: Vec<i64> },
}

/// A graph while it is written. Values are known by their names.
#[derive(Debug)]
pub(super) struct Emitter {
    emission: Emission,
    made: Vec<Made>,
    constants: BTreeMap<String, Constant>,
    /// Names of constants by what they are.
    known: BTreeMap<String, String>,
    /// Tensors made of weights, by what they are.
    variants: BTreeMap<String, Tensor>,
    /// Outputs of operators already made, by operator, inputs and settings.
    shared: BTreeMap<String, Vec<String>>,
    names: Names,
}

impl Emitter {
    pub(super) fn new(emission: Emission, names: Names) -> Self {
        Self {
            emission,
            made: Vec::new(),
            constants: BTreeMap::new(),
            known: BTreeMap::new(),
            variants: BTreeMap::new(),
            shared: BTreeMap::new(),
            names,
        }
    }

    pub(super) fn optimises(&self) -> bool {
        self.emission != Emission::Literal
    }

    /// Whether max-pools may give the places of their winners.
    pub(super) fn has_indices(&self) -> bool {
        self.emission == Emission::Optimised
    }

    pub(super) fn fresh(&mut self, wanted: &str) -> String {
        self.names.fresh(wanted)
    }

    /// Adds an operator with several outputs, or finds the same one.
    pub(super) fn many(
        &mut self,
        operator: &'static str,
        inputs: &[&str],
        count: usize,
        settings: Settings,
    ) -> Vec<String> {
        let key = format!("{operator} {inputs:?} {count} {settings:?}");
        if self.optimises()
            && let Some(known) = self.shared.get(&key)
        {
            return known.clone();
        }
        let outputs: Vec<String> = (0..count)
            .map(|_| self.names.fresh(&format!("relevance/{operator}")))
            .collect();
        self.named(operator, inputs, &outputs, settings);
        self.shared.insert(key, outputs.clone());
        outputs
    }

    /// Adds an operator of one output, or finds the same one.
    pub(super) fn with(
        &mut self,
        operator: &'static str,
        inputs: &[&str],
        settings: Settings,
    ) -> String {
        self.many(operator, inputs, 1, settings)
            .pop()
            .unwrap_or_default()
    }

    /// Adds an operator without attributes.
    pub(super) fn op(&mut self, operator: &'static str, inputs: &[&str]) -> String {
        self.with(operator, inputs, vec![])
    }

    /// Adds an operator whose outputs have given names.
    pub(super) fn named(
        &mut self,
        operator: &'static str,
        inputs: &[&str],
        outputs: &[String],
        settings: Settings,
    ) {
        self.made.push(Made {
            operator,
            inputs: inputs.iter().map(|&name| name.to_owned()).collect(),
            outputs: outputs.to_vec(),
            settings,
        });
    }

    /// The second output of the max-pool that makes `value`: where in its input the winners lie.
    pub(super) fn winners(&mut self, value: &str) -> Option<String> {
        let made = |made: &&mut Made| made.outputs.first().is_some_and(|name| name == value);
        let pool = self.made.iter_mut().find(made)?;
        if let Some(known) = pool.outputs.get(1) {
            return Some(known.clone());
        }
        let name = self.names.fresh(&format!("relevance/{value}/winners"));
        pool.outputs.push(name.clone());
        Some(name)
    }

    /// A constant that `key` names, made when it is first asked for.
    pub(super) fn floats(&mut self, key: &str, make: impl FnOnce() -> Tensor) -> String {
        if let Some(known) = self.known.get(key) {
            return known.clone();
        }
        let name = self.names.fresh(key);
        self.constants
            .insert(name.clone(), Constant::Floats(make()));
        self.known.insert(key.to_owned(), name.clone());
        name
    }

    pub(super) fn scalar(&mut self, value: f32) -> String {
        let key = format!("relevance/number/{value:e}");
        self.floats(&key, || Tensor::filled(vec![], value))
    }

    /// A list of integers.
    pub(super) fn ints(&mut self, data: &[i64]) -> String {
        let key = format!("relevance/list/{data:?}");
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let name = self.names.fresh("relevance/list");
        let constant = Constant::Ints {
            dims: vec![i64::try_from(data.len()).unwrap_or(i64::MAX)],
            data: data.to_vec(),
        };
        self.constants.insert(name.clone(), constant);
        self.known.insert(key, name.clone());
        name
    }

    /// A tensor made of weights, made once.
    pub(super) fn variant(&mut self, key: &str, make: impl FnOnce(&mut Self) -> Tensor) -> Tensor {
        if let Some(known) = self.variants.get(key) {
            return known.clone();
        }
        let tensor = make(self);
        self.variants.insert(key.to_owned(), tensor.clone());
        tensor
    }

    pub(super) fn reshape(&mut self, x: &str, dims: &[i64]) -> String {
        let dims = self.ints(dims);
        self.op("Reshape", &[x, &dims])
    }

    /// z + ε · sgn(z), where sgn(0) = 1.
    pub(super) fn stabilised(&mut self, z: &str, epsilon: f32) -> String {
        const STEEP: f32 = 1e30;
        let (plus, minus) = (self.scalar(epsilon), self.scalar(-epsilon));
        let signed = if self.optimises() {
            // The same without truth values, which are slow.
            let steep = self.scalar(STEEP);
            let steep = self.op("Mul", &[z, &steep]);
            let shifted = self.op("Add", &[&steep, &plus]);
            self.op("Clip", &[&shifted, &minus, &plus])
        } else {
            let zero = self.scalar(0.0);
            let is = self.op("GreaterOrEqual", &[z, &zero]);
            self.op("Where", &[&is, &plus, &minus])
        };
        self.op("Add", &[z, &signed])
    }

    /// min(x, 0).
    pub(super) fn negative(&mut self, x: &str) -> String {
        let zero = self.scalar(0.0);
        self.op("Min", &[x, &zero])
    }

    /// One where x > 0, else zero.
    pub(super) fn step(&mut self, x: &str) -> String {
        const FLOAT: i64 = 1;
        let zero = self.scalar(0.0);
        let is = self.op("Greater", &[x, &zero]);
        self.with("Cast", &[&is], vec![("to", Setting::Int(FLOAT))])
    }
}
