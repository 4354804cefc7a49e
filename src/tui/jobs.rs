//! Work on its own threads: progress, cancellation, and a boundary that no panic crosses.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use phonoscope_analysis::task::{Cancel, Progress, Task};

use super::Services;
use super::corpus::Corpus;
use super::export::{self, Request};
use super::msg::{Msg, Outcome};
use super::opened::Opened;
use super::sound::{Player, Recording};
use super::word::Asked;

/// What a job does.
#[derive(Debug, Clone)]
pub(crate) enum Work {
    Demo,
    Open(std::path::PathBuf),
    /// A report already in memory.
    Prepare(std::path::PathBuf, Arc<phonoscope_probes::report::Report>),
    /// A model, by name or path.
    Model(String),
    Export(Box<Request>),
    /// The spectrogram of a recording.
    See(Box<Recording>),
    /// An utterance of the report's manifest by its id: where it is, and its spectrogram.
    Find(Box<(Corpus, String)>),
    /// A word of a stress report, explained.
    Word(Box<Asked>),
    /// A recording, aloud.
    Play(Box<Recording>),
}

/// Progress of a job at one moment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Snapshot {
    pub(crate) id: u64,
    pub(crate) stage: String,
    pub(crate) unit: String,
    pub(crate) done: u64,
    pub(crate) total: Option<u64>,
    /// Since the job began.
    pub(crate) elapsed_secs: f64,
    /// Since its current stage began.
    pub(crate) stage_secs: f64,
}

/// The name of a stage, its unit, its size and when it began.
#[derive(Debug)]
struct Stage {
    name: String,
    unit: String,
    total: Option<u64>,
    began: Instant,
}

/// Progress that a job writes and the event loop reads: the count is an atomic, the stage changes
/// rarely.
#[derive(Debug)]
struct Meter {
    done: AtomicU64,
    stage: Mutex<Stage>,
    began: Instant,
}

impl Meter {
    fn new() -> Self {
        let began = Instant::now();
        let stage = Stage {
            name: String::new(),
            unit: String::new(),
            total: None,
            began,
        };
        Self {
            done: AtomicU64::new(0),
            stage: Mutex::new(stage),
            began,
        }
    }

    fn read(&self, id: u64) -> Snapshot {
        let stage = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        Snapshot {
            id,
            stage: stage.name.clone(),
            unit: stage.unit.clone(),
            done: self.done.load(Ordering::Relaxed),
            total: stage.total,
            elapsed_secs: self.began.elapsed().as_secs_f64(),
            stage_secs: stage.began.elapsed().as_secs_f64(),
        }
    }
}

impl Progress for Meter {
    fn start(&self, name: &str, unit: &str, total: Option<u64>) {
        let mut stage = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        *stage = Stage {
            name: name.into(),
            unit: unit.into(),
            total,
            began: Instant::now(),
        };
        self.done.store(0, Ordering::Relaxed);
    }

    fn advance(&self, n: u64) {
        self.done.fetch_add(n, Ordering::Relaxed);
    }

    fn finish(&self) {}
}

struct Running {
    cancel: Cancel,
    meter: Arc<Meter>,
}

/// Starts jobs and remembers those that run.
pub(crate) struct Runner {
    services: Arc<dyn Services>,
    sender: Sender<Msg>,
    running: BTreeMap<u64, Running>,
}

impl Runner {
    pub(crate) fn new(services: Arc<dyn Services>, sender: Sender<Msg>) -> Self {
        Self {
            services,
            sender,
            running: BTreeMap::new(),
        }
    }

    /// Starts `work` on a thread of its own; its end arrives as [`Msg::Job`].
    pub(crate) fn start(&mut self, id: u64, work: Work) {
        let (cancel, meter) = (Cancel::new(), Arc::new(Meter::new()));
        let task = Task {
            progress: Arc::clone(&meter) as Arc<dyn Progress>,
            cancel: cancel.clone(),
        };
        let (services, sender) = (Arc::clone(&self.services), self.sender.clone());
        let body = move || {
            let outcome = perform(&*services, &work, &task);
            sender.send(Msg::Job { id, outcome }).ok();
        };
        match std::thread::Builder::new()
            .name(format!("job {id}"))
            .spawn(body)
        {
            Ok(_) => {
                self.running.insert(id, Running { cancel, meter });
            }
            Err(why) => {
                let outcome = Outcome::Failed(format!("cannot start a thread: {why}"));
                self.sender.try_send(Msg::Job { id, outcome }).ok();
            }
        }
    }

    pub(crate) fn cancel(&self, id: u64) {
        if let Some(job) = self.running.get(&id) {
            // Hooks may block on the worker; the screen must not.
            let cancel = job.cancel.clone();
            std::thread::spawn(move || cancel.cancel());
        }
    }

    /// Forgets a job that ended.
    pub(crate) fn ended(&mut self, id: u64) {
        self.running.remove(&id);
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.running.is_empty()
    }

