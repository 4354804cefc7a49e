//! What an axis of a value is and how long it is.

use crate::tap::Axis;

/// Length of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::map) enum Size {
    /// The same in every run.
    Fixed(i64),
    /// One of the lengths that a run decides; equal numbers are equal lengths.
    Named(u32),
    /// Not known.
    Unknown,
}

impl Size {
    /// The length, where it is the same in every run.
    pub(in crate::map) fn fixed(self) -> Option<i64> {
        match self {
            Self::Fixed(size) => Some(size),
            _ => None,
        }
    }
}

/// What an axis runs over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::map) enum Role {
    Batch,
    Window,
    Time,
    Head,
    Key,
    Freq,
    Dim,
    /// Batch and time, one after the other.
    BatchTime,
    /// Batch and heads, one after the other.
    BatchHead,
    /// Length one, a weight's axis, or not known.
    Nothing,
}

impl Role {
    /// The role of a tap's axis; `None` where it is not known.
    pub(super) fn axis(self) -> Option<Axis> {
        Some(match self {
            Self::Batch => Axis::Batch,
            Self::Window => Axis::Window,
            Self::Time | Self::BatchTime => Axis::Time,
            Self::Head | Self::BatchHead => Axis::Head,
            Self::Key => Axis::Key,
            Self::Freq => Axis::Freq,
            Self::Dim => Axis::Dim,
            Self::Nothing => return None,
        })
    }
}

/// One axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::map) struct Extent {
    pub(in crate::map) role: Role,
    pub(in crate::map) size: Size,
}

impl Extent {
    pub(super) fn new(role: Role, size: Size) -> Self {
        Self { role, size }
    }

    /// An axis of length one.
    pub(super) fn one() -> Self {
        Self::new(Role::Nothing, Size::Fixed(1))
    }
}

/// The input steps that one step of a value depends on, from step `k · stride + first` to
/// `k · stride + last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::map) enum Reach {
    /// No step: weights, positions.
    Nowhere,
    /// So far.
    Span(i64, i64),
    /// The whole input.
    Everywhere,
}

impl Reach {
    /// What two values together depend on.
    pub(super) fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nowhere, reach) | (reach, Self::Nowhere) => reach,
            (Self::Span(a, b), Self::Span(c, d)) => Self::Span(a.min(c), b.max(d)),
            _ => Self::Everywhere,
        }
    }

    /// What a window from `first` to `last` steps, each of `stride` input steps, depends on.
    pub(super) fn over(self, first: i64, last: i64, stride: Option<u32>) -> Self {
        match (self, stride) {
            (Self::Span(a, b), Some(stride)) => {
                let stride = i64::from(stride);
                Self::Span(
                    a.saturating_add(first.saturating_mul(stride)),
                    b.saturating_add(last.saturating_mul(stride)),
                )
            }
            (Self::Span(..), None) => Self::Everywhere,
            (reach, _) => reach,
        }
    }
}

/// What is known of a value's shape.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::map) struct Layout {
    /// Its axes; `None` where not even their number is known.
    pub(in crate::map) axes: Option<Vec<Extent>>,
    /// Input steps from one step of its time axis to the next, where it has one.
    pub(in crate::map) stride: Option<u32>,
    /// What a step depends on.
    pub(in crate::map) reach: Reach,
}

impl Layout {
    pub(super) fn unknown(reach: Reach) -> Self {
        Self {
            axes: None,
            stride: None,
            reach,
        }
    }

    /// The axes, or none.
    pub(in crate::map) fn extents(&self) -> &[Extent] {
        self.axes.as_deref().unwrap_or_default()
    }

    /// Index of the axis with this role.
    pub(in crate::map) fn find(&self, role: Role) -> Option<usize> {
        self.extents().iter().position(|axis| axis.role == role)
    }

    /// The time axis.
    pub(in crate::map) fn time(&self) -> Option<usize> {
        self.find(Role::Time).or_else(|| self.find(Role::BatchTime))
    }
}

/// Axis `axis` of `rank` counted from the end where negative.
pub(super) fn nth(axis: i64, rank: usize) -> Option<usize> {
    let rank_signed = i64::try_from(rank).ok()?;
    let axis = if axis < 0 {
        axis.checked_add(rank_signed)?
    } else {
        axis
    };
    usize::try_from(axis).ok().filter(|axis| *axis < rank)
}
