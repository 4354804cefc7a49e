//! Voice or recording: what is left of each when the other is held.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use phonoscope_analysis::estimate::Method;
use phonoscope_analysis::regress::Gram;
use phonoscope_analysis::{Estimate, Result, stats};

use super::DescriptorInput;
use super::descriptors::{Descriptors, mean_sd};
use crate::report::{Column, Role, Table};

/// One component against one descriptor, with the other kind of descriptors held.
pub(super) struct Partial {
    component: usize,
    /// Place among the compared ones.
    place: usize,
    descriptor: String,
    recording: bool,
    r: f64,
    partial: Estimate,
    p: f64,
    q: f64,
}

/// Descriptors that are compared, over speakers who have all of them.
struct Compared {
    names: Vec<String>,
    recording: Vec<bool>,
    /// `[speaker, descriptor]`
    x: Array2<f64>,
    /// Places of the speakers among the complete ones.
    rows: Vec<usize>,
}

impl Compared {
    /// The predictors, and the conditions that vary.
    fn new(descriptors: &Descriptors, given: &[DescriptorInput]) -> Self {
        let medians = |d: usize, row: usize| {
            let speaker = descriptors.speakers.get(row)?;
            descriptors.medians.get(d)?.get(*speaker).copied().flatten()
        };
        let complete = |row: &usize| {
            let mut conditions = descriptors.conditions.iter();
            conditions.all(|d| medians(*d, *row).is_some())
        };
        let rows: Vec<usize> = (0..descriptors.x.nrows()).filter(complete).collect();
        let mut out = Self {
            names: descriptors.names.clone(),
            recording: descriptors.recording.clone(),
            x: descriptors.x.select(Axis(0), &rows),
            rows,
        };
        for d in &descriptors.conditions {
            let column: Vec<f64> = out.rows.iter().filter_map(|r| medians(*d, *r)).collect();
            let (mean, sd) = mean_sd(&column);
            let column: Array1<f64> = column.iter().map(|v| (v - mean) / sd).collect();
            if sd > 0.0 && out.x.push_column(column.view()).is_ok() {
                out.names.push(given[*d].name.clone());
                out.recording.push(given[*d].recording);
            }
        }
        out
    }
}

/// Correlations of every column of `scores: [complete speaker, component]`; nothing unless there are
/// descriptors of both kinds and speakers to spare.
pub(super) fn partials(
    descriptors: &Descriptors,
    given: &[DescriptorInput],
    scores: ArrayView2<'_, f64>,
    level: f64,
) -> Result<Vec<Partial>> {
    let compared = Compared::new(descriptors, given);
    let x = compared.x.view();
    let scores = scores.select(Axis(0), &compared.rows);
    let of_kind = |recording: bool| -> Vec<usize> {
        let kinds = compared.recording.iter().enumerate();
        kinds
            .filter(|(_, r)| **r == recording)
            .map(|(j, _)| j)
            .collect()
    };
    let (voice, recording) = (of_kind(false), of_kind(true));
    let n = x.nrows();
    if voice.is_empty() || recording.is_empty() || n < voice.len().max(recording.len()) + 6 {
        return Ok(vec![]);
    }
    let r = Gram::of(x, scores.view(), None)?.correlations().targets;
    let mut out = vec![];
    for (own, held) in [(&voice, &recording), (&recording, &voice)] {
        let z = x.select(Axis(1), held);
        let left_x = residuals(z.view(), x.select(Axis(1), own).view())?;
        let left_scores = residuals(z.view(), scores.view())?;
        let partial = Gram::of(left_x.view(), left_scores.view(), None)?
            .correlations()
            .targets;
        for (local, j) in own.iter().enumerate() {
            for k in 0..scores.ncols() {
                let value = partial[[local, k]];
                let (partial, p) = tested(value, n, held.len(), level);
                out.push(Partial {
                    component: k,
                    place: *j,
                    descriptor: compared.names[*j].clone(),
                    recording: compared.recording[*j],
                    r: r[[*j, k]],
                    partial,
                    p,
                    q: f64::NAN,
                });
            }
        }
    }
    out.sort_by_key(|p| (p.component, p.place));
    let p: Vec<f64> = out.iter().map(|p| p.p).collect();
    for (one, q) in out.iter_mut().zip(stats::benjamini_hochberg(&p)) {
        one.q = q;
    }
    Ok(out)
}

