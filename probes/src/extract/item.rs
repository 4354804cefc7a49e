//! One recording through front end, network and pooling.

use std::ops::Range;

use ndarray::{ArrayD, ArrayViewD, Axis, Slice};
use phonoscope_analysis::frontend::FrontEnd;
use phonoscope_analysis::task::Cancel;
use phonoscope_datasets::{Manifest, Utterance, audio};
use phonoscope_models::engine::{Engine, Session};
use phonoscope_models::{Feed, Model, Normalise, Tap};

use super::pooling::{Mean, Scaling};
use super::reading::{Reading, views};
use super::spans::{FrameRange, Frames, Placed, Span, SpanKind, unusable};
use super::{Rows, Source};
use crate::error::{Error, Result};
use crate::store::SpanRecord;

/// Everything that workers share: the model, its engine, the taps to read and what a row is.
#[derive(Clone)]
pub struct Extractor<'a> {
    model: &'a Model,
    engine: &'a dyn Engine,
    taps: &'a [Tap],
    rows: &'a Rows,
    reading: Reading,
    /// Rows of the first axis (windows of an utterance) that run at once.
    at_once: usize,
}

impl std::fmt::Debug for Extractor<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Extractor")
            .field("model", &self.model.name)
            .finish_non_exhaustive()
    }
}

/// Windows of an utterance that run at once, at most. Engines notice a cancellation between operators only, and a
/// recurrent layer over many windows is one long operator.
const BATCH: usize = 16;

/// A recording ready for the network, with what is to be read out of it.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// What the front end made of it.
    pub(crate) features: ArrayD<f32>,
    /// Where the recording lies in the features.
    pub(crate) placed: Placed,
    duration_secs: f64,
    audio_sha256: String,
    /// The spans of each manifest row that the recording serves; nothing where a row is a whole.
    rows: Vec<Option<Vec<Span>>>,
}

/// What a row of the manifest gave.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemResult {
    /// Length of the audio in seconds.
    pub duration_secs: f64,
    /// SHA-256 of the audio file.
    pub audio_sha256: String,
    /// Its words, phones or segments; none for a whole utterance.
    pub spans: Vec<SpanRecord>,
    /// For each tap, in the order of the taps, the pooled vectors `[used span, dim]` row by row (of a
    /// whole utterance one).
    pub vectors: Vec<Vec<f32>>,
}

impl<'a> Extractor<'a> {
    /// Prepares to read `taps` for such `rows`.
    ///
    /// # Errors
    /// When there are no taps.
    pub fn new(
        model: &'a Model,
        engine: &'a dyn Engine,
        taps: &'a [Tap],
        rows: &'a Rows,
    ) -> Result<Self> {
        let reading = || Reading::new(model, taps, rows.equal_frames.is_none());
        Self::with(model, engine, taps, rows, reading)
    }

    /// The same for frames: its sessions give the taps whole, and the graph stays as it is.
    pub(crate) fn of_frames(
        model: &'a Model,
        engine: &'a dyn Engine,
        taps: &'a [Tap],
        rows: &'a Rows,
    ) -> Result<Self> {
        let reading = || Reading::new(model, taps, false);
        Self::with(model, engine, taps, rows, reading)
    }

    fn with(
        model: &'a Model,
        engine: &'a dyn Engine,
        taps: &'a [Tap],
        rows: &'a Rows,
        reading: impl FnOnce() -> Reading,
    ) -> Result<Self> {
        if taps.is_empty() {
            return Err(Error::Request {
                problem: format!("model `{}` has no taps to read", model.name),
                hint: format!("`phonoscope models inspect {}` lists them", model.name),
            });
        }
        Ok(Self {
            model,
            engine,
            taps,
            rows,
            reading: reading(),
            at_once: if model.takes_single_rows() { 1 } else { BATCH },
        })
    }

    /// How many rows of features (windows of an utterance) the network may be given at once.
    pub(crate) fn at_once(&self) -> usize {
        self.at_once
    }

