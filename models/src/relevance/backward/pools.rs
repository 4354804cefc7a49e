//! Pools backwards.

use crate::relevance::emit::{Emitter, Setting, Weights, transposed_convolution};
use crate::relevance::network::{Network, Node, Op, Window, wide};
use crate::relevance::tensor::Tensor;

/// Places of a window up to which they are looked at one by one.
const MOST_COMPARED: usize = 256;

/// The transpose of an average, applied to `s`.
pub(super) fn averaged(e: &mut Emitter, network: &Network, node: &Node, s: &str) -> String {
    let from = network.dims(node.inputs[0]);
    match &node.op {
        Op::AveragePool { window, divisor } => {
            let key = format!("{}/shares", network.values[node.output].name);
            let shares = e.floats(&key, || divisor.map(f32::recip));
            let s = e.op("Mul", &[s, &shares]);
            if e.optimises() && window.axes() == 2 && window.tiles(&from[2..]) {
                return repeated(e, &s, window, from);
            }
            let ones = ones(&key, from[1], &window.kernel);
            transposed_convolution(e, &s, &ones, window, from[1], &from[2..])
        }
        Op::Mean(axes) => {
            let count: usize = axes.iter().map(|axis| from[*axis]).product();
            let share = e.scalar(1.0 / count as f32);
            let s = e.op("Mul", &[s, &share]);
            let dims = e.ints(&wide(from));
            e.op("Expand", &[&s, &dims])
        }
        _ => s.to_owned(),
    }
}

/// Filters of ones, one a channel.
fn ones(key: &str, channels: usize, kernel: &[usize]) -> Weights {
    Weights {
        key: format!("{key}/ones"),
        tensor: Tensor::filled([&[channels, 1], kernel].concat(), 1.0),
    }
}

/// Every number as a whole window of it, where windows tile the input.
fn repeated(e: &mut Emitter, s: &str, window: &Window, from: &[usize]) -> String {
    let (rows, columns) = (from[2] / window.kernel[0], from[3] / window.kernel[1]);
    let front = [from[0], from[1]];
    let apart = wide(front.iter().chain(&[rows, 1, columns, 1]));
    let whole = [rows, window.kernel[0], columns, window.kernel[1]];
    let spread = e.ints(&wide(front.iter().chain(&whole)));
    let s = e.reshape(s, &apart);
    let s = e.op("Expand", &[&s, &spread]);
    e.reshape(&s, &wide(from))
}

/// Gives all of `r` to the first largest number of each window.
pub(super) fn winners(
    e: &mut Emitter,
    network: &Network,
    node: &Node,
    window: &Window,
    r: &str,
) -> String {
    let (from, to) = (network.dims(node.inputs[0]), network.dims(node.output));
    let name = |id: usize| network.values[id].name.as_str();
    let (x, y) = (name(node.inputs[0]), name(node.output));
    let places: usize = window.kernel.iter().product();
    if !e.has_indices() && window.covers(&from[2..]) {
        return by_place(e, (x, from), r);
    }
    if (e.has_indices() || places > MOST_COMPARED)
        && let Some(places) = e.winners(y)
    {
        return by_indices(e, window, from, (&places, r));
    }
    by_comparison(e, window, (x, from), (y, to), r)
}

/// For one window over everything: the place of the largest number of each channel.
fn by_place(e: &mut Emitter, (x, from): (&str, &[usize]), r: &str) -> String {
    let places: usize = from[2..].iter().product();
    let x = e.reshape(x, &wide(&[from[0], from[1], places]));
    let settings = vec![("axis", Setting::Int(2)), ("keepdims", Setting::Int(1))];
    let best = e.with("ArgMax", &[&x], settings);
    let all: Vec<usize> = (0..places).collect();
    let all = e.ints(&wide(&all));
    let is = e.op("Equal", &[&best, &all]);
    let won = e.with("Cast", &[&is], vec![("to", Setting::Int(1))]);
    let r = e.reshape(r, &wide(&[from[0], from[1], 1]));
    let won = e.op("Mul", &[&won, &r]);
    e.reshape(&won, &wide(from))
}

