//! Operators with weights, and pools.

use super::geometry::{list, window};
use super::operators::Taken;
use super::read::{LARGEST, Reader};
use super::simple::axes;
use super::{Kind, Linear, Op, Window};
use crate::relevance::tensor::Tensor;
use crate::wire::{Node, Setting};

impl Reader<'_> {
    pub(super) fn convolution(&mut self, node: &Node) -> Taken {
        let x = self.variable(node, 0)?;
        let from = self.dims(x);
        let weight = self.floats(node, 1)?.ok_or("it lacks a weight")?;
        let bias = self.floats(node, 2)?;
        let groups = usize::try_from(node.int("group").unwrap_or(1)).unwrap_or(0);
        let sized = from.len() > 2 && weight.dims.len() == from.len() && !weight.data.is_empty();
        if !sized || !(1..=from[1]).contains(&groups) {
            return Err(misfit(&weight, &from));
        }
        let sizes = &from[2..];
        let window = window(node, Some(&weight.dims[2..]), sizes)?;
        let (kind, spatial) = if node.operator == "Conv" {
            let spatial = window.counts(sizes);
            (Kind::Convolution { window, groups }, spatial)
        } else {
            let output_padding = output_padding(node, &window)?;
            let spatial = transposed_sizes(&window, &output_padding, sizes);
            let kind = Kind::Transposed {
                window,
                groups,
                output_padding,
            };
            (kind, spatial)
        };
        let spatial = spatial.ok_or("not one window fits into its input")?;
        let linear = Linear {
            kind,
            weight,
            bias: bias.map(|bias| bias.data.to_vec()),
        };
        let fits = linear.inputs() == from[1]
            && from[1].is_multiple_of(groups)
            && linear.outputs().is_multiple_of(groups)
            && linear
                .bias
                .as_ref()
                .is_none_or(|bias| bias.len() == linear.outputs());
        if !fits {
            return Err(misfit(&linear.weight, &from));
        }
        let dims = [&[from[0], linear.outputs()], spatial.as_slice()].concat();
        self.push(node, Op::Linear(linear), vec![x], dims)?;
        Ok(true)
    }

    pub(super) fn gemm(&mut self, node: &Node) -> Taken {
        let x = self.variable(node, 0)?;
        let from = self.dims(x);
        let factor = |name: &str| match node.attribute(name) {
            Some(Setting::Float(value)) => *value,
            _ => 1.0,
        };
        if node.int("transA").unwrap_or(0) != 0 {
            return Err("it turns its input".to_owned());
        }
        let mut weight = self.floats(node, 1)?.ok_or("it lacks a weight")?;
        if factor("alpha") != 1.0 {
            weight = weight.map(|w| w * factor("alpha"));
        }
        if from.len() != 2 || weight.dims.len() != 2 {
            return Err(misfit(&weight, &from));
        }
        let turned = node.int("transB").unwrap_or(0) != 0;
        let mut linear = Linear {
            kind: Kind::Dense { turned },
            weight,
            bias: None,
        };
        let outputs = linear.outputs();
        if let Some(bias) = self.floats(node, 2)? {
            let row = bias.dims.iter().rev().skip(1).all(|size| *size == 1);
            linear.bias = match bias.data.len() {
                1 => Some(vec![bias.data[0]; outputs]),
                n if n == outputs && row => Some(bias.data.to_vec()),
                _ => return Err("its third input is not one number an output".to_owned()),
            };
            let factor = factor("beta");
            linear.bias.iter_mut().flatten().for_each(|b| *b *= factor);
        }
        if linear.inputs() != from[1] {
            return Err(misfit(&linear.weight, &from));
        }
        self.push(node, Op::Linear(linear), vec![x], vec![from[0], outputs])?;
        Ok(true)
    }

    /// A product with a stored matrix; further axes of the input are rows.
    pub(super) fn matrix_product(&mut self, node: &Node) -> Taken {
        if let (Ok(_), Ok(_)) = (self.variable(node, 0), self.variable(node, 1)) {
            return Err(
                "there is no relevance rule for a `MatMul` of two values that depend on the input"
                    .to_owned(),
            );
        }
        let x = self.variable(node, 0)?;
        let weight = self.floats(node, 1)?.ok_or("it lacks a weight")?;
        let from = self.dims(x);
        let [inputs, outputs] = *weight.dims.as_slice() else {
            return Err(misfit(&weight, &from));
        };
        let Some((columns, rows)) = from.split_last().filter(|(columns, _)| **columns == inputs)
        else {
            return Err(misfit(&weight, &from));
        };
        let op = Op::Linear(Linear {
            kind: Kind::Dense { turned: false },
            weight,
            bias: None,
        });
        let dims = [rows, &[outputs]].concat();
        if rows.len() == 1 {
            self.push(node, op, vec![x], dims)?;
            return Ok(true);
        }
        let name = node.outputs.first().map_or("", String::as_str);
        let count: usize = rows.iter().product();
        let flat = self.inner(
            node,
            &format!("{name}/rows"),
            Op::Reshape,
            vec![x],
            vec![count, *columns],
        )?;
        let product = format!("{name}/product");
        let product = self.inner(node, &product, op, vec![flat], vec![count, outputs])?;
        self.push(node, Op::Reshape, vec![product], dims)?;
        Ok(true)
    }

    pub(super) fn pool(&mut self, node: &Node) -> Taken {
        let x = self.variable(node, 0)?;
        let from = self.dims(x);
        if from.len() < 3 {
            return Err(format!("its input has the shape {from:?}"));
        }
        let sizes = from[2..].to_vec();
        let kernel = (node.operator == "GlobalMaxPool").then_some(sizes.as_slice());
        let mut window = window(node, kernel, &sizes)?;
        let stated_after = window.after.clone();
        if node.int("ceil_mode").unwrap_or(0) != 0 {
            window
                .rounded_up(&sizes)
                .ok_or("not one window fits into its input")?;
        }
        let counts = window
            .counts(&sizes)
            .ok_or("not one window fits into its input")?;
        let far = |axis: usize| {
            window.before[axis] >= window.extent(axis) || window.after[axis] >= window.extent(axis)
        };
        if (0..window.axes()).any(far) {
            return Err("a window of it lies wholly in the padding".to_owned());
        }
        let dims = [&from[..2], counts.as_slice()].concat();
        let filters = [&from[1..2], window.kernel.as_slice()].concat();
        for (what, dims) in [("its output", &dims), ("its windows", &filters)] {
            let elements = dims.iter().try_fold(1usize, |n, size| n.checked_mul(*size));
            if elements.is_none_or(|n| n > LARGEST) {
                return Err(format!("{what} would have the shape {dims:?}"));
            }
        }
        let op = if node.operator == "AveragePool" {
            let padding_counts = node.int("count_include_pad").unwrap_or(0) != 0;
            let divisor = divisor(
                &window,
                &sizes,
                &counts,
                padding_counts.then_some(&stated_after),
            );
            if divisor.data.contains(&0.0) {
                return Err("a window of it lies wholly in the padding".to_owned());
            }
            Op::AveragePool { window, divisor }
        } else {
            if node.outputs.len() > 1 && node.outputs.iter().skip(1).any(|name| !name.is_empty()) {
                return Err("its indices are used".to_owned());
            }
            Op::MaxPool(window)
        };
        self.push(node, op, vec![x], dims)?;
        Ok(true)
    }

    pub(super) fn mean(&mut self, node: &Node) -> Taken {
        let x = self.variable(node, 0)?;
        let from = self.dims(x);
        let (over, keep) = if node.operator == "GlobalAveragePool" {
            ((2..from.len()).collect(), true)
        } else {
            let keep = node.int("keepdims").unwrap_or(1) != 0;
            let stated = self
                .integers(node, 1, "axes")?
                .filter(|axes| !axes.is_empty());
            match stated {
                Some(stated) => {
                    let over = axes(&stated, from.len());
                    (over.ok_or("its axes are not those of its input")?, keep)
                }
                None if node.int("noop_with_empty_axes").unwrap_or(0) != 0 => {
                    return Err("it has no axes and does nothing".to_owned());
                }
                None => ((0..from.len()).collect(), keep),
            }
        };
        let mut dims = from.clone();
        over.iter().for_each(|axis: &usize| dims[*axis] = 1);
        if keep {
            self.push(node, Op::Mean(over), vec![x], dims)?;
            return Ok(true);
        }
        let kept: Vec<usize> = (0..from.len())
            .filter(|axis| !over.contains(axis))
            .map(|axis| from[axis])
            .collect();
        let name = node.outputs.first().map_or("", String::as_str);
        let mean = self.inner(node, &format!("{name}/kept"), Op::Mean(over), vec![x], dims)?;
        self.push(node, Op::Reshape, vec![mean], kept)?;
        Ok(true)
    }
}

