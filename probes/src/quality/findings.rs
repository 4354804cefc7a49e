//! What was found, in sentences that carry their numbers.

use phonoscope_analysis::Estimate;

use super::corpus::Corpus;
use super::criteria::Criterion;
use super::layer::LayerFound;
use super::log_mel::LOG_MEL;
use super::similarity::Similarity;

/// Sentences of one model, most important first.
pub(super) fn of_model(
    corpus: &Corpus<'_>,
    layers: &[LayerFound],
    criteria: &[Criterion],
    similar: Option<&Vec<Similarity>>,
) -> Vec<String> {
    let mut out: Vec<String> = criteria
        .iter()
        .filter(|c| {
            c.group.is_none()
                && !c.statistic.starts_with("Kendall,")
                && c.statistic != "Kendall"
                && !is_matched(c)
        })
        .filter_map(ranked)
        .collect();
    out.extend(matched(criteria));
    out.extend(floors(corpus, layers));
    out.extend(similar.and_then(|s| similarity(s)));
    out
}

fn ranked(criterion: &Criterion) -> Option<String> {
    let what = format!("{} against {}", criterion.of, criterion.target);
    let Some(best) = criterion.best() else {
        let why = criterion.note.as_deref()?;
        return Some(format!("{what}: no rank correlation ({why})"));
    };
    let value = match best.estimate {
        Some(e) => interval(e),
        None => format!("{:.2} (no interval)", best.value?),
    };
    let p = best
        .p_max
        .map_or(String::new(), |p| format!(", p {p:.3} over all layers"));
    let known: Vec<_> = criterion
        .layers
        .iter()
        .filter(|l| l.best.p.is_some())
        .collect();
    let worse = known
        .iter()
        .filter(|l| l.best.p.is_some_and(|p| p <= 0.05))
        .count();
    let others = match known.len() {
        0 => String::new(),
        n => format!(
            "; {worse} of the {n} other layers are worse than {} beyond chance",
            best.layer
        ),
    };
    let layer = match (criterion.alike(), best.best.share_best) {
        (1, Some(share)) => format!(
            "best layer {} (best in {:.0} % of resamples)",
            best.layer,
            100.0 * share
        ),
        (1, None) => format!("best layer {}", best.layer),
        (alike, _) => format!("{alike} layers alike, the first {}", best.layer),
    };
    Some(format!(
        "{what}: {layer}, {} {value}{p}, {} {}{others}",
        criterion.statistic, criterion.n, criterion.unit
    ))
}

/// Whether the reference was chosen by what it shares with systems.
fn is_matched(criterion: &Criterion) -> bool {
    criterion.of.starts_with("systems, same ") || criterion.of.starts_with("systems, other ")
}

/// What a reference of the same speakers, texts or other classes is worth beside one of other classes.
fn matched(criteria: &[Criterion]) -> Vec<String> {
    let mean = |c: &Criterion| -> Option<f64> {
        let of_model = c.layers.iter().filter(|l| l.layer != LOG_MEL);
        let known: Vec<f64> = of_model.filter_map(|l| l.value).collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    };
    let same = criteria
        .iter()
        .filter(|c| c.group.is_none() && c.statistic.starts_with("Spearman"));
    same.filter_map(|same| {
        let column = same.of.strip_prefix("systems, same ")?;
        let other = format!("systems, other {column}");
        let other = criteria.iter().find(|c| {
            c.of == other
                && c.target == same.target
                && c.statistic == same.statistic
                && c.group.is_none()
        })?;
        Some(format!(
            "a reference of the same {column} orders systems by {} with {} {:.2} (mean of the model's layers), one of \
             other {column} with {:.2}",
            same.target,
            same.statistic,
            mean(same)?,
            mean(other)?
        ))
    })
    .collect()
}

/// How many systems each layer cannot tell from the reference.
fn floors(corpus: &Corpus<'_>, layers: &[LayerFound]) -> Option<String> {
    let within: Vec<(&str, usize)> = layers
        .iter()
        .map(|l| {
            let of = l.systems.iter().flatten();
            let hidden = of.filter(|d| d.p.is_some_and(|p| p > 0.05)).count();
            (l.name.as_str(), hidden)
        })
        .collect();
    let tested = layers
        .first()?
        .systems
        .iter()
        .flatten()
        .filter(|d| d.p.is_some())
        .count();
    if tested == 0 {
        return None;
    }
    let fewest = within.iter().map(|w| w.1).min()?;
    let most = within.iter().map(|w| w.1).max()?;
    let names = |n: usize| -> String {
        let found: Vec<&str> = within.iter().filter(|w| w.1 == n).map(|w| w.0).collect();
        match found.as_slice() {
            few if few.len() <= 3 => few.join(", "),
            many => format!("{} layers", many.len()),
        }
    };
    Some(match fewest == most {
        true => format!(
            "every layer leaves {fewest} of {tested} systems within what `{}` shows against itself (p > 0.05, \
             swapped utterances)",
            corpus.reference_name
        ),
        false => format!(
            "{} leave {fewest} of {tested} systems within what `{}` shows against itself (p > 0.05, swapped \
             utterances), {} {most}",
            names(fewest),
            corpus.reference_name,
            names(most)
        ),
    })
}

fn similarity(rows: &[Similarity]) -> Option<String> {
    let known = |kind: &'static str| {
        let of = rows.iter().filter(move |r| r.kind == kind);
        of.filter_map(|r| Some((r.name.as_str(), r.cosine?)))
    };
    let by_value = |a: &(&str, Estimate), b: &(&str, Estimate)| a.1.value.total_cmp(&b.1.value);
    let (low, high) = (
        known("system").min_by(by_value)?,
        known("system").max_by(by_value)?,
    );
    let bound = |kind: &'static str| match known(kind).next() {
        Some((name, e)) => format!("{kind} {} ({name})", interval(e)),
        None => format!("{kind} not available"),
    };
    Some(format!(
        "speaker similarity from {} ({}) to {} ({}); {}; {}",
        interval(low.1),
        low.0,
        interval(high.1),
        high.0,
        bound("ceiling"),
        bound("floor"),
    ))
}

fn interval(e: Estimate) -> String {
    format!("{:.2} [{:.2}, {:.2}]", e.value, e.lo, e.hi)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quality::best::AgainstBest;
    use crate::quality::criteria::LayerRank;

    fn criterion(of: &str, values: [f64; 3]) -> Criterion {
        let names = [LOG_MEL, "layer.0", "layer.1"];
        let layer = |(name, value): (&str, f64)| LayerRank {
            layer: name.into(),
            value: Some(value),
            estimate: None,
            p: None,
            p_max: None,
            best: AgainstBest::default(),
        };
        Criterion {
            target: "mos".into(),
            of: of.into(),
            statistic: "Spearman",
            group: None,
            n: 5,
            unit: "systems".into(),
            layers: names.into_iter().zip(values).map(layer).collect(),
            note: None,
        }
    }

    #[test]
    fn the_mean_of_a_models_layers_is_without_the_log_mel_baseline() {
        let found = matched(&[
            criterion("systems, same speaker", [0.1, 0.8, 1.0]),
            criterion("systems, other speaker", [1.0, 0.2, 0.3]),
        ]);
        assert_eq!(
            found,
            [
                "a reference of the same speaker orders systems by mos with Spearman 0.90 (mean of the model's \
                 layers), one of other speaker with 0.25"
            ]
        );
    }
}
