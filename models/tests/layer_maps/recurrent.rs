//! Stacks of recurrent layers, as PyTorch exports them.

use phonoscope_models::wire::Attribute;
use phonoscope_models::{Axis, BlockKind, Field, Timing};

use super::found_exactly;
use super::parts::{linear, transpose};
use super::scribe::{Scribe, Style};

const BANDS: i64 = 5;
const HIDDEN: i64 = 4;

/// Three layers on `[batch, time, band]`.
pub(super) fn stack(style: Style, cell: &str, directions: i64) -> Scribe {
    let mut s = Scribe::new(style);
    let gates = if cell == "LSTM" { 4 } else { 3 };
    let x = s.input("features", &["batch".into(), "time".into(), BANDS.into()]);
    let mut x = transpose(&mut s, "rnn", &x, &[1, 0, 2]);
    let merge = s.ints(&[0, 0, -1]);
    let first = s.ints(&[1]);
    for layer in 0..3 {
        let width = if layer == 0 {
            BANDS
        } else {
            directions * HIDDEN
        };
        let w = s.weight("rnn", &[directions, gates * HIDDEN, width]);
        let r = s.weight("rnn", &[directions, gates * HIDDEN, HIDDEN]);
        let b = s.weight("rnn", &[directions, 2 * gates * HIDDEN]);
        let way = if directions == 2 {
            "bidirectional"
        } else {
            "forward"
        };
        let mut attributes = vec![
            ("hidden_size", Attribute::Int(HIDDEN)),
            ("direction", Attribute::Text(way)),
        ];
        if cell == "GRU" {
            attributes.push(("linear_before_reset", Attribute::Int(1)));
        }
        let [steps, _last] = s.ops("rnn", cell, &[&x, &w, &r, &b], &attributes);
        x = if directions == 2 {
            let by_step = transpose(&mut s, "rnn", &steps, &[0, 2, 1, 3]);
            s.op("rnn", "Reshape", &[&by_step, &merge], &[])
        } else {
            s.op("rnn", "Squeeze", &[&steps, &first], &[])
        };
        if layer == 2 {
            x = transpose(&mut s, "rnn", &x, &[1, 0, 2]);
        }
        let mark = x.clone();
        s.mark(format!("{}.{layer}", cell.to_lowercase()), &mark);
    }
    let out = linear(&mut s, "head", &x, [directions * HIDDEN, 3]);
    s.mark("dense.0", &out);
    s.output(&out);
    s
}

#[test]
fn layers_are_read_where_their_axes_are_clean() {
    let whole = Some(Timing {
        stride: 1,
        field: Field::Unbounded,
    });
    for style in Style::ALL {
        for (cell, directions) in [("LSTM", 1), ("LSTM", 2), ("GRU", 2)] {
            let map = found_exactly(&stack(style, cell, directions));
            let kinds: Vec<BlockKind> = map.blocks.iter().map(|block| block.kind).collect();
            assert_eq!(kinds[..3], [BlockKind::Recurrent; 3]);
            let width = Some(usize::try_from(directions * HIDDEN).unwrap());
            for layer in &map.taps[..2] {
                assert_eq!(layer.axes, [Axis::Time, Axis::Batch, Axis::Dim]);
                assert_eq!((layer.dim, layer.timing), (width, whole));
            }
            assert_eq!(map.taps[2].axes, [Axis::Batch, Axis::Time, Axis::Dim]);
            assert_eq!(map.taps[2].meaning.contains("backwards"), directions == 2);
            assert_eq!(map.taps[3].timing, whole);
        }
    }
}
