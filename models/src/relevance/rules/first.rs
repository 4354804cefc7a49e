//! Rules for a first layer, which know no input (w², flat) or its bounds (zᴮ).

use super::{Bounds, Handed, Layer};
use crate::relevance::emit::{Emitter, Setting, Weights};
use crate::relevance::network::{Kind, wide};
use crate::relevance::tensor::Tensor;

/// In proportion to w², with b² in the denominator.
pub(super) fn squares(layer: &Layer<'_>, e: &mut Emitter, r: &str) -> Handed {
    let weights = layer.map.mapped(e, "squared", |w| w * w);
    let squared: Option<Vec<f32>> = layer.bias().map(|b| b.iter().map(|b| b * b).collect());
    let quotient = by_weight(layer, e, r, &weights, squared.clone());
    let relevance = layer.map.transposed(e, &quotient, &weights);
    Handed {
        relevance,
        aligned: false,
        swallowed: Vec::new(),
    }
    .taking(quotient, squared)
}

/// In equal parts over what each output reads.
pub(super) fn flat(layer: &Layer<'_>, e: &mut Emitter, r: &str) -> Handed {
    let weights = layer.map.mapped(e, "ones", |_| 1.0);
    let quotient = by_weight(layer, e, r, &weights, None);
    let relevance = match &layer.map.linear.kind {
        Kind::Convolution { groups, .. } if e.optimises() => {
            one_filter(layer, e, &quotient, *groups)
        }
        _ => layer.map.transposed(e, &quotient, &weights),
    };
    Handed {
        relevance,
        aligned: false,
        swallowed: Vec::new(),
    }
}

/// R / (1·w + b + ε): the denominator depends on no input.
fn by_weight(
    layer: &Layer<'_>,
    e: &mut Emitter,
    r: &str,
    weights: &Weights,
    bias: Option<Vec<f32>>,
) -> String {
    let one = ones(layer, e);
    let z = layer
        .map
        .forward(e, &one, weights, bias.map(|bias| ("squared", bias)));
    let stabiliser = e.scalar(layer.stabiliser);
    let z = e.op("Add", &[&z, &stabiliser]);
    e.op("Div", &[r, &z])
}

/// One item of ones.
fn ones(layer: &Layer<'_>, e: &mut Emitter) -> String {
    let mut dims = layer.map.from.to_vec();
    dims[0] = 1;
    let key = format!("relevance/ones/{dims:?}");
    e.floats(&key, || Tensor::filled(dims, 1.0))
}

/// All filters are ones, so that one filter a group does for the sum of its output channels.
fn one_filter(layer: &Layer<'_>, e: &mut Emitter, quotient: &str, groups: usize) -> String {
    let (batch, from, to) = (layer.map.from[0], layer.map.from, layer.map.to);
    let outputs = layer.map.linear.outputs() / groups;
    let split = wide([batch, groups, outputs].iter().chain(&to[2..]));
    let by_group = e.reshape(quotient, &split);
    let axis = e.ints(&[2]);
    let keep = vec![("keepdims", Setting::Int(0))];
    let summed = e.with("ReduceSum", &[&by_group, &axis], keep);
    let one = Weights {
        key: format!("{}/weight one filter", layer.map.key),
        tensor: Tensor::filled(
            [&[groups, 1], &layer.map.linear.weight.dims[2..]].concat(),
            1.0,
        ),
    };
    let c = layer.map.transposed(e, &summed, &one);
    let inputs = from[1] / groups;
    if inputs == 1 {
        return c;
    }
    let by_group = wide([batch, groups, 1].iter().chain(&from[2..]));
    let spread = wide([batch, groups, inputs].iter().chain(&from[2..]));
    let c = e.reshape(&c, &by_group);
    let dims = e.ints(&spread);
    let c = e.op("Expand", &[&c, &dims]);
    e.reshape(&c, &wide(from))
}

