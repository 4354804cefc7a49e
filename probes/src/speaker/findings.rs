//! Findings and cautions in sentences.

use phonoscope_analysis::Estimate;
use phonoscope_analysis::stats::ALPHA;

use super::across::Across;
use super::age::Prediction;
use super::association::Statistic;
use super::columns::{Kind, SpeakerColumn};
use super::components::Spectrum;
use super::gathering::Speakers;
use super::intervals::Association;
use super::sex::{Differences, Separation};
use super::{Normalise, SpeakerSettings};

/// Components that get a sentence of their own.
const IN_SENTENCES: usize = 5;

pub(super) fn summary(
    speakers: &Speakers,
    columns: &[SpeakerColumn],
    spectrum: &Spectrum,
    associations: &[Association],
    normalise: Normalise,
    settings: &SpeakerSettings,
) -> Vec<String> {
    let n = speakers.names.len();
    let readable = spectrum.parallel.passing.min(spectrum.shown);
    let mut out: Vec<String> = (0..readable.min(IN_SENTENCES))
        .map(|k| component(k, n, columns, spectrum, associations))
        .collect();
    out.push(format!(
        "{} the permutation threshold (each p ≤ {ALPHA} up to the first that is not; {} permutations)",
        counted(spectrum.parallel.passing, "component", "passes", "pass"),
        settings.permutations
    ));
    out.push(format!(
        "{} half of the variance of these {n} speakers ({} dimensions); for speakers outside the fit \
         it takes {}",
        counted(spectrum.half.value as usize, "component", "holds", "hold"),
        speakers.embeddings.ncols(),
        half_outside(spectrum)
    ));
    if let (Some(inside), Some(outside)) = (spectrum.cumulative.last(), spectrum.held_out.last()) {
        out.push(format!(
            "the first {} hold {} of the variance of the speakers they were fitted to and {} of that \
             of held-out speakers",
            plural(spectrum.shown, "component"),
            percent(inside),
            percent(outside)
        ));
    }
    let kept = associations.iter().filter(|a| a.tested.q <= ALPHA).count();
    if !associations.is_empty() {
        out.push(format!(
            "{kept} of {} associations of components with metadata have q ≤ {ALPHA}",
            associations.len()
        ));
    }
    let first = match normalise {
        Normalise::None => "",
        Normalise::L2 => "L2-normalised, then ",
    };
    let items: usize = speakers.items.iter().sum();
    out.push(format!(
        "{} of {} were {first}averaged per speaker",
        plural(items, "embedding"),
        plural(n, "speaker")
    ));
    out
}

/// How many components hold half of the variance of held-out speakers, for example `19 [18, 20]`.
fn half_outside(spectrum: &Spectrum) -> String {
    let first = |end: fn(&Estimate) -> f64| {
        let at = spectrum.held_out.iter().position(|e| end(e) >= 0.5);
        at.map_or_else(
            || format!("more than {}", spectrum.shown),
            |k| (k + 1).to_string(),
        )
    };
    let value = first(|e| e.value);
    let (fewest, most) = (first(|e| e.hi), first(|e| e.lo));
    if fewest == most {
        value
    } else {
        format!("{value} [{fewest}, {most}]")
    }
}

fn component(
    k: usize,
    n: usize,
    columns: &[SpeakerColumn],
    spectrum: &Spectrum,
    associations: &[Association],
) -> String {
    let ratio = spectrum.ratio[k];
    let share = format!(
        "PC{} explains {} of the variance ({} speakers)",
        k + 1,
        percent(&ratio),
        ratio.n
    );
    if !separated(spectrum, k, n) {
        return format!(
            "{share}; it is not separated from its neighbours, so its axis is arbitrary"
        );
    }
    // Equal p are common (all draws beaten): then the effect furthest beyond its control leads.
    let own = associations.iter().filter(|a| a.tested.component == k);
    let strength = |a: &Association| {
        (a.tested.effect - a.tested.statistic.no_effect()).abs() / a.tested.null_95
    };
    let top = own.min_by(|a, b| {
        let by_p = a.tested.p.total_cmp(&b.tested.p);
        by_p.then(strength(b).total_cmp(&strength(a)))
    });
    match top {
        None => share,
        Some(top) if top.tested.q > ALPHA => format!(
            "{share}; no metadata column goes with it at q ≤ {ALPHA} (nearest: {})",
            finding(top, columns)
        ),
        Some(top) => {
            let verb = if is_strong(top) {
                "orders"
            } else {
                "goes weakly with"
            };
            let borderline = match top.tested.q > ALPHA / 2.0 {
                true => "; borderline: another seed may decide otherwise",
                false => "",
            };
            format!("{share} and {verb} {}{borderline}", finding(top, columns))
        }
    }
}

