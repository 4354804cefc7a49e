//! Matrix products.

use super::{Extent, Layout, Layouts, Reach, Role, Size, nth};
use crate::map::wiring::At;
use crate::wire::Node;

impl Layouts<'_, '_> {
    /// A matrix product of `a` and `b`; each may be transposed in its last two axes.
    pub(super) fn product(&mut self, a: &Layout, b: &Layout, flip: (bool, bool)) -> Layout {
        let reach = a.reach.with(b.reach);
        let (Some(left), Some(right)) = (matrix(a, flip.0), matrix(b, flip.1)) else {
            return Layout::unknown(reach);
        };
        let stored = |layout: &Layout| layout.reach == Reach::Nowhere;
        // A vector is a matrix of one row or column, which is then left out.
        let (one_row, one_column) = (left.len() == 1, right.len() == 1);
        let left = if one_row {
            [Extent::one(), left[0]].to_vec()
        } else {
            left
        };
        let right = if one_column {
            [right[0], Extent::one()].to_vec()
        } else {
            right
        };
        let ([batch_left @ .., row, inner_left], [batch_right @ .., inner_right, column]) =
            (left.as_slice(), right.as_slice())
        else {
            return Layout::unknown(reach);
        };
        let (mut row, mut column) = (*row, *column);
        let mut whole = reach;
        let timed = |role: Role| matches!(role, Role::Time | Role::Key | Role::BatchTime);
        match (stored(a), stored(b)) {
            (false, true) => {
                self.contracted(inner_left.role);
                column.role = Role::Dim;
                if timed(inner_left.role) {
                    whole = Reach::Everywhere;
                }
            }
            (true, false) => {
                self.contracted(inner_right.role);
                row.role = Role::Dim;
                if column.role == Role::Dim {
                    column.role = Role::Nothing;
                }
                if timed(inner_right.role) {
                    whole = Reach::Everywhere;
                }
            }
            _ => {
                if timed(inner_left.role) || timed(inner_right.role) {
                    whole = Reach::Everywhere;
                }
                if row.role == Role::Time && column.role == Role::Time {
                    // Scores of attention: every step against every step.
                    column.role = Role::Key;
                    whole = Reach::Everywhere;
                } else if row.role == Role::Time && column.role == Role::Nothing {
                    column.role = Role::Dim;
                }
            }
        }
        let mut axes = broadcast(batch_left, batch_right);
        axes.extend((!one_row).then_some(row));
        axes.extend((!one_column).then_some(column));
        let stride = match axes
            .iter()
            .any(|axis| matches!(axis.role, Role::Time | Role::BatchTime))
        {
            true => a.stride.or(b.stride),
            false => None,
        };
        Layout {
            axes: Some(axes),
            stride,
            reach: whole,
        }
    }

    /// Takes note of the axis that weights sum over.
    fn contracted(&mut self, role: Role) {
        self.fit += match role {
            Role::Dim | Role::Freq | Role::Head => 1,
            Role::Time | Role::Batch | Role::Window | Role::BatchTime => -1,
            _ => 0,
        };
    }

    /// A product with weights whose stored form is not a plain matrix: `a` with a new last axis.
    pub(super) fn projected(&mut self, a: &Layout, size: Size) -> Layout {
        let mut after = a.clone();
        if let Some(axis) = after.axes.as_mut().and_then(|axes| axes.last_mut()) {
            *axis = Extent::new(Role::Dim, size);
        }
        after
    }

    /// Fused attention: as its query, in the width of its values.
    pub(super) fn attended(&mut self, at: At, query: &Layout) -> Layout {
        let node = self.wiring.node(at);
        let mut after = query.clone();
        after.reach = Reach::Everywhere;
        let width = match node.ints("qkv_hidden_sizes").and_then(|sizes| sizes.last()) {
            Some(size) => Some(Size::Fixed(*size)),
            // The bias holds queries, keys and values.
            None if node.operator.ends_with("Attention")
                && node.operator != "MultiHeadAttention" =>
            {
                let bias = self
                    .wiring
                    .read(at, 2)
                    .map(|value| self.of(value).extents());
                match bias {
                    Some(
                        [
                            Extent {
                                size: Size::Fixed(size),
                                ..
                            },
                        ],
                    ) => Some(Size::Fixed(size / 3)),
                    _ => None,
                }
            }
            None => None,
        };
        if let (Some(width), Some(axis)) =
            (width, after.axes.as_mut().and_then(|axes| axes.last_mut()))
        {
            *axis = Extent::new(Role::Dim, width);
        }
        after
    }

