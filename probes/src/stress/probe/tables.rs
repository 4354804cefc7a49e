//! The numbers of the probe as tables.

use phonoscope_analysis::Estimate;

use super::baseline::Baseline;
use super::figures::MapFigures;
use super::measuring::Heard;
use super::regions::{REGIONS, Shares, THRESHOLDS};
use super::{StressSettings, split};
use crate::report::{Column, Role, Table};
use crate::stress::Stress;
use crate::stress::intervals::{Crossed, mean};
use crate::stress::train::Part;

/// Signs of relevance.
pub(super) const SIGNS: [&str; 2] = ["positive", "negative"];
/// Vowels.
pub(super) const VOWELS: [&str; 2] = ["stressed vowel", "unstressed vowel"];
/// Tokens from which on a word or speaker has a row of its own.
pub(super) const FEWEST_TOKENS: usize = 3;

pub(super) type Test = Box<dyn Fn(&Heard) -> bool>;

pub(super) fn test(which: impl Fn(&Heard) -> bool + 'static) -> Test {
    Box::new(which)
}

pub(super) fn crossed(own: &[&Heard]) -> Crossed {
    Crossed::new(
        own.iter()
            .map(|h| (h.word.word.as_str(), h.word.speaker.as_str())),
    )
}

pub(super) fn text(values: &[String]) -> Vec<Option<String>> {
    values.iter().cloned().map(Some).collect()
}

/// Groups of words whose accuracy is told apart.
pub(super) fn groups(settings: &StressSettings) -> Vec<(String, Test)> {
    let mut groups: Vec<(String, Test)> = vec![
        (
            "all but minimal pairs".into(),
            test(|h| !h.word.minimal_pair),
        ),
        ("minimal pairs".into(), test(|h| h.word.minimal_pair)),
    ];
    if settings.test_fold.is_some() {
        for part in Part::ALL {
            let rule = split(settings);
            let own = test(move |h| rule.part(&h.word) == part);
            groups.push((part.words().into(), own));
        }
    }
    for (sex, name) in [('f', "women"), ('m', "men")] {
        let own = test(move |h| {
            let own = h.word.sex.as_deref().is_some_and(|s| s.starts_with(sex));
            own && !h.word.minimal_pair
        });
        groups.push((name.into(), own));
    }
    groups
}

/// Groups of words whose relevance is told apart.
pub(super) fn outcomes() -> Vec<(&'static str, Test)> {
    vec![
        ("all", test(|_| true)),
        ("right", test(Heard::right)),
        ("wrong", test(|h| !h.right())),
        ("initial", test(|h| h.word.stress == Stress::Initial)),
        ("final", test(|h| h.word.stress == Stress::Final)),
        ("minimal pairs", test(|h| h.word.minimal_pair)),
    ]
}

/// Words of a group that have a figure, with it.
pub(super) fn with<'a, T>(
    heard: &'a [Heard],
    test: &Test,
    of: impl Fn(&'a Heard) -> Option<T>,
) -> Vec<(&'a Heard, T)> {
    let own = heard.iter().filter(|h| test(h));
    own.filter_map(|h| of(h).map(|figure| (h, figure)))
        .collect()
}

pub(super) fn map_of(heard: &Heard, network: usize, composite: usize) -> Option<&MapFigures> {
    heard.maps.get(network)?.get(composite)
}

