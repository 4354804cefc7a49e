//! Parts of values: slices, padding, picking, joining, splitting.

use super::{Extent, Layout, Layouts, Reach, Role, Size, nth};
use crate::map::wiring::At;
use crate::wire::Node;

/// The last step that a slice to the end names.
const END: i64 = i32::MAX as i64;

impl Layouts<'_, '_> {
    pub(super) fn sliced(&mut self, node: &Node, at: At, x: &Layout) -> Layout {
        let Some(mut axes) = x.axes.clone() else {
            return Layout::unknown(x.reach);
        };
        let mut after = x.clone();
        let rank = axes.len();
        let starts = self.numbers(at, "starts", 1);
        let ends = self.numbers(at, "ends", 2);
        let count = starts.as_ref().or(ends.as_ref()).map_or(1, Vec::len);
        let over = match self.numbers(at, "axes", 3) {
            Some(list) => list,
            None if self.wiring.read(at, 3).is_some() => return Layout::unknown(x.reach),
            None => (0..count.min(rank) as i64).collect(),
        };
        let steps = self.numbers(at, "steps", 4);
        for (index, axis) in over.iter().enumerate() {
            let Some(axis) = nth(*axis, rank).and_then(|axis| axes.get_mut(axis)) else {
                continue;
            };
            let nth = |list: &Option<Vec<i64>>| list.as_ref().and_then(|l| l.get(index)).copied();
            let step = if node.inputs.len() > 4 {
                nth(&steps)
            } else {
                Some(1)
            };
            let (start, end) = (nth(&starts), nth(&ends));
            if axis.role == Role::Time {
                match step {
                    Some(step) if step > 0 => {
                        // Slices from the end shift by a number of steps that a run decides.
                        let first = start.unwrap_or(0).max(0);
                        after.reach = after.reach.over(first, first, after.stride);
                        let step = u32::try_from(step).ok();
                        after.stride = after.stride.and_then(|stride| stride.checked_mul(step?));
                    }
                    _ => after.reach = Reach::Everywhere,
                }
            }
            axis.size = match (axis.size, start, end, step) {
                (size, Some(0), Some(end), Some(1)) if end >= END => size,
                (Size::Fixed(size), Some(start), Some(end), Some(step))
                    if step > 0 && size >= 0 =>
                {
                    let bound = |at: i64| {
                        let at = if at < 0 { at.saturating_add(size) } else { at };
                        at.clamp(0, size)
                    };
                    let length = bound(end).saturating_sub(bound(start)).max(0);
                    Size::Fixed(length.saturating_add(step - 1) / step)
                }
                (_, Some(start), Some(end), Some(1)) if start >= 0 && end >= start && end < END => {
                    Size::Unknown
                }
                _ => match (
                    start,
                    self.vectors
                        .get(&self.wiring.read(at, 2).unwrap_or(usize::MAX)),
                ) {
                    // From the start to a length that a run decides: that length.
                    (Some(0), Some(lengths)) if step == Some(1) => lengths
                        .get(index)
                        .copied()
                        .filter(|size| matches!(size, Size::Named(_)))
                        .unwrap_or(Size::Unknown),
                    _ => Size::Unknown,
                },
            };
        }
        after.axes = Some(axes);
        after
    }

    pub(super) fn padded(&mut self, node: &Node, at: At, x: &Layout) -> Layout {
        let Some(mut axes) = x.axes.clone() else {
            return Layout::unknown(x.reach);
        };
        let mut after = x.clone();
        let rank = axes.len();
        let pads = node
            .ints("pads")
            .or(node.ints("paddings"))
            .map(<[i64]>::to_vec);
        let pads: Vec<Size> = match pads {
            Some(list) => list.into_iter().map(Size::Fixed).collect(),
            None => self.vector(at, 1).unwrap_or_default(),
        };
        let whole = pads.len() == 2 * rank;
        for (index, axis) in axes.iter_mut().enumerate() {
            let (before, behind) = (pads.get(index), pads.get(index + rank));
            let added = match (before, behind) {
                (Some(Size::Fixed(a)), Some(Size::Fixed(b))) if whole => Some((*a, *b)),
                _ => None,
            };
            match (axis.size, added) {
                (_, Some((0, 0))) => {}
                (Size::Fixed(size), Some((a, b))) => {
                    axis.size = Size::Fixed(size.saturating_add(a).saturating_add(b));
                }
                _ if axis.role == Role::Time => axis.size = Size::Unknown,
                (Size::Fixed(_), None) if matches!(axis.role, Role::Dim | Role::Batch) => {}
                _ => axis.size = Size::Unknown,
            }
            if axis.role == Role::Time
                && let Some(Size::Fixed(before)) = before
                && whole
            {
                let shift = before.saturating_neg();
                after.reach = after.reach.over(shift, shift, after.stride);
            }
        }
        after.axes = Some(axes);
        after
    }

