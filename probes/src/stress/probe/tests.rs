use std::path::Path;

use phonoscope_analysis::rng::stream;
use phonoscope_analysis::task::{Cancel, Task};
use phonoscope_datasets::{Manifest, audio};
use phonoscope_models::build::{Feedforward, Layer, feedforward};
use phonoscope_models::engine::{Engine, EngineChoice, open_engine};
use phonoscope_models::{Cache, Card, FileChoice, Model, Network as Fetching, load_file};
use rand::RngExt as _;

use super::*;
use crate::report::Table;

mod refused;
mod trained;

fn engine() -> std::sync::Arc<dyn Engine> {
    let cache = Cache::locate();
    open_engine(
        EngineChoice::Rten,
        &cache,
        Fetching::Offline,
        &Task::silent(),
    )
    .unwrap()
}

/// Words of two vowels with four harmonics; where the stress is shows in the level of the band of
/// 1 to 2 kHz of the stressed vowel alone.
fn words(folder: &Path, count: usize) -> Words {
    let mut text = String::from(
        "id\tpath\tspeaker\tsex\tword\tstress\tstart\tend\tvowel1_start\tvowel1_end\tvowel2_start\tvowel2_end\n",
    );
    for n in 0..count {
        let initial = n % 2 == 0;
        let mut samples = vec![0f32; 8000];
        for (place, start) in [0.1, 0.28].into_iter().enumerate() {
            let stressed = (place == 0) == initial;
            for i in 0..2400 {
                let t = i as f64 / 16_000.0;
                let tone = |hz: f64| (std::f64::consts::TAU * hz * t).sin();
                let f0 = 120.0 + n as f64;
                let voice = (1..30)
                    .map(|k| tone(f0 * f64::from(k)) / f64::from(k))
                    .sum::<f64>();
                let band = if stressed { tone(1500.0) } else { 0.0 };
                let at = (start * 16_000.0) as usize + i;
                samples[at] = (0.05 * voice + 0.3 * band) as f32;
            }
        }
        let name = format!("w{n}.wav");
        audio::write_wav(&folder.join(&name), &samples, 16_000).unwrap();
        let stress = if initial { "initial" } else { "final" };
        text.push_str(&format!(
            "w{n}\t{name}\ts{}\tm\tword{n}\t{stress}\t0.1\t0.44\t0.1\t0.25\t0.28\t0.43\n",
            n % 4
        ));
    }
    text.push_str("gone\tgone.wav\ts1\tm\tlost\tinitial\t0.1\t0.44\t0.1\t0.25\t0.28\t0.43\n");
    let path = folder.join("manifest.tsv");
    std::fs::write(&path, text).unwrap();
    Words::of(&Manifest::read(&path).unwrap()).unwrap()
}

/// A classifier made by hand: final stress where the band around 1.5 kHz is loud in the second half
/// of what is heard, initial where it is in the first.
fn planted(folder: &Path) -> Model {
    // One output channel sums bins 28 to 32 at each frame. All weights are a little uneven, as those
    // of training are: numbers that a formula made stay as they are in a twin.
    let mut rng = stream(5, "planted weights", 0);
    let mut uneven = |value: f32, scale: f32| value + scale * rng.random_range(-1e-3..1e-3);
    let filter = (0..161).map(|bin| uneven(if (28..33).contains(&bin) { 1.0 } else { 0.0 }, 1.0));
    let filter = filter.collect();
    let dense = (0..202).map(|at| {
        let weighs = (101..118).contains(&at) || (17..36).contains(&at);
        uneven(if weighs { 0.1 } else { 0.0 }, 0.1)
    });
    let dense = dense.collect();
    let layers = vec![
        (
            "conv".to_owned(),
            Layer::Convolution {
                weights: filter,
                bias: vec![0.0],
                inputs: 1,
                outputs: 1,
                groups: 1,
                kernel: [161, 1],
                strides: [1, 1],
                pads: [0, 0],
                dilations: [1, 1],
            },
        ),
        ("relu".to_owned(), Layer::Relu),
        ("flat".to_owned(), Layer::Flatten),
        (
            "logits".to_owned(),
            Layer::Dense {
                weights: dense,
                bias: vec![0.0; 2],
            },
        ),
    ];
    let network = Feedforward {
        name: "planted".into(),
        input: "x".into(),
        shape: [1, 161, 101],
        layers,
    };
    loaded(folder, &network)
}

/// A network as a user's own file.
fn loaded(folder: &Path, network: &Feedforward) -> Model {
    let path = folder.join(format!("{}.onnx", network.name));
    std::fs::write(&path, feedforward(network).unwrap()).unwrap();
    let card = Card {
        front_end: phonoscope_analysis::frontend::FrontEnd::of_kind("log_spectrum"),
        ..Card::default()
    };
    card.write(&Card::beside(&path)).unwrap();
    load_file(&path, &FileChoice::default()).unwrap().model
}

