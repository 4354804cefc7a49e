//! A small made-up stress report, its manifest with recordings, and a classifier's made-up maps.

use std::path::Path;

use ndarray::Array2;
use phonoscope_analysis::task::Task;
use phonoscope_datasets::{Manifest, audio};
use phonoscope_probes::report::{Column, InputFile, Report, Role, Table};
use phonoscope_probes::stress::Explained;

use super::super::{ModelView, Services, WordAsked};
use super::sample::{self, estimate};

pub(super) const COMPOSITES: [&str; 2] = ["allouche2025", "EpsilonGammaBox"];
const NETWORKS: [&str; 3] = ["trained", "untrained twin", "shuffled labels"];
const SIGNS: [&str; 2] = ["positive", "negative"];
const BANDS: [&str; 4] = ["F0", "F1", "F2", "F3"];

/// Word, speaker, stress, whether of a minimal pair, score.
const WORDS: [(&str, &str, &str, bool, f64); 8] = [
    ("present", "s1", "initial", true, 2.31),
    ("present", "s1", "final", true, -1.75),
    ("present", "s2", "final", true, 0.42),
    ("object", "s2", "initial", true, -0.18),
    ("upon", "s1", "final", false, -3.2),
    ("very", "s3", "initial", false, 4.05),
    ("many", "s3", "initial", false, 3.11),
    ("again", "s2", "final", false, -2.6),
];

fn id(row: usize) -> String {
    format!("w{row}-{}", WORDS[row].0)
}

