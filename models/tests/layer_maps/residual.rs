//! Residual and densely connected convolutional networks, as speaker encoders are exported.

use phonoscope_models::wire::Attribute;
use phonoscope_models::{Axis, BlockKind, Field, LayerMap, Timing};

use super::parts::{Conv1d, conv1d, linear, transpose};
use super::scribe::{Scribe, Style};
use super::{found_exactly, tap};

const BANDS: i64 = 16;
const WIDTH: i64 = 4;
/// Steps of a segment over which a mask's context is averaged.
const SEGMENT: i64 = 8;

/// What a densely connected layer's mask is computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    /// The mean of the segment that a step is in.
    Segment,
    /// That and the mean of the whole utterance.
    Utterance,
}

fn conv2d(s: &mut Scribe, scope: &str, x: &str, sizes: [i64; 3], stride: i64) -> String {
    let [out, fan_in, kernel] = sizes;
    let weight = s.weight(scope, &[out, fan_in, kernel, kernel]);
    let bias = s.weight(scope, &[out]);
    let pad = kernel / 2;
    s.op(
        scope,
        "Conv",
        &[x, &weight, &bias],
        &[
            ("kernel_shape", Attribute::Ints(&[kernel, kernel])),
            ("strides", Attribute::Ints(&[stride, stride])),
            ("pads", Attribute::Ints(&[pad, pad, pad, pad])),
        ],
    )
}

/// A gate for each channel, from the mean over bands and time: the hidden activations, the gate and
/// what it leaves.
fn gated(s: &mut Scribe, scope: &str, x: &str, channels: i64) -> [String; 3] {
    let mean = s.op(scope, "GlobalAveragePool", &[x], &[]);
    let narrow = conv2d(s, &format!("{scope} down"), &mean, [2, channels, 1], 1);
    let active = s.op(scope, "Relu", &[&narrow], &[]);
    let wide = conv2d(s, &format!("{scope} up"), &active, [channels, 2, 1], 1);
    let gate = s.op(scope, "Sigmoid", &[&wide], &[]);
    let left = s.op(scope, "Mul", &[x, &gate], &[]);
    [active, gate, left]
}

/// ResNet with as many units in each stage, norms folded into the convolutions, mean and deviation
/// over time, and one dense layer: the form in which WeSpeaker exports its speaker encoders. With
/// `gates`, each branch ends in a squeeze-and-excitation gate.
pub(super) fn resnet(style: Style, stages: &[usize], gates: bool) -> Scribe {
    let mut s = Scribe::new(style);
    let s = &mut s;
    let x = s.input("feats", &["B".into(), "T".into(), BANDS.into()]);
    let by_band = transpose(s, "in", &x, &[0, 2, 1]);
    let one = s.ints(&[1]);
    let image = s.op("in", "Unsqueeze", &[&by_band, &one], &[]);
    let made = conv2d(s, "conv1", &image, [WIDTH, 1, 3], 1);
    let mut x = s.op("conv1", "Relu", &[&made], &[]);
    let mark = x.clone();
    s.mark("conv.0", &mark);
    let (mut channels, mut bands, mut count) = (WIDTH, BANDS, 0);
    for (stage, units) in stages.iter().enumerate() {
        for unit in 0..*units {
            let scope = format!("layer{}.{unit}", stage + 1);
            let narrows = stage > 0 && unit == 0;
            let (out, stride) = if narrows {
                (2 * channels, 2)
            } else {
                (channels, 1)
            };
            let first = conv2d(s, &format!("{scope} conv1"), &x, [out, channels, 3], stride);
            let active = s.op(&scope, "Relu", &[&first], &[]);
            s.mark(format!("unit.{count}.conv.0"), &active);
            let second = conv2d(s, &format!("{scope} conv2"), &active, [out, out, 3], 1);
            let branch = if gates {
                let [active, gate, left] = gated(s, &format!("{scope} se"), &second, out);
                s.mark(format!("unit.{count}.conv.1"), &second);
                s.mark(format!("unit.{count}.conv.2"), &active);
                s.mark(format!("unit.{count}.conv.3"), &gate);
                left
            } else {
                second
            };
            s.mark(format!("unit.{count}.out"), &branch);
            let skip = if narrows {
                conv2d(
                    s,
                    &format!("{scope} shortcut"),
                    &x,
                    [out, channels, 1],
                    stride,
                )
            } else {
                x.clone()
            };
            let sum = s.op(&scope, "Add", &[&branch, &skip], &[]);
            x = s.op(&scope, "Relu", &[&sum], &[]);
            let mark = x.clone();
            s.mark(format!("unit.{count}.resid_post"), &mark);
            bands = if narrows { (bands + 1) / 2 } else { bands };
            channels = out;
            count += 1;
        }
    }
    let width = channels * bands;
    let flat = s.ints(&[0, width, -1]);
    let frames = s.op("pool", "Reshape", &[&x, &flat], &[]);
    let over_time = [
        ("axes", Attribute::Ints(&[-1])),
        ("keepdims", Attribute::Int(1)),
    ];
    let last = s.ints(&[-1]);
    let tiny = s.number(1e-7);
    let mean = s.op("pool", "ReduceMean", &[&frames], &over_time);
    let centred = s.op("pool", "Sub", &[&frames, &mean], &[]);
    let square = s.op("pool", "Mul", &[&centred, &centred], &[]);
    let variance = s.op("pool", "ReduceMean", &[&square], &over_time);
    let raised = s.op("pool", "Add", &[&variance, &tiny], &[]);
    let deviation = s.op("pool", "Sqrt", &[&raised], &[]);
    let mean = s.op("pool", "Squeeze", &[&mean, &last], &[]);
    let deviation = s.op("pool", "Squeeze", &[&deviation, &last], &[]);
    let axis = [("axis", Attribute::Int(1))];
    let both = s.op("pool", "Concat", &[&mean, &deviation], &axis);
    let embedding = linear(s, "seg_1", &both, [2 * width, 6]);
    s.mark("dense.0", &embedding);
    s.output(&embedding);
    std::mem::replace(s, Scribe::new(style))
}

