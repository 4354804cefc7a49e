//! Words or phones of an utterance in its own time.

use serde::Serialize;

use super::source::{AlignmentSource, Clock, Found};
use super::{Alignment, Tier, TierKind};
use crate::error::{Error, Result, one_line};
use crate::manifest::{Manifest, Utterance};

/// How far labels may end behind the recording: frames of recognisers and rounding.
const SLACK_SECS: f64 = 0.1;

/// Which labels are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Words.
    Word,
    /// Phones.
    Phone,
}

impl Level {
    /// Names of tiers that hold this level, the usual first. Names are compared in lower case, and
    /// with whatever stands before ` - ` taken off (`speaker - words`).
    pub fn tier_names(self) -> &'static [&'static str] {
        match self {
            Self::Word => &[
                "words",
                "word",
                "wrd",
                "ort-mau",
                "ort",
                "orthography",
                "tokens",
                "token",
            ],
            Self::Phone => &[
                "phones", "phone", "phn", "phonemes", "phoneme", "mau", "segments", "segment",
            ],
        }
    }

    fn plural(self) -> &'static str {
        match self {
            Self::Word => "words",
            Self::Phone => "phones",
        }
    }
}

/// A word, a phone, or silence between them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Span {
    /// The label, without blanks around it.
    pub label: String,
    /// Start, from the start of the utterance.
    pub start_secs: f64,
    /// End, behind the start.
    pub end_secs: f64,
    /// Whether the label stands for silence or noise ([`is_silence`]).
    pub silent: bool,
}

/// Whether a label stands for silence, a pause or noise in one of the usual notations: nothing at
/// all, `sp`, `sil`, `spn`, `nsn`, `h#`, `pau`, `epi`, `_`, `SIL_S`, `<eps>`, `<p:>`, `[noise]` …
pub fn is_silence(label: &str) -> bool {
    let label = label.trim().to_lowercase();
    let bare = match label.rsplit_once('_') {
        // Kaldi marks the place in the word.
        Some((phone, "b" | "e" | "i" | "s")) => phone,
        _ => label.as_str(),
    };
    let bracketed = [('<', '>'), ('[', ']'), ('{', '}'), ('(', ')')]
        .into_iter()
        .find_map(|(open, close)| bare.strip_prefix(open)?.strip_suffix(close));
    let always = |text| {
        matches!(
            text,
            "" | "sp"
                | "sil"
                | "spn"
                | "nsn"
                | "ssil"
                | "!sil"
                | "h#"
                | "#h"
                | "#"
                | "##"
                | "pau"
                | "epi"
                | "p:"
                | "_"
        )
    };
    match bracketed {
        // Words in their own right without the brackets.
        Some("eps" | "silence" | "noise" | "pause" | "p" | "sl") => true,
        Some(inside) => always(inside),
        None => always(bare),
    }
}

/// The words or phones of an utterance, ordered by start, silence marked. Labels outside the
/// utterance's `start` and `end` are left out, those across its edges are cut there, and labels
/// without length are left out. The end of the recording is not known here: see [`fit`].
///
/// # Errors
/// [`Error::Unaligned`] where there is no alignment, [`Error::Alignment`] where it has no such tier
/// or two files could be meant, and those of [`super::read`].
pub fn spans(
    utterance: &Utterance,
    manifest: &Manifest,
    source: &AlignmentSource,
    level: Level,
) -> Result<Vec<Span>> {
    let Some(found) = source.find(utterance, manifest)? else {
        return Err(Error::Unaligned {
            id: utterance.id.clone(),
            hint: source.looked(utterance),
        });
    };
    found.spans(utterance, level)
}

