//! What each operator makes of the layouts that it is given.

use super::arrange::{TimeAfter, reshaped};
use super::product::broadcast;
use super::{Extent, Layout, Layouts, Reach, Role, Size, nth};
use crate::map::operator::{Op, operands};
use crate::map::wiring::At;
use crate::wire::Node;

impl Layouts<'_, '_> {
    /// The layouts of the outputs of node `at`.
    pub(super) fn outcome(&mut self, at: At) -> Vec<Layout> {
        let wiring = self.wiring;
        let node = wiring.node(at);
        let reads = wiring.reads.get(at).map(Vec::as_slice).unwrap_or_default();
        let inputs: Vec<Layout> = reads
            .iter()
            .map(|value| match value {
                Some(value) => self.of(*value).clone(),
                None => Layout::unknown(Reach::Nowhere),
            })
            .collect();
        let reach = inputs
            .iter()
            .fold(Reach::Nowhere, |all, input| all.with(input.reach));
        let gone = Layout::unknown(reach);
        let Some(x) = inputs.first() else {
            return vec![gone];
        };
        let op = wiring.op(at);
        let second = |index: usize| inputs.get(index).unwrap_or(&gone);
        let one = match op {
            Op::Pass => x.clone(),
            Op::Unary => {
                let mut same = x.clone();
                if node.operator == "CumSum" {
                    same.reach = Reach::Everywhere;
                }
                same
            }
            Op::Softmax => self.normalised(node, x, -1, false),
            Op::Norm => self.norm(node, x),
            Op::Add | Op::Arithmetic | Op::Where => elementwise(node, &inputs, reach),
            Op::SkipNorm => {
                let sum = elementwise(node, inputs.get(..2).unwrap_or_default(), reach);
                return vec![sum.clone(), gone.clone(), gone, sum];
            }
            Op::Conv | Op::Upconv => {
                let weights = operands(node).1;
                let weights = self
                    .wiring
                    .read(at, weights)
                    .map(|v| self.of(v).extents().to_vec());
                let weights = weights.unwrap_or_default();
                let size = |index: usize| weights.get(index).map(|axis| axis.size);
                let kernels: Vec<Option<i64>> = (2..weights.len())
                    .map(|index| size(index).and_then(Size::fixed))
                    .collect();
                if op == Op::Upconv {
                    let group = node.int("group").unwrap_or(1).max(1);
                    let channels = match size(1) {
                        Some(Size::Fixed(n)) => Size::Fixed(n.saturating_mul(group)),
                        _ => Size::Unknown,
                    };
                    self.slide_up(node, x, channels)
                } else {
                    self.slide(node, x, Some(size(0).unwrap_or(Size::Unknown)), &kernels)
                }
            }
            Op::Pool => self.slide(node, x, None, &[]),
            Op::Recurrent(_) => return self.recurrent(at, x),
            Op::Attention if node.is_standard() => self.attended(at, x),
            Op::Attention => return vec![self.attended(at, x)],
            Op::Linear => self.linear(node, &inputs, at),
            Op::Reduce => self.reduced(node, at, x),
            Op::Arrange => self.arranged(node, at, x),
            Op::Shape => {
                let length = i64::try_from(x.extents().len()).unwrap_or(0);
                let axis = Extent::new(Role::Nothing, Size::Fixed(length));
                let axes = if node.operator == "Shape" {
                    vec![axis]
                } else {
                    vec![]
                };
                Layout {
                    axes: Some(axes),
                    ..gone
                }
            }
            _ => match node.operator.as_str() {
                "Slice" => self.sliced(node, at, x),
                "Pad" => self.padded(node, at, x),
                "Gather" => self.gathered(node, at, x, second(1)),
                "Concat" => self.joined(node, &inputs, reach),
                "Split" => return self.split(node, at, x),
                "Expand" => {
                    let target = self.vector(at, 1);
                    let sizes = target.unwrap_or_default();
                    let wide: Vec<Extent> = sizes
                        .iter()
                        .map(|size| Extent::new(Role::Nothing, *size))
                        .collect();
                    let axes = x.axes.as_ref().map(|axes| broadcast(axes, &wide));
                    Layout { axes, ..x.clone() }
                }
                "Tile" | "Resize" | "Upsample" | "ScatterND" | "ScatterElements" => {
                    let mut after = x.clone();
                    if node.operator == "Resize" || node.operator == "Upsample" {
                        after.stride = None;
                    }
                    if !node.operator.starts_with("Scatter") {
                        for axis in after.axes.iter_mut().flatten() {
                            axis.size = if axis.role == Role::Dim {
                                axis.size
                            } else {
                                Size::Unknown
                            };
                        }
                    }
                    after
                }
                "STFT" => self.transformed(at, x),
                "ConstantOfShape" => {
                    let sizes = self.vector(at, 0);
                    let blank = |size: &Size| Extent::new(Role::Nothing, *size);
                    let axes = sizes.map(|sizes| sizes.iter().map(blank).collect());
                    Layout { axes, ..gone }
                }
                _ => gone,
            },
        };
        vec![one; node.outputs.len().min(8)]
    }

