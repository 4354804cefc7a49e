//! Shapes with meaning: what each axis of each value runs over, how its time axis lies over the
//! input, and how far a step sees. Worked out from the meaning of the inputs, operator by operator.

mod arrange;
mod extent;
mod parts;
mod product;
mod rules;
mod sliding;
mod statistic;
mod vector;

pub(super) use extent::{Extent, Layout, Reach, Role, Size};

use std::collections::HashMap;

use super::wiring::{At, Source, Value, Wiring};
use crate::tap::{Axis, Field, Timing};
use crate::wire::{Dim, ValueInfo};
use extent::nth;
use vector::Vector;

/// Axes of a value that are followed, at most.
const RANK: usize = 12;

/// The layouts of all values of a graph.
pub(super) struct Layouts<'w, 'a> {
    wiring: &'w Wiring<'a>,
    known: Vec<Layout>,
    vectors: HashMap<Value, Vector>,
    declared: HashMap<Value, &'a ValueInfo>,
    named: HashMap<&'a str, u32>,
    names: u32,
    /// What the axis was, and its stride, where a length first appeared.
    origins: HashMap<u32, (Role, Option<u32>)>,
    /// How well the meaning of the inputs fits what the operators do with them.
    fit: i32,
}

impl<'w, 'a> Layouts<'w, 'a> {
    /// Works out all layouts from the axes of the inputs.
    pub(super) fn new(wiring: &'w Wiring<'a>, inputs: &[(Value, Vec<Role>)]) -> Self {
        let survey = wiring.survey;
        let mut layouts = Self {
            wiring,
            known: vec![Layout::unknown(Reach::Nowhere); wiring.values()],
            vectors: HashMap::new(),
            declared: HashMap::new(),
            named: HashMap::new(),
            names: 0,
            origins: HashMap::new(),
            fit: 0,
        };
        for info in survey.inner.iter().chain(&survey.outputs) {
            if let Some(value) = wiring.value(&info.name)
                && info.dims.is_some()
            {
                layouts.declared.insert(value, info);
            }
        }
        for (value, tensor) in wiring.stored.iter().enumerate() {
            let Some(tensor) = tensor else { continue };
            let sizes = tensor.dims.iter().map(|size| Size::Fixed(*size));
            let axes = sizes.map(|size| Extent::new(Role::Nothing, size)).collect();
            layouts.set(
                value,
                Layout {
                    axes: Some(axes),
                    ..Layout::unknown(Reach::Nowhere)
                },
            );
            if let Some(vector) = vector::stored(tensor) {
                layouts.vectors.insert(value, vector);
            }
        }
        for input in survey.free_inputs() {
            let Some(value) = wiring.value(&input.name) else {
                continue;
            };
            let roles = inputs.iter().find(|(known, _)| *known == value);
            let roles = roles.map(|(_, roles)| roles.as_slice()).unwrap_or_default();
            let layout = layouts.entering(input, roles);
            layouts.set(value, layout);
        }
        for at in wiring.order.iter().copied() {
            layouts.follow(at);
        }
        layouts
    }

    /// How well the meaning given to the inputs fits the graph; more is better.
    pub(super) fn fit(&self) -> i32 {
        self.fit
    }

    /// The layout of a value.
    pub(super) fn of(&self, value: Value) -> &Layout {
        static NONE: Layout = Layout {
            axes: None,
            stride: None,
            reach: Reach::Nowhere,
        };
        self.known.get(value).unwrap_or(&NONE)
    }