/// How many elements each window averages.
fn divisor(
    window: &Window,
    sizes: &[usize],
    counts: &[usize],
    padding_counts: Option<&Vec<usize>>,
) -> Tensor {
    let mut data = vec![1.0f32];
    for (axis, (size, windows)) in sizes.iter().zip(counts).enumerate() {
        let after = padding_counts.map(|after| after[axis]);
        let along = window.divisors(axis, *size, *windows, after);
        let outer = |so_far: &f32| along.iter().map(|n| so_far * *n as f32).collect::<Vec<_>>();
        data = data.iter().flat_map(outer).collect();
    }
    Tensor::new([&[1, 1], counts].concat(), data)
}

/// What is added behind the output of a transposed convolution.
fn output_padding(node: &Node, window: &Window) -> Result<Vec<usize>, String> {
    let axes = window.axes();
    let padding = list(node, "output_padding", 0)?.unwrap_or_else(|| vec![0; axes]);
    let automatic = node
        .text("auto_pad")
        .is_some_and(|mode| mode.starts_with("SAME"));
    if automatic || node.ints("output_shape").is_some() {
        return Err("it states its output's shape and not its pads".to_owned());
    }
    if padding.len() != axes || (0..axes).any(|axis| padding[axis] >= window.strides[axis]) {
        return Err("its output padding is not smaller than its stride".to_owned());
    }
    Ok(padding)
}

fn transposed_sizes(window: &Window, padding: &[usize], sizes: &[usize]) -> Option<Vec<usize>> {
    let size = |(axis, size): (usize, &usize)| {
        let whole = size
            .checked_sub(1)?
            .checked_mul(window.strides[axis])?
            .checked_add(window.extent(axis) + padding[axis])?;
        let size = whole.checked_sub(window.before[axis] + window.after[axis])?;
        (size > 0).then_some(size)
    };
    sizes.iter().enumerate().map(size).collect()
}

fn misfit(weight: &Tensor, input: &[usize]) -> String {
    format!(
        "its weight of shape {:?} does not fit its input of shape {input:?}",
        weight.dims
    )
}
