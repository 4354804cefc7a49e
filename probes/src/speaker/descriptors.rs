//! Acoustic descriptors per speaker: transformed, the median over items, standardised over speakers.

use ndarray::{Array2, Axis};
use phonoscope_analysis::regress::Gram;
use phonoscope_analysis::{Result, importance, stats};

use super::gathering::Speakers;
use super::{DescriptorInput, Part, SpeakerInput};
use crate::report::{Column, Role, Table};

/// A descriptor that more speakers than this share lack is left out.
const MOST_MISSING: f64 = 0.2;
/// Fewest speakers with a value.
const FEWEST: usize = 8;

/// Descriptors that can be used, over the speakers who have all of them.
pub(super) struct Descriptors {
    /// Names of the usable ones, in the given order.
    pub(super) names: Vec<String>,
    /// Their places among the given ones.
    pub(super) places: Vec<usize>,
    /// Places of usable conditions ([`Part::Condition`]) among the given ones.
    pub(super) conditions: Vec<usize>,
    /// Whether they tell of the recording, `[descriptor]`.
    pub(super) recording: Vec<bool>,
    /// Speakers who have a value of every usable descriptor.
    pub(super) speakers: Vec<usize>,
    /// Standardised over those speakers, `[complete speaker, descriptor]`.
    pub(super) x: Array2<f64>,
    /// Means and standard deviations (denominator n − 1) over those speakers, `[descriptor]`.
    pub(super) scale: Vec<(f64, f64)>,
    /// Medians of every given descriptor, `[given][speaker]`, transformed.
    pub(super) medians: Vec<Vec<Option<f64>>>,
    /// Why a given descriptor is left out, `[given]`.
    pub(super) left_out: Vec<Option<String>>,
}

impl Descriptors {
    pub(super) fn gather(input: &SpeakerInput, speakers: &Speakers) -> Self {
        let given = &input.descriptors;
        let medians: Vec<Vec<Option<f64>>> = given.iter().map(|d| medians(d, speakers)).collect();
        let left_out: Vec<Option<String>> = medians.iter().map(|m| unusable(m)).collect();
        let mut out = Self::of(given, medians, left_out);
        // What varies over all speakers may be constant over the complete ones.
        while let Some(flat) = out.scale.iter().position(|(_, sd)| *sd <= 0.0) {
            let mut left_out = out.left_out;
            left_out[out.places[flat]] =
                Some("constant over the speakers who have every descriptor".into());
            out = Self::of(given, out.medians, left_out);
        }
        out
    }

    fn of(
        given: &[DescriptorInput],
        medians: Vec<Vec<Option<f64>>>,
        left_out: Vec<Option<String>>,
    ) -> Self {
        let usable = |part: Part| -> Vec<usize> {
            let all = 0..given.len();
            all.filter(|d| left_out[*d].is_none() && given[*d].part == part)
                .collect()
        };
        let (places, conditions) = (usable(Part::Predictor), usable(Part::Condition));
        let count = medians.first().map_or(0, Vec::len);
        let complete = |s: &usize| places.iter().all(|d| medians[*d][*s].is_some());
        let speakers: Vec<usize> = match places.is_empty() {
            true => vec![],
            false => (0..count).filter(complete).collect(),
        };
        let mut x = Array2::from_shape_fn((speakers.len(), places.len()), |(i, j)| {
            medians[places[j]][speakers[i]].unwrap_or(0.0)
        });
        let scale = x.axis_iter_mut(Axis(1)).map(standardise).collect();
        Self {
            names: places.iter().map(|d| given[*d].name.clone()).collect(),
            recording: places.iter().map(|d| given[*d].recording).collect(),
            places,
            conditions,
            speakers,
            x,
            scale,
            medians,
            left_out,
        }
    }

    /// Why nothing can be regressed on the descriptors; nothing when it can.
    pub(super) fn too_few(&self, folds: usize) -> Option<String> {
        let (n, p) = self.x.dim();
        let needed = (p + 4) * folds.max(2) / (folds.max(2) - 1) + 1;
        match (p, n) {
            (0, _) => Some("no descriptor can be used".into()),
            _ if n < needed => Some(format!(
                "{n} speakers have all of {p} descriptors, and a regression in {folds} folds needs \
                 {needed}"
            )),
            _ => None,
        }
    }

    /// Values of the usable descriptors of each item, on the scale of `x`; nothing where one is missing.
    pub(super) fn of_items(&self, input: &SpeakerInput) -> Vec<Option<Vec<f64>>> {
        let one = |item: usize| -> Option<Vec<f64>> {
            let values = self.places.iter().zip(&self.scale).map(|(d, (mean, sd))| {
                let given = &input.descriptors[*d];
                let value = given.values.get(item).copied().flatten()?;
                Some((given.transform.apply(value)? - mean) / sd)
            });
            values.collect()
        };
        (0..input.item_ids.len()).map(one).collect()
    }

