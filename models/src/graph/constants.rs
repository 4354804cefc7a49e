//! Values of a graph that do not depend on what it is given.

use std::collections::{BTreeMap, BTreeSet};

use half::f16;

use crate::wire::{Dim, ElementType, Node, Setting, Survey};

/// Elements of a value; those that are known.
type Elements = Vec<Option<f64>>;

/// Small constant values by name, as far as they are worked out.
#[derive(Debug)]
pub(super) struct Constants {
    values: BTreeMap<String, Elements>,
}

impl Constants {
    /// Of a graph whose inputs `known` always have these values.
    pub(super) fn of(survey: &Survey, known: &[(&str, f64)]) -> Self {
        let fixed = known
            .iter()
            .map(|(name, value)| ((*name).to_owned(), vec![Some(*value)]));
        let stored = survey.initializers.iter().filter_map(|tensor| {
            let values = tensor.values.as_ref()?;
            Some((tensor.name.clone(), certain(values)))
        });
        let mut constants = Self {
            values: fixed.chain(stored).collect(),
        };
        let declared = survey.inputs.iter().chain(&survey.inner);
        let dims: BTreeMap<&str, &[Dim]> = declared
            .filter_map(|value| Some((value.name.as_str(), value.dims.as_deref()?)))
            .collect();
        // Nodes are sorted in valid files, so one pass sees every value before it is read.
        for node in survey.nodes.iter().filter(|node| node.is_standard()) {
            if let Some(name) = node.outputs.first()
                && let Some(values) = constants.made(node, &dims)
            {
                constants.values.insert(name.clone(), values);
            }
        }
        constants
    }

    /// The value as truth, where it is constant and a single one.
    pub(super) fn truth(&self, name: &str) -> Option<bool> {
        match self.values.get(name)?.as_slice() {
            [value] => value.map(|value| value != 0.0),
            _ => None,
        }
    }

    fn made(&self, node: &Node, dims: &BTreeMap<&str, &[Dim]>) -> Option<Elements> {
        let at = |place: usize| self.values.get(node.inputs.get(place)?);
        let pairs = |test: fn(f64, f64) -> bool| {
            let truth = |x: &Option<f64>, y: &Option<f64>| Some(truth(test((*x)?, (*y)?)));
            broadcast(at(0)?, at(1)?, truth)
        };
        match node.operator.as_str() {
            "Constant" => match node.attributes.first()? {
                (_, Setting::Tensor(tensor)) => tensor.values.as_deref().map(certain),
                (_, Setting::Int(value)) => Some(vec![Some(*value as f64)]),
                (_, Setting::Float(value)) => Some(vec![Some(f64::from(*value))]),
                (_, Setting::Ints(values)) => {
                    Some(values.iter().map(|v| Some(*v as f64)).collect())
                }
                _ => None,
            },
            "Identity" | "Squeeze" | "Unsqueeze" | "Reshape" | "Flatten" => at(0).cloned(),
            "Cast" => {
                let to = ElementType::from_number(i32::try_from(node.int("to")?).ok()?);
                let cast = |value: &Option<f64>| value.and_then(|value| cast(value, to));
                Some(at(0)?.iter().map(cast).collect())
            }
            "Not" => Some(at(0)?.iter().map(|v| v.map(|v| truth(v == 0.0))).collect()),
            "Equal" => pairs(|x, y| x == y),
            "Less" => pairs(|x, y| x < y),
            "LessOrEqual" => pairs(|x, y| x <= y),
            "Greater" => pairs(|x, y| x > y),
            "GreaterOrEqual" => pairs(|x, y| x >= y),
            "And" => pairs(|x, y| x != 0.0 && y != 0.0),
            "Or" => pairs(|x, y| x != 0.0 || y != 0.0),
            "Xor" => pairs(|x, y| (x != 0.0) != (y != 0.0)),
            "Shape" if node.attributes.is_empty() => {
                let dims = dims.get(node.inputs.first()?.as_str())?;
                let size = |dim: &Dim| match dim {
                    Dim::Fixed(size) => Some(*size as f64),
                    Dim::Named(_) | Dim::Unknown => None,
                };
                Some(dims.iter().map(size).collect())
            }
            "Size" => Some(vec![Some(at(0)?.len() as f64)]),
            "Gather" if node.int("axis").unwrap_or(0) == 0 => {
                let data = at(0)?;
                let pick = |place: &Option<f64>| {
                    let place = place.filter(|place| place.fract() == 0.0)?;
                    let place = if place < 0.0 {
                        place + data.len() as f64
                    } else {
                        place
                    };
                    data.get(place as usize)
                        .copied()
                        .flatten()
                        .filter(|_| place >= 0.0)
                };
                Some(at(1)?.iter().map(pick).collect())
            }
            _ => None,
        }
    }
}

