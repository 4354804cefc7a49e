//! Means over stretches of time, computed inside the graph.

use std::collections::BTreeMap;

use super::element::Elements;
use super::layout::{Layout, Lead, refused};
use super::message::Message;
use super::naming::Names;
use super::taps::require;
use crate::tap::{Axis, Tap};
use crate::wire::{Attribute, Dim, ElementType, Suffix, Survey, survey};
use crate::{Error, GraphBytes, Result};

/// Name of the first input of spans; further ones are `probe/pool/1`, `probe/pool/2` ….
pub const POOL: &str = "probe/pool";

/// Oldest operator set that has what pooling needs.
const OLDEST_OPSET: i64 = 9;
/// From here on `Unsqueeze` takes its axes as an input.
const AXES_AS_INPUT: i64 = 13;

/// A graph that pools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pooled {
    /// The graph.
    pub graph: GraphBytes,
    /// Inputs that give the spans, one per stride, in the order in which the taps first have it.
    pub inputs: Vec<PoolInput>,
    /// For each tap the value to read: `[batch, span, feature]` for a tap with a time axis, the
    /// tap's own tensor for one without.
    pub outputs: Vec<String>,
}

/// An input of spans: floats `[span, 2]`, first and last frame of each span, both inclusive and
/// counted from zero.
///
/// Frames are those of the taps that have this stride. What lies beyond the frames that there are
/// is clamped: a span that ends late ends with the last frame, one that begins late is the last
/// frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolInput {
    /// Name of the input.
    pub name: String,
    /// Steps of the model's input from one frame to the next ([`crate::Timing::stride`]).
    pub stride: u32,
}

/// Adds, per tap with a time axis, the means over spans of frames that are given at run time.
///
/// The output is `[batch, span, feature]`: the batch or window axis first (of size one where the
/// tap has none), then the spans, and all other axes flattened in their order. Taps of 16-bit and
/// 64-bit floats are pooled in 32 bits.
///
/// # Errors
/// [`Error::NotOnnx`]; [`Error::UnknownTensor`]; [`Error::Surgery`] that names the tap for
/// attention weights (a mean over the steps that attend is no attention), taps whose frame rate is
/// not known, axes that do not fit the tensor, and operator sets before 9 that cannot be raised.
pub fn pooled(graph: &GraphBytes, taps: &[Tap]) -> Result<Pooled> {
    let survey = survey(graph.bytes())?;
    let mut pooling = Pooling::new(&survey)?;
    let mut outputs = Vec::with_capacity(taps.len());
    for tap in taps {
        require(&survey, &tap.tensor, "pool")?;
        check_rank(&survey, tap)?;
        outputs.push(if tap.axes.contains(&Axis::Time) {
            pooling.pool(tap)?
        } else {
            tap.tensor.clone()
        });
    }
    if pooling.groups.is_empty() {
        return Ok(Pooled {
            graph: graph.clone(),
            inputs: Vec::new(),
            outputs,
        });
    }
    let mut message = Message::new(graph.bytes())?;
    if pooling.opset < OLDEST_OPSET {
        message.raise_default_opset(&survey, OLDEST_OPSET, "pool")?;
    }
    let suffix = pooling.suffix.finish();
    message.append(&suffix)?;
    Ok(Pooled {
        graph: GraphBytes::new(message.write()),
        inputs: pooling
            .groups
            .into_iter()
            .map(|group| group.input)
            .collect(),
        outputs,
    })
}

fn check_rank(survey: &Survey, tap: &Tap) -> Result<()> {
    let declared = survey.inner.iter().chain(&survey.outputs);
    let rank = declared
        .filter(|value| value.name == tap.tensor)
        .find_map(|value| value.dims.as_ref().map(Vec::len));
    match rank {
        Some(rank) if !tap.axes.is_empty() && rank != tap.axes.len() => Err(refused(
            tap,
            &format!(
                "its tensor has {rank} axes, and {} are named",
                tap.axes.len()
            ),
            "name every axis of the tensor",
        )),
        _ => Ok(()),
    }
}

