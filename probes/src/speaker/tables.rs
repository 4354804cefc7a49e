//! The tables of the report.

use ndarray::ArrayView2;

use super::columns::{Kind, SpeakerColumn};
use super::components::Spectrum;
use super::gathering::Speakers;
use super::intervals::Association;
use super::{Normalise, SpeakerSettings};
use crate::report::{Column, Role, Table};

/// The heading of a metadata column in a table with columns of its own: `manifest.NAME` where the
/// manifest's name is one of theirs.
pub(super) fn heading(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let mut heading = name.to_owned();
    while taken(&heading) {
        heading.insert_str(0, "manifest.");
    }
    heading
}

/// Whether the `speakers` table has such a column of its own, now or with more components.
pub(super) fn is_of_speakers(id: &str) -> bool {
    let score = id
        .strip_prefix("pc")
        .is_some_and(|k| !k.is_empty() && k.bytes().all(|digit| digit.is_ascii_digit()));
    score || ["speaker", "items"].contains(&id)
}

pub(super) fn speakers(
    speakers: &Speakers,
    columns: &[SpeakerColumn],
    descriptors: &[(&str, &[Option<f64>])],
    scores: ArrayView2<'_, f64>,
) -> Table {
    let names = speakers.names.iter().cloned().map(Some).collect();
    let mut out = vec![
        Column::text("speaker", Role::Key, "speaker", names),
        Column::number(
            "items",
            Role::Value,
            "utterances averaged",
            None,
            speakers.items.iter().map(|n| *n as f64),
        ),
    ];
    out.extend(columns.iter().map(metadata));
    for (name, medians) in descriptors {
        // A column of the manifest keeps its name; what was measured gives way.
        let mut id = (*name).to_owned();
        while is_of_speakers(&id) || out.iter().any(|column| column.id == id) {
            id.insert_str(0, "measured.");
        }
        out.push(Column::number(
            &id,
            Role::Value,
            "median of the descriptor over the speaker's utterances, transformed as in the table of \
             descriptors",
            None,
            medians.iter().map(|v| v.unwrap_or(f64::NAN)),
        ));
    }
    for (k, column) in scores.columns().into_iter().enumerate() {
        out.push(Column::number(
            &format!("pc{}", k + 1),
            Role::Value,
            &format!("score of the mean embedding on component {}", k + 1),
            None,
            column.iter().copied(),
        ));
    }
    Table::new(
        "speakers",
        "Speakers",
        "One row per speaker, in the order of the manifest. Scores are projections of the speaker's \
         mean embedding on the components.",
        out,
    )
}

fn metadata(column: &SpeakerColumn) -> Column {
    match &column.kind {
        Kind::Number(of) => Column::number(
            &column.name,
            Role::Metadata,
            "metadata, mean over the speaker's utterances",
            None,
            of.iter().map(|v| v.unwrap_or(f64::NAN)),
        ),
        _ => Column::text(
            &column.name,
            Role::Metadata,
            "metadata; empty where missing or not the same in all of the speaker's utterances",
            column.shown.clone(),
        ),
    }
}

pub(super) fn components(
    spectrum: &Spectrum,
    normalise: Normalise,
    settings: &SpeakerSettings,
) -> Table {
    let shown = spectrum.shown;
    let number = |id: &str, meaning: &str, values: Vec<f64>| {
        Column::number(id, Role::Value, meaning, None, values)
    };
    let above = (0..shown)
        .map(|k| {
            Some(
                if k < spectrum.parallel.passing {
                    "yes"
                } else {
                    "no"
                }
                .to_owned(),
            )
        })
        .collect();
    let key = (1..=shown).map(|k| k as f64);
    let null = &spectrum.parallel;
    let columns = vec![
        Column::number(
            "component",
            Role::Key,
            "rank by variance, from 1",
            None,
            key,
        ),
        number(
            "explained_variance",
            "variance of the scores over speakers (denominator n − 1)",
            spectrum
                .pca
                .explained_variance
                .iter()
                .take(shown)
                .copied()
                .collect(),
        ),
        Column::estimate(
            "explained_variance_ratio",
            "share of the total variance, in these speakers; interval: see the table's meaning",
            None,
            spectrum.ratio.iter().copied().map(Some).collect(),
        ),
        Column::estimate(
            "cumulative_ratio",
            "share of the total variance in this and all earlier components",
            None,
            spectrum.cumulative.iter().copied().map(Some).collect(),
        ),
        number(
            "permutation_threshold",
            "share that a component of this rank must exceed: 5 % critical value over permutations \
             of every dimension independently",
            null.threshold.iter().take(shown).copied().collect(),
        ),
        number(
            "permutation_p",
            "(1 + b) / (1 + B), with b permutations whose share at this rank is at least this one",
            null.p.iter().take(shown).copied().collect(),
        ),
        Column::text(
            "above_threshold",
            Role::Value,
            "yes while this and all earlier components exceed their thresholds",
            above,
        ),
        Column::estimate(
            "held_out_cumulative_ratio",
            "share of the variance of speakers outside the fit that the first components hold; \
             interval: speakers resampled, folds and axes held fixed",
            None,
            spectrum.held_out.iter().copied().map(Some).collect(),
        ),
        number(
            "eigen_gap",
            "(variance − next variance) / variance; where small, the axis is arbitrary within the \
             plane of both",
            spectrum.gaps.iter().take(shown).copied().collect(),
        ),
        number(
            "axis_stability",
            "median over bootstrap draws of |cos| between the draw's axis of this rank and this one",
            spectrum.stability.to_vec(),
        ),
    ];
    let averaging = match normalise {
        Normalise::None => "mean embeddings per speaker",
        Normalise::L2 => "mean L2-normalised embeddings per speaker",
    };
    Table::new(
        "components",
        "Components",
        &format!(
            "One row per principal component of the {averaging}. Intervals of the shares speak of all \
             speakers, not of these: whole speakers are resampled {} times and the resampled shares \
             moved down by twice their bias, because few speakers make leading shares too large and \
             resampling does so again. The observed share is therefore often at the upper end. With as \
             many dimensions as speakers, simulated 95 % intervals held the true share of the first \
             five components in about 50 to 99 % of cases and later ones less often; the held-out \
             column has no such bias.",
            settings.bootstrap
        ),
        columns,
    )
}

