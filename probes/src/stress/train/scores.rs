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
}

impl Score {
    fn right(&self) -> bool {
        (self.score > 0.0) == (self.stress == Stress::Initial)
    }
}

/// How well a part of the words is told.
#[derive(Debug, Clone, PartialEq)]
pub struct PartFigures {
    /// The part.
    pub part: Part,
    /// Tokens, different words, speakers.
    pub counts: [usize; 3],
    /// Mean of the recalls of both stresses.
    pub balanced_accuracy: Option<Estimate>,
    /// Share told right.
    pub accuracy: Option<Estimate>,
    /// Area under the curve of the score.
    pub auc: Option<f64>,
}

/// Figures of every part that there is, with intervals over words and speakers.
pub fn figures(scores: &[Score], draws: usize, seed: u64) -> Vec<PartFigures> {
    let of = |part: Part| {
        let own: Vec<&Score> = scores.iter().filter(|score| score.part == part).collect();
        (!own.is_empty()).then(|| {
            let crossed = Crossed::new(own.iter().map(|s| (s.word.as_str(), s.speaker.as_str())));
            let [words, speakers] = crossed.sizes();
            let classes: Vec<usize> = own.iter().map(|s| s.stress.class()).collect();
            let right: Vec<bool> = own.iter().map(|s| s.right()).collect();
            let of_class = |class: Stress| -> Vec<f64> {
                let own = own.iter().filter(|s| s.stress == class);
                own.map(|s| s.score).collect()
            };
            PartFigures {
                part,
                counts: [own.len(), words, speakers],
                balanced_accuracy: crossed.estimate_share(draws, seed, |counts| {
                    balanced_accuracy(&classes, &right, counts)
                }),
                accuracy: crossed.estimate_share(draws, seed, |counts| share(&right, counts)),
                auc: auc(&of_class(Stress::Final), &of_class(Stress::Initial)).ok(),
            }
        })
    };
    Part::ALL.into_iter().filter_map(of).collect()
}

/// The scores as a table: id, word, speaker, stress, part, score.
pub fn scores_tsv(scores: &[Score]) -> String {
    let mut text = String::from("id\tword\tspeaker\tstress\tpart\tscore\n");
    for s in scores {
        let plain = |name: &str| name.replace(['\t', '\n', '\r', '\\'], " ");
        let names = [&s.id, &s.word, &s.speaker]
            .map(|name| plain(name))
            .join("\t");
        let (stress, part) = (s.stress.name(), s.part.name());
        writeln!(text, "{names}\t{stress}\t{part}\t{:.5}", s.score).ok();
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
}
