//! The operators that have a rule, one by one.

use super::geometry::list;
use super::read::Reader;
use super::simple::{activation, axes, broadcasts, reshaped};
use super::{Id, Op};
use crate::relevance::tensor::Tensor;
use crate::wire::{Node, Setting};

/// Whether an operator was taken up, or why it cannot be.
pub(super) type Taken = Result<bool, String>;

impl Reader<'_> {
    /// Takes up a node that reads the input, directly or not.
    pub(super) fn operator(&mut self, node: &Node) -> Taken {
        match node.operator.as_str() {
            "Conv" | "ConvTranspose" => self.convolution(node),
            "Gemm" => self.gemm(node),
            "MatMul" => self.matrix_product(node),
            "MaxPool" | "AveragePool" | "GlobalMaxPool" => self.pool(node),
            "BatchNormalization" => self.batch_norm(node),
            "GlobalAveragePool" | "ReduceMean" => self.mean(node),
            "Add" | "Sum" | "Sub" | "Mul" | "Div" => self.arithmetic(node),
            "Concat" => self.concat(node),
            "Identity" | "Dropout" | "Cast" => self.alias(node),
            "Flatten" | "Reshape" | "Squeeze" | "Unsqueeze" => self.reshape(node),
            "Transpose" => self.transpose(node),
            "Pad" => self.pad(node),
            _ => {
                let constant = |place: usize| self.floats(node, place).ok().flatten();
                let Some(found) = activation(node, constant)? else {
                    return Ok(false);
                };
                let x = self.variable(node, 0)?;
                let dims = self.dims(x);
                if let super::Activation::PRelu(slope) = &found
                    && !broadcasts(&slope.dims, &dims)
                {
                    return Err("its slopes do not fit its input".to_owned());
                }
                self.push(node, Op::Activation(found), vec![x], dims)?;
                Ok(true)
            }
        }
    }

    pub(super) fn dims(&self, id: Id) -> Vec<usize> {
        self.values[id].dims.clone()
    }

    /// An operator that changes nothing when a network is used.
    fn alias(&mut self, node: &Node) -> Taken {
        const FLOATS: [i64; 4] = [1, 10, 11, 16];
        if node.operator == "Cast" && !node.int("to").is_some_and(|to| FLOATS.contains(&to)) {
            return Err("it makes whole numbers of the input".to_owned());
        }
        let x = self.variable(node, 0)?;
        let output = node.outputs.first().cloned().unwrap_or_default();
        self.variables.insert(output, x);
        Ok(true)
    }

    fn batch_norm(&mut self, node: &Node) -> Taken {
        if node.int("training_mode").unwrap_or(0) != 0 {
            return Err("it is in training mode".to_owned());
        }
        let x = self.variable(node, 0)?;
        let dims = self.dims(x);
        let mut parts = Vec::new();
        for place in 1..5 {
            let part = self.floats(node, place)?.ok_or("it lacks an input")?;
            if dims.len() < 2 || part.dims != [dims[1]] {
                return Err(format!(
                    "it is for {} channels and its input has the shape {dims:?}",
                    part.data.len()
                ));
            }
            parts.push(part);
        }
        let [gain, offset, mean, variance] = parts.as_slice() else {
            return Ok(false);
        };
        let epsilon = match node.attribute("epsilon") {
            Some(Setting::Float(value)) => f64::from(*value),
            _ => 1e-5,
        };
        let (mut scale, mut shift) = (Vec::new(), Vec::new());
        for channel in 0..dims[1] {
            let at = |part: &Tensor| f64::from(part.data[channel]);
            let by = at(gain) / (at(variance) + epsilon).sqrt();
            scale.push(by as f32);
            shift.push((at(offset) - at(mean) * by) as f32);
        }
        let mut channels = vec![1; dims.len()];
        channels[1] = dims[1];
        let op = Op::Affine {
            scale: Some(Tensor::new(channels.clone(), scale)),
            shift: Some(Tensor::new(channels, shift)),
            norm: true,
        };
        self.push(node, op, vec![x], dims)?;
        Ok(true)
    }

    fn arithmetic(&mut self, node: &Node) -> Taken {
        let operator = node.operator.as_str();
        let known = |name: &String| self.constants.contains_key(name);
        let (constants, variables): (Vec<usize>, Vec<usize>) =
            (0..node.inputs.len()).partition(|place| known(&node.inputs[*place]));
        match (constants.as_slice(), variables.as_slice()) {
            ([constant], [variable]) => self.with_constant(node, *constant, *variable),
            ([], places) if matches!(operator, "Add" | "Sum" | "Sub") && places.len() > 1 => {
                let mut inputs = Vec::new();
                for place in places {
                    inputs.push(self.variable(node, *place)?);
                }
                let dims = self.dims(inputs[0]);
                if inputs.iter().any(|id| self.values[*id].dims != dims) {
                    return Err("it sums values of different shapes".to_owned());
                }
                if operator == "Sub" {
                    inputs[1] = self.negated(node, inputs[1], &dims)?;
                }
                self.push(node, Op::Add, inputs, dims)?;
                Ok(true)
            }
            ([], [_]) if operator == "Sum" => self.alias(node),
            ([], [_, _]) => Err(format!(
                "there is no relevance rule for a `{operator}` of two values that depend on the \
                 input"
            )),
            _ => Ok(false),
        }
    }

    fn negated(&mut self, node: &Node, x: Id, dims: &[usize]) -> Result<Id, String> {
        let value = format!("{}/negated", node.inputs[1]);
        let op = Op::Affine {
            scale: Some(Tensor::filled(vec![], -1.0)),
            shift: None,
            norm: false,
        };
        self.inner(node, &value, op, vec![x], dims.to_vec())
    }

    fn with_constant(&mut self, node: &Node, constant: usize, variable: usize) -> Taken {
        let x = self.variable(node, variable)?;
        let dims = self.dims(x);
        let c = self.floats(node, constant)?.ok_or("it lacks an input")?;
        if !broadcasts(&c.dims, &dims) {
            return Err(format!(
                "its constant of shape {:?} enlarges its input of shape {dims:?}",
                c.dims
            ));
        }
        let (scale, shift) = match (node.operator.as_str(), constant) {
            ("Add" | "Sum", _) => (None, Some(c)),
            ("Sub", 1) => (None, Some(c.map(|x| -x))),
            ("Sub", _) => (Some(Tensor::filled(vec![], -1.0)), Some(c)),
            ("Mul", _) => (Some(c), None),
            ("Div", 1) => (Some(c.map(f32::recip)), None),
            _ => return Err("it divides a constant by a value".to_owned()),
        };
        if scale.iter().any(|c| c.data.iter().any(|x| !x.is_finite())) {
            return Err("it divides by zero, or scales by what is no number".to_owned());
        }
        let norm = false;
        self.push(node, Op::Affine { scale, shift, norm }, vec![x], dims)?;
        Ok(true)
    }

    fn concat(&mut self, node: &Node) -> Taken {
        let mut inputs = Vec::new();
        for place in 0..node.inputs.len() {
            inputs.push(self.variable(node, place)?);
        }
        let mut dims = self.dims(*inputs.first().ok_or("it joins nothing")?);
        let axis = node.int("axis").ok_or("it does not say its axis")?;
        let axis = axes(&[axis], dims.len()).ok_or("its axis is not one of its input")?[0];
        let mut size = 0usize;
        for id in &inputs {
            let other = &self.values[*id].dims;
            let mut same = other.clone();
            match same.get_mut(axis) {
                Some(own) => size = size.saturating_add(std::mem::replace(own, dims[axis])),
                None => return Err("it joins values of different ranks".to_owned()),
            }
            if same != dims {
                return Err("it joins values whose other sizes differ".to_owned());
            }
        }
        dims[axis] = size;
        self.push(node, Op::Concat(axis), inputs, dims)?;
        Ok(true)
    }

    fn reshape(&mut self, node: &Node) -> Taken {
        let x = self.variable(node, 0)?;
        let from = self.dims(x);
        let rank = from.len();
        let dims = match node.operator.as_str() {
            "Flatten" => {
                let axis = node.int("axis").unwrap_or(1);
                let axis = if axis < 0 {
                    axis.saturating_add_unsigned(rank as u64)
                } else {
                    axis
                };
                let axis = usize::try_from(axis).ok().filter(|axis| *axis <= rank);
                let (front, back) = from.split_at(axis.ok_or("its axis is not one of its input")?);
                vec![front.iter().product(), back.iter().product()]
            }
            "Reshape" => {
                let target = self.integers(node, 1, "shape")?.ok_or("it lacks a shape")?;
                let copies = node.int("allowzero").unwrap_or(0) == 0;
                reshaped(&from, &target, copies).ok_or_else(|| {
                    format!("its input of shape {from:?} cannot become {target:?}")
                })?
            }
            "Squeeze" => match self.integers(node, 1, "axes")? {
                Some(stated) => {
                    let gone = axes(&stated, rank).ok_or("its axes are not those of its input")?;
                    if gone.iter().any(|axis| from[*axis] != 1) {
                        return Err("it removes an axis whose size is not one".to_owned());
                    }
                    let stays = |axis: &usize| !gone.contains(axis);
                    (0..rank).filter(stays).map(|axis| from[axis]).collect()
                }
                None => from.iter().copied().filter(|size| *size != 1).collect(),
            },
            _ => {
                let stated = self.integers(node, 1, "axes")?.ok_or("it lacks axes")?;
                let whole = rank + stated.len();
                let new = axes(&stated, whole).filter(|axes| axes.len() == stated.len());
                let new = new.ok_or("its axes are not those of its output")?;
                let mut old = from.iter();
                let size = |axis| match new.contains(&axis) {
                    true => 1,
                    false => old.next().copied().unwrap_or(1),
                };
                (0..whole).map(size).collect()
            }
        };
        self.push(node, Op::Reshape, vec![x], dims)?;
        Ok(true)
    }

    fn transpose(&mut self, node: &Node) -> Taken {
        let x = self.variable(node, 0)?;
        let from = self.dims(x);
        let backwards = || (0..from.len()).rev().collect();
        let order = list(node, "perm", 0)?.unwrap_or_else(backwards);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        if !sorted.iter().copied().eq(0..from.len()) {
            return Err(format!(
                "its order {order:?} is not one of its input's axes"
            ));
        }
        let dims = order.iter().map(|axis| from[*axis]).collect();
        self.push(node, Op::Transpose(order), vec![x], dims)?;
        Ok(true)
    }

    fn pad(&mut self, node: &Node) -> Taken {
        let x = self.variable(node, 0)?;
        let from = self.dims(x);
        let rank = from.len();
        if node.text("mode").is_some_and(|mode| mode != "constant") {
            return Err("it pads with copies of the input".to_owned());
        }
        let value = match node.attribute("value") {
            Some(Setting::Float(value)) => *value,
            _ => {
                let value = self.floats(node, 2)?;
                value
                    .and_then(|value| value.data.first().copied())
                    .unwrap_or(0.0)
            }
        };
        if value != 0.0 {
            return Err("it pads with a number other than zero".to_owned());
        }
        let stated = self.integers(node, 1, "pads")?.ok_or("it lacks pads")?;
        let padded = match self.integers(node, 3, "axes")? {
            Some(stated) => axes(&stated, rank).filter(|axes| axes.len() == stated.len()),
            None => Some((0..rank).collect()),
        };
        let padded = padded.ok_or("its axes are not those of its input")?;
        let pads: Option<Vec<usize>> = stated
            .iter()
            .map(|pad| usize::try_from(*pad).ok())
            .collect();
        let pads = pads
            .filter(|pads| pads.len() == 2 * padded.len())
            .ok_or("its pads cut the input or are not two an axis")?;
        let (mut before, mut after) = (vec![0; rank], vec![0; rank]);
        for (place, axis) in padded.iter().enumerate() {
            before[*axis] = pads[place];
            after[*axis] = pads[padded.len() + place];
        }
        let whole = |axis: usize| {
            from[axis]
                .checked_add(before[axis])?
                .checked_add(after[axis])
        };
        let dims: Option<Vec<usize>> = (0..rank).map(whole).collect();
        let dims = dims.ok_or("its pads are too large")?;
        self.push(node, Op::Pad { before, after }, vec![x], dims)?;
        Ok(true)
    }
}