/// What is left of `y` when `z` is held.
fn residuals(z: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
    let all: Vec<usize> = (0..z.ncols()).collect();
    let model = Gram::of(z, y, None)?.fit(&all, 0.0)?;
    Ok(&y - &model.predict(z)?)
}

/// Fisher's interval and the two-sided p of a correlation with `held` others held.
fn tested(r: f64, n: usize, held: usize, level: f64) -> (Estimate, f64) {
    let left = n as f64 - held as f64;
    let half = stats::normal_quantile(0.5 + level / 2.0) / (left - 3.0).sqrt();
    let z = r.clamp(-1.0 + 1e-12, 1.0 - 1e-12).atanh();
    let df = left - 2.0;
    let t = r * (df / ((1.0 - r) * (1.0 + r)).max(1e-300)).sqrt();
    let estimate = Estimate {
        value: r,
        lo: (z - half).tanh(),
        hi: (z + half).tanh(),
        n,
        level,
        method: Method::FisherZ,
    };
    (estimate, stats::t_two_sided(t, df))
}

pub(super) fn table(partials: &[Partial]) -> Table {
    let kind = |p: &Partial| match p.recording {
        true => "recording",
        false => "voice",
    };
    let number = |id: &str, meaning: &str, f: &dyn Fn(&Partial) -> f64| {
        Column::number(
            id,
            Role::Value,
            meaning,
            None,
            partials.iter().map(f).collect::<Vec<f64>>(),
        )
    };
    let columns = vec![
        Column::number(
            "component",
            Role::Key,
            "component, from 1",
            None,
            partials.iter().map(|p| (p.component + 1) as f64),
        ),
        Column::text(
            "descriptor",
            Role::Key,
            "acoustic descriptor",
            partials
                .iter()
                .map(|p| Some(p.descriptor.clone()))
                .collect(),
        ),
        Column::text(
            "tells_of",
            Role::Value,
            "voice or recording",
            partials.iter().map(|p| Some(kind(p).to_owned())).collect(),
        ),
        number("r", "correlation, nothing held", &|p| p.r),
        Column::estimate(
            "partial_r",
            "correlation with all descriptors of the other kind held",
            None,
            partials.iter().map(|p| Some(p.partial)).collect(),
        ),
        number("p", "of partial_r, from t", &|p| p.p),
        number(
            "q",
            "p adjusted over all rows of this table (Benjamini–Hochberg)",
            &|p| p.q,
        ),
    ];
    Table::new(
        "recording",
        "Voice or recording",
        "One row per component and descriptor. A voice descriptor is correlated with the component with all \
         recording conditions held, and a recording condition with all voice descriptors held: what goes to \
         nothing was borrowed. Conditions that are marked so in the table of descriptors take part here only. \
         Intervals from Fisher's z.",
        columns,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn what_is_borrowed_goes_to_nothing() {
        // y is z; x is z and something unrelated to it.
        let z = array![[1.0], [-1.0], [1.0], [-1.0], [1.0], [-1.0], [1.0], [-1.0]];
        let own = array![[1.0], [1.0], [-1.0], [-1.0], [1.0], [1.0], [-1.0], [-1.0]];
        let wobble = array![[0.1], [0.1], [0.1], [0.1], [-0.1], [-0.1], [-0.1], [-0.1]];
        let left_x = residuals(z.view(), (&z + &own).view()).unwrap();
        let left_y = residuals(z.view(), (&z + &wobble).view()).unwrap();
        let r = Gram::of(left_x.view(), left_y.view(), None)
            .unwrap()
            .correlations()
            .targets;
        assert!(r[[0, 0]].abs() < 1e-12);
        let (estimate, p) = tested(0.5, 30, 3, 0.95);
        assert!(
            estimate.lo < 0.5 && estimate.hi > 0.5 && (0.001..0.01).contains(&p),
            "{p}"
        );
    }
}
