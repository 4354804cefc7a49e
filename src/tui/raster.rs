//! Points binned into terminal cells: made once per size, axes, colour and selection.

use crate::plot::{Coding, Scale};

/// What a cell of the raster shows.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) enum Mark {
    #[default]
    Plain,
    /// Index of a class.
    Class(u8),
    /// Place on a ramp, in `[0, 1]`.
    Place(f32),
    Missing,
}

/// One terminal cell.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Bin {
    pub(crate) points: u32,
    /// Points that are selected.
    pub(crate) chosen: u32,
    /// Braille dots: bit `i` is dot `i + 1`.
    pub(crate) dots: u8,
    pub(crate) mark: Mark,
    placed: u32,
}

/// The binned points with the scales that placed them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Raster {
    pub(crate) width: u16,
    pub(crate) height: u16,
    pub(crate) x: Scale,
    pub(crate) y: Scale,
    bins: Vec<Bin>,
}

impl Raster {
    /// Bins `points` (row, x, y) of a table into `width` × `height` cells. The rarest class of a
    /// cell is shown; numbers are averaged; where something is selected, selected points win.
    pub(crate) fn new(
        (width, height): (u16, u16),
        (x, y): (Scale, Scale),
        points: impl Iterator<Item = (usize, f64, f64)>,
        coding: &Coding,
        chosen: impl Fn(usize) -> bool,
    ) -> Self {
        let cells = usize::from(width) * usize::from(height);
        let mut raster = Self {
            width,
            height,
            x,
            y,
            bins: vec![Bin::default(); cells],
        };
        for (row, px, py) in points {
            let Some((index, dot)) = raster.place(px, py) else {
                continue;
            };
            let Some(bin) = raster.bins.get_mut(index) else {
                continue;
            };
            let chosen = chosen(row);
            let takes_over = chosen && bin.chosen == 0 && bin.points > 0;
            let gives_way = !chosen && bin.chosen > 0;
            bin.points += 1;
            bin.chosen += u32::from(chosen);
            bin.dots |= dot;
            if gives_way {
                continue;
            }
            if takes_over {
                bin.mark = Mark::Plain;
                bin.placed = 0;
            }
            bin.add(coding, row);
        }
        raster
    }

    /// Index of the cell and bit of the braille dot of a point inside the scales.
    fn place(&self, px: f64, py: f64) -> Option<(usize, u8)> {
        const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
        let (u, v) = (self.x.unit(px), 1.0 - self.y.unit(py));
        if !((0.0..=1.0).contains(&u) && (0.0..=1.0).contains(&v)) || self.bins.is_empty() {
            return None;
        }
        let fine = |unit: f64, cells: u16, per: usize| {
            let most = usize::from(cells) * per;
            ((unit * most as f64) as usize).min(most - 1)
        };
        let (fx, fy) = (fine(u, self.width, 2), fine(v, self.height, 4));
        let bit = BITS.get(fy % 4)?.get(fx % 2)?;
        Some((fy / 4 * usize::from(self.width) + fx / 2, *bit))
    }

    /// The cell that a point falls into.
    pub(crate) fn cell(&self, px: f64, py: f64) -> Option<(u16, u16)> {
        let (index, _) = self.place(px, py)?;
        let width = usize::from(self.width);
        Some((
            u16::try_from(index % width).ok()?,
            u16::try_from(index / width).ok()?,
        ))
    }

    /// What the cell at (column, line) shows.
    pub(crate) fn bin(&self, column: u16, line: u16) -> Bin {
        let index = usize::from(line) * usize::from(self.width) + usize::from(column);
        let inside = column < self.width;
        self.bins
            .get(index)
            .copied()
            .filter(|_| inside)
            .unwrap_or_default()
    }

    /// Data values at the middle of a cell.
    pub(crate) fn middle(&self, (column, line): (u16, u16)) -> (f64, f64) {
        let unit = |cell: u16, cells: u16| (f64::from(cell) + 0.5) / f64::from(cells.max(1));
        (
            self.x.at(unit(column, self.width)),
            self.y.at(1.0 - unit(line, self.height)),
        )
    }
}

