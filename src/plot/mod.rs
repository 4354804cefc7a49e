//! Figures: scales, colour ramps, how rows are coded by a column, and SVG drawings of a report.

mod coding;
mod figure;
mod heat;
mod layers;
mod quality;
mod ramp;
mod scale;
mod stress;
mod svg;

pub use coding::{Class, Coding, MAX_CLASSES};
pub use figure::{
    Drawn, ScatterFigure, associations, figures, forest, heat, layers, regression, scatter, scree,
    selection, transfer,
};
pub(crate) use figure::{distances, estimates, null_of, rest, scale, strength};
pub use heat::{HeatGrid, Measure, is_significant};
pub use layers::{
    LayerCurve, LayerFigure, LayerPoint, TransferGrid, conditions, layer_curves, main_condition,
    part_of, shown_tap,
};
pub use quality::{Criterion, QualityFigure, criteria, quality_curves};
pub use ramp::{OKABE_ITO, Ramp};
pub use scale::{Scale, Tick, significant};
pub use stress::{Baseline, StressBar, StressChoice, StressFigure, stress_bars};
#[cfg(test)]
pub(crate) use svg::tests::assert_well_formed;
pub use svg::{Anchor, Marker, Svg};
pub(crate) use svg::{escape, hex};
