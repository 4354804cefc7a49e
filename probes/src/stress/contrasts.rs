//! First against second vowel, and what a regression on that tells of the stress.

use ndarray::{Array2, Axis};
use phonoscope_analysis::classify::logistic;
use phonoscope_analysis::task::Task;

use super::tracks::{CONTRASTS, Tracks, from_start};
use super::{VowelValues, Words};
use crate::error::Result;

/// Inverse of the penalty.
const C: f64 = 1.0;
/// Fewest words of each stress that are fitted on.
const FEWEST: usize = 10;

/// First less second vowel, each of [`CONTRASTS`].
pub(crate) type Contrasts = [Option<f64>; CONTRASTS.len()];

/// First less second vowel.
pub(crate) fn difference([first, second]: VowelValues) -> Contrasts {
    std::array::from_fn(|place| Some(first[place]? - second[place]?))
}

impl Words {
    /// Measures both vowels of every word that has their times and can be read; the others keep none.
    ///
    /// # Errors
    /// Cancellation.
    pub fn measure_vowels(&mut self, task: &Task) -> Result<()> {
        let count = self.words.len() as u64;
        task.progress.start("vowels", "words", Some(count));
        for word in &mut self.words {
            task.check()?;
            task.progress.advance(1);
            let tracks = Tracks::of(word).ok();
            word.vowel_values = word
                .vowels
                .zip(tracks)
                .map(|(vowels, tracks)| tracks.values(from_start(word, vowels)));
        }
        task.progress.finish();
        Ok(())
    }
}

/// The class that a logistic regression fitted on some items gives to others; nothing where too few
/// are fitted on. All are numbers into `contrasts` and `classes`. Classes weigh alike; a contrast
/// that an item lacks counts as the mean of those fitted on.
pub(crate) fn regression(
    contrasts: &[Option<Contrasts>],
    classes: &[usize],
    fitted: &[usize],
    told: &[usize],
) -> Result<Option<Vec<usize>>> {
    let own: Vec<usize> = fitted.iter().map(|n| classes[*n]).collect();
    let ones = own.iter().sum::<usize>();
    if ones < FEWEST || own.len() - ones < FEWEST {
        return Ok(None);
    }
    let scale = Scale::of(contrasts, fitted);
    let model = logistic(scale.rows(contrasts, fitted).view(), &own, C)?;
    // Classes count alike in the figures; so they do here.
    let prior = (ones as f64 / (own.len() - ones) as f64).ln();
    let rows = scale.rows(contrasts, told);
    let scores = rows.dot(&model.coefficients.row(0)) + model.intercepts[0];
    Ok(Some(
        scores.iter().map(|s| usize::from(*s > prior)).collect(),
    ))
}

/// Mean and deviation of each contrast over the words fitted on.
pub(crate) struct Scale([[f64; 2]; CONTRASTS.len()]);

impl Scale {
    pub(crate) fn of(contrasts: &[Option<Contrasts>], fitted: &[usize]) -> Self {
        let mut scale = [[0.0, 1.0]; CONTRASTS.len()];
        for (place, scale) in scale.iter_mut().enumerate() {
            let known = fitted.iter().filter_map(|n| contrasts[*n]?[place]);
            let known: Vec<f64> = known.filter(|x| x.is_finite()).collect();
            let n = known.len().max(1) as f64;
            let mean = known.iter().sum::<f64>() / n;
            let square = known.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
            *scale = [mean, if square > 0.0 { square.sqrt() } else { 1.0 }];
        }
        Self(scale)
    }

    /// Standardised contrasts, as far as they are known.
    pub(crate) fn row(&self, contrasts: Contrasts) -> Contrasts {
        let mut row = contrasts;
        for (value, [mean, deviation]) in row.iter_mut().zip(self.0) {
            *value = value
                .filter(|x| x.is_finite())
                .map(|x| (x - mean) / deviation);
        }
        row
    }

    /// Standardised contrasts `[word, contrast]`, 0 where they are not known.
    fn rows(&self, contrasts: &[Option<Contrasts>], words: &[usize]) -> Array2<f64> {
        let mut rows = Array2::zeros((words.len(), CONTRASTS.len()));
        for (mut row, number) in rows.axis_iter_mut(Axis(0)).zip(words) {
            let values = self.row(contrasts[*number].unwrap_or_default());
            for (to, value) in row.iter_mut().zip(values) {
                *to = value.unwrap_or(0.0);
            }
        }
        rows
    }
}
