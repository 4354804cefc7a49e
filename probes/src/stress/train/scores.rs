//! What a trained classifier makes of every word.

use std::fmt::Write as _;

use phonoscope_analysis::Estimate;
use phonoscope_analysis::stats::auc;

use super::settings::Part;
use crate::stress::Stress;
use crate::stress::intervals::{Crossed, balanced_accuracy, share};

/// A word and its score.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// Id in the manifest.
    pub id: String,
    /// The word.
    pub word: String,
    /// Who says it.
    pub speaker: String,
    /// Its stress.
    pub stress: Stress,
    /// What it was used for.
    pub part: Part,
    /// Logit of initial stress less that of final stress.
    pub score: f64,
    /// What a logistic regression on contrasts of the vowels says, fitted on the words trained on;
    /// nothing where they are not known.
    pub contrasts: Option<Stress>,
}

impl Score {
    fn right(&self) -> bool {
        (self.score > 0.0) == (self.stress == Stress::Initial)
    }
}

/// How well some words are told.
#[derive(Debug, Clone, PartialEq)]
pub struct PartFigures {
    /// Their name in files.
    pub id: &'static str,
    /// What they are, in words.
    pub what: &'static str,
    /// Tokens, different words, speakers.
    pub counts: [usize; 3],
    /// Mean of the recalls of both stresses.
    pub balanced_accuracy: Option<Estimate>,
    /// Share told right.
    pub accuracy: Option<Estimate>,
    /// Area under the curve of the score.
    pub auc: Option<f64>,
    /// Balanced accuracy of a regression on contrasts of the vowels, where they are known.
    pub contrasts: Option<Estimate>,
    /// Balanced accuracy on the same words less that of the regression.
    pub lead: Option<Estimate>,
}

/// Figures of every part that there is, with intervals over words and speakers.
pub fn figures(scores: &[Score], draws: usize, seed: u64) -> Vec<PartFigures> {
    let of = |part: Part| {
        let own: Vec<&Score> = scores.iter().filter(|score| score.part == part).collect();
        (!own.is_empty()).then(|| figures_of((part.name(), part.words()), &own, draws, seed))
    };
    Part::ALL.into_iter().filter_map(of).collect()
}

/// Figures of some words, which have a name and a description.
pub(super) fn figures_of(
    (id, what): (&'static str, &'static str),
    own: &[&Score],
    draws: usize,
    seed: u64,
) -> PartFigures {
    let crossed =
        |of: &[&Score]| Crossed::new(of.iter().map(|s| (s.word.as_str(), s.speaker.as_str())));
    let classes_of =
        |of: &[&Score]| -> Vec<usize> { of.iter().map(|s| s.stress.class()).collect() };
    let whole = crossed(own);
    let [words, speakers] = whole.sizes();
    let classes = classes_of(own);
    let right: Vec<bool> = own.iter().map(|s| s.right()).collect();
    let of_class = |class: Stress| -> Vec<f64> {
        let own = own.iter().filter(|s| s.stress == class);
        own.map(|s| s.score).collect()
    };
    let known: Vec<&Score> = own
        .iter()
        .copied()
        .filter(|s| s.contrasts.is_some())
        .collect();
    let paired = crossed(&known);
    let known_classes = classes_of(&known);
    let network: Vec<bool> = known.iter().map(|s| s.right()).collect();
    let told: Vec<bool> = known
        .iter()
        .map(|s| s.contrasts == Some(s.stress))
        .collect();
    let balanced =
        |right: &[bool], counts: &[f64]| balanced_accuracy(&known_classes, right, counts);
    PartFigures {
        id,
        what,
        counts: [own.len(), words, speakers],
        balanced_accuracy: whole.estimate_share(draws, seed, |counts| {
            balanced_accuracy(&classes, &right, counts)
        }),
        accuracy: whole.estimate_share(draws, seed, |counts| share(&right, counts)),
        auc: auc(&of_class(Stress::Final), &of_class(Stress::Initial)).ok(),
        contrasts: paired.estimate_share(draws, seed, |counts| balanced(&told, counts)),
        lead: paired.estimate(draws, seed, |counts| {
            balanced(&network, counts) - balanced(&told, counts)
        }),
    }
}

