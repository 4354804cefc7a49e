//! Operators on each number by itself, and those that only move numbers.

use super::Activation;
use crate::relevance::tensor::Tensor;
use crate::wire::{Node, Setting};

/// The monotone function that a node computes, where it is one. `constant` reads an input that is a
/// known float tensor.
pub(super) fn activation(
    node: &Node,
    constant: impl Fn(usize) -> Option<Tensor>,
) -> Result<Option<Activation>, String> {
    let float = |name: &str, default: f32| match node.attribute(name) {
        Some(Setting::Float(value)) => *value,
        _ => default,
    };
    let found = match node.operator.as_str() {
        "Relu" => Activation::Relu,
        "LeakyRelu" => Activation::LeakyRelu(float("alpha", 0.01)),
        "PRelu" => {
            let slope = constant(1).ok_or("its slope is not a stored constant")?;
            Activation::PRelu(slope)
        }
        "Elu" => Activation::Elu(float("alpha", 1.0)),
        "Selu" => Activation::Selu {
            alpha: float("alpha", 1.673_263_2),
            gamma: float("gamma", 1.050_701),
        },
        "Celu" => Activation::Celu(float("alpha", 1.0)),
        "Sigmoid" => Activation::Sigmoid,
        "Tanh" => Activation::Tanh,
        "Softplus" => Activation::Softplus,
        "Softsign" => Activation::Softsign,
        "HardSigmoid" => Activation::HardSigmoid {
            alpha: float("alpha", 0.2),
            beta: float("beta", 0.5),
        },
        "ThresholdedRelu" => Activation::ThresholdedRelu(float("alpha", 1.0)),
        "Erf" => Activation::Erf,
        "Clip" => {
            let bound = |place: usize, name: &str, default: f32| {
                let given = node
                    .inputs
                    .get(place)
                    .is_some_and(|input| !input.is_empty());
                if !given {
                    return Ok(float(name, default));
                }
                let stored = constant(place).and_then(|bound| bound.data.first().copied());
                stored.ok_or("its bounds are not stored constants")
            };
            Activation::Clip {
                least: bound(1, "min", f32::MIN)?,
                most: bound(2, "max", f32::MAX)?,
            }
        }
        _ => return Ok(None),
    };
    let falls = match &found {
        Activation::LeakyRelu(slope) | Activation::Elu(slope) | Activation::Celu(slope) => {
            *slope < 0.0
        }
        Activation::PRelu(slopes) => slopes.data.iter().any(|slope| *slope < 0.0),
        Activation::Selu { alpha, gamma } => *alpha < 0.0 || *gamma <= 0.0,
        Activation::HardSigmoid { alpha, .. } => *alpha < 0.0,
        Activation::ThresholdedRelu(from) => *from < 0.0,
        Activation::Clip { least, most } => least > most,
        _ => false,
    };
    if falls {
        return Err("its function falls somewhere, and rules are for those that rise".to_owned());
    }
    Ok(Some(found))
}

/// Whether numbers of shape `part` repeat into shape `whole` without enlarging it.
pub(super) fn broadcasts(part: &[usize], whole: &[usize]) -> bool {
    part.len() <= whole.len()
        && part
            .iter()
            .rev()
            .zip(whole.iter().rev())
            .all(|(part, whole)| part == whole || *part == 1)
}

/// The shape that a `Reshape` to `target` gives.
pub(super) fn reshaped(from: &[usize], target: &[i64], zero_copies: bool) -> Option<Vec<usize>> {
    let elements: usize = from.iter().product();
    let size = |(place, target): (usize, &i64)| match target {
        0 if zero_copies => from.get(place).copied(),
        -1 => Some(1),
        other => usize::try_from(*other).ok(),
    };
    let mut dims: Vec<usize> = target.iter().enumerate().map(size).collect::<Option<_>>()?;
    let known = dims
        .iter()
        .try_fold(1usize, |n, size| n.checked_mul(*size))?;
    let mut free = target.iter().enumerate().filter(|(_, size)| **size == -1);
    if let Some((place, _)) = free.next() {
        dims[place] = elements.checked_div(known)?;
    }
    let total = dims
        .iter()
        .try_fold(1usize, |n, size| n.checked_mul(*size))?;
    (total == elements && free.next().is_none()).then_some(dims)
}

/// Axes counted from the end made axes from the front, in order.
pub(super) fn axes(stated: &[i64], rank: usize) -> Option<Vec<usize>> {
    let rank = i64::try_from(rank).ok()?;
    let axis = |axis: &i64| {
        let from_front = if *axis < 0 { axis + rank } else { *axis };
        let inside = (0..rank).contains(&from_front);
        inside.then(|| usize::try_from(from_front).ok()).flatten()
    };
    let mut axes: Vec<usize> = stated.iter().map(axis).collect::<Option<_>>()?;
    axes.sort_unstable();
    axes.dedup();
    Some(axes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_follow_the_target() {
        assert_eq!(reshaped(&[2, 3, 4], &[0, -1], true), Some(vec![2, 12]));
        assert_eq!(reshaped(&[2, 3, 4], &[-1], true), Some(vec![24]));
        assert_eq!(reshaped(&[2, 3, 4], &[1, 12], true), None);
        assert_eq!(reshaped(&[2, 3], &[-1, -1], true), None);
        assert_eq!(reshaped(&[0, 3], &[0, -1], true), None);
    }

    #[test]
    fn constants_broadcast_without_enlarging() {
        assert!(broadcasts(&[3, 1, 1], &[2, 3, 4, 4]));
        assert!(broadcasts(&[], &[2]));
        assert!(!broadcasts(&[2, 3], &[3]));
        assert!(!broadcasts(&[4], &[1]));
    }
}
