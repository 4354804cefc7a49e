//! Classifiers trained on words in which one syllable, or one band, alone says where the stress is.

use super::*;
use crate::learn::conv::{Architecture, Stage};
use crate::stress::train::{Augmentation, Limits, TrainSettings, train};

/// Frequency and level of a tone.
type Tone = (f64, f64);

/// Words of two vowels of equal length, level and pitch. What is added to the harmonics of each vowel
/// is said by `tones`, of the word's number and whether its stress is initial.
fn recorded(
    folder: &Path,
    count: usize,
    tones: impl Fn(bool, &mut phonoscope_analysis::rng::Stream) -> [[Tone; 2]; 2],
) -> Words {
    let mut text = String::from(
        "id\tpath\tspeaker\tsex\tword\tstress\tstart\tend\tvowel1_start\tvowel1_end\tvowel2_start\tvowel2_end\n",
    );
    for n in 0..count {
        let initial = n % 2 == 0;
        let mut rng = stream(11, "planted words", n as u64);
        let mut samples = vec![0f32; 8000];
        let f0_hz = rng.random_range(100.0..140.0);
        let added = tones(initial, &mut rng);
        for (start_secs, added) in [0.1, 0.28].into_iter().zip(added) {
            for i in 0..2400 {
                let t = f64::from(i) / 16_000.0;
                let tone = |hz: f64| (std::f64::consts::TAU * hz * t).sin();
                let voice: f64 = (1..30)
                    .map(|k| tone(f0_hz * f64::from(k)) / f64::from(k))
                    .sum();
                let added: f64 = added.iter().map(|(hz, level)| level * tone(*hz)).sum();
                let at = (start_secs * 16_000.0) as usize + i as usize;
                samples[at] = (0.05 * voice + added) as f32;
            }
        }
        let name = format!("w{n}.wav");
        audio::write_wav(&folder.join(&name), &samples, 16_000).unwrap();
        let stress = if initial { "initial" } else { "final" };
        text.push_str(&format!(
            "w{n}\t{name}\ts{}\tm\tword{n}\t{stress}\t0.1\t0.44\t0.1\t0.25\t0.28\t0.43\n",
            n % 6
        ));
    }
    let path = folder.join("manifest.tsv");
    std::fs::write(&path, text).unwrap();
    Words::of(&Manifest::read(&path).unwrap()).unwrap()
}

/// A classifier trained on all words, as they are labelled or with shuffled labels.
fn classifier(folder: &Path, words: &Words, shuffled_labels: bool) -> Model {
    let convolution = |channels, kernel, strides, pads| Stage::Convolution {
        channels,
        kernel,
        strides,
        pads,
    };
    let architecture = Architecture {
        name: "tiny".into(),
        input: [161, 101],
        stages: vec![
            convolution(6, [5, 3], [2, 2], [2, 1]),
            convolution(8, [81, 3], [1, 2], [0, 1]),
            Stage::Flatten,
            Stage::Dense {
                units: 2,
                relu: false,
            },
        ],
        marks: 0,
        measures: 0,
    };
    let settings = TrainSettings {
        architecture,
        epochs: 12,
        batch: 16,
        learning_rate: 1e-2,
        augmentation: Augmentation {
            splice: 0.0,
            mask: 0.0,
            ..Augmentation::default()
        },
        test_fold: None,
        validation_fold: None,
        shuffled_labels,
        ..TrainSettings::default()
    };
    let limits = Limits {
        scratch: folder,
        checkpoint: None,
        most_secs: None,
    };
    let trained = train(words, "none", &settings, limits, &Task::silent()).unwrap();
    let name = if shuffled_labels {
        "shuffled"
    } else {
        "trained"
    };
    loaded(folder, &trained.feedforward(name, "x").unwrap())
}

fn probed(folder: &Path, words: &Words) -> StressFound {
    let (trained, shuffled) = (
        classifier(folder, words, false),
        classifier(folder, words, true),
    );
    let input = StressInput {
        model: &trained,
        shuffled: Some(&shuffled),
        words,
        engine: &*engine(),
    };
    let settings = StressSettings {
        composites: vec!["EpsilonPlus".into()],
        sanity_words: 0,
        ..settings()
    };
    let found = stress(&input, &settings, &Task::silent()).unwrap();
    let group = [("group", "all but minimal pairs"), ("method", "network")];
    let accuracy = value(
        &found.tables,
        "stress_accuracy",
        &group,
        "balanced_accuracy",
    );
    assert!(accuracy > 0.95, "{accuracy}");
    found
}