/// The scores as a table: id, word, speaker, stress, part, score, and what contrasts of the vowels
/// say (`NA` where not known).
pub fn scores_tsv(scores: &[Score]) -> String {
    let mut text = String::from("id\tword\tspeaker\tstress\tpart\tscore\tcontrasts\n");
    for s in scores {
        let plain = |name: &str| name.replace(['\t', '\n', '\r', '\\'], " ");
        let names = [&s.id, &s.word, &s.speaker]
            .map(|name| plain(name))
            .join("\t");
        let (stress, part) = (s.stress.name(), s.part.name());
        let contrasts = s.contrasts.map_or("NA", Stress::name);
        writeln!(
            text,
            "{names}\t{stress}\t{part}\t{:.5}\t{contrasts}",
            s.score
        )
        .ok();
    }
    text
}

/// Mean over both classes of the cross-entropy, and balanced accuracy.
pub(super) fn judged(logits: &[[f32; 2]], classes: &[usize]) -> (f64, f64) {
    let mut sums = [[0.0f64; 2]; 2];
    let mut right = Vec::with_capacity(classes.len());
    for (logits, class) in logits.iter().zip(classes) {
        let score = f64::from(logits[1]) - f64::from(logits[0]);
        let margin = if *class == 1 { score } else { -score };
        // ln(1 + e^−m), in a form that does not overflow.
        let loss = (-margin).max(0.0) + (-margin.abs()).exp().ln_1p();
        sums[*class][0] += loss;
        sums[*class][1] += 1.0;
        right.push(margin > 0.0 || (margin == 0.0 && *class == 0));
    }
    let loss = sums.iter().map(|[sum, n]| sum / n).sum::<f64>() / 2.0;
    let ones = vec![1.0; classes.len()];
    (loss, balanced_accuracy(classes, &right, &ones))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_by_hand() {
        let (loss, accuracy) = judged(&[[0.0, 0.0], [0.0, 2.0], [1.0, 0.0]], &[0, 1, 1]);
        let softplus = |x: f64| x.exp().ln_1p();
        let expected = (softplus(0.0) + f64::midpoint(softplus(-2.0), softplus(1.0))) / 2.0;
        assert!((loss - expected).abs() < 1e-6);
        assert_eq!(accuracy, 0.75);
    }

    #[test]
    fn the_lead_is_over_the_regression_on_the_same_words() {
        let score = |n: usize, right: bool, contrasts: Option<bool>| {
            let stress = Stress::ALL[n % 2];
            let other = Stress::ALL[1 - n % 2];
            let sign = if right { 1.0 } else { -1.0 };
            Score {
                id: n.to_string(),
                word: format!("w{n}"),
                speaker: format!("s{n}"),
                stress,
                part: Part::Test,
                score: if stress == Stress::Initial {
                    sign
                } else {
                    -sign
                },
                contrasts: contrasts.map(|right| if right { stress } else { other }),
            }
        };
        // The network knows all but one of eight; the regression half of the six that it is asked.
        let scores: Vec<Score> = (0..8)
            .map(|n| score(n, n != 7, (n < 6).then_some(n < 3)))
            .collect();
        let found = &figures(&scores, 50, 1)[0];
        assert_eq!((found.id, found.counts), ("test", [8, 8, 8]));
        assert_eq!(found.balanced_accuracy.unwrap().value, 0.875);
        assert_eq!(found.contrasts.unwrap().value, 0.5);
        assert_eq!(found.lead.unwrap().value, 0.5);
        let text = scores_tsv(&scores);
        assert!(text.lines().nth(1).unwrap().ends_with("\tfinal"));
        assert!(text.lines().nth(8).unwrap().ends_with("\tNA"));
    }
}
