//! Whether p and q mean what they say, on corpora in which nothing is associated with anything.

use ndarray::Array2;
use phonoscope_analysis::pca::{self, Scaling};
use phonoscope_analysis::task::Task;
use phonoscope_analysis::{rng, stats};
use rand::RngExt as _;

use super::columns::{Kind, SpeakerColumn};
use super::{SpeakerSettings, association};

const CORPORA: u64 = 1000;

/// 99 % of binomial counts of 1,000 corpora at a rate of 0.05.
const BAND: std::ops::RangeInclusive<usize> = 33..=69;

/// 30 speakers in 8 dimensions, with two classes and a number that have nothing to do with them.
fn null_corpus(index: u64) -> (Array2<f64>, [SpeakerColumn; 2]) {
    let speakers = 30;
    let mut stream = rng::stream(21, "calibration", index);
    let embeddings = Array2::from_shape_fn((speakers, 8), |_| stream.random_range(-1.0..1.0));
    let column = |name: &str, kind| SpeakerColumn {
        name: name.into(),
        kind,
        shown: vec![None; speakers],
        note: String::new(),
    };
    let sex = Kind::Classes {
        levels: vec!["f".into(), "m".into()],
        of: (0..speakers).map(|i| Some(i % 2)).collect(),
    };
    let age = (0..speakers).map(|_| Some(stream.random_range(20.0..70.0)));
    let age = Kind::Number(age.collect());
    (embeddings, [column("sex", sex), column("age", age)])
}

/// The bands are of independent units: one p per column and corpus, of its first component. A count
/// is of p ≤ 0.05: with 199 permutations that has level 10/200 exactly.
#[test]
fn under_the_null_p_is_uniform_and_corrected_corpora_are_rarely_wrong() {
    let settings = SpeakerSettings {
        permutations: 199,
        ..SpeakerSettings::default()
    };
    let (mut by_sex, mut by_age, mut any_corrected) = (0, 0, 0);
    for index in 0..CORPORA {
        let (embeddings, columns) = null_corpus(index);
        let pca = pca::fit(embeddings.view(), Scaling::Centred).unwrap();
        let scores = pca.scores(embeddings.view()).unwrap();
        let leading = scores.slice(ndarray::s![.., ..2]);
        let settings = SpeakerSettings {
            seed: index,
            ..settings.clone()
        };
        let tested = association::test(leading, &columns, &settings, &Task::silent()).unwrap();
        assert_eq!(
            (tested.len(), tested[0].column, tested[1].column),
            (4, 0, 1)
        );
        by_sex += usize::from(tested[0].p <= stats::ALPHA);
        by_age += usize::from(tested[1].p <= stats::ALPHA);
        any_corrected += usize::from(tested.iter().any(|t| t.q <= stats::ALPHA));
        for t in tested {
            let beyond = (t.effect - t.statistic.no_effect()).abs() > t.null_95 + 1e-9;
            assert!(!beyond || t.p <= stats::ALPHA);
        }
    }
    println!(
        "of {CORPORA} null corpora: sex {by_sex}, age {by_age}, any after correction {any_corrected}"
    );
    assert!(BAND.contains(&by_sex) && BAND.contains(&by_age));
    // Whole steps of 1/200 keep the corrected rate a little below 0.05, but not far.
    assert!((15..=*BAND.end()).contains(&any_corrected));
}
