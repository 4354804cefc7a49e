//! Numerics against numpy, scipy and scikit-learn (shared golden data, float64).
//!
//! Tolerance: 1e-10 relative for closed forms, as the golden data's notes ask; quantities near zero
//! are compared on the scale of the largest entry of their array.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "functions that serve the tests may fail and speak as tests do"
)]

mod classes;
mod data;
mod many_targets;
mod representations;
mod samples;

use data::{Golden, assert_close, assert_number};
use ndarray::{Axis, Ix2, s};
use phonoscope_analysis::pca::{self, Moments, Scaling};
use phonoscope_analysis::{regress, stats};

#[test]
fn principal_components() {
    let Some(g) = Golden::open() else { return };
    let x = g.two("pca_X");
    for (topic, scaling) in [
        ("pca_centred", Scaling::Centred),
        ("pca_standardised_ddof0", Scaling::StandardisedPopulation),
        ("pca_standardised_ddof1", Scaling::Standardised),
    ] {
        let name = |part: &str| format!("{topic}_{part}");
        let p = pca::fit(x.view(), scaling).unwrap();
        if scaling == Scaling::Centred {
            assert_close("mean", &p.mean, &g.one("pca_centred_mean"));
        }
        let variance = g.one(&name("explained_variance"));
        assert_close(&name("variance"), &p.explained_variance, &variance);
        assert_close(
            &name("ratio"),
            &p.explained_variance_ratio,
            &g.one(&name("ratio")),
        );
        let singular = g.one(&name("singular_values"));
        assert_close(&name("singular"), &p.singular_values, &singular);
        assert_close(
            &name("components"),
            &p.components,
            &g.two(&name("components")),
        );
        let scores = p.scores(x.view()).unwrap();
        assert_close(
            &name("scores"),
            scores.slice(s![.., ..8]).iter(),
            &g.two(&name("scores_first8")),
        );
        let v = p.explained_variance.view();
        for (measure, found) in [
            ("participation_ratio", pca::participation_ratio(v)),
            ("effective_rank_exp_entropy", pca::effective_rank(v)),
            ("stable_rank", pca::stable_rank(v)),
            ("condition_number", pca::condition_number(v)),
        ] {
            assert_number(
                &name(measure),
                found,
                g.number(&format!("/{topic}/{measure}")),
            );
        }
        let held = pca::components_for_share(p.explained_variance_ratio.view(), 0.9);
        let expected = g.number(&format!("/{topic}/n_components_90pct"));
        assert_eq!(held.unwrap() as f64, expected);
    }
}

#[test]
fn covariance_merged_from_blocks_far_from_zero() {
    let Some(g) = Golden::open() else { return };
    let x = g.two("cov_offset_X");
    let mut bounds = g.indices("cov_offset_splits");
    bounds.retain(|b| *b > 0 && *b < x.nrows());
    bounds.insert(0, 0);
    bounds.push(x.nrows());
    let parts: Vec<Moments> = bounds
        .windows(2)
        .map(|w| Moments::of_block(x.slice(s![w[0]..w[1], ..])).unwrap())
        .collect();
    let mut forward = Moments::new(x.ncols());
    let mut backward = Moments::new(x.ncols());
    parts.iter().for_each(|p| forward.merge(p).unwrap());
    parts.iter().rev().for_each(|p| backward.merge(p).unwrap());
    let mut row_by_row = Moments::new(x.ncols());
    x.axis_chunks_iter(Axis(0), 1)
        .for_each(|row| row_by_row.add(row).unwrap());
    for m in [forward, backward, row_by_row] {
        assert_close("mean", m.mean(), &g.one("cov_offset_mean_exact"));
        let covariance = m.covariance().unwrap();
        assert_close("covariance", &covariance, &g.two("cov_offset_cov_exact"));
    }
}

#[test]
fn least_squares() {
    let Some(g) = Golden::open() else { return };
    let fit = regress::ols(g.two("reg_X").view(), g.one("reg_y").view()).unwrap();
    for (what, found) in [
        ("coef_with_intercept", &fit.coefficients),
        ("se", &fit.standard_errors),
        ("t", &fit.t),
        ("p", &fit.p),
        ("vif", &fit.vif),
        ("leverage", &fit.leverage),
        ("standardised_beta", &fit.standardised),
    ] {
        assert_close(what, found, &g.one(&format!("ols_{what}")));
    }
    for (what, found) in [
        ("r2", fit.r2),
        ("adj_r2", fit.adjusted_r2),
        ("rss", fit.rss),
        ("tss", fit.tss),
        ("sigma2", fit.sigma2),
        ("F", fit.f),
        ("F_p", fit.f_p),
        ("aic", fit.aic),
        ("bic", fit.bic),
        ("press", fit.press),
        ("loo_r2", fit.loo_r2),
    ] {
        assert_number(what, found, g.number(&format!("/ols/{what}")));
    }
}