/// Spans of one stride.
struct Group {
    input: PoolInput,
    /// Values `[span, 1]`: first and last frame, unclamped at the end.
    first: String,
    last: String,
}

/// Nodes added so far.
struct Pooling {
    suffix: Suffix,
    names: Names,
    elements: Elements,
    opset: i64,
    groups: Vec<Group>,
    /// Integer constants by their values.
    integers: BTreeMap<Vec<i64>, String>,
    floats: BTreeMap<u32, String>,
    /// What has been pooled already, by tensor, axes and stride.
    done: BTreeMap<(String, String, u32), String>,
}

impl Pooling {
    fn new(survey: &Survey) -> Result<Self> {
        let opset = survey.default_opset().ok_or_else(|| Error::NotOnnx {
            what: "the graph".to_owned(),
            why: "it does not say which version of the standard operators it uses".to_owned(),
        })?;
        Ok(Self {
            suffix: Suffix::new(),
            names: Names::of(survey),
            elements: Elements::of(survey),
            opset,
            groups: Vec::new(),
            integers: BTreeMap::new(),
            floats: BTreeMap::new(),
            done: BTreeMap::new(),
        })
    }

    fn pool(&mut self, tap: &Tap) -> Result<String> {
        if tap.axes.contains(&Axis::Key) {
            return Err(refused(
                tap,
                "they are attention weights, whose mean over the steps that attend says little \
                 and whose steps that are attended to would be taken for features",
                "read them frame by frame, or pool `attn.out`",
            ));
        }
        let Some(timing) = tap.timing else {
            return Err(refused(
                tap,
                "its frame rate is not known, so no span can be found in it",
                "pool it outside the graph, or give its stride in the model's card",
            ));
        };
        let key = (tap.tensor.clone(), format!("{:?}", tap.axes), timing.stride);
        if let Some(done) = self.done.get(&key) {
            return Ok(done.clone());
        }
        let layout = Layout::of(tap)?;
        let group = self.group(timing.stride);
        let pooled = self.nodes(tap, &layout, group);
        self.done.insert(key, pooled.clone());
        Ok(pooled)
    }

    /// Place of the group of this stride.
    fn group(&mut self, stride: u32) -> usize {
        let known = self.groups.iter().position(|g| g.input.stride == stride);
        if let Some(known) = known {
            return known;
        }
        let name = self.names.fresh(POOL);
        self.suffix.input(
            &name,
            ElementType::Float32,
            &[Dim::from("pool_spans"), Dim::Fixed(2)],
        );
        let (column0, column1) = (self.integers(&[0]), self.integers(&[1]));
        let zero = self.float(0.0);
        let rows = [("axis", Attribute::Int(1))];
        let begin = self.node("Gather", &[&name, &column0], &name, &rows);
        let end = self.node("Gather", &[&name, &column1], &name, &rows);
        let first = self.node("Max", &[&begin, &zero], &name, &[]);
        let last = self.node("Max", &[&end, &first], &name, &[]);
        self.groups.push(Group {
            input: PoolInput { name, stride },
            first,
            last,
        });
        self.groups.len() - 1
    }

    /// Weights `[span, time]` of the frames along axis `time` of the value `x`.
    fn weights(&mut self, x: &str, time: i64, group: usize) -> String {
        let (first, last) = match self.groups.get(group) {
            Some(group) => (group.first.clone(), group.last.clone()),
            None => return String::new(),
        };
        let float = [("to", Attribute::Int(1))];
        let one = self.float(1.0);
        let axis = self.integers(&[time]);
        let ones = self.integers(&[1]);
        let shape = self.node("Shape", &[x], x, &[]);
        let count = self.node("Gather", &[&shape, &axis], x, &[]);
        // Frame numbers [1, time]: the places of the ones in a row of ones.
        let row = self.node("Expand", &[&ones, &count], x, &[]);
        let places = self.node("NonZero", &[&row], x, &[]);
        let frames = self.node("Cast", &[&places], x, &float);
        let count = self.node("Cast", &[&count], x, &float);
        let end = self.node("Sub", &[&count, &one], x, &[]);
        let first = self.node("Min", &[&first, &end], x, &[]);
        let last = self.node("Min", &[&last, &end], x, &[]);
        let early = self.node("Less", &[&frames, &first], x, &[]);
        let late = self.node("Greater", &[&frames, &last], x, &[]);
        let outside = self.node("Or", &[&early, &late], x, &[]);
        let inside = self.node("Not", &[&outside], x, &[]);
        let mask = self.node("Cast", &[&inside], x, &float);
        let beyond = self.node("Sub", &[&last, &first], x, &[]);
        let number = self.node("Add", &[&beyond, &one], x, &[]);
        self.node("Div", &[&mask, &number], x, &[])
    }

