//! Tests of samples, shapes of samples, and measures of speaker embeddings.

use ndarray::Axis;
use phonoscope_analysis::{embedding, stats};

use crate::data::{Golden, assert_close, assert_number};

#[test]
fn tests_of_samples() {
    let Some(g) = Golden::open() else { return };
    let [a, b, c] = ["t_a", "t_b", "t_c"].map(|name| g.one(name).to_vec());
    let at = |what: &str| g.number(&format!("/tests/{what}"));
    let welch = stats::welch(&a, &b).unwrap();
    let student = stats::student(&a, &b).unwrap();
    let same_length = &b[..a.len()];
    let paired = stats::paired(&a, same_length).unwrap();
    let u = stats::mann_whitney(&a, &b).unwrap();
    let w = stats::wilcoxon(&a, same_length).unwrap();
    let h = stats::kruskal(&[&a, &b, &c]).unwrap();
    for (what, found) in [
        ("welch_t", welch.t),
        ("welch_df", welch.df),
        ("welch_p", welch.p),
        ("student_t", student.t),
        ("student_p", student.p),
        ("paired_t", paired.t),
        ("paired_p", paired.p),
        ("mannwhitney_U", u.statistic),
        ("mannwhitney_p_asymptotic_cc", u.p),
        ("wilcoxon_W", w.statistic),
        ("wilcoxon_p_asymptotic", w.p),
        ("kruskal_H", h.statistic),
        ("kruskal_p", h.p),
        ("cohens_d", stats::cohens_d(&a, &b).unwrap()),
        ("hedges_g", stats::hedges_g(&a, &b).unwrap()),
        ("cliffs_delta", stats::cliffs_delta(&a, &b).unwrap()),
    ] {
        assert_number(what, found, at(what));
    }
}

#[test]
fn shape_of_a_sample() {
    let Some(g) = Golden::open() else { return };
    let x = g.one("boot_x").to_vec();
    let d = stats::describe(&x).unwrap();
    for (what, found) in [
        ("skew_biased", d.skewness),
        ("kurtosis_excess_biased", d.excess_kurtosis),
        ("mad", d.mad),
        ("trimmed_mean_10pct", stats::trimmed_mean(&x, 0.1).unwrap()),
    ] {
        assert_number(what, found, g.number(&format!("/moments_of_boot_x/{what}")));
    }
}

#[test]
fn speaker_embeddings() {
    let Some(g) = Golden::open() else { return };
    let (x, speakers) = (g.two("emb_E"), g.indices("emb_speaker"));
    let at = |what: &str| g.number(&format!("/embeddings/{what}"));
    let list = |what: &str| g.list(&format!("/embeddings/{what}"));
    let c = embedding::clusters(x.view(), &speakers).unwrap();
    let within: Vec<f64> = c.within.iter().map(|w| w.unwrap()).collect();
    assert_close(
        "within",
        &within,
        &list("mean_within_speaker_cosine_per_speaker"),
    );
    let lengths = list("mean_resultant_length_per_speaker");
    assert_close("resultant length", &c.resultant_length, &lengths);
    let pairs = embedding::pairs(x.view(), &speakers, usize::MAX, 0).unwrap();
    let silhouette = embedding::silhouette(x.view(), &speakers).unwrap();
    for (what, found) in [
        ("mean_within_cosine", c.mean_within.unwrap()),
        ("mean_between_cosine", c.mean_between.unwrap()),
        ("isotropy_mean_cosine", c.mean_any),
        (
            "silhouette_cosine",
            silhouette.mean_axis(Axis(0)).unwrap().into_scalar(),
        ),
        (
            "trace_Sb_over_Sw",
            embedding::fisher_ratio(x.view(), &speakers).unwrap(),
        ),
        (
            "dprime",
            stats::d_prime(&pairs.different, &pairs.same).unwrap(),
        ),
        ("auc", stats::auc(&pairs.different, &pairs.same).unwrap()),
        (
            "eer_interpolated",
            stats::equal_error_rate(&pairs.different, &pairs.same).unwrap(),
        ),
    ] {
        assert_number(what, found, at(what));
    }
}
