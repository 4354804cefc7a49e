//! The grid of components and descriptors that heat maps are drawn from.

use phonoscope_probes::report::{Column, Table};

/// What a cell of the grid shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Measure {
    /// Correlation of the component with the descriptor alone.
    #[default]
    R,
    /// Standardised slope in the regression on all descriptors.
    Beta,
    /// What R² loses without the descriptor.
    Unique,
    /// Share of R² that does not depend on the order of the descriptors.
    Shapley,
}

impl Measure {
    /// All of them, in the order keys turn them.
    pub const ALL: [Self; 4] = [Self::R, Self::Beta, Self::Unique, Self::Shapley];

    /// Its column in the table `pc_cards`.
    pub const fn column(self) -> &'static str {
        match self {
            Self::R => "r",
            Self::Beta => "beta",
            Self::Unique => "delta_r_squared",
            Self::Shapley => "shapley",
        }
    }

    /// What it is called in pictures.
    pub const fn title(self) -> &'static str {
        match self {
            Self::R => "simple r",
            Self::Beta => "standardised β",
            Self::Unique => "unique ΔR²",
            Self::Shapley => "Shapley share of R²",
        }
    }

    /// A few letters for places with little room.
    pub const fn short(self) -> &'static str {
        match self {
            Self::R => "r",
            Self::Beta => "β",
            Self::Unique => "ΔR²",
            Self::Shapley => "Shapley",
        }
    }

    /// The next measure.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::R => Self::Beta,
            Self::Beta => Self::Unique,
            Self::Unique => Self::Shapley,
            Self::Shapley => Self::R,
        }
    }
}

/// Components against descriptors: which row of `pc_cards` each pair has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HeatGrid {
    /// Components, from 1, in the order of the table.
    pub components: Vec<usize>,
    /// Descriptors, in the order of the table.
    pub descriptors: Vec<String>,
    /// `[descriptor · components + component]`
    rows: Vec<Option<usize>>,
}

impl HeatGrid {
    /// The grid of a table with the key columns `component` and `descriptor`; nothing when it has
    /// none of them or no rows.
    pub fn of(table: &Table) -> Option<Self> {
        let (component, descriptor) = (table.column("component")?, table.column("descriptor")?);
        let pair = |row: usize| {
            let k = component.value(row).filter(|k| *k >= 1.0)? as usize;
            Some((row, k, descriptor.text_at(row)?))
        };
        let mut grid = Self::default();
        let pairs: Vec<(usize, usize, &str)> = (0..table.rows()).filter_map(pair).collect();
        for (_, k, name) in &pairs {
            if !grid.components.contains(k) {
                grid.components.push(*k);
            }
            if !grid.descriptors.iter().any(|d| d == name) {
                grid.descriptors.push((*name).to_owned());
            }
        }
        grid.rows = vec![None; grid.components.len() * grid.descriptors.len()];
        for (row, k, name) in pairs {
            let at = grid
                .components
                .iter()
                .position(|c| *c == k)
                .zip(grid.descriptors.iter().position(|d| d == name));
            if let Some(slot) = at.and_then(|(c, d)| {
                let index = d * grid.components.len() + c;
                grid.rows.get_mut(index)
            }) {
                *slot = Some(row);
            }
        }
        (!grid.rows.is_empty()).then_some(grid)
    }

    /// The table's row of a cell, both counted from 0.
    pub fn row(&self, component: usize, descriptor: usize) -> Option<usize> {
        if component >= self.components.len() {
            return None;
        }
        let index = descriptor * self.components.len() + component;
        self.rows.get(index).copied().flatten()
    }

    /// What the end of the ramp stands for: 1 for measures with a sign, for shares of R² the largest
    /// one there is.
    pub fn full(&self, column: &Column, measure: Measure) -> f64 {
        if matches!(measure, Measure::R | Measure::Beta) {
            return 1.0;
        }
        let values = self.rows.iter().flatten().filter_map(|r| column.value(*r));
        let most = values.fold(0.0, f64::max);
        if most > 0.0 { most } else { 1.0 }
    }
}

/// Whether a row's own part is more than chance: `q` below 0.05.
pub fn is_significant(table: &Table, row: usize) -> bool {
    let q = table.column("q").and_then(|c| c.value(row));
    q.is_some_and(|q| q < 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;
    use phonoscope_probes::report::Role;

    fn table(pairs: &[(f64, &str)]) -> Table {
        let names = pairs.iter().map(|p| Some(p.1.to_owned())).collect();
        let columns = vec![
            Column::number("component", Role::Key, "", None, pairs.iter().map(|p| p.0)),
            Column::text("descriptor", Role::Key, "", names),
            Column::number("shapley", Role::Value, "", None, [0.1, f64::NAN, 0.3, 0.2]),
        ];
        Table::new("pc_cards", "", "", columns)
    }

    #[test]
    fn pairs_find_their_rows_and_gaps_stay_gaps() {
        let table = table(&[(1.0, "f0"), (1.0, "hnr"), (2.0, "hnr"), (f64::NAN, "f0")]);
        let grid = HeatGrid::of(&table).unwrap();
        assert_eq!(grid.components, [1, 2]);
        assert_eq!(grid.descriptors, ["f0", "hnr"]);
        let rows = [(0, 0), (0, 1), (1, 1), (1, 0), (2, 0), (0, 2)].map(|(c, d)| grid.row(c, d));
        assert_eq!(rows, [Some(0), Some(1), Some(2), None, None, None]);
        let column = table.column("shapley").unwrap();
        let full = [Measure::Shapley, Measure::R].map(|m| grid.full(column, m));
        assert_eq!(full, [0.3, 1.0]);
    }

    #[test]
    fn a_table_of_something_else_is_no_grid() {
        let mut other = table(&[]);
        assert_eq!(HeatGrid::of(&other), None);
        other.columns.remove(0);
        assert_eq!(HeatGrid::of(&other), None);
    }
}