#[test]
fn ridge() {
    let Some(g) = Golden::open() else { return };
    let (x, y, alphas) = (
        g.two("reg_X"),
        g.two("reg_Y"),
        g.one("ridge_alphas").to_vec(),
    );
    let fit = regress::ridge(x.view(), y.view(), &alphas).unwrap();
    assert_close("coef", &fit.coefficients, &g.three("ridge_coef"));
    assert_close("intercept", &fit.intercepts, &g.two("ridge_intercept"));
    assert_close("loo", &fit.loo_mse, &g.two("ridge_loo_mse"));
    let cv = regress::ridge_cv(x.view(), y.view(), &alphas, &g.indices("folds5")).unwrap();
    assert_close("fold R²", &cv.fold_r2, &g.three("ridge_cv_r2_per_fold"));
    assert_close("out-of-fold R²", &cv.out_of_fold_r2, &g.two("ridge_oof_r2"));
    let best: Vec<f64> = cv.best.iter().map(|a| alphas[*a]).collect();
    assert_eq!(best, g.list("/ridge/best_alpha_by_mean_cv_r2_per_target"));
    let by_loo: Vec<f64> = fit
        .loo_mse
        .axis_iter(Axis(1))
        .map(|mse| {
            let best = (0..alphas.len()).min_by(|a, b| mse[*a].total_cmp(&mse[*b]));
            alphas[best.unwrap()]
        })
        .collect();
    assert_eq!(by_loo, g.list("/ridge/best_alpha_by_loo_per_target"));
}

#[test]
fn correlations() {
    let Some(g) = Golden::open() else { return };
    let arrays = |x: &str, y: &str| (g.one(x).to_vec(), g.one(y).to_vec());
    let (x, y) = arrays("cor_x", "cor_y");
    let (tied_x, tied_y) = arrays("cor_x_ties", "cor_y_ties");
    let first = |v: &[f64]| v[..8].to_vec();
    for (topic, x, y) in [
        ("correlation_no_ties", x.clone(), y.clone()),
        ("correlation_ties", tied_x, tied_y),
        ("correlation_n8", first(&x), first(&y)),
    ] {
        let at = |what: &str| format!("/{topic}/{what}");
        let pearson = stats::pearson(&x, &y).unwrap();
        assert_number(&at("pearson_r"), pearson.r, g.number(&at("pearson_r")));
        assert_number(&at("pearson_p"), pearson.p, g.number(&at("pearson_p")));
        let (lo, hi) = pearson.fisher_interval(0.95);
        assert_close(&at("ci"), &[lo, hi], &g.list(&at("pearson_ci95_fisher")));
        let spearman = stats::spearman(&x, &y).unwrap();
        assert_number(
            &at("spearman_rho"),
            spearman.r,
            g.number(&at("spearman_rho")),
        );
        assert_number(
            &at("spearman_p_t"),
            spearman.p,
            g.number(&at("spearman_p_t")),
        );
        let kendall = stats::kendall(&x, &y).unwrap();
        assert_number(
            &at("kendall_tau_b"),
            kendall.r,
            g.number(&at("kendall_tau_b")),
        );
        assert_number(&at("kendall_p"), kendall.p, g.number(&at("kendall_p_auto")));
    }
    let z = g.one("cor_z").to_vec();
    let partial = stats::partial(&x, &y, &z).unwrap();
    assert_number(
        "partial r",
        partial.r,
        g.number("/partial_correlation_xy_given_z/r"),
    );
    assert_number(
        "partial p",
        partial.p,
        g.number("/partial_correlation_xy_given_z/p"),
    );
}

#[test]
fn separation_of_classes() {
    let Some(g) = Golden::open() else { return };
    let samples = ["t_a", "t_b", "t_c"].map(|name| g.one(name).to_vec());
    let classes: Vec<usize> = (0..3).flat_map(|c| vec![c; samples[c].len()]).collect();
    let anova = stats::anova(&samples.concat(), &classes).unwrap();
    assert_number("F", anova.f, g.number("/tests/anova_F"));
    assert_number("p", anova.p, g.number("/tests/anova_p"));
    let pairs = (samples[0].len() * samples[1].len()) as f64;
    let auc = stats::auc(&samples[1], &samples[0]).unwrap();
    assert_number("U", auc * pairs, g.number("/tests/mannwhitney_U"));
    assert_number("cliff", 2.0 * auc - 1.0, g.number("/tests/cliffs_delta"));

    // Speaker verification: all pairs, same speaker against different speakers.
    let embeddings = g.two("emb_E");
    let speakers = g.indices("emb_speaker");
    let unit = &embeddings
        / &embeddings
            .map_axis(Axis(1), |r| r.dot(&r).sqrt())
            .insert_axis(Axis(1));
    let cosine = unit.dot(&unit.t());
    let (mut same, mut different) = (vec![], vec![]);
    for i in 0..speakers.len() {
        for j in i + 1..speakers.len() {
            match speakers[i] == speakers[j] {
                true => same.push(cosine[[i, j]]),
                false => different.push(cosine[[i, j]]),
            }
        }
    }
    let auc = stats::auc(&different, &same).unwrap();
    assert_number("verification AUC", auc, g.number("/embeddings/auc"));
    let eta: Vec<f64> = embeddings
        .axis_iter(Axis(1))
        .map(|dim| stats::eta_squared(&dim.to_vec(), &speakers).unwrap())
        .collect();
    let mean = eta.iter().sum::<f64>() / eta.len() as f64;
    assert_number("mean η²", mean, g.number("/embeddings/eta2_per_dim_mean"));
}