    /// Progress of every running job.
    pub(crate) fn snapshots(&self) -> Vec<Snapshot> {
        self.running
            .iter()
            .map(|(id, job)| job.meter.read(*id))
            .collect()
    }

    /// Asks every job to stop and gives them `patience` to do so.
    pub(crate) fn stop_all(
        &mut self,
        messages: &crossbeam_channel::Receiver<Msg>,
        patience: Duration,
    ) {
        self.running.keys().for_each(|id| self.cancel(*id));
        let deadline = Instant::now() + patience;
        while !self.running.is_empty() {
            match messages.recv_deadline(deadline) {
                Ok(Msg::Job { id, .. }) => self.ended(id),
                Ok(_) => {}
                Err(_) => return,
            }
        }
    }
}

/// Runs `work` to its end, whatever that is.
pub(crate) fn perform(services: &dyn Services, work: &Work, task: &Task) -> Outcome {
    let result = catch_unwind(AssertUnwindSafe(|| match work {
        Work::Demo => services.start_demo(task).map(Outcome::Demo),
        Work::Open(path) => {
            let report = Arc::new(services.open_report(path, task)?);
            Ok(Outcome::Report(Box::new(Opened::new(path.clone(), report))))
        }
        Work::Prepare(path, report) => Ok(Outcome::Report(Box::new(Opened::new(
            path.clone(),
            Arc::clone(report),
        )))),
        Work::Model(name) => {
            let view = services.open_model(name, task)?;
            Ok(Outcome::Model(Box::new(view)))
        }
        Work::See(recording) => {
            let picture = recording.spectrogram(task)?;
            Ok(Outcome::Seen(Box::new(picture)))
        }
        Work::Find(asked) => {
            let recording = asked.0.recording(&asked.1)?;
            let picture = recording.spectrogram(task)?;
            Ok(Outcome::Found(Box::new((recording, picture))))
        }
        Work::Word(asked) => Ok(Outcome::Word(Box::new(asked.see(services, task)?))),
        Work::Play(recording) => {
            let player = services
                .player()
                .ok_or_else(|| anyhow::anyhow!(Player::missing()))?;
            recording.play(&player, task)?;
            Ok(Outcome::Played)
        }
        Work::Export(request) => {
            let bytes = export::render(request)?;
            services
                .save(&request.file_name(), &bytes, task)
                .map(Outcome::Saved)
        }
    }));
    match result {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) if task.cancel.is_cancelled() => Outcome::Cancelled,
        Ok(Err(why)) => Outcome::Failed(format!("{why:#}")),
        Err(panic) => Outcome::Failed(format!("internal error: {}", panic_words(&*panic))),
    }
}

fn panic_words(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a job stopped without a message")
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use phonoscope_probes::report::Report;

    use super::*;

    /// Works until it is told to stop.
    struct Patient(Sender<()>);

    impl Services for Patient {
        fn start_demo(&self, task: &Task) -> anyhow::Result<PathBuf> {
            task.progress.start("extract", "items", Some(7));
            task.progress.advance(3);
            self.0.send(())?;
            while !task.cancel.is_cancelled() {
                std::thread::yield_now();
            }
            task.check()?;
            Ok(PathBuf::new())
        }

        fn open_report(&self, _: &Path, _: &Task) -> anyhow::Result<Report> {
            anyhow::bail!("no report")
        }

        fn open_model(&self, _: &str, _: &Task) -> anyhow::Result<super::super::ModelView> {
            anyhow::bail!("no model")
        }

        fn save(&self, _: &str, _: &[u8], _: &Task) -> anyhow::Result<PathBuf> {
            anyhow::bail!("no disk")
        }
    }

    #[test]
    fn progress_comes_out_and_cancel_goes_in() {
        let (started, waits) = crossbeam_channel::bounded(1);
        let (sender, messages) = crossbeam_channel::bounded(4);
        let mut runner = Runner::new(Arc::new(Patient(started)), sender);
        runner.start(4, Work::Demo);
        waits.recv_timeout(Duration::from_secs(20)).unwrap();
        let snapshots = runner.snapshots();
        let [s] = snapshots.as_slice() else {
            panic!("one job runs")
        };
        assert_eq!(
            (s.id, s.done, s.total, s.stage.as_str()),
            (4, 3, Some(7), "extract")
        );
        runner.cancel(4);
        let msg = messages.recv_timeout(Duration::from_secs(20)).unwrap();
        assert!(matches!(
            msg,
            Msg::Job {
                id: 4,
                outcome: Outcome::Cancelled
            }
        ));
        runner.ended(4);
        assert!(runner.is_idle());
    }

    #[test]
    fn leaving_stops_what_still_runs() {
        let (started, waits) = crossbeam_channel::bounded(1);
        let (sender, messages) = crossbeam_channel::bounded(4);
        let mut runner = Runner::new(Arc::new(Patient(started)), sender);
        runner.start(1, Work::Demo);
        waits.recv_timeout(Duration::from_secs(20)).unwrap();
        runner.stop_all(&messages, Duration::from_secs(20));
        assert!(runner.is_idle());
    }
}
