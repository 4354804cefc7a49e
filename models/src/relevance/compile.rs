//! From a network to the graph that explains it.

use std::path::Path;

use super::backward::{Backward, LedgerLayer, Sums};
use super::emit::{Emission, Emitter, Output, Setting, forward};
use super::network::{Id, Network, Op, Reading, read, refused, wide};
use super::rules::{Bounds, bounds_fit};
use super::tensor::Tensor;
use super::{Method, Rule, Target};
use crate::graph::Names;
use crate::names::nearest;
use crate::wire::survey;
use crate::{Error, GraphBytes, Result};

const NEAR: usize = 5;
/// Classes up to which the highest is found in the graph.
const MOST_CLASSES: usize = 1 << 20;

/// What to compute.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// How the map is made.
    pub method: Method,
    /// Which score is explained.
    pub target: Target,
    /// Bounds of the input, for composites that need them.
    pub bounds: Bounds,
    /// How rules become operators.
    pub emission: Emission,
    /// The output whose scores are explained; the only one if not given. A softmax or sigmoid at the
    /// end is left out.
    pub output: Option<String>,
    /// Values or nodes at which relevance is wanted too.
    pub inner: Vec<String>,
    /// Whether to sum what arrives at each layer, what leaves it, and what its bias takes. Only for
    /// [`Method::Relevance`].
    pub ledger: bool,
}

impl Options {
    /// The map at the input, of the predicted class, and the ledger.
    pub fn new(method: Method) -> Self {
        Self {
            method,
            target: Target::Predicted,
            bounds: Bounds::Item,
            emission: Emission::Optimised,
            output: None,
            inner: Vec::new(),
            ledger: true,
        }
    }
}

/// A graph that gives logits and relevance for inputs of one shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Compiled {
    /// The graph: opset 18, all weights inside.
    pub graph: GraphBytes,
    /// Name of its input.
    pub input: String,
    /// Shape of its input, batch first.
    pub shape: Vec<usize>,
    /// Name of the logits.
    pub logits: String,
    /// Number of classes.
    pub classes: usize,
    /// Name of the relevance at the input, of the input's shape.
    pub relevance: String,
    /// Inner values asked for, and the name of the relevance at each.
    pub inner: Vec<(String, String)>,
    /// Name of the input `[item, class]` that weighs the logits, with [`Target::Given`].
    pub weights: Option<String>,
    /// The ledger.
    pub ledger: Option<LedgerNames>,
}

/// Names of the ledger's values in the graph, each `[item, layer]`.
#[derive(Debug, Clone, PartialEq)]
pub struct LedgerNames {
    /// The layers in the order of the backward pass.
    pub layers: Vec<LedgerLayer>,
    /// Relevance that arrives at each layer's output.
    pub arriving: String,
    /// Relevance that it hands on.
    pub leaving: String,
    /// Relevance that its bias takes.
    pub bias: String,
}

impl From<Sums> for LedgerNames {
    fn from(sums: Sums) -> Self {
        Self {
            layers: sums.layers,
            arriving: sums.arriving,
            leaving: sums.leaving,
            bias: sums.bias,
        }
    }
}