    /// Axes for a tap; empty where one of them is not known.
    pub(super) fn axes(&self, value: Value) -> Vec<Axis> {
        let layout = self.of(value);
        let wide = layout.extents().len() == 4;
        let has = |role: Role| layout.find(role).is_some();
        let axis = |(index, extent): (usize, &Extent)| match extent.role.axis() {
            Some(axis) => Some(axis),
            None if index == 0 && !has(Role::Batch) && !has(Role::BatchTime) => Some(Axis::Batch),
            None if wide && has(Role::Time) && !has(Role::Freq) => Some(Axis::Freq),
            None if index + 1 == layout.extents().len() && !has(Role::Dim) => Some(Axis::Dim),
            None => None,
        };
        let axes: Option<Vec<Axis>> = layout.extents().iter().enumerate().map(axis).collect();
        let axes = axes.unwrap_or_default();
        let twice = |axis: &Axis| axes.iter().filter(|other| *other == axis).count() > 1;
        if axes.iter().any(twice) {
            Vec::new()
        } else {
            axes
        }
    }

    /// Size of the axis of features, or of the last one where axes are not known.
    pub(super) fn dim(&self, value: Value) -> Option<usize> {
        let axes = self.axes(value);
        let extents = self.of(value).extents();
        let extent = match axes.iter().position(|axis| *axis == Axis::Dim) {
            Some(at) => extents.get(at),
            None if axes.is_empty() => extents.last(),
            None => None,
        };
        extent?
            .size
            .fixed()
            .and_then(|size| usize::try_from(size).ok())
    }

    /// Frame rate and receptive field, where there is a time axis and its stride is known.
    pub(super) fn timing(&self, value: Value) -> Option<Timing> {
        let layout = self.of(value);
        layout.time()?;
        let stride = layout.stride?;
        let field = match layout.reach {
            Reach::Nowhere => return None,
            Reach::Everywhere => Field::Unbounded,
            Reach::Span(first, last) => {
                let steps = last.saturating_sub(first).saturating_add(1).max(1);
                u32::try_from(steps).map_or(Field::Unbounded, Field::Steps)
            }
        };
        Some(Timing { stride, field })
    }

    fn set(&mut self, value: Value, layout: Layout) {
        for axis in layout.extents() {
            if let (Size::Named(name), Role::Batch | Role::Window | Role::Time | Role::Freq) =
                (axis.size, axis.role)
            {
                let stride = layout.stride.filter(|_| axis.role == Role::Time);
                self.origins.entry(name).or_insert((axis.role, stride));
            }
        }
        if let Some(known) = self.known.get_mut(value) {
            *known = layout;
        }
    }

    /// Gives axes back what their lengths tell, after a reshape there and back.
    fn recall(&self, layout: &mut Layout) {
        let Some(axes) = &mut layout.axes else { return };
        for index in 0..axes.len() {
            let Some(Extent {
                role,
                size: Size::Named(name),
            }) = axes.get(index).copied()
            else {
                continue;
            };
            let Some((before, stride)) = self.origins.get(&name).copied() else {
                continue;
            };
            let taken = axes.iter().any(|axis| axis.role == before);
            if taken || !matches!(role, Role::Nothing | Role::Head | Role::Dim) {
                continue;
            }
            if let Some(axis) = axes.get_mut(index) {
                axis.role = before;
            }
            if before == Role::Time {
                layout.stride = stride;
            }
            let no_dim = !axes.iter().any(|axis| axis.role == Role::Dim);
            let loose = |axis: &&mut Extent| matches!(axis.role, Role::Head | Role::Nothing);
            if let Some(axis) = axes.iter_mut().rev().find(loose).filter(|_| no_dim) {
                axis.role = Role::Dim;
            }
        }
    }

    fn fresh(&mut self) -> Size {
        self.names += 1;
        Size::Named(self.names)
    }

    fn size(&mut self, dim: &'a Dim) -> Size {
        match dim {
            Dim::Fixed(size) => Size::Fixed(*size),
            Dim::Named(name) => {
                let next = self.names + 1;
                let name = *self.named.entry(name).or_insert(next);
                self.names = self.names.max(name);
                Size::Named(name)
            }
            Dim::Unknown => Size::Unknown,
        }
    }

