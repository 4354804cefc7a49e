//! What names of nodes and weights say about layers.

use std::collections::{BTreeMap, BTreeSet};

use super::wiring::{At, Wiring};

/// What to call a node: its name, or that of its first output.
pub(super) fn label<'a>(wiring: &Wiring<'a>, at: At) -> &'a str {
    let node = wiring.node(at);
    match node.name.as_str() {
        "" => node.outputs.first().map_or("", String::as_str),
        name => name,
    }
}

/// The names on a node: its own, its outputs', its weights'.
pub(super) fn texts<'w>(wiring: &'w Wiring<'_>, at: At) -> impl Iterator<Item = &'w str> {
    let node = wiring.node(at);
    let reads = wiring.reads.get(at).into_iter().flatten().flatten();
    let weights = reads.filter(|value| !wiring.is_data(**value));
    let weights = weights.filter_map(|value| Some(wiring.weight(*value)?.name.as_str()));
    let outputs = node.outputs.iter().map(String::as_str);
    std::iter::once(node.name.as_str())
        .chain(outputs)
        .chain(weights)
}

/// Layers named in a text, each as what stands before the number, and the number.
pub(super) fn layers(text: &str) -> Vec<(&str, u32)> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(start) = bytes
        .get(at..)
        .and_then(|rest| rest.iter().position(u8::is_ascii_digit))
        .map(|offset| at + offset)
    {
        let digits = bytes.get(start..).unwrap_or_default();
        let length = digits
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        at = start + length;
        let before = text.get(..start).unwrap_or_default();
        let word = before.trim_end_matches(['.', '/', '_', '-', ':']);
        let word = word
            .rsplit(['.', '/', '_', '-', ':'])
            .next()
            .unwrap_or_default();
        let word = word.to_ascii_lowercase();
        let counts = [
            "layer",
            "layers",
            "block",
            "blocks",
            "h",
            "encoders",
            "decoders",
            "transformer",
            "l",
            "resblocks",
            "stages",
        ];
        if counts.contains(&word.as_str())
            && let Some(number) = text.get(start..at).and_then(|digits| digits.parse().ok())
        {
            found.push((before, number));
        }
    }
    found
}

/// Whether names number these groups of nodes one after the other.
pub(super) fn counts(wiring: &Wiring<'_>, groups: &[Vec<At>]) -> bool {
    let mut numbers: BTreeMap<String, Vec<Option<u32>>> = BTreeMap::new();
    for (index, group) in groups.iter().enumerate() {
        let mut own: BTreeMap<(String, u32), usize> = BTreeMap::new();
        for at in group {
            let texts: BTreeSet<&str> = texts(wiring, *at).collect();
            for (before, number) in texts.into_iter().flat_map(layers) {
                *own.entry((before.to_owned(), number)).or_insert(0) += 1;
            }
        }
        let mut best: BTreeMap<String, (usize, u32)> = BTreeMap::new();
        for ((before, number), count) in own {
            let known = best.entry(before).or_insert((0, number));
            if count > known.0 {
                *known = (count, number);
            }
        }
        for (before, (_, number)) in best {
            let row = numbers
                .entry(before)
                .or_insert_with(|| vec![None; groups.len()]);
            if let Some(place) = row.get_mut(index) {
                *place = Some(number);
            }
        }
    }
    numbers.values().any(|row| {
        let known: Option<Vec<u32>> = row.iter().copied().collect();
        known.is_some_and(|row| {
            let rises = |pair: &[u32]| matches!(pair, [a, b] if a < b);
            !row.is_empty() && row.windows(2).all(rises)
        })
    })
}

/// Groups of nodes outside `taken` that names number, for the numbering that counts most nodes.
pub(super) fn numbered(wiring: &Wiring<'_>, taken: &BTreeSet<At>) -> Vec<Vec<At>> {
    let mut numberings: BTreeMap<&str, BTreeMap<u32, Vec<At>>> = BTreeMap::new();
    for at in wiring
        .order
        .iter()
        .copied()
        .filter(|at| !taken.contains(at))
    {
        let node = wiring.node(at);
        let texts = std::iter::once(&node.name).chain(&node.outputs);
        let own: BTreeSet<(&str, u32)> = texts.flat_map(|text| layers(text)).collect();
        for (before, number) in own {
            numberings
                .entry(before)
                .or_default()
                .entry(number)
                .or_default()
                .push(at);
        }
    }
    let several = numberings.into_values().filter(|groups| groups.len() > 1);
    let most = several.max_by_key(|groups| groups.values().map(Vec::len).sum::<usize>());
    most.map(|groups| groups.into_values().collect())
        .unwrap_or_default()
}
