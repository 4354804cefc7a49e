//! Folds and shuffles that keep groups (speakers) whole.

use std::collections::BTreeMap;

use rand::RngExt as _;
use rand::seq::SliceRandom as _;

use crate::rng::{self, Stream};
use crate::{Error, Result};

/// A fold number for every row, `0..count`, all rows of a group in one fold.
///
/// `classes` (a number per row) spreads the groups' commonest classes evenly over the folds. Groups are dealt in
/// a random order under `seed`. There must be at least `count` groups.
pub fn group_folds(
    groups: &[usize],
    classes: Option<&[usize]>,
    count: usize,
    seed: u64,
) -> Result<Vec<usize>> {
    if count < 2 {
        return Err(Error::Setting {
            what: "number of folds".into(),
            needed: "at least 2".into(),
            found: count.to_string(),
        });
    }
    let members = members(groups);
    if members.len() < count {
        return Err(Error::TooFew {
            what: format!("{count} folds: groups of rows"),
            needed: count,
            found: members.len(),
        });
    }
    if let Some(classes) = classes.filter(|c| c.len() != groups.len()) {
        return Err(Error::Shape {
            what: "folds: classes".into(),
            expected: groups.len().to_string(),
            found: classes.len().to_string(),
        });
    }
    let mut order: Vec<&Vec<usize>> = members.values().collect();
    order.shuffle(&mut rng::stream(seed, "stats.folds", 0));
    if let Some(classes) = classes {
        order.sort_by_key(|rows| commonest(rows, classes));
    }
    let mut out = vec![0; groups.len()];
    for (place, rows) in order.iter().enumerate() {
        for row in *rows {
            out[*row] = place % count;
        }
    }
    Ok(out)
}

/// `values` (one per row) dealt out anew as a null that respects groups: where every group has a single value,
/// whole groups swap values; else rows swap values within their group.
pub fn shuffled_by_group<T: Clone + PartialEq>(
    values: &[T],
    groups: &[usize],
    rng: &mut Stream,
) -> Vec<T> {
    let mut out = values.to_vec();
    let members = members(groups);
    let usable = |rows: &Vec<usize>| rows.iter().all(|r| values.get(*r) == values.get(rows[0]));
    if members.values().all(usable) {
        let mut own: Vec<T> = members
            .values()
            .filter_map(|rows| values.get(rows[0]).cloned())
            .collect();
        own.shuffle(rng);
        for (rows, value) in members.values().zip(&own) {
            for row in rows {
                out[*row] = value.clone();
            }
        }
        return out;
    }
    for rows in members.values() {
        let mut own: Vec<T> = rows.iter().map(|r| values[*r].clone()).collect();
        own.shuffle(rng);
        for (row, value) in rows.iter().zip(own) {
            out[*row] = value;
        }
    }
    out
}

/// A control task (Hewitt & Liang 2019): every type (a word, say) gets the value of a random row, all its rows the
/// same. What a probe reads out of it, it has memorised by type.
pub fn random_by_type<T: Clone>(values: &[T], types: &[usize], rng: &mut Stream) -> Vec<T> {
    let mut out = values.to_vec();
    for rows in members(types).values() {
        let value = values[rng.random_range(0..values.len())].clone();
        for row in rows {
            out[*row] = value.clone();
        }
    }
    out
}

/// Rows of each group.
fn members(groups: &[usize]) -> BTreeMap<usize, Vec<usize>> {
    let mut out = BTreeMap::<usize, Vec<usize>>::new();
    for (row, group) in groups.iter().enumerate() {
        out.entry(*group).or_default().push(row);
    }
    out
}

/// Commonest class of `rows`, the lower one on ties.
fn commonest(rows: &[usize], classes: &[usize]) -> usize {
    let mut counts = BTreeMap::<usize, usize>::new();
    for row in rows {
        *counts.entry(classes[*row]).or_default() += 1;
    }
    let most = counts.values().max().copied().unwrap_or(0);
    counts
        .into_iter()
        .find(|(_, n)| *n == most)
        .map_or(0, |(class, _)| class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_stay_whole_and_classes_are_spread() {
        let groups: Vec<usize> = (0..60).map(|i| i / 3).collect();
        let classes: Vec<usize> = groups.iter().map(|g| usize::from(*g < 8)).collect();
        let folds = group_folds(&groups, Some(&classes), 4, 1).unwrap();
        for i in 0..60 {
            assert_eq!(folds[i], folds[i / 3 * 3]);
        }
        for fold in 0..4 {
            let ones = (0..60)
                .filter(|i| folds[*i] == fold && classes[*i] == 1)
                .count();
            assert_eq!(ones, 6);
        }
        assert_eq!(folds, group_folds(&groups, Some(&classes), 4, 1).unwrap());
        assert_ne!(folds, group_folds(&groups, Some(&classes), 4, 2).unwrap());
    }

    #[test]
    fn too_few_groups_are_an_error() {
        assert!(group_folds(&[0, 0, 1], None, 3, 1).is_err());
        assert!(group_folds(&[0, 1, 2], None, 1, 1).is_err());
        assert!(group_folds(&[0, 1, 2], Some(&[0]), 2, 1).is_err());
    }

    #[test]
    fn shuffles_respect_groups() {
        let mut rng = rng::stream(1, "folds-test", 0);
        let groups = [0, 0, 1, 2, 2, 2];
        let by_speaker = shuffled_by_group(&['a', 'a', 'b', 'c', 'c', 'c'], &groups, &mut rng);
        assert!(by_speaker[0] == by_speaker[1] && by_speaker[3] == by_speaker[5]);
        let mut values = vec![by_speaker[0], by_speaker[2], by_speaker[3]];
        values.sort_unstable();
        assert_eq!(values, ['a', 'b', 'c']);
        let task = random_by_type(&[1, 2, 3, 4, 5, 6], &groups, &mut rng);
        assert!(task[0] == task[1] && task[3] == task[4] && task[4] == task[5]);
        assert!(task.iter().all(|v| (1..=6).contains(v)));
        let within = shuffled_by_group(&[1, 2, 9, 4, 5, 6], &groups, &mut rng);
        assert_eq!(within[2], 9);
        assert_eq!(within[0] + within[1], 3);
        assert_eq!(within[3..].iter().sum::<i32>(), 15);
    }
}
