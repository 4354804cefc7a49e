//! Jobs: started, cancelled, failed, overtaken.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use phonoscope_analysis::task::Task;
use phonoscope_probes::report::Report;

use super::super::jobs::{Work, perform};
use super::super::msg::{Msg, Outcome};
use super::super::opened::Opened;
use super::super::state::{JobKind, JobState};
use super::super::update::{Effect, update};
use super::super::{Exit, Headless, Launch, Services, Source};
use super::sample;
use super::steps::{loaded, opened};

/// Lists a job as running without running anything.
pub(super) fn pretend_running(app: &mut Headless, label: &str) {
    let mut state = super::super::headless::begin(Launch::default(), app.state().theme.clone()).0;
    state.next_job = 1000;
    let mut effects = Vec::new();
    super::super::update::start(
        &mut state,
        JobKind::Demo,
        label.into(),
        Work::Demo,
        &mut effects,
    );
    assert!(matches!(
        effects.as_slice(),
        [Effect::Start { id: 1000, .. }]
    ));
    app.state_mut().jobs.append(&mut state.jobs);
}

#[test]
fn ctrl_c_cancels_a_running_job_before_it_quits() {
    let mut app = loaded();
    pretend_running(&mut app, "demo");
    app.press("q").unwrap();
    assert_eq!(app.exit(), None, "q warns while a job runs");
    app.press("ctrl-c").unwrap();
    assert_eq!(app.exit(), None);
    assert_eq!(app.state().jobs.last().unwrap().state, JobState::Cancelling);
    app.take(Msg::Job {
        id: 1000,
        outcome: Outcome::Cancelled,
    });
    assert_eq!(app.state().jobs.last().unwrap().state, JobState::Cancelled);
    app.press("ctrl-c").unwrap();
    assert_eq!(app.exit(), Some(Exit::Interrupted));
}

#[test]
fn x_cancels_the_selected_job() {
    let mut app = loaded();
    pretend_running(&mut app, "demo");
    app.press("6 G x").unwrap();
    assert_eq!(app.state().jobs.last().unwrap().state, JobState::Cancelling);
}

#[test]
fn exports_are_written_by_a_job_and_told() {
    let mut app = loaded();
    app.press("e enter").unwrap();
    let job = app.state().jobs.last().unwrap();
    assert_eq!(
        job.state,
        JobState::Done("wrote speaker-scatter.svg".into())
    );
    assert!(app.text().contains("✓ wrote speaker-scatter.svg"));
    app.press("1 e").unwrap();
    assert!(app.state().overlay.is_none(), "nothing to export on Home");
}

#[test]
fn reports_open_from_home_and_failures_stay_readable() {
    let mut app = loaded();
    app.press("1 down enter").unwrap();
    assert_eq!(opened(&app).path, Path::new("good.json"));
    app.press("1 G enter").unwrap();
    assert_eq!(
        opened(&app).path,
        Path::new("good.json"),
        "the open report stays"
    );
    assert!(app.text().contains("no report at gone.json"));
    app.press("d").unwrap();
    let JobState::Failed(why) = &app.state().jobs.last().unwrap().state else {
        panic!("the demo fails here")
    };
    assert_eq!(why, "demo: cannot fetch ge2e: no network");
}

#[test]
fn a_stale_report_does_not_replace_a_newer_one() {
    let (mut state, _) = super::super::headless::begin(
        Launch {
            reports: vec![
                Source::Path {
                    path: "a".into(),
                    title: "a".into(),
                },
                Source::Path {
                    path: "b".into(),
                    title: "b".into(),
                },
            ],
            ..Launch::default()
        },
        loaded().state().theme.clone(),
    );
    let mut effects = Vec::new();
    super::super::update::open(&mut state, 0, &mut effects);
    super::super::update::open(&mut state, 1, &mut effects);
    let report = |path: &str| {
        Outcome::Report(Box::new(Opened::new(
            path.into(),
            Arc::new(sample::report()),
        )))
    };
    update(
        &mut state,
        Msg::Job {
            id: 2,
            outcome: report("b"),
        },
    );
    update(
        &mut state,
        Msg::Job {
            id: 1,
            outcome: report("a"),
        },
    );
    assert_eq!(state.opened.unwrap().path, Path::new("b"));
}

#[test]
fn a_panic_in_a_job_is_a_failed_job() {
    struct Panics;
    impl Services for Panics {
        fn start_demo(&self, _: &Task) -> anyhow::Result<PathBuf> {
            panic!("index 7")
        }
        fn open_report(&self, _: &Path, task: &Task) -> anyhow::Result<Report> {
            task.cancel.cancel();
            Ok(task.check().map(|()| sample::report())?)
        }
        fn open_model(&self, _: &str, _: &Task) -> anyhow::Result<super::super::ModelView> {
            anyhow::bail!("no model")
        }

        fn save(&self, _: &str, _: &[u8], _: &Task) -> anyhow::Result<PathBuf> {
            anyhow::bail!("read-only")
        }
    }
    let outcome = perform(&Panics, &Work::Demo, &Task::silent());
    assert!(matches!(outcome, Outcome::Failed(why) if why == "internal error: index 7"));
    let outcome = perform(&Panics, &Work::Open("x".into()), &Task::silent());
    assert!(matches!(outcome, Outcome::Cancelled));
}
