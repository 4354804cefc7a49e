//! Controls beside the embeddings: what a twin and spectra show as well.

use ndarray::{Array2, Axis, concatenate};
use phonoscope_probes::speaker::{ControlInput, Normalise, SpeakerSettings};

use crate::simulated::{column, found, has, input, is_whole, normals, quick, table, values};

fn control(kind: &'static str, vectors: Result<Array2<f64>, String>) -> ControlInput {
    ControlInput {
        kind,
        words: format!("a {kind}"),
        normalise: Normalise::None,
        vectors,
    }
}

#[test]
fn what_is_planted_in_the_model_only_is_not_in_its_controls() {
    let n = 160;
    let x = normals(n, 3, 1, "baselines x");
    let class = |i: usize| (i % 2) as f64;
    // The model knows the sex and the descriptors; the twin nothing; the spectra the first descriptor.
    let sexed = Array2::from_shape_fn((n, 1), |(i, _)| 4.0 * class(i));
    let noise = |name: &str| 0.3 * normals(n, 12, 2, name);
    let model = concatenate![Axis(1), sexed, x, noise("model")];
    let twin = concatenate![Axis(1), normals(n, 4, 3, "twin"), noise("twin too")];
    let spectra = concatenate![Axis(1), x.select(Axis(1), &[0]), noise("spectra")];
    let mut given = input(model, &x);
    given.columns = vec![column("sex", (0..n).map(|i| ["f", "m"][i % 2].to_owned()))];
    given.systems[0].controls = vec![
        control("twin", Ok(twin)),
        control("log_mel", Ok(spectra)),
        control("twin", Err("it has no weights".into())),
    ];
    let outcome = found(&given, &quick());
    is_whole(&outcome);
    let baselines = table(&outcome, "baselines");
    let kinds = baselines.column("vectors").unwrap();
    let kinds: Vec<&str> = (0..4).filter_map(|r| kinds.text_at(r)).collect();
    assert_eq!(kinds, ["model", "twin", "log_mel", "twin"]);
    let auc = values(baselines, "sex_auc");
    assert!(auc[0] > 0.99 && auc[1] < 0.8 && auc[2] < 0.8, "{auc:?}");
    let worth = values(baselines, "equivalent_components");
    // Three of eight parts of the model's variance, of which its first component, the sex, holds four.
    assert!((worth[0] - 0.75).abs() < 0.2 && worth[1] < 0.3, "{worth:?}");
    assert!((worth[2] - 1.0).abs() < 0.3, "{worth:?}");
    let half = baselines.column("half").unwrap().estimate_at(0).unwrap();
    assert!(half.lo <= half.value && half.value <= half.hi && half.n == n);
    let note = baselines.column("note").unwrap();
    assert_eq!(note.text_at(3), Some("it has no weights"));
    assert_eq!(note.text_at(1), None);
    let said = outcome.summary.join("\n");
    assert!(
        said.contains("control: the model with random weights: half"),
        "{said}"
    );
    assert!(
        said.contains("control not run") && said.contains("it has no weights"),
        "{said}"
    );
}

#[test]
fn vectors_that_cannot_be_used_say_why_and_end_nothing() {
    let n = 60;
    let x = normals(n, 2, 1, "bad controls");
    let mut given = input(normals(n, 8, 2, "bad controls y"), &x);
    let mut holed = normals(n, 8, 3, "holed");
    holed[[7, 1]] = f64::NAN;
    given.systems[0].controls = vec![
        control("twin", Ok(holed)),
        control("log_mel", Ok(Array2::zeros((n, 8)))),
        control("log_mel", Ok(Array2::zeros((n - 1, 8)))),
    ];
    let outcome = found(&given, &quick());
    let note = table(&outcome, "baselines").column("note").unwrap();
    assert!(note.text_at(1).unwrap().contains("utt7"));
    assert!((2..4).all(|row| note.text_at(row).is_some()));
}

#[test]
fn switched_off_they_are_not_there_and_the_report_says_so() {
    let n = 60;
    let x = normals(n, 2, 1, "off");
    let mut given = input(normals(n, 8, 2, "off y"), &x);
    given.systems[0].controls = vec![control("twin", Ok(normals(n, 8, 3, "off twin")))];
    let settings = SpeakerSettings {
        baselines: false,
        ..quick()
    };
    let outcome = found(&given, &settings);
    assert!(!has(&outcome, "baselines"));
    let said = outcome.warnings.join("\n");
    assert!(
        said.contains("switched off") && said.contains("random weights"),
        "{said}"
    );
}