    fn nodes(&mut self, tap: &Tap, layout: &Layout, group: usize) -> String {
        let label = format!("{POOL}/{}", tap.tensor);
        let l = label.as_str();
        let mut x = tap.tensor.clone();
        if self.elements.get(&x) != Some(ElementType::Float32) {
            x = self.node("Cast", &[&x], l, &[("to", Attribute::Int(1))]);
        }
        if layout.lead == Lead::Missing {
            x = self.unsqueezed(&x, 0, l);
        }
        let flat = [0, 0, -1];
        if let Some(order) = &layout.order {
            x = self.node("Transpose", &[&x], l, &[("perm", Attribute::Ints(order))]);
        }
        let (rank, time) = (layout.rank, layout.time);
        if time == 1 && rank > 2 {
            if rank > 3 {
                let flat = self.integers(&flat);
                x = self.node("Reshape", &[&x, &flat], l, &[]);
            }
            let weights = self.weights(&x, 1, group);
            return self.node("MatMul", &[&weights, &x], l, &[]);
        }
        let weights = self.weights(&x, time, group);
        // The means stand where the frames stood: move them forward, which is cheap by now.
        let means = if time == rank - 1 {
            let columns = [("perm", Attribute::Ints(&[1, 0]))];
            let weights = self.node("Transpose", &[&weights], l, &columns);
            self.node("MatMul", &[&x, &weights], l, &[])
        } else {
            self.node("MatMul", &[&weights, &x], l, &[])
        };
        if rank == 2 {
            return self.unsqueezed(&means, 2, l);
        }
        let order: Vec<i64> = [0, time]
            .into_iter()
            .chain((1..rank).filter(|axis| *axis != time))
            .collect();
        let means = self.node(
            "Transpose",
            &[&means],
            l,
            &[("perm", Attribute::Ints(&order))],
        );
        if rank == 3 {
            return means;
        }
        let flat = self.integers(&flat);
        self.node("Reshape", &[&means, &flat], l, &[])
    }

    fn unsqueezed(&mut self, x: &str, axis: i64, label: &str) -> String {
        if self.opset < AXES_AS_INPUT {
            return self.node(
                "Unsqueeze",
                &[x],
                label,
                &[("axes", Attribute::Ints(&[axis]))],
            );
        }
        let axis = self.integers(&[axis]);
        self.node("Unsqueeze", &[x, &axis], label, &[])
    }

    fn node(
        &mut self,
        operator: &str,
        inputs: &[&str],
        label: &str,
        attributes: &[(&str, Attribute<'_>)],
    ) -> String {
        let output = self.names.fresh(&format!("{label}/{operator}"));
        self.suffix.node(operator, inputs, &[&output], attributes);
        output
    }

    fn integers(&mut self, values: &[i64]) -> String {
        if let Some(known) = self.integers.get(values) {
            return known.clone();
        }
        let name = self.names.fresh(&format!("{POOL}/integers"));
        let count = [values.len() as i64];
        self.suffix.init_i64(&name, &count, values);
        self.integers.insert(values.to_vec(), name.clone());
        name
    }

    fn float(&mut self, value: f32) -> String {
        if let Some(known) = self.floats.get(&value.to_bits()) {
            return known.clone();
        }
        let name = self.names.fresh(&format!("{POOL}/number"));
        self.suffix.init_f32(&name, &[1], &[value]);
        self.floats.insert(value.to_bits(), name.clone());
        name
    }
}