/// Rows of words and numbers under these columns; what is not given is missing.
pub(super) struct Rows {
    keys: Vec<(&'static str, Vec<Option<String>>)>,
    numbers: Vec<(&'static str, Vec<f64>)>,
    estimates: Vec<(&'static str, Vec<Option<phonoscope_analysis::Estimate>>)>,
}

impl Rows {
    pub(super) fn new(
        keys: &[&'static str],
        numbers: &[&'static str],
        estimates: &[&'static str],
    ) -> Self {
        Self {
            keys: keys.iter().map(|id| (*id, vec![])).collect(),
            numbers: numbers.iter().map(|id| (*id, vec![])).collect(),
            estimates: estimates.iter().map(|id| (*id, vec![])).collect(),
        }
    }

    pub(super) fn add(&mut self, keys: &[&str], numbers: &[f64], estimates: &[f64]) {
        for ((_, to), word) in self.keys.iter_mut().zip(keys) {
            to.push((!word.is_empty()).then(|| (*word).to_owned()));
        }
        for (i, (_, to)) in self.numbers.iter_mut().enumerate() {
            to.push(numbers.get(i).copied().unwrap_or(f64::NAN));
        }
        for (i, (_, to)) in self.estimates.iter_mut().enumerate() {
            to.push(estimates.get(i).and_then(|value| estimate(*value, 0.08)));
        }
    }

    pub(super) fn table(self, id: &str, title: &str) -> Table {
        let keys = self.keys.into_iter();
        let keys = keys.map(|(id, values)| {
            let told = matches!(id, "unit" | "note" | "missing" | "sex");
            let role = if told { Role::Value } else { Role::Key };
            Column::text(id, role, id, values)
        });
        let estimates = self.estimates.into_iter();
        let estimates = estimates.map(|(id, values)| Column::estimate(id, id, None, values));
        let numbers = self.numbers.into_iter();
        let numbers = numbers.map(|(id, values)| Column::number(id, Role::Value, id, None, values));
        let columns = keys.chain(estimates).chain(numbers).collect();
        Table::new(id, title, title, columns)
    }
}

fn regions() -> Table {
    let keys = ["network", "composite", "sign", "group", "region"];
    let mut rows = Rows::new(
        &keys,
        &["words", "size_share", "energy_share"],
        &["share", "enrichment", "over_energy"],
    );
    for (n, network) in NETWORKS.iter().enumerate() {
        for composite in COMPOSITES {
            for (s, sign) in SIGNS.iter().enumerate() {
                for group in ["all", "right", "wrong"] {
                    for (r, region) in ["stressed vowel", "unstressed vowel", "outside the word"]
                        .iter()
                        .enumerate()
                    {
                        let far = if n == 0 && s == 0 {
                            0.6 - 0.4 * r as f64
                        } else {
                            0.05
                        };
                        let values = [0.3 + far / 2.0, 1.0 + far, 0.9 + far];
                        let words = [*network, composite, *sign, group, *region];
                        rows.add(&words, &[8.0, 0.25, 0.3], &values);
                    }
                }
            }
        }
    }
    rows.table("stress_regions", "Relevance over time")
}

fn bands() -> Table {
    let keys = ["network", "composite", "sign", "group", "vowel", "band"];
    let estimates = [
        "density",
        "energy",
        "over_energy",
        "shifted",
        "over_shifted",
    ];
    let mut rows = Rows::new(&keys, &["words"], &estimates);
    for (n, network) in NETWORKS.iter().enumerate() {
        for composite in COMPOSITES {
            for sign in SIGNS {
                for vowel in ["stressed vowel", "unstressed vowel"] {
                    for (b, band) in BANDS.iter().enumerate() {
                        let far = if n == 0 { [0.2, 2.0, 1.1, 0.3][b] } else { 0.1 };
                        let values = [1.0 + far, 1.4, 0.8, 1.2, far];
                        let words = [*network, composite, sign, "all", vowel, *band];
                        rows.add(&words, &[7.0], &values);
                    }
                }
            }
        }
    }
    rows.table("stress_bands", "Relevance over frequency")
}

fn accuracy() -> Table {
    let mut rows = Rows::new(
        &["group", "method"],
        &["tokens", "words", "speakers"],
        &["balanced_accuracy", "accuracy"],
    );
    for (group, network) in [("all but minimal pairs", 0.91), ("minimal pairs", 0.72)] {
        for (method, value) in [
            ("network", network),
            ("contrasts of vowels", 0.81),
            ("commonest stress", 0.5),
        ] {
            rows.add(&[group, method], &[4.0, 3.0, 3.0], &[value, value]);
        }
    }
    rows.table("stress_accuracy", "How often the stress is told right")
}

fn checks() -> Vec<Table> {
    let likeness = ["spearman", "spearman_absolute", "ssim", "ssim_absolute"];
    let mut sanity = Rows::new(&["composite", "way", "layer"], &["layers"], &likeness);
    let mut flipping = Rows::new(&["composite", "order", "filling"], &[], &["kept", "start"]);
    let mut ledger = Rows::new(
        &["composite", "layer"],
        &["arriving", "leaving", "bias", "rest"],
        &[],
    );
    for composite in COMPOSITES {
        for (k, layer) in ["logits", "dense.1", "conv.5", "conv.1"].iter().enumerate() {
            let like = 0.9 - 0.25 * k as f64;
            let words = [composite, "from the scores down", *layer];
            sanity.add(&words, &[1.0 + k as f64], &[like, like + 0.05, like, like]);
            let leaving = 1.0 - 0.04 * (k + 1) as f64;
            ledger.add(
                &[composite, *layer],
                &[leaving + 0.04, leaving, 0.03, 0.01],
                &[],
            );
        }
        for (order, kept) in [
            ("most relevant first", 0.21),
            ("random", 0.55),
            ("least relevant first", 0.86),
        ] {
            flipping.add(
                &[composite, order, "least value of the item"],
                &[],
                &[kept, 3.1],
            );
        }
    }
    let mut agreement = Rows::new(&["composite", "other"], &[], &likeness);
    agreement.add(&COMPOSITES, &[], &[0.6, 0.7, 0.5, 0.55]);
    let mut hidden = Rows::new(&["band"], &["words"], &["fall", "fall_shifted", "lead"]);
    for (b, band) in BANDS.iter().enumerate() {
        let fall = [0.1, 0.9, 0.5, 0.2][b];
        hidden.add(&[band], &[7.0], &[fall, 0.15, fall - 0.15]);
    }
    vec![
        hidden.table("stress_occlusion", "Score when a band is hidden"),
        sanity.table("stress_sanity", "Maps when weights are randomised"),
        flipping.table("stress_flipping", "Score when parts are taken away"),
        agreement.table("stress_agreement", "Agreement of composites"),
        ledger.table("stress_ledger", "Where relevance went"),
    ]
}

fn items() -> Table {
    let keys = [
        "id",
        "word",
        "speaker",
        "sex",
        "stress",
        "minimal_pair",
        "missing",
    ];
    let mut rows = Rows::new(&keys, &["score", "right"], &[]);
    for (row, (word, speaker, stress, pair, score)) in WORDS.into_iter().enumerate() {
        let right = (score > 0.0) == (stress == "initial");
        let missing = if row == 6 { "no F2; no F3" } else { "" };
        let pair = if pair { "yes" } else { "no" };
        let words = [&id(row), word, speaker, "f", stress, pair, missing];
        rows.add(&words, &[score, f64::from(u8::from(right))], &[]);
    }
    rows.table("stress_items", "Words")
}

/// The report, without its manifest.
pub(super) fn report() -> Report {
    let mut report = sample::report();
    report.probe = "stress".into();
    report.title = "mine on 8 words".into();
    report.summary = vec!["Balanced accuracy, minimal pairs: 0.72 [0.64, 0.80].".into()];
    report.warnings = vec![];
    report.provenance.command = "phonoscope probe stress --model mine.onnx --data words.tsv".into();
    report.provenance.inputs = vec![InputFile {
        what: "manifest".into(),
        name: "words.tsv".into(),
        sha256: "0".repeat(64),
    }];
    report.tables = vec![accuracy(), regions(), bands()];
    report.tables.extend(checks());
    report.tables.push(items());
    report
}

/// Writes the words into a folder; gives the report on them.
pub(super) fn report_in(folder: &Path) -> Report {
    let heads = "id\tpath\tspeaker\tsex\tword\tstress\tminimal_pair\tstart\tend";
    let mut text = format!("{heads}\tvowel1_start\tvowel1_end\tvowel2_start\tvowel2_end\n");
    let samples: Vec<f32> = (0..16_000)
        .map(|i| 0.3 * (f64::from(i) * 0.7).sin() as f32)
        .collect();
    audio::write_wav(&folder.join("all.wav"), &samples, 16_000).unwrap();
    for (row, (word, speaker, stress, pair, _)) in WORDS.into_iter().enumerate() {
        text.push_str(&format!(
            "{}\tall.wav\t{speaker}\tf\t{word}\t{stress}\t{}\t0.1\t0.55\t0.15\t0.25\t0.35\t0.5\n",
            id(row),
            u8::from(pair)
        ));
    }
    let path = folder.join("words.tsv");
    std::fs::write(&path, text).unwrap();
    let mut report = report();
    report.provenance.inputs[0].sha256 = Manifest::read(&path).unwrap().sha256;
    report
}

/// A classifier that looks at a band of the first vowel, and away from the second.
pub(super) struct Planted;

impl Services for Planted {
    fn start_demo(&self, _: &Task) -> anyhow::Result<std::path::PathBuf> {
        anyhow::bail!("no network")
    }

    fn open_report(&self, _: &Path, _: &Task) -> anyhow::Result<Report> {
        anyhow::bail!("no report")
    }

    fn open_model(&self, _: &str, _: &Task) -> anyhow::Result<ModelView> {
        anyhow::bail!("no model")
    }

    fn save(&self, name: &str, _: &[u8], _: &Task) -> anyhow::Result<std::path::PathBuf> {
        Ok(name.into())
    }

    fn explain(&self, asked: &WordAsked<'_>, _: &Task) -> anyhow::Result<Explained> {
        anyhow::ensure!(asked.words.words.len() == WORDS.len());
        let word = WORDS
            .iter()
            .enumerate()
            .find(|(row, _)| id(*row) == asked.id);
        let (_, (.., score)) = word.unwrap();
        let at = |from: usize, to: usize, value: f32| {
            move |bin: usize, frame: usize| {
                let here = (from..to).contains(&frame) && (20..40).contains(&bin);
                if here { value } else { 0.0 }
            }
        };
        let (first, second) = (at(5, 15, 0.9), at(25, 40, -0.6));
        let track = |hz: f64| {
            (0..51)
                .map(|f| ((5..40).contains(&f)).then_some(hz))
                .collect()
        };
        Ok(Explained {
            input: Array2::from_shape_fn((161, 101), |(bin, frame)| {
                // Few levels, so that snapshots stay readable.
                if frame < 51 {
                    (4 - bin / 40) as f32
                } else {
                    0.0
                }
            }),
            relevance: Array2::from_shape_fn((161, 101), |(bin, frame)| {
                first(bin, frame) + second(bin, frame)
            }),
            heard: 51,
            hop_secs: 0.01,
            bin_hz: 50.0,
            logits: [0.0, *score as f32],
            score: score.abs(),
            sum: 0.93 * score.abs(),
            vowels: Some([[0.05, 0.15], [0.25, 0.4]]),
            tracks: [track(180.0), track(620.0), track(1750.0), track(2800.0)],
        })
    }
}
