//! `phonoscope models pull`

use std::num::NonZero;
use std::sync::{Mutex, PoisonError};

use phonoscope_analysis::task::Task;
use phonoscope_models::catalogue::Weights;
use phonoscope_models::fetch::hub::{Origin, Record, fetch_hub};
use phonoscope_models::{Catalogue, Entry, Error, Presence, load_entry, presence};

use crate::cli::PullArgs;
use crate::commands::Context;
use crate::exit::{Exit, Usage, tell};
use crate::progress::Several;

/// Fetches at one time.
const AT_ONCE: NonZero<usize> = NonZero::new(2).unwrap();

pub(super) fn run(args: &PullArgs, context: &Context) -> anyhow::Result<Exit> {
    let catalogue = Catalogue::builtin()?;
    let mut entries: Vec<&Entry> = Vec::new();
    for name in &args.names {
        let entry = catalogue.get(name)?;
        if !entries.iter().any(|other| other.name == entry.name) {
            entries.push(entry);
        }
    }
    let origin = origin(args, &entries)?;
    let failures = pull_all(&entries, origin.as_ref(), context);
    if context.task.cancel.is_cancelled() {
        return Err(Error::Cancelled.into());
    }
    match failures.as_slice() {
        [] => return Ok(Exit::Done),
        [_] if entries.len() == 1 => {}
        several => {
            let done = entries.len() - several.len();
            let remark = format!("{done} of {} models are here; failed:", entries.len());
            context.printer.remark(&remark);
            for (name, error) in failures {
                let mut told = tell(&error.into(), &context.task.cancel);
                told.line = format!("{name}: {}", told.line);
                context.printer.error(&told);
            }
            return Ok(Exit::Failed);
        }
    }
    failures
        .into_iter()
        .next()
        .map_or(Ok(Exit::Done), |(_, error)| Err(error.into()))
}

/// Where files of hubs come from; it makes sense for those alone.
fn origin(args: &PullArgs, entries: &[&Entry]) -> anyhow::Result<Option<Origin>> {
    let Some(text) = &args.from else {
        return Ok(Origin::of_environment());
    };
    let known = |entry: &&&Entry| !matches!(entry.weights, Weights::Hub(_));
    if let Some(entry) = entries.iter().find(known) {
        let whence = match entry.weights {
            Weights::Shipped(_) => "is inside the program",
            _ => "comes from a package by pinned hash",
        };
        return Err(Usage::new(
            format!("{} {whence}", entry.name),
            "--from is for the models that `models list` calls untested here; leave it out",
        )
        .into());
    }
    let origin = Origin::parse(text);
    if let Origin::Path(path) = &origin {
        if !path.exists() {
            return Err(Usage::new(
                format!("there is no `{text}`"),
                "give an ONNX file, a folder of them, or an address that begins with https://",
            )
            .into());
        }
        if path.is_file() && entries.len() > 1 {
            return Err(Usage::new(
                format!("`{text}` is one file for {} models", entries.len()),
                "pull them one by one, or give a folder",
            )
            .into());
        }
    }
    Ok(Some(origin))
}

/// Pulls the models, some at a time; those that failed, in the order in which they were asked for.
fn pull_all(
    entries: &[&Entry],
    origin: Option<&Origin>,
    context: &Context,
) -> Vec<(String, Error)> {
    let cache = context.cache();
    let missing = |entry: &&&Entry| presence(entry, &cache) == Presence::Missing;
    let bytes = entries.iter().filter(missing);
    let bytes = bytes.filter_map(|e| e.weights.download_bytes()).sum();
    let several = Several::new(context.printer, entries.len(), bytes);
    let queue = Mutex::new(entries.iter().enumerate());
    let failed = Mutex::new(Vec::new());
    let work = || {
        while !context.task.cancel.is_cancelled() {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((place, entry)) = next else { return };
            let task = several.task(&context.task.cancel);
            match pull(entry, origin, context, &task) {
                Ok(remark) => several.one_done(&remark),
                Err(error) => {
                    let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                    failed.push((place, entry.name.clone(), error));
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.get().min(entries.len()) {
            scope.spawn(work);
        }
    });
    several.finish();
    let mut failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    failed.sort_by_key(|(place, ..)| *place);
    failed
        .into_iter()
        .map(|(_, name, error)| (name, error))
        .collect()
}

/// Pulls one model; what there is to say about it.
fn pull(
    entry: &Entry,
    origin: Option<&Origin>,
    context: &Context,
    task: &Task,
) -> Result<String, Error> {
    let (cache, network) = (context.cache(), context.network());
    let mut words = String::new();
    if let Weights::Hub(_) = entry.weights {
        let known = Record::read(entry, &cache)?.is_some();
        fetch_hub(entry, origin, &cache, network, task)?;
        if let Some(record) = Record::read(entry, &cache)? {
            let state = if known { "as recorded" } else { "recorded now" };
            words = format!(
                "\n  from {}\n  SHA-256 {}, {state} and enforced from now on\n  untested here: \
                 its front end and inputs are as its authors describe them",
                record.address,
                record.main_sha256()
            );
        }
    }
    let model = load_entry(entry, &cache, network, task)?;
    Ok(format!(
        "{}: {} taps, graph {}{words}",
        model.name,
        model.taps.len(),
        short(model.graph.sha256())
    ))
}

/// The first digits of a hash.
fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}