    /// The rows of a recording's features that a check looks at: all, or the first where the network takes one.
    pub(crate) fn looked_at<'f>(&self, features: &'f ArrayD<f32>) -> ArrayViewD<'f, f32> {
        match self.at_once {
            1 => features.slice_axis(Axis(0), Slice::from(..1)),
            _ => features.view(),
        }
    }

    /// The taps that are read.
    pub fn taps(&self) -> &[Tap] {
        self.taps
    }

    /// How values become vectors, in words for the record.
    pub(crate) fn pooling(&self) -> String {
        let mut words = match self.rows.kind() {
            SpanKind::Utterance => "mean over windows and time of each utterance".to_owned(),
            kind => format!("mean over the frames whose centres lie inside each {kind}"),
        };
        if let Some(frames) = self.rows.equal_frames {
            words += &format!("; {frames} of them, at equal steps");
        }
        words += "; the other axes are features (where the axes of a tap are not known, its last)";
        if self.rows.kind() == SpanKind::Utterance && !self.model.front_end.is_windowed() {
            words += match self.rows.frames {
                Frames::Audio => "; frames of padding left out",
                Frames::All => "; frames of padding included",
            };
        }
        words
    }

    /// A session that reads `extra` outputs of the model, then what is pooled.
    ///
    /// # Errors
    /// When the engine cannot run the graph.
    pub fn open(&self, extra: &[String]) -> Result<Box<dyn Session>> {
        self.reading.open(self.model, self.engine, extra)
    }

    /// How the graph is read.
    pub(crate) fn reading(&self) -> &Reading {
        &self.reading
    }

    /// The manifest rows that one run of the network serves together with `row`, of those in `within`
    /// (a shard): consecutive segments of one recording, else the row alone.
    pub(crate) fn together(
        &self,
        manifest: &Manifest,
        row: usize,
        within: Range<usize>,
    ) -> Range<usize> {
        let audio = |row: usize| manifest.utterances.get(row).map(|u| &u.audio);
        let same =
            |other: &usize| self.rows.kind() == SpanKind::Segment && audio(*other) == audio(row);
        let before = (within.start..row).rev().take_while(same).count();
        let after = (row + 1..within.end).take_while(same).count();
        row - before..row + 1 + after
    }

    /// Reads and transforms the recording behind `rows` of the manifest: one row, or several segments
    /// of the same recording.
    ///
    /// # Errors
    /// When the audio or its alignment cannot be read or is unfit for the front end, or there is no
    /// row. The caller decides whether that is a skip.
    pub fn prepare(&self, manifest: &Manifest, rows: Range<usize>) -> Result<Prepared> {
        let rows = manifest.utterances.get(rows).unwrap_or_default();
        let Some(first) = rows.first() else {
            return Err(Error::NoItems);
        };
        let wave = match self.rows.kind() {
            SpanKind::Segment => audio::read(&first.audio)?,
            _ => audio::read_utterance(first)?,
        };
        let duration_secs = wave.duration_secs();
        let spans = |row: &Utterance| {
            Ok(match &self.rows.source {
                Source::Utterance => None,
                Source::Segment => Some(vec![Span {
                    label: None,
                    start_secs: row.start_secs.unwrap_or(0.0),
                    end_secs: row.end_secs.unwrap_or(duration_secs),
                }]),
                Source::Aligned(level, alignments) => {
                    Some(alignments.spans(row, manifest, *level, duration_secs)?)
                }
            })
        };
        // Before the costly part: an utterance without spans needs no network.
        let spans: Vec<Option<Vec<Span>>> = rows.iter().map(spans).collect::<Result<_>>()?;
        let (features, placed) = self.transform(&wave.samples)?;
        Ok(Prepared {
            features,
            placed,
            duration_secs,
            audio_sha256: wave.sha256,
            rows: spans,
        })
    }

    /// The front end's output for samples, and where they lie in it.
    pub(crate) fn transform(&self, samples: &[f32]) -> Result<(ArrayD<f32>, Placed)> {
        let front_end = &self.model.front_end;
        let features = front_end.compute(samples)?.data;
        let step_samples = front_end.step_samples().max(1);
        let shape = features.shape();
        let steps = shape.get(front_end.time_axis()).copied().unwrap_or(0);
        let of_audio = samples.len().div_ceil(step_samples).min(steps);
        let whole = front_end.is_windowed();
        // Audio shorter than a window at its end is padded at the start.
        let at_the_end = matches!(front_end, FrontEnd::WhisperLogMel(w) if w.window_secs.is_some());
        let first_step = if at_the_end { steps - of_audio } else { 0 };
        let start_samples = match at_the_end {
            true => (steps * step_samples) as i64 - samples.len() as i64,
            false => 0,
        };
        let placed = Placed {
            step_samples,
            steps,
            first_step,
            end_step: if whole { steps } else { first_step + of_audio },
            start_samples,
        };
        Ok((features, placed))
    }

    /// Runs and pools a prepared recording: for each of its rows a result, or why there is none.
    ///
    /// # Errors
    /// When the engine refuses the features, a tap holds values that are not finite, or the run is
    /// cancelled.
    pub fn run(
        &self,
        session: &mut dyn Session,
        item: &Prepared,
        cancel: &Cancel,
    ) -> Result<Vec<Result<ItemResult>>> {
        self.run_with(session, item, &vec![], cancel)
    }

    /// The same with `extra` inputs, of a graph that was changed to have some.
    pub(crate) fn run_with(
        &self,
        session: &mut dyn Session,
        item: &Prepared,
        extra: &Feed,
        cancel: &Cancel,
    ) -> Result<Vec<Result<ItemResult>>> {
        let records: Vec<Vec<SpanRecord>> = item.rows.iter().map(|row| item.records(row)).collect();
        let wanted: Vec<Option<&Span>> = item
            .rows
            .iter()
            .zip(&records)
            .flat_map(|(spans, records)| match spans {
                None => vec![None],
                Some(spans) => spans
                    .iter()
                    .zip(records)
                    .filter(|(_, record)| record.skipped.is_none())
                    .map(|(span, _)| Some(span))
                    .collect(),
            })
            .collect();
        let vectors = if wanted.is_empty() {
            vec![vec![]; self.taps.len()]
        } else {
            self.pooled(session, item, &wanted, (extra, cancel))?
        };
        let widths: Vec<usize> = vectors
            .iter()
            .map(|v| v.len() / wanted.len().max(1))
            .collect();
        let mut next = 0;
        let results = records.into_iter().zip(&item.rows).map(|(records, row)| {
            let used = records.iter().filter(|r| r.skipped.is_none()).count();
            let used = if row.is_none() { 1 } else { used };
            let start = next;
            next += used;
            if used == 0 {
                return Err(self.no_spans(&records));
            }
            let of_tap = |(v, width): (&Vec<f32>, &usize)| {
                v.get(start * width..(start + used) * width)
                    .unwrap_or_default()
                    .to_vec()
            };
            Ok(ItemResult {
                duration_secs: item.duration_secs,
                audio_sha256: item.audio_sha256.clone(),
                vectors: vectors.iter().zip(&widths).map(of_tap).collect(),
                spans: records,
            })
        });
        Ok(results.collect())
    }

    fn no_spans(&self, records: &[SpanRecord]) -> Error {
        let why = match records.first().and_then(|r| r.skipped.as_ref()) {
            Some(why) => format!("the first of {}: {why}", records.len()),
            None => "it has none".into(),
        };
        Error::Spans {
            kind: self.rows.kind().to_string(),
            why,
        }
    }

    /// For each tap, the means over `spans` (nothing: the whole) `[span, dim]`.
    fn pooled(
        &self,
        session: &mut dyn Session,
        item: &Prepared,
        spans: &[Option<&Span>],
        (extra, cancel): (&Feed, &Cancel),
    ) -> Result<Vec<Vec<f32>>> {
        let only_audio = self.rows.frames == Frames::Audio && item.placed.is_padded();
        let frames = self.reading.frames(|timing| {
            let range = |span: &Option<&Span>| match span {
                Some(span) => item.placed.frames(timing, span),
                None if only_audio => item.placed.audio(timing),
                None => FrameRange::ALL,
            };
            spans.iter().map(range).collect()
        });
        let mut means = self.means(spans.len());
        for chunk in item.features.axis_chunks_iter(Axis(0), self.at_once) {
            let mut inputs = self
                .reading
                .inputs(self.model, chunk, item.placed, &frames)?;
            inputs.extend(extra.iter().cloned());
            let outputs = session.run(&views(&inputs), cancel)?;
            self.reading.pool(&mut means, &outputs, &frames)?;
        }
        means.into_iter().map(Mean::finish).collect()
    }

    /// Empty means, one a tap.
    pub(crate) fn means(&self, spans: usize) -> Vec<Mean<'_>> {
        let taps = self.taps.iter();
        taps.map(|tap| Mean::new(tap, self.scaling(tap), spans).of_frames(self.rows.equal_frames))
            .collect()
    }

    fn scaling(&self, tap: &Tap) -> Scaling {
        let embedding = self.model.embedding.as_ref();
        match embedding.filter(|e| e.tap == tap.name).map(|e| e.normalise) {
            None | Some(Normalise::None) => Scaling::AsItComes,
            Some(Normalise::L2) => Scaling::UnitMean,
        }
    }
}

impl Prepared {
    /// What becomes of the spans of a row.
    fn records(&self, spans: &Option<Vec<Span>>) -> Vec<SpanRecord> {
        let number = |secs: f64| if secs.is_finite() { secs } else { 0.0 };
        let record = |span: &Span| SpanRecord {
            label: span.label.clone(),
            start_secs: number(span.start_secs),
            end_secs: number(span.end_secs),
            skipped: unusable(span, self.duration_secs)
                .or_else(|| self.placed.lacks(span))
                .map(str::to_owned),
        };
        spans.iter().flatten().map(record).collect()
    }
}
