//! What readable contrasts of the two vowels are worth.

use std::collections::BTreeMap;

use ndarray::{Array2, Axis};
use phonoscope_analysis::classify::logistic;

use super::measuring::Heard;
use super::tracks::CONTRASTS;
use super::{StressSettings, split};
use crate::error::Result;
use crate::stress::train::Part;

/// Inverse of the penalty.
const C: f64 = 1.0;
/// Fewest words of each stress that are fitted on.
const FEWEST: usize = 10;

/// The class that the regression gives to each word; nothing where it could not be fitted or the
/// word has no vowels.
pub(super) type Baseline = Vec<Option<usize>>;

/// Logistic regression of stress on contrasts of the vowels.
///
/// With a test fold it is fitted on what the classifier was trained on. Without, every word is told
/// by a regression of words that share neither its fold of speakers nor its fold of words. A contrast
/// that a word lacks counts as the mean of those fitted on. Minimal pairs are never fitted on.
pub(super) fn contrasts(heard: &[Heard], settings: &StressSettings) -> Result<Baseline> {
    let rule = split(settings);
    let mut found = vec![None; heard.len()];
    let usable = |n: &usize| heard[*n].contrasts.is_some();
    // Words told by the same regression.
    let mut groups: BTreeMap<Option<(usize, usize)>, Vec<usize>> = BTreeMap::new();
    for number in (0..heard.len()).filter(usable) {
        let word = &heard[number].word;
        let key = match settings.test_fold {
            Some(_) => None,
            None => Some((word.speaker_fold, word.word_fold)),
        };
        groups.entry(key).or_default().push(number);
    }
    for (key, told) in groups {
        let fits = |number: &usize| {
            let word = &heard[*number].word;
            let apart = match key {
                None => rule.part(word) == Part::Train,
                Some((speaker, name)) => word.speaker_fold != speaker && word.word_fold != name,
            };
            usable(number) && !word.minimal_pair && apart
        };
        let fitted: Vec<usize> = (0..heard.len()).filter(fits).collect();
        let classes: Vec<usize> = fitted
            .iter()
            .map(|n| heard[*n].word.stress.class())
            .collect();
        let ones = classes.iter().sum::<usize>();
        if ones < FEWEST || classes.len() - ones < FEWEST {
            continue;
        }
        let scale = Scale::of(heard, &fitted);
        let model = logistic(scale.rows(heard, &fitted).view(), &classes, C)?;
        // Classes count alike in the figures; so they do here.
        let prior = (ones as f64 / (classes.len() - ones) as f64).ln();
        let scores = scale.rows(heard, &told).dot(&model.coefficients.row(0)) + model.intercepts[0];
        for (number, score) in told.iter().zip(&scores) {
            found[*number] = Some(usize::from(*score > prior));
        }
    }
    Ok(found)
}

/// Mean and deviation of each contrast over the words fitted on.
struct Scale([[f64; 2]; CONTRASTS.len()]);

impl Scale {
    fn of(heard: &[Heard], fitted: &[usize]) -> Self {
        let mut scale = [[0.0, 1.0]; CONTRASTS.len()];
        for (place, scale) in scale.iter_mut().enumerate() {
            let known = fitted.iter().filter_map(|n| heard[*n].contrasts?[place]);
            let known: Vec<f64> = known.filter(|x| x.is_finite()).collect();
            let n = known.len().max(1) as f64;
            let mean = known.iter().sum::<f64>() / n;
            let square = known.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
            *scale = [mean, if square > 0.0 { square.sqrt() } else { 1.0 }];
        }
        Self(scale)
    }

    /// Standardised contrasts `[word, contrast]`.
    fn rows(&self, heard: &[Heard], words: &[usize]) -> Array2<f64> {
        let mut rows = Array2::zeros((words.len(), CONTRASTS.len()));
        for (mut row, number) in rows.axis_iter_mut(Axis(0)).zip(words) {
            let values = heard[*number].contrasts.unwrap_or_default();
            for ((to, value), [mean, deviation]) in row.iter_mut().zip(values).zip(self.0) {
                *to = value
                    .filter(|x| x.is_finite())
                    .map_or(0.0, |x| (x - mean) / deviation);
            }
        }
        rows
    }
}
