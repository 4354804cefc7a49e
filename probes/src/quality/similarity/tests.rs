//! Systems that keep a known part of the voice.

use ndarray::Array2;
use phonoscope_analysis::rng;
use rand::RngExt as _;

use super::*;

const DIM: usize = 64;

/// Speakers with three reference utterances and two of each system; a system keeps a share of the
/// voice. All vectors are nearly orthogonal otherwise.
fn planted(speakers: usize, kept: &[f64], noise: f64, seed: u64) -> (Array2<f64>, Vec<Spoken>) {
    let mut rng = rng::stream(seed, "planted similarity", 0);
    let mut vector = |scale: f64| -> Vec<f64> {
        (0..DIM)
            .map(|_| scale * rng.random_range(-1.0..1.0))
            .collect()
    };
    let (mut rows, mut spoken) = (vec![], vec![]);
    for speaker in 0..speakers {
        let voice = vector(1.0);
        let mut say = |share: f64, system: &str, pair: usize, other: Vec<f64>| {
            rows.extend(voice.iter().zip(other).map(|(v, o)| share * v + o));
            spoken.push(Spoken {
                speaker: format!("s{speaker}"),
                system: system.to_owned(),
                pair: Some(format!("s{speaker}-{pair}")),
            });
        };
        for pair in 0..3 {
            say(1.0, "reference", pair, vector(noise));
        }
        for (system, share) in kept.iter().enumerate() {
            for pair in 0..2 {
                say(*share, &format!("system{system}"), pair, vector(noise));
            }
        }
    }
    (
        Array2::from_shape_vec((rows.len() / DIM, DIM), rows).unwrap(),
        spoken,
    )
}

fn run(x: &Array2<f64>, spoken: &[Spoken]) -> Vec<SystemSimilarity> {
    similarity(x.view(), spoken, &Settings::default(), &Task::silent()).unwrap()
}

#[test]
fn what_is_kept_of_the_voice_comes_back_in_order() {
    // Voice and noise of equal power: cos of share k with the mean of two references is
    // k / sqrt(k² + 1) · 1 / sqrt(1 + 1/2); the ceiling has share 1.
    let (x, spoken) = planted(60, &[1.0, 0.5, 0.0], 1.0, 3);
    let found = run(&x, &spoken);
    for (system, share) in found.iter().zip([1.0_f64, 0.5, 0.0]) {
        let expected = share / (share * share + 1.0).sqrt() / 1.5_f64.sqrt();
        let got = system.similarity.unwrap();
        println!("{}: {got:?}, expected {expected:.3}", system.system);
        assert!((got.value - expected).abs() < 0.03);
        assert!(got.lo - 0.01 <= expected && expected <= got.hi + 0.01 && got.n == 60);
        assert_eq!(system.utterances, 120);
        assert!(system.floor.unwrap().value.abs() < 0.02);
        assert!((system.ceiling.unwrap().value - 0.577).abs() < 0.03);
        assert_eq!(system.notes, Vec::<String>::new());
    }
    let positions = found.iter().map(|s| s.position.unwrap());
    let positions: Vec<f64> = positions.map(|p| p.value).collect();
    assert!(
        (positions[0] - 1.0).abs() < 0.05 && positions[2].abs() < 0.05,
        "{positions:?}"
    );
}

#[test]
fn intervals_cover_and_a_copy_of_the_recording_is_not_its_own_witness() {
    let expected = 0.5 / 1.25_f64.sqrt() / 1.5_f64.sqrt();
    let settings = Settings {
        resamples: 300,
        ..Settings::default()
    };
    let (sets, mut covered, mut sum) = (200, 0, 0.0);
    let mut ranges = vec![];
    for seed in 0..sets {
        let (x, spoken) = planted(30, &[0.5], 1.0, 100 + seed);
        let found = similarity(x.view(), &spoken, &settings, &Task::silent()).unwrap();
        let got = found[0].similarity.unwrap();
        sum += got.value;
        ranges.push((got.lo, got.hi));
    }
    // The formula is of many dimensions: the mean of all sets is the truth.
    let truth = sum / sets as f64;
    assert!((truth - expected).abs() < 0.01, "{truth} {expected}");
    for (lo, hi) in ranges {
        covered += usize::from(lo <= truth && truth <= hi);
    }
    println!("95 % intervals cover {covered} of {sets}");
    assert!((178..=199).contains(&covered), "{covered}");

    // The very recordings as a system: no more like the speaker than the references are.
    let (x, mut spoken) = planted(20, &[], 1.0, 5);
    let both = ndarray::concatenate![ndarray::Axis(0), x, x];
    let copies: Vec<Spoken> = spoken
        .iter()
        .map(|s| Spoken {
            system: "copy".to_owned(),
            ..s.clone()
        })
        .collect();
    spoken.extend(copies);
    let found = run(&both, &spoken);
    assert!((found[0].position.unwrap().value - 1.0).abs() < 1e-9);
}

#[test]
fn what_is_missing_is_said_in_words() {
    let (x, spoken) = planted(6, &[0.5], 1.0, 1);
    let only = |keep: &dyn Fn(&Spoken) -> bool| {
        let rows: Vec<usize> = (0..spoken.len()).filter(|i| keep(&spoken[*i])).collect();
        let kept: Vec<Spoken> = rows.iter().map(|i| spoken[*i].clone()).collect();
        (x.select(ndarray::Axis(0), &rows), kept)
    };
    let noted = |found: &SystemSimilarity, words: &str| {
        assert!(
            found.notes.iter().any(|n| n.contains(words)),
            "{words}: {:?}",
            found.notes
        );
    };
    // One reference utterance, which is the pair's.
    let (a, b) =
        only(&|s| s.system != "reference" || s.pair.as_deref().is_some_and(|p| p.ends_with("-0")));
    let found = &run(&a, &b)[0];
    noted(found, "no reference utterance but the one of the same pair");
    noted(found, "no ceiling");
    assert!(found.utterances == 6 && found.similarity.is_some() && found.position.is_none());
    // One speaker.
    let (a, b) = only(&|s| s.speaker == "s0");
    let found = &run(&a, &b)[0];
    noted(found, "no floor");
    noted(found, "no intervals: 1 speakers");
    assert!(found.similarity.is_none());
    // A speaker without reference.
    let (a, b) = only(&|s| s.speaker != "s0" || s.system != "reference");
    noted(
        &run(&a, &b)[0],
        "2 utterances of speakers without reference speech",
    );
    // No reference at all, no vectors, another number of rows.
    let (a, b) = only(&|s| s.system != "reference");
    let settings = Settings::default();
    let fails = |x: &Array2<f64>, s: &[Spoken]| similarity(x.view(), s, &settings, &Task::silent());
    assert!(
        fails(&a, &b)
            .unwrap_err()
            .to_string()
            .contains("`reference`")
    );
    assert!(fails(&x, &spoken[1..]).is_err());
    assert!(fails(&Array2::zeros(x.dim()), &spoken).is_err());
    let json = serde_json::to_string(&run(&x, &spoken)).unwrap();
    assert!(!json.contains("NaN") && json.contains("position"), "{json}");
}
