//! `phonoscope browse`, and the screen without arguments.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use phonoscope_analysis::task::Task;
use phonoscope_models::Catalogue;
use phonoscope_probes::report::Report;
use phonoscope_probes::stress::Explained;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::explain::Explainer;
use super::{Context, demo};
use crate::cli::{BrowseArgs, DEMO_FOLDER, DemoArgs, Statistics};
use crate::exit::{Exit, Usage};
use crate::tui;

pub(super) fn run(args: &BrowseArgs, context: &Context) -> anyhow::Result<Exit> {
    let mut reports = vec![];
    let mut models = vec![];
    for path in &args.things {
        match model_name(path)? {
            Some(name) => models.push(name),
            None => reports.push(report_path(path)?),
        }
    }
    start(
        reports,
        models,
        args.data.as_deref().map(folder).transpose()?,
        context,
    )
}

/// The folder of recordings: a manifest's, or the one that is given.
fn folder(data: &Path) -> anyhow::Result<PathBuf> {
    if data.is_dir() {
        return Ok(data.to_owned());
    }
    match data.parent() {
        Some(parent) if data.is_file() => Ok(parent.to_owned()),
        _ => Err(Usage::new(
            format!("`{}` is no file or folder", data.display()),
            "give the manifest that the report was made from, or its folder",
        )
        .into()),
    }
}

/// The name of a model: a file of one, or an entry of the catalogue where no such file lies.
fn model_name(path: &Path) -> anyhow::Result<Option<String>> {
    let Some(name) = path.to_str() else {
        return Ok(None);
    };
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or("");
    let is_model = matches!(ending, "onnx" | "ort") && path.is_file()
        || !path.exists() && Catalogue::builtin()?.get(name).is_ok();
    Ok(is_model.then(|| name.to_owned()))
}

/// The screen on whatever the last demo left here, or its welcome.
pub(super) fn home(context: &Context) -> anyhow::Result<Exit> {
    let last = Path::new(DEMO_FOLDER).join("report.json");
    open(if last.is_file() { vec![last] } else { vec![] }, context)
}

/// A report, or the report.json of a folder.
pub(super) fn report_path(path: &Path) -> anyhow::Result<PathBuf> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let inside = path.join("report.json");
    if inside.is_file() {
        return Ok(inside);
    }
    Err(Usage::new(
        format!("`{}` holds no report.json", path.display()),
        "`phonoscope probe speaker` makes one; a run folder is not a report",
    )
    .into())
}

/// Opens the screen on reports.
pub(super) fn open(reports: Vec<PathBuf>, context: &Context) -> anyhow::Result<Exit> {
    start(reports, vec![], None, context)
}

