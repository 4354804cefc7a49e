//! How often the network is right, beside what knows less.

use std::collections::BTreeMap;

use phonoscope_analysis::Estimate;
use phonoscope_analysis::classify::majority;

use super::StressSettings;
use super::baseline::Baseline;
use super::measuring::Heard;
use super::tables::{FEWEST_TOKENS, crossed, groups, text};
use crate::report::{Column, Role, Table};
use crate::stress::Stress;
use crate::stress::intervals::{balanced_accuracy, share};

/// Accuracy by group, word and speaker.
pub(super) fn accuracy(
    heard: &[Heard],
    baseline: &Baseline,
    settings: &StressSettings,
) -> Vec<Table> {
    let told = |name: &str| name.to_owned();
    let (mut names, mut methods) = (Vec::new(), Vec::new());
    let mut counts: [Vec<f64>; 3] = Default::default();
    let mut columns: [Vec<Option<Estimate>>; 3] = Default::default();
    let classes_of = |own: &[usize]| -> Vec<usize> {
        own.iter().map(|n| heard[*n].word.stress.class()).collect()
    };
    for (name, test) in groups(settings) {
        let own: Vec<usize> = (0..heard.len()).filter(|n| test(&heard[*n])).collect();
        if own.is_empty() {
            continue;
        }
        let with_baseline: Vec<usize> = own
            .iter()
            .copied()
            .filter(|n| baseline[*n].is_some())
            .collect();
        let network: Vec<bool> = own.iter().map(|n| heard[*n].right()).collect();
        let folds: Vec<usize> = own.iter().map(|n| heard[*n].word.word_fold).collect();
        let commonest = majority(&classes_of(&own), &folds).ok();
        let commonest: Option<Vec<bool>> = commonest.map(|told| {
            told.iter()
                .zip(classes_of(&own))
                .map(|(told, class)| *told == class)
                .collect()
        });
        let contrasts: Vec<bool> = with_baseline
            .iter()
            .map(|n| baseline[*n] == Some(heard[*n].word.stress.class()))
            .collect();
        let mut row = |method: &str, own: &[usize], right: &[bool]| {
            let members: Vec<&Heard> = own.iter().map(|n| &heard[*n]).collect();
            let crossed = crossed(&members);
            let classes = classes_of(own);
            let (draws, seed) = (settings.bootstrap, settings.seed);
            names.push(name.clone());
            methods.push(told(method));
            let [words, speakers] = crossed.sizes();
            for (to, n) in counts.iter_mut().zip([own.len(), words, speakers]) {
                to.push(n as f64);
            }
            columns[0].push(
                crossed.estimate_share(draws, seed, |c| balanced_accuracy(&classes, right, c)),
            );
            columns[1].push(crossed.estimate_share(draws, seed, |c| share(right, c)));
            let lead = (method == "contrasts of vowels").then(|| {
                let network: Vec<bool> = own.iter().map(|n| heard[*n].right()).collect();
                crossed.estimate(draws, seed, |c| {
                    balanced_accuracy(&classes, &network, c) - balanced_accuracy(&classes, right, c)
                })
            });
            columns[2].push(lead.flatten());
        };
        row("network", &own, &network);
        if !with_baseline.is_empty() {
            row("contrasts of vowels", &with_baseline, &contrasts);
        }
        if let Some(commonest) = commonest {
            row("commonest stress", &own, &commonest);
        }
    }
    let [balanced, plain, lead] = columns;
    let [tokens, words, speakers] = counts;
    let number = |id: &str, meaning: &str, values: Vec<f64>| {
        Column::number(id, Role::Metadata, meaning, None, values)
    };
    vec![
        Table::new(
            "stress_accuracy",
            "How often the stress is told right",
            "One row a group of words and a method. `contrasts of vowels` is a logistic regression on \
             the first less the second vowel: log duration, level, log F0, log F1, log F2; on words \
             that have them, fitted on other words and speakers. `commonest stress` is that of other \
             folds of words. Intervals resample words and speakers at once.",
            vec![
                Column::text("group", Role::Key, "which words", text(&names)),
                Column::text("method", Role::Key, "who tells", text(&methods)),
                number("tokens", "tokens", tokens),
                number("words", "different words", words),
                number("speakers", "speakers", speakers),
                Column::estimate(
                    "balanced_accuracy",
                    "mean of the recalls of both stresses",
                    None,
                    balanced,
                ),
                Column::estimate("accuracy", "share told right", None, plain),
                Column::estimate(
                    "network_lead",
                    "balanced accuracy of the network on the same words less that of the regression",
                    None,
                    lead,
                ),
            ],
        ),
        by_name(heard, "stress_by_word", "word", |h| h.word.word.clone()),
        by_name(heard, "stress_by_speaker", "speaker", |h| {
            h.word.speaker.clone()
        }),
    ]
}

fn by_name(heard: &[Heard], id: &str, what: &str, of: impl Fn(&Heard) -> String) -> Table {
    let mut counts: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    for h in heard {
        let count = counts.entry(of(h)).or_default();
        count[0] += 1;
        count[1] += usize::from(h.right());
        count[2] += usize::from(h.word.stress == Stress::Initial);
    }
    counts.retain(|_, [tokens, ..]| *tokens >= FEWEST_TOKENS);
    let names: Vec<String> = counts.keys().cloned().collect();
    let of = |place: usize| {
        counts
            .values()
            .map(move |c| c[place] as f64)
            .collect::<Vec<_>>()
    };
    let shares: Vec<f64> = counts.values().map(|c| c[1] as f64 / c[0] as f64).collect();
    Table::new(
        id,
        &format!("Words told right, by {what}"),
        &format!("One row a {what} with at least {FEWEST_TOKENS} tokens; too few for intervals."),
        vec![
            Column::text(what, Role::Key, &format!("the {what}"), text(&names)),
            Column::number("tokens", Role::Metadata, "tokens", None, of(0)),
            Column::number(
                "initial",
                Role::Metadata,
                "tokens with initial stress",
                None,
                of(2),
            ),
            Column::number("accuracy", Role::Value, "share told right", None, shares),
        ],
    )
}
