//! Putting nodes into an order in which they can be computed.

use std::collections::{BTreeMap, BTreeSet};

use super::wrong;
use crate::Result;

/// What a node needs and makes, by the names of values.
#[derive(Debug, Default)]
pub(super) struct Step<'a> {
    pub(super) needs: Vec<&'a [u8]>,
    pub(super) makes: Vec<&'a [u8]>,
}

/// Places of the steps in an order in which each comes after those whose values it needs; otherwise
/// as they are. Values that no step makes come from outside.
pub(super) fn in_order(steps: &[Step<'_>]) -> Result<Vec<usize>> {
    let mut makers: BTreeMap<&[u8], usize> = BTreeMap::new();
    for (at, step) in steps.iter().enumerate() {
        for name in step.makes.iter().filter(|name| !name.is_empty()) {
            if makers.insert(name, at).is_some() {
                let name = String::from_utf8_lossy(name);
                return Err(wrong(format!("two nodes make the value `{name}`")));
            }
        }
    }
    let mut missing: Vec<BTreeSet<usize>> = Vec::with_capacity(steps.len());
    let mut waiting: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, step) in steps.iter().enumerate() {
        let needs = step
            .needs
            .iter()
            .filter_map(|name| makers.get(name).copied());
        let needs: BTreeSet<usize> = needs.collect();
        for maker in &needs {
            waiting.entry(*maker).or_default().push(at);
        }
        missing.push(needs);
    }
    let ready = missing
        .iter()
        .enumerate()
        .filter(|(_, needs)| needs.is_empty());
    let mut ready: BTreeSet<usize> = ready.map(|(at, _)| at).collect();
    let mut order = Vec::with_capacity(steps.len());
    while let Some(at) = ready.pop_first() {
        order.push(at);
        for waiter in waiting.remove(&at).unwrap_or_default() {
            if let Some(needs) = missing.get_mut(waiter) {
                needs.remove(&at);
                if needs.is_empty() {
                    ready.insert(waiter);
                }
            }
        }
    }
    if order.len() < steps.len() {
        return Err(wrong("its nodes wait for each other in a circle"));
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step<'a>(needs: &[&'a str], makes: &[&'a str]) -> Step<'a> {
        let bytes = |names: &[&'a str]| names.iter().map(|name| name.as_bytes()).collect();
        Step {
            needs: bytes(needs),
            makes: bytes(makes),
        }
    }

    #[test]
    fn steps_follow_what_they_need_and_else_stay() {
        let steps = [
            step(&["b", "a"], &["c"]),
            step(&["x", ""], &["a", ""]),
            step(&["a", "outside"], &["b", ""]),
            step(&[], &["d"]),
        ];
        assert_eq!(in_order(&steps).unwrap(), [1, 2, 0, 3]);
        assert!(in_order(&[]).unwrap().is_empty());
    }

    #[test]
    fn circles_and_two_makers_are_errors() {
        let circle = [step(&["b"], &["a"]), step(&["a"], &["b"])];
        assert!(
            in_order(&circle)
                .unwrap_err()
                .to_string()
                .contains("circle")
        );
        let own = [step(&["a"], &["a"])];
        assert!(in_order(&own).is_err());
        let twice = [step(&[], &["a"]), step(&[], &["a"])];
        assert!(in_order(&twice).unwrap_err().to_string().contains("`a`"));
    }
}
