//! Draws the screen on a report as an SVG, for the README:
//! `cargo run --example picture -- phonoscope-demo/report.json docs/screen.svg`

use std::path::PathBuf;
use std::sync::Arc;

use phonoscope::tui::{Headless, Launch, Services, Source, Start, ThemeChoice};
use phonoscope_analysis::task::Task;
use phonoscope_probes::report::Report;

/// A picture asks for nothing.
struct Still;

impl Services for Still {
    fn start_demo(&self, _task: &Task) -> anyhow::Result<PathBuf> {
        anyhow::bail!("a picture runs nothing")
    }

    fn open_report(&self, path: &std::path::Path, _task: &Task) -> anyhow::Result<Report> {
        Ok(Report::read(path)?)
    }

    fn open_model(&self, _: &str, _: &Task) -> anyhow::Result<phonoscope::tui::ModelView> {
        anyhow::bail!("no model")
    }

    fn save(&self, _name: &str, _bytes: &[u8], _task: &Task) -> anyhow::Result<PathBuf> {
        anyhow::bail!("a picture saves nothing")
    }
}

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(path), Some(out)) = (args.next(), args.next()) else {
        anyhow::bail!("usage: picture REPORT OUT.svg");
    };
    let report = Arc::new(Report::read(&path)?);
    let launch = Launch {
        reports: vec![Source::Loaded { path, report }],
        start: Start::FirstReport,
        theme: ThemeChoice::Dark,
        ..Launch::default()
    };
    let screen = Headless::new(launch, Arc::new(Still), 100, 30);
    std::fs::write(out, screen.picture())?;
    Ok(())
}