/// Writes the graph that explains `graph` for inputs of one shape, `[item, …]`.
///
/// [`Method::IntegratedGradients`] and [`Method::SmoothGrad`] are averages of gradients: they compile
/// to the gradient, and [`super::Explainer`] averages.
///
/// # Errors
/// [`Error::NotOnnx`]; [`Error::Surgery`] naming the node that has no rule or cannot be read;
/// [`Error::Shape`] for an input that does not fit, for several inputs, and for outputs that are no
/// classes; [`Error::UnknownTensor`] for an inner value that is not there; [`Error::External`] and
/// [`Error::Malformed`] for weights that cannot be read or are too many.
pub fn compile(
    graph: &GraphBytes,
    folder: Option<&Path>,
    shape: &[usize],
    options: &Options,
) -> Result<Compiled> {
    let norms_apart = match &options.method {
        Method::Relevance(composite) => composite.norms.is_some(),
        _ => false,
    };
    let network = read(Reading {
        model: graph.bytes(),
        folder,
        shape,
        output: options.output.as_deref(),
        norms_apart,
    })?;
    let classes = classes(&network)?;
    check_bounds(&network, options)?;
    let inner = options.inner.iter().map(|name| inner(&network, name));
    let inner = inner.collect::<Result<Vec<_>>>()?;
    let mut e = Emitter::new(options.emission, Names::of(&survey(graph.bytes())?));
    forward(&mut e, &network);
    let seed = seed(&mut e, &network, classes, options)?;
    let with_ledger = options.ledger && matches!(options.method, Method::Relevance(_));
    let backward = Backward::new(&network, &options.method, &options.bounds, &e, with_ledger);
    let (arrived, ledger) = backward.walk(&mut e, seed.value);
    let name = |id: Id| network.values[id].name.clone();
    let Some(mut map) = arrived.get(&network.input).cloned() else {
        return Err(refused(
            &name(network.logits),
            "it does not depend on the input",
            None,
        ));
    };
    if options.method == Method::GradientXInput {
        map = e.op("Mul", &[&name(network.input), &map]);
    }
    let output = |name: String, dims: &[usize]| Output {
        name,
        dims: dims.to_vec(),
    };
    let mut outputs = vec![output(name(network.logits), network.dims(network.logits))];
    let mut asked = |e: &mut Emitter, value: &str, wanted: &str, dims: &[usize]| {
        let name = e.fresh(wanted);
        e.named("Identity", &[value], std::slice::from_ref(&name), vec![]);
        outputs.push(output(name.clone(), dims));
        name
    };
    let relevance = asked(&mut e, &map, "relevance", network.dims(network.input));
    let mut named = Vec::new();
    for (asked_for, id) in options.inner.iter().zip(inner) {
        let Some(value) = arrived.get(&id) else {
            return Err(refused(asked_for, "the score does not depend on it", None));
        };
        let wanted = format!("relevance/{asked_for}");
        named.push((
            asked_for.clone(),
            asked(&mut e, value, &wanted, network.dims(id)),
        ));
    }
    let batch = network.batch();
    let ledger = ledger.and_then(|ledger| ledger.write(&mut e, batch));
    if let Some(sums) = &ledger {
        let dims = [batch, sums.layers.len()];
        for name in [&sums.arriving, &sums.leaving, &sums.bias] {
            outputs.push(output(name.clone(), &dims));
        }
    }
    let mut inputs = vec![output(name(network.input), network.dims(network.input))];
    if let Some(weights) = &seed.input {
        inputs.push(output(weights.clone(), &[batch, classes]));
    }
    Ok(Compiled {
        graph: e.write(&inputs, &outputs)?,
        input: name(network.input),
        shape: shape.to_vec(),
        logits: name(network.logits),
        classes,
        relevance,
        inner: named,
        weights: seed.input,
        ledger: ledger.map(LedgerNames::from),
    })
}

/// The number of classes, where the logits are one number a class and item.
fn classes(network: &Network) -> Result<usize> {
    if network.nodes.is_empty() {
        let name = &network.values[network.logits].name;
        return Err(refused(name, "the network has no layers", None));
    }
    let (batch, dims) = (network.batch(), network.dims(network.logits));
    let own = if batch == 1 {
        dims
    } else {
        dims.get(1..).unwrap_or_default()
    };
    let long = own.iter().filter(|size| **size != 1).count();
    let classes = network.classes();
    let by_item = batch == 1 || dims.first() == Some(&batch);
    if by_item && long <= 1 && (1..=MOST_CLASSES).contains(&classes) {
        return Ok(classes);
    }
    Err(Error::Shape {
        what: format!("output `{}`", network.values[network.logits].name),
        expected: format!("[{batch}, classes]"),
        found: format!("{dims:?}"),
    })
}