    /// The sizes that steer input `index` of a node.
    pub(super) fn vector(&self, at: At, index: usize) -> Option<Vec<Size>> {
        let value = self.wiring.read(at, index)?;
        self.vectors.get(&value).cloned()
    }

    /// Integers that steer a node, as attribute in old operator sets, as input in newer ones.
    pub(super) fn numbers(&self, at: At, name: &str, index: usize) -> Option<Vec<i64>> {
        let node = self.wiring.node(at);
        match node.ints(name) {
            Some(list) => Some(list.to_vec()),
            None => self
                .vector(at, index)?
                .into_iter()
                .map(Size::fixed)
                .collect(),
        }
    }

    fn linear(&mut self, node: &Node, inputs: &[Layout], at: At) -> Layout {
        let (first, second) = operands(node);
        let none = Layout::unknown(Reach::Nowhere);
        let a = inputs.get(first).unwrap_or(&none);
        let b = inputs.get(second).unwrap_or(&none);
        let set = |name: &str| node.int(name) == Some(1);
        match node.operator.as_str() {
            "Einsum" => self.einsum(node, a, b),
            "MatMulNBits" | "MatMulBnb4" => {
                let size = node.int("N").map_or(Size::Unknown, Size::Fixed);
                self.projected(a, size)
            }
            _ => {
                let mut after = self.product(a, b, (set("transA"), set("transB")));
                if self.wiring.weights(at).is_some()
                    && let Some(axes) = &a.axes
                    && after.axes.is_none()
                {
                    after.axes = Some(axes.clone());
                }
                after
            }
        }
    }

