//! What a stored tensor is for, by who reads it.

use std::collections::BTreeSet;
use std::fmt;

use super::network::{Network, Operator, Reader};
use super::stored::{Number, Stored};

/// Why a stored tensor was kept as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Integers, truth values or texts that steer the graph: shapes, axes, indices.
    Steering,
    /// A single number, such as an epsilon or the scale of attention.
    Scalar,
    /// A scale or zero point of quantised values.
    Quantisation,
    /// A constant of this operator that is no weight, such as the scales of a `Resize`.
    Constant(String),
    /// It shifts or scales the graph's input, feature by feature.
    InputNormalisation,
    /// A formula made it: a mask, a front end's filters, fixed positions.
    Formula(&'static str),
    /// It holds numbers that are not finite.
    NotFinite,
    /// Nothing in the graph reads it.
    Unread,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Steering => f.write_str("steers the graph"),
            Self::Scalar => f.write_str("a single number"),
            Self::Quantisation => f.write_str("a scale or zero point of quantised values"),
            Self::Constant(operator) => write!(f, "a constant of {operator}, no weight"),
            Self::InputNormalisation => f.write_str("normalises the input"),
            Self::Formula(which) => f.write_str(which),
            Self::NotFinite => f.write_str("holds numbers that are not finite"),
            Self::Unread => f.write_str("read by nothing"),
        }
    }
}

/// What may be done with a tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    /// Drawn anew.
    Weight,
    /// Drawn anew, but must stay positive.
    Spread,
    /// Kept.
    Kept(Reason),
}

/// Operators whose stored floats choose, bound or place, and were not trained.
const NO_WEIGHTS: [&str; 15] = [
    "Resize",
    "Upsample",
    "Clip",
    "Pad",
    "Range",
    "OneHot",
    "STFT",
    "DFT",
    "MelWeightMatrix",
    "Where",
    "Equal",
    "Less",
    "LessOrEqual",
    "Greater",
    "GreaterOrEqual",
];

/// Inputs of operators that are scales or zero points.
const QUANTISERS: [(&str, &[usize]); 19] = [
    ("QuantizeLinear", &[1, 2]),
    ("DequantizeLinear", &[1, 2]),
    ("MatMulInteger", &[2, 3]),
    ("ConvInteger", &[2, 3]),
    ("DynamicQuantizeMatMul", &[2, 3]),
    ("MatMulIntegerToFloat", &[2, 3, 4, 5]),
    ("QLinearMatMul", &[1, 2, 4, 5, 6, 7]),
    ("QLinearConv", &[1, 2, 4, 5, 6, 7]),
    ("QGemm", &[1, 2, 4, 5, 7, 8]),
    ("QLinearAdd", &[1, 2, 4, 5, 6, 7]),
    ("QLinearMul", &[1, 2, 4, 5, 6, 7]),
    ("QLinearSigmoid", &[1, 2, 3, 4]),
    ("QLinearLeakyRelu", &[1, 2, 3, 4]),
    ("QLinearSoftmax", &[1, 2, 3, 4]),
    ("QLinearGlobalAveragePool", &[1, 2, 3, 4]),
    ("QAttention", &[3, 4, 6, 7]),
    ("DynamicQuantizeLSTM", &[8, 9, 10, 11]),
    ("MatMulNBits", &[2, 3, 4]),
    ("GatherBlockQuantized", &[2, 3]),
];

/// Inputs of operators that are weights in 8 bits or fewer.
const QUANTISED: [(&str, &[usize]); 13] = [
    ("DequantizeLinear", &[0]),
    ("MatMulInteger", &[0, 1]),
    ("ConvInteger", &[1]),
    ("DynamicQuantizeMatMul", &[1]),
    ("MatMulIntegerToFloat", &[0, 1]),
    ("QLinearMatMul", &[0, 3]),
    ("QLinearConv", &[3]),
    ("QGemm", &[3]),
    ("QLinearAdd", &[0, 3]),
    ("QLinearMul", &[0, 3]),
    ("QAttention", &[1]),
    ("DynamicQuantizeLSTM", &[1, 2]),
    ("MatMulNBits", &[1]),
];

