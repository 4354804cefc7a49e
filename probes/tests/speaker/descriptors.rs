//! Descriptors that are planted in embeddings, and descriptors that are not.

use ndarray::{Array2, s};
use phonoscope_probes::speaker::{Part, SpeakerSettings, Transform};

use super::simulated::{found, has, input, is_whole, normals, quick, table, values};

/// Nine directions that follow nine descriptors, and weaker ones that follow nothing.
fn planted(speakers: usize) -> (Array2<f64>, Array2<f64>) {
    let x = normals(speakers, 9, 1, "planted-x");
    let mut y = normals(speakers, 24, 2, "planted-y") * 0.7;
    y.slice_mut(s![.., ..9]).assign(&(&x * 2.0));
    (y, x)
}

#[test]
fn nine_planted_descriptors_are_worth_nine_components() {
    let (y, x) = planted(400);
    let outcome = found(&input(y, &x), &quick());
    is_whole(&outcome);
    let regression = table(&outcome, "regression");
    let worth = regression.column("equivalent_components").unwrap();
    let worth = worth.estimate_at(0).unwrap();
    assert!((8.5..=10.0).contains(&worth.value), "{worth:?}");
    assert!(
        worth.lo <= 9.2 && worth.hi >= 8.8 && worth.n == 400,
        "{worth:?}"
    );
    let r2 = regression
        .column("r_squared")
        .unwrap()
        .estimate_at(0)
        .unwrap();
    // 36 parts of 36 + 15 · 0.49 are planted.
    assert!((r2.value - 36.0 / 43.35).abs() < 0.03, "{r2:?}");
    assert_eq!(values(regression, "p"), [0.01]);
    let selection = table(&outcome, "selection");
    assert_eq!(selection.rows(), 9);
    let curve = values(selection, "r_squared");
    assert!(curve.windows(2).all(|w| w[1] > w[0]), "{curve:?}");
    let fits = values(table(&outcome, "pc_fits"), "adjusted_r_squared");
    assert!(fits.iter().all(|r2| *r2 > 0.95), "{fits:?}");
    let cards = table(&outcome, "pc_cards");
    assert_eq!(cards.rows(), 6 * 9);
    // Shares of each component sum to its R².
    let shares = values(cards, "shapley");
    let r2 = values(table(&outcome, "pc_fits"), "r_squared");
    for (k, r2) in r2.iter().enumerate() {
        let sum: f64 = shares[9 * k..9 * (k + 1)].iter().sum();
        assert!((sum - r2).abs() < 1e-9, "{sum} {r2}");
    }
    assert!(
        outcome.summary[0].contains("9 descriptors predict"),
        "{:?}",
        outcome.summary
    );
}

#[test]
fn unrelated_descriptors_pass_at_the_nominal_rate() {
    let settings = SpeakerSettings {
        permutations: 39,
        bootstrap: 20,
        components: 3,
        ..quick()
    };
    let (mut regressions, mut cards) = (0, 0);
    let corpora = 120;
    for seed in 0..corpora {
        let y = normals(40, 5, seed, "null-y");
        let x = normals(40, 3, seed, "null-x");
        let settings = SpeakerSettings {
            seed,
            ..settings.clone()
        };
        let outcome = found(&input(y, &x), &settings);
        regressions += usize::from(values(table(&outcome, "regression"), "p")[0] <= 0.05);
        let q = values(table(&outcome, "pc_cards"), "q");
        cards += usize::from(q.iter().any(|q| *q <= 0.05));
    }
    // 6 expected of each; the upper 99.9 % point of the binomial is 15.
    assert!(regressions <= 15 && cards <= 15, "{regressions} {cards}");
    assert!(regressions > 0, "a test that never errs is not one");
}

