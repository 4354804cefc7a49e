//! Telling tables that a formula made from numbers that training found.

/// Shortest table that is looked at: on fewer numbers formulas fit by chance.
const SHORTEST: usize = 8;
/// What rounding to 32 bits may leave between a formula and its table, of the largest value.
const ROUNDING: f64 = 2e-3;
/// Share of zeros in a bank of filters that do not overlap much.
const SPARSE: f64 = 0.5;

/// What formula made the table, if one did. `dims` are its sizes.
pub(super) fn formula(values: &[f64], dims: &[u64]) -> Option<&'static str> {
    if is_two_valued(values) {
        return Some("a mask: it holds two values");
    }
    if is_ramp(values) {
        return Some("numbers counted in equal steps or ratios");
    }
    let sizes: Vec<usize> = dims
        .iter()
        .filter(|n| **n != 1)
        .map(|n| *n as usize)
        .collect();
    let (rows, columns) = match sizes.as_slice() {
        [columns] => (1, *columns),
        [rows, rest @ ..] => (*rows, rest.iter().product()),
        [] => return None,
    };
    if columns == 0 || rows.checked_mul(columns) != Some(values.len()) {
        return None;
    }
    let table = Table {
        values,
        rows,
        columns,
    };
    if rows >= SHORTEST && columns > 1 && table.has_sinusoids_down() {
        return Some("a table of sines and cosines");
    }
    if rows > 1 && columns >= SHORTEST && table.is_fourier() {
        return Some("a Fourier basis");
    }
    if rows > 1 && columns > 1 && (table.is_filter_bank() || table.turned_is_filter_bank()) {
        return Some("a bank of filters (mel or alike)");
    }
    None
}

fn is_two_valued(values: &[f64]) -> bool {
    let Some(first) = values.first() else {
        return false;
    };
    let other = values.iter().find(|v| *v != first);
    // Gains at one and biases at zero are found as trained; only proper masks are long.
    let Some(other) = other else { return false };
    values.len() >= SHORTEST && values.iter().all(|v| v == first || v == other)
}

/// Equal steps (indices, times) or equal ratios (frequencies of rotary positions).
fn is_ramp(values: &[f64]) -> bool {
    let (Some(first), Some(last)) = (values.first(), values.last()) else {
        return false;
    };
    let n = values.len();
    if n < SHORTEST || first == last {
        return false;
    }
    let near = |a: f64, b: f64, scale: f64| (a - b).abs() <= 1e-4 * scale;
    let steps = (n - 1) as f64;
    let scale = first.abs().max(last.abs());
    let step = (last - first) / steps;
    let even = |(k, v): (usize, &f64)| near(*v, first + step * k as f64, scale);
    if values.iter().enumerate().all(even) {
        return true;
    }
    if values.iter().any(|v| *v <= 0.0) {
        return false;
    }
    let ratio = (last / first).ln() / steps;
    let geometric = |(k, v): (usize, &f64)| near(v.ln(), first.ln() + ratio * k as f64, 1.0);
    values.iter().enumerate().all(geometric)
}

struct Table<'a> {
    values: &'a [f64],
    rows: usize,
    columns: usize,
}

impl Table<'_> {
    fn row(&self, row: usize) -> &[f64] {
        let start = row * self.columns;
        self.values
            .get(start..start + self.columns)
            .unwrap_or_default()
    }

    fn at(&self, row: usize, column: usize) -> f64 {
        let place = row * self.columns + column;
        self.values.get(place).copied().unwrap_or(0.0)
    }

    fn largest(&self) -> f64 {
        self.values.iter().fold(0.0, |most, v| most.max(v.abs()))
    }

    /// Whether every column is a sampled sinusoid: v(t+1) + v(t−1) = 2 cos θ · v(t).
    fn has_sinusoids_down(&self) -> bool {
        let rounding = ROUNDING * self.largest();
        let moves = |column| (1..self.rows).any(|t| self.at(t, column) != self.at(0, column));
        (0..self.columns).any(moves)
            && (0..self.columns).all(|column| self.is_sinusoid(column, rounding))
    }

    fn is_sinusoid(&self, column: usize, rounding: f64) -> bool {
        let inner = || {
            (1..self.rows - 1).map(|t| {
                let around = self.at(t - 1, column) + self.at(t + 1, column);
                (self.at(t, column), around)
            })
        };
        let square: f64 = inner().map(|(v, _)| v * v).sum();
        let twice_cosine = if square > 0.0 {
            inner().map(|(v, around)| v * around).sum::<f64>() / square
        } else {
            0.0
        };
        twice_cosine.abs() <= 2.0 + ROUNDING
            && inner().all(|(v, around)| (around - twice_cosine * v).abs() <= rounding)
    }

    /// Whether every row is even or odd around its middle, as windowed cosines and sines are; both
    /// kinds must be there.
    fn is_fourier(&self) -> bool {
        let scale = self.largest();
        let mut kinds = [0usize; 2];
        for row in (0..self.rows).map(|row| self.row(row)) {
            let mirrored = |sign: f64| {
                row.iter()
                    .skip(1)
                    .zip(row.iter().skip(1).rev())
                    .all(|(a, b)| (a - sign * b).abs() <= ROUNDING * scale)
            };
            let [even, odd] = [mirrored(1.0), mirrored(-1.0)];
            if !even && !odd {
                return false;
            }
            kinds = [kinds[0] + usize::from(even), kinds[1] + usize::from(odd)];
        }
        scale > 0.0 && kinds.iter().all(|count| *count > 1)
    }

    /// Whether every row is one hump above zero and most of the table is zero.
    fn is_filter_bank(&self) -> bool {
        self.is_sparse() && (0..self.rows).all(|row| is_hump(self.row(row).iter().copied()))
    }

    fn turned_is_filter_bank(&self) -> bool {
        let column = |column| (0..self.rows).map(move |row| self.at(row, column));
        self.is_sparse() && (0..self.columns).all(|c| is_hump(column(c)))
    }

    fn is_sparse(&self) -> bool {
        let zeros = self.values.iter().filter(|v| **v == 0.0).count();
        self.values.iter().all(|v| *v >= 0.0)
            && zeros as f64 > SPARSE * self.values.len() as f64
            && zeros < self.values.len()
    }
}

