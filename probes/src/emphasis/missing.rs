//! What the data cannot give, in words.

use super::design::{Design, Kind};
use super::input::EmphasisInput;
use super::resampling::FEWEST_WORDS;

impl Design {
    pub(super) fn say_what_is_missing(&mut self, input: &EmphasisInput) {
        let mut say = |words: String| self.missing.push(words);
        if !self.conditions.iter().any(|c| c.kind == Kind::Neutral) {
            say(
                "the neutral–neutral null is not available: no pair has a second neutral version"
                    .into(),
            );
        }
        if !self.conditions.iter().any(|c| c.kind == Kind::Control) {
            say("specificity is not available: there are no control versions (whole-word rate, pitch, gain)".into());
        }
        let n = self.words.len();
        if (2..FEWEST_WORDS).contains(&n) {
            say(format!(
                "intervals speak for other speakers, not for other words: there are {n} words, fewer than {FEWEST_WORDS}"
            ));
        }
        if n >= FEWEST_WORDS && self.pairs.iter().any(|p| p.word.is_none()) {
            say(
                "intervals speak for other speakers, not for other words: some rows have no `word`"
                    .into(),
            );
        }
        match n {
            0 => say("word identity and word-disjoint folds are not available: the manifest has no `word`".into()),
            1 => say("word identity and word-disjoint folds are not available: there is one word".into()),
            _ => {}
        }
        if input.versions.iter().all(|v| v.source.is_none()) {
            say("versions of one recording are kept together by `pair` alone: the manifest has no `source`".into());
        }
        if input.versions.iter().all(|v| v.length_secs.is_none()) {
            say(
                "the length-only baseline is not available: the spans have no start and end".into(),
            );
        }
        for edit in input.edits.iter().filter(|e| e.column.is_none()) {
            let name = edit.edit.column();
            say(format!(
                "how well residuals tell `{name}` is not available: the manifest has no such column"
            ));
        }
    }
}
