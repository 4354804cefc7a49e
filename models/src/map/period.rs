//! Where the blocks of a residual stream begin and end.

use super::residual::Branch;

/// Where blocks begin and end in a stream: junctions before the first block, then junctions of
/// each block.
pub(super) fn cut(kinds: &[Branch]) -> Option<(usize, Vec<usize>)> {
    let anchors: Vec<usize> = (0..kinds.len())
        .filter(|at| kinds.get(*at) == Some(&Branch::Attention))
        .collect();
    let (&first, &last) = (anchors.first()?, anchors.last()?);
    let between: Vec<&[Branch]> = anchors
        .windows(2)
        .filter_map(|pair| kinds.get(pair.first()? + 1..*pair.last()?))
        .collect();
    let suffix = kinds.get(last + 1..).unwrap_or_default();
    let lead = kinds.get(..first).unwrap_or_default();
    // How many junctions lead up to the attention within its block.
    let fits = |count: &usize| {
        let tail = |of: &[Branch]| {
            of.len()
                .checked_sub(*count)
                .map(|at| of.split_at(at).1.to_vec())
        };
        let own = tail(lead);
        let rest = |of: &[Branch]| {
            of.len()
                .checked_sub(*count)
                .map(|at| of.split_at(at).0.to_vec())
        };
        let ends = between.iter().all(|of| tail(of) == own);
        let begins = between.iter().all(|of| {
            rest(of).is_some_and(|rest| rest.len() <= suffix.len() && suffix.starts_with(&rest))
        });
        // A half-step feed-forward part leads where one also follows, beside a convolution.
        let alone = !between.is_empty()
            || *count == 0
            || own
                .as_deref()
                .is_some_and(|own| own.iter().all(|kind| *kind == Branch::Feed))
                && suffix.contains(&Branch::Feed)
                && suffix.contains(&Branch::Conv);
        own.is_some() && ends && begins && alone
    };
    let count = (0..=lead.len().min(4)).rev().find(fits).unwrap_or(0);
    let starts: Vec<usize> = anchors.iter().map(|at| at.saturating_sub(count)).collect();
    let mut sizes = Vec::new();
    for (index, start) in starts.iter().enumerate() {
        let end = match starts.get(index + 1) {
            Some(next) => *next,
            None => {
                let rest = between
                    .first()
                    .map_or(suffix.len(), |of| of.len().saturating_sub(count));
                (last + 1 + rest).min(kinds.len())
            }
        };
        sizes.push(end.saturating_sub(*start));
    }
    starts.first().map(|start| (*start, sizes))
}

/// The junctions of each block.
pub(super) fn ranges(
    start: usize,
    sizes: &[usize],
) -> impl Iterator<Item = std::ops::Range<usize>> {
    let mut at = start;
    sizes.iter().map(move |size| {
        let range = at..at + size;
        at += size;
        range
    })
}

#[cfg(test)]
mod tests {
    use super::Branch::{Attention as A, Conv as C, Cross as X, Feed as F, Other as O};
    use super::*;

    #[test]
    fn blocks_are_cut_at_their_attention() {
        for (kinds, start, sizes) in [
            (&[A, F, A, F][..], 0, &[2, 2][..]),
            (&[C, A, F, A, F], 1, &[2, 2]),
            (&[F, A, C, F, F, A, C, F], 0, &[4, 4]),
            (&[F, A, C, F], 0, &[4]),
            (&[F, C, A, F, F, C, A, F], 0, &[4, 4]),
            (&[A, X, F, A, X, F], 0, &[3, 3]),
            (&[A, A, A], 0, &[1, 1, 1]),
            (&[A, F, A, F, O, O], 0, &[2, 2]),
            (&[O, A], 1, &[1]),
        ] {
            assert_eq!(cut(kinds), Some((start, sizes.to_vec())), "{kinds:?}");
        }
        assert_eq!(cut(&[F, C, O]), None);
        let ranges: Vec<_> = ranges(1, &[2, 3]).collect();
        assert_eq!(ranges, [1..3, 3..6]);
    }
}
