//! How much of the age is in the embedding, within each sex, against the descriptors alone.

use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use phonoscope_analysis::classify::{Confusion, held_out_ordinal, majority};
use phonoscope_analysis::estimate::Method;
use phonoscope_analysis::regress::{Design, tuned_ridge};
use phonoscope_analysis::stats::{self, Sorted, draws};
use phonoscope_analysis::task::Task;
use phonoscope_analysis::{Estimate, Result, rng};
use rand::seq::SliceRandom as _;

use super::SpeakerSettings;
use super::columns::{Kind, SpeakerColumn};
use super::errors::Errors;

/// Penalties to choose from, as shares of the number of training speakers.
const PENALTIES: [f64; 7] = [1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2, 1e3];
/// Inverse penalty of the ordinal model on standardised predictors.
const ORDINAL_C: f64 = 0.01;
/// Fewest speakers of a group.
pub(super) const FEWEST: usize = 20;

/// The column that tells the age: years, or classes in their order.
pub(super) struct Age<'a> {
    pub(super) name: &'a str,
    /// Years, or the rank of the class from 0, `[speaker]`.
    pub(super) of: Vec<Option<f64>>,
    /// The classes, youngest first, when the ages are classes.
    pub(super) classes: Option<Vec<&'a str>>,
}

impl<'a> Age<'a> {
    /// The first column called age that holds numbers, or classes whose order is known.
    pub(super) fn find(columns: &'a [SpeakerColumn]) -> Option<Self> {
        columns.iter().find_map(|c| {
            if !["age", "age_group", "age_class"].contains(&c.name.to_ascii_lowercase().as_str()) {
                return None;
            }
            match &c.kind {
                Kind::Number(of) => Some(Self {
                    name: &c.name,
                    of: of.clone(),
                    classes: None,
                }),
                Kind::Classes { levels, of } => {
                    let years: Option<Vec<f64>> = levels.iter().map(|l| years(l)).collect();
                    let years = years?;
                    let mut order: Vec<usize> = (0..levels.len()).collect();
                    order.sort_by(|a, b| years[*a].total_cmp(&years[*b]));
                    let rank = |class: usize| order.iter().position(|o| *o == class);
                    Some(Self {
                        name: &c.name,
                        of: of.iter().map(|c| rank((*c)?).map(|r| r as f64)).collect(),
                        classes: Some(order.iter().map(|o| levels[*o].as_str()).collect()),
                    })
                }
                Kind::Excluded(_) => None,
            }
        })
    }
}

/// The first age of a class: its first number, or the decade it names.
fn years(label: &str) -> Option<f64> {
    const DECADES: [(&str, f64); 10] = [
        ("teen", 13.0),
        ("twent", 20.0),
        ("thirt", 30.0),
        ("fourt", 40.0),
        ("fort", 40.0),
        ("fift", 50.0),
        ("sixt", 60.0),
        ("sevent", 70.0),
        ("eight", 80.0),
        ("ninet", 90.0),
    ];
    let digits: String = label
        .chars()
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(char::is_ascii_digit)
        .collect();
    let below = label.trim_start().starts_with('<');
    let number = digits
        .parse()
        .ok()
        .map(|n: f64| if below { n - 0.5 } else { n });
    let lower = label.to_ascii_lowercase();
    let named = DECADES.iter().find(|(start, _)| lower.starts_with(start));
    number.or(named.map(|(_, y)| *y))
}

/// One group of speakers, predicted from one set of predictors.
pub(super) struct Prediction {
    /// `all`, or `sex=f`.
    pub(super) group: String,
    /// `embedding` or `descriptors`.
    pub(super) from: &'static str,
    pub(super) r2: Estimate,
    pub(super) spearman: Option<Estimate>,
    /// 95 % point of R² with ages permuted over the group's speakers, and p.
    pub(super) null: Option<(f64, f64)>,
    /// Benjamini–Hochberg over the rows.
    pub(super) q: f64,
    /// For classes: accuracy and mean F1 of an ordinal model, and those of the largest class alone.
    pub(super) ordinal: Option<[f64; 4]>,
}