    /// The table of what was measured.
    pub(super) fn table(&self, input: &SpeakerInput) -> Result<Table> {
        let given = &input.descriptors;
        let no_target = Array2::zeros((self.x.nrows(), 1));
        let inflation = match self.x.is_empty() {
            true => vec![],
            false => {
                let gram = Gram::of(self.x.view(), no_target.view(), None)?;
                importance::vif(&gram.correlations())
            }
        };
        let usable = |d: usize| self.places.iter().position(|p| *p == d);
        let text = |id: &str, role, meaning: &str, of: &dyn Fn(usize) -> Option<String>| {
            Column::text(id, role, meaning, (0..given.len()).map(of).collect())
        };
        let number = |id: &str, meaning: &str, of: &dyn Fn(usize) -> f64| {
            let values: Vec<f64> = (0..given.len()).map(of).collect();
            Column::number(id, Role::Value, meaning, None, values)
        };
        let missing_items =
            |d: usize| given[d].values.iter().filter(|v| v.is_none()).count() as f64;
        let missing_speakers =
            |d: usize| self.medians[d].iter().filter(|v| v.is_none()).count() as f64;
        let moment = |d: usize| {
            self.medians[d]
                .iter()
                .flatten()
                .copied()
                .collect::<Vec<f64>>()
        };
        let columns = vec![
            text("descriptor", Role::Key, "its name", &|d| {
                Some(given[d].name.clone())
            }),
            text("unit", Role::Value, "its unit", &|d| given[d].unit.clone()),
            text("definition", Role::Value, "what it is", &|d| {
                Some(given[d].definition.clone())
            }),
            text("tells_of", Role::Value, "voice or recording", &|d| {
                Some(
                    if given[d].recording {
                        "recording"
                    } else {
                        "voice"
                    }
                    .into(),
                )
            }),
            text(
                "transform",
                Role::Value,
                "done to each value before the speaker's median",
                &|d| Some(given[d].transform.name().into()),
            ),
            number("mean", "over speakers, transformed", &|d| {
                mean_sd(&moment(d)).0
            }),
            number(
                "sd",
                "over speakers, transformed (denominator n − 1)",
                &|d| mean_sd(&moment(d)).1,
            ),
            number(
                "missing_items",
                "utterances without a value",
                &missing_items,
            ),
            number(
                "missing_speakers",
                "speakers without a value",
                &missing_speakers,
            ),
            number(
                "vif",
                "variance inflation by the other usable descriptors; missing where they determine it",
                &|d| {
                    usable(d)
                        .and_then(|j| inflation.get(j).copied().flatten())
                        .unwrap_or(f64::NAN)
                },
            ),
            text(
                "used",
                Role::Value,
                "yes: it takes part in everything; condition: in partial correlations only; no",
                &|d| {
                    let used = match (usable(d), self.conditions.contains(&d)) {
                        (Some(_), _) => "yes",
                        (None, true) => "condition",
                        (None, false) => "no",
                    };
                    Some(used.into())
                },
            ),
            text("note", Role::Value, "why it is left out", &|d| {
                self.left_out[d].clone()
            }),
        ];
        Ok(Table::new(
            "descriptors",
            "Descriptors",
            &format!(
                "One row per acoustic descriptor: the median over the speaker's utterances, standardised \
                 over the {} speakers who have every usable one. A descriptor that more than {:.0} % of \
                 the speakers lack is left out.",
                self.speakers.len(),
                100.0 * MOST_MISSING
            ),
            columns,
        ))
    }

    /// Cautions about descriptors and speakers left out.
    pub(super) fn warnings(&self, input: &SpeakerInput, speakers: &Speakers) -> Vec<String> {
        let given = input.descriptors.iter().zip(&self.left_out);
        let mut out: Vec<String> = given
            .filter_map(|(d, why)| {
                why.as_ref()
                    .map(|why| format!("descriptor `{}` is not used: {why}", d.name))
            })
            .collect();
        let lacking = speakers.names.len() - self.speakers.len();
        if lacking > 0 && !self.places.is_empty() {
            let complete: std::collections::BTreeSet<usize> =
                self.speakers.iter().copied().collect();
            let names = (0..speakers.names.len()).filter(|s| !complete.contains(s));
            let names: Vec<&str> = names.take(4).map(|s| speakers.names[s].as_str()).collect();
            out.push(format!(
                "{lacking} speakers lack a descriptor (for example {}: unvoiced or too short) and are left \
                 out where descriptors take part",
                names.join(", ")
            ));
        }
        out
    }
}

fn medians(descriptor: &DescriptorInput, speakers: &Speakers) -> Vec<Option<f64>> {
    let mut values: Vec<Vec<f64>> = vec![vec![]; speakers.names.len()];
    for (value, speaker) in descriptor.values.iter().zip(&speakers.of_item) {
        values[*speaker].extend(value.and_then(|v| descriptor.transform.apply(v)));
    }
    let median = |of: &Vec<f64>| (!of.is_empty()).then(|| stats::quantile(of, 0.5));
    values.iter().map(median).collect()
}

fn unusable(medians: &[Option<f64>]) -> Option<String> {
    let known: Vec<f64> = medians.iter().flatten().copied().collect();
    let missing = medians.len() - known.len();
    if known.len() < FEWEST {
        return Some(format!(
            "{} speakers have a value, needs {FEWEST}",
            known.len()
        ));
    }
    if missing as f64 > MOST_MISSING * medians.len() as f64 {
        return Some(format!(
            "missing for {missing} of {} speakers",
            medians.len()
        ));
    }
    match mean_sd(&known) {
        (_, sd) if sd > 0.0 => None,
        _ => Some("constant over speakers".into()),
    }
}

/// Mean and standard deviation (denominator n − 1), which is exactly 0 when only rounding differs.
pub(super) fn mean_sd(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let sd = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    match sd <= 64.0 * f64::EPSILON * mean.abs() {
        true => (mean, 0.0),
        false => (mean, sd),
    }
}

fn standardise(mut column: ndarray::ArrayViewMut1<'_, f64>) -> (f64, f64) {
    let (mean, sd) = mean_sd(&column.to_vec());
    column.mapv_inplace(|v| if sd > 0.0 { (v - mean) / sd } else { 0.0 });
    (mean, sd)
}
