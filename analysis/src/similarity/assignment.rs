//! Pairing components of two systems one to one.

use ndarray::{Array2, ArrayView2, Axis};
use rand::seq::SliceRandom as _;

use super::centred_pair;
use crate::stats::{draws, permutation_p};
use crate::task::Task;
use crate::{Error, Result, linalg};

/// Two matched columns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Match {
    /// Column of the first matrix.
    pub first: usize,
    /// Column of the second matrix.
    pub second: usize,
    /// Their correlation over the rows, with its sign.
    pub r: f64,
}

/// Pairs the columns of `a: [row, component]` and `b: [row, component]` one to one so that the sum of
/// |r| is largest, in the order of the columns of `a`; with unequal numbers, columns of the larger side are
/// left over. A constant column correlates 0 with all.
pub fn match_columns(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Result<Vec<Match>> {
    let (x, y) = unit_columns(a, b)?;
    matched(&x.t().dot(&y))
}

/// For each of `matches` (of [`match_columns`] on the same matrices), the share of row permutations of `b`
/// whose *best* matched |r| is at least as large, `(1 + b) / (1 + B)`: corrected for all pairs at once.
/// Draw `i` uses stream `i` under `seed`.
pub fn match_null(
    a: ArrayView2<'_, f64>,
    b: ArrayView2<'_, f64>,
    matches: &[Match],
    permutations: usize,
    seed: u64,
    task: &Task,
) -> Result<Vec<f64>> {
    let (x, y) = unit_columns(a, b)?;
    let plan = draws::Plan {
        stage: "null of matched components",
        stream: "similarity.match",
        seed,
        draws: permutations,
    };
    let null = draws(plan, task, |rng| {
        let mut order: Vec<usize> = (0..y.nrows()).collect();
        order.shuffle(rng);
        let r = x.t().dot(&y.select(Axis(0), &order));
        let best = matched(&r)?.iter().map(|m| m.r.abs()).fold(0.0, f64::max);
        Ok(best)
    })?;
    Ok(matches
        .iter()
        .map(|m| permutation_p(m.r.abs(), &null))
        .collect())
}

fn unit_columns(
    a: ArrayView2<'_, f64>,
    b: ArrayView2<'_, f64>,
) -> Result<(Array2<f64>, Array2<f64>)> {
    let (mut x, mut y) = centred_pair("matching of components", a, b, 3)?;
    for m in [&mut x, &mut y] {
        for mut column in m.axis_iter_mut(Axis(1)) {
            let norm = column.dot(&column).sqrt();
            if norm > 0.0 {
                column /= norm;
            }
        }
    }
    Ok((x, y))
}

fn matched(r: &Array2<f64>) -> Result<Vec<Match>> {
    let pairs = assignment(r.mapv(|v| -v.abs()).view())?;
    let one = |(first, second): (usize, usize)| Match {
        first,
        second,
        r: r[[first, second]].clamp(-1.0, 1.0),
    };
    Ok(pairs.into_iter().map(one).collect())
}

/// Pairs `(row, column)` of least total cost, each row and column at most once and all of the shorter side
/// paired, ascending by row (the "Hungarian" problem; shortest augmenting paths with potentials, after
/// Jonker & Volgenant 1987, O(n³)).
pub fn assignment(cost: ArrayView2<'_, f64>) -> Result<Vec<(usize, usize)>> {
    linalg::finite(cost, "assignment")?;
    if cost.is_empty() {
        return Err(Error::TooFew {
            what: "assignment: rows and columns".into(),
            needed: 1,
            found: 0,
        });
    }
    let turned = cost.nrows() > cost.ncols();
    let cost = if turned { cost.reversed_axes() } else { cost };
    let mut pairs: Vec<(usize, usize)> = rows_to_columns(cost)
        .into_iter()
        .enumerate()
        .map(|(row, column)| if turned { (column, row) } else { (row, column) })
        .collect();
    pairs.sort_unstable();
    Ok(pairs)
}

/// Column of each row, for at least as many columns as rows.
fn rows_to_columns(cost: ArrayView2<'_, f64>) -> Vec<usize> {
    let (n, m) = cost.dim();
    let (mut row_price, mut column_price) = (vec![0.0; n], vec![0.0; m]);
    let mut row_of: Vec<Option<usize>> = vec![None; m];
    for start in 0..n {
        // Dijkstra over columns, from the new row to a free column.
        let mut distance = vec![f64::INFINITY; m];
        let mut before: Vec<Option<usize>> = vec![None; m];
        let mut done = vec![false; m];
        let (mut row, mut at, mut last) = (start, 0.0, None);
        let free = loop {
            let mut next: Option<usize> = None;
            for j in (0..m).filter(|j| !done[*j]) {
                let through = at + cost[[row, j]] - row_price[row] - column_price[j];
                if through < distance[j] {
                    distance[j] = through;
                    before[j] = last;
                }
                if next.is_none_or(|k| distance[j] < distance[k]) {
                    next = Some(j);
                }
            }
            // There are more columns than rows seen so far: one is always open.
            let Some(j) = next else { break None };
            done[j] = true;
            at = distance[j];
            match row_of[j] {
                None => break Some(j),
                Some(r) => (row, last) = (r, Some(j)),
            }
        };
        let Some(free) = free else { continue };
        row_price[start] += at;
        for j in (0..m).filter(|j| done[*j] && *j != free) {
            column_price[j] -= at - distance[j];
            if let Some(r) = row_of[j] {
                row_price[r] += at - distance[j];
            }
        }
        // Walk back: every column on the path takes the row of the one before it.
        let mut column = free;
        while let Some(earlier) = before[column] {
            row_of[column] = row_of[earlier];
            column = earlier;
        }
        row_of[column] = Some(start);
    }
    let mut out = vec![0; n];
    for (j, row) in row_of.iter().enumerate() {
        if let Some(i) = row {
            out[*i] = j;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::tests::noise;
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    #[test]
    fn greedy_is_not_best() {
        // Greedy takes 0 and is left with 9; 1 + 2 is less.
        let cost = array![[0.0, 1.0], [2.0, 9.0]];
        assert_eq!(assignment(cost.view()).unwrap(), [(0, 1), (1, 0)]);
        let wide = array![[5.0, 1.0, 3.0]];
        assert_eq!(assignment(wide.view()).unwrap(), [(0, 1)]);
        assert_eq!(assignment(wide.t()).unwrap(), [(1, 0)]);
        assert!(assignment(Array2::zeros((0, 2)).view()).is_err());
        assert!(assignment(array![[f64::NAN]].view()).is_err());
    }

    #[test]
    fn shuffled_and_flipped_components_are_found_again() {
        let a = noise(40, 4, 1);
        let order = [2, 0, 3, 1];
        let b = a.select(Axis(1), &order) * -2.0 + &(noise(40, 4, 2) * 0.1);
        let found = match_columns(a.view(), b.view()).unwrap();
        for m in &found {
            assert_eq!(order[m.second], m.first);
            assert!(m.r < -0.95);
        }
        let p = match_null(a.view(), b.view(), &found, 99, 3, &Task::silent()).unwrap();
        assert!(p.iter().all(|p| *p == 0.01));
        let unrelated = noise(40, 4, 5);
        let by_chance = match_columns(a.view(), unrelated.view()).unwrap();
        let p = match_null(
            a.view(),
            unrelated.view(),
            &by_chance,
            99,
            3,
            &Task::silent(),
        )
        .unwrap();
        assert!(p.iter().all(|p| *p > 0.05));
    }

    proptest! {
        #[test]
        fn no_permutation_is_cheaper(values in prop::collection::vec(-5.0..5.0_f64, 20)) {
            let cost = Array2::from_shape_vec((4, 5), values).unwrap();
            let pairs = assignment(cost.view()).unwrap();
            let total: f64 = pairs.iter().map(|at| cost[*at]).sum();
            let mut best = f64::INFINITY;
            for code in 0..625 {
                let columns = [code % 5, code / 5 % 5, code / 25 % 5, code / 125];
                let distinct: std::collections::BTreeSet<_> = columns.iter().collect();
                if distinct.len() == 4 {
                    best = best.min((0..4).map(|i| cost[[i, columns[i]]]).sum());
                }
            }
            prop_assert!((total - best).abs() < 1e-9);
        }
    }
}
