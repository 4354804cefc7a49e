//! The worst moments of the worst utterances.

use super::super::QualitySettings;
use super::super::corpus::Corpus;
use super::course::{Courses, Listed, Moment, SMOOTH_SECS};
use super::gathered::SHRINKAGE;
use crate::report::{Column, Role, Table};

/// One row per moment.
pub(super) fn table(corpus: &Corpus<'_>, courses: &Courses, settings: &QualitySettings) -> Table {
    let rows: Vec<(&Listed, usize, &Moment)> = courses
        .listed
        .iter()
        .flat_map(|l| l.moments.iter().enumerate().map(move |(k, m)| (l, k, m)))
        .collect();
    type Row<'a> = (&'a Listed, usize, &'a Moment);
    let text = |id: &str, meaning: &str, f: &dyn Fn(&Row<'_>) -> String| {
        let values = rows.iter().map(|r| Some(f(r))).collect();
        Column::text(id, Role::Key, meaning, values)
    };
    let number = |id: &str, meaning: &str, unit: Option<&str>, f: &dyn Fn(&Row<'_>) -> f64| {
        Column::number(id, Role::Value, meaning, unit, rows.iter().map(f))
    };
    let columns = vec![
        text("utterance", "its id", &|(l, _, _)| {
            corpus.items[l.item].id.clone()
        }),
        text("system", "its system", &|(l, _, _)| {
            corpus.items[l.item].system.clone()
        }),
        number("moment", "moment, the worst first", None, &|(_, k, _)| {
            (*k + 1) as f64
        }),
        number(
            "start_secs",
            "where it starts: where the distance passes half way from the utterance's median to this peak",
            Some("s"),
            &|(_, _, m)| m.start_secs,
        ),
        number("end_secs", "where it ends", Some("s"), &|(_, _, m)| {
            m.end_secs
        }),
        number(
            "value",
            "largest distance in it: Mahalanobis over the root of the number of directions",
            None,
            &|(_, _, m)| m.value,
        ),
        number(
            "counterpart",
            "largest distance in the same stretch of the reference utterance of the same speaker and pair, where \
             there is one as long: a moment that is there as well is not the system's",
            None,
            &|(l, k, _)| {
                l.counterparts
                    .get(*k)
                    .copied()
                    .flatten()
                    .unwrap_or(f64::NAN)
            },
        ),
        number(
            "p_window",
            "share of the reference's windows as far or farther; not corrected for the number of windows",
            None,
            &|(_, _, m)| courses.p_window(m.value),
        ),
        number(
            "p",
            "share of reference utterances whose worst window is as far or farther; corrected for the windows of \
             one utterance, not for the number of utterances",
            None,
            &|(_, _, m)| courses.p_utterance(m.value),
        ),
        number(
            "median",
            "median distance of the utterance's windows",
            None,
            &|(l, _, _)| l.median,
        ),
        number(
            "duration_secs",
            "length of what was followed",
            Some("s"),
            &|(l, _, _)| l.duration_secs,
        ),
    ];
    Table::new(
        "quality_moments",
        "Worst moments",
        &format!(
            "Up to three moments of each of the {} utterances of systems (of {} that are listed at most) whose \
             worst window is farthest from the reference, in layer {}: Mahalanobis distance of every frame ({:.0} \
             ms) from reference frames of other speakers (covariance shrunk by {SHRINKAGE}), running mean of squares over {:.0} ms. Null: {} \
             reference utterances, each followed by a model that has not heard its speaker. A value far above \
             the utterance's median is a local fault; a high median is a bad utterance.",
            courses.listed.len(),
            settings.worst,
            courses.layer,
            1e3 * courses.step_secs,
            1e3 * SMOOTH_SECS,
            courses.peaks.len()
        ),
        columns,
    )
}

/// How many utterances have a moment that the reference does not.
pub(super) fn sentence(corpus: &Corpus<'_>, courses: &Courses) -> Option<String> {
    let all: usize = courses.flagged.values().map(|f| f.0).sum();
    let beyond: usize = courses.flagged.values().map(|f| f.1).sum();
    let worst = courses.listed.first()?;
    let moment = worst.moments.first()?;
    Some(format!(
        "{beyond} of {all} utterances have a moment farther than 95 % of reference utterances ever are ({} in \
         layer {}); the worst is {} at {:.2}–{:.2} s ({:.1}, its median {:.1})",
        courses.peaks.len(),
        courses.layer,
        corpus.items[worst.item].id,
        moment.start_secs,
        moment.end_secs,
        moment.value,
        worst.median
    ))
}
