//! The baseline that no network made: what the spectrum alone says.

use ndarray::{Array1, Array2, Axis, Ix3};
use phonoscope_analysis::frontend::{FrontEnd, WhisperLogMel};
use phonoscope_analysis::stats;
use phonoscope_analysis::task::Task;
use phonoscope_datasets::{Manifest, Utterance, audio};

use crate::error::Result;

/// Name of the baseline among the layers.
pub(super) const LOG_MEL: &str = "log_mel";

/// Mean and standard deviation over time of each band of the log-mel spectrogram, of every utterance that
/// could be read.
#[derive(Debug, Clone, PartialEq)]
pub struct LogMelRows {
    /// Ids of the utterances.
    pub ids: Vec<String>,
    /// `[id, 2 · band]`: means, then standard deviations.
    pub rows: Array2<f64>,
}

/// Measures every utterance of `manifest`; those that cannot be read are left out (an extraction of the same
/// manifest says why).
///
/// # Errors
/// When the task is cancelled.
pub fn log_mel_rows(manifest: &Manifest, task: &Task) -> Result<LogMelRows> {
    let utterances = &manifest.utterances;
    let found = stats::each("log-mel spectra", "items", utterances.len(), task, |at| {
        Ok(utterances.get(at).and_then(one))
    })?;
    let mut out = LogMelRows {
        ids: vec![],
        rows: Array2::zeros((0, 0)),
    };
    let mut values = vec![];
    let mut width = 0;
    for (utterance, row) in utterances.iter().zip(found) {
        if let Some(row) = row {
            width = row.len();
            values.extend(row);
            out.ids.push(utterance.id.clone());
        }
    }
    if let Ok(rows) = Array2::from_shape_vec((out.ids.len(), width), values) {
        out.rows = rows;
    }
    Ok(out)
}

fn one(utterance: &Utterance) -> Option<Array1<f64>> {
    let wave = audio::read_utterance(utterance).ok()?;
    let front_end = FrontEnd::WhisperLogMel(WhisperLogMel::default());
    let features = front_end.compute(&wave.samples).ok()?.data;
    let bands = features.into_dimensionality::<Ix3>().ok()?;
    let bands = bands.index_axis(Axis(0), 0).mapv(f64::from);
    let means = bands.mean_axis(Axis(1))?;
    let spreads = bands.std_axis(Axis(1), 0.0);
    let row: Array1<f64> = means.iter().chain(&spreads).copied().collect();
    row.iter().all(|v| v.is_finite()).then_some(row)
}