/// At least half of the way from no effect to a perfect one.
fn is_strong(association: &Association) -> bool {
    let tested = &association.tested;
    let none = tested.statistic.no_effect();
    (tested.effect - none).abs() >= 0.5 * (1.0 - none)
}

/// Whether component `k` (from zero) is apart from both of its neighbours.
fn separated(spectrum: &Spectrum, k: usize, n: usize) -> bool {
    let apart = |k: usize| {
        spectrum
            .gaps
            .get(k)
            .is_none_or(|gap| *gap >= sampling_error(n))
    };
    apart(k) && k.checked_sub(1).is_none_or(apart)
}

/// Relative sampling error of a variance over `n` speakers (North et al. 1982).
fn sampling_error(n: usize) -> f64 {
    (2.0 / n as f64).sqrt()
}

/// For example `sex: AUC 0.995 [0.990, 1.000], m above f, p 0.001, q 0.004 (null 95 %: 0.07)`.
fn finding(association: &Association, columns: &[SpeakerColumn]) -> String {
    let tested = &association.tested;
    let name = columns.get(tested.column).map_or("", |c| c.name.as_str());
    let label = match tested.statistic {
        Statistic::Auc => "AUC",
        Statistic::Spearman => "Spearman ρ",
        Statistic::EtaSquared => "η²",
    };
    let Estimate {
        value, lo, hi, n, ..
    } = association.effect;
    let direction = tested
        .direction(columns)
        .map_or(String::new(), |d| format!(", {d}"));
    let control = match tested.statistic {
        Statistic::Auc => format!("within {:.3} of 0.5", tested.null_95),
        Statistic::Spearman => format!("within {:.3} of 0", tested.null_95),
        Statistic::EtaSquared => format!("up to {:.3}", tested.null_95),
    };
    format!(
        "{name}: {label} {value:.3} [{lo:.3}, {hi:.3}]{direction}, n {n}, p {}, q {} (null 95 %: \
         {control})",
        probability(tested.p),
        probability(tested.q)
    )
}

fn percent(e: &Estimate) -> String {
    format!(
        "{:.1} % [{:.1}, {:.1}]",
        100.0 * e.value,
        100.0 * e.lo,
        100.0 * e.hi
    )
}

fn probability(p: f64) -> String {
    if p < 0.001 {
        format!("{p:.0e}")
    } else {
        format!("{p:.3}")
    }
}

fn counted(n: usize, what: &str, one: &str, more: &str) -> String {
    format!("{} {}", plural(n, what), if n == 1 { one } else { more })
}

fn plural(n: usize, what: &str) -> String {
    match n {
        1 => format!("1 {what}"),
        _ => format!("{n} {what}s"),
    }
}

pub(super) fn warnings(
    speakers: &Speakers,
    spectrum: &Spectrum,
    associations: &[Association],
    settings: &SpeakerSettings,
) -> Vec<String> {
    let mut out = Vec::new();
    let (n, dims) = speakers.embeddings.dim();
    if n < 2 * dims {
        out.push(format!(
            "{n} speakers for {dims} dimensions: shares of variance of leading components are too \
             large and small components are noise; read the held-out shares"
        ));
    }
    if speakers.items.iter().all(|items| *items == 1) {
        out.push(
            "every speaker has one utterance: what sets speakers apart and what sets recordings apart \
             cannot be told from each other"
                .into(),
        );
    }
    let tied = not_separated(spectrum, n);
    if !tied.is_empty() {
        out.push(format!(
            "components not separated from the next: {} (gap below √(2/n) = {:.3}, the sampling error \
             of a variance); their axes are arbitrary within the space they share",
            tied.join(", "),
            sampling_error(n)
        ));
    }
    if spectrum.parallel.passing == 0 {
        out.push(
            "no component passes the permutation threshold: the dimensions look independent, and the \
             components are not worth interpreting"
                .into(),
        );
    }
    // The smallest possible p, were it alone among all tests.
    let needed = (associations.len() as f64 / ALPHA).ceil() as usize;
    if needed > 1 + settings.permutations {
        out.push(format!(
            "{} permutations are few for {} associations: one that stands alone cannot reach q ≤ {ALPHA}; \
             {} would do",
            settings.permutations,
            associations.len(),
            needed - 1
        ));
    }
    out
}