/// Whether what is not zero lies together, and rises before it falls.
fn is_hump(row: impl Iterator<Item = f64>) -> bool {
    let mut falling = false;
    let mut before = 0.0;
    for value in row {
        if value > before && falling {
            return false;
        }
        falling |= value < before;
        before = value;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twin::draw::redrawn;
    use phonoscope_analysis::rng::stream;
    use std::f64::consts::TAU;

    fn rounded(values: impl Iterator<Item = f64>) -> Vec<f64> {
        values.map(|v| f64::from(v as f32)).collect()
    }

    fn grid(rows: usize, columns: usize, f: impl Fn(usize, usize) -> f64) -> Vec<f64> {
        rounded((0..rows * columns).map(|i| f(i / columns, i % columns)))
    }

    #[test]
    fn tables_of_formulas_are_known() {
        let sinusoids = grid(1500, 64, |t, d| {
            let angle = t as f64 * 10_000f64.powf(-((d % 32) as f64) / 31.0);
            if d < 32 { angle.sin() } else { angle.cos() }
        });
        let rotary = grid(2048, 16, |t, d| {
            (t as f64 * 10_000f64.powf(-(d as f64) / 16.0)).cos()
        });
        let window = |n: usize| 0.5 - 0.5 * (TAU * n as f64 / 400.0).cos();
        let fourier = grid(402, 400, |row, n| {
            let angle = TAU * (row % 201) as f64 * n as f64 / 400.0;
            window(n) * if row < 201 { angle.cos() } else { angle.sin() }
        });
        let scaled: Vec<f64> = fourier.iter().take(201 * 400).map(|v| 40.0 * v).collect();
        let mel = grid(40, 201, |band, bin| {
            let middle = 5.0 * (band as f64 + 1.0) * 0.95;
            (1.0 - (bin as f64 - middle).abs() / 5.0).max(0.0)
        });
        let turned = grid(201, 40, |bin, band| mel[band * 201 + bin]);
        let mask = grid(16, 16, |i, j| if j > i { -1e4 } else { 0.0 });
        let inverse = grid(1, 32, |_, d| 10_000f64.powf(-(d as f64) / 32.0));
        for (table, dims, words) in [
            (&sinusoids, &[1, 1500, 64][..], "sines"),
            (&rotary, &[1, 1, 2048, 16], "sines"),
            (&scaled, &[201, 400, 1], "sines"),
            (&fourier, &[402, 1, 400], "Fourier"),
            (&mel, &[40, 201], "filters"),
            (&turned, &[201, 40], "filters"),
            (&mask, &[1, 1, 16, 16], "mask"),
            (&inverse, &[32], "ratios"),
        ] {
            let found = formula(table, dims);
            assert!(
                found.is_some_and(|f| f.contains(words)),
                "{words}: {found:?}"
            );
        }
    }

    #[test]
    fn trained_looking_numbers_are_no_table() {
        let ones = vec![1.0; 512];
        assert_eq!(formula(&ones, &[512]), None, "a gain that stayed at one");
        for (dims, spread) in [
            (&[512u64][..], 0.1),
            (&[64, 64], 0.05),
            (&[8, 2], 1.0),
            (&[1500, 64], 0.01),
            (&[32, 1, 8], 0.3),
        ] {
            let n: u64 = dims.iter().product();
            let pattern: Vec<f64> = (0..n)
                .map(|i| if i % 2 == 0 { spread } else { -spread })
                .collect();
            let drawn = redrawn(&pattern, &mut stream(3, "table", n));
            assert_eq!(formula(&drawn, dims), None, "{dims:?}");
            let rectified: Vec<f64> = drawn.iter().map(|v| v.max(0.0)).collect();
            assert_eq!(
                formula(&rectified, dims),
                None,
                "{dims:?} without its negatives"
            );
        }
    }
}
