//! Whether a system tells speakers apart on these recordings at all.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use phonoscope_analysis::embedding::{Pairs, pairs};
use phonoscope_analysis::estimate::Method;
use phonoscope_analysis::similarity::row_jackknife;
use phonoscope_analysis::{Estimate, Result, stats};

use super::gathering::Speakers;
use super::{SpeakerSettings, SystemInput};
use crate::report::{Column, Role, Table};

/// Pairs of different speakers that are looked at.
const MOST_PAIRS: usize = 100_000;
/// Groups of speakers left out in turn for the interval.
const GROUPS: usize = 20;

/// Cosines of pairs of utterances of one system.
pub(super) struct Verification {
    system: String,
    centred: bool,
    same: usize,
    different: usize,
    /// Means of the cosines of same and of different speakers.
    means: Option<(f64, f64)>,
    d_prime: f64,
    /// Equal error rate.
    eer: Option<Estimate>,
    note: Option<String>,
}

/// With the vectors as they are, and with the common mean taken out.
pub(super) fn verify(
    system: &SystemInput,
    speakers: &Speakers,
    settings: &SpeakerSettings,
) -> Result<Vec<Verification>> {
    let mut out = vec![];
    for centred in [false, true] {
        let mut x = system.embeddings.clone();
        if centred {
            let mean = x.sum_axis(Axis(0)) / x.nrows() as f64;
            x -= &mean;
        }
        let (found, note) = match measure(x.view(), speakers, settings) {
            Ok(found) => found,
            Err(why) => (None, Some(why.to_string())),
        };
        let mut row = Verification {
            system: system.name.clone(),
            centred,
            same: 0,
            different: 0,
            means: None,
            d_prime: f64::NAN,
            eer: None,
            note,
        };
        if let Some((of, eer)) = found {
            let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
            row.same = of.same.len();
            row.different = of.different_in_all;
            row.means = Some((mean(&of.same), mean(&of.different)));
            row.d_prime = stats::d_prime(&of.different, &of.same).unwrap_or(f64::NAN);
            row.eer = Some(eer);
        }
        out.push(row);
    }
    Ok(out)
}

type Measured = (Option<(Pairs, Estimate)>, Option<String>);

fn measure(
    x: ArrayView2<'_, f64>,
    speakers: &Speakers,
    settings: &SpeakerSettings,
) -> Result<Measured> {
    if speakers.items.iter().all(|items| *items == 1) {
        let why = "every speaker has one utterance: there are no pairs of the same speaker";
        return Ok((None, Some(why.into())));
    }
    let all = pairs(x, &speakers.of_item, MOST_PAIRS, settings.seed)?;
    let value = stats::equal_error_rate(&all.different, &all.same)?;
    let n = speakers.names.len();
    // One row per speaker, which holds the speaker's number: leaving rows out leaves speakers out.
    let numbers: Array2<f64> = Array1::range(0.0, n as f64, 1.0).insert_axis(Axis(1));
    let without = |left: ArrayView2<'_, f64>, _: ArrayView2<'_, f64>| -> Result<f64> {
        let mut kept = vec![false; n];
        for number in left.iter() {
            kept[*number as usize] = true;
        }
        let items: Vec<usize> = (0..x.nrows())
            .filter(|i| kept[speakers.of_item[*i]])
            .collect();
        let labels: Vec<usize> = items.iter().map(|i| speakers.of_item[*i]).collect();
        let of = pairs(
            x.select(Axis(0), &items).view(),
            &labels,
            MOST_PAIRS / 4,
            settings.seed,
        )?;
        stats::equal_error_rate(&of.different, &of.same)
    };
    let groups = GROUPS.min(n);
    let interval = row_jackknife(
        numbers.view(),
        numbers.view(),
        without,
        groups,
        settings.level,
    );
    let (lo, hi, note) = match interval {
        Ok(found) => (found.lo.max(0.0), found.hi.min(1.0), None),
        Err(why) => (0.0, 1.0, Some(format!("no interval: {why}"))),
    };
    let eer = Estimate {
        value,
        lo: lo.min(value),
        hi: hi.max(value),
        n,
        level: settings.level,
        method: Method::Jackknife,
    };
    Ok((Some((all, eer)), note))
}

pub(super) fn table(rows: &[Verification]) -> Table {
    let number = |id: &str, meaning: &str, f: &dyn Fn(&Verification) -> f64| {
        Column::number(
            id,
            Role::Value,
            meaning,
            None,
            rows.iter().map(f).collect::<Vec<f64>>(),
        )
    };
    let columns = vec![
        Column::text(
            "system",
            Role::Key,
            "embedding system",
            rows.iter().map(|r| Some(r.system.clone())).collect(),
        ),
        Column::text(
            "centred",
            Role::Key,
            "whether the mean of all utterances was taken out first",
            rows.iter()
                .map(|r| Some(if r.centred { "yes" } else { "no" }.to_owned()))
                .collect(),
        ),
        number(
            "same_pairs",
            "pairs of utterances of the same speaker",
            &|r| r.same as f64,
        ),
        number(
            "different_pairs",
            "pairs of different speakers there are",
            &|r| r.different as f64,
        ),
        number("same_cosine", "mean cosine of the same speaker", &|r| {
            r.means.map_or(f64::NAN, |m| m.0)
        }),
        number(
            "different_cosine",
            "mean cosine of different speakers",
            &|r| r.means.map_or(f64::NAN, |m| m.1),
        ),
        number(
            "d_prime",
            "difference of the means over the root mean variance",
            &|r| r.d_prime,
        ),
        Column::estimate(
            "eer",
            "equal error rate: where as many pairs of one speaker are refused as pairs of two accepted; 0.5 \
             is chance. Interval: groups of speakers left out in turn",
            None,
            rows.iter().map(|r| r.eer).collect(),
        ),
        Column::text(
            "note",
            Role::Value,
            "why there is no figure",
            rows.iter().map(|r| r.note.clone()).collect(),
        ),
    ];
    Table::new(
        "verification",
        "Telling speakers apart",
        &format!(
            "One row per system: cosines of pairs of utterances of the same and of different speakers, of \
             at most {MOST_PAIRS} of the latter. A space that cannot tell these speakers apart has no \
             components worth reading."
        ),
        columns,
    )
}
