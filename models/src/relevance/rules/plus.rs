//! The z⁺ rule: in proportion to x⁺·w⁺ + x⁻·w⁻, with b⁺ in the denominator.

use super::{Handed, Layer, Literal};
use crate::relevance::emit::Emitter;
use crate::relevance::tensor::positive;

pub(super) fn hand_down(layer: &Layer<'_>, e: &mut Emitter, r: &str) -> Handed {
    let (plus, minus) = layer.halves(e);
    let taken = layer.bias().map(|_| layer.bias_plus(positive, 0.0));
    if !e.optimises() {
        let x = Literal::of(layer, e);
        let bias = ("positive", layer.bias_plus(positive, 0.0));
        let z = x.sum(layer, e, (&plus, &minus), bias);
        let z = e.stabilised(&z, layer.stabiliser);
        let quotient = e.op("Div", &[r, &z]);
        let share = x.share(layer, e, &quotient, (&plus, &minus));
        return Handed::aligned(share).taking(quotient, taken);
    }
    let x = layer.by_sign(e);
    let weights = x.weights(layer, e, (&plus, &minus));
    // The denominator is nowhere negative, so that its stabiliser is a part of the bias.
    let bias = layer.bias_plus(positive, layer.stabiliser);
    let z = layer.map.forward(e, &x.x, &weights, Some(("plus", bias)));
    let quotient = e.op("Div", &[r, &z]);
    let c = layer.map.transposed(e, &quotient, &weights);
    Handed::aligned(x.times(layer, e, &c)).taking(quotient, taken)
}

/// In proportion to x·w⁺, with the whole b in the denominator.
pub(super) fn positive_weights(layer: &Layer<'_>, e: &mut Emitter, r: &str) -> Handed {
    let (plus, _) = layer.halves(e);
    let bias = layer.bias().map(|bias| ("whole", bias.to_vec()));
    let z = layer.map.forward(e, layer.x, &plus, bias);
    let z = e.stabilised(&z, layer.stabiliser);
    let quotient = e.op("Div", &[r, &z]);
    let c = layer.map.transposed(e, &quotient, &plus);
    Handed::aligned(e.op("Mul", &[layer.x, &c])).taking(quotient, layer.bias().map(<[f32]>::to_vec))
}
