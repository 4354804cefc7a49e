//! Ages by group of speakers, and their table.

use ndarray::Axis;
use phonoscope_analysis::task::Task;
use phonoscope_analysis::{Error, Result, stats};

use super::age::{self, Age, FEWEST, Prediction};
use super::sex::Sex;
use super::system::{Corpus, Found};
use crate::report::{Column, Role, Table};

/// Predictions within each sex (of all speakers where no column tells it), and why there are none.
pub(super) fn within_groups(
    corpus: &Corpus<'_>,
    found: &Found,
    age: &Age<'_>,
    sex: Option<&Sex<'_>>,
    task: &Task,
) -> Result<(Vec<Prediction>, Vec<String>)> {
    let all: Vec<usize> = match corpus.has_descriptors() {
        true => corpus.descriptors.speakers.clone(),
        false => (0..found.speakers.names.len()).collect(),
    };
    let groups: Vec<(String, Vec<usize>)> = match sex {
        None => vec![("all".into(), all)],
        Some(sex) => [0, 1]
            .map(|class| {
                let of = all.iter().filter(|s| sex.second[**s] == Some(class == 1));
                (sex.label(class), of.copied().collect())
            })
            .into(),
    };
    let (mut out, mut remarks) = (vec![], vec![]);
    for (group, speakers) in groups {
        let known: Vec<usize> = speakers
            .into_iter()
            .filter(|s| age.of[*s].is_some())
            .collect();
        let ages: Vec<f64> = known.iter().filter_map(|s| age.of[*s]).collect();
        if known.len() < FEWEST || ages.iter().all(|a| *a == ages[0]) {
            remarks.push(format!(
                "age is not predicted for {group}: {} speakers of different ages are needed, found {}",
                FEWEST,
                known.len()
            ));
            continue;
        }
        let folds = corpus.folds.of(&known);
        let mut predictors = vec![(
            "embedding",
            found.speakers.embeddings.select(Axis(0), &known),
        )];
        if corpus.has_descriptors() {
            let place = |s: &usize| corpus.descriptors.speakers.binary_search(s).ok();
            let rows: Vec<usize> = known.iter().filter_map(place).collect();
            predictors.push(("descriptors", corpus.descriptors.x.select(Axis(0), &rows)));
        }
        for (from, x) in predictors {
            let classes = age.classes.is_some();
            let (names, settings) = ((group.as_str(), from), corpus.settings);
            match age::predict(x.view(), &ages, classes, &folds, names, settings, task) {
                Ok(prediction) => out.push(prediction),
                Err(Error::Cancelled) => return Err(Error::Cancelled),
                Err(why) => remarks.push(format!("age is not predicted for {group}: {why}")),
            }
        }
    }
    let p: Vec<f64> = out.iter().filter_map(|o| o.null.map(|n| n.1)).collect();
    if p.len() == out.len() {
        for (one, q) in out.iter_mut().zip(stats::benjamini_hochberg(&p)) {
            one.q = q;
        }
    }
    Ok((out, remarks))
}

pub(super) fn table(age: &Age<'_>, rows: &[Prediction]) -> Table {
    let number = |id: &str, meaning: &str, f: &dyn Fn(&Prediction) -> f64| {
        Column::number(
            id,
            Role::Value,
            meaning,
            None,
            rows.iter().map(f).collect::<Vec<f64>>(),
        )
    };
    let ordinal = |at: usize| move |p: &Prediction| p.ordinal.map_or(f64::NAN, |n| n[at]);
    let mut columns = vec![
        Column::text(
            "group",
            Role::Key,
            "within whom",
            rows.iter().map(|p| Some(p.group.clone())).collect(),
        ),
        Column::text(
            "from",
            Role::Key,
            "predictors: the whole embedding, or the descriptors alone as the baseline",
            rows.iter().map(|p| Some(p.from.to_owned())).collect(),
        ),
        Column::estimate(
            "r_squared",
            "of the ages of speakers outside the fit; 0 is predicting the mean",
            None,
            rows.iter().map(|p| Some(p.r2)).collect(),
        ),
        number(
            "null_95",
            "control: R² that 5 % of permutations of the ages within the group reach",
            &|p| p.null.map_or(f64::NAN, |n| n.0),
        ),
        number("p", "(1 + b) / (1 + B)", &|p| {
            p.null.map_or(f64::NAN, |n| n.1)
        }),
        number(
            "q",
            "p adjusted over the rows (Benjamini–Hochberg)",
            &|p| p.q,
        ),
        Column::estimate(
            "spearman",
            "rank correlation of predicted and true ages",
            None,
            rows.iter().map(|p| p.spearman).collect(),
        ),
    ];
    if age.classes.is_some() {
        columns.extend([
            number(
                "accuracy",
                "of the most likely class of a proportional-odds model, fitted without the fold",
                &ordinal(0),
            ),
            number(
                "majority_accuracy",
                "baseline: always the largest class of the other folds",
                &ordinal(2),
            ),
            number(
                "macro_f1",
                "mean F1 over the classes, of the same",
                &ordinal(1),
            ),
            number(
                "majority_macro_f1",
                "baseline: always the largest class of the other folds",
                &ordinal(3),
            ),
        ]);
    }
    let scale = match &age.classes {
        None => "in years".to_owned(),
        Some(classes) => format!("as the rank of its class ({})", classes.join(" < ")),
    };
    Table::new(
        "age",
        "Age",
        &format!(
            "How well `{}`, {scale}, is predicted for speakers outside the fit by ridge regression whose \
             penalty is chosen inside each training set. Within each sex, because voices of women and men \
             age differently and a corpus may hold older men than women.",
            age.name
        ),
        columns,
    )
}