    fn entering(&mut self, input: &'a ValueInfo, roles: &[Role]) -> Layout {
        let Some(dims) = input.dims.as_ref() else {
            let reach = if roles.is_empty() {
                Reach::Nowhere
            } else {
                Reach::Span(0, 0)
            };
            let axes = roles
                .iter()
                .map(|role| Extent::new(*role, self.fresh()))
                .collect();
            let axes = (!roles.is_empty()).then_some(axes);
            let stride = roles.contains(&Role::Time).then_some(1);
            return Layout {
                axes,
                stride,
                reach,
            };
        };
        let mut axes = Vec::with_capacity(dims.len());
        for (index, dim) in dims.iter().enumerate() {
            let size = match self.size(dim) {
                Size::Unknown => self.fresh(),
                size => size,
            };
            let role = roles.get(index).copied().unwrap_or(Role::Nothing);
            axes.push(Extent::new(role, size));
        }
        let timed = roles.contains(&Role::Time);
        let reach = if roles.is_empty() {
            Reach::Nowhere
        } else {
            Reach::Span(0, 0)
        };
        Layout {
            axes: Some(axes),
            stride: timed.then_some(1),
            reach,
        }
    }

    /// Works out what node `at` makes.
    fn follow(&mut self, at: At) {
        let wiring = self.wiring;
        if let Some(vector) = self.steering(at)
            && let Some(value) = wiring.made(at, 0)
        {
            self.vectors.insert(value, vector);
        }
        let outputs = wiring.makes.get(at).map(Vec::as_slice).unwrap_or_default();
        let made = self.outcome(at);
        for (value, mut layout) in outputs.iter().zip(made) {
            let Some(value) = *value else { continue };
            if wiring.source(value) != Source::Data {
                layout.reach = Reach::Nowhere;
            }
            if wiring.stored.get(value).is_some_and(Option::is_some) {
                continue;
            }
            if layout.extents().len() > RANK {
                layout = Layout::unknown(layout.reach);
            }
            self.complete(value, &mut layout);
            for axis in layout.axes.iter_mut().flatten() {
                if axis.size == Size::Unknown {
                    axis.size = self.fresh();
                }
            }
            self.set(value, layout);
        }
    }

    fn steering(&self, at: At) -> Option<Vector> {
        let wiring = self.wiring;
        let of = |index: usize| self.vectors.get(&wiring.read(at, index)?).cloned();
        let node = wiring.node(at);
        if node.operator == "Shape" {
            let axes = self.of(wiring.read(at, 0)?).axes.as_ref()?;
            let sizes: Vector = axes.iter().map(|axis| axis.size).collect();
            let length = i64::try_from(sizes.len()).ok()?;
            let bound = |name: &str, default: i64| {
                let at = node.int(name).unwrap_or(default);
                let at = if at < 0 {
                    at.saturating_add(length)
                } else {
                    at
                };
                usize::try_from(at.clamp(0, length)).unwrap_or(0)
            };
            let range = bound("start", 0)..bound("end", length);
            return sizes.get(range).map(<[Size]>::to_vec);
        }
        vector::made(wiring, at, &of)
    }

    /// Puts in what the file declares about a value.
    fn complete(&mut self, value: Value, layout: &mut Layout) {
        let Some(dims) = self
            .declared
            .get(&value)
            .and_then(|info| info.dims.as_ref())
        else {
            return;
        };
        let sizes: Vec<Size> = dims.iter().map(|dim| self.size(dim)).collect();
        match &mut layout.axes {
            Some(axes) if axes.len() == sizes.len() => {
                for (axis, size) in axes.iter_mut().zip(&sizes) {
                    if axis.size == Size::Unknown {
                        axis.size = *size;
                    }
                    if let (Size::Named(_), Size::Fixed(_)) = (axis.size, size) {
                        axis.size = *size;
                    }
                }
            }
            axes => {
                let nothing = |size: &Size| Extent::new(Role::Nothing, *size);
                *axes = Some(sizes.iter().map(nothing).collect());
                layout.stride = None;
            }
        }
    }
}
