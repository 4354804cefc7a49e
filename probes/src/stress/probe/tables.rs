//! The numbers of the probe as tables.

use std::collections::BTreeMap;

use phonoscope_analysis::Estimate;
use phonoscope_analysis::classify::majority;

use super::baseline::Baseline;
use super::measuring::{BandFigures, Heard, MapFigures};
use super::regions::{REGIONS, Shares, THRESHOLDS};
use super::tracks::BANDS;
use super::{StressSettings, bands, split};
use crate::report::{Column, Role, Table};
use crate::stress::Stress;
use crate::stress::intervals::{Crossed, balanced_accuracy, mean, share};
use crate::stress::train::Part;

/// Signs of relevance.
pub(super) const SIGNS: [&str; 2] = ["positive", "negative"];
/// Vowels.
const VOWELS: [&str; 2] = ["stressed vowel", "unstressed vowel"];
/// Tokens from which on a word or speaker has a row of its own.
const FEWEST_TOKENS: usize = 3;

type Test = Box<dyn Fn(&Heard) -> bool>;

fn test(which: impl Fn(&Heard) -> bool + 'static) -> Test {
    Box::new(which)
}

fn crossed<'a>(own: &[&'a Heard]) -> Crossed {
    Crossed::new(
        own.iter()
            .map(|h| (h.word.word.as_str(), h.word.speaker.as_str())),
    )
}

fn text(values: &[String]) -> Vec<Option<String>> {
    values.iter().cloned().map(Some).collect()
}