pub(super) fn associations(
    columns: &[SpeakerColumn],
    associations: &[Association],
    settings: &SpeakerSettings,
) -> Table {
    let tests = || associations.iter().map(|a| &a.tested);
    let name = |column: usize| columns.get(column).map(|c| c.name.clone());
    let out = vec![
        Column::number(
            "component",
            Role::Key,
            "component, from 1",
            None,
            tests().map(|t| t.component as f64 + 1.0),
        ),
        Column::text(
            "column",
            Role::Key,
            "metadata column",
            tests().map(|t| name(t.column)).collect(),
        ),
        Column::text(
            "statistic",
            Role::Value,
            "auc for two classes, spearman for numbers, eta_squared for more classes",
            tests()
                .map(|t| Some(t.statistic.name().to_owned()))
                .collect(),
        ),
        Column::estimate(
            "effect",
            "the statistic; an AUC is turned to be at least 0.5, see direction",
            None,
            associations.iter().map(|a| Some(a.effect)).collect(),
        ),
        Column::estimate(
            "r_squared",
            "squared Pearson correlation, for numbers; positive by chance",
            None,
            associations.iter().map(|a| a.r_squared).collect(),
        ),
        Column::number(
            "null_95",
            Role::Value,
            "control: the distance of the effect from no effect (0.5 for auc, 0 otherwise) that 5 % \
             of permutations reach",
            None,
            tests().map(|t| t.null_95),
        ),
        Column::number(
            "p",
            Role::Value,
            "(1 + b) / (1 + B), with b permutations of the column over speakers at least as far from \
             no effect",
            None,
            tests().map(|t| t.p),
        ),
        Column::number(
            "q",
            Role::Value,
            "p adjusted over all rows of this table (Benjamini–Hochberg)",
            None,
            tests().map(|t| t.q),
        ),
        Column::text(
            "direction",
            Role::Value,
            "which class has the higher scores",
            tests().map(|t| t.direction(columns)).collect(),
        ),
    ];
    Table::new(
        "associations",
        "Associations",
        &format!(
            "One row per component and metadata column, over the speakers that have a value. Axes are \
             held fixed: percentile intervals resample speakers {} times and p comes from {} \
             permutations of the column over speakers, without refitting. Resamples that miss a \
             class are left out. eta_squared and r_squared are never negative, so positive by chance, \
             and their resampled values lie higher still: these are moved down by twice their bias. \
             Compare eta_squared with null_95.",
            settings.bootstrap, settings.permutations
        ),
        out,
    )
}

pub(super) fn columns(columns: &[SpeakerColumn]) -> Table {
    let text = |id: &str, role, meaning: &str, of: &dyn Fn(&SpeakerColumn) -> String| {
        let values = columns
            .iter()
            .map(|c| Some(of(c)).filter(|v| !v.is_empty()));
        Column::text(id, role, meaning, values.collect())
    };
    let number = |id: &str, meaning: &str, of: &dyn Fn(&SpeakerColumn) -> usize| {
        let values: Vec<f64> = columns.iter().map(|c| of(c) as f64).collect();
        Column::number(id, Role::Value, meaning, None, values)
    };
    let out = vec![
        text("column", Role::Key, "metadata column", &|c| c.name.clone()),
        text(
            "kind",
            Role::Value,
            "class2, classes, number or excluded",
            &|c| c.kind_name().to_owned(),
        ),
        number("n", "speakers with a usable value", &|c| c.known().len()),
        number("levels", "distinct values", &SpeakerColumn::levels),
        text(
            "note",
            Role::Value,
            "why it is left out, or what was done to it",
            &|c| c.note.clone(),
        ),
    ];
    Table::new(
        "columns",
        "Metadata columns",
        "One row per metadata column. A column is a number when all its values are and more than two \
         differ; otherwise its values are classes. Empty and NA are missing.",
        out,
    )
}