/// A time-delay layer and three densely connected ones with masks, as PyTorch exports CAM++'s: the
/// mean over segments is brought back to steps by Expand and Reshape.
pub(super) fn dense_time_delay(style: Style, context: Context) -> Scribe {
    let mut s = Scribe::new(style);
    let s = &mut s;
    let x = s.input("feats", &["B".into(), "T".into(), BANDS.into()]);
    let by_band = transpose(s, "in", &x, &[0, 2, 1]);
    let conv = |sizes: [i64; 3], stride: i64| Conv1d {
        sizes,
        stride,
        pads: [sizes[2] / 2; 2],
        group: 1,
    };
    let made = conv1d(s, "tdnn", &by_band, &conv([8, BANDS, 5], 2));
    let mut x = s.op("tdnn", "Relu", &[&made], &[]);
    let mark = x.clone();
    s.mark("conv.0", &mark);
    let (last, after, start, end) = (s.ints(&[-1]), s.ints(&[3]), s.ints(&[0]), s.ints(&[2]));
    let (copies, join) = (s.ints(&[1, 1, 1, SEGMENT]), s.ints(&[0, 0, -1]));
    let over_time = [
        ("axes", Attribute::Ints(&[-1])),
        ("keepdims", Attribute::Int(1)),
    ];
    for layer in 0..3 {
        let scope = format!("block1.tdnnd{}", layer + 1);
        let tap = |part: &str| format!("unit.{layer}.{part}");
        let made = conv1d(
            s,
            &format!("{scope} linear1"),
            &x,
            &conv([6, 8 + 4 * layer, 1], 1),
        );
        let hidden = s.op(&scope, "Relu", &[&made], &[]);
        s.mark(tap("conv.0"), &hidden);
        let local = conv1d(s, &format!("{scope} local"), &hidden, &conv([4, 6, 3], 1));
        s.mark(tap("conv.1"), &local);
        let segments = [
            ("ceil_mode", Attribute::Int(1)),
            ("kernel_shape", Attribute::Ints(&[SEGMENT])),
            ("strides", Attribute::Ints(&[SEGMENT])),
        ];
        let pooled = s.op(&scope, "AveragePool", &[&hidden], &segments);
        let column = s.op(&scope, "Unsqueeze", &[&pooled, &last], &[]);
        let wide = s.op(&scope, "Expand", &[&column, &copies], &[]);
        let long = s.op(&scope, "Reshape", &[&wide, &join], &[]);
        let shape = s.op(&scope, "Shape", &[&hidden], &[]);
        let length = s.op(&scope, "Slice", &[&shape, &end, &after], &[]);
        let mut mean = s.op(&scope, "Slice", &[&long, &start, &length, &end], &[]);
        if context == Context::Utterance {
            let whole = s.op(&scope, "ReduceMean", &[&hidden], &over_time);
            mean = s.op(&scope, "Add", &[&whole, &mean], &[]);
        }
        let made = conv1d(s, &format!("{scope} mask1"), &mean, &conv([3, 6, 1], 1));
        let active = s.op(&scope, "Relu", &[&made], &[]);
        s.mark(tap("conv.2"), &active);
        let made = conv1d(s, &format!("{scope} mask2"), &active, &conv([4, 3, 1], 1));
        let mask = s.op(&scope, "Sigmoid", &[&made], &[]);
        s.mark(tap("conv.3"), &mask);
        let out = s.op(&scope, "Mul", &[&local, &mask], &[]);
        s.mark(tap("out"), &out);
        let axis = [("axis", Attribute::Int(1))];
        x = s.op(&scope, "Concat", &[&x, &out], &axis);
        let mark = x.clone();
        s.mark(tap("resid_post"), &mark);
    }
    let made = conv1d(s, "transit", &x, &conv([6, 20, 1], 1));
    s.mark("conv.1", &made);
    s.output(&made);
    std::mem::replace(s, Scribe::new(style))
}

