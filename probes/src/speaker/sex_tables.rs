//! The tables of the two sexes.

use super::sex::{Differences, Separation, Sex};
use crate::report::{Column, Role, Table};

/// One row per component.
pub(super) fn separations(
    sex: &Sex<'_>,
    found: &[Separation],
    differences: Option<&Differences>,
    why_not: Option<&str>,
) -> Table {
    let number = |id: &str, meaning: &str, f: &dyn Fn(&Separation) -> f64| {
        let values: Vec<f64> = found.iter().map(f).collect();
        Column::number(id, Role::Value, meaning, None, values)
    };
    let test = |id: &str, meaning: &str, f: &dyn Fn(&Differences, usize) -> f64| {
        let values: Vec<f64> = (0..found.len())
            .map(|k| differences.map_or(f64::NAN, |d| f(d, k)))
            .collect();
        Column::number(id, Role::Value, meaning, None, values)
    };
    let beyond =
        |d: &Differences, k: usize, f: &dyn Fn(&phonoscope_analysis::regress::FTest) -> f64| {
            d.beyond.as_ref().map_or(f64::NAN, |of| f(&of[k]))
        };
    let columns = vec![
        Column::number(
            "component",
            Role::Key,
            "component, from 1",
            None,
            (1..=found.len()).map(|k| k as f64),
        ),
        Column::estimate(
            "auc",
            "chance that one of the higher class lies above one of the lower",
            None,
            found.iter().map(|s| s.auc).collect(),
        ),
        number(
            "auc_null_95",
            "control: distance of the AUC from 0.5 that 5 % of permutations reach",
            &|s| s.auc_null,
        ),
        Column::estimate(
            "ashman_d",
            "Ashman's D of the two labelled classes, √2 |difference of means| / √(sum of variances); above \
             2 they part cleanly",
            None,
            found.iter().map(|s| s.ashman_d).collect(),
        ),
        number(
            "mixture_d",
            "the same of two normal components fitted without looking at the labels",
            &|s| s.mixture.map_or(f64::NAN, |m| m.0),
        ),
        number(
            "mixture_bic_gain",
            "control: how much better two normal components fit than one (BIC; above 10 is strong)",
            &|s| s.mixture.map_or(f64::NAN, |m| m.1),
        ),
        number(
            "dip",
            "Hartigans' dip: distance from the nearest distribution with one peak",
            &|s| s.dip,
        ),
        number(
            "dip_p",
            "of the dip, against uniform samples of the same size",
            &|s| s.dip_p,
        ),
        number(
            "dip_q",
            "dip_p adjusted over the components (Benjamini–Hochberg)",
            &|s| s.dip_q,
        ),
        test(
            "beyond_r_squared",
            "gain in R² when sex is added to all descriptors",
            &|d, k| beyond(d, k, &|t| t.r2_gain),
        ),
        test("beyond_p", "of that gain, from F", &|d, k| {
            beyond(d, k, &|t| t.p)
        }),
        test(
            "beyond_q",
            "beyond_p adjusted over the components",
            &|d, k| d.beyond_q.get(k).copied().unwrap_or(f64::NAN),
        ),
        test(
            "interaction_r_squared",
            "gain in R² when every descriptor may have another slope in each sex",
            &|d, k| d.all[k].r2_gain,
        ),
        test("interaction_f", "of that gain", &|d, k| d.all[k].f),
        test("interaction_p", "of that gain, from F", &|d, k| d.all[k].p),
        test(
            "interaction_q",
            "interaction_p adjusted over the components",
            &|d, k| d.all_q[k],
        ),
    ];
    let [first, second] = sex.levels;
    let missing = why_not.map_or(String::new(), |why| format!(" No interactions: {why}."));
    Table::new(
        "sex",
        "Sex",
        &format!(
            "One row per component: how far `{}` ({first}, {second}) parts its scores, whether they have two \
             peaks, and whether the descriptors go with it in another way in each sex. F tests suppose \
             residuals of equal spread.{missing}",
            sex.name
        ),
        columns,
    )
}

/// One row per component, descriptor and class.
pub(super) fn slopes(sex: &Sex<'_>, names: &[String], d: &Differences) -> Table {
    let components = d.all.len();
    let cells = || {
        (0..components)
            .flat_map(|k| (0..names.len()).flat_map(move |j| [0, 1].map(|class| (k, j, class))))
    };
    let columns = vec![
        Column::number(
            "component",
            Role::Key,
            "component, from 1",
            None,
            cells().map(|(k, _, _)| (k + 1) as f64),
        ),
        Column::text(
            "descriptor",
            Role::Key,
            "acoustic descriptor",
            cells().map(|(_, j, _)| Some(names[j].clone())).collect(),
        ),
        Column::text(
            "class",
            Role::Key,
            "within whom",
            cells()
                .map(|(_, _, c)| Some(sex.levels[c].to_owned()))
                .collect(),
        ),
        Column::estimate(
            "beta",
            "slope in the regression on all descriptors within the class; standard deviations are those of \
             both classes together, so that slopes can be compared",
            None,
            cells().map(|(k, j, c)| Some(d.slopes[c][k][j])).collect(),
        ),
        Column::estimate(
            "r",
            "correlation within the class",
            None,
            cells().map(|(k, j, c)| Some(d.r[c][k][j])).collect(),
        ),
        Column::number(
            "difference_p",
            Role::Value,
            "of the product of this descriptor and sex, added to all descriptors and sex, from F",
            None,
            cells().map(|(k, j, _)| d.each_p[[k, j]]),
        ),
        Column::number(
            "difference_q",
            Role::Value,
            "difference_p adjusted over all components and descriptors (Benjamini–Hochberg)",
            None,
            cells().map(|(k, j, _)| d.each_q[[k, j]]),
        ),
    ];
    Table::new(
        "sex_slopes",
        "Descriptors within each sex",
        "One row per component, descriptor and sex: does the descriptor go with the component in the same \
         way in both? Intervals resample the speakers of the class.",
        columns,
    )
}
