//! Integer vectors that steer a graph: shapes computed from shapes.

use super::extent::{Size, nth};
use crate::map::wiring::{At, Wiring};
use crate::wire::{ElementType, Setting, Tensor};

/// Longest vector that is followed.
const LONGEST: usize = 64;

/// A vector or scalar of sizes.
pub(super) type Vector = Vec<Size>;

/// The integers of a stored tensor of at most one axis.
pub(super) fn stored(tensor: &Tensor) -> Option<Vector> {
    let integers = [ElementType::Int64, ElementType::Int32];
    if tensor.dims.len() > 1 || !integers.contains(&tensor.element) {
        return None;
    }
    Some(tensor.integers()?.into_iter().map(Size::Fixed).collect())
}

/// The vector that node `at` makes of vectors, where it makes one.
pub(super) fn made(
    wiring: &Wiring<'_>,
    at: At,
    of: &dyn Fn(usize) -> Option<Vector>,
) -> Option<Vector> {
    let node = wiring.node(at);
    let numbers =
        |index: usize| -> Option<Vec<i64>> { of(index)?.into_iter().map(Size::fixed).collect() };
    let found = match node.operator.as_str() {
        "Constant" => match (node.attribute("value_ints"), node.attribute("value_int")) {
            (Some(Setting::Ints(values)), _) => values.iter().copied().map(Size::Fixed).collect(),
            (_, Some(Setting::Int(value))) => vec![Size::Fixed(*value)],
            _ => return None,
        },
        "Identity" | "Cast" | "Unsqueeze" | "Squeeze" => of(0)?,
        "Reshape" => {
            let vector = of(0)?;
            let target = numbers(1)?;
            (target.len() < 2).then_some(vector)?
        }
        "Gather" => {
            let vector = of(0)?;
            let pick = |index: i64| vector.get(nth(index, vector.len())?).copied();
            numbers(1)?.into_iter().map(pick).collect::<Option<_>>()?
        }
        "Slice" => sliced(&of(0)?, node.ints("starts"), node.ints("ends"), &numbers)?,
        "Concat" => {
            let mut whole = Vector::new();
            for index in 0..node.inputs.len().min(LONGEST) {
                whole.extend(of(index)?);
            }
            whole
        }
        "ConstantOfShape" => {
            let length = numbers(0)?;
            let &[length] = length.as_slice() else {
                return None;
            };
            let fill = match node.attribute("value") {
                Some(Setting::Tensor(tensor)) => *tensor.integers()?.first()?,
                _ => 0,
            };
            let length = usize::try_from(length).ok().filter(|n| *n <= LONGEST)?;
            vec![Size::Fixed(fill); length]
        }
        "Mul" | "Add" | "Sub" | "Div" | "Max" | "Min" | "Equal" => {
            paired(&of(0)?, &of(1)?, |a, b| arithmetic(&node.operator, a, b))?
        }
        "Where" => {
            let choice = of(0)?;
            let (yes, no) = (of(1)?, of(2)?);
            let longest = choice.len().max(yes.len()).max(no.len());
            let at = |vector: &Vector, index: usize| {
                let index = if vector.len() == 1 { 0 } else { index };
                vector.get(index).copied()
            };
            (0..longest)
                .map(|index| match at(&choice, index)? {
                    Size::Fixed(0) => at(&no, index),
                    Size::Fixed(_) => at(&yes, index),
                    _ => Some(Size::Unknown),
                })
                .collect::<Option<_>>()?
        }
        _ => return None,
    };
    (found.len() <= LONGEST).then_some(found)
}

fn sliced(
    vector: &Vector,
    starts: Option<&[i64]>,
    ends: Option<&[i64]>,
    numbers: &dyn Fn(usize) -> Option<Vec<i64>>,
) -> Option<Vector> {
    let start = starts.map_or_else(|| numbers(1), |s| Some(s.to_vec()))?;
    let end = ends.map_or_else(|| numbers(2), |e| Some(e.to_vec()))?;
    let step = numbers(4).unwrap_or_else(|| vec![1]);
    let length = i64::try_from(vector.len()).ok()?;
    let bound = |at: i64| {
        if at < 0 {
            at.saturating_add(length).max(0)
        } else {
            at.min(length)
        }
    };
    let (&[start], &[end], &[1]) = (start.as_slice(), end.as_slice(), step.as_slice()) else {
        return None;
    };
    let range = usize::try_from(bound(start)).ok()?..usize::try_from(bound(end)).ok()?;
    Some(vector.get(range).unwrap_or_default().to_vec())
}

fn paired(a: &Vector, b: &Vector, of: impl Fn(Size, Size) -> Size) -> Option<Vector> {
    let longest = a.len().max(b.len());
    let at = |vector: &Vector, index: usize| {
        let index = if vector.len() == 1 { 0 } else { index };
        vector.get(index).copied()
    };
    (0..longest)
        .map(|i| Some(of(at(a, i)?, at(b, i)?)))
        .collect()
}

fn arithmetic(operator: &str, a: Size, b: Size) -> Size {
    let known = match (operator, a, b) {
        ("Mul", Size::Fixed(a), Size::Fixed(b)) => a.checked_mul(b),
        ("Add", Size::Fixed(a), Size::Fixed(b)) => a.checked_add(b),
        ("Sub", Size::Fixed(a), Size::Fixed(b)) => a.checked_sub(b),
        ("Div", Size::Fixed(a), Size::Fixed(b)) => a.checked_div(b),
        ("Max", Size::Fixed(a), Size::Fixed(b)) => Some(a.max(b)),
        ("Min", Size::Fixed(a), Size::Fixed(b)) => Some(a.min(b)),
        ("Equal", Size::Fixed(a), Size::Fixed(b)) => Some(i64::from(a == b)),
        // A length is never negative.
        ("Equal", Size::Named(_), Size::Fixed(n)) | ("Equal", Size::Fixed(n), Size::Named(_))
            if n < 0 =>
        {
            Some(0)
        }
        ("Mul" | "Div", size, Size::Fixed(1)) | ("Mul", Size::Fixed(1), size) => return size,
        ("Add" | "Sub", size, Size::Fixed(0)) | ("Add", Size::Fixed(0), size) => return size,
        _ => None,
    };
    known.map_or(Size::Unknown, Size::Fixed)
}