/// The first vowel has a tone of 1500 Hz where the stress is initial, of 2500 Hz where it is final;
/// the second has either, whatever the stress.
#[test]
fn the_one_syllable_that_tells_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let words = recorded(dir.path(), 64, |initial, rng| {
        let tone = |low: bool| [(if low { 1500.0 } else { 2500.0 }, 0.2), (0.0, 0.0)];
        [tone(initial), tone(rng.random_range(0.0..1.0) < 0.5)]
    });
    let found = probed(dir.path(), &words);
    let lead = |network: &str, group: &str| {
        let wanted = [
            ("network", network),
            ("composite", "EpsilonPlus"),
            ("sign", "positive"),
            ("group", group),
            ("region", "stressed − unstressed vowel"),
        ];
        let table = found
            .tables
            .iter()
            .find(|t| t.id == "stress_regions")
            .unwrap();
        let column = table.column("enrichment").unwrap();
        column.estimate_at(row(table, &wanted)).unwrap()
    };
    // The first vowel is the stressed one where the stress is initial, and the other where it is final.
    // A network that knows nothing may have a place of its own that it looks at, as these do: they
    // must not look at the vowel that tells.
    let first = [("initial", 1.0), ("final", -1.0)];
    for (group, sign) in first {
        let all = ["trained", "untrained twin", "shuffled labels"].map(|n| lead(n, group));
        let [trained, twin, shuffled] = all.map(|e| sign * e.value);
        assert!(trained > 0.6, "{group}: {trained}");
        assert!(
            twin < 0.3 * trained && shuffled < 0.3 * trained,
            "{group}: {twin} {shuffled}"
        );
    }
}

/// A tone of 1500 Hz is loud in the stressed vowel alone; one of 3000 Hz is as loud in either.
#[test]
fn the_one_band_that_tells_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let words = recorded(dir.path(), 64, |initial, rng| {
        let mut either = || (3000.0, rng.random_range(0.1..0.3));
        let told = |stressed: bool| (1500.0, if stressed { 0.2 } else { 0.0 });
        [[told(initial), either()], [told(!initial), either()]]
    });
    let found = probed(dir.path(), &words);
    let density = |network: &str, band: &str| {
        let wanted = [
            ("network", network),
            ("composite", "EpsilonPlus"),
            ("sign", "positive"),
            ("group", "all"),
            ("vowel", "stressed vowel"),
            ("band", band),
        ];
        let table = found
            .tables
            .iter()
            .find(|t| t.id == "stress_bands")
            .unwrap();
        let of = |column: &str| {
            let column = table.column(column).unwrap();
            column.estimate_at(row(table, &wanted)).unwrap()
        };
        [of("density"), of("over_energy"), of("over_shifted")]
    };
    let densities = |band: &str| {
        let all = ["trained", "untrained twin", "shuffled labels"];
        all.map(|network| density(network, band))
    };
    // The second formant is the tone that tells, the third the one that is as loud in either vowel.
    let [[trained, over_energy, over_shifted], twin, shuffled] = densities("F2");
    assert!(
        trained.lo > 10.0 && over_energy.lo > 2.0,
        "{trained:?} {over_energy:?}"
    );
    assert!(over_shifted.lo > 10.0, "{over_shifted:?}");
    // Any network looks at what is loud, and one trained on wrong labels at what differs from word to
    // word; neither as much as one that learned what tells.
    assert!(
        twin[1].hi < 1.0 && shuffled[1].hi < 0.75 * over_energy.lo,
        "{twin:?} {shuffled:?}"
    );
    for band in ["F0", "F1", "F3"] {
        let [[_, over_energy, over_shifted], ..] = densities(band);
        assert!(
            over_energy.hi < 1.0 && over_shifted.value < 0.0,
            "{band} {over_energy:?}"
        );
    }
}
