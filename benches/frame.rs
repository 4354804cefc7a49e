//! What a frame costs: budgets are 8 ms at 200×50 with 100,000 points, and 150 ms from the bytes
//! of a 10,000-speaker report to its first frame.

#![expect(clippy::unwrap_used, reason = "a bench that cannot start has to stop")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use divan::Bencher;
use phonoscope::tui::{Headless, Launch, Services, Source, Start};
use phonoscope_analysis::task::Task;
use phonoscope_probes::report::Report;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

#[path = "../src/tui/tests/sample.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod sample;
#[path = "../src/tui/tests/sample_trust.rs"]
mod sample_trust;

fn main() {
    divan::main();
}

/// The benches start no job.
struct NoServices;

impl Services for NoServices {
    fn start_demo(&self, _: &Task) -> anyhow::Result<PathBuf> {
        anyhow::bail!("not in a bench")
    }

    fn open_report(&self, _: &Path, _: &Task) -> anyhow::Result<Report> {
        anyhow::bail!("not in a bench")
    }

    fn open_model(&self, _: &str, _: &Task) -> anyhow::Result<phonoscope::tui::ModelView> {
        anyhow::bail!("no model")
    }

    fn save(&self, _: &str, _: &[u8], _: &Task) -> anyhow::Result<PathBuf> {
        anyhow::bail!("not in a bench")
    }
}

fn open(report: Report) -> Headless {
    let reports = vec![Source::Loaded {
        path: "r.json".into(),
        report: Arc::new(report),
    }];
    let launch = Launch {
        reports,
        start: Start::FirstReport,
        ..Launch::default()
    };
    Headless::new(launch, Arc::new(NoServices), 200, 50)
}

fn press_and_draw(bencher: Bencher<'_, '_>, start: &str, keys: [&str; 2]) {
    let mut app = open(sample::report_of(100_000, 20));
    app.press(start).unwrap();
    let mut terminal = Terminal::new(TestBackend::new(200, 50)).unwrap();
    let mut turn = 0;
    bencher.bench_local(|| {
        app.press(keys[turn % 2]).unwrap();
        turn += 1;
        terminal.draw(|frame| app.draw(frame)).unwrap();
    });
}

/// A frame with nothing to work out again.
#[divan::bench]
fn redraw_scatter_of_100_000(bencher: Bencher<'_, '_>) {
    let app = open(sample::report_of(100_000, 20));
    let mut terminal = Terminal::new(TestBackend::new(200, 50)).unwrap();
    bencher.bench_local(|| terminal.draw(|frame| app.draw(frame)).map(|_| ()).unwrap());
}

/// A cursor step: the read-out looks at every point.
#[divan::bench]
fn move_cursor_in_scatter_of_100_000(bencher: Bencher<'_, '_>) {
    press_and_draw(bencher, "3", ["left", "right"]);
}

/// A new axis: every point is binned again.
#[divan::bench]
fn turn_axis_of_100_000(bencher: Bencher<'_, '_>) {
    press_and_draw(bencher, "3", ["]", "["]);
}

#[divan::bench]
fn scroll_table_of_200_000_rows(bencher: Bencher<'_, '_>) {
    press_and_draw(bencher, "2", ["pagedown", "down"]);
}

#[divan::bench]
fn sort_table_of_100_000_rows(bencher: Bencher<'_, '_>) {
    press_and_draw(bencher, "2 tab right right right right right", ["s", "s"]);
}

/// From bytes to the first frame.
#[divan::bench]
fn first_frame_of_10_000_speakers(bencher: Bencher<'_, '_>) {
    let json = serde_json::to_vec(&sample::report_of(10_000, 20)).unwrap();
    bencher.bench_local(|| {
        let app = open(serde_json::from_slice(&json).unwrap());
        let mut terminal = Terminal::new(TestBackend::new(200, 50)).unwrap();
        terminal.draw(|frame| app.draw(frame)).map(|_| ()).unwrap();
    });
}

/// The same without reading the JSON.
#[divan::bench]
fn state_and_first_frame_of_10_000_speakers(bencher: Bencher<'_, '_>) {
    let report = sample::report_of(10_000, 20);
    bencher
        .with_inputs(|| report.clone())
        .bench_local_values(|report| {
            let app = open(report);
            let mut terminal = Terminal::new(TestBackend::new(200, 50)).unwrap();
            terminal.draw(|frame| app.draw(frame)).map(|_| ()).unwrap();
        });
}
