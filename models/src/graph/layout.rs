//! How the axes of a tap lie.

use crate::tap::{Axis, Tap};
use crate::{Error, Result};

/// That a tap cannot be pooled.
pub(super) fn refused(tap: &Tap, why: &str, how: &str) -> Error {
    Error::Surgery {
        action: "pool",
        name: tap.name.clone(),
        why: why.to_owned(),
        how: Some(how.to_owned()),
    }
}

/// Whether a tap has a batch or window axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lead {
    Present,
    Missing,
}

/// How the axes of a tap lie, the batch or window axis in front.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) lead: Lead,
    /// Order of axes to begin with, where they must be moved.
    pub(super) order: Option<Vec<i64>>,
    /// Number of axes, with the one in front.
    pub(super) rank: i64,
    /// Place of the time axis after moving.
    pub(super) time: i64,
}

impl Layout {
    pub(super) fn of(tap: &Tap) -> Result<Self> {
        let is_lead = |axis: &Axis| matches!(axis, Axis::Batch | Axis::Window);
        let places = |test: &dyn Fn(&Axis) -> bool| -> Vec<usize> {
            let axes = tap.axes.iter().enumerate();
            axes.filter(|(_, axis)| test(axis))
                .map(|(i, _)| i)
                .collect()
        };
        let (leads, times) = (places(&is_lead), places(&|axis| *axis == Axis::Time));
        let (lead, time, rank) = match (leads.as_slice(), times.as_slice()) {
            ([], [time]) => (None, time + 1, tap.axes.len() + 1),
            ([lead], [time]) => (Some(*lead), *time, tap.axes.len()),
            (_, [_]) => {
                return Err(refused(
                    tap,
                    "it has both a batch and a window axis",
                    "pool it outside the graph",
                ));
            }
            _ => {
                return Err(refused(
                    tap,
                    "it has more than one time axis",
                    "name the steps that are attended to `key`",
                ));
            }
        };
        let present = match lead {
            Some(_) => Lead::Present,
            None => Lead::Missing,
        };
        let lead = lead.unwrap_or(0);
        // Where the product can reach the frames as they lie, nothing large is moved.
        if lead == 0 && (time == 1 || time + 2 >= rank) {
            return Ok(Self {
                lead: present,
                order: None,
                rank: rank as i64,
                time: time as i64,
            });
        }
        let others = (0..rank).filter(|axis| *axis != lead && *axis != time);
        let order = [lead, time].into_iter().chain(others);
        Ok(Self {
            lead: present,
            order: Some(order.map(|axis| axis as i64).collect()),
            rank: rank as i64,
            time: 1,
        })
    }
}