#[test]
fn corrections() {
    let Some(g) = Golden::open() else { return };
    let p = g.one("p_values").to_vec();
    for (name, correct) in [
        ("p_bh", stats::benjamini_hochberg as fn(&[f64]) -> Vec<f64>),
        ("p_by", stats::benjamini_yekutieli),
        ("p_holm", stats::holm),
        ("p_bonferroni", stats::bonferroni),
    ] {
        assert_close(name, &correct(&p), &g.one(name));
    }
}

#[test]
fn resampling() {
    let Some(g) = Golden::open() else { return };
    let (a, b) = (g.one("perm_a").to_vec(), g.one("perm_b").to_vec());
    let exact = stats::difference_of_means_exact(&a, &b).unwrap();
    assert_number(
        "observed",
        exact.observed,
        g.number("/permutation_exact/observed"),
    );
    assert_eq!(
        exact.arrangements as f64,
        g.number("/permutation_exact/n_permutations")
    );
    assert_number(
        "exact p",
        exact.p,
        g.number("/permutation_exact/p_two_sided"),
    );

    let x = g.one("boot_x").to_vec();
    let rows = g
        .npz("inputs.npz")
        .by_name::<ndarray::OwnedRepr<u8>, Ix2>("boot_idx")
        .unwrap();
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let sd = |v: &[f64]| {
        let m = mean(v);
        (v.iter().map(|v| (v - m).powi(2)).sum::<f64>() / (v.len() as f64 - 1.0)).sqrt()
    };
    let median = |v: &[f64]| stats::quantile(v, 0.5);
    for (topic, statistic) in [
        ("bootstrap_mean", &mean as &dyn Fn(&[f64]) -> f64),
        ("bootstrap_median", &median),
        ("bootstrap_sd", &sd),
    ] {
        let at = |what: &str| format!("/{topic}/{what}");
        let estimate = statistic(&x);
        assert_number(&at("estimate"), estimate, g.number(&at("estimate")));
        let replicates: Vec<f64> = rows
            .outer_iter()
            .map(|draw| statistic(&draw.iter().map(|i| x[usize::from(*i)]).collect::<Vec<_>>()))
            .collect();
        let without = stats::jackknife(&x, statistic);
        for (method, found) in [
            ("percentile95", stats::percentile(&replicates, 0.95)),
            ("basic95", stats::basic(estimate, &replicates, 0.95)),
            ("bca95", stats::bca(estimate, &replicates, &without, 0.95)),
        ] {
            assert_close(&at(method), &[found.lo, found.hi], &g.list(&at(method)));
        }
    }
    let quantiles = g.scalars["quantiles_type7_of_boot_x"].as_object().unwrap();
    for (q, expected) in quantiles {
        let found = stats::quantile(&x, q.parse().unwrap());
        assert_number(&format!("quantile {q}"), found, expected.as_f64().unwrap());
    }
}

#[test]
fn tails() {
    let Some(g) = Golden::open() else { return };
    type Tail = fn(&[f64]) -> f64;
    let tails: [(&str, Tail); 4] = [
        ("t_sf_two_sided", |a| stats::t_two_sided(a[0], a[1])),
        ("f_sf", |a| stats::f_upper(a[0], a[1], a[2])),
        ("chi2_sf", |a| stats::chi_squared_upper(a[0], a[1])),
        ("norm_ppf", |a| stats::normal_quantile(a[0])),
    ];
    for (topic, tail) in tails {
        for row in g.scalars["special"][topic].as_array().unwrap() {
            let row: Vec<f64> = row
                .as_array()
                .unwrap()
                .iter()
                .map(|v| v.as_f64().unwrap())
                .collect();
            let (expected, arguments) = row.split_last().unwrap();
            let found = tail(arguments);
            assert_number(&format!("{topic} {arguments:?}"), found, *expected);
        }
    }
}
