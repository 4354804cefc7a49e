//! Relevance over frequency.

use phonoscope_analysis::Estimate;

use super::figures::BandFigures;
use super::measuring::Heard;
use super::tables::{SIGNS, VOWELS, crossed, map_of, outcomes, text, with};
use super::{StressSettings, bands};
use crate::report::{Column, Role, Table};
use crate::stress::intervals::mean;
use crate::stress::tracks::BANDS;

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
        let of: [fn(&[f64; 2]) -> f64; 3] = [|x| x[0], |x| x[1], |x| x[0] - x[1]];
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
