//! Several systems over the same speakers.

use ndarray::{Array2, Axis, concatenate};
use phonoscope_analysis::task::Task;
use phonoscope_probes::speaker::{SpeakerInput, SpeakerSettings, run};

use super::simulated::{found, input, is_whole, normals, quick, system, table, values};

/// Two items a speaker. The second system is the first turned and stretched, with noise; the third knows
/// nothing of either.
fn systems() -> SpeakerInput {
    let (speakers, dims) = (120, 6);
    let z = normals(speakers, dims, 21, "systems");
    let strength = Array2::from_shape_fn((1, dims), |(_, j)| 3.0 / (1.0 + j as f64));
    let voices = &z * &strength;
    let twice = concatenate![Axis(0), voices, voices];
    let noise = |seed, dims| normals(2 * speakers, dims, seed, "systems-noise") * 0.3;
    let turn = normals(dims, 9, 22, "turn");
    let mut out = input(&twice + &noise(1, dims), &Array2::zeros((2 * speakers, 0)));
    out.speakers = (0..2 * speakers)
        .map(|i| format!("spk{}", i % speakers))
        .collect();
    out.systems = vec![
        system("first", &twice + &noise(1, dims)),
        system("second", twice.dot(&turn) + noise(2, 9)),
        system("third", normals(2 * speakers, 5, 23, "unrelated")),
    ];
    out
}

#[test]
fn what_systems_share_is_found_and_what_they_do_not_is_not() {
    let outcome = found(&systems(), &quick());
    is_whole(&outcome);
    let of_systems: Vec<_> = outcome
        .tables
        .iter()
        .filter(|t| t.id == "components")
        .filter_map(|t| t.system.clone())
        .collect();
    assert_eq!(of_systems, ["first", "second", "third"]);
    let similarity = table(&outcome, "similarity");
    let measure = similarity.column("measure").unwrap();
    let value = similarity.column("value").unwrap();
    let p = similarity.column("p").unwrap();
    assert_eq!(similarity.rows(), 3 * 4);
    for row in 0..similarity.rows() {
        let (name, related) = (measure.text_at(row).unwrap(), row < 4);
        let (value, p) = (value.estimate_at(row).unwrap(), p.value(row).unwrap());
        assert!(value.lo <= value.value && value.value <= value.hi && value.n == 120);
        match related {
            true => assert!(value.value > 0.5 && p <= 0.05, "{name} {value:?}"),
            false => assert!(value.value < 0.5, "{name} {value:?}"),
        }
    }
    let angles = table(&outcome, "angles");
    let cosines = values(angles, "cosine");
    let p = values(angles, "p");
    assert!(cosines[0] > 0.95 && p[0] <= 0.05, "{cosines:?}");
    let matched = table(&outcome, "matched_components");
    assert!(values(matched, "r")[0].abs() > 0.6);
    let verification = table(&outcome, "verification");
    let eer = verification.column("eer").unwrap();
    assert_eq!(verification.rows(), 6);
    assert!(eer.value(0).unwrap() < 0.1 && (eer.value(4).unwrap() - 0.5).abs() < 0.15);
    let said = outcome.summary.join("\n");
    assert!(
        said.contains("first and second: unbiased linear CKA"),
        "{said}"
    );
    let arrays: Vec<&str> = outcome
        .arrays
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert!(arrays.contains(&"second.scores"), "{arrays:?}");
}

#[test]
fn unrelated_systems_pass_at_the_nominal_rate() {
    let settings = SpeakerSettings {
        permutations: 39,
        bootstrap: 20,
        components: 3,
        ..quick()
    };
    let (mut angles, mut cka, mut matched) = (0, 0, 0);
    for seed in 0..100 {
        let mut input = input(normals(30, 4, seed, "one"), &Array2::zeros((30, 0)));
        let other = normals(30, 4, seed, "other");
        input.systems.push(system("other", other));
        let outcome = found(
            &input,
            &SpeakerSettings {
                seed,
                ..settings.clone()
            },
        );
        let first = |id: &str| usize::from(values(table(&outcome, id), "p")[0] <= 0.05);
        angles += first("angles");
        cka += first("similarity");
        let best = values(table(&outcome, "matched_components"), "p");
        matched += usize::from(best.iter().any(|p| *p <= 0.05));
    }
    // 5 expected of each; the upper 99.9 % point of the binomial is 13.
    println!("of 100 unrelated pairs: angles {angles}, CKA {cka}, matched {matched}");
    assert!(angles <= 13 && cka <= 13 && matched <= 13);
    assert!(angles + cka + matched > 0);
}

#[test]
fn no_system_and_uneven_systems_are_errors() {
    let mut input = systems();
    input.systems[1].embeddings = Array2::zeros((3, 4));
    assert!(run(&input, &quick(), &Task::silent()).is_err());
    input.systems.clear();
    let why = run(&input, &quick(), &Task::silent())
        .unwrap_err()
        .to_string();
    assert!(why.contains("embedding systems"), "{why}");
}