fn check_bounds(network: &Network, options: &Options) -> Result<()> {
    let (Method::Relevance(composite), Bounds::Stated { low, high }) =
        (&options.method, &options.bounds)
    else {
        return Ok(());
    };
    let mut layers = network.nodes.iter().filter_map(|node| match &node.op {
        Op::Linear(linear) => Some((node, linear)),
        _ => None,
    });
    let first = layers.clone().next().map(|(node, _)| node.output);
    let bounded = layers.find(|(node, linear)| {
        let rule = match composite.first {
            Some(rule) if first == Some(node.output) => rule,
            _ if linear.is_dense() => composite.dense,
            _ => composite.convolution,
        };
        rule == Rule::ZBox
    });
    let Some((node, _)) = bounded else {
        return Ok(());
    };
    let from = network.dims(node.inputs[0]);
    for (which, numbers) in [("low", low), ("high", high)] {
        if !bounds_fit(numbers.len(), from) || numbers.iter().any(|x| !x.is_finite()) {
            return Err(Error::Shape {
                what: format!("{which} bound of the input of `{}`", node.name),
                expected: format!(
                    "one number, {} (one a channel), or {:?}",
                    from[1],
                    &from[1..]
                ),
                found: format!("{} numbers", numbers.len()),
            });
        }
    }
    Ok(())
}

/// An inner value by its name or by that of the node that makes it.
fn inner(network: &Network, name: &str) -> Result<Id> {
    let value = |id: Id| network.values[id].name.as_str();
    let mut nodes = network.nodes.iter();
    let found = nodes.find(|node| value(node.output) == name || node.name == name);
    match found {
        Some(node) => Ok(node.output),
        None if value(network.input) == name => Ok(network.input),
        None => Err(Error::UnknownTensor {
            name: name.to_owned(),
            model: crate::error::UNNAMED.to_owned(),
            near: nearest(
                name,
                network.nodes.iter().map(|node| value(node.output)),
                NEAR,
            ),
        }),
    }
}

/// Where the backward pass starts.
struct Seed {
    value: String,
    /// Name of the input that it is made of.
    input: Option<String>,
}

fn seed(e: &mut Emitter, network: &Network, classes: usize, options: &Options) -> Result<Seed> {
    let batch = network.batch();
    let logits = &network.values[network.logits].name;
    let dims = network.dims(network.logits);
    let rows = wide(&[batch, classes]);
    let mut input = None;
    let target = match &options.method {
        Method::IntegratedGradients { .. } | Method::SmoothGrad { .. } => Target::Given,
        _ => options.target,
    };
    let weights = match target {
        Target::Given => {
            let name = e.fresh("relevance/weights");
            input = Some(name.clone());
            name
        }
        Target::Predicted => {
            let flat = e.reshape(logits, &rows);
            let settings = vec![("axis", Setting::Int(1)), ("keepdims", Setting::Int(1))];
            let best = e.with("ArgMax", &[&flat], settings);
            let all: Vec<usize> = (0..classes).collect();
            let all = e.ints(&wide(&all));
            let is = e.op("Equal", &[&best, &all]);
            e.with("Cast", &[&is], vec![("to", Setting::Int(1))])
        }
        fixed => {
            let row = fixed
                .weights(&vec![0.0; classes])
                .ok_or_else(|| Error::Shape {
                    what: format!("target {fixed}"),
                    expected: format!("classes from 0 to {}", classes - 1),
                    found: format!("{fixed}"),
                })?;
            let whole = row.repeat(batch);
            e.floats("relevance/weights", || {
                Tensor::new(vec![batch, classes], whole)
            })
        }
    };
    let weights = e.reshape(&weights, &wide(dims));
    let value = match options.method {
        Method::Relevance(_) => e.op("Mul", &[&weights, logits]),
        _ => weights,
    };
    Ok(Seed { value, input })
}
