//! Jobs behind the screen, and nothing at all behind it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use phonoscope::tui::{self, Exit, Launch, Services, ThemeChoice};
use phonoscope_analysis::task::Task;
use phonoscope_probes::report::Report;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::place::{self, Place};
#[cfg(target_os = "linux")]
use crate::process;
use crate::screen::{Restored, Screen};

/// Stands in for pip: never ends by itself, fetches nothing.
const CLIENT: &str = "#!/bin/sh\nexec sleep 600\n";

/// The welcome of an empty folder, and the demo started from it.
fn demo(place: &Place) -> Screen {
    let client = place.path("client");
    std::fs::write(&client, CLIENT).unwrap();
    std::fs::set_permissions(&client, PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = place.program(&["--theme", "dark", "--engine", "rten"]);
    command.env("PHONOSCOPE_PIP", &client);
    let mut screen = Screen::open(command, 80, 24);
    screen.wait_for(&["press d", "starts the demo"]);
    screen.send("d");
    screen.wait_for(&["▸ demo"]);
    screen
}

#[test]
fn ctrl_c_stops_the_job_first_and_then_the_program() {
    let place = Place::new();
    let mut screen = demo(&place);
    screen.send("\x03");
    screen.wait_for_without(&["demo: cancelled", "press d"], &["▸ demo"]);
    screen.send("6");
    screen.wait_for_without(&["cancelled"], &["press d", "running"]);
    screen.send("\x03");
    let ended = screen.end();
    assert_eq!((ended.code, ended.restored), (130, Restored::Yes));
    assert!(!place.path("phonoscope-demo/report.json").exists());
}

#[test]
fn q_asks_again_while_a_job_runs() {
    let place = Place::new();
    let mut screen = demo(&place);
    screen.send("q");
    screen.wait_for(&["1 job still runs: press again to cancel and quit"]);
    screen.send("q");
    let ended = screen.end();
    assert_eq!((ended.code, ended.restored), (0, Restored::Yes));
    assert_eq!(ended.after.replace("\x1b[?25h", ""), "");
}

/// Set for the copy of this test binary that [`app_of_failing_services`] is meant for.
const INSIDE: &str = "PHONOSCOPE_INSIDE_A_TERMINAL";

/// Services whose work panics, on its own thread and on one that it starts.
struct Failing;

impl Services for Failing {
    fn start_demo(&self, _: &Task) -> anyhow::Result<PathBuf> {
        let helper = std::thread::spawn(|| panic!("the first thread lost its place"));
        assert!(helper.join().is_err());
        panic!("the decoder lost its place")
    }

    fn open_report(&self, _: &Path, _: &Task) -> anyhow::Result<Report> {
        anyhow::bail!("no report")
    }

    fn open_model(&self, _: &str, _: &Task) -> anyhow::Result<phonoscope::tui::ModelView> {
        anyhow::bail!("no model")
    }

    fn save(&self, _: &str, _: &[u8], _: &Task) -> anyhow::Result<PathBuf> {
        anyhow::bail!("no disk")
    }
}

#[test]
#[ignore = "run in a terminal by the tests that follow"]
fn app_of_failing_services() {
    let (layer, log) = tui::log_channel();
    match std::env::var(INSIDE).as_deref() {
        Ok("logging") => tracing_subscriber::registry().with(layer).init(),
        Ok("nothing logs") => drop(layer),
        _ => return,
    }
    let launch = Launch {
        theme: ThemeChoice::Dark,
        log: Some(log),
        ..Launch::default()
    };
    assert_eq!(tui::run(launch, Arc::new(Failing)).unwrap(), Exit::Quit);
}

/// [`app_of_failing_services`] in a terminal, after its first frame.
fn failing_app(place: &Place, inside: &str) -> Screen {
    let mut command = place::command(std::env::current_exe().unwrap(), &place.path(""));
    command.args([
        "--exact",
        "working::app_of_failing_services",
        "--ignored",
        "--nocapture",
    ]);
    command.env(INSIDE, inside);
    let screen = Screen::open(command, 80, 24);
    screen.wait_for(&["press d", "starts the demo"]);
    screen
}

#[test]
fn a_panic_behind_the_screen_is_a_failed_job_and_the_screen_stays() {
    let place = Place::new();
    let mut screen = failing_app(&place, "logging");
    let before = screen.rows();
    screen.send("d");
    screen.wait_for(&["demo: internal error: the decoder lost its place"]);
    let after = screen.rows();
    assert_eq!(before[..12], after[..12], "the welcome is as it was");
    screen.send("6");
    screen.wait_for(&["failed", "internal error: the decoder lost its place"]);
    assert!(!screen.text().contains("panicked at"), "{}", screen.text());
    screen.send("7");
    screen.wait_for(&["Log (", "panicked at tests", "·the first thread lost"]);
    screen.send("q");
    let ended = screen.end();
    assert_eq!((ended.code, &ended.restored), (0, &Restored::Yes));
    assert!(!ended.after.contains("panicked at"), "{}", ended.after);
}

#[cfg(target_os = "linux")]
#[test]
fn a_log_that_nobody_writes_to_uses_no_processor() {
    let place = Place::new();
    let screen = failing_app(&place, "nothing logs");
    assert_idle(&screen);
}

#[cfg(target_os = "linux")]
#[track_caller]
fn assert_idle(screen: &Screen) {
    let before = process::ticks(screen.process_id());
    std::thread::sleep(std::time::Duration::from_secs(1));
    let used = process::ticks(screen.process_id()) - before;
    assert!(used <= 3, "{used} ticks of 100 in an idle second");
}

#[cfg(target_os = "linux")]
#[test]
fn an_idle_screen_uses_no_processor() {
    let place = Place::with_report();
    assert_idle(&place.browse(80, 24));
}