fn timing(map: &LayerMap, name: &str) -> (u32, Option<u32>) {
    let Timing { stride, field } = tap(map, name)
        .timing
        .unwrap_or_else(|| panic!("{name} has no timing"));
    match field {
        Field::Steps(steps) => (stride, Some(steps)),
        Field::Unbounded => (stride, None),
    }
}

#[test]
fn residual_units_have_the_stride_and_field_of_their_convolutions() {
    for style in Style::ALL {
        let map = found_exactly(&resnet(style, &[2, 2, 1], false));
        assert_eq!(timing(&map, "conv.0"), (1, Some(3)));
        for (unit, (stride, field), (inner, seen)) in [
            (0, (1, 7), (1, 5)),
            (1, (1, 11), (1, 9)),
            (2, (2, 17), (2, 13)),
            (3, (2, 25), (2, 21)),
            (4, (4, 37), (4, 29)),
        ] {
            let name = |part: &str| format!("unit.{unit}.{part}");
            assert_eq!(timing(&map, &name("conv.0")), (inner, Some(seen)));
            for part in ["out", "resid_post"] {
                let found = tap(&map, &name(part));
                assert_eq!(timing(&map, &found.name), (stride, Some(field)), "{unit}");
                assert_eq!(found.axes, [Axis::Batch, Axis::Dim, Axis::Freq, Axis::Time]);
            }
        }
        let kinds: Vec<BlockKind> = map.blocks.iter().map(|block| block.kind).collect();
        assert_eq!(kinds[0], BlockKind::Conv);
        assert_eq!(kinds[1..6], [BlockKind::Residual; 5]);
        assert_eq!(kinds[6..], [BlockKind::Dense]);
        let embedding = tap(&map, "dense.0");
        assert_eq!(
            (embedding.axes.as_slice(), embedding.timing),
            (&[Axis::Batch, Axis::Dim][..], None)
        );
    }
}

#[test]
fn a_gate_from_the_whole_utterance_makes_all_after_it_see_everything() {
    let map = found_exactly(&resnet(Style::TorchScript, &[1, 1], true));
    assert_eq!(timing(&map, "unit.0.conv.0"), (1, Some(5)));
    assert_eq!(timing(&map, "unit.0.conv.1"), (1, Some(7)));
    for (name, stride) in [
        ("unit.0.out", 1),
        ("unit.0.resid_post", 1),
        ("unit.1.conv.0", 2),
        ("unit.1.resid_post", 2),
    ] {
        assert_eq!(timing(&map, name), (stride, None), "{name}");
    }
}

#[test]
fn masked_dense_layers_see_as_far_as_the_context_of_their_masks() {
    for style in Style::ALL {
        let map = found_exactly(&dense_time_delay(style, Context::Utterance));
        assert_eq!(timing(&map, "conv.0"), (2, Some(5)));
        assert_eq!(timing(&map, "unit.0.conv.0"), (2, Some(5)));
        assert_eq!(timing(&map, "unit.0.conv.1"), (2, Some(9)));
        for name in ["unit.0.out", "unit.0.resid_post", "unit.2.conv.1", "conv.1"] {
            assert_eq!(timing(&map, name), (2, None), "{name}");
            assert_eq!(tap(&map, name).axes, [Axis::Batch, Axis::Dim, Axis::Time]);
        }
        assert_eq!(map.blocks[1].kind, BlockKind::DenselyConnected);

        // A segment of 8 steps of 2 frames begins at most 7 steps before and ends at most 7 after.
        let map = found_exactly(&dense_time_delay(style, Context::Segment));
        let mut seen = 5;
        for layer in 0..3 {
            let wide = seen + 2 * 2 * (u32::try_from(SEGMENT).unwrap() - 1);
            for part in ["out", "resid_post"] {
                let name = format!("unit.{layer}.{part}");
                assert_eq!(timing(&map, &name), (2, Some(wide)), "{name}");
            }
            seen = wide;
        }
    }
}
