//! Figures: scales, colour ramps, how rows are coded by a column, and SVG drawings of a report.

mod coding;
mod figure;
mod heat;
mod ramp;
mod scale;
mod svg;

pub use coding::{Class, Coding, MAX_CLASSES};
pub use figure::{
    Drawn, ScatterFigure, associations, figures, forest, heat, regression, scatter, scree,
    selection,
};
pub(crate) use figure::{estimates, null_of, rest, scale, strength};
pub use heat::{HeatGrid, Measure, is_significant};
pub use ramp::{OKABE_ITO, Ramp};
pub use scale::{Scale, Tick, significant};
#[cfg(test)]
pub(crate) use svg::tests::assert_well_formed;
pub use svg::{Anchor, Marker, Svg};
pub(crate) use svg::{escape, hex};
