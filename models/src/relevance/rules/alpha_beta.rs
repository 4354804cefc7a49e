//! The αβ rule: α times the positive shares less β times the negative ones.

use super::{Handed, Layer, Literal};
use crate::relevance::emit::{Emitter, Weights};
use crate::relevance::tensor::{negative, positive};

pub(super) fn hand_down(
    layer: &Layer<'_>,
    e: &mut Emitter,
    r: &str,
    (alpha, beta): (f32, f32),
) -> Handed {
    let (plus, minus) = layer.halves(e);
    let half = |e: &mut Emitter, sign: Sign| Half { layer, r }.share(e, (&plus, &minus), sign);
    let (mut relevance, quotient) = half(e, Sign::For);
    relevance = times(e, relevance, alpha);
    let with_bias = |f: fn(f32) -> f32, by: f32| {
        let bias = layer.bias();
        bias.map(|_| layer.bias_plus(f, 0.0).iter().map(|b| by * b).collect())
    };
    let mut swallowed = vec![(quotient, with_bias(positive, alpha))];
    if beta != 0.0 {
        let (against, quotient) = half(e, Sign::Against);
        let against = times(e, against, beta);
        relevance = e.op("Sub", &[&relevance, &against]);
        swallowed.push((quotient, with_bias(negative, -beta)));
    }
    if e.optimises() {
        let x = layer.by_sign(e);
        relevance = x.times(layer, e, &relevance);
    }
    let handed = Handed::aligned(relevance);
    swallowed
        .into_iter()
        .fold(handed, |handed, (quotient, bias)| {
            handed.taking(quotient, bias)
        })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    For,
    Against,
}

struct Half<'a> {
    layer: &'a Layer<'a>,
    r: &'a str,
}

impl Half<'_> {
    /// What one sign of contributions is given: the relevance as the rule is written, or what the
    /// input is yet to be multiplied by. Also the quotient.
    fn share(
        &self,
        e: &mut Emitter,
        (plus, minus): (&Weights, &Weights),
        sign: Sign,
    ) -> (String, String) {
        let layer = self.layer;
        let (with_positive, with_negative, f, name): (_, _, fn(f32) -> f32, _) = match sign {
            Sign::For => (plus, minus, positive, "for"),
            Sign::Against => (minus, plus, negative, "against"),
        };
        let pair = (with_positive, with_negative);
        if !e.optimises() {
            let x = Literal::of(layer, e);
            let z = x.sum(layer, e, pair, (name, layer.bias_plus(f, 0.0)));
            let z = match sign {
                Sign::For => e.stabilised(&z, layer.stabiliser),
                // Nowhere positive: away from zero is down, also at zero.
                Sign::Against => {
                    let stabiliser = e.scalar(layer.stabiliser);
                    e.op("Sub", &[&z, &stabiliser])
                }
            };
            let quotient = e.op("Div", &[self.r, &z]);
            return (x.share(layer, e, &quotient, pair), quotient);
        }
        let x = layer.by_sign(e);
        let weights = x.weights(layer, e, pair);
        let away = match sign {
            Sign::For => layer.stabiliser,
            Sign::Against => -layer.stabiliser,
        };
        let bias = (name, layer.bias_plus(f, away));
        let z = layer.map.forward(e, &x.x, &weights, Some(bias));
        let quotient = e.op("Div", &[self.r, &z]);
        (layer.map.transposed(e, &quotient, &weights), quotient)
    }
}

fn times(e: &mut Emitter, value: String, factor: f32) -> String {
    if factor == 1.0 {
        return value;
    }
    let factor = e.scalar(factor);
    e.op("Mul", &[&value, &factor])
}
