//! Windows that slide over time: convolutions, pooling, recurrent layers.

use super::{Extent, Layout, Layouts, Reach, Role, Size};
use crate::map::wiring::At;
use crate::wire::Node;

/// A window along one axis.
#[derive(Debug, Clone, Copy)]
struct Window {
    /// Steps from its first to its last, both counted.
    kernel: i64,
    stride: i64,
    /// Steps added before and after; `None` for "as many as keep the length".
    pads: Option<(i64, i64)>,
}

impl Window {
    fn of(node: &Node, index: usize, spatial: usize, kernel: Option<i64>) -> Self {
        let nth = |name: &str, at: usize| node.ints(name).and_then(|list| list.get(at)).copied();
        let kernel = nth("kernel_shape", index).or(kernel).unwrap_or(1).max(1);
        let dilation = nth("dilations", index).unwrap_or(1).max(1);
        let span = dilation.saturating_mul(kernel - 1);
        let pads = match node.text("auto_pad") {
            Some("SAME_UPPER" | "SAME_LOWER") => None,
            Some("VALID") => Some((0, 0)),
            _ => Some((
                nth("pads", index).unwrap_or(0),
                nth("pads", index.saturating_add(spatial)).unwrap_or(0),
            )),
        };
        let stride = nth("strides", index).unwrap_or(1).max(1);
        let span = span.clamp(0, i64::from(u32::MAX));
        Self {
            kernel: span + 1,
            stride,
            pads,
        }
    }

    /// The steps that a step of the result sees, from its own place.
    fn reach(self) -> (i64, i64) {
        let before = self.pads.map_or((self.kernel - 1) / 2, |pads| pads.0);
        (
            before.saturating_neg(),
            (self.kernel - 1).saturating_sub(before),
        )
    }

    fn length(self, size: Size, ceil: bool) -> Option<i64> {
        let size = size.fixed()?;
        let Some((before, after)) = self.pads else {
            return Some(size.saturating_add(self.stride - 1) / self.stride);
        };
        let free = size
            .saturating_add(before)
            .saturating_add(after)
            .saturating_sub(self.kernel);
        let free = if ceil {
            free.saturating_add(self.stride - 1)
        } else {
            free
        };
        (free >= 0).then(|| free / self.stride + 1)
    }

    fn keeps_length(self) -> bool {
        let whole = |(a, b): (i64, i64)| a.saturating_add(b) == self.kernel - 1;
        self.stride == 1 && self.pads.is_none_or(whole)
    }
}

impl Layouts<'_, '_> {
    /// A convolution or pooling of `x`; `channels` is the number of channels after it.
    pub(super) fn slide(
        &mut self,
        node: &Node,
        x: &Layout,
        channels: Option<Size>,
        kernels: &[Option<i64>],
    ) -> Layout {
        let Some(axes) = x.axes.as_ref().filter(|axes| axes.len() > 2) else {
            return Layout::unknown(x.reach);
        };
        let spatial = axes.len() - 2;
        let is_conv = channels.is_some();
        let mut after = Vec::with_capacity(axes.len());
        let (mut stride, mut reach) = (x.stride, x.reach);
        for (index, axis) in axes.iter().enumerate() {
            after.push(match index.checked_sub(2) {
                None if index == 0 => *axis,
                None => match channels {
                    Some(size) => {
                        if axis.role == Role::Time {
                            stride = None;
                        }
                        Extent::new(Role::Dim, size)
                    }
                    None => *axis,
                },
                Some(place) => {
                    let window =
                        Window::of(node, place, spatial, kernels.get(place).copied().flatten());
                    let ceil = node.int("ceil_mode") == Some(1);
                    let size = match window.length(axis.size, ceil) {
                        Some(size) => Size::Fixed(size),
                        None if window.keeps_length() => axis.size,
                        None => self.fresh(),
                    };
                    let role = match axis.role {
                        Role::Dim | Role::Nothing if spatial > 1 => Role::Freq,
                        role => role,
                    };
                    if axis.role == Role::Time {
                        let (first, last) = window.reach();
                        reach = reach.over(first, last, stride);
                        stride =
                            stride.and_then(|s| s.checked_mul(u32::try_from(window.stride).ok()?));
                        self.fit += i32::from(is_conv);
                    } else if spatial == 1 && is_conv && axis.role == Role::Dim {
                        self.fit -= 1;
                    }
                    Extent::new(role, size)
                }
            });
        }
        Layout {
            axes: Some(after),
            stride,
            reach,
        }
    }

    /// A transposed convolution: steps become more.
    pub(super) fn slide_up(&mut self, node: &Node, x: &Layout, channels: Size) -> Layout {
        let mut after = self.slide(node, x, Some(channels), &[]);
        let Some(time) = x.find(Role::Time).filter(|time| *time > 1) else {
            return after;
        };
        let steps = node
            .ints("strides")
            .and_then(|list| list.get(time - 2))
            .copied();
        let steps = u32::try_from(steps.unwrap_or(1)).unwrap_or(1).max(1);
        let whole = |stride: u32| stride.is_multiple_of(steps).then_some(stride / steps);
        after.stride = x.stride.and_then(whole);
        let size = self.fresh();
        if let Some(axis) = after.axes.as_mut().and_then(|axes| axes.get_mut(time)) {
            axis.size = if steps == 1 { axis.size } else { size };
        }
        after
    }

    /// The outputs of a recurrent layer on `x`: all steps, last step, last cell.
    pub(super) fn recurrent(&mut self, at: At, x: &Layout) -> Vec<Layout> {
        let node = self.wiring.node(at);
        let gone = Layout::unknown(Reach::Everywhere);
        let Some([first, second, _]) = x.axes.as_deref() else {
            return vec![gone; 3];
        };
        let batch_first = node.int("layout") == Some(1);
        let (time, batch) = if batch_first {
            (second, first)
        } else {
            (first, second)
        };
        self.fit += match time.role {
            Role::Time => 1,
            // Windows of one recording, one after the other.
            Role::Window | Role::Nothing => 0,
            _ => -1,
        };
        let hidden = self.hidden(at);
        let both = node.text("direction") == Some("bidirectional");
        let direction = Extent::new(Role::Nothing, Size::Fixed(if both { 2 } else { 1 }));
        let dim = Extent::new(Role::Dim, hidden);
        let stride = (time.role == Role::Time).then_some(x.stride).flatten();
        let (steps, last) = if batch_first {
            (
                vec![*batch, *time, direction, dim],
                vec![*batch, direction, dim],
            )
        } else {
            (
                vec![*time, direction, *batch, dim],
                vec![direction, *batch, dim],
            )
        };
        let of = |axes: Vec<Extent>, stride: Option<u32>| Layout {
            axes: Some(axes),
            stride,
            reach: Reach::Everywhere,
        };
        vec![of(steps, stride), of(last.clone(), None), of(last, None)]
    }

    /// Number of hidden units of a recurrent layer.
    fn hidden(&self, at: At) -> Size {
        let node = self.wiring.node(at);
        if let Some(size) = node.int("hidden_size") {
            return Size::Fixed(size);
        }
        // The weights from hidden to hidden are [direction, gates · hidden, hidden], or, quantised,
        // [direction, hidden, gates · hidden].
        let weights = self
            .wiring
            .read(at, 2)
            .map(|value| self.of(value).extents());
        let place = if node.operator == "DynamicQuantizeLSTM" {
            1
        } else {
            2
        };
        weights
            .and_then(|axes| axes.get(place))
            .map_or(Size::Unknown, |axis| axis.size)
    }
}
