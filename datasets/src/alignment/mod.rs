//! Which word or phone is when: reading and writing alignments, and finding the one of an utterance.
//!
//! Read are Praat TextGrids (long and short text form, UTF-8 or UTF-16), CTM, TIMIT's `.PHN` and
//! `.WRD`, and our own TSV (`id tier start end label`, escaped as manifests are). [`read`] knows them
//! by what is in them, [`AlignmentSource`] finds the file of an utterance, and [`spans`] gives the
//! words or phones of an utterance in its own time.

mod ctm;
mod source;
mod span;
mod table;
pub mod text_grid;
mod timit;

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::{Error, Result};

pub use source::{AlignmentSource, Clock, Found};
pub use span::{Fitted, Level, Span, fit, is_silence, spans};
pub use table::to_tsv;

/// Larger files are refused: no alignment of a corpus comes near.
const MAX_BYTES: u64 = 1 << 30;

/// How far an interval may reach into the next one of a tier before that is a fault; shorter
/// overlaps are rounding, and the earlier interval is made to end where the later begins.
const ROUNDING_SECS: f64 = 0.001;

/// The labelled times of one recording or utterance.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Alignment {
    /// Layers of labels, in file order.
    pub tiers: Vec<Tier>,
}

/// One layer of labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Tier {
    /// Name, such as `words`.
    pub name: String,
    /// Whether labels span time.
    pub kind: TierKind,
    /// The labels, ordered by start. Times are finite and not negative, none ends before it
    /// starts. Those of a TextGrid do not overlap; those of other formats may.
    pub intervals: Vec<Interval>,
}

/// Whether the labels of a tier span time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TierKind {
    /// They do.
    Intervals,
    /// They mark points: every end is its start.
    Points,
}

/// A label and its time, from the start of what was aligned.
#[derive(Debug, Clone, PartialEq)]
pub struct Interval {
    /// Start.
    pub start_secs: f64,
    /// End, not before the start.
    pub end_secs: f64,
    /// The label; empty labels are silence.
    pub label: String,
}

/// What an alignment file holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// One alignment, of whatever the file is named after (TextGrid, `.PHN`, `.WRD`).
    One(Alignment),
    /// Alignments by the name of their utterance or recording (CTM, TSV).
    Many(BTreeMap<String, Alignment>),
}

/// Reads an alignment file, whatever its name; the name decides only whether a CTM holds phones
/// (`…phone…`) or words, and `.PHN` from `.WRD`.
///
/// # Errors
/// [`Error::Read`]; [`Error::Alignment`] for a file of no known format, times that are negative, out
/// of order or overlapping within a tier of a TextGrid, text that is neither UTF-8 nor UTF-16, and
/// Praat's binary and chronological files.
pub fn read(path: &Path) -> Result<Content> {
    let size = std::fs::metadata(path)
        .map_err(|e| Error::read(path, e))?
        .len();
    if size > MAX_BYTES {
        let why = format!("it has {size} bytes: that is no alignment");
        return Err(Fault::whole(why, "name a TextGrid, CTM, PHN, WRD or TSV file").of(path));
    }
    let bytes = std::fs::read(path).map_err(|e| Error::read(path, e))?;
    parse(path, &bytes)
}

/// What [`read`] does with a file of this name and these bytes.
///
/// # Errors
/// As [`read`], without [`Error::Read`].
pub fn parse(path: &Path, bytes: &[u8]) -> Result<Content> {
    interpret(path, bytes).map_err(|fault| fault.of(path))
}

fn interpret(path: &Path, bytes: &[u8]) -> Result<Content, Fault> {
    if bytes.starts_with(b"ooBinaryFile") {
        return Err(Fault::whole(
            "it is a binary Praat file",
            "in Praat, save it as a text file",
        ));
    }
    let text = decode(bytes)?;
    let first = text.lines().find(|line| !line.trim().is_empty());
    let Some(first) = first else {
        return Err(Fault::whole("it is empty", "align the recording again"));
    };
    // Where the first line says nothing the name does, so that the fault is told by its line.
    let named = |extensions: &[&str]| {
        let extension = path.extension().unwrap_or_default();
        extensions.iter().any(|e| extension.eq_ignore_ascii_case(e))
    };
    if text_grid::is_header(&text) {
        text_grid::parse(&text).map(Content::One)
    } else if first.contains("Praat chronological TextGrid") {
        Err(Fault::whole(
            "it is a chronological TextGrid",
            "in Praat, save it as a text file or a short text file",
        ))
    } else if table::is_header(first) {
        table::parse(&text).map(Content::Many)
    } else if timit::is_line(first) || named(&["phn", "wrd"]) {
        timit::parse(path, &text).map(Content::One)
    } else if ctm::is_line(first) || named(&["ctm"]) {
        ctm::parse(path, &text).map(Content::Many)
    } else {
        Err(Fault::whole(
            "its format is not known",
            "known: Praat TextGrid, CTM, TIMIT .PHN and .WRD, TSV with id, tier, start, end, label",
        ))
    }
}

/// Text in UTF-8 or UTF-16, with or without a byte order mark.
fn decode(bytes: &[u8]) -> Result<String, Fault> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units = pairs.iter().map(|&pair| unit(pair));
        let text: Result<String, _> = char::decode_utf16(units).collect();
        text.ok().filter(|_| rest.is_empty())
    };
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        // The first character of every format is ASCII.
        [0, 1..=255, ..] => utf16(bytes, u16::from_be_bytes),
        [1..=255, 0, ..] => utf16(bytes, u16::from_le_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        _ => String::from_utf8(bytes.to_vec()).ok(),
    };
    text.ok_or_else(|| Fault::whole("neither UTF-8 nor UTF-16 text", "save it as UTF-8"))
}

/// A fault in a file; the caller knows which.
#[derive(Debug)]
pub(crate) struct Fault {
    line: Option<u64>,
    why: String,
    hint: &'static str,
}

impl Fault {
    fn whole(why: impl Into<String>, hint: &'static str) -> Self {
        Self {
            line: None,
            why: why.into(),
            hint,
        }
    }

    fn at(line: u64, why: impl Into<String>, hint: &'static str) -> Self {
        Self {
            line: Some(line),
            ..Self::whole(why, hint)
        }
    }

    pub(crate) fn of(self, path: &Path) -> Error {
        Error::Alignment {
            path: path.to_path_buf(),
            line: self.line,
            why: self.why,
            hint: self.hint.to_owned(),
        }
    }
}

/// An interval whose times are in order.
fn interval(start_secs: f64, end_secs: f64, label: &str) -> Result<Interval, String> {
    if !(start_secs.is_finite() && end_secs.is_finite()) {
        return Err(format!("{start_secs} to {end_secs} are no times"));
    }
    if start_secs < 0.0 {
        return Err(format!("it starts at {start_secs} s, before the recording"));
    }
    if end_secs < start_secs {
        return Err(format!(
            "it ends at {end_secs} s, before its start {start_secs} s"
        ));
    }
    Ok(Interval {
        start_secs,
        end_secs,
        label: label.to_owned(),
    })
}

/// Sorted by start, those that start together by end, otherwise in file order.
fn in_order(mut intervals: Vec<Interval>) -> Vec<Interval> {
    intervals.sort_by(|a, b| {
        a.start_secs
            .total_cmp(&b.start_secs)
            .then(a.end_secs.total_cmp(&b.end_secs))
    });
    intervals
}
