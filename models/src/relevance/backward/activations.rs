//! Derivatives of activations.

use crate::relevance::Method;
use crate::relevance::emit::Emitter;
use crate::relevance::network::Activation;

/// The gradient behind an activation from x to y, of the gradient `g` before it.
pub(super) fn derivative(
    e: &mut Emitter,
    method: &Method,
    activation: &Activation,
    (x, y): (&str, &str),
    g: &str,
) -> String {
    if *activation == Activation::Relu {
        return match method {
            Method::Deconvnet => e.op("Relu", &[g]),
            Method::GuidedBackprop => {
                let passed = masked(e, y, g);
                e.op("Relu", &[&passed])
            }
            _ => masked(e, y, g),
        };
    }
    let slope = slope(e, activation, x, y);
    e.op("Mul", &[g, &slope])
}

fn masked(e: &mut Emitter, y: &str, g: &str) -> String {
    let mask = e.step(y);
    e.op("Mul", &[g, &mask])
}

fn slope(e: &mut Emitter, activation: &Activation, x: &str, y: &str) -> String {
    match activation {
        Activation::Relu => e.step(y),
        Activation::ThresholdedRelu(from) => {
            let from = e.scalar(*from);
            let above = e.op("Sub", &[x, &from]);
            e.step(&above)
        }
        Activation::LeakyRelu(slope) => {
            let slope = e.scalar(*slope);
            below(e, x, 1.0, &slope)
        }
        Activation::PRelu(slopes) => {
            let slopes = e.floats(&format!("{y}/slopes"), || slopes.clone());
            below(e, x, 1.0, &slopes)
        }
        Activation::Elu(alpha) => {
            let alpha = e.scalar(*alpha);
            let low = e.op("Add", &[y, &alpha]);
            below(e, x, 1.0, &low)
        }
        Activation::Selu { alpha, gamma } => {
            let product = e.scalar(alpha * gamma);
            let low = e.op("Add", &[y, &product]);
            below(e, x, *gamma, &low)
        }
        Activation::Celu(alpha) => {
            let (alpha, one) = (e.scalar(*alpha), e.scalar(1.0));
            let low = e.op("Div", &[y, &alpha]);
            let low = e.op("Add", &[&low, &one]);
            below(e, x, 1.0, &low)
        }
        Activation::Sigmoid => {
            let one = e.scalar(1.0);
            let rest = e.op("Sub", &[&one, y]);
            e.op("Mul", &[y, &rest])
        }
        Activation::Tanh => {
            let one = e.scalar(1.0);
            let square = e.op("Mul", &[y, y]);
            e.op("Sub", &[&one, &square])
        }
        Activation::Softplus => e.op("Sigmoid", &[x]),
        Activation::Softsign => {
            let one = e.scalar(1.0);
            let size = e.op("Abs", &[x]);
            let root = e.op("Add", &[&size, &one]);
            let square = e.op("Mul", &[&root, &root]);
            e.op("Div", &[&one, &square])
        }
        Activation::HardSigmoid { alpha, .. } => {
            let alpha = e.scalar(*alpha);
            let inside = between(e, y, 0.0, 1.0);
            e.op("Mul", &[&inside, &alpha])
        }
        Activation::Clip { least, most } => between(e, x, *least, *most),
        Activation::Erf => {
            let factor = e.scalar(std::f32::consts::FRAC_2_SQRT_PI);
            let square = e.op("Mul", &[x, x]);
            let turned = e.op("Neg", &[&square]);
            let bell = e.op("Exp", &[&turned]);
            e.op("Mul", &[&bell, &factor])
        }
    }
}

/// `high` where x > 0, else `low`.
fn below(e: &mut Emitter, x: &str, high: f32, low: &str) -> String {
    let (zero, high) = (e.scalar(0.0), e.scalar(high));
    let is = e.op("Greater", &[x, &zero]);
    e.op("Where", &[&is, &high, low])
}

/// One where `least` < x < `most`, else zero.
fn between(e: &mut Emitter, x: &str, least: f32, most: f32) -> String {
    let (least, most) = (e.scalar(least), e.scalar(most));
    let (one, zero) = (e.scalar(1.0), e.scalar(0.0));
    let above = e.op("Greater", &[x, &least]);
    let under = e.op("Less", &[x, &most]);
    let inside = e.op("And", &[&above, &under]);
    e.op("Where", &[&inside, &one, &zero])
}