/// Relevance over time.
pub(super) fn regions(heard: &[Heard], networks: Vec<&str>, settings: &StressSettings) -> Table {
    let mut texts: [Vec<String>; 5] = Default::default();
    let mut numbers: [Vec<f64>; 9] = Default::default();
    let mut columns: [Vec<Option<Estimate>>; 3] = Default::default();
    for (n, network) in networks.iter().enumerate() {
        for (c, composite) in settings.composites.iter().enumerate() {
            for (sign, sign_name) in SIGNS.iter().enumerate() {
                for (group, test) in outcomes() {
                    let own = with(heard, &test, |h| {
                        Some((map_of(h, n, c)?.shares[sign].as_ref()?, h.sizes?))
                    });
                    if own.is_empty() {
                        continue;
                    }
                    let members: Vec<&Heard> = own.iter().map(|(h, _)| *h).collect();
                    let crossed = crossed(&members);
                    let column = |of: &dyn Fn(&Shares) -> f64| -> Option<Estimate> {
                        let values: Vec<f64> = own.iter().map(|(_, (s, _))| of(s)).collect();
                        crossed.estimate(settings.bootstrap, settings.seed, |counts| {
                            mean(values.iter().copied(), counts)
                        })
                    };
                    let plain = |of: &dyn Fn(&Shares, &[[f64; 5]; 2]) -> f64| -> f64 {
                        let sum: f64 = own.iter().map(|(_, (s, sizes))| of(s, sizes)).sum();
                        sum / own.len() as f64
                    };
                    let mut row =
                        |region: &str, estimates: [Option<Estimate>; 3], plain: [f64; 8]| {
                            let words = [*network, composite.as_str(), *sign_name, group, region];
                            for (to, word) in texts.iter_mut().zip(words) {
                                to.push(word.to_owned());
                            }
                            let all = std::iter::once(own.len() as f64).chain(plain);
                            for (to, value) in numbers.iter_mut().zip(all) {
                                to.push(value);
                            }
                            for (to, value) in columns.iter_mut().zip(estimates) {
                                to.push(value);
                            }
                        };
                    for (r, region) in REGIONS.iter().enumerate() {
                        let mut plains = [f64::NAN; 8];
                        plains[0] = plain(&|_, sizes| sizes[0][r]);
                        plains[1] = plain(&|_, sizes| sizes[1][r]);
                        for k in 0..THRESHOLDS.len() {
                            plains[2 + k] = plain(&|s, _| s.iou[k][r]);
                        }
                        plains[6] = plain(&|s, _| s.iou_mean[r]);
                        plains[7] = plain(&|s, _| s.iou_top[r]);
                        let estimates = [
                            column(&|s| s.share[r]),
                            column(&|s| s.enrichment[r]),
                            column(&|s| s.over_energy[r]),
                        ];
                        row(region, estimates, plains);
                    }
                    for (name, [a, b]) in [
                        ("stressed − unstressed vowel", [0, 1]),
                        ("stressed − unstressed syllable", [2, 3]),
                    ] {
                        let estimates = [
                            column(&|s| s.share[a] - s.share[b]),
                            column(&|s| s.enrichment[a] - s.enrichment[b]),
                            column(&|s| s.over_energy[a] - s.over_energy[b]),
                        ];
                        let mut plains = [f64::NAN; 8];
                        for k in 0..THRESHOLDS.len() {
                            plains[2 + k] = plain(&|s, _| s.iou[k][a] - s.iou[k][b]);
                        }
                        plains[6] = plain(&|s, _| s.iou_mean[a] - s.iou_mean[b]);
                        plains[7] = plain(&|s, _| s.iou_top[a] - s.iou_top[b]);
                        row(name, estimates, plains);
                    }
                }
            }
        }
    }
    let keys = [
        (
            "network",
            "the classifier, its twin with random weights, or one trained on shuffled labels",
        ),
        ("composite", "which layer has which rule of relevance"),
        (
            "sign",
            "relevance that speaks for the explained score, or against it",
        ),
        ("group", "which words"),
        ("region", "where in time; a difference is of the same word"),
    ];
    let mut all: Vec<Column> = keys
        .iter()
        .zip(&texts)
        .map(|((id, meaning), values)| Column::text(id, Role::Key, meaning, text(values)))
        .collect();
    let [share, enrichment, over_energy] = columns;
    all.push(Column::estimate(
        "share",
        "share of the relevance in what is heard",
        None,
        share,
    ));
    all.push(Column::estimate(
        "enrichment",
        "share of the word's relevance over the region's share of the word's frames (of what is heard, \
         outside the word); 1 for relevance spread evenly",
        None,
        enrichment,
    ));
    all.push(Column::estimate(
        "over_energy",
        "share of the word's relevance over the region's share of the input's energy (log magnitude)",
        None,
        over_energy,
    ));
    let plain = [
        ("words", "tokens"),
        ("size_share", "the region's share of the frames"),
        ("energy_share", "the region's share of the energy"),
        (
            "iou_0",
            "intersection over union in time and frequency, relevance above 0",
        ),
        ("iou_0_1", "the same, above 0.1 of the largest"),
        ("iou_0_2", "the same, above 0.2"),
        ("iou_0_5", "the same, above 0.5"),
        (
            "iou_mean",
            "intersection over union of frames, those above the mean",
        ),
        ("iou_top", "the same, as many frames as the region has"),
    ];
    for ((id, meaning), values) in plain.iter().zip(numbers) {
        all.push(Column::number(id, Role::Value, meaning, None, values));
    }
    Table::new(
        "stress_regions",
        "Relevance over time",
        "One row a network, composite, sign, group of words and region; where a test fold is named, of \
         words that were not trained on. Syllables are parted in the middle between the vowels. Means \
         over tokens; intervals resample words and speakers at once.",
        all,
    )
}

