//! The model card of a trained classifier, in Markdown.

use std::collections::{BTreeMap, BTreeSet};

use phonoscope_analysis::Estimate;

use super::{Ended, Part, PartFigures, Rotation, TrainSettings, Trained};
use crate::learn::conv::Network;
use crate::stress::{Stress, Words};

/// What a card says that training does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardFacts {
    /// Name of the model.
    pub name: String,
    /// Name of the manifest and the SHA-256 of its bytes.
    pub data: [String; 2],
    /// Licence of the data, and whom to credit.
    pub data_licence: String,
    /// The command that makes the model again.
    pub command: String,
    /// Version of Phonoscope.
    pub phonoscope: String,
}

/// The card: what the classifier is, what it was trained on, how well it does and what it cannot do.
pub fn model_card(
    facts: &CardFacts,
    words: &Words,
    settings: &TrainSettings,
    trained: &Trained,
    (figures, rotated): (&[PartFigures], Option<(&Rotation, &[PartFigures])>),
) -> String {
    let networks = &trained.networks;
    let weights: usize = networks.iter().map(Network::weights).sum();
    let work = networks.iter().map(|n| n.architecture().multiplications());
    let millions = work
        .sum::<phonoscope_analysis::Result<usize>>()
        .map_or_else(|_| "?".into(), |n| format!("{:.1}", n as f64 / 1e6));
    let kind = match networks.as_slice() {
        [one] => format!("`{}`", one.architecture().name),
        _ => format!(
            "the mean score of {} networks `{}` of other seeds, as one",
            networks.len(),
            settings.architecture.name
        ),
    };
    let sections = [
        format!("# {}\n", facts.name),
        format!(
            "Says of an English word of two syllables whether its stress is initial or final. \
             Class 0 is final, class 1 initial; the output `logits` [batch, 2] is before the softmax.\n\n\
             - Network: {kind}, {weights} weights, {millions} million multiplications a word.\n\
             - Input `spectrogram` [batch, 1, 161, 101]: {}. The audio begins where the word begins{}.\n",
            trained.front_end.describe(),
            if settings.word_alone {
                " and ends where it ends"
            } else {
                ""
            },
        ),
        format!("## Data\n\n{}", data(facts, words, settings, trained)),
        format!("## Training\n\n{}", training(facts, settings, trained)),
        format!("## Figures\n\n{}", tables(settings, figures, rotated)),
        format!("## Limits\n\n{}", limits(settings)),
    ];
    sections.join("\n")
}

fn data(facts: &CardFacts, words: &Words, settings: &TrainSettings, trained: &Trained) -> String {
    let own = words
        .words
        .iter()
        .filter(|w| settings.part(w) == Part::Train);
    let count = |stress: Stress| own.clone().filter(|w| w.stress == stress).count();
    let names: BTreeSet<&str> = own.clone().map(|w| w.word.as_str()).collect();
    let speakers: BTreeSet<&str> = own.clone().map(|w| w.speaker.as_str()).collect();
    let fold = |fold: Option<usize>| fold.map_or("none".into(), |fold| fold.to_string());
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for skipped in &trained.skipped {
        *reasons.entry(skipped.reason.as_str()).or_default() += 1;
    }
    let reasons: Vec<String> = reasons
        .iter()
        .map(|(why, n)| format!("{n} × {why}"))
        .collect();
    let skipped = match reasons.as_slice() {
        [] => "none".to_owned(),
        some => some.iter().take(5).cloned().collect::<Vec<_>>().join("; "),
    };
    format!(
        "- Manifest `{}`, SHA-256 {}, {} rows.\n\
         - Licence of the recordings: {}.\n\
         - Trained on {} tokens ({} initial, {} final) of {} words by {} speakers.\n\
         - Folds: {}, {} of each. Left out of training: speakers and words of fold {} (test) and of \
           fold {} (validation), and every word of a minimal pair.\n\
         - Rows that could not be used: {skipped}.\n",
        facts.data[0],
        facts.data[1],
        words.rows,
        facts.data_licence,
        trained.trained_on,
        count(Stress::Initial),
        count(Stress::Final),
        names.len(),
        speakers.len(),
        words.folds_from,
        words.folds,
        fold(settings.test_fold),
        fold(settings.validation_fold),
    )
}