/// Groups of words whose accuracy is told apart.
fn groups(settings: &StressSettings) -> Vec<(String, Test)> {
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
            columns[0]
                .push(crossed.estimate(draws, seed, |c| balanced_accuracy(&classes, right, c)));
            columns[1].push(crossed.estimate(draws, seed, |c| share(right, c)));
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

/// Groups of words whose relevance is told apart.
fn outcomes() -> Vec<(&'static str, Test)> {
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
fn with<'a, T>(
    heard: &'a [Heard],
    test: &Test,
    of: impl Fn(&'a Heard) -> Option<T>,
) -> Vec<(&'a Heard, T)> {
    let own = heard.iter().filter(|h| test(h));
    own.filter_map(|h| of(h).map(|figure| (h, figure)))
        .collect()
}

fn map_of(heard: &Heard, network: usize, composite: usize) -> Option<&MapFigures> {
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
        "One row a network, composite, sign, group of words and region. Syllables are parted in the \
         middle between the vowels. Means over tokens; intervals resample words and speakers at once.",
        all,
    )
}

/// Relevance over frequency.
pub(super) fn bands(heard: &[Heard], networks: Vec<&str>, settings: &StressSettings) -> Vec<Table> {
    let estimate = |own: &[&Heard], values: &[f64]| {
        crossed(own).estimate(settings.bootstrap, settings.seed, |counts| {
            mean(values.iter().copied(), counts)
        })
    };
    let mut texts: [Vec<String>; 6] = Default::default();
    let mut tokens = Vec::new();
    let mut columns: [Vec<Option<Estimate>>; 5] = Default::default();
    for (n, network) in networks.iter().enumerate() {
        for (c, composite) in settings.composites.iter().enumerate() {
            for (sign, sign_name) in SIGNS.iter().enumerate() {
                for (group, test) in outcomes().into_iter().take(3) {
                    for (v, vowel) in VOWELS.iter().enumerate() {
                        for (b, band) in BANDS.iter().enumerate() {
                            let own = with(heard, &test, |h| map_of(h, n, c)?.bands[sign][v][b]);
                            if own.is_empty() {
                                continue;
                            }
                            let words = [
                                *network,
                                composite.as_str(),
                                *sign_name,
                                group,
                                *vowel,
                                *band,
                            ];
                            for (to, word) in texts.iter_mut().zip(words) {
                                to.push(word.to_owned());
                            }
                            tokens.push(own.len() as f64);
                            let members: Vec<&Heard> = own.iter().map(|(h, _)| *h).collect();
                            let column = |of: &dyn Fn(&BandFigures) -> f64| {
                                let values: Vec<f64> = own.iter().map(|(_, f)| of(f)).collect();
                                estimate(&members, &values)
                            };
                            let made = [
                                column(&|f| f.density),
                                column(&|f| f.energy),
                                column(&|f| f.density / f.energy),
                                column(&|f| f.shifted),
                                column(&|f| f.density - f.shifted),
                            ];
                            for (to, value) in columns.iter_mut().zip(made) {
                                to.push(value);
                            }
                        }
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
        ("vowel", "in which vowel"),
        ("band", "around which track"),
    ];
    let mut all: Vec<Column> = keys
        .iter()
        .zip(&texts)
        .map(|((id, meaning), values)| Column::text(id, Role::Key, meaning, text(values)))
        .collect();
    all.push(Column::number(
        "words",
        Role::Metadata,
        "tokens with the track",
        None,
        tokens,
    ));
    let meanings = [
        (
            "density",
            "mean relevance in the band over the mean in the vowel; 1 for even relevance",
        ),
        (
            "energy",
            "mean input in the band over the mean in the vowel, the same way",
        ),
        ("over_energy", "density over that of the input"),
        (
            "shifted",
            "density in the band moved by 300 Hz up and down, their mean",
        ),
        ("over_shifted", "density less that of the moved bands"),
    ];
    for ((id, meaning), values) in meanings.iter().zip(columns) {
        all.push(Column::estimate(id, meaning, None, values));
    }
    vec![
        Table::new(
            "stress_bands",
            "Relevance over frequency",
            "One row a network, composite, sign, group, vowel and band: the track's bin and one on either \
             side, 150 Hz in all; cells where bands overlap go to the nearest track. F0 only where \
             voiced. A band of 50 Hz bins cannot part F0 from F1 where they touch.",
            all,
        ),
        sensitivity(heard, settings),
        occlusion(heard, settings),
    ]
}

fn sensitivity(heard: &[Heard], settings: &StressSettings) -> Table {
    let (mut names, mut kinds, mut settings_used) = (Vec::new(), Vec::new(), Vec::new());
    let (mut tokens, mut values) = (Vec::new(), Vec::new());
    let mut row = |band: usize, kind: &str, used: f64, of: &dyn Fn(&Heard) -> Option<f64>| {
        let own: Vec<(&Heard, f64)> = heard.iter().filter_map(|h| Some((h, of(h)?))).collect();
        if own.is_empty() {
            return;
        }
        let members: Vec<&Heard> = own.iter().map(|(h, _)| *h).collect();
        names.push(bands::name(band).to_owned());
        kinds.push(kind.to_owned());
        settings_used.push(used);
        tokens.push(own.len() as f64);
        values.push(
            crossed(&members).estimate(settings.bootstrap, settings.seed, |counts| {
                mean(own.iter().map(|(_, value)| *value), counts)
            }),
        );
    };
    for band in 0..BANDS.len() {
        for (k, width) in bands::WIDTHS.iter().enumerate() {
            let hz = (2 * width + 1) as f64 * 50.0;
            row(band, "width", hz, &|h| {
                map_of(h, 0, 0)?.sensitivity.as_ref()?.widths[k][band]
            });
        }
        for (k, error) in bands::ERRORS_HZ.iter().enumerate() {
            row(band, "error of the track", *error, &|h| {
                map_of(h, 0, 0)?.sensitivity.as_ref()?.errors[k][band]
            });
        }
    }
    Table::new(
        "stress_band_sensitivity",
        "Other widths and wrong tracks",
        "Density of positive relevance in bands of the stressed vowel, first composite, by the width of \
         the band, and with tracks that are wrong by so much (mean of both directions).",
        vec![
            Column::text("band", Role::Key, "around which track", text(&names)),
            Column::text("changed", Role::Key, "what is changed", text(&kinds)),
            Column::number(
                "by",
                Role::Key,
                "width, or error",
                Some("Hz"),
                settings_used,
            ),
            Column::number("words", Role::Metadata, "tokens", None, tokens),
            Column::estimate(
                "density",
                "mean in the band over the mean in the vowel",
                None,
                values,
            ),
        ],
    )
}

fn occlusion(heard: &[Heard], settings: &StressSettings) -> Table {
    let mut names = Vec::new();
    let mut tokens = Vec::new();
    let mut columns: [Vec<Option<Estimate>>; 3] = Default::default();
    for (b, band) in BANDS.iter().enumerate() {
        let own: Vec<(&Heard, [f64; 2])> = heard
            .iter()
            .filter_map(|h| Some((h, h.occlusion[b]?)))
            .collect();
        if own.is_empty() {
            continue;
        }
        let members: Vec<&Heard> = own.iter().map(|(h, _)| *h).collect();
        let crossed = crossed(&members);
        names.push((*band).to_owned());
        tokens.push(own.len() as f64);
        let of: [&dyn Fn(&[f64; 2]) -> f64; 3] = [&|x| x[0], &|x| x[1], &|x| x[0] - x[1]];
        for (to, of) in columns.iter_mut().zip(of) {
            to.push(
                crossed.estimate(settings.bootstrap, settings.seed, |counts| {
                    mean(own.iter().map(|(_, x)| of(x)), counts)
                }),
            );
        }
    }
    let [own, moved, lead] = columns;
    Table::new(
        "stress_occlusion",
        "Score when a band is hidden",
        "Bands of the stressed vowel replaced by the mean of the bins around them: fall of the logit of \
         the predicted class less that of the other. Uses no relevance: a check of it.",
        vec![
            Column::text("band", Role::Key, "around which track", text(&names)),
            Column::number("words", Role::Metadata, "tokens", None, tokens),
            Column::estimate("fall", "fall of the score", None, own),
            Column::estimate(
                "fall_shifted",
                "the same for bands moved by 300 Hz, their mean",
                None,
                moved,
            ),
            Column::estimate("lead", "fall less that of the moved bands", None, lead),
        ],
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
