//! A word of a stress report, found again: its sound, its vowels, and what the classifier looks at.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use phonoscope_analysis::task::Task;
use phonoscope_probes::report::Report;
use phonoscope_probes::stress::{Explained, Stress, Words};

use super::corpus::Corpus;
use super::sound::{Grid, Recording, Spectrogram};
use super::{Services, WordAsked};

/// A word to find and explain.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) corpus: Corpus,
    pub(crate) report: Arc<Report>,
    pub(crate) id: String,
    pub(crate) composite: String,
}

/// A word that was found. Seconds count from its start.
#[derive(Debug)]
pub(crate) struct WordSeen {
    pub(crate) recording: Recording,
    /// What the network hears, or the recording where there is no network.
    pub(crate) picture: Spectrogram,
    pub(crate) vowels: Option<[[f64; 2]; 2]>,
    /// Place of the stressed vowel.
    pub(crate) stressed: usize,
    /// What the network looks at, or why nothing is known of it.
    pub(crate) relevance: Result<Relevance, String>,
}

/// What the network looks at in a word.
#[derive(Debug)]
pub(crate) struct Relevance {
    pub(crate) grid: Grid,
    /// From −1 to 1 by places of the grid: for and against the explained score.
    values: Vec<f32>,
    /// Logits of final and initial stress.
    pub(crate) logits: [f32; 2],
    /// Share of the absolute relevance that lies in the padding after what is heard.
    pub(crate) in_padding: f64,
    /// Sum of the map, and the score that it explains.
    pub(crate) sum: f64,
    pub(crate) score: f64,
    /// F0 to F3 by column, as parts of the height.
    pub(crate) tracks: Vec<Vec<Option<f64>>>,
}

/// Which relevance is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Sign {
    #[default]
    Both,
    For,
    Against,
}

impl Sign {
    pub(crate) const ALL: [Self; 3] = [Self::Both, Self::For, Self::Against];

    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Both => "for and against",
            Self::For => "for",
            Self::Against => "against",
        }
    }

    fn shows(self, value: f32) -> bool {
        match self {
            Self::Both => true,
            Self::For => value > 0.0,
            Self::Against => value < 0.0,
        }
    }
}

impl Relevance {
    fn of(found: &Explained) -> Self {
        let (bins, frames) = found.relevance.dim();
        let heard = found.heard.clamp(1, frames.max(1));
        let all: f64 = found.relevance.iter().map(|x| f64::from(x.abs())).sum();
        let values: Vec<f32> = by_frame(&found.relevance, heard);
        let within: f64 = values.iter().map(|x| f64::from(x.abs())).sum();
        let top_hz = found.bin_hz * bins.saturating_sub(1).max(1) as f64;
        let heights = |track: &Vec<Option<f64>>| {
            let unit = |hz: &Option<f64>| hz.map(|hz| hz / top_hz).filter(|unit| *unit <= 1.0);
            track.iter().map(unit).collect()
        };
        Self {
            grid: Grid {
                columns: heard,
                bands: bins,
            },
            values,
            logits: found.logits,
            in_padding: if all > 0.0 { 1.0 - within / all } else { 0.0 },
            sum: found.sum,
            score: found.score,
            tracks: found.tracks.iter().map(heights).collect(),
        }
    }

    /// The strongest relevance of a sign that cell (x, y) of a picture covers; 0 where there is none.
    pub(crate) fn strongest(&self, cell: (usize, usize), size: (usize, usize), sign: Sign) -> f64 {
        let covered = self.grid.covered(cell, size);
        let values = covered.filter_map(|at| self.values.get(at).copied());
        let shown = values.filter(|v| sign.shows(*v));
        f64::from(shown.fold(
            0.0,
            |most: f32, v| if v.abs() > most.abs() { v } else { most },
        ))
    }