fn certain(values: &[f64]) -> Elements {
    values.iter().copied().map(Some).collect()
}

fn truth(truth: bool) -> f64 {
    f64::from(u8::from(truth))
}

fn broadcast<T>(a: &[T], b: &[T], test: impl Fn(&T, &T) -> T) -> Option<Vec<T>> {
    match (a, b) {
        ([a], b) => Some(b.iter().map(|b| test(a, b)).collect()),
        (a, [b]) => Some(a.iter().map(|a| test(a, b)).collect()),
        _ if a.len() == b.len() => Some(a.iter().zip(b).map(|(a, b)| test(a, b)).collect()),
        _ => None,
    }
}

fn cast(value: f64, to: ElementType) -> Option<f64> {
    Some(match to {
        ElementType::Bool => truth(value != 0.0),
        ElementType::Float64 => value,
        ElementType::Float32 => f64::from(value as f32),
        ElementType::Float16 => f64::from(f16::from_f64(value)),
        ElementType::Int64 => (value as i64) as f64,
        ElementType::Int32 => f64::from(value as i32),
        ElementType::Int8 | ElementType::Uint8 | ElementType::Other(_) => return None,
    })
}

/// Inputs of the graph on which a value depends, in the graph's order.
pub(super) fn inputs_behind<'a>(survey: &'a Survey, value: &str) -> Vec<&'a str> {
    let mut wanted = BTreeSet::from([value]);
    // Behind its maker's inputs stand those of their makers; sorted nodes need one pass backwards.
    for node in survey.nodes.iter().rev() {
        if node
            .outputs
            .iter()
            .any(|output| wanted.contains(output.as_str()))
        {
            wanted.extend(node.inputs.iter().map(String::as_str));
        }
    }
    let inputs = survey.free_inputs().map(|input| input.name.as_str());
    inputs.filter(|input| wanted.contains(input)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Attribute, Suffix, survey};

    #[test]
    fn constants_are_worked_out_and_nothing_else() {
        use ElementType::{Float32, Int64};
        let mut graph = Suffix::new();
        graph
            .header(8, 17, "test")
            .graph_name("constants")
            .input("rate", Int64, &[])
            .input("x", Float32, &[2.into(), 1.into()])
            .input("y", Float32, &[2.into(), "time".into()])
            .init_i64("zero", &[1], &[0])
            .init_i64("one", &[1], &[1])
            .init_i64("sixteen", &[], &[16000])
            .node("Equal", &["rate", "sixteen"], &["wide"], &[])
            .node("Not", &["wide"], &["narrow"], &[])
            .node("Cast", &["rate"], &["kilo"], &[("to", Attribute::Int(1))])
            .node("Shape", &["x"], &["shape"], &[])
            .node("Gather", &["shape", "one"], &["columns"], &[])
            .node("Equal", &["columns", "one"], &["single"], &[])
            .node("And", &["single", "wide"], &["both"], &[])
            .node("Shape", &["y"], &["free"], &[])
            .node("Gather", &["free", "one"], &["frames"], &[])
            .node("Equal", &["frames", "one"], &["short"], &[])
            .node("Gather", &["free", "zero"], &["rows"], &[])
            .node("Less", &["zero", "rows"], &["some"], &[])
            .node("Size", &["free"], &["rank"], &[])
            .node("Equal", &["rank", "one"], &["flat"], &[])
            .output("both");
        let survey = survey(&graph.finish()).unwrap();
        let found = Constants::of(&survey, &[("rate", 16000.0)]);
        let truths = ["wide", "narrow", "single", "both", "short"].map(|name| found.truth(name));
        assert_eq!(
            truths,
            [Some(true), Some(false), Some(true), Some(true), None]
        );
        let found = Constants::of(&survey, &[]);
        assert_eq!(found.truth("wide"), None);
        assert_eq!(found.truth("single"), Some(true));
        assert_eq!(inputs_behind(&survey, "short"), ["y"]);
        assert_eq!(inputs_behind(&survey, "both"), ["rate", "x"]);
    }
}
