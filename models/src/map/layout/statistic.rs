//! Statistics over axes: norms, sums, means.

use super::{Extent, Layout, Layouts, Reach, Role, nth};
use crate::map::wiring::At;
use crate::wire::Node;

impl Layouts<'_, '_> {
    /// A statistic over axis `axis` (and those after it) enters every element.
    pub(super) fn normalised(
        &mut self,
        node: &Node,
        x: &Layout,
        default: i64,
        and_after: bool,
    ) -> Layout {
        let mut after = x.clone();
        let Some(axis) = nth(node.int("axis").unwrap_or(default), x.extents().len()) else {
            return after;
        };
        let over = x.extents().get(axis..).unwrap_or_default();
        let over = if and_after {
            over
        } else {
            over.get(..1).unwrap_or_default()
        };
        let timed = |axis: &Extent| matches!(axis.role, Role::Time | Role::Key | Role::BatchTime);
        if over.iter().any(timed) {
            after.reach = Reach::Everywhere;
            self.fit -= i32::from(and_after);
        }
        after
    }

    pub(super) fn norm(&mut self, node: &Node, x: &Layout) -> Layout {
        let mut after = x.clone();
        match node.operator.as_str() {
            "BatchNormalization" => {}
            "InstanceNormalization"
            | "GroupNormalization"
            | "GroupNorm"
            | "MeanVarianceNormalization" => after.reach = Reach::Everywhere,
            "LpNormalization" => after = self.normalised(node, x, -1, false),
            _ => after = self.normalised(node, x, -1, true),
        }
        after
    }

    pub(super) fn reduced(&mut self, node: &Node, at: At, x: &Layout) -> Layout {
        let Some(axes) = &x.axes else {
            return Layout::unknown(x.reach);
        };
        let rank = axes.len();
        let global = node.operator.starts_with("Global");
        let over: Vec<usize> = match node.operator.as_str() {
            _ if global => (2..rank).collect(),
            "ArgMax" | "ArgMin" => nth(node.int("axis").unwrap_or(0), rank)
                .into_iter()
                .collect(),
            _ => match self.numbers(at, "axes", 1) {
                Some(list) => list
                    .into_iter()
                    .filter_map(|axis| nth(axis, rank))
                    .collect(),
                None if node.int("noop_with_empty_axes") == Some(1) => Vec::new(),
                None if self.wiring.read(at, 1).is_some() => {
                    return Layout::unknown(Reach::Everywhere);
                }
                None => (0..rank).collect(),
            },
        };
        let keeps = global || node.int("keepdims") != Some(0);
        let mut after = Layout {
            axes: None,
            ..x.clone()
        };
        let mut left = Vec::new();
        for (index, axis) in axes.iter().enumerate() {
            if !over.contains(&index) {
                left.push(*axis);
                continue;
            }
            if matches!(axis.role, Role::Time | Role::BatchTime | Role::Key) {
                after.reach = Reach::Everywhere;
                after.stride = after.stride.filter(|_| axis.role == Role::Key);
            }
            if keeps {
                left.push(Extent::one());
            }
        }
        after.axes = Some(left);
        after
    }
}
