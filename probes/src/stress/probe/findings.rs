//! What the tables say, in sentences.

use std::collections::BTreeMap;

use phonoscope_analysis::Estimate;

use super::StressSettings;
use super::measuring::Heard;
use super::split;
use crate::report::{Check, Skipped, Status, Table};
use crate::stress::train::Part;

/// Share of the score that maps may lose or gain before a reader is warned.
const BALANCE: f64 = 0.25;
/// Likeness of maps after all weights were randomised, above which a reader is warned.
const LIKE: f64 = 0.5;

fn row(table: &Table, wanted: &[(&str, &str)]) -> Option<usize> {
    (0..table.rows()).find(|row| {
        wanted
            .iter()
            .all(|(id, value)| table.column(id).and_then(|c| c.text_at(*row)) == Some(*value))
    })
}

fn estimate(tables: &[Table], id: &str, wanted: &[(&str, &str)], column: &str) -> Option<Estimate> {
    let table = tables.iter().find(|table| table.id == id)?;
    table.column(column)?.estimate_at(row(table, wanted)?)
}

fn told(e: &Estimate) -> String {
    format!("{:.2} [{:.2}, {:.2}]", e.value, e.lo, e.hi)
}

/// Sentences, most important first.
pub(super) fn summary(tables: &[Table], settings: &StressSettings) -> Vec<String> {
    let mut lines = Vec::new();
    let test = Part::Test.words();
    let main = if settings.test_fold.is_some() {
        test
    } else {
        "all but minimal pairs"
    };
    for group in [main, "minimal pairs"] {
        let of = |method: &str| {
            let wanted = [("group", group), ("method", method)];
            estimate(tables, "stress_accuracy", &wanted, "balanced_accuracy")
        };
        if let Some(network) = of("network") {
            let contrasts = of("contrasts of vowels").map_or(String::new(), |e| {
                format!("; a regression on contrasts of the vowels {}", told(&e))
            });
            lines.push(format!(
                "Balanced accuracy, {group}: {}{contrasts}.",
                told(&network)
            ));
        }
    }
    let first = settings
        .composites
        .first()
        .map(String::as_str)
        .unwrap_or_default();
    let region = |network: &str, region: &str, column: &str| {
        let wanted = [
            ("network", network),
            ("composite", first),
            ("sign", "positive"),
            ("group", "all"),
            ("region", region),
        ];
        estimate(tables, "stress_regions", &wanted, column)
    };
    if let (Some(stressed), Some(unstressed)) = (
        region("trained", "stressed vowel", "enrichment"),
        region("trained", "unstressed vowel", "enrichment"),
    ) {
        let controls = ["untrained twin", "shuffled labels"]
            .iter()
            .filter_map(|network| {
                let e = region(network, "stressed vowel", "enrichment")?;
                Some(format!("{network} {}", told(&e)))
            });
        let controls: Vec<String> = controls.collect();
        let controls = match controls.as_slice() {
            [] => String::new(),
            some => format!(" (stressed vowel of controls: {})", some.join(", ")),
        };
        lines.push(format!(
            "Relevance per frame, 1 if even over the word ({first}): stressed vowel {}, unstressed vowel \
             {}{controls}.",
            told(&stressed),
            told(&unstressed)
        ));
    }
    let bands: Vec<String> = crate::stress::tracks::BANDS
        .iter()
        .filter_map(|band| {
            let wanted = [
                ("network", "trained"),
                ("composite", first),
                ("sign", "positive"),
                ("group", "all"),
                ("vowel", "stressed vowel"),
                ("band", *band),
            ];
            let e = estimate(tables, "stress_bands", &wanted, "density")?;
            let shifted = estimate(tables, "stress_bands", &wanted, "over_shifted")?;
            Some(format!(
                "{band} {} ({:+.2} against shifted bands)",
                told(&e),
                shifted.value
            ))
        })
        .collect();
    if !bands.is_empty() {
        lines.push(format!(
            "Relevance per cell of the stressed vowel, 1 if even: {}.",
            bands.join(", ")
        ));
    }
    let hidden: Vec<String> = crate::stress::tracks::BANDS
        .iter()
        .filter_map(|band| {
            let e = estimate(tables, "stress_occlusion", &[("band", *band)], "lead")?;
            Some(format!("{band} {}", told(&e)))
        })
        .collect();
    if !hidden.is_empty() {
        lines.push(format!(
            "Fall of the score when a band is hidden, more than when shifted bands are: {}.",
            hidden.join(", ")
        ));
    }
    lines
}

