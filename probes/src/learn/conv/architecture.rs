//! Which layers a network has.

use phonoscope_analysis::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One layer of an [`Architecture`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// A convolution, a batch norm and ReLU.
    Convolution {
        /// Output channels.
        channels: usize,
        /// Bins and frames that one output sees.
        kernel: [usize; 2],
        /// Bins and frames from one output to the next.
        strides: [usize; 2],
        /// Zeros on both sides of bins and of frames.
        pads: [usize; 2],
    },
    /// A convolution over time alone, a batch norm and ReLU, added to what they are given.
    Context {
        /// Frames that one output sees; odd.
        frames: usize,
        /// Frames from one of them to the next.
        dilation: usize,
    },
    /// The largest of 2 × 2, without overlap; an odd last one is left out.
    Halve,
    /// In training, whole channels are left out with this chance.
    ChannelDropout(f32),
    /// In training, single values are left out with this chance.
    Dropout(f32),
    /// All values in a row.
    Flatten,
    /// The mean of every channel.
    Mean,
    /// A dense layer.
    Dense {
        /// Outputs.
        units: usize,
        /// Whether ReLU follows.
        relu: bool,
    },
}

/// The layers of a network, the shape of its input, and heads for training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Architecture {
    /// Its name.
    pub name: String,
    /// Bins and frames of the input, which has one channel.
    pub input: [usize; 2],
    /// The layers. The last is dense, with one output a class.
    pub stages: Vec<Stage>,
    /// Outputs of a head for training alone, one convolution of 1 × 1 over the values behind the last
    /// [`Stage::Context`], else before [`Stage::Flatten`], which must have one bin left; 0 for none.
    pub marks: usize,
    /// Outputs of another head for training alone, one dense layer over the values before the last
    /// layer; 0 for none.
    pub measures: usize,
}

impl Architecture {
    /// A network of some 116,000 weights for spectrograms of 161 bins and 101 frames: two
    /// convolutions that halve bins and frames, one that halves bins, one over all bins that are
    /// left, one over three steps of time, and two dense layers.
    pub fn small() -> Self {
        let convolution = |channels, kernel, strides, pads| Stage::Convolution {
            channels,
            kernel,
            strides,
            pads,
        };
        Self {
            name: "small".into(),
            input: [161, 101],
            stages: vec![
                convolution(8, [5, 5], [2, 2], [2, 2]),
                convolution(16, [3, 3], [2, 2], [1, 1]),
                convolution(24, [3, 3], [2, 1], [1, 1]),
                convolution(48, [21, 1], [1, 1], [0, 0]),
                Stage::ChannelDropout(0.15),
                convolution(48, [1, 3], [1, 1], [0, 1]),
                Stage::Flatten,
                Stage::Dropout(0.3),
                Stage::Dense {
                    units: 64,
                    relu: true,
                },
                Stage::Dropout(0.3),
                Stage::Dense {
                    units: 2,
                    relu: false,
                },
            ],
            marks: 4,
            measures: 5,
        }
    }

    /// A network of some 65,000 weights for the same spectrograms: four convolutions as in
    /// [`Self::small`], then over time alone four that see ever more of the word (0.6 s in all), whose
    /// values are averaged over the word. Marks are made where the context is known, so that they and
    /// the classes rest on the same values.
    pub fn tcn() -> Self {
        let small = Self::small();
        let mut stages: Vec<Stage> = small.stages.iter().take(5).copied().collect();
        stages.extend([1, 2, 4, 8].map(|dilation| Stage::Context {
            frames: 3,
            dilation,
        }));
        stages.extend([
            Stage::ChannelDropout(0.15),
            Stage::Convolution {
                channels: 48,
                kernel: [1, 3],
                strides: [1, 1],
                pads: [0, 1],
            },
            Stage::Mean,
            Stage::Dropout(0.3),
            Stage::Dense {
                units: 2,
                relu: false,
            },
        ]);
        Self {
            name: "tcn".into(),
            stages,
            ..small
        }
    }

