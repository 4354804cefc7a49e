//! The head of CAM++: residual convolutions over frequency and time.

use super::{Window, Writer};
use crate::Result;
use crate::build::{dim, transpose};
use crate::wire::{Dim, ElementType};

/// Stages of the head, and residual units of each; the first unit of a stage halves the bands.
const STAGES: usize = 2;
const UNITS: usize = 2;
/// How many bands go into one of the head's output: both stages and the last convolution halve.
const HALVED: usize = 8;

impl Writer<'_> {
    /// The convolutions over frequency and time; gives the name of their output, flattened to
    /// [batch, channel × band, time].
    pub(super) fn head(&mut self) -> Result<String> {
        let channels = self.channels("head.conv1")?;
        // The first time-delay layer says how many bands reach it.
        let flat = self.sizes("xvector.tdnn.linear")?.get(1).copied();
        let bands = flat.unwrap_or(0).checked_div(channels).unwrap_or(0);
        let mels = bands * HALVED;
        let input: [Dim; 3] = ["batch".into(), "time".into(), dim(mels).into()];
        self.graph.input("fbank", ElementType::Float32, &input);
        transpose(&mut self.graph, "fbank", "fbank.by_band", &[0, 2, 1]);
        let image = "fbank.image";
        self.graph.node(
            "Unsqueeze",
            &["fbank.by_band", "axis.channel"],
            &[image],
            &[],
        );
        let plane = |bands: usize| -> [Dim; 4] {
            let channels = dim(channels).into();
            ["batch".into(), channels, dim(bands).into(), "time".into()]
        };
        let mut current = "conv.0".to_owned();
        self.conv("head.conv1", image, "conv.0.raw", Window::<2>::of(3))?;
        self.norm_relu("head.bn1", "conv.0.raw", &current)?;
        self.declare(&current, &plane(mels));
        for stage in 0..STAGES {
            for unit in 0..UNITS {
                let source = format!("head.layer{}.{unit}", stage + 1);
                let name = format!("conv.{}", 1 + stage * UNITS + unit);
                self.residual(&source, &current, &name, if unit == 0 { 2 } else { 1 })?;
                self.declare(&name, &plane(mels >> (stage + 1)));
                current = name;
            }
        }
        let last = "conv.5";
        let halved = Window::<2>::of(3).stride([2, 1]);
        self.conv("head.conv2", &current, "conv.5.raw", halved)?;
        self.norm_relu("head.bn2", "conv.5.raw", last)?;
        self.declare(last, &plane(bands));
        self.graph
            .init_i64("flat", &[3], &[0, dim(channels * bands), -1])
            .node("Reshape", &[last, "flat"], &["head.flat"], &[]);
        Ok("head.flat".to_owned())
    }

    /// One residual unit of the head, which may halve the number of bands.
    fn residual(&mut self, source: &str, input: &str, output: &str, stride: usize) -> Result<()> {
        let step = |part: &str| format!("{output}.{part}");
        let at = |part: &str| format!("{source}.{part}");
        let halving = Window::<2>::of(3).stride([stride, 1]);
        self.conv(&at("conv1"), input, &step("raw.0"), halving)?;
        self.norm_relu(&at("bn1"), &step("raw.0"), &step("act.0"))?;
        self.conv(
            &at("conv2"),
            &step("act.0"),
            &step("raw.1"),
            Window::<2>::of(3),
        )?;
        self.norm(&at("bn2"), &step("raw.1"), &step("branch"))?;
        let mut skip = input.to_owned();
        if self.weights.get(&at("shortcut.0.weight")).is_some() {
            let narrow = Window::<2>::of(1).stride([stride, 1]);
            self.conv(&at("shortcut.0"), input, &step("skip.raw"), narrow)?;
            self.norm(&at("shortcut.1"), &step("skip.raw"), &step("skip"))?;
            skip = step("skip");
        }
        self.graph
            .node("Add", &[&step("branch"), &skip], &[&step("sum")], &[])
            .node("Relu", &[&step("sum")], &[output], &[]);
        Ok(())
    }
}
