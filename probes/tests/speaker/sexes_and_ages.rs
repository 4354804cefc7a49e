//! Planted differences between the sexes, wrong labels, and ages.

use ndarray::Array2;
use phonoscope_probes::report::Table;
use phonoscope_probes::speaker::{SpeakerInput, SpeakerSettings};

use super::simulated::{column, found, has, input, is_whole, normals, quick, table, values};

/// Men and women by turns; the first direction parts them, the second follows F0, with opposite sign in
/// each sex where `turned`.
fn voices(speakers: usize, turned: bool) -> SpeakerInput {
    let x = normals(speakers, 3, 7, "voices-x");
    let mut y = normals(speakers, 8, 8, "voices-y") * 0.5;
    for i in 0..speakers {
        let sign = if i % 2 == 1 && turned { -1.0 } else { 1.0 };
        y[[i, 0]] += 4.0 * (i % 2) as f64;
        y[[i, 1]] += 1.5 * sign * x[[i, 0]];
    }
    let mut input = input(y, &x);
    input.columns = vec![column("sex", sexes(speakers))];
    input
}

fn sexes(speakers: usize) -> impl Iterator<Item = String> {
    (0..speakers).map(|i| ["f", "m"][i % 2].to_owned())
}

/// Row of a component (from 1) in the `sex` table with this column at or below 5 %.
fn passing(table: &Table, id: &str) -> Vec<usize> {
    let column = table.column(id).unwrap();
    (0..table.rows())
        .filter(|r| column.value(*r).is_some_and(|q| q <= 0.05))
        .collect()
}

#[test]
fn a_planted_interaction_is_found_and_none_otherwise() {
    let outcome = found(&voices(240, true), &quick());
    is_whole(&outcome);
    let sex = table(&outcome, "sex");
    // The axis of the first component leans a little towards the second, and its residuals are small.
    let acting = passing(sex, "interaction_q");
    assert!(
        acting.contains(&1) && acting.iter().all(|k| *k < 2),
        "{acting:?}"
    );
    let gain = values(sex, "interaction_r_squared");
    assert!(gain[1] > 0.5 && gain[0] < 0.1, "{gain:?}");
    assert!(values(sex, "auc")[0] > 0.99);
    assert!(values(sex, "ashman_d")[0] > 4.0 && values(sex, "mixture_d")[0] > 2.0);
    assert_eq!(passing(sex, "dip_q"), [0]);
    // The slopes of F0 on the second component have opposite signs.
    let slopes = table(&outcome, "sex_slopes");
    let beta = slopes.column("beta").unwrap();
    let at = 3 * 2;
    let (women, men) = (
        beta.estimate_at(at).unwrap(),
        beta.estimate_at(at + 1).unwrap(),
    );
    assert!(women.value * men.value < -0.5, "{women:?} {men:?}");
    assert_eq!((women.n, men.n), (120, 120));
    let q = slopes.column("difference_q").unwrap();
    assert!(q.value(at).unwrap() < 1e-6 && q.value(at + 2).unwrap() > 0.05);
    let said = outcome.summary.join("\n");
    assert!(
        said.contains("act differently in the two sexes on ") && said.contains("PC2 (q"),
        "{said}"
    );

    let outcome = found(&voices(240, false), &quick());
    assert!(passing(table(&outcome, "sex"), "interaction_q").is_empty());
    assert!(passing(table(&outcome, "sex_slopes"), "difference_q").is_empty());
}

#[test]
fn regressions_are_repeated_within_each_sex() {
    let outcome = found(&voices(200, false), &quick());
    let regression = table(&outcome, "regression");
    let over = regression.column("speakers").unwrap();
    let over: Vec<_> = (0..3).map(|r| over.text_at(r).unwrap()).collect();
    assert_eq!(over, ["all", "sex=f", "sex=m"]);
    let r2 = values(regression, "r_squared");
    // Within a sex the direction that parts them is gone from the variance.
    assert!(r2[1] > r2[0] && r2[2] > r2[0], "{r2:?}");
}

#[test]
fn wrong_labels_are_listed_and_right_ones_are_not() {
    let mut input = voices(160, false);
    assert_eq!(
        table(&found(&input, &quick()), "suspicious_labels").rows(),
        0
    );
    for wrong in [10, 33] {
        let label = &mut input.columns[0].values[wrong];
        *label = Some(
            if label.as_deref() == Some("f") {
                "m"
            } else {
                "f"
            }
            .into(),
        );
    }
    let outcome = found(&input, &quick());
    let listed = table(&outcome, "suspicious_labels");
    let names = listed.column("speaker").unwrap();
    let mut names: Vec<_> = (0..listed.rows())
        .filter_map(|r| names.text_at(r))
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["spk10", "spk33"]);
    assert!(values(listed, "probability").iter().all(|p| *p >= 0.9));
    assert_eq!(values(listed, "d0").len(), 2);
    let warned = outcome.warnings.join("\n");
    assert!(
        warned.contains("2 speakers have an embedding that says the other"),
        "{warned}"
    );
}

/// Ages that correlate `r` with a direction of the embedding within each sex.
fn aged(r: f64, classes: bool) -> SpeakerInput {
    let n = 4000;
    let mut input = voices(n, false);
    let noise = normals(n, 1, 9, "ages");
    let along: Array2<f64> = input.systems[0].embeddings.clone();
    let age = |i: usize| {
        let z = r * along[[i, 5]] / 0.5 + (1.0 - r * r).sqrt() * noise[[i, 0]];
        let years = 45.0 + 12.0 * z + 3.0 * (i % 2) as f64;
        match classes {
            false => format!("{years:.1}"),
            true => ["twenties", "thirties", "fourties", "fifties", "sixties"]
                [(((years - 20.0) / 10.0).max(0.0) as usize).min(4)]
            .into(),
        }
    };
    input.columns.push(column("age", (0..n).map(age)));
    input
}

#[test]
fn a_planted_age_is_found_within_each_sex_and_none_otherwise() {
    let settings = SpeakerSettings {
        components: 2,
        bootstrap: 40,
        ..quick()
    };
    for classes in [false, true] {
        let outcome = found(&aged(0.2, classes), &settings);
        is_whole(&outcome);
        let age = table(&outcome, "age");
        let from = age.column("from").unwrap();
        let (q, r2) = (age.column("q").unwrap(), age.column("r_squared").unwrap());
        assert_eq!(age.rows(), 4);
        for row in 0..4 {
            let (q, r2) = (q.value(row).unwrap(), r2.estimate_at(row).unwrap());
            match from.text_at(row) {
                Some("embedding") => assert!(q <= 0.05 && r2.value > 0.0, "{q} {r2:?}"),
                _ => assert!(q > 0.05 && r2.n == 2000, "{q} {r2:?}"),
            }
            // The truth is 0.04.
            assert!(r2.lo < 0.05 && r2.value < 0.1, "{r2:?}");
        }
        if classes {
            let (own, majority) = (values(age, "accuracy"), values(age, "majority_accuracy"));
            assert!(
                own.iter()
                    .zip(&majority)
                    .all(|(a, m)| (0.0..=1.0).contains(a) && *m > 0.2)
            );
        }
    }
    let outcome = found(&aged(0.0, false), &settings);
    let q = values(table(&outcome, "age"), "q");
    assert!(q.iter().all(|q| *q > 0.05), "{q:?}");
    assert!(!has(&found(&voices(60, false), &quick()), "age"));
}
