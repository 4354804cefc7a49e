//! Reshaping: which axes of the result come from which axes before.

use super::extent::{Extent, Role, Size};

/// What a reshape does to the time axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeAfter {
    /// It is as before.
    Same,
    /// Each step holds so many of the steps before.
    Framed(i64),
    /// Each step is there so many times, one after the other.
    Repeated(i64),
    /// It is gone, or mixed with other axes.
    Lost,
}

/// A number of elements as a product.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Count {
    fixed: i64,
    named: Vec<u32>,
    unknown: usize,
}

impl Count {
    fn of(extents: impl IntoIterator<Item = Size>) -> Self {
        let mut count = Self {
            fixed: 1,
            ..Self::default()
        };
        for size in extents {
            match size {
                Size::Fixed(n) => count.fixed = count.fixed.saturating_mul(n),
                Size::Named(name) => count.named.push(name),
                Size::Unknown => count.unknown += 1,
            }
        }
        count.named.sort_unstable();
        count
    }

    /// The size that `part` has to be multiplied with to give `self`.
    fn without(&self, part: &Self) -> Size {
        if self.unknown > 0
            || part.unknown > 0
            || part.fixed == 0
            || self.fixed.checked_rem(part.fixed) != Some(0)
        {
            return Size::Unknown;
        }
        let mut named = self.named.clone();
        for name in &part.named {
            match named.iter().position(|known| known == name) {
                Some(at) => _ = named.remove(at),
                None => return Size::Unknown,
            }
        }
        match (self.fixed / part.fixed, named.as_slice()) {
            (fixed, []) => Size::Fixed(fixed),
            (1, [name]) => Size::Named(*name),
            _ => Size::Unknown,
        }
    }

    fn is_known(&self) -> bool {
        self.unknown == 0
    }
}

/// The axes of `before` after a reshape to `target`, in which −1 stands for what is left and, with
/// `zero_copies`, 0 for the size before.
pub(super) fn reshaped(
    before: &[Extent],
    target: &[Size],
    zero_copies: bool,
) -> (Vec<Extent>, TimeAfter) {
    let sizes = resolved(before, target, zero_copies);
    let mut after: Vec<Extent> = Vec::with_capacity(sizes.len());
    let mut time = TimeAfter::Same;
    let same = |a: Size, b: Size| a == b && a != Size::Unknown;
    let head = before
        .iter()
        .zip(&sizes)
        .take_while(|(old, new)| same(old.size, **new))
        .count();
    let rest = before.len().min(sizes.len()) - head;
    let tail = before
        .iter()
        .rev()
        .zip(sizes.iter().rev())
        .take(rest)
        .take_while(|(old, new)| same(old.size, **new))
        .count();
    let middle = before.get(head..before.len() - tail).unwrap_or_default();
    let wanted = sizes.get(head..sizes.len() - tail).unwrap_or_default();
    after.extend_from_slice(before.get(..head).unwrap_or_default());
    for (old, new) in groups(middle, wanted) {
        let (extents, fate) = regrouped(old, new);
        after.extend(extents);
        if fate != TimeAfter::Same {
            time = fate;
        }
    }
    after.extend_from_slice(before.get(before.len() - tail..).unwrap_or_default());
    (after, time)
}

fn resolved(before: &[Extent], target: &[Size], zero_copies: bool) -> Vec<Size> {
    let copied = |(index, size): (usize, &Size)| match size {
        Size::Fixed(0) if zero_copies => before.get(index).map_or(Size::Unknown, |axis| axis.size),
        other => *other,
    };
    let mut sizes: Vec<Size> = target.iter().enumerate().map(copied).collect();
    let free: Vec<usize> = (0..sizes.len())
        .filter(|at| matches!(sizes.get(*at), Some(Size::Fixed(n)) if *n < 0))
        .collect();
    for at in &free {
        let others = sizes.iter().enumerate().filter(|(other, _)| other != at);
        let others = Count::of(others.map(|(_, size)| *size));
        let left = Count::of(before.iter().map(|axis| axis.size)).without(&others);
        if let Some(size) = sizes.get_mut(*at) {
            *size = if free.len() == 1 { left } else { Size::Unknown };
        }
    }
    sizes
}

/// Runs of axes before and after that hold equally many elements: from the left and from the right
/// as far as sizes are known, and what remains as one run.
fn groups<'a>(before: &'a [Extent], after: &'a [Size]) -> Vec<(&'a [Extent], &'a [Size])> {
    let (mut old, mut new) = (before, after);
    let (mut left, mut right) = (Vec::new(), Vec::new());
    while let Some((a, b)) = equal(old.len(), new.len(), &|a, b| {
        Some((
            Count::of(old.get(..a)?.iter().map(|axis| axis.size)),
            Count::of(new.get(..b)?.iter().copied()),
        ))
    }) {
        left.push((
            old.get(..a).unwrap_or_default(),
            new.get(..b).unwrap_or_default(),
        ));
        old = old.get(a..).unwrap_or_default();
        new = new.get(b..).unwrap_or_default();
    }
    while let Some((a, b)) = equal(old.len(), new.len(), &|a, b| {
        let old = old.get(old.len() - a..)?.iter().map(|axis| axis.size);
        let new = new.get(new.len() - b..)?.iter().copied();
        Some((Count::of(old), Count::of(new)))
    }) {
        let (at, place) = (old.len() - a, new.len() - b);
        right.push((
            old.get(at..).unwrap_or_default(),
            new.get(place..).unwrap_or_default(),
        ));
        old = old.get(..at).unwrap_or_default();
        new = new.get(..place).unwrap_or_default();
    }
    if !old.is_empty() || !new.is_empty() {
        left.push((old, new));
    }
    left.extend(right.into_iter().rev());
    left
}