    pub(super) fn gathered(&mut self, node: &Node, at: At, x: &Layout, index: &Layout) -> Layout {
        let reach = x.reach.with(index.reach);
        let (Some(axes), Some(picks)) = (&x.axes, &index.axes) else {
            return Layout::unknown(reach);
        };
        let Some(axis) = nth(node.int("axis").unwrap_or(0), axes.len()) else {
            return Layout::unknown(reach);
        };
        let mut after = Layout {
            axes: None,
            stride: x.stride.or(index.stride),
            reach,
        };
        let (head, tail) = axes.split_at(axis);
        let (picked, tail) = tail
            .split_first()
            .map_or((None, tail), |(a, b)| (Some(*a), b));
        let mut left = head.to_vec();
        let role = picked.map_or(Role::Nothing, |axis| axis.role);
        left.extend(picks.iter().map(|pick| match pick.role {
            Role::Nothing if picks.len() == 1 && pick.size != Size::Fixed(1) => {
                Extent::new(role, pick.size)
            }
            _ => *pick,
        }));
        left.extend_from_slice(tail);
        // A table of vectors, read by content: each step becomes a vector.
        if x.reach == Reach::Nowhere
            && index.reach != Reach::Nowhere
            && let Some(last) = left.last_mut()
            && !tail.is_empty()
        {
            last.role = Role::Dim;
        }
        let fixed = self.vector(at, 1).is_some();
        if role == Role::Time {
            if picks.is_empty() {
                after.reach = Reach::Everywhere;
                after.stride = None;
            } else if !fixed {
                after.reach = Reach::Everywhere;
            }
        }
        after.axes = Some(left);
        after
    }

    pub(super) fn joined(&mut self, node: &Node, inputs: &[Layout], reach: Reach) -> Layout {
        let content = |input: &&Layout| input.reach != Reach::Nowhere && input.axes.is_some();
        let shown = inputs.iter().find(content).or_else(|| inputs.first());
        let Some(shown) = shown else {
            return Layout::unknown(reach);
        };
        let Some(mut axes) = shown.axes.clone() else {
            return Layout::unknown(reach);
        };
        let rank = axes.len();
        let Some(axis) = nth(node.int("axis").unwrap_or(0), rank) else {
            return Layout::unknown(reach);
        };
        let total = inputs.iter().try_fold(0i64, |total, input| {
            total.checked_add(input.extents().get(axis)?.size.fixed()?)
        });
        let along_time = axes.get(axis).is_some_and(|axis| axis.role == Role::Time);
        let reach = if along_time {
            continued(inputs, axis, shown.stride)
        } else {
            reach
        };
        for input in inputs {
            for (own, other) in axes.iter_mut().zip(input.extents()) {
                if own.role == Role::Nothing {
                    own.role = other.role;
                }
            }
        }
        if let Some(joined) = axes.get_mut(axis) {
            joined.size = total.map_or(Size::Unknown, Size::Fixed);
            if joined.role == Role::Nothing && axis + 1 == rank && rank > 2 {
                joined.role = Role::Dim;
            }
        }
        Layout {
            axes: Some(axes),
            stride: shown.stride,
            reach,
        }
    }

    pub(super) fn split(&mut self, node: &Node, at: At, x: &Layout) -> Vec<Layout> {
        let count = node.outputs.len().min(64);
        let Some(axes) = &x.axes else {
            return vec![Layout::unknown(x.reach); count];
        };
        let axis = nth(node.int("axis").unwrap_or(0), axes.len());
        let parts = self.numbers(at, "split", 1);
        let part = |index: usize| {
            let mut after = x.clone();
            let extents = after.axes.as_mut().zip(axis);
            if let Some(extent) = extents.and_then(|(axes, axis)| axes.get_mut(axis)) {
                let whole = extent.size.fixed();
                let even = whole.and_then(|size| {
                    let count = i64::try_from(count).ok().filter(|count| *count > 0)?;
                    (size % count == 0).then_some(size / count)
                });
                let own = parts.as_ref().map(|parts| parts.get(index).copied());
                extent.size = own.unwrap_or(even).map_or(Size::Unknown, Size::Fixed);
                if extent.role == Role::Time {
                    after.reach = Reach::Everywhere;
                }
            }
            after
        };
        (0..count).map(part).collect()
    }

    /// A short-time Fourier transform: `[batch, frame, bin, part]`.
    pub(super) fn transformed(&mut self, at: At, x: &Layout) -> Layout {
        let step = self.vector(at, 1).and_then(|v| v.first().copied()?.fixed());
        let length = self.vector(at, 3).and_then(|v| v.first().copied()?.fixed());
        let window = self
            .wiring
            .read(at, 2)
            .and_then(|value| self.of(value).extents().first().copied());
        let length = length.or_else(|| window?.size.fixed());
        let (Some(step), Some(length)) = (step, length) else {
            return Layout::unknown(Reach::Everywhere);
        };
        let batch = x.extents().first().copied().unwrap_or(Extent::one());
        let frames = Extent::new(Role::Time, self.fresh());
        let bins = Extent::new(Role::Dim, Size::Fixed(length / 2 + 1));
        let parts = Extent::new(Role::Nothing, Size::Fixed(2));
        let step = u32::try_from(step).ok();
        Layout {
            axes: Some(vec![batch, frames, bins, parts]),
            stride: x.stride.and_then(|stride| stride.checked_mul(step?)),
            reach: x.reach.over(0, length.saturating_sub(1), x.stride),
        }
    }
}

/// What a step depends on after values are joined along time: what is stored before the content moves
/// it back; contents one after the other do not lie over the input step by step.
fn continued(inputs: &[Layout], axis: usize, stride: Option<u32>) -> Reach {
    let is_stored = |input: &&Layout| input.reach == Reach::Nowhere;
    let mut contents = inputs.iter().filter(|input| !is_stored(input));
    let (Some(content), None) = (contents.next(), contents.next()) else {
        return Reach::Everywhere;
    };
    let before = inputs
        .iter()
        .take_while(is_stored)
        .try_fold(0i64, |sum, input| {
            sum.checked_add(input.extents().get(axis)?.size.fixed()?)
        });
    match before {
        Some(before) => {
            let shift = before.saturating_neg();
            content.reach.over(shift, shift, stride)
        }
        None => content.reach,
    }
}
