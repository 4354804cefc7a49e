//! Logistic regression and distances between distributions.

use phonoscope_analysis::classify::{self, Confusion};
use phonoscope_analysis::distance::{self, Gaussian, Mahalanobis};

use crate::data::{Golden, assert_close, assert_number};

/// Of fits that iterate.
const ITERATIVE: f64 = 1e-6;

fn assert_iterative<'a>(
    what: &str,
    found: impl IntoIterator<Item = &'a f64>,
    expected: impl IntoIterator<Item = &'a f64>,
) {
    let pairs: Vec<_> = found.into_iter().zip(expected).collect();
    let scale = pairs.iter().fold(0.0_f64, |m, (_, v)| m.max(v.abs()));
    for (a, b) in pairs {
        assert!(
            (a - b).abs() <= ITERATIVE * scale,
            "{what}: {a} against {b}"
        );
    }
}

#[test]
fn multinomial_logistic_regression() {
    let Some(g) = Golden::open() else { return };
    let (x, y, folds) = (
        g.two("logit_X"),
        g.indices("logit_y"),
        g.indices("logit_folds5"),
    );
    for (name, c) in [
        ("logit_C0p1", 0.1),
        ("logit_C1p0", 1.0),
        ("logit_C10p0", 10.0),
    ] {
        let at = |what: &str| format!("{name}_{what}");
        let scalar = |what: &str| g.number(&format!("/{name}/{what}"));
        let fit = classify::logistic(x.view(), &y, c).unwrap();
        assert_iterative(&at("coef"), &fit.coefficients, &g.two(&at("coef")));
        assert_iterative(&at("intercept"), &fit.intercepts, &g.one(&at("intercept")));
        let p = fit.probabilities(x.view()).unwrap();
        let loss: f64 = y.iter().enumerate().map(|(i, k)| -p[[i, *k]].ln()).sum();
        let off = loss / y.len() as f64 - scalar("train_logloss_mean");
        assert!(off.abs() <= ITERATIVE, "{name}: {off}");
        let train = Confusion::new(&y, &fit.predict(x.view()).unwrap()).unwrap();
        assert_number("train accuracy", train.accuracy(), scalar("train_accuracy"));

        let held = classify::held_out_logistic(x.view(), &y, &folds, c, false).unwrap();
        assert_eq!(held.predicted, g.indices(&at("oof_pred")), "{name}");
        let confusion = Confusion::new(&y, &held.predicted).unwrap();
        let counts: Vec<usize> = confusion.counts.iter().copied().collect();
        assert_eq!(counts, g.table(&at("oof_confusion")), "{name}");
        assert_number("accuracy", confusion.accuracy(), scalar("oof_accuracy"));
        assert_number(
            "balanced",
            confusion.balanced_accuracy(),
            scalar("balanced_accuracy"),
        );
        assert_number("F1", confusion.macro_f1(), scalar("macro_f1"));
        let by_fold: Vec<f64> = (0..5)
            .map(|fold| {
                let rows: Vec<usize> = (0..y.len()).filter(|i| folds[*i] == fold).collect();
                let right = rows.iter().filter(|i| y[**i] == held.predicted[**i]);
                right.count() as f64 / rows.len() as f64
            })
            .collect();
        assert_close(
            "accuracy by fold",
            &by_fold,
            &g.list(&format!("/{name}/fold_accuracy")),
        );
    }
}

#[test]
fn distances_of_normal_distributions() {
    let Some(g) = Golden::open() else { return };
    let of = |m: &str, s: &str| Gaussian::new(g.one(m), g.two(s)).unwrap();
    let (a, b) = (of("w2_m1", "w2_S1"), of("w2_m2", "w2_S2"));
    let thin = of("w2_m1", "w2_S_rank3");
    let w2 = |a: &Gaussian, b: &Gaussian| distance::w2(a, b).unwrap();
    let between = (a.covariance() + b.covariance()) / 2.0;
    let pooled = Gaussian::new(g.one("w2_m2"), between).unwrap();
    let first = g.one("w2_m1");
    let mahalanobis = Mahalanobis::new(&pooled).unwrap();
    let squared = mahalanobis.squared(first.view().insert_axis(ndarray::Axis(0)));
    for (what, found) in [
        ("w2_squared", w2(&a, &b).squared()),
        ("w2", w2(&a, &b).distance()),
        ("w2_squared_swapped", w2(&b, &a).squared()),
        (
            "w2_squared_diag_only",
            distance::w2_diagonal(&a, &b).unwrap().squared(),
        ),
        ("kl_1_to_2", distance::kl(&a, &b).unwrap()),
        ("bhattacharyya", distance::bhattacharyya(&a, &b).unwrap()),
        ("mahalanobis2_pooled", squared.unwrap()[0]),
    ] {
        assert_number(
            what,
            found,
            g.number(&format!("/gaussian_distances/{what}")),
        );
    }
    assert!(w2(&a, &a).squared() <= 1e-12);
    // The expected value takes roots of eigenvalues that are rounding (1e-16) around zero, which leaves 1e-8
    // of the largest in the trace: its own digits end there.
    let expected = g.number("/gaussian_distances/w2_squared_rank3_vs_full");
    let off = w2(&thin, &b).squared() - expected;
    assert!(off.abs() <= 1e-8 * expected, "singular covariance: {off}");
}

#[test]
fn distances_of_samples_of_numbers() {
    let Some(g) = Golden::open() else { return };
    let (a, b) = (g.one("w1_a").to_vec(), g.one("w1_b").to_vec());
    for (what, found) in [
        ("w1", distance::w1_1d(&a, &b)),
        ("w2", distance::w2_1d(&a, &b)),
        ("energy", distance::energy(&a, &b)),
        ("ks", distance::kolmogorov_smirnov(&a, &b)),
    ] {
        assert_number(
            what,
            found.unwrap(),
            g.number(&format!("/empirical_1d/{what}")),
        );
    }
}
