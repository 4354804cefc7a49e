//! Integers that are known before the network runs: shapes, axes, and what exporters compute of
//! them.

use crate::wire::Node;

/// A tensor of integers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ints {
    pub(super) dims: Vec<usize>,
    pub(super) data: Vec<i64>,
}

impl Ints {
    pub(super) fn list(data: Vec<i64>) -> Self {
        Self {
            dims: vec![data.len()],
            data,
        }
    }
}

/// What a node makes of integers that are all known; `None` for an operator that does not compute
/// shapes.
pub(super) fn computed(node: &Node, inputs: &[&Ints]) -> Option<Ints> {
    let first = *inputs.first()?;
    match node.operator.as_str() {
        "Identity" | "Cast" => Some(first.clone()),
        "Concat" => Some(Ints::list(
            inputs.iter().flat_map(|ints| ints.data.clone()).collect(),
        )),
        "Unsqueeze" => Some(Ints::list(first.data.clone())),
        "Squeeze" => {
            let dims = if first.data.len() == 1 {
                vec![]
            } else {
                vec![first.data.len()]
            };
            Some(Ints {
                dims,
                data: first.data.clone(),
            })
        }
        "Reshape" => {
            let dims = if inputs.get(1)?.data.is_empty() {
                vec![]
            } else {
                vec![first.data.len()]
            };
            Some(Ints {
                dims,
                data: first.data.clone(),
            })
        }
        "Gather" => gathered(first, inputs.get(1)?),
        "Slice" => sliced(node, inputs),
        "Add" => pairwise(first, inputs.get(1)?, i64::checked_add),
        "Sub" => pairwise(first, inputs.get(1)?, i64::checked_sub),
        "Mul" => pairwise(first, inputs.get(1)?, i64::checked_mul),
        "Div" => pairwise(first, inputs.get(1)?, i64::checked_div),
        "ReduceProd" => {
            let product = first
                .data
                .iter()
                .try_fold(1i64, |product, one| product.checked_mul(*one))?;
            Some(Ints::list(vec![product]))
        }
        _ => None,
    }
}

fn gathered(from: &Ints, at: &Ints) -> Option<Ints> {
    if from.dims.len() != 1 {
        return None;
    }
    let length = i64::try_from(from.data.len()).ok()?;
    let pick = |index: &i64| {
        let index = if *index < 0 { index + length } else { *index };
        from.data.get(usize::try_from(index).ok()?).copied()
    };
    Some(Ints {
        dims: at.dims.clone(),
        data: at.data.iter().map(pick).collect::<Option<_>>()?,
    })
}

fn sliced(node: &Node, inputs: &[&Ints]) -> Option<Ints> {
    let first = inputs.first()?;
    let length = i64::try_from(first.data.len()).ok()?;
    let one = |place: usize, name: &str| match inputs.get(place) {
        Some(ints) => ints.data.first().copied(),
        None => node.ints(name)?.first().copied(),
    };
    if inputs.get(4).is_some_and(|steps| steps.data != [1]) || first.dims.len() != 1 {
        return None;
    }
    let bound = |at: i64| if at < 0 { at + length } else { at }.clamp(0, length);
    let (from, to) = (bound(one(1, "starts")?), bound(one(2, "ends")?));
    let (from, to) = (usize::try_from(from).ok()?, usize::try_from(to).ok()?);
    Some(Ints::list(first.data.get(from..to.max(from))?.to_vec()))
}

fn pairwise(a: &Ints, b: &Ints, f: impl Fn(i64, i64) -> Option<i64>) -> Option<Ints> {
    let longer = if a.data.len() >= b.data.len() { a } else { b };
    let get = |ints: &Ints, place: usize| match ints.data.as_slice() {
        [one] => Some(*one),
        many => many.get(place).copied(),
    };
    let data = (0..longer.data.len())
        .map(|place| f(get(a, place)?, get(b, place)?))
        .collect::<Option<_>>()?;
    Some(Ints {
        dims: longer.dims.clone(),
        data,
    })
}