/// Predicts `age` from `x: [speaker, predictor]` for speakers outside the fit, by ridge regression whose
/// penalty is chosen inside every training set.
pub(super) fn predict(
    x: ArrayView2<'_, f64>,
    age: &[f64],
    classes: bool,
    folds: &[usize],
    (group, from): (&str, &'static str),
    settings: &SpeakerSettings,
    task: &Task,
) -> Result<Prediction> {
    let n = age.len();
    let copies = if settings.nulls {
        settings.permutations
    } else {
        0
    };
    // The ages, then permuted copies of them: one pass over the rows serves all.
    let mut y = Array2::zeros((n, 1 + copies));
    y.column_mut(0).assign(&Array1::from(age.to_vec()));
    let stream = format!("speaker.age.{group}.{from}");
    for copy in 0..copies {
        task.check()?;
        let mut permuted = age.to_vec();
        permuted.shuffle(&mut rng::stream(settings.seed, &stream, copy as u64));
        y.column_mut(copy + 1).assign(&Array1::from(permuted));
    }
    let tuned = tuned_ridge(&Design::new(x, y.view(), folds)?.grams(None)?, &PENALTIES)?;
    let r2 = tuned.fit.r2();
    let mut predicted = vec![0.0; n];
    let mut errors = Errors {
        error: Array1::zeros(n),
        total: Array1::zeros(n),
    };
    for (fold, model) in tuned.models.iter().enumerate() {
        let (test, train): (Vec<usize>, Vec<usize>) = (0..n).partition(|i| folds[*i] == fold);
        let mean = train.iter().map(|i| age[*i]).sum::<f64>() / train.len() as f64;
        let slopes = model.slopes.column(0);
        let scores = x.select(Axis(0), &test).dot(&slopes) + model.intercepts[0];
        for (row, score) in test.iter().zip(&scores) {
            predicted[*row] = *score;
            errors.error[*row] = (age[*row] - score).powi(2);
            errors.total[*row] = (age[*row] - mean).powi(2);
        }
    }
    let (truth, guess) = (Sorted::new(age), Sorted::new(&predicted));
    let plan = draws::Plan {
        stage: "intervals of ages",
        stream: &format!("{stream}.intervals"),
        seed: settings.seed,
        draws: settings.bootstrap,
    };
    let replicates = draws(plan, task, |rng| {
        let weights = stats::resample_counts(n, rng);
        let rho = stats::weighted_spearman(&truth, &guess, &weights);
        Ok((errors.r2(Array1::from(weights).view()), rho))
    })?;
    let estimate = |value: f64, of: Vec<f64>| {
        let interval = stats::percentile(&of, settings.level);
        Estimate {
            value,
            lo: interval.lo,
            hi: interval.hi,
            n,
            level: settings.level,
            method: Method::ClusterBootstrap,
        }
    };
    let ones = vec![1.0; n];
    let rho = stats::weighted_spearman(&truth, &guess, &ones);
    let null = r2.slice(s![1..]).to_vec();
    Ok(Prediction {
        group: group.into(),
        from,
        spearman: rho
            .is_finite()
            .then(|| estimate(rho, replicates.iter().map(|r| r.1).collect())),
        null: (copies > 0).then(|| {
            let at = stats::critical_value(&null, stats::ALPHA);
            (at, stats::permutation_p(r2[0], &null))
        }),
        r2: estimate(r2[0], replicates.iter().map(|r| r.0).collect()),
        q: f64::NAN,
        ordinal: match classes {
            true => ordinal(x, age, folds).ok(),
            false => None,
        },
    })
}

/// Accuracy and mean F1 of a proportional-odds model, then of always the largest class of the other folds.
fn ordinal(x: ArrayView2<'_, f64>, age: &[f64], folds: &[usize]) -> Result<[f64; 4]> {
    let class: Vec<usize> = age.iter().map(|rank| *rank as usize).collect();
    let held = held_out_ordinal(x, &class, folds, ORDINAL_C, true)?;
    let found = Confusion::new(&class, &held.predicted)?;
    let base = Confusion::new(&class, &majority(&class, folds)?)?;
    Ok([
        found.accuracy(),
        found.macro_f1(),
        base.accuracy(),
        base.macro_f1(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_put_in_the_order_of_age() {
        let labels = ["60+", "twenties", "<20", "fourties", "30-39"];
        let found: Vec<Option<f64>> = labels.iter().map(|l| years(l)).collect();
        assert_eq!(
            found,
            [Some(60.0), Some(20.0), Some(19.5), Some(40.0), Some(30.0)]
        );
        assert_eq!(years("young"), None);
    }
}