/// The fewest axes at one end, before and after, that hold equally many elements.
fn equal(
    old: usize,
    new: usize,
    counts: &dyn Fn(usize, usize) -> Option<(Count, Count)>,
) -> Option<(usize, usize)> {
    let (old, new) = (old.min(6), new.min(6));
    let pairs = (2..=old + new).flat_map(|sum| (1..sum).map(move |a| (a, sum - a)));
    let within = pairs.filter(|(a, b)| *a <= old && *b <= new);
    within
        .into_iter()
        .find(|(a, b)| counts(*a, *b).is_some_and(|(a, b)| a == b && a.is_known()))
}

fn regrouped(old: &[Extent], new: &[Size]) -> (Vec<Extent>, TimeAfter) {
    let with = |roles: &[Role]| -> Vec<Extent> {
        let roles = roles
            .iter()
            .copied()
            .chain(std::iter::repeat(Role::Nothing));
        let pairs = new.iter().zip(roles);
        pairs.map(|(size, role)| Extent::new(role, *size)).collect()
    };
    let timed = |role: Role| matches!(role, Role::Time | Role::BatchTime);
    let roles: Vec<Role> = old
        .iter()
        .filter(|axis| axis.size != Size::Fixed(1) || old.len() == 1)
        .map(|axis| axis.role)
        .collect();
    // Axes of length one come and go.
    let long: Vec<usize> = (0..new.len())
        .filter(|at| new.get(*at) != Some(&Size::Fixed(1)))
        .collect();
    match (roles.as_slice(), long.as_slice()) {
        (one, &[place]) => {
            let mut after = with(&[]);
            let (role, fate) = repeated(old).unwrap_or_else(|| merged(one));
            if let Some(axis) = after.get_mut(place) {
                axis.role = role;
            }
            (after, fate)
        }
        ([role], []) => {
            let role = if timed(*role) {
                [*role]
            } else {
                [Role::Nothing]
            };
            (with(&role), TimeAfter::Same)
        }
        ([Role::Dim], [.., _]) if new.len() == 2 => {
            (with(&[Role::Head, Role::Dim]), TimeAfter::Same)
        }
        ([Role::Dim], _) if new.len() > 2 => {
            let mut after = with(&[]);
            let roles = [Role::Dim, Role::Head];
            after
                .iter_mut()
                .rev()
                .zip(roles)
                .for_each(|(axis, role)| axis.role = role);
            (after, TimeAfter::Same)
        }
        ([Role::BatchTime], _) => (with(&[Role::Batch, Role::Time]), TimeAfter::Same),
        ([Role::BatchHead], _) => (with(&[Role::Batch, Role::Head]), TimeAfter::Same),
        ([Role::Batch], _) => (with(&[Role::Batch]), TimeAfter::Same),
        ([Role::Batch, Role::Time], _) if new.len() == 3 => {
            let frame = new.last().and_then(|size| size.fixed());
            let fate = frame.map_or(TimeAfter::Lost, TimeAfter::Framed);
            (with(&[Role::Batch, Role::Time, Role::Dim]), fate)
        }
        ([Role::Batch, Role::Time], [_, _]) => {
            // Where both sizes are unknown, a pair stays a pair.
            (with(&[Role::Batch, Role::Time]), TimeAfter::Same)
        }
        ([Role::Time], _) => {
            let frame = new.get(1..).unwrap_or_default().iter();
            let frame = frame
                .copied()
                .map(Size::fixed)
                .try_fold(1i64, |n, size| n.checked_mul(size?));
            match frame {
                Some(frame) => {
                    let mut after = with(&[Role::Time]);
                    if let Some(last) = after.last_mut() {
                        last.role = Role::Dim;
                    }
                    (after, TimeAfter::Framed(frame))
                }
                None => (with(&[]), TimeAfter::Lost),
            }
        }
        (several, long) if several.len() == long.len() && several.len() == new.len() => {
            (with(several), TimeAfter::Same)
        }
        (several, _) => {
            let lost = several.iter().any(|role| timed(*role));
            let fate = if lost {
                TimeAfter::Lost
            } else {
                TimeAfter::Same
            };
            (with(&[]), fate)
        }
    }
}

/// Time and copies of each step as one axis, as a mean over segments is brought back to steps.
fn repeated(old: &[Extent]) -> Option<(Role, TimeAfter)> {
    let long = |axis: &&Extent| axis.size != Size::Fixed(1);
    let axes: Vec<&Extent> = old.iter().filter(long).collect();
    match axes.as_slice() {
        [time, copies] if (time.role, copies.role) == (Role::Time, Role::Nothing) => {
            let count = copies.size.fixed().filter(|count| *count > 1)?;
            Some((Role::Time, TimeAfter::Repeated(count)))
        }
        _ => None,
    }
}

/// The role of several axes in one.
fn merged(roles: &[Role]) -> (Role, TimeAfter) {
    let meant: Vec<Role> = roles
        .iter()
        .copied()
        .filter(|r| *r != Role::Nothing)
        .collect();
    let role = match meant.as_slice() {
        [] => Role::Nothing,
        [one] => *one,
        [Role::Batch | Role::Window, Role::Time] => Role::BatchTime,
        [Role::Batch | Role::Window, Role::Head] => Role::BatchHead,
        several
            if several
                .iter()
                .all(|role| matches!(role, Role::Head | Role::Dim | Role::Freq)) =>
        {
            Role::Dim
        }
        several if several.contains(&Role::Time) => return (Role::Dim, TimeAfter::Lost),
        _ => Role::Nothing,
    };
    (role, TimeAfter::Same)
}