/// Inputs of operators that are biases in 32-bit integers.
const WIDE: [(&str, &[usize]); 3] = [
    ("DequantizeLinear", &[0]),
    ("QLinearConv", &[8]),
    ("QGemm", &[6]),
];

/// Inputs of operators that must stay positive where they are.
const POSITIVE: [(&str, &[usize]); 6] = [
    ("BatchNormalization", &[4]),
    ("Sqrt", &[0]),
    ("Log", &[0]),
    ("Reciprocal", &[0]),
    ("Div", &[1]),
    ("Pow", &[0]),
];

fn is_one_of(reader: &Reader<'_>, table: &[(&str, &[usize])]) -> bool {
    let entry = table.iter().find(|(name, _)| *name == reader.operator.name);
    entry.is_some_and(|(_, places)| places.contains(&reader.position))
}

/// What `tensor`, whose value is called `name`, is for. Its numbers are not looked at.
pub(super) fn role(
    tensor: &Stored<'_>,
    name: &str,
    network: &Network,
    stored: &BTreeSet<String>,
) -> Role {
    let readers = network.readers(name);
    if tensor.number == Number::Other {
        return Role::Kept(Reason::Steering);
    }
    if readers.is_empty() {
        return Role::Kept(Reason::Unread);
    }
    if readers.iter().any(|reader| is_quantiser(reader, network)) {
        return Role::Kept(Reason::Quantisation);
    }
    if tensor.elements == Some(1) {
        return Role::Kept(Reason::Scalar);
    }
    if !tensor.number.is_float() {
        let table: &[_] = match tensor.number {
            Number::I32 => &WIDE,
            _ => &QUANTISED,
        };
        let packed = |reader: &Reader<'_>| {
            reader.operator.name == "GatherBlockQuantized" && reader.position == 0
        };
        return if readers.iter().any(|r| is_one_of(r, table) || packed(r)) {
            Role::Weight
        } else {
            Role::Kept(Reason::Steering)
        };
    }
    for reader in &readers {
        if NO_WEIGHTS.contains(&reader.operator.name.as_str()) {
            return Role::Kept(Reason::Constant(reader.operator.name.clone()));
        }
        if is_vector(tensor) && normalises_input(reader, network, stored) {
            return Role::Kept(Reason::InputNormalisation);
        }
    }
    if readers.iter().any(|reader| is_one_of(reader, &POSITIVE)) {
        Role::Spread
    } else {
        Role::Weight
    }
}

/// Whether the reader takes a scale or zero point, or multiplies with the scale of values that were
/// quantised while running.
fn is_quantiser(reader: &Reader<'_>, network: &Network) -> bool {
    let dynamic = |name: &String| {
        network
            .maker(name)
            .is_some_and(|(maker, place)| maker.name == "DynamicQuantizeLinear" && place > 0)
    };
    is_one_of(reader, &QUANTISERS)
        || (reader.operator.name == "Mul" && partner(reader.operator, reader).is_some_and(dynamic))
}

fn partner<'a>(operator: &'a Operator, reader: &Reader<'_>) -> Option<&'a String> {
    match operator.inputs.as_slice() {
        [a, b] => Some(if reader.position == 0 { b } else { a }),
        _ => None,
    }
}

fn is_vector(tensor: &Stored<'_>) -> bool {
    tensor.dims.iter().filter(|size| **size != 1).count() == 1
}

fn normalises_input(reader: &Reader<'_>, network: &Network, stored: &BTreeSet<String>) -> bool {
    let affine = ["Sub", "Add", "Mul", "Div"].contains(&reader.operator.name.as_str());
    let on_input = |name: &String| {
        if network.is_input(name, stored) {
            return true;
        }
        // A shift and then a scale: the second of the two.
        network.maker(name).is_some_and(|(maker, _)| {
            ["Sub", "Add"].contains(&maker.name.as_str())
                && maker
                    .inputs
                    .iter()
                    .any(|input| network.is_input(input, stored))
        })
    };
    affine && partner(reader.operator, reader).is_some_and(on_input)
}
