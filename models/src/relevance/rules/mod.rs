//! How a layer with weights hands relevance down, rule by rule.
//!
//! Every rule is written twice: as its formula stands, and with what is known of signs and supports.
//! Where an input is known to be nowhere negative, its negative part is left out; where it is not,
//! both parts go through one convolution, stacked as channels. Where a layer is read by a ReLU alone
//! and its relevance is zero where the ReLU is, the layer's output is positive wherever it matters.

mod alpha_beta;
mod epsilon;
mod first;
mod gamma;
mod plus;

pub(super) use first::bounds_fit;

use super::Rule;
use super::emit::{Emitter, Map, Weights};
use super::tensor::{Tensor, negative, positive};

/// Bounds of the input, for the zᴮ rule.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Bounds {
    /// The least and the largest number of each item.
    #[default]
    Item,
    /// Stated: one number, one a channel, or one for every number of the layer's input.
    Stated {
        /// Lower bounds.
        low: Vec<f32>,
        /// Upper bounds.
        high: Vec<f32>,
    },
}

/// A layer and what is known around it.
#[derive(Debug)]
pub(super) struct Layer<'a> {
    pub(super) map: Map<'a>,
    /// Its input.
    pub(super) x: &'a str,
    /// Its output.
    pub(super) z: &'a str,
    /// A ReLU's output that equals z wherever relevance is not zero.
    pub(super) gate: Option<&'a str>,
    /// Whether the input is nowhere negative.
    pub(super) not_negative: bool,
    pub(super) stabiliser: f32,
    pub(super) zero_bias: bool,
    pub(super) bounds: &'a Bounds,
}

/// What a rule makes of a layer's relevance.
#[derive(Debug)]
pub(super) struct Handed {
    /// Relevance of the input.
    pub(super) relevance: String,
    /// Whether it is zero wherever the input is.
    pub(super) aligned: bool,
    /// What biases took: values to be multiplied by one number an output channel, and summed.
    pub(super) swallowed: Vec<(String, Vec<f32>)>,
}

impl Handed {
    fn aligned(relevance: String) -> Self {
        Self {
            relevance,
            aligned: true,
            swallowed: Vec::new(),
        }
    }

    fn taking(mut self, quotient: String, bias: Option<Vec<f32>>) -> Self {
        self.swallowed.extend(bias.map(|bias| (quotient, bias)));
        self
    }
}

impl Layer<'_> {
    /// Hands `relevance` of the layer's output down to its input.
    pub(super) fn hand_down(&self, e: &mut Emitter, rule: Rule, relevance: &str) -> Handed {
        match rule {
            Rule::Epsilon(epsilon) => epsilon::hand_down(self, e, relevance, epsilon),
            Rule::ZPlus => plus::hand_down(self, e, relevance),
            Rule::PositiveWeights => plus::positive_weights(self, e, relevance),
            Rule::AlphaBeta { alpha, beta } => {
                alpha_beta::hand_down(self, e, relevance, (alpha, beta))
            }
            Rule::Gamma(gamma) => gamma::hand_down(self, e, relevance, gamma),
            Rule::WSquare => first::squares(self, e, relevance),
            Rule::Flat => first::flat(self, e, relevance),
            Rule::ZBox => first::between_bounds(self, e, relevance),
        }
    }

    /// The bias that denominators have.
    fn bias(&self) -> Option<&[f32]> {
        let bias = self.map.linear.bias.as_deref();
        bias.filter(|_| !self.zero_bias)
    }

    /// The bias that denominators have under a function, and a number added.
    fn bias_plus(&self, f: impl Fn(f32) -> f32, plus: f32) -> Vec<f32> {
        match self.bias() {
            Some(bias) => bias.iter().map(|b| f(*b) + plus).collect(),
            None => vec![plus; self.map.linear.outputs()],
        }
    }

    /// z without the bias, where denominators have none.
    fn output(&self, e: &mut Emitter) -> String {
        match &self.map.linear.bias {
            Some(bias) if self.zero_bias => {
                let key = format!("{}/bias by channel", self.map.key);
                let dims = self.map.channel_dims();
                let bias = e.floats(&key, || Tensor::new(dims, bias.clone()));
                e.op("Sub", &[self.z, &bias])
            }
            _ => self.z.to_owned(),
        }
    }

    /// w⁺ and w⁻.
    fn halves(&self, e: &mut Emitter) -> (Weights, Weights) {
        (
            self.map.mapped(e, "positive", positive),
            self.map.mapped(e, "negative", negative),
        )
    }

    /// The input, and weights for it, by which x⁺ meets `with_positive` and x⁻ meets `with_negative`.
    fn by_sign(&self, e: &mut Emitter) -> SignedInput {
        if self.not_negative {
            return SignedInput {
                x: self.x.to_owned(),
                both: false,
            };
        }
        let (plus, minus) = (e.op("Relu", &[self.x]), e.negative(self.x));
        SignedInput {
            x: self.map.stacked(e, &[&plus, &minus]),
            both: true,
        }
    }
}

/// An input in which positive and negative numbers meet weights of their own.
struct SignedInput {
    x: String,
    /// Whether both parts are stacked; the input has no negative part otherwise.
    both: bool,
}

impl SignedInput {
    fn weights(
        &self,
        layer: &Layer<'_>,
        e: &mut Emitter,
        (with_positive, with_negative): (&Weights, &Weights),
    ) -> Weights {
        if self.both {
            layer.map.side_by_side(e, &[with_positive, with_negative])
        } else {
            with_positive.clone()
        }
    }

    /// x · c, both parts summed.
    fn times(&self, layer: &Layer<'_>, e: &mut Emitter, c: &str) -> String {
        let product = e.op("Mul", &[&self.x, c]);
        if !self.both {
            return product;
        }
        let parts = layer.map.unstacked(e, &product, 2);
        e.op("Add", &[&parts[0], &parts[1]])
    }
}

/// The four products of the signs of input and weight, as the rules have them.
struct Literal {
    plus: String,
    minus: String,
}

impl Literal {
    fn of(layer: &Layer<'_>, e: &mut Emitter) -> Self {
        Self {
            plus: e.op("Relu", &[layer.x]),
            minus: e.negative(layer.x),
        }
    }

    /// x⁺ · a + x⁻ · b + bias.
    fn sum(
        &self,
        layer: &Layer<'_>,
        e: &mut Emitter,
        (a, b): (&Weights, &Weights),
        bias: (&str, Vec<f32>),
    ) -> String {
        let first = layer.map.forward(e, &self.plus, a, Some(bias));
        let second = layer.map.forward(e, &self.minus, b, None);
        e.op("Add", &[&first, &second])
    }

    /// x⁺ · (s·aᵀ) + x⁻ · (s·bᵀ).
    fn share(
        &self,
        layer: &Layer<'_>,
        e: &mut Emitter,
        s: &str,
        (a, b): (&Weights, &Weights),
    ) -> String {
        let first = layer.map.transposed(e, s, a);
        let first = e.op("Mul", &[&self.plus, &first]);
        let second = layer.map.transposed(e, s, b);
        let second = e.op("Mul", &[&self.minus, &second]);
        e.op("Add", &[&first, &second])
    }
}
