//! One word as the classifier hears it, and what it looks at in it.

use ndarray::Array2;
use phonoscope_analysis::frontend::FrontEnd;
use phonoscope_analysis::task::Cancel;

use super::measuring::Measuring;
use super::regions::heat;
use super::{StressInput, StressSettings};
use crate::error::{Error, Result};
use crate::stress::tracks::{BANDS, Tracks, from_start};

/// A word as the classifier hears it. Frame `t` is centred `t` hops after the start of the word.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// Input `[bin, frame]`.
    pub input: Array2<f32>,
    /// Relevance `[bin, frame]` for (above 0) and against the explained score, from −1 to 1: over the
    /// value below which 98 % of the absolute relevance lies.
    pub relevance: Array2<f32>,
    /// Frames that hold audio; those after them are padding.
    pub heard: usize,
    /// From one frame to the next.
    pub hop_secs: f64,
    /// From one bin to the next.
    pub bin_hz: f64,
    /// Logits of final and initial stress.
    pub logits: [f32; 2],
    /// The score that is explained.
    pub score: f64,
    /// Sum of the map before it was scaled.
    pub sum: f64,
    /// Start and end of both vowels in seconds after the start of the word, where the manifest has
    /// them.
    pub vowels: Option<[[f64; 2]; 2]>,
    /// F0 to F3 in Hz of each frame that is heard, `[band][frame]`; nothing where there is none.
    pub tracks: [Vec<Option<f64>>; BANDS.len()],
}

/// Explains the word `id` of the input by the first composite of the settings.
///
/// # Errors
/// [`Error::Request`] for a word that is not there or cannot be read, and a model that is no
/// classifier of words by spectrograms; those of compiling and running; cancellation.
pub fn explain(
    input: &StressInput<'_>,
    id: &str,
    settings: &StressSettings,
    cancel: &Cancel,
) -> Result<Explained> {
    let refused = |problem: String, hint: &str| Error::Request {
        problem,
        hint: hint.into(),
    };
    let found = input.words.words.iter().find(|word| word.id == id);
    let word = found.ok_or_else(|| {
        let problem = format!("the manifest has no usable word `{id}`");
        refused(problem, "give the manifest that the report was made from")
    })?;
    let settings = StressSettings {
        composites: settings.composites.iter().take(1).cloned().collect(),
        ..settings.clone()
    };
    let graph = (
        "trained",
        input.model.graph.clone(),
        input.model.weights_dir.clone(),
    );
    let mut measuring = Measuring::open(input, &settings, &[graph])?;
    let (item, heard) = measuring.item(word).map_err(|why| {
        let problem = format!("`{id}` cannot be read: {why}");
        refused(problem, "keep the recordings where the manifest says")
    })?;
    let logits = match measuring.scorer() {
        Some(scorer) => scorer.logits(std::slice::from_ref(&item), cancel)?,
        None => vec![],
    };
    let logits = logits.first().copied().unwrap_or_default();
    let mapper = measuring.mappers().first_mut().ok_or_else(|| {
        let problem = "no composite is named".to_owned();
        refused(problem, "give at least one")
    })?;
    let (map, balance) = mapper.map(item.view(), logits, cancel)?;
    let size = heat(map.mapv(f32::abs).view());
    let relevance = size.map_or_else(
        || Array2::zeros(map.dim()),
        |size| {
            ndarray::Zip::from(&map)
                .and(&size)
                .map_collect(|x, s| s.copysign(*x))
        },
    );
    let (hop_secs, bin_hz) = match &input.model.front_end {
        FrontEnd::LogSpectrum(settings) => {
            (settings.hop_length as f64 / 16_000.0, settings.bin_hz())
        }
        _ => (f64::NAN, f64::NAN),
    };
    let tracks = Tracks::of(word).ok();
    let track = |band: usize| -> Vec<Option<f64>> {
        let at = |frame: usize| tracks.as_ref()?.band_hz(band, frame as f64 * hop_secs);
        (0..heard).map(at).collect()
    };
    Ok(Explained {
        input: item,
        relevance,
        heard,
        hop_secs,
        bin_hz,
        logits,
        score: balance.score,
        sum: balance.sum,
        vowels: word.vowels.map(|vowels| from_start(word, vowels)),
        tracks: std::array::from_fn(track),
    })
}