/// Where relevance went, layer by layer.
pub(super) fn ledger(heard: &[Heard], settings: &StressSettings) -> Vec<Table> {
    let (mut composites, mut layers) = (Vec::new(), Vec::new());
    let mut numbers: [Vec<f64>; 4] = Default::default();
    for (c, composite) in settings.composites.iter().enumerate() {
        let own: Vec<_> = heard.iter().filter_map(|h| map_of(h, 0, c)).collect();
        let score: f64 = own.iter().map(|m| m.balance.score.abs()).sum();
        let Some(first) = own.first() else { continue };
        for (place, (layer, _)) in first.balance.layers.iter().enumerate() {
            let sum = |k: usize| -> f64 {
                let parts = own.iter().filter_map(|m| {
                    let sign = m.balance.score.signum();
                    Some(sign * m.balance.layers.get(place)?.1[k])
                });
                parts.sum::<f64>() / score
            };
            let [arriving, leaving, bias] = [0, 1, 2].map(sum);
            composites.push(composite.clone());
            layers.push(layer.clone());
            let row = [arriving, leaving, bias, arriving - leaving - bias];
            for (to, value) in numbers.iter_mut().zip(row) {
                to.push(value);
            }
        }
    }
    let [arriving, leaving, bias, rest] = numbers;
    let number = |id: &str, meaning: &str, values: Vec<f64>| {
        Column::number(id, Role::Value, meaning, None, values)
    };
    vec![Table::new(
        "stress_ledger",
        "Where relevance went",
        "One row a composite and layer of the classifier, from the scores down: shares of the explained \
         score, summed over all words.",
        vec![
            Column::text(
                "composite",
                Role::Key,
                "which layer has which rule",
                text(&composites),
            ),
            Column::text("layer", Role::Key, "the layer", text(&layers)),
            number(
                "arriving",
                "relevance that arrives at the layer's output",
                arriving,
            ),
            number("leaving", "relevance that it hands on", leaving),
            number("bias", "relevance that its bias takes", bias),
            number(
                "rest",
                "taken by stabilisers, padding and outputs without contributions",
                rest,
            ),
        ],
    )]
}

/// Every word.
pub(super) fn items(heard: &[Heard], baseline: &Baseline) -> Table {
    let words = |of: &dyn Fn(&Heard) -> Option<String>| heard.iter().map(of).collect::<Vec<_>>();
    let numbers = |of: &dyn Fn(&Heard) -> Option<f64>| {
        heard
            .iter()
            .map(|h| of(h).unwrap_or(f64::NAN))
            .collect::<Vec<_>>()
    };
    let shares = |h: &Heard| map_of(h, 0, 0).and_then(|m| m.shares[0].clone());
    let told: Vec<Option<String>> = baseline
        .iter()
        .map(|class| class.map(|c| Stress::ALL[c.min(1)].name().to_owned()))
        .collect();
    let meta = |id: &str, meaning: &str, values| Column::text(id, Role::Metadata, meaning, values);
    let value = |id: &str, meaning: &str, values: Vec<f64>| {
        Column::number(id, Role::Value, meaning, None, values)
    };
    Table::new(
        "stress_items",
        "Words",
        "One row a token that was heard. Enrichments are of positive relevance by the first composite.",
        vec![
            Column::text(
                "id",
                Role::Key,
                "id in the manifest",
                words(&|h| Some(h.word.id.clone())),
            ),
            meta("word", "the word", words(&|h| Some(h.word.word.clone()))),
            meta(
                "speaker",
                "who says it",
                words(&|h| Some(h.word.speaker.clone())),
            ),
            meta("sex", "sex of the speaker", words(&|h| h.word.sex.clone())),
            meta(
                "stress",
                "where the stress is",
                words(&|h| Some(h.word.stress.name().into())),
            ),
            meta(
                "minimal_pair",
                "whether another word differs by stress alone",
                words(&|h| {
                    let told = if h.word.minimal_pair { "yes" } else { "no" };
                    Some(told.to_owned())
                }),
            ),
            value(
                "score",
                "logit of initial less that of final stress",
                numbers(&|h| Some(f64::from(h.logits[1] - h.logits[0]))),
            ),
            value(
                "right",
                "1 where the network is right",
                numbers(&|h| Some(f64::from(h.right()))),
            ),
            Column::text("contrasts", Role::Value, "what the regression says", told),
            value(
                "stressed_vowel",
                "enrichment of the stressed vowel",
                numbers(&|h| Some(shares(h)?.enrichment[0])),
            ),
            value(
                "unstressed_vowel",
                "enrichment of the unstressed vowel",
                numbers(&|h| Some(shares(h)?.enrichment[1])),
            ),
            meta(
                "missing",
                "what could not be measured of it",
                words(&|h| (!h.missing.is_empty()).then(|| h.missing.join("; "))),
            ),
        ],
    )
}