    /// VGG16 with batch norms as in arXiv 2508.07229: 7680 values into two dense layers, with
    /// nothing between them.
    pub fn vgg16() -> Self {
        let mut stages = Vec::new();
        for (channels, repeats) in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)] {
            for _ in 0..repeats {
                stages.push(Stage::Convolution {
                    channels,
                    kernel: [3, 3],
                    strides: [1, 1],
                    pads: [1, 1],
                });
            }
            stages.push(Stage::Halve);
        }
        stages.push(Stage::Flatten);
        stages.extend([512, 2].map(|units| Stage::Dense { units, relu: false }));
        Self {
            name: "vgg16".into(),
            input: [161, 101],
            stages,
            marks: 0,
            measures: 5,
        }
    }

    /// Values after every layer: `[channel, bin, frame]`, or `[unit]` behind [`Stage::Flatten`].
    pub(super) fn shapes(&self) -> Result<Vec<Vec<usize>>> {
        let mut shape = vec![1, self.input[0], self.input[1]];
        let mut shapes = Vec::with_capacity(self.stages.len());
        for stage in &self.stages {
            shape = stage.output(&shape).ok_or_else(|| Error::Setting {
                what: format!("network `{}`", self.name),
                needed: "made of layers that fit each other".into(),
                found: format!("{stage:?} after values of shape {shape:?}"),
            })?;
            shapes.push(shape.clone());
        }
        Ok(shapes)
    }

    /// Classes: the outputs of the last layer.
    ///
    /// # Errors
    /// [`Error::Setting`] for layers that do not fit each other.
    pub fn classes(&self) -> Result<usize> {
        match (self.stages.last(), self.shapes()?.last().map(Vec::as_slice)) {
            (Some(Stage::Dense { relu: false, .. }), Some([classes])) => Ok(*classes),
            _ => Err(Error::Setting {
                what: format!("network `{}`", self.name),
                needed: "one that ends in a dense layer without ReLU".into(),
                found: format!("{:?}", self.stages.last()),
            }),
        }
    }

    /// Channels and time steps that the head for training sees.
    pub(super) fn marked(&self) -> Result<Option<[usize; 2]>> {
        if self.marks == 0 {
            return Ok(None);
        }
        let shapes = self.shapes()?;
        let before = self.marks_before().and_then(|place| place.checked_sub(1));
        let seen = before.and_then(|place| shapes.get(place));
        match seen.map(Vec::as_slice) {
            Some([channels, 1, steps]) => Ok(Some([*channels, *steps])),
            other => Err(Error::Setting {
                what: format!("network `{}`: head for training", self.name),
                needed: "one bin before the dense layers".into(),
                found: format!("{other:?}"),
            }),
        }
    }

    /// Place of the layer that is given what the head for training sees too.
    pub(super) fn marks_before(&self) -> Option<usize> {
        let is_context = |stage: &Stage| matches!(stage, Stage::Context { .. });
        let context = self.stages.iter().rposition(is_context);
        let flat = self
            .stages
            .iter()
            .position(|stage| *stage == Stage::Flatten);
        context.map(|place| place + 1).or(flat)
    }

    /// Steps of time that the head for training marks, 0 without one.
    ///
    /// # Errors
    /// [`Error::Setting`] for layers that do not fit each other.
    pub fn mark_steps(&self) -> Result<usize> {
        Ok(self.marked()?.map_or(0, |[_, steps]| steps))
    }

    /// Values that the last layer sees, which is what the head for measures sees too.
    pub(super) fn measured(&self) -> Result<Option<usize>> {
        if self.measures == 0 {
            return Ok(None);
        }
        self.classes()?;
        let shapes = self.shapes()?;
        let before = shapes.iter().rev().nth(1);
        match before.map(Vec::as_slice) {
            Some([units]) => Ok(Some(*units)),
            other => Err(Error::Setting {
                what: format!("network `{}`: head for measures", self.name),
                needed: "a row of values before the last layer".into(),
                found: format!("{other:?}"),
            }),
        }
    }

    /// Multiplications and additions of one forward pass, in pairs.
    ///
    /// # Errors
    /// [`Error::Setting`] for layers that do not fit each other.
    pub fn multiplications(&self) -> Result<usize> {
        let shapes = self.shapes()?;
        let first = vec![1, self.input[0], self.input[1]];
        let before = std::iter::once(&first).chain(&shapes);
        let count = |((stage, from), to): ((&Stage, &Vec<usize>), &Vec<usize>)| match stage {
            Stage::Convolution { kernel, .. } => {
                from[0] * kernel[0] * kernel[1] * to.iter().product::<usize>()
            }
            Stage::Context { frames, .. } => from[0] * frames * to.iter().product::<usize>(),
            Stage::Dense { units, .. } => from.iter().product::<usize>() * units,
            _ => 0,
        };
        Ok(self.stages.iter().zip(before).zip(&shapes).map(count).sum())
    }
}

/// How a convolution slides over bins and frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) kernel: [usize; 2],
    pub(super) strides: [usize; 2],
    pub(super) pads: [usize; 2],
    pub(super) dilations: [usize; 2],
}

impl Stage {
    /// How a layer with a convolution slides; of others, by single values.
    pub(super) fn window(&self) -> Window {
        let alone = Window {
            kernel: [1, 1],
            strides: [1, 1],
            pads: [0, 0],
            dilations: [1, 1],
        };
        match *self {
            Self::Convolution {
                kernel,
                strides,
                pads,
                ..
            } => Window {
                kernel,
                strides,
                pads,
                ..alone
            },
            Self::Context { frames, dilation } => Window {
                kernel: [1, frames],
                pads: [0, frames / 2 * dilation],
                dilations: [1, dilation],
                ..alone
            },
            _ => alone,
        }
    }

    fn output(&self, shape: &[usize]) -> Option<Vec<usize>> {
        match (self, shape) {
            (
                Self::Convolution {
                    channels,
                    kernel,
                    strides,
                    pads,
                },
                [_, bins, frames],
            ) => {
                let slid = |axis: usize, size: usize| {
                    let rest = (size + 2 * pads[axis]).checked_sub(kernel[axis])?;
                    (kernel[axis] > 0 && *channels > 0).then_some(())?;
                    Some(1 + rest.checked_div(strides[axis])?)
                };
                Some(vec![*channels, slid(0, *bins)?, slid(1, *frames)?])
            }
            (Self::Context { frames, dilation }, [_, _, _]) => {
                (frames % 2 == 1 && *dilation > 0).then(|| shape.to_vec())
            }
            (Self::Mean, [channels, _, _]) => Some(vec![*channels]),
            (Self::Halve, [channels, bins, frames]) if *bins > 1 && *frames > 1 => {
                Some(vec![*channels, bins / 2, frames / 2])
            }
            (Self::ChannelDropout(p), [_, _, _]) | (Self::Dropout(p), _) => {
                (0.0..1.0).contains(p).then(|| shape.to_vec())
            }
            (Self::Flatten, _) => Some(vec![shape.iter().product()]),
            (Self::Dense { units, .. }, [_]) if *units > 0 => Some(vec![*units]),
            _ => None,
        }
    }
}