fn start(
    reports: Vec<PathBuf>,
    models: Vec<String>,
    recordings: Option<PathBuf>,
    context: &Context,
) -> anyhow::Result<Exit> {
    // A report that was asked for and cannot be read is an error of the command, not of the screen.
    let sources = reports
        .into_iter()
        .map(|path| {
            let report = Arc::new(Report::read(&path)?);
            Ok(tui::Source::Loaded { path, report })
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    let start = match (sources.is_empty(), models.is_empty()) {
        (false, _) => tui::Start::FirstReport,
        (true, false) => tui::Start::FirstModel,
        (true, true) => tui::Start::Home,
    };
    let (layer, log) = tui::log_channel();
    // A second screen in one process (never so far) would keep the first one's log.
    tracing_subscriber::registry().with(layer).try_init().ok();
    let launch = tui::Launch {
        keys: key_file()?,
        log: Some(log),
        reports: sources,
        recordings,
        models: listed(models)?,
        start,
        theme: theme(context.global.theme),
    };
    // The screen takes Ctrl-C as a key and ends on signals by itself.
    let exit = tui::run(
        launch,
        Arc::new(Program {
            context: context.clone(),
            explainer: Explainer::default(),
        }),
    )?;
    Ok(match exit {
        tui::Exit::Quit => Exit::Done,
        tui::Exit::Interrupted | tui::Exit::Signal(_) => Exit::Interrupted,
    })
}

/// The models asked for, then those of the catalogue.
fn listed(asked: Vec<String>) -> anyhow::Result<Vec<tui::ModelSource>> {
    let catalogue = Catalogue::builtin()?;
    let mut names = asked;
    for entry in catalogue.entries() {
        if !names.contains(&entry.name) {
            names.push(entry.name.clone());
        }
    }
    let source = |name: String| tui::ModelSource {
        about: catalogue
            .get(&name)
            .map_or_else(|_| String::from("file"), |entry| entry.summary.clone()),
        name,
    };
    Ok(names.into_iter().map(source).collect())
}

/// The user's own keys, if there are any: `phonoscope/keys.toml` in the configuration folder.
fn key_file() -> anyhow::Result<Option<String>> {
    let var = |name| {
        std::env::var_os(name)
            .filter(|v| !v.is_empty())
            .map(PathBuf::from)
    };
    let folder = var("XDG_CONFIG_HOME").or_else(|| var("HOME").map(|home| home.join(".config")));
    let Some(path) = folder.map(|f| f.join("phonoscope").join("keys.toml")) else {
        return Ok(None);
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e).with_context(|| format!("cannot read `{}`", path.display())),
    }
}

fn theme(choice: crate::cli::Theme) -> tui::ThemeChoice {
    use crate::cli::Theme;
    match choice {
        Theme::Auto => tui::ThemeChoice::Auto,
        Theme::Dark => tui::ThemeChoice::Dark,
        Theme::Light => tui::ThemeChoice::Light,
        Theme::Mono => tui::ThemeChoice::Mono,
        Theme::Ansi16 => tui::ThemeChoice::Ansi16,
    }
}

/// What the screen can ask of the program.
struct Program {
    context: Context,
    explainer: Explainer,
}

impl Program {
    /// The context of a job: its progress and cancel, and nothing said beside the screen.
    fn context(&self, task: &Task) -> Context {
        let mut context = self.context.clone();
        context.task = task.clone();
        context.printer = crate::output::Printer::silent();
        context
    }
}

impl tui::Services for Program {
    fn start_demo(&self, task: &Task) -> anyhow::Result<PathBuf> {
        let context = self.context(task);
        let args = DemoArgs {
            other: None,
            data: None,
            voices: None,
            out: DEMO_FOLDER.into(),
            no_tui: true,
            statistics: Statistics::default(),
        };
        Ok(demo::make(&args, &context)?.0)
    }

    fn open_report(&self, path: &Path, _task: &Task) -> anyhow::Result<Report> {
        Ok(Report::read(&report_path(path)?)?)
    }

    fn open_model(&self, name: &str, task: &Task) -> anyhow::Result<tui::ModelView> {
        super::models::view(name, &self.context(task))
    }

    fn explain(&self, asked: &tui::WordAsked<'_>, task: &Task) -> anyhow::Result<Explained> {
        self.explainer.word(asked, &self.context(task), task)
    }

    fn player(&self) -> Option<tui::Player> {
        tui::Player::find(&std::env::var_os("PATH")?)
    }

    fn save(&self, file_name: &str, bytes: &[u8], _task: &Task) -> anyhow::Result<PathBuf> {
        let (stem, ending) = file_name.rsplit_once('.').unwrap_or((file_name, ""));
        for attempt in 1..1000 {
            let name = match attempt {
                1 => file_name.to_owned(),
                n => format!("{stem}-{n}.{ending}"),
            };
            let path = PathBuf::from(name);
            match std::fs::File::create_new(&path) {
                Ok(_) => {
                    phonoscope_probes::store::write_atomic(&path, bytes)?;
                    return Ok(path);
                }
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(e) => {
                    return Err(e).with_context(|| format!("cannot write `{}`", path.display()));
                }
            }
        }
        anyhow::bail!("a thousand exports named `{file_name}` are here already")
    }
}
