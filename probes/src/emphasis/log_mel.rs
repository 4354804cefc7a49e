//! The baseline without a model: log-mel features, read like any tap.

use phonoscope_analysis::frontend::{FrontEnd, WhisperLogMel};
use phonoscope_models::wire::{Dim, ElementType, Suffix};
use phonoscope_models::{Axis, Field, GraphBytes, InputBinding, InputRole, Model, Tap, Timing};

/// Name of the baseline among the systems.
pub const LOG_MEL: &str = "log-mel";

/// A network that gives what it is given: 80 log-mel features a frame of 10 ms, as the Whisper encoders hear
/// them. Run over a manifest it gives the baseline on the same spans, with the same pooling.
pub fn log_mel_model() -> Model {
    let mut graph = Suffix::new();
    let dims = || [Dim::Fixed(1), Dim::Fixed(80), Dim::Named("frames".into())];
    graph
        .header(8, 13, "phonoscope")
        .graph_name("log_mel")
        .input("features", ElementType::Float32, &dims())
        .node("Identity", &["features"], &["log_mel"], &[])
        .typed_output("log_mel", ElementType::Float32, &dims());
    let graph = GraphBytes::new(graph.finish());
    Model {
        name: LOG_MEL.into(),
        unpacked: vec![],
        source: "no model: features of the recording".into(),
        weights_sha256: graph.sha256().into(),
        weights_dir: None,
        inputs: vec![InputBinding {
            name: "features".into(),
            role: InputRole::Features,
        }],
        front_end: FrontEnd::WhisperLogMel(WhisperLogMel::default()),
        taps: vec![Tap {
            name: "log_mel".into(),
            tensor: "log_mel".into(),
            axes: vec![Axis::Batch, Axis::Dim, Axis::Time],
            dim: Some(80),
            timing: Some(Timing {
                stride: 1,
                field: Field::Steps(1),
            }),
            meaning: "log-mel features, 10 ms a frame".into(),
        }],
        embedding: None,
        licence: "not stated".into(),
        citation: String::new(),
        trained_on: "nothing".into(),
        graph,
    }
}