fn row(table: &Table, wanted: &[(&str, &str)]) -> usize {
    let found = (0..table.rows()).find(|row| {
        wanted
            .iter()
            .all(|(id, v)| table.column(id).unwrap().text_at(*row) == Some(*v))
    });
    found.unwrap_or_else(|| panic!("no row {wanted:?} in {}", table.id))
}

fn value(tables: &[Table], id: &str, wanted: &[(&str, &str)], column: &str) -> f64 {
    let table = tables.iter().find(|t| t.id == id).unwrap();
    let row = row(table, wanted);
    table.column(column).unwrap().value(row).unwrap()
}

fn settings() -> StressSettings {
    StressSettings {
        composites: vec!["epsilon_1e-6".into(), "EpsilonPlus".into()],
        bootstrap: 50,
        sanity_words: 4,
        sanity_seeds: 2,
        ..StressSettings::default()
    }
}

#[test]
fn relevance_lies_where_the_planted_cue_is() {
    let dir = tempfile::tempdir().unwrap();
    let (words, model, engine) = (words(dir.path(), 24), planted(dir.path()), engine());
    let input = StressInput {
        model: &model,
        shuffled: None,
        words: &words,
        engine: &*engine,
    };
    let found = stress(&input, &settings(), &Task::silent()).unwrap();
    let tables = &found.tables;
    let group = [("group", "all but minimal pairs"), ("method", "network")];
    assert_eq!(
        value(tables, "stress_accuracy", &group, "balanced_accuracy"),
        1.0
    );
    let region = |network: &str, region: &str| {
        let wanted = [
            ("network", network),
            ("composite", "EpsilonPlus"),
            ("sign", "positive"),
            ("group", "all"),
            ("region", region),
        ];
        value(tables, "stress_regions", &wanted, "enrichment")
    };
    let (stressed, unstressed) = (
        region("trained", "stressed vowel"),
        region("trained", "unstressed vowel"),
    );
    assert!(
        stressed > 1.8 && unstressed < 0.3,
        "{stressed} {unstressed}"
    );
    let difference = region("untrained twin", "stressed − unstressed vowel");
    assert!(difference < 0.5 * (stressed - unstressed), "{difference}");
    // The cue is at 1500 Hz: no track but one near it can be enriched, and none of F0.
    let band = |band: &str| {
        let wanted = [
            ("network", "trained"),
            ("composite", "EpsilonPlus"),
            ("sign", "positive"),
            ("group", "all"),
            ("vowel", "stressed vowel"),
            ("band", band),
        ];
        value(tables, "stress_bands", &wanted, "density")
    };
    assert!(band("F0") < 0.1, "{}", band("F0"));
    assert!([1, 2, 3].iter().any(|k| band(&format!("F{k}")) > 5.0));
    let coverage = &found.trust.coverage;
    assert_eq!(
        (coverage.items, coverage.used, coverage.skipped.len()),
        (25, 24, 1)
    );
    let flip = |order: &str| {
        let wanted = [
            ("composite", "EpsilonPlus"),
            ("order", order),
            ("filling", "least value of the item"),
        ];
        value(tables, "stress_flipping", &wanted, "kept")
    };
    assert!(flip("most relevant first") < flip("random"));
    assert!(flip("random") < flip("least relevant first"));
    for id in [
        "stress_accuracy",
        "stress_regions",
        "stress_bands",
        "stress_band_sensitivity",
        "stress_occlusion",
        "stress_sanity",
        "stress_flipping",
        "stress_agreement",
        "stress_ledger",
        "stress_items",
    ] {
        assert!(tables.iter().any(|t| t.id == id && t.rows() > 0), "{id}");
    }
    assert!(
        found
            .warnings
            .iter()
            .any(|w| w.contains("1 rows were not used"))
    );
    let again = stress(&input, &settings(), &Task::silent()).unwrap();
    assert_eq!(again, found);
}

/// A classifier that hears words alone is explained without what follows them.
#[test]
fn of_a_word_alone_nothing_behind_it_is_explained() {
    use phonoscope_analysis::frontend::{FrontEnd, LogSpectrum};

    let dir = tempfile::tempdir().unwrap();
    let (words, mut model, engine) = (words(dir.path(), 2), planted(dir.path()), engine());
    model.front_end = FrontEnd::LogSpectrum(LogSpectrum {
        word_alone: true,
        ..LogSpectrum::default()
    });
    assert!(model.front_end.describe().contains("of a word alone"));
    let explained = || {
        let input = StressInput {
            model: &model,
            shuffled: None,
            words: &words,
            engine: &*engine,
        };
        explain(&input, "w0", &settings(), &Cancel::new()).unwrap()
    };
    let before = explained();
    // From 0.1 to 0.44 s, one frame more than steps.
    assert_eq!(before.heard, 35);
    let path = &words.words[0].audio;
    let mut samples = audio::read(path).unwrap().samples;
    samples.iter_mut().skip(7040).for_each(|x| *x = 0.5);
    audio::write_wav(path, &samples, 16_000).unwrap();
    let after = explained();
    assert_eq!(before.input, after.input);
    assert_eq!(before.relevance, after.relevance);
}