/// Cautions about metadata columns.
pub(super) fn of_columns(columns: &[SpeakerColumn]) -> Vec<String> {
    let mut out = vec![];
    for column in columns {
        if matches!(column.kind, Kind::Excluded(_)) {
            out.push(format!(
                "column `{}` is not compared: {}",
                column.name, column.note
            ));
        } else if !column.note.is_empty() {
            out.push(format!("column `{}`: {}", column.name, column.note));
        }
    }
    out
}

/// What the sexes do to the components, in sentences.
pub(super) fn sexes(found: &[Separation], differences: Option<&Differences>) -> Vec<String> {
    let mut out = vec![];
    let best = found
        .iter()
        .enumerate()
        .filter_map(|(k, s)| s.auc.map(|auc| (k, s, auc)));
    if let Some((k, s, auc)) =
        best.max_by(|a, b| a.2.value.total_cmp(&b.2.value).then(b.0.cmp(&a.0)))
    {
        let two_peaks: Vec<String> = found
            .iter()
            .enumerate()
            .filter(|(_, s)| s.dip_q <= ALPHA)
            .map(|(k, _)| format!("PC{}", k + 1))
            .collect();
        let distance = s.ashman_d.map_or(String::new(), |d| {
            format!(", Ashman's D {:.2} [{:.2}, {:.2}]", d.value, d.lo, d.hi)
        });
        let peaks = match two_peaks.as_slice() {
            [] => "none has".to_owned(),
            [one] => format!("{one} has"),
            _ => format!("{} have", two_peaks.join(", ")),
        };
        out.push(format!(
            "PC{} parts the sexes best: AUC {:.3} [{:.3}, {:.3}]{distance}; of {} components {peaks} more \
             than one peak (dip test, q ≤ {ALPHA})",
            k + 1,
            auc.value,
            auc.lo,
            auc.hi,
            found.len()
        ));
    }
    if let Some(d) = differences {
        let acting: Vec<String> = d
            .all_q
            .iter()
            .enumerate()
            .filter(|(_, q)| **q <= ALPHA)
            .map(|(k, q)| format!("PC{} (q {})", k + 1, probability(*q)))
            .collect();
        out.push(match acting.is_empty() {
            true => format!(
                "no component goes with the descriptors in another way in each sex at q ≤ {ALPHA}"
            ),
            false => format!(
                "the descriptors act differently in the two sexes on {}",
                acting.join(", ")
            ),
        });
    }
    out
}

/// How well ages are predicted, in sentences.
pub(super) fn ages(rows: &[Prediction]) -> Vec<String> {
    let words = |p: &Prediction| {
        let control = p.null.map_or(String::new(), |(null, p)| {
            format!(", null 95 %: {null:.3}, p {}", probability(p))
        });
        format!(
            "age from the {} ({}): held-out R² {:.3} [{:.3}, {:.3}], n {}{control}",
            p.from, p.group, p.r2.value, p.r2.lo, p.r2.hi, p.r2.n
        )
    };
    rows.iter().map(words).collect()
}

/// What systems share, in sentences.
pub(super) fn between(across: &Across) -> Vec<String> {
    let mut out = vec![];
    for s in across
        .similarities
        .iter()
        .filter(|s| s.measure == "cka_unbiased")
    {
        let (Some(value), null) = (s.value, s.null) else {
            continue;
        };
        let shared = across
            .angles
            .iter()
            .filter(|a| a.first == s.first && a.second == s.second && a.p <= ALPHA);
        let control = null.map_or(String::new(), |(_, at, _)| format!(" (null 95 %: {at:.3})"));
        out.push(format!(
            "{} and {}: unbiased linear CKA {:.3} [{:.3}, {:.3}]{control}; {} of their leading directions \
             are nearer to each other than those of random pairings",
            s.first,
            s.second,
            value.value,
            value.lo,
            value.hi,
            shared.count()
        ));
    }
    out
}

/// Runs of shown components whose neighbours are nearer than the sampling error of a variance
/// (North et al. 1982), for example `PC2–PC4`.
fn not_separated(spectrum: &Spectrum, n: usize) -> Vec<String> {
    let error = sampling_error(n);
    let close: Vec<bool> = (0..spectrum.shown)
        .map(|k| spectrum.gaps.get(k).is_some_and(|gap| *gap < error))
        .collect();
    let mut out = Vec::new();
    let mut k = 0;
    while k < close.len() {
        let run = close[k..].iter().take_while(|c| **c).count();
        if run > 0 {
            out.push(format!("PC{}–PC{}", k + 1, k + run + 1));
        }
        k += run + 1;
    }
    out
}