impl Bin {
    fn add(&mut self, coding: &Coding, row: usize) {
        match coding {
            Coding::Plain => {}
            Coding::Classes {
                of_row, classes, ..
            } => {
                let Some(class) = of_row.get(row).copied().flatten() else {
                    if self.placed == 0 {
                        self.mark = Mark::Missing;
                    }
                    return;
                };
                // The number past the last class stands for all others, which give way to any.
                let rows = |c: u8| classes.get(usize::from(c)).map_or(usize::MAX, |c| c.rows);
                let rarer = match self.mark {
                    Mark::Class(shown) => (rows(class), shown) < (rows(shown), class),
                    _ => true,
                };
                if rarer {
                    self.mark = Mark::Class(class);
                }
                self.placed += 1;
            }
            Coding::Ramp { of_row, .. } => {
                let Some(place) = of_row.get(row).copied().flatten() else {
                    if self.placed == 0 {
                        self.mark = Mark::Missing;
                    }
                    return;
                };
                let before = match self.mark {
                    Mark::Place(mean) => mean,
                    _ => place,
                };
                self.placed += 1;
                self.mark = Mark::Place(before + (place - before) / self.placed as f32);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use phonoscope_probes::report::{Column, Role};

    fn unit() -> (Scale, Scale) {
        (Scale::new(0.0, 1.0), Scale::new(0.0, 1.0))
    }

    #[test]
    fn points_fall_into_their_cells_and_the_rare_class_is_on_top() {
        let values = ["a", "a", "a", "b"].map(|s| Some(s.to_owned())).to_vec();
        let coding = Coding::of(&Column::text("c", Role::Metadata, "", values));
        let points = [
            (0, 0.0, 0.0),
            (3, 0.01, 0.01),
            (1, 0.02, 0.0),
            (2, 1.0, 1.0),
        ];
        let raster = Raster::new((4, 2), unit(), points.into_iter(), &coding, |_| false);
        assert_eq!(raster.bin(0, 1).points, 3);
        assert_eq!(raster.bin(0, 1).mark, Mark::Class(1));
        assert_eq!(raster.bin(3, 0).mark, Mark::Class(0));
        assert_eq!(raster.cell(1.0, 1.0), Some((3, 0)));
        assert_eq!(raster.cell(1.1, 1.0), None);
        let values = ["a", "b", "b"].map(|s| Some(s.to_owned())).to_vec();
        let coding = Coding::of(&Column::text("c", Role::Metadata, "", values));
        let points = (0..3).map(|r| (r, 0.5, 0.5));
        let raster = Raster::new((1, 1), unit(), points, &coding, |_| false);
        assert_eq!(raster.bin(0, 0).mark, Mark::Class(0), "rare, not last");
    }

    #[test]
    fn selected_points_win_their_cell() {
        let values = ["a", "a", "b"].map(|s| Some(s.to_owned())).to_vec();
        let coding = Coding::of(&Column::text("c", Role::Metadata, "", values));
        let points = [(2, 0.5, 0.5), (0, 0.5, 0.5), (2, 0.5, 0.5)];
        let raster = Raster::new((1, 1), unit(), points.into_iter(), &coding, |r| r == 0);
        let bin = raster.bin(0, 0);
        assert_eq!((bin.mark, bin.points, bin.chosen), (Mark::Class(0), 3, 1));
    }

    #[test]
    fn numbers_are_averaged_in_a_cell() {
        let column = Column::number("n", Role::Metadata, "", None, [0.0, 10.0, 10.0, 10.0]);
        let coding = Coding::of(&column);
        let points = (0..4).map(|r| (r, 0.2, 0.2));
        let raster = Raster::new((1, 1), unit(), points, &coding, |_| false);
        assert_eq!(raster.bin(0, 0).mark, Mark::Place(0.75));
    }

    #[test]
    fn no_size_is_too_small() {
        for size in [(0, 0), (0, 5), (5, 0), (1, 1)] {
            let points = (0..3).map(|r| (r, 0.5, 0.5));
            let raster = Raster::new(size, unit(), points, &Coding::Plain, |_| false);
            assert_eq!(raster.bin(9, 9), Bin::default());
        }
    }
}
