//! What a step is made of.

use ndarray::{Array2, Array3};
use phonoscope_analysis::frontend::LogSpectrum;
use phonoscope_analysis::rng::Stream;
use rand::seq::SliceRandom as _;

use super::clips::Clips;
use super::sampling::Sampler;
use super::settings::TrainSettings;
use crate::error::{Error, Result};
use crate::learn::conv::Aim;
use crate::stress::contrasts::{Contrasts, Scale, difference};
use crate::stress::{Stress, Words};

/// Draws the words of a step.
pub(super) struct Batches<'a> {
    words: &'a Words,
    settings: &'a TrainSettings,
    pub(super) front_end: &'a LogSpectrum,
    sampler: Sampler,
    /// Mean and deviation of each contrast of the vowels, where a head is to say them.
    scale: Option<Scale>,
}

/// Spectrograms of another size than the network's.
pub(super) fn misfit(error: &ndarray::ShapeError) -> Error {
    Error::Request {
        problem: format!("spectrograms do not fit the network: {error}"),
        hint: "its input is 161 bins and 101 frames".into(),
    }
}

impl<'a> Batches<'a> {
    /// Of the words that `sampler` draws from, which are `trained`.
    pub(super) fn new(
        words: &'a Words,
        settings: &'a TrainSettings,
        front_end: &'a LogSpectrum,
        sampler: Sampler,
        trained: &[usize],
    ) -> Self {
        let values = words.words.iter().map(|w| w.vowel_values.map(difference));
        let contrasts: Vec<Option<Contrasts>> = values.collect();
        let wanted = settings.contrasts_weight > 0.0;
        Self {
            scale: wanted.then(|| Scale::of(&contrasts, trained)),
            words,
            settings,
            front_end,
            sampler,
        }
    }

    /// Changed words, half of each class, in a drawn order.
    pub(super) fn draw(&self, clips: &mut Clips, rng: &mut Stream) -> Result<(Array3<f32>, Aim)> {
        let [bins, frames] = self.settings.architecture.input;
        let mut classes: Vec<usize> = (0..self.settings.batch).map(|item| item % 2).collect();
        classes.shuffle(rng);
        let steps = self.settings.architecture.mark_steps()?;
        let marked = self.settings.marks_weight > 0.0;
        let mut marks = Array3::zeros((classes.len(), self.settings.architecture.marks, steps));
        let kinds = self.settings.architecture.measures;
        let mut measures = Array2::from_elem((classes.len(), kinds), f32::NAN);
        let mut values = Vec::with_capacity(classes.len() * bins * frames);
        for (item, class) in classes.iter().enumerate() {
            let word = self.sampler.draw(
                *class,
                &self.words.words,
                clips,
                &self.settings.augmentation,
                rng,
            )?;
            let heard = self.heard_frames(word.magnitudes.nrows());
            let rows = word.magnitudes.slice(ndarray::s![..heard, ..]);
            let mut input = self.front_end.finish(rows);
            self.settings
                .augmentation
                .masked(&mut input, frames, heard, rng);
            values.extend(input);
            if let (true, Some(vowels)) = (marked, word.vowels) {
                mark(&mut marks, item, vowels, *class, frames);
            }
            if let (Some(scale), Some(values)) = (&self.scale, word.values) {
                let row = scale.row(difference(values));
                for (to, value) in measures.row_mut(item).iter_mut().zip(row) {
                    *to = value.map_or(f32::NAN, |x| x as f32);
                }
            }
        }
        let x = Array3::from_shape_vec((classes.len(), bins, frames), values);
        let x = x.map_err(|error| misfit(&error))?;
        let aim = Aim {
            classes,
            smoothing: self.settings.smoothing,
            marks: marked.then_some(marks),
            marks_weight: self.settings.marks_weight,
            measures: self.scale.is_some().then_some(measures),
            measures_weight: self.settings.contrasts_weight,
        };
        Ok((x, aim))
    }

    /// Frames of so many that the front end hears.
    fn heard_frames(&self, frames: usize) -> usize {
        let hop = self.front_end.hop_length;
        let most = 1 + self.front_end.heard_samples(usize::MAX / 2) / hop;
        frames.min(most).min(self.front_end.frames)
    }
}

/// What the head for training should mark: first vowel, second vowel, the stressed one, the other.
fn mark(marks: &mut Array3<f32>, item: usize, vowels: [[f32; 2]; 2], class: usize, frames: usize) {
    let (_, kinds, steps) = marks.dim();
    let stressed = if class == Stress::Initial.class() {
        0
    } else {
        1
    };
    let width = frames as f32 / steps.max(1) as f32;
    for step in 0..steps {
        let at = step as f32 * width;
        for (place, vowel) in vowels.iter().enumerate() {
            if at < vowel[0] || at >= vowel[1] {
                continue;
            }
            let role = if place == stressed { 2 } else { 3 };
            for kind in [place, role].into_iter().filter(|kind| *kind < kinds) {
                marks[[item, kind, step]] = 1.0;
            }
        }
    }
}
