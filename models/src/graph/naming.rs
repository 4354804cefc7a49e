//! Names that are not taken yet.

use std::collections::BTreeSet;

use crate::wire::{Body, Node, Setting, Survey};

/// Every name of a graph and of the bodies in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    pub(crate) fn of(survey: &Survey) -> Self {
        let mut names = Self::default();
        let declared = survey.inputs.iter().chain(&survey.outputs);
        names.take(declared.map(|value| &value.name));
        names.take(survey.initializers.iter().map(|tensor| &tensor.name));
        names.nodes(&survey.nodes);
        names
    }

    /// `wanted`, or where that is taken `wanted/1`, `wanted/2` …; taken from now on.
    pub(crate) fn fresh(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut count = 0usize;
        while self.taken.contains(&name) {
            count += 1;
            name = format!("{wanted}/{count}");
        }
        self.taken.insert(name.clone());
        name
    }

    fn take<'a>(&mut self, names: impl Iterator<Item = &'a String>) {
        self.taken.extend(names.cloned());
    }

    fn nodes(&mut self, nodes: &[Node]) {
        for node in nodes {
            self.take(node.inputs.iter().chain(&node.outputs).chain([&node.name]));
            for (_, setting) in &node.attributes {
                if let Setting::Graph(body) = setting {
                    self.body(body);
                }
            }
        }
    }

    fn body(&mut self, body: &Body) {
        let declared = body.inputs.iter().chain(&body.outputs);
        self.take(declared.map(|value| &value.name));
        self.take(body.initializers.iter().map(|tensor| &tensor.name));
        self.nodes(&body.nodes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_name_is_counted_up() {
        let mut names = Names::default();
        let got: Vec<_> = (0..3).map(|_| names.fresh("probe/pool")).collect();
        assert_eq!(got, ["probe/pool", "probe/pool/1", "probe/pool/2"]);
    }
}
