//! The ε rule: R' = x · (R / (z + ε sgn z)) · wᵀ.

use super::{Handed, Layer};
use crate::relevance::emit::Emitter;

pub(super) fn hand_down(layer: &Layer<'_>, e: &mut Emitter, r: &str, epsilon: f32) -> Handed {
    let biased = layer.bias().is_some() || layer.map.linear.bias.is_none();
    let denominator = match layer.gate {
        Some(positive) if biased && e.optimises() => {
            let epsilon = e.scalar(epsilon);
            e.op("Add", &[positive, &epsilon])
        }
        _ => {
            let z = layer.output(e);
            e.stabilised(&z, epsilon)
        }
    };
    let quotient = e.op("Div", &[r, &denominator]);
    let c = layer.map.transposed(e, &quotient, &layer.map.own());
    Handed::aligned(e.op("Mul", &[layer.x, &c])).taking(quotient, layer.bias().map(<[f32]>::to_vec))
}