impl Found {
    /// What [`spans`] gives for this alignment of the utterance.
    ///
    /// # Errors
    /// [`Error::Alignment`] where it has no tier of that level.
    pub fn spans(&self, utterance: &Utterance, level: Level) -> Result<Vec<Span>> {
        let tiers = tiers_of(&self.alignment, level).ok_or_else(|| Error::Alignment {
            path: self.path.clone(),
            line: None,
            why: without(&self.alignment, level),
            hint: format!("name the tier of {0} `{0}`", level.plural()),
        })?;
        let start = utterance.start_secs.unwrap_or(0.0);
        let length = utterance.end_secs.map_or(f64::INFINITY, |end| end - start);
        let shift = match self.clock {
            Clock::Recording => start,
            Clock::Utterance => 0.0,
        };
        let mut spans: Vec<Span> = tiers
            .iter()
            .flat_map(|tier| &tier.intervals)
            .map(|interval| Span {
                label: interval.label.trim().to_owned(),
                start_secs: (interval.start_secs - shift).max(0.0),
                end_secs: (interval.end_secs - shift).min(length),
                silent: is_silence(&interval.label),
            })
            .filter(|span| span.start_secs < span.end_secs)
            .collect();
        spans.sort_by(|a, b| a.start_secs.total_cmp(&b.start_secs));
        Ok(spans)
    }
}

/// The tiers of a level: those with the most usual name that is there; several speakers or channels
/// have one each.
fn tiers_of(alignment: &Alignment, level: Level) -> Option<Vec<&Tier>> {
    let named = |name: &str| -> Vec<&Tier> {
        alignment
            .tiers
            .iter()
            .filter(|tier| tier.kind == TierKind::Intervals)
            .filter(|tier| {
                let own = tier.name.to_lowercase();
                own.rsplit(" - ").next().unwrap_or(&own).trim() == name
            })
            .collect()
    };
    level
        .tier_names()
        .iter()
        .map(|name| named(name))
        .find(|tiers| !tiers.is_empty())
}

fn without(alignment: &Alignment, level: Level) -> String {
    let names: Vec<String> = alignment
        .tiers
        .iter()
        .take(8)
        .map(|tier| match tier.kind {
            TierKind::Intervals => format!("`{}`", one_line(&tier.name)),
            TierKind::Points => format!("`{}` (points)", one_line(&tier.name)),
        })
        .collect();
    match names.as_slice() {
        [] => format!("it has no tier of {}", level.plural()),
        names => format!(
            "it has no tier of {}; tiers: {}",
            level.plural(),
            names.join(", ")
        ),
    }
}

/// Spans that lie within an utterance, and what was done to them.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// The spans, ordered by start; none ends behind the utterance.
    pub spans: Vec<Span>,
    /// What was cut, in words; none when nothing was.
    pub remark: Option<String>,
}

/// Cuts spans at the end of an utterance of this length. Up to 0.1 s too much is rounding, and
/// silence may last longer.
///
/// # Errors
/// [`Error::Alignment`] where a word or phone ends later: the alignment is not of this recording.
pub fn fit(utterance: &Utterance, mut spans: Vec<Span>, duration_secs: f64) -> Result<Fitted> {
    let late = |span: &Span| span.end_secs > duration_secs;
    if let Some(span) = spans
        .iter()
        .find(|span| !span.silent && span.end_secs > duration_secs + SLACK_SECS)
    {
        return Err(Error::Alignment {
            path: utterance.audio.clone(),
            line: None,
            why: format!(
                "`{}` ends at {:.3} s and the utterance at {duration_secs:.3} s",
                one_line(&span.label),
                span.end_secs
            ),
            hint: "is it the alignment of another recording, or of one cut differently?".to_owned(),
        });
    }
    let cut = spans.iter().filter(|span| late(span)).count();
    let by = spans
        .iter()
        .fold(0.0_f64, |by, span| by.max(span.end_secs - duration_secs));
    for span in &mut spans {
        span.end_secs = span.end_secs.min(duration_secs);
    }
    spans.retain(|span| span.start_secs < span.end_secs);
    Ok(Fitted {
        spans,
        remark: (cut > 0).then(|| format!("{cut} labels cut by up to {by:.3} s at its end")),
    })
}