    fn arranged(&mut self, node: &Node, at: At, x: &Layout) -> Layout {
        let mut after = x.clone();
        let Some(axes) = &x.axes else {
            if node.operator == "Reshape"
                && let Some(target) = self.vector(at, 1)
            {
                let sizes = target.into_iter().map(|size| match size {
                    Size::Fixed(n) if n <= 0 => Size::Unknown,
                    size => size,
                });
                after.axes = Some(sizes.map(|size| Extent::new(Role::Nothing, size)).collect());
            }
            return after;
        };
        let rank = axes.len();
        let listed = |this: &Self| this.numbers(at, "axes", 1);
        match node.operator.as_str() {
            "Transpose" => {
                let reversed: Vec<i64> = (0..rank as i64).rev().collect();
                let order = node.ints("perm").unwrap_or(&reversed);
                let moved = order
                    .iter()
                    .map(|axis| axes.get(nth(*axis, rank)?).copied());
                after.axes = moved
                    .collect::<Option<Vec<_>>>()
                    .filter(|axes| axes.len() == rank);
            }
            "Unsqueeze" => {
                let Some(list) = listed(self) else {
                    return Layout::unknown(x.reach);
                };
                let whole = rank + list.len().min(16);
                let new: Vec<usize> = list.iter().filter_map(|axis| nth(*axis, whole)).collect();
                let mut old = axes.iter().copied();
                let place = |index: usize| {
                    if new.contains(&index) {
                        Some(Extent::one())
                    } else {
                        old.next()
                    }
                };
                after.axes = (0..whole).map(place).collect();
            }
            "Squeeze" => {
                let list = listed(self);
                let one = |axis: &Extent| axis.size == Size::Fixed(1);
                let gone: Vec<usize> = match list {
                    Some(list) => list
                        .into_iter()
                        .filter_map(|axis| nth(axis, rank))
                        .collect(),
                    None => (0..rank)
                        .filter(|at| axes.get(*at).is_some_and(one))
                        .collect(),
                };
                let kept = axes
                    .iter()
                    .enumerate()
                    .filter(|(index, _)| !gone.contains(index));
                after.axes = Some(kept.map(|(_, axis)| *axis).collect());
            }
            "Flatten" => {
                let axis = node.int("axis").unwrap_or(1);
                let axis = if axis == rank as i64 {
                    Some(rank)
                } else {
                    nth(axis, rank)
                };
                let Some(axis) = axis else {
                    return Layout::unknown(x.reach);
                };
                let (head, tail) = axes.split_at(axis);
                let join = |part: &[Extent]| match part {
                    [] => (Extent::one(), TimeAfter::Same),
                    part => {
                        let (joined, time) = reshaped(part, &[Size::Fixed(-1)], false);
                        (joined.first().copied().unwrap_or(Extent::one()), time)
                    }
                };
                let ((head, a), (tail, b)) = (join(head), join(tail));
                after.axes = Some(vec![head, tail]);
                for time in [a, b] {
                    retime(&mut after, time);
                }
            }
            _ => {
                let Some(target) = self.vector(at, 1).or_else(|| {
                    let list = node.ints("shape")?;
                    Some(list.iter().copied().map(Size::Fixed).collect())
                }) else {
                    return Layout {
                        axes: None,
                        stride: None,
                        ..x.clone()
                    };
                };
                let copies = node.int("allowzero") != Some(1);
                let (axes, time) = reshaped(axes, &target, copies);
                after.axes = Some(axes);
                retime(&mut after, time);
                self.recall(&mut after);
            }
        }
        if after.time().is_none() {
            after.stride = after.stride.filter(|_| after.find(Role::Key).is_some());
        }
        after
    }
}

/// Follows what a reshape did to the time axis.
fn retime(layout: &mut Layout, time: TimeAfter) {
    match time {
        TimeAfter::Same => {}
        TimeAfter::Framed(frame) => {
            layout.reach = layout
                .reach
                .over(0, frame.saturating_sub(1).max(0), layout.stride);
            let frame = u32::try_from(frame).ok();
            layout.stride = layout.stride.and_then(|stride| stride.checked_mul(frame?));
        }
        TimeAfter::Repeated(count) => {
            let finer = u32::try_from(count).ok().and_then(|count| {
                let stride = layout.stride?;
                stride.is_multiple_of(count).then_some(stride / count)
            });
            // The last copy of a step lies that far behind its first.
            let back = count.saturating_sub(1).saturating_neg();
            match finer {
                Some(_) => {
                    let moved = layout.reach.over(back, back, finer);
                    layout.reach = layout.reach.with(moved);
                    layout.stride = finer;
                }
                None => retime(layout, TimeAfter::Lost),
            }
        }
        TimeAfter::Lost => {
            layout.stride = None;
            layout.reach = Reach::Everywhere;
        }
    }
}

/// Values combined element by element.
fn elementwise(node: &Node, inputs: &[Layout], reach: Reach) -> Layout {
    // Numbers that scale quantised values are no values.
    let values: &[usize] = match node.operator.as_str() {
        "QLinearAdd" | "QLinearMul" => &[0, 3],
        _ => &[0, 1, 2, 3, 4, 5, 6, 7],
    };
    let mut axes: Option<Vec<Extent>> = None;
    let mut stride: Option<u32> = None;
    let mut clashes = false;
    for input in values.iter().filter_map(|index| inputs.get(*index)) {
        let Some(extents) = &input.axes else {
            if input.reach == Reach::Nowhere {
                continue;
            }
            return Layout::unknown(reach);
        };
        axes = Some(match axes {
            Some(axes) => broadcast(&axes, extents),
            None => extents.clone(),
        });
        clashes |= matches!((stride, input.stride), (Some(a), Some(b)) if a != b);
        stride = stride.or(input.stride);
    }
    Layout {
        axes,
        stride: stride.filter(|_| !clashes),
        reach,
    }
}
