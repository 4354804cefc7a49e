//! Made-up inputs of a dry run.

use ndarray::{ArrayD, IxDyn};

use super::LayerMap;
use crate::input::InputRole;
use crate::model::Model;
use crate::tap::Axis;
use crate::wire::{Dim, survey};
use crate::{Error, Result};

/// Input steps of a run on waveforms: about half a second.
const SAMPLES: usize = 8_000;
/// Input steps of a run on frames: about two seconds.
const FRAMES: usize = 200;
/// Size of a free axis of features: the commonest number of mel bands.
const BANDS: usize = 80;
/// How many times as long the runs are where the first two showed no difference.
const LONGER: usize = 4;
/// Numbers in a synthetic input, at most.
const LARGEST: usize = 1 << 26;

/// How long made-up inputs are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// Two lengths.
    Usual,
    /// [`LONGER`] times these.
    Long,
    /// So many steps and no other number.
    Window(usize),
}

/// Noise for the features, in one or two lengths, each with its length, the shortest last.
pub(super) fn lengths(
    model: &Model,
    map: &LayerMap,
    size: Size,
) -> Result<Vec<(usize, ArrayD<f32>)>> {
    let found = survey(model.graph.bytes())?;
    let features = model
        .inputs
        .iter()
        .find(|input| input.role == InputRole::Features);
    let name = features
        .map(|input| input.name.as_str())
        .unwrap_or_default();
    let declared = found.free_inputs().find(|input| input.name == name);
    let mapped = map.inputs.iter().find(|input| input.name == name);
    let (Some(dims), Some(mapped)) = (declared.and_then(|input| input.dims.as_ref()), mapped)
    else {
        return Err(Error::Shape {
            what: format!("input of model {}", model.name),
            expected: "a declared shape, for a dry run".to_owned(),
            found: "none".to_owned(),
        });
    };
    let axes = &mapped.axes;
    let time = axes.iter().position(|axis| *axis == Axis::Time);
    let fixed = |index: usize| match dims.get(index) {
        Some(Dim::Fixed(size)) => usize::try_from(*size).ok(),
        _ => None,
    };
    let is_waveform = !axes.contains(&Axis::Dim);
    // A common multiple of the strides makes every size exact.
    let strides = map
        .taps
        .iter()
        .filter_map(|tap| tap.timing)
        .map(|timing| timing.stride as usize);
    let step = strides.fold(1, common).min(1 << 16);
    let times = if size == Size::Long { LONGER } else { 1 };
    let base = times * if is_waveform { SAMPLES } else { FRAMES };
    let first = base.div_ceil(step) * step;
    let second = first + (base / 2).div_ceil(step) * step;
    let wanted = match (time.and_then(fixed), size) {
        (Some(only), _) | (None, Size::Window(only)) => vec![only],
        (None, _) if time.is_some() => vec![second, first],
        (None, _) => vec![1],
    };
    let made = wanted.into_iter().map(|length| {
        let shape: Vec<usize> = (0..dims.len())
            .map(|index| match fixed(index) {
                Some(size) => size,
                None if Some(index) == time => length,
                None if matches!(axes.get(index), Some(Axis::Dim | Axis::Freq)) => BANDS,
                None => 1,
            })
            .collect();
        let size = shape
            .iter()
            .try_fold(1usize, |n, size| n.checked_mul(*size));
        if size.is_none_or(|size| size > LARGEST) {
            return Err(Error::Shape {
                what: format!("input `{name}` of model {}", model.name),
                expected: "a size that a dry run can hold".to_owned(),
                found: format!("{shape:?}"),
            });
        }
        Ok((length, noise(&shape)))
    });
    made.collect()
}

/// The least common multiple, or the greater of the two where it does not fit.
fn common(a: usize, b: usize) -> usize {
    let (mut x, mut y) = (a, b);
    while y > 0 {
        (x, y) = (y, x % y);
    }
    (a / x.max(1)).checked_mul(b).unwrap_or(a.max(b)).max(1)
}

/// Uniform noise in [−0.1, 0.1), the same for the same shape.
fn noise(shape: &[usize]) -> ArrayD<f32> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    ArrayD::from_shape_simple_fn(IxDyn(shape), || {
        // Knuth's linear congruential generator (MMIX).
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32 / (1u64 << 24) as f32 - 0.5) * 0.2
    })
}