/// Cautions.
pub(super) fn warnings(
    heard: &[Heard],
    tables: &[Table],
    skipped: &[Skipped],
    settings: &StressSettings,
) -> Vec<String> {
    let mut lines = Vec::new();
    if settings.test_fold.is_none() {
        lines.push(
            "No test fold is named: the classifier may have been trained on these words, and its \
             accuracy be too high."
                .to_owned(),
        );
    }
    if !skipped.is_empty() {
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for one in skipped {
            *reasons.entry(one.reason.as_str()).or_default() += 1;
        }
        let mut reasons: Vec<(&str, usize)> = reasons.into_iter().collect();
        reasons.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        let told: Vec<String> = reasons
            .iter()
            .take(3)
            .map(|(why, n)| format!("{n} × {why}"))
            .collect();
        lines.push(format!(
            "{} rows were not used: {}.",
            skipped.len(),
            told.join("; ")
        ));
    }
    let mut missing: BTreeMap<&str, usize> = BTreeMap::new();
    for why in heard.iter().flat_map(|h| &h.missing) {
        *missing.entry(why.as_str()).or_default() += 1;
    }
    if !missing.is_empty() {
        let told: Vec<String> = missing
            .iter()
            .map(|(why, n)| format!("{n} × {why}"))
            .collect();
        lines.push(format!(
            "Of {} words something could not be measured (table stress_items): {}.",
            heard.iter().filter(|h| !h.missing.is_empty()).count(),
            told.join("; ")
        ));
    }
    if let Some(table) = tables.iter().find(|t| t.id == "stress_sanity") {
        for composite in &settings.composites {
            let wanted = [
                ("composite", composite.as_str()),
                ("way", "from the scores down"),
            ];
            let last = (0..table.rows()).rev().find(|row| {
                wanted.iter().all(|(id, value)| {
                    table.column(id).and_then(|c| c.text_at(*row)) == Some(*value)
                })
            });
            let like = last.and_then(|row| table.column("spearman_absolute")?.estimate_at(row));
            if let Some(like) = like.filter(|e| e.value > LIKE) {
                lines.push(format!(
                    "Maps by {composite} hardly change when all weights are randomised (rank correlation \
                     of absolute values {}): they show the input as much as what was learned.",
                    told(&like)
                ));
            }
        }
    }
    lines
}

/// Conservation, and that nothing trained on is in the test.
pub(super) fn checks(heard: &[Heard], settings: &StressSettings) -> Vec<Check> {
    let mut checks = Vec::new();
    for (place, composite) in settings.composites.iter().enumerate() {
        let mut ratios: Vec<(f64, &str)> = heard
            .iter()
            .filter_map(|h| {
                let balance = &h.maps.first()?.get(place)?.balance;
                let ratio = balance.sum / balance.score;
                ratio.is_finite().then_some((ratio, h.word.id.as_str()))
            })
            .collect();
        ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
        let Some((median, _)) = ratios.get(ratios.len() / 2).copied() else {
            continue;
        };
        let far = (median - 1.0).abs();
        let status = if far <= BALANCE {
            Status::Pass
        } else {
            Status::Warn
        };
        let worst = ratios
            .iter()
            .max_by(|a, b| (a.0 - 1.0).abs().total_cmp(&(b.0 - 1.0).abs()));
        checks.push(Check {
            id: format!("conservation_{composite}"),
            meaning: "sum of a map over the score that it explains, median over words, less 1"
                .into(),
            status,
            verdict: match status {
                Status::Pass => "Maps add up to about the score.".into(),
                _ => "Biases and stabilisers took or gave much of the score: see stress_ledger."
                    .into(),
            },
            value: Some(far),
            threshold: Some(BALANCE),
            n: ratios.len(),
            detail: worst
                .map(|(ratio, id)| format!("furthest: {ratio:.3} for {id}"))
                .unwrap_or_default(),
            ..Check::default()
        });
    }
    if settings.test_fold.is_some() {
        let rule = split(settings);
        let trained = |pick: fn(&Heard) -> &str| -> std::collections::BTreeSet<&str> {
            let own = heard.iter().filter(|h| rule.part(&h.word) == Part::Train);
            own.map(pick).collect()
        };
        let (words, speakers) = (trained(|h| &h.word.word), trained(|h| &h.word.speaker));
        let shared = heard
            .iter()
            .filter(|h| rule.part(&h.word) == Part::Test)
            .filter(|h| {
                words.contains(h.word.word.as_str()) || speakers.contains(h.word.speaker.as_str())
            })
            .count();
        checks.push(Check {
            id: "leakage".into(),
            meaning: "test words whose word or speaker is in the part that was trained on".into(),
            status: if shared == 0 {
                Status::Pass
            } else {
                Status::Fail
            },
            verdict: if shared == 0 {
                "No word and no speaker of the test was trained on.".into()
            } else {
                "Words or speakers of the test were trained on.".into()
            },
            value: Some(shared as f64),
            threshold: Some(0.0),
            n: heard.len(),
            ..Check::default()
        });
    }
    checks
}
