//! Opens the app on a made-up report.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use phonoscope::tui::{Launch, Services, Source, Start, run};
use phonoscope_analysis::task::Task;
use phonoscope_probes::report::Report;

#[path = "../src/tui/tests/sample.rs"]
mod sample;

struct Preview;

impl Services for Preview {
    fn start_demo(&self, task: &Task) -> anyhow::Result<PathBuf> {
        task.progress.start("extract", "items", Some(251));
        for i in 0..251 {
            task.check()?;
            std::thread::sleep(Duration::from_millis(20));
            task.progress.advance(1);
            assert!(i != 200 || std::env::var_os("BOOM").is_none(), "boom");
        }
        Ok("demo/report.json".into())
    }

    fn open_report(&self, _path: &Path, _task: &Task) -> anyhow::Result<Report> {
        Ok(sample::report_of(251, 20))
    }

    fn save(&self, file_name: &str, bytes: &[u8], _task: &Task) -> anyhow::Result<PathBuf> {
        let path = std::env::temp_dir().join(file_name);
        std::fs::write(&path, bytes)?;
        Ok(path)
    }
}

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let theme = args
        .get(1)
        .map_or("auto", String::as_str)
        .parse()
        .map_err(anyhow::Error::msg)?;
    let rows: usize = args.get(2).map_or(Ok(251), |n| n.parse())?;
    let (layer, log) = phonoscope::tui::log_channel();
    use tracing_subscriber::layer::SubscriberExt as _;
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer))?;
    let (reports, start) = if rows == 0 {
        (Vec::new(), Start::Home)
    } else {
        let report = Arc::new(sample::report_of(rows, 20));
        (
            vec![Source::Loaded {
                path: "demo/report.json".into(),
                report,
            }],
            Start::FirstReport,
        )
    };
    let exit = run(
        Launch {
            reports,
            start,
            theme,
            keys: None,
            log: Some(log),
        },
        Arc::new(Preview),
    )?;
    eprintln!("{exit:?}");
    Ok(())
}