/// The zᴮ rule: in proportion to x·w − l·w⁺ − h·w⁻. The bias cancels.
pub(super) fn between_bounds(layer: &Layer<'_>, e: &mut Emitter, r: &str) -> Handed {
    let map = &layer.map;
    let (plus, minus) = layer.halves(e);
    let (own, one) = (map.own(), ones(layer, e));
    let (low, high) = bounds(layer, e);
    let z = match &layer.map.linear.bias {
        Some(bias) => {
            let key = format!("{}/bias by channel", map.key);
            let dims = map.channel_dims();
            let bias = e.floats(&key, || Tensor::new(dims, bias.clone()));
            e.op("Sub", &[layer.z, &bias])
        }
        None => layer.z.to_owned(),
    };
    // The bounds of an item are one number each, which the map may be multiplied by afterwards.
    let scaled = |e: &mut Emitter, bound: &str, weights: &Weights| {
        if matches!(layer.bounds, Bounds::Item) && e.optimises() {
            let of_one = map.forward(e, &one, weights, None);
            e.op("Mul", &[bound, &of_one])
        } else {
            let spread = e.op("Mul", &[bound, &one]);
            map.forward(e, &spread, weights, None)
        }
    };
    let from_low = scaled(e, &low, &plus);
    let from_high = scaled(e, &high, &minus);
    let z = e.op("Sub", &[&z, &from_low]);
    let z = e.op("Sub", &[&z, &from_high]);
    let z = e.stabilised(&z, layer.stabiliser);
    let s = e.op("Div", &[r, &z]);
    let parts = if e.optimises() {
        let all = map.side_by_side(e, &[&own, &plus, &minus]);
        let c = map.transposed(e, &s, &all);
        map.unstacked(e, &c, 3)
    } else {
        [&own, &plus, &minus]
            .into_iter()
            .map(|weights| map.transposed(e, &s, weights))
            .collect()
    };
    let mine = e.op("Mul", &[layer.x, &parts[0]]);
    let lower = e.op("Mul", &[&low, &parts[1]]);
    let upper = e.op("Mul", &[&high, &parts[2]]);
    let rest = e.op("Sub", &[&mine, &lower]);
    Handed {
        relevance: e.op("Sub", &[&rest, &upper]),
        aligned: false,
        swallowed: Vec::new(),
    }
}

/// The bounds, in shapes that broadcast over the layer's input.
fn bounds(layer: &Layer<'_>, e: &mut Emitter) -> (String, String) {
    let from = layer.map.from;
    match layer.bounds {
        Bounds::Item => {
            let keep = || vec![("keepdims", Setting::Int(1))];
            let axes = e.ints(&wide(&(1..from.len()).collect::<Vec<_>>()));
            (
                e.with("ReduceMin", &[layer.x, &axes], keep()),
                e.with("ReduceMax", &[layer.x, &axes], keep()),
            )
        }
        Bounds::Stated { low, high } => {
            let mut one = |name: &str, numbers: &[f32]| {
                let dims = bound_dims(numbers.len(), from);
                let key = format!("{}/{name} bound", layer.map.key);
                e.floats(&key, || Tensor::new(dims, numbers.to_vec()))
            };
            (one("lower", low), one("upper", high))
        }
    }
}

/// Shape of so many bounds over an input of shape `from`: one, one a channel, or one a number.
fn bound_dims(count: usize, from: &[usize]) -> Vec<usize> {
    let mut dims = vec![1; from.len()];
    if count == 1 {
        return dims;
    }
    if count == from[1] {
        dims[1] = count;
        return dims;
    }
    dims[1..].copy_from_slice(&from[1..]);
    dims
}

/// Whether so many bounds fit an input of shape `from`.
pub(in crate::relevance) fn bounds_fit(count: usize, from: &[usize]) -> bool {
    count == 1 || count == from[1] || count == from[1..].iter().product::<usize>()
}