    /// The height of a track in column `x` of `width`.
    pub(crate) fn track(&self, band: usize, x: usize, width: usize) -> Option<f64> {
        let column = x * self.grid.columns / width.max(1);
        self.tracks.get(band)?.get(column).copied().flatten()
    }

    /// What the network says.
    pub(crate) fn says(&self) -> Stress {
        match self.logits {
            [last, first] if first > last => Stress::Initial,
            _ => Stress::Final,
        }
    }
}

/// The first `frames` columns of `[bin, frame]`, by places of a grid.
fn by_frame(map: &ndarray::Array2<f32>, frames: usize) -> Vec<f32> {
    let columns = map.columns().into_iter().take(frames);
    columns.flat_map(|column| column.to_vec()).collect()
}

impl Asked {
    /// Finds the word, and has it explained where its model is here.
    ///
    /// # Errors
    /// When the manifest or the recording is not here, or the task is cancelled.
    pub(crate) fn see(&self, services: &dyn Services, task: &Task) -> Result<WordSeen> {
        let words = Words::of(&self.corpus.manifest()?)?;
        let word = words.words.iter().find(|word| word.id == self.id);
        let word = word.with_context(|| format!("the manifest has no word `{}`", self.id))?;
        let recording = Recording {
            id: word.id.clone(),
            path: word.audio.clone(),
            start_secs: Some(word.start_secs),
            end_secs: word.end_secs,
            folders: vec![std::path::PathBuf::new()],
        };
        task.check()?;
        let asked = WordAsked {
            report: &self.report,
            folders: &self.corpus.folders,
            words: &words,
            id: &self.id,
            composite: &self.composite,
        };
        let found = services.explain(&asked, task);
        task.check()?;
        let picture = match &found {
            Ok(found) => {
                let frames = found.heard.clamp(1, found.input.ncols().max(1));
                let grid = Grid {
                    columns: frames,
                    bands: found.input.nrows(),
                };
                let secs = frames as f64 * found.hop_secs;
                let values = by_frame(&found.input, frames);
                Spectrogram::of_values(grid, secs, &values)
            }
            Err(_) => recording.spectrogram(task)?,
        };
        let from_start = |secs: f64| secs - word.start_secs;
        let vowels = word
            .vowels
            .map(|vowels| vowels.map(|v| [from_start(v.start_secs), from_start(v.end_secs)]));
        Ok(WordSeen {
            recording,
            picture,
            vowels,
            stressed: word.stress.vowel(),
            relevance: found
                .map(|found| Relevance::of(&found))
                .map_err(|why| format!("{why:#}")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_cell_shows_its_strongest_relevance_of_the_sign_asked_for() {
        let found = Explained {
            input: ndarray::Array2::zeros((3, 4)),
            relevance: array![
                [0.1, 0.0, 0.0, 0.5],
                [0.0, -0.9, 0.0, 0.0],
                [0.0, 0.4, 0.0, 0.0]
            ],
            heard: 2,
            hop_secs: 0.01,
            bin_hz: 50.0,
            logits: [0.5, 2.0],
            score: 2.0,
            sum: 1.9,
            vowels: None,
            tracks: [vec![Some(50.0), None], vec![Some(200.0); 2], vec![], vec![]],
        };
        let relevance = Relevance::of(&found);
        let cell = |sign| relevance.strongest((1, 0), (2, 1), sign);
        assert_eq!(cell(Sign::Both), f64::from(-0.9f32));
        assert_eq!(cell(Sign::For), f64::from(0.4f32));
        assert_eq!(relevance.strongest((0, 0), (2, 1), Sign::Against), 0.0);
        assert!((relevance.in_padding - 0.5 / 1.9).abs() < 1e-6);
        assert_eq!(relevance.says(), Stress::Initial);
        // 50 of 100 Hz; 200 Hz lies above the picture.
        assert_eq!(relevance.track(0, 0, 2), Some(0.5));
        assert_eq!(
            (relevance.track(0, 1, 2), relevance.track(1, 0, 2)),
            (None, None)
        );
    }
}
