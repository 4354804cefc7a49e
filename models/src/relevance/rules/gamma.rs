//! The γ rule for inputs of both signs: where z > 0, contributions that are positive count 1 + γ
//! times; where z < 0, those that are negative.

use super::{Handed, Layer, Literal};
use crate::relevance::emit::{Emitter, Weights};
use crate::relevance::tensor::{negative, positive};

pub(super) fn hand_down(layer: &Layer<'_>, e: &mut Emitter, r: &str, gamma: f32) -> Handed {
    let map = &layer.map;
    let up = map.mapped(e, &format!("gamma {gamma} up"), |w| w + gamma * positive(w));
    let down = map.mapped(e, &format!("gamma {gamma} down"), |w| {
        w + gamma * negative(w)
    });
    let above = Branch {
        sign: 1.0,
        name: "above",
        weights: (&up, &down),
        bias: layer.bias_plus(|b| b + gamma * positive(b), 0.0),
    };
    let below = Branch {
        sign: -1.0,
        name: "below",
        weights: (&down, &up),
        bias: layer.bias_plus(|b| b + gamma * negative(b), 0.0),
    };
    if !e.optimises() {
        let x = Literal::of(layer, e);
        let (high, s_high) = above.literal(layer, e, &x, r);
        let (low, s_low) = below.literal(layer, e, &x, r);
        let handed = Handed::aligned(e.op("Add", &[&high, &low]));
        return taken(layer, handed, [(s_high, above.bias), (s_low, below.bias)]);
    }
    let x = layer.by_sign(e);
    let high = x.weights(layer, e, above.weights);
    let z = above.denominator(layer, e, &x.x, &high);
    if layer.gate.is_some() {
        // Relevance is where z > 0: the other branch has none.
        let quotient = e.op("Div", &[r, &z]);
        let c = map.transposed(e, &quotient, &high);
        let handed = Handed::aligned(x.times(layer, e, &c));
        return taken(layer, handed, [(quotient, above.bias)]);
    }
    let low = x.weights(layer, e, below.weights);
    let z_low = below.denominator(layer, e, &x.x, &low);
    let s_high = masked(e, layer.z, r, &z, false);
    let s_low = masked(e, layer.z, r, &z_low, true);
    let c_high = map.transposed(e, &s_high, &high);
    let c_low = map.transposed(e, &s_low, &low);
    let c = e.op("Add", &[&c_high, &c_low]);
    let handed = Handed::aligned(x.times(layer, e, &c));
    taken(layer, handed, [(s_high, above.bias), (s_low, below.bias)])
}

fn taken<const N: usize>(
    layer: &Layer<'_>,
    handed: Handed,
    quotients: [(String, Vec<f32>); N],
) -> Handed {
    quotients
        .into_iter()
        .fold(handed, |handed, (quotient, bias)| {
            handed.taking(quotient, layer.bias().map(|_| bias))
        })
}

/// R / denominator where z > 0 (or z < 0), else zero.
fn masked(e: &mut Emitter, z: &str, r: &str, denominator: &str, below: bool) -> String {
    let mask = if below {
        let turned = e.op("Neg", &[z]);
        e.step(&turned)
    } else {
        e.step(z)
    };
    let quotient = e.op("Div", &[r, denominator]);
    e.op("Mul", &[&mask, &quotient])
}

/// What happens where z has one sign.
struct Branch<'a> {
    sign: f32,
    name: &'static str,
    weights: (&'a Weights, &'a Weights),
    bias: Vec<f32>,
}

impl Branch<'_> {
    fn literal(
        &self,
        layer: &Layer<'_>,
        e: &mut Emitter,
        x: &Literal,
        r: &str,
    ) -> (String, String) {
        let z = x.sum(layer, e, self.weights, (self.name, self.bias.clone()));
        let z = e.stabilised(&z, layer.stabiliser);
        let s = masked(e, layer.z, r, &z, self.sign < 0.0);
        (x.share(layer, e, &s, self.weights), s)
    }

    /// The stabilised denominator. Where z > 0 it is at least z, so that its sign is known; not where
    /// the bias is left out of it.
    fn denominator(
        &self,
        layer: &Layer<'_>,
        e: &mut Emitter,
        x: &str,
        weights: &Weights,
    ) -> String {
        let has_bias = layer.map.linear.bias.is_some();
        if has_bias && layer.zero_bias {
            let bias = (self.name, self.bias.clone());
            let z = layer.map.forward(e, x, weights, Some(bias));
            return e.stabilised(&z, layer.stabiliser);
        }
        let away = self.sign * layer.stabiliser;
        let bias = self.bias.iter().map(|b| b + away).collect();
        let name = format!("{} stabilised", self.name);
        let z = layer.map.forward(e, x, weights, Some((&name, bias)));
        let least = e.scalar(away);
        let operator = if self.sign > 0.0 { "Max" } else { "Min" };
        e.op(operator, &[&z, &least])
    }
}
