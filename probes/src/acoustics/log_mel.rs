//! What a recording's spectrum says without any network: the baseline beside embeddings.

use ndarray::Array2;
use phonoscope_analysis::frontend::{Floor, FrontEnd, MelSpectrogram};
use phonoscope_analysis::task::Task;
use phonoscope_datasets::{Manifest, audio};

use super::each::each;
use crate::error::{Error, Result};

/// Mel bands of the baseline.
const MELS: usize = 64;

/// What the vectors are, in words.
pub const LOG_MEL_WORDS: &str = "mean and standard deviation over time of 64 log-mel bands (25 ms every 10 ms, 0 to \
     8 kHz), less the recording's mean level over bands";

/// Vectors of items, `[item, 128]`, and the items' ids.
#[derive(Debug, Clone, PartialEq)]
pub struct LogMel {
    /// Ids of the items that could be read, in the manifest's order.
    pub ids: Vec<String>,
    /// Their vectors: 64 means, whose mean is zero, then 64 standard deviations, `[item, 128]`.
    pub vectors: Array2<f64>,
}

/// Mean and spread of 64 log-mel bands of every item that can be read.
///
/// # Errors
/// [`Error::NoItems`]; [`Error::NothingUsed`] if no item could be read; cancellation.
pub fn log_mel_manifest(manifest: &Manifest, threads: usize, task: &Task) -> Result<LogMel> {
    let front_end = FrontEnd::LnMel(MelSpectrogram {
        mels: MELS,
        floor: Some(Floor::AtLeast(1e-10)),
        ..MelSpectrogram::default()
    });
    let of_item = |index: usize| -> Result<Vec<f64>> {
        let item = manifest.utterances.get(index).ok_or(Error::NoItems)?;
        let wave = audio::read_utterance(item)?;
        let frames = front_end.compute(&wave.samples)?.data;
        Ok(mean_and_spread(frames.iter().map(|v| f64::from(*v)), MELS))
    };
    let found = each(
        manifest.utterances.len(),
        threads,
        "log-mel baseline",
        task,
        &|| Ok(()),
        &|(), index| Ok(of_item(index)),
    )?;
    let mut out = (vec![], vec![]);
    let mut first = None;
    for (item, vector) in manifest.utterances.iter().zip(found) {
        match vector {
            Ok(vector) => {
                out.0.push(item.id.clone());
                out.1.extend(vector);
            }
            Err(why) => {
                first.get_or_insert((item.id.clone(), why.to_string()));
            }
        }
    }
    let (ids, flat) = out;
    if let (true, Some((id, reason))) = (ids.is_empty(), first) {
        let items = manifest.utterances.len();
        return Err(Error::NothingUsed { items, id, reason });
    }
    let vectors = Array2::from_shape_vec((ids.len(), 2 * MELS), flat);
    Ok(LogMel {
        vectors: vectors.unwrap_or_else(|_uneven| Array2::zeros((ids.len(), 2 * MELS))),
        ids,
    })
}

/// Means over frames less their own mean, then standard deviations (denominator n), of values
/// `[frame, band]` read row by row.
fn mean_and_spread(values: impl Iterator<Item = f64>, bands: usize) -> Vec<f64> {
    let (mut sums, mut squares) = (vec![0.0; bands], vec![0.0; bands]);
    let mut count = 0usize;
    for value in values {
        let band = count % bands;
        sums[band] += value;
        squares[band] += value * value;
        count += 1;
    }
    let frames = (count / bands).max(1) as f64;
    let means: Vec<f64> = sums.iter().map(|s| s / frames).collect();
    let level = means.iter().sum::<f64>() / bands as f64;
    let spreads = squares
        .iter()
        .zip(&means)
        .map(|(s, m)| (s / frames - m * m).max(0.0).sqrt());
    let spreads: Vec<f64> = spreads.collect();
    means.iter().map(|m| m - level).chain(spreads).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_and_spreads_by_hand_and_without_level() {
        // Two bands, three frames.
        let frames = [1.0, 10.0, 2.0, 10.0, 3.0, 13.0];
        let found = mean_and_spread(frames.into_iter(), 2);
        let sd = (2.0f64 / 3.0).sqrt();
        let expected = [-4.5, 4.5, sd, 2.0f64.sqrt()];
        let close = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-12;
        assert!(found.iter().zip(&expected).all(close), "{found:?}");
        let louder = mean_and_spread(frames.into_iter().map(|v| v + 5.0), 2);
        assert!(found.iter().zip(&louder).all(close), "{louder:?}");
    }
}
