//! `analyse cka|cca|w2|probe` on matrices with a planted answer.

use ndarray::{Array1, Array2};
use serde_json::Value;

use crate::place::{Place, shared};

/// Numbers in [−1, 1) without pattern, the same on every machine.
fn noise(rows: usize, columns: usize, seed: u64) -> Array2<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    Array2::from_shape_fn((rows, columns), |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    })
}

fn json(place: &Place, args: &[&str]) -> Value {
    let ran = place.run(["analyse"].iter().chain(args).chain(&["--json"]));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

fn number(value: &Value, path: &str) -> f64 {
    value.pointer(path).and_then(Value::as_f64).unwrap()
}

#[test]
fn alike_and_unlike_matrices() {
    let place = Place::new();
    let x = noise(60, 4, 1);
    ndarray_npy::write_npy(place.path("x.npy"), &x).unwrap();
    ndarray_npy::write_npy(place.path("y.npy"), &(&x * 2.0 + 1.0)).unwrap();
    ndarray_npy::write_npy(place.path("z.npy"), &noise(60, 3, 2)).unwrap();
    let pair = |what, y| {
        json(
            &place,
            &[what, "--x", "x.npy", "--y", y, "--permutations", "99"],
        )
    };

    let same = pair("cka", "y.npy");
    assert!((number(&same, "/measures/0/value") - 1.0).abs() < 1e-12);
    assert_eq!(number(&same, "/measures/0/p"), 0.01);
    assert_eq!(number(&same, "/n"), 60.0);
    let unlike = pair("cka", "z.npy");
    assert!(number(&unlike, "/measures/0/p") > 0.05);
    assert!(number(&unlike, "/measures/0/lo") < number(&unlike, "/measures/0/hi"));

    let same = pair("cca", "y.npy");
    assert!((number(&same, "/pairs/3/r") - 1.0).abs() < 1e-12);
    let unlike = pair("cca", "z.npy");
    assert!(number(&unlike, "/pairs/0/bartlett_p") > 0.05);
    assert!(number(&unlike, "/measures/0/null/mean") > 0.05);

    // The same seed gives the same bytes.
    let args = [
        "analyse", "cka", "--x", "x.npy", "--y", "z.npy", "--rbf", "0.5", "--json",
    ];
    assert_eq!(place.run(args).stdout, place.run(args).stdout);
}

#[test]
fn distances_between_samples() {
    let place = Place::new();
    let x = noise(50, 3, 3);
    let moved = noise(40, 3, 4) + 2.0;
    ndarray_npy::write_npy(place.path("x.npy"), &x).unwrap();
    ndarray_npy::write_npy(place.path("moved.npy"), &moved).unwrap();
    ndarray_npy::write_npy(place.path("like.npy"), &noise(40, 3, 5)).unwrap();
    let w2 = |y| {
        json(
            &place,
            &["w2", "--x", "x.npy", "--y", y, "--permutations", "99"],
        )
    };
    let far = w2("moved.npy");
    // Three columns, each about 2 away.
    assert!((number(&far, "/mean_part") - 12.0).abs() < 2.0, "{far}");
    assert_eq!(number(&far, "/w2_squared/p"), 0.01);
    assert!(number(&w2("like.npy"), "/w2_squared/p") > 0.05);
    assert_eq!(far["covariance"], "shrunk");

    ndarray_npy::write_npy(place.path("wide.npy"), &noise(40, 4, 6)).unwrap();
    place
        .run(["analyse", "w2", "--x", "x.npy", "--y", "wide.npy"])
        .fails_with_hint(2, "--x has 3 columns, --y has 4", "same space");
}

#[test]
fn a_probe_reads_what_is_there_and_not_the_speaker() {
    let place = Place::new();
    // Twenty speakers of four rows each; the class lies in the first column, the speaker in the others.
    let mut x = noise(80, 5, 7);
    let voices = noise(20, 4, 8);
    for (i, mut row) in x.outer_iter_mut().enumerate() {
        row[0] += if i / 4 % 2 == 0 { 1.5 } else { -1.5 };
        for j in 0..4 {
            row[j + 1] += 5.0 * voices[[i / 4, j]];
        }
    }
    let words = |f: &dyn Fn(usize) -> String| (0..80).map(|i| f(i) + "\n").collect::<String>();
    ndarray_npy::write_npy(place.path("x.npy"), &x).unwrap();
    place.write("sex.txt", words(&|i| ["f", "m"][i / 4 % 2].into()));
    place.write("speaker.txt", words(&|i| format!("s{}", i / 4)));
    let first: Array1<f64> = x.column(0).to_owned();
    ndarray_npy::write_npy(place.path("y.npy"), &first).unwrap();
    let base = [
        "probe",
        "--x",
        "x.npy",
        "--groups",
        "speaker.txt",
        "--permutations",
        "39",
    ];
    let probe = |more: &[&str]| json(&place, &[&base[..], more].concat());

    let sex = probe(&["--labels", "sex.txt"]);
    assert!(number(&sex, "/balanced_accuracy/value") > 0.9, "{sex}");
    assert_eq!(number(&sex, "/balanced_accuracy/p"), 0.025);
    assert!(number(&sex, "/selectivity") > 0.2);
    assert_eq!(number(&sex, "/groups"), 20.0);
    assert_eq!(sex["classes"], serde_json::json!(["f", "m"]));

    let line = probe(&["--y", "y.npy"]);
    assert!(number(&line, "/r2/value") > 0.95, "{line}");
    // Numbers swap within speakers, so what the speaker tells stays in the control.
    assert_eq!(number(&line, "/r2/p"), 0.025);
    assert!(number(&line, "/r2/null/mean") > 0.5 && number(&line, "/selectivity") > 0.05);

    place
        .run([
            "analyse", "probe", "--x", "x.npy", "--labels", "sex.txt", "--groups", "sex.txt",
        ])
        .fails(2, "5 folds");
    place.write("short.txt", "f\nm\n");
    place
        .run(["analyse", "probe", "--x", "x.npy", "--labels", "short.txt"])
        .fails_with_hint(2, "--labels has 2 labels", "same order");
    assert_eq!(place.run(["analyse", "probe", "--x", "x.npy"]).code, 2);
}

#[test]
fn matrices_that_cannot_be_compared_are_told_in_words() {
    let place = Place::new();
    ndarray_npy::write_npy(place.path("few.npy"), &noise(6, 4, 9)).unwrap();
    ndarray_npy::write_npy(place.path("flat.npy"), &Array2::<f64>::ones((6, 4))).unwrap();
    ndarray_npy::write_npy(place.path("more.npy"), &noise(7, 4, 9)).unwrap();
    let run = |what: &str, y: &str| place.run(["analyse", what, "--x", "few.npy", "--y", y]);
    run("cca", "few.npy").fails(2, "4 and 4 directions");
    run("cka", "flat.npy").fails(2, "constant");
    run("cka", "more.npy").fails_with_hint(2, "--x has 6 rows, --y has 7", "same order");
    run("w2", "none.npy").fails(2, "none.npy");
}

#[test]
fn archives_are_read_by_name() {
    let Some(shared) = shared() else { return };
    let place = Place::new();
    let array = |name: &str| {
        format!(
            "{}:{name}",
            shared.join("golden/numerics/inputs.npz").display()
        )
    };
    let (a, b) = (array("sim_A"), array("sim_B"));
    let found = json(
        &place,
        &["cka", "--x", &a, "--y", &b, "--permutations", "9"],
    );
    assert!((number(&found, "/measures/1/value") - 0.720_403_820_153_817_2).abs() < 1e-10);
    let none = array("nope");
    place
        .run(["analyse", "cka", "--x", &none, "--y", &b])
        .fails_with_hint(2, "nope", ".npz:NAME");
}

#[test]
fn a_control_task_tells_memorised_types_from_what_is_there() {
    let place = Place::new();
    // 12 words, each said by 10 speakers; the label is the word's.
    let (words, speakers) = (12, 10);
    let n = words * speakers;
    let word = |i: usize| i % words;
    let label = |w: usize| w % 2;
    let lines = |f: &dyn Fn(usize) -> String| (0..n).map(|i| f(i) + "\n").collect::<String>();
    std::fs::write(
        place.path("labels.txt"),
        lines(&|i| label(word(i)).to_string()),
    )
    .unwrap();
    std::fs::write(place.path("words.txt"), lines(&|i| format!("w{}", word(i)))).unwrap();
    std::fs::write(
        place.path("speakers.txt"),
        lines(&|i| format!("s{}", i / words)),
    )
    .unwrap();
    let jitter = noise(n, words, 3) * 0.05;
    let identity =
        &jitter + &Array2::from_shape_fn((n, words), |(i, j)| f64::from(u8::from(word(i) == j)));
    let direction = &jitter + &Array2::from_shape_fn((n, words), |(i, _)| label(word(i)) as f64);
    ndarray_npy::write_npy(place.path("identity.npy"), &identity).unwrap();
    ndarray_npy::write_npy(place.path("direction.npy"), &direction).unwrap();
    let control = |x: &str| {
        let args = [
            "probe",
            "--x",
            x,
            "--labels",
            "labels.txt",
            "--types",
            "words.txt",
            "--groups",
            "speakers.txt",
            "--permutations",
            "19",
            "--penalty",
            "0.01",
        ];
        let found = json(&place, &args);
        assert_eq!(number(&found, "/balanced_accuracy/value"), 1.0);
        assert_eq!(number(&found, "/control_task/types"), 12.0);
        number(&found, "/control_task/selectivity")
    };
    // One column per word: any labelling of words can be read, so this one says nothing.
    assert!(control("identity.npy") < 0.05);
    assert!(control("direction.npy") > 0.2);
}
