//! What readable contrasts of the two vowels are worth.

use std::collections::BTreeMap;

use super::measuring::Heard;
use super::{StressSettings, split};
use crate::error::Result;
use crate::stress::contrasts::{Contrasts, regression};
use crate::stress::train::Part;

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
    let contrasts: Vec<Option<Contrasts>> = heard.iter().map(|h| h.contrasts).collect();
    let classes: Vec<usize> = heard.iter().map(|h| h.word.stress.class()).collect();
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
        let classes = regression(&contrasts, &classes, &fitted, &told)?;
        for (number, class) in told.iter().zip(classes.unwrap_or_default()) {
            found[*number] = Some(class);
        }
    }
    Ok(found)
}