fn training(facts: &CardFacts, settings: &TrainSettings, trained: &Trained) -> String {
    let changes = &settings.augmentation;
    let ended = match trained.ended {
        Ended::Epochs => "all passes were made",
        Ended::Patience => "the validation loss fell no further",
        Ended::Time => "the time that was given was over",
    };
    let last = trained.history.last();
    let labels = if settings.shuffled_labels {
        "- **Labels were shuffled over words: this network is a control and knows nothing of stress.**\n"
    } else {
        ""
    };
    format!(
        "```\n{}\n```\n\n{labels}\
         - AdamW, step size up to {}, weight decay {}, {} words a step, half of each stress; every \
           word of a stress is equally likely, however often it occurs.\n\
         - {} passes of {} steps at most; ended because {ended}; kept: the running average after pass \
           {}. Loss of the last pass {}.\n\
         - Changes: with chance {} the second syllable of another word of the same stress; {} \
           ±{} frames; tempo e^±{}; frequencies e^±{}; gain e^±{}; noise of {} to {} dB with chance \
           {}; masks with chance {}.\n\
         - In training alone, further heads mark the vowels (weight {}) and say their contrasts \
           (weight {}).\n\
         - Seed {}. Phonoscope {}.\n",
        facts.command,
        settings.learning_rate,
        settings.weight_decay,
        settings.batch,
        settings.epochs,
        (trained.trained_on / settings.batch).max(1),
        trained.kept_epoch,
        last.map_or("?".into(), |epoch| format!("{:.3}", epoch.loss)),
        changes.splice,
        if settings.word_alone {
            "start and end"
        } else {
            "start"
        },
        changes.shift_frames,
        changes.tempo,
        changes.warp,
        changes.gain,
        changes.snr_db[0],
        changes.snr_db[1],
        changes.noise,
        changes.mask,
        settings.marks_weight,
        settings.contrasts_weight,
        settings.seed,
        facts.phonoscope,
    )
}

fn tables(
    settings: &TrainSettings,
    figures: &[PartFigures],
    rotated: Option<(&Rotation, &[PartFigures])>,
) -> String {
    let mut text = String::from(
        "Recordings as they are, nothing changed. Intervals: 95 %, bootstrap over words and speakers \
         at once. *Contrasts*: balanced accuracy of a logistic regression on contrasts of the vowels \
         (log duration, level, log F0, F1, F2), fitted on the words trained on, which is given the \
         alignment; *lead*: that of the network on the same words less that of the regression.\n\n",
    );
    text.push_str(&table(figures));
    if settings.test_fold.is_none() {
        text.push_str("\nNothing was left out for a test.\n");
    }
    if let Some((rotation, figures)) = rotated {
        let [least, most] = [
            rotation.trained_on.iter().min(),
            rotation.trained_on.iter().max(),
        ];
        text.push_str(&format!(
            "\n### All folds\n\nThe same training once for every fold, {} in all, each without the \
             speakers and words of its own fold (trained on {} to {} tokens). Every word is told by \
             the networks that do not know it; their figures together:\n\n{}",
            rotation.trained_on.len(),
            least.unwrap_or(&0),
            most.unwrap_or(&0),
            table(figures)
        ));
    }
    text
}

fn table(figures: &[PartFigures]) -> String {
    let shown = |estimate: Option<Estimate>| match estimate {
        Some(e) => format!("{:.3} [{:.3}, {:.3}]", e.value, e.lo, e.hi).replace('-', "−"),
        None => "–".into(),
    };
    let mut text = String::from(
        "| part | tokens | words | speakers | balanced accuracy | accuracy | AUC | contrasts | lead |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for f in figures {
        let [tokens, words, speakers] = f.counts;
        let auc = f.auc.map_or("–".into(), |auc| format!("{auc:.3}"));
        let estimates = [f.balanced_accuracy, f.accuracy, f.contrasts, f.lead].map(shown);
        let [balanced, plain, contrasts, lead] = estimates;
        text.push_str(&format!(
            "| {} | {tokens} | {words} | {speakers} | {balanced} | {plain} | {auc} | {contrasts} | \
             {lead} |\n",
            f.what
        ));
    }
    text
}

fn limits(settings: &TrainSettings) -> String {
    let (alignment, ends) = if settings.word_alone {
        ("begin and end", "starts and ends")
    } else {
        ("begin", "starts")
    };
    format!(
        "- It hears {} s from the start of a word; longer words are cut.\n\
         - Words must {alignment} where they are said to: it was trained with {ends} up to {} ms off.\n\
         - Labels come from a dictionary, those of minimal pairs from parts of speech: some of the \
           latter are wrong.\n\
         - It was trained on the speech of the manifest (style, language, recording); elsewhere it \
           may be worse.\n\
         - Its score is no measure of how well a learner stresses a word.\n",
        settings.clip_secs,
        10 * settings.augmentation.shift_frames
    )
}
