//! Systems that keep a known part of the voice.

use ndarray::{Array2, Axis};
use phonoscope_analysis::embedding::unit_rows;
use phonoscope_analysis::rng;
use rand::RngExt as _;

use super::*;
use crate::quality::tests::quick;
use crate::quality::{QualityInput, QualityItem};

const DIM: usize = 64;

/// Utterances and their vectors.
struct Planted {
    items: Vec<QualityItem>,
    rows: Array2<f64>,
}

impl Planted {
    /// Speakers with `references` utterances of the reference and two of each system; a system keeps a share of
    /// the voice. Voice and noise have equal power and all vectors are nearly orthogonal otherwise.
    fn new(speakers: usize, references: usize, kept: &[f64], seed: u64) -> Self {
        let mut rng = rng::stream(seed, "planted similarity", 0);
        let mut vector = || -> Vec<f64> { (0..DIM).map(|_| rng.random_range(-1.0..1.0)).collect() };
        let (mut items, mut rows) = (vec![], vec![]);
        for speaker in 0..speakers {
            let voice = vector();
            let mut say = |share: f64, system: &str, pair: usize| {
                rows.extend(voice.iter().zip(vector()).map(|(v, n)| share * v + n));
                items.push(QualityItem {
                    id: format!("{system}-{speaker}-{pair}"),
                    system: system.to_owned(),
                    speaker: Some(format!("s{speaker}")),
                    pair: Some(format!("s{speaker}-{pair}")),
                    ..QualityItem::default()
                });
            };
            for pair in 0..references {
                say(1.0, "reference", pair);
            }
            for (system, share) in kept.iter().enumerate() {
                for pair in 0..2 {
                    say(*share, &format!("system{system}"), pair);
                }
            }
        }
        Self {
            rows: Array2::from_shape_vec((items.len(), DIM), rows).unwrap(),
            items,
        }
    }

    fn keep(&self, keep: impl Fn(&QualityItem) -> bool) -> Self {
        let kept: Vec<usize> = (0..self.items.len())
            .filter(|i| keep(&self.items[*i]))
            .collect();
        Self {
            items: kept.iter().map(|i| self.items[*i].clone()).collect(),
            rows: self.rows.select(Axis(0), &kept),
        }
    }

    fn found(&self) -> Vec<Similarity> {
        let settings = quick();
        let input = QualityInput {
            items: self.items.clone(),
            reference: "reference".into(),
            ratings: vec![],
            matching: vec![],
            models: vec![],
        };
        let corpus = Corpus::new(&input, &settings).unwrap();
        let unit = unit_rows(self.rows.view()).unwrap();
        similarities(unit.view(), None, &corpus, &settings)
    }
}

fn of<'a>(found: &'a [Similarity], kind: &str) -> &'a Similarity {
    found.iter().find(|s| s.kind == kind).unwrap()
}

#[test]
fn what_is_kept_of_the_voice_comes_back_between_ceiling_and_floor() {
    // cos of k·v + n with v + n', v and n orthogonal and as long: k / √((k² + 1) · 2).
    let found = Planted::new(60, 3, &[1.0, 0.5, 0.0], 3).found();
    for (row, share) in found.iter().zip([1.0_f64, 0.5, 0.0]) {
        let expected = share / ((share * share + 1.0) * 2.0).sqrt();
        let got = row.cosine.unwrap();
        assert!((got.value - expected).abs() < 0.03, "{got:?} {expected}");
        assert!(
            got.lo - 0.01 <= expected && expected <= got.hi + 0.01,
            "{got:?}"
        );
        // Of three reference utterances the one of the same pair is left out: two pairs · two · 60.
        assert_eq!((got.n, row.pairs), (60, 240));
        assert_eq!(row.note, None);
    }
    assert!((of(&found, "ceiling").cosine.unwrap().value - 0.5).abs() < 0.03);
    assert!(of(&found, "floor").cosine.unwrap().value.abs() < 0.02);
}

#[test]
fn intervals_cover() {
    let expected = 0.5 / (1.25_f64 * 2.0).sqrt();
    let (sets, mut ranges) = (150, vec![]);
    for seed in 0..sets {
        let found = Planted::new(30, 2, &[0.5], 100 + seed).found();
        ranges.push(of(&found, "system").cosine.unwrap());
    }
    // The formula is of many dimensions: the mean of all sets is the truth.
    let truth = ranges.iter().map(|e| e.value).sum::<f64>() / sets as f64;
    assert!((truth - expected).abs() < 0.01, "{truth} {expected}");
    let covered = ranges.iter().filter(|e| e.lo <= truth && truth <= e.hi);
    // 95 % of 150 are 142; percentile intervals of 30 speakers are a little short.
    let covered = covered.count();
    assert!((132..=149).contains(&covered), "{covered}");
}

#[test]
fn a_copy_is_not_its_own_witness() {
    let planted = Planted::new(20, 3, &[], 5);
    let mut copied = planted.keep(|_| true);
    copied.items.iter_mut().for_each(|i| {
        i.system = "copy".into();
        i.id = format!("copy-{}", i.id);
    });
    let both = Planted {
        items: [planted.items, copied.items].concat(),
        rows: ndarray::concatenate![Axis(0), planted.rows, copied.rows],
    };
    let found = both.found();
    let (copy, ceiling) = (of(&found, "system"), of(&found, "ceiling"));
    let apart = copy.cosine.unwrap().value - ceiling.cosine.unwrap().value;
    assert!(apart.abs() < 1e-9, "{apart}");
    // With one reference utterance each there is nothing else, and it says so.
    let one = |i: &QualityItem| i.pair.as_deref().is_some_and(|p| p.ends_with("-0"));
    let found = both.keep(one).found();
    let copy = of(&found, "system");
    assert!((copy.cosine.unwrap().value - 1.0).abs() < 1e-9);
    let note = copy.note.as_deref().unwrap();
    assert!(
        note.contains("20 utterances are compared with their own counterpart"),
        "{note}"
    );
}

#[test]
fn what_is_missing_is_said_in_words() {
    let planted = Planted::new(10, 2, &[0.5], 1);
    // One utterance a speaker: no ceiling.
    let found = planted
        .keep(|i| i.pair.as_deref().is_some_and(|p| p.ends_with("-0")))
        .found();
    let ceiling = of(&found, "ceiling");
    assert!(ceiling.cosine.is_none());
    assert!(
        ceiling
            .note
            .as_deref()
            .unwrap()
            .contains("one utterance per speaker")
    );
    // The system speaks with voices of its own.
    let mut others = planted.keep(|_| true);
    for item in others.items.iter_mut().filter(|i| i.system != "reference") {
        item.speaker = item.speaker.take().map(|s| format!("new-{s}"));
    }
    let found = others.found();
    let system = of(&found, "system");
    assert!(system.cosine.is_none());
    assert!(
        system
            .note
            .as_deref()
            .unwrap()
            .contains("no utterance of a speaker whom")
    );
    // One of the reference's speakers: the interval is the whole scale.
    let one = |i: &QualityItem| i.system == "reference" || i.speaker.as_deref() == Some("s0");
    let found = planted.keep(one).found();
    let system = of(&found, "system");
    assert!(system.note.as_deref().unwrap().contains("one speaker"));
    assert_eq!(
        (system.cosine.unwrap().lo, system.cosine.unwrap().hi),
        (-1.0, 1.0)
    );
}