    /// An Einstein sum of two values.
    pub(super) fn einsum(&mut self, node: &Node, a: &Layout, b: &Layout) -> Layout {
        let reach = a.reach.with(b.reach);
        let gone = Layout::unknown(reach);
        let text: String = node.text("equation").unwrap_or_default().replace(' ', "");
        let Some((ins, out)) = text.split_once("->") else {
            return gone;
        };
        let Some((left, right)) = ins.split_once(',') else {
            return gone;
        };
        let (Some(first), Some(second)) = (&a.axes, &b.axes) else {
            return gone;
        };
        if left.len() != first.len() || right.len() != second.len() || text.contains('.') {
            return gone;
        }
        let letters = || left.chars().zip(first).chain(right.chars().zip(second));
        let mut axes: Vec<Extent> = Vec::new();
        for letter in out.chars() {
            let mut same = letters()
                .filter(|(other, _)| *other == letter)
                .map(|(_, axis)| *axis);
            let Some(axis) = same.next() else { return gone };
            let meant = same.find(|axis| axis.role != Role::Nothing);
            axes.push(if axis.role == Role::Nothing {
                meant.unwrap_or(axis)
            } else {
                axis
            });
        }
        let mut over_time = false;
        for (letter, axis) in letters() {
            if !out.contains(letter) && matches!(axis.role, Role::Time | Role::Key) {
                over_time = true;
            }
        }
        let mut seen = false;
        for axis in axes.iter_mut().filter(|axis| axis.role == Role::Time) {
            if seen {
                axis.role = Role::Key;
                over_time = true;
            }
            seen = true;
        }
        let named = |role: Role| axes.iter().any(|axis| axis.role == role);
        let lacks_dim = !named(Role::Dim);
        if let Some(last) = axes.last_mut()
            && last.role == Role::Nothing
            && lacks_dim
        {
            last.role = Role::Dim;
        }
        let stride = if seen { a.stride.or(b.stride) } else { None };
        let reach = if over_time { Reach::Everywhere } else { reach };
        Layout {
            axes: Some(axes),
            stride,
            reach,
        }
    }
}

/// The axes of a matrix, its last two exchanged if `flipped`; `None` for a scalar.
fn matrix(layout: &Layout, flipped: bool) -> Option<Vec<Extent>> {
    let mut axes = layout.axes.clone()?;
    if flipped && let (Some(a), Some(b)) = (nth(-1, axes.len()), nth(-2, axes.len())) {
        axes.swap(a, b);
    }
    (!axes.is_empty()).then_some(axes)
}

/// The axes of two values side by side, aligned at their last axes.
pub(super) fn broadcast(a: &[Extent], b: &[Extent]) -> Vec<Extent> {
    let rank = a.len().max(b.len());
    let at = |axes: &[Extent], index: usize| {
        (index + axes.len())
            .checked_sub(rank)
            .and_then(|index| axes.get(index))
            .copied()
    };
    (0..rank)
        .map(|index| match (at(a, index), at(b, index)) {
            (Some(a), Some(b)) => both(a, b),
            (a, b) => a.or(b).unwrap_or(Extent::one()),
        })
        .collect()
}

fn both(a: Extent, b: Extent) -> Extent {
    let one = |axis: Extent| axis.size == Size::Fixed(1);
    let role = match (a.role, b.role) {
        _ if one(a) && !one(b) && b.role != Role::Nothing => b.role,
        _ if one(b) && !one(a) && a.role != Role::Nothing => a.role,
        (Role::Nothing, role) | (role, Role::Nothing) => role,
        (role, _) => role,
    };
    let size = match (a.size, b.size) {
        (Size::Fixed(1), size) | (size, Size::Fixed(1)) => size,
        (Size::Fixed(size), _) | (_, Size::Fixed(size)) => Size::Fixed(size),
        (Size::Unknown, size) | (size, Size::Unknown) => size,
        (_, size) if a.role == Role::Nothing && b.role != Role::Nothing => size,
        (size, _) => size,
    };
    Extent::new(role, size)
}