fn by_indices(
    e: &mut Emitter,
    window: &Window,
    from: &[usize],
    (places, r): (&str, &str),
) -> String {
    let dims = wide(from);
    if window.axes() == 2 && window.apart() {
        let dims = e.ints(&dims);
        let settings = vec![
            ("kernel_shape", Setting::Ints(wide(&window.kernel))),
            ("strides", Setting::Ints(wide(&window.strides))),
        ];
        return e.with("MaxUnpool", &[r, places, &dims], settings);
    }
    // Windows overlap: a number may win several.
    let elements: usize = from.iter().product();
    let zeros = format!("relevance/zeros/{elements}");
    let zeros = e.floats(&zeros, || Tensor::filled(vec![elements], 0.0));
    let (places, r) = (e.reshape(places, &[-1]), e.reshape(r, &[-1]));
    let settings = vec![
        ("axis", Setting::Int(0)),
        ("reduction", Setting::Text("add")),
    ];
    let sum = e.with("ScatterElements", &[&zeros, &places, &r], settings);
    e.reshape(&sum, &dims)
}

/// Looks at each place of the window in turn, and sends back with filters of a single one.
fn by_comparison(
    e: &mut Emitter,
    window: &Window,
    (x, from): (&str, &[usize]),
    (y, to): (&str, &[usize]),
    r: &str,
) -> String {
    let places: usize = window.kernel.iter().product();
    let padded = lowest_around(e, window, x);
    let one = e.scalar(1.0);
    let mut free: Option<String> = None;
    let mut parts = Vec::with_capacity(places);
    let apart = wide(to[..2].iter().chain(&[1]).chain(&to[2..]));
    for place in 0..places {
        let seen = seen_at(e, window, &padded, place, &to[2..]);
        let is = e.op("Equal", &[&seen, y]);
        let mut won = e.with("Cast", &[&is], vec![("to", Setting::Int(1))]);
        if let Some(free) = &free {
            won = e.op("Mul", &[&won, free]);
        }
        free = Some(match &free {
            Some(free) => e.op("Sub", &[free, &won]),
            None => e.op("Sub", &[&one, &won]),
        });
        let part = e.op("Mul", &[&won, r]);
        parts.push(e.reshape(&part, &apart));
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let both = e.with("Concat", &parts, vec![("axis", Setting::Int(2))]);
    let stacked = wide([to[0], to[1] * places].iter().chain(&to[2..]));
    let both = e.reshape(&both, &stacked);
    let filters = || {
        let mut data = vec![0.0; to[1] * places * places];
        for channel in 0..to[1] {
            for place in 0..places {
                data[(channel * places + place) * places + place] = 1.0;
            }
        }
        data
    };
    let single = Weights {
        key: format!("{y}/single ones"),
        tensor: Tensor::new(
            [&[to[1] * places, 1], window.kernel.as_slice()].concat(),
            filters(),
        ),
    };
    transposed_convolution(e, &both, &single, window, to[1], &from[2..])
}

/// The input with the lowest number around it, where there is padding.
fn lowest_around(e: &mut Emitter, window: &Window, x: &str) -> String {
    let pads = [
        &[0, 0],
        window.before.as_slice(),
        &[0, 0],
        window.after.as_slice(),
    ]
    .concat();
    if pads.iter().all(|pad| *pad == 0) {
        return x.to_owned();
    }
    let (pads, lowest) = (e.ints(&wide(&pads)), e.scalar(f32::MIN));
    e.op("Pad", &[x, &pads, &lowest])
}

/// What every window has at one of its places.
fn seen_at(
    e: &mut Emitter,
    window: &Window,
    padded: &str,
    place: usize,
    counts: &[usize],
) -> String {
    let mut rest = place;
    let (mut starts, mut ends) = (vec![0; window.axes()], vec![0; window.axes()]);
    for axis in (0..window.axes()).rev() {
        starts[axis] = rest % window.kernel[axis] * window.dilations[axis];
        ends[axis] = starts[axis] + (counts[axis] - 1) * window.strides[axis] + 1;
        rest /= window.kernel[axis];
    }
    let axes: Vec<usize> = (2..window.axes() + 2).collect();
    let lists = [&starts, &ends, &axes, &window.strides].map(|list| e.ints(&wide(list)));
    e.op(
        "Slice",
        &[padded, &lists[0], &lists[1], &lists[2], &lists[3]],
    )
}
