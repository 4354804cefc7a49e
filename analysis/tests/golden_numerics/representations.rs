//! Similarity of two representations.

use phonoscope_analysis::similarity;

use crate::data::{Golden, assert_close, assert_number};

#[test]
fn similarity_of_two_matrices() {
    let Some(g) = Golden::open() else { return };
    let (a, b) = (g.two("sim_A"), g.two("sim_B"));
    let (x, y) = (a.view(), b.view());
    let cca = similarity::cca(x, y).unwrap();
    assert_close("correlations", &cca.correlations, &g.one("cca_r"));
    let sv = similarity::svcca(x, y, 0.99).unwrap();
    let dims: Vec<f64> = sv.ranks.iter().map(|r| *r as f64).collect();
    assert_eq!(dims, g.list("/similarity/svcca99_dims"));
    for (what, found) in [
        ("mean_cca", cca.mean()),
        ("pwcca_A", cca.pwcca_first),
        ("pwcca_B", cca.pwcca_second),
        ("svcca99", sv.mean()),
        ("cka_linear", similarity::linear_cka(x, y).unwrap()),
        (
            "cka_linear_unbiased",
            similarity::unbiased_cka(x, y).unwrap(),
        ),
        (
            "cka_rbf_sigma_0.5_median",
            similarity::rbf_cka(x, y, 0.5).unwrap(),
        ),
        (
            "procrustes_distance",
            similarity::procrustes_distance(x, y).unwrap(),
        ),
        (
            "rsa_spearman_cosine",
            similarity::rsa_cosine_spearman(x, y).unwrap(),
        ),
        (
            "rsa_pearson_euclid",
            similarity::rsa_euclidean_pearson(x, y).unwrap(),
        ),
    ] {
        assert_number(what, found, g.number(&format!("/similarity/{what}")));
    }
    let tests = cca.dimension_tests();
    let list = |what: &str| g.list(&format!("/similarity/{what}"));
    for (k, test) in tests.iter().enumerate() {
        assert_number("Wilks' Λ", test.wilks, list("wilks_lambda")[k]);
        assert_number("Bartlett's χ²", test.chi_squared, list("bartlett_chi2")[k]);
        assert_number("Bartlett's p", test.p, list("bartlett_p")[k]);
        assert_eq!(test.df as f64, list("bartlett_df")[k]);
    }
}
