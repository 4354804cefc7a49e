//! The speakers of one system in the plane of two components.

use phonoscope_probes::report::{Column, Table};

use crate::plot::{Coding, Scale};

use super::raster::Raster;

/// Everything a raster depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RasterKey {
    size: (u16, u16),
    axes: (usize, usize),
    selection: u64,
}

/// A scatter as it is drawn.
#[derive(Debug, Clone)]
pub(crate) struct Plane {
    pub(crate) coding: Coding,
    pub(crate) raster: Raster,
    key: Option<RasterKey>,
}

impl Plane {
    pub(crate) fn new(coding: Coding) -> Self {
        let empty = Scale::new(0.0, 1.0);
        let none = std::iter::empty();
        Self {
            raster: Raster::new((0, 0), (empty, empty), none, &coding, |_| false),
            coding,
            key: None,
        }
    }

    /// Tells points apart in another way.
    pub(crate) fn recode(&mut self, column: Option<&Column>) {
        self.coding = column.map_or(Coding::Plain, Coding::of);
        self.key = self.key.map(|key| RasterKey {
            size: (0, 0),
            ..key
        });
    }

    /// Makes the raster fit `size` cells, the axes and the selection (its version, and which rows of
    /// `speakers` it holds).
    pub(crate) fn settle(
        &mut self,
        speakers: &Table,
        axes: (usize, usize),
        size: (u16, u16),
        selection: u64,
        chosen: impl Fn(usize) -> bool,
    ) {
        let key = RasterKey {
            size,
            axes,
            selection,
        };
        if self.key == Some(key) || size.0 == 0 || size.1 == 0 {
            return;
        }
        self.key = Some(key);
        let Some((x, y)) = columns(speakers, axes) else {
            return;
        };
        let rows = speakers.rows();
        let scale = |c: &Column| {
            Scale::over((0..rows).filter_map(|r| c.value(r)))
                .unwrap_or(Scale { lo: 0.0, hi: 1.0 })
                .padded(0.03)
        };
        let points = (0..rows).filter_map(|r| Some((r, x.value(r)?, y.value(r)?)));
        self.raster = Raster::new(size, (scale(x), scale(y)), points, &self.coding, chosen);
    }

    /// Whether anything was drawn yet.
    pub(crate) fn is_fresh(&self) -> bool {
        self.key.is_none()
    }
}

/// The scores on two components, counted from 1.
pub(crate) fn columns(speakers: &Table, axes: (usize, usize)) -> Option<(&Column, &Column)> {
    Some((
        speakers.column(&format!("pc{}", axes.0))?,
        speakers.column(&format!("pc{}", axes.1))?,
    ))
}