#[test]
fn a_copy_of_a_descriptor_is_passed_over_and_shares_its_credit() {
    let (y, x) = planted(200);
    let mut twice = Array2::zeros((200, 10));
    twice.slice_mut(s![.., ..9]).assign(&x);
    twice.column_mut(9).assign(&x.column(0));
    let outcome = found(&input(y, &twice), &quick());
    is_whole(&outcome);
    let selection = table(&outcome, "selection");
    let chosen = selection.column("descriptor").unwrap();
    let chosen: Vec<_> = (0..selection.rows())
        .filter_map(|r| chosen.text_at(r))
        .collect();
    assert!(
        chosen.contains(&"d0") != chosen.contains(&"d9"),
        "{chosen:?}"
    );
    let descriptors = table(&outcome, "descriptors");
    let vif = descriptors.column("vif").unwrap();
    assert!(vif.value(0).is_none() && vif.value(9).is_none() && vif.value(1).is_some());
}

#[test]
fn what_the_recording_lends_goes_when_it_is_held() {
    // The embedding follows the noise of the recording; so does a descriptor of the voice.
    let n = 300;
    let z = normals(n, 3, 5, "lent");
    let mut y = normals(n, 6, 6, "lent-y") * 0.3;
    y.column_mut(0).assign(&(&z.column(0) * 3.0));
    let mut x = Array2::zeros((n, 2));
    x.column_mut(0).assign(&z.column(0));
    x.column_mut(1)
        .assign(&(&z.column(0) + &(&z.column(1) * 0.5)));
    let mut input = input(y, &x);
    input.descriptors[0].name = "snr_db".into();
    input.descriptors[0].recording = true;
    let outcome = found(&input, &quick());
    let recording = table(&outcome, "recording");
    let (r, partial) = (values(recording, "r"), values(recording, "partial_r"));
    // First component: the noise, then the voice.
    assert!(r[0].abs() > 0.98 && r[1].abs() > 0.85, "{r:?}");
    assert!(
        partial[0].abs() > 0.9 && partial[1].abs() < 0.2,
        "{partial:?}"
    );
}

#[test]
fn a_condition_is_held_and_predicts_nothing() {
    let n = 300;
    let z = normals(n, 3, 5, "lent");
    let mut y = normals(n, 6, 6, "lent-y") * 0.3;
    y.column_mut(0).assign(&(&z.column(0) * 3.0));
    let mut x = Array2::zeros((n, 2));
    x.column_mut(0).assign(&z.column(0));
    x.column_mut(1)
        .assign(&(&z.column(0) + &(&z.column(1) * 0.5)));
    let mut input = input(y, &x);
    input.descriptors[0].name = "snr_db".into();
    input.descriptors[0].recording = true;
    input.descriptors[0].part = Part::Condition;
    // Some speakers lack it: they take part in everything else.
    for speaker in 0..10 {
        input.descriptors[0].values[speaker] = None;
    }
    let outcome = found(&input, &quick());
    is_whole(&outcome);
    assert_eq!(values(table(&outcome, "regression"), "descriptors"), [1.0]);
    let cards = table(&outcome, "pc_cards").column("descriptor").unwrap();
    assert!((0..6).all(|row| cards.text_at(row) == Some("d1")));
    let used = table(&outcome, "descriptors").column("used").unwrap();
    assert_eq!(
        (used.text_at(0), used.text_at(1)),
        (Some("condition"), Some("yes"))
    );
    let recording = table(&outcome, "recording");
    let partial = recording.column("partial_r").unwrap();
    let names = recording.column("descriptor").unwrap();
    let of = |name: &str| {
        let row = (0..recording.rows()).find(|r| names.text_at(*r) == Some(name));
        partial.estimate_at(row.unwrap()).unwrap()
    };
    assert!(of("snr_db").value.abs() > 0.9 && of("d1").value.abs() < 0.2);
    assert_eq!(of("d1").n, n - 10);
    assert!(outcome.warnings.iter().all(|w| !w.contains("not used")));
}

#[test]
fn values_are_transformed_before_the_median() {
    let (y, x) = planted(60);
    let mut input = input(y, &x);
    input.descriptors[3].transform = Transform::Logit;
    for v in input.descriptors[3].values.iter_mut().flatten() {
        *v = 1.0 / (1.0 + (-*v).exp());
    }
    let outcome = found(&input, &quick());
    let descriptors = table(&outcome, "descriptors");
    let sd = values(descriptors, "sd");
    assert!((sd[3] - sd[2]).abs() < 0.4 && sd[3] > 0.6, "{sd:?}");
    assert!(has(&outcome, "regression"));
}
