//! The event loop: waits, updates, draws when something changed.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use crossbeam_channel::{Receiver, Sender, after, bounded, never, select};
use crossterm::event::{Event, KeyEventKind, poll, read};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGUSR1};
use signal_hook::iterator::Signals;

use super::jobs::Runner;
use super::keys::Key;
use super::log::{Line, LogReceiver};
use super::msg::Msg;
use super::state::State;
use super::terminal::{Guard, require_terminal};
use super::theme_choice::{ColourEnv, choose};
use super::update::{Effect, Effects, update};
use super::{Exit, Launch, Services, headless};

/// At most 60 frames a second.
const FRAME: Duration = Duration::from_millis(16);
/// How often running jobs are looked at.
const TICK: Duration = Duration::from_millis(200);
/// How long jobs may take to stop when the app ends.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Runs the app until the user leaves. Blocks; restores the terminal in every case.
///
/// # Errors
/// When there is no terminal, or it fails.
pub fn run(launch: Launch, services: Arc<dyn Services>) -> Result<Exit> {
    require_terminal()?;
    // Asks the terminal, so it comes before the thread that reads it.
    let theme = choose(launch.theme, &ColourEnv::read());
    let log = launch.log.clone();
    let (mut state, first) = headless::begin(launch, theme);
    let mut guard = Guard::take()?;
    let (to_loop, messages) = bounded(256);
    let (from_jobs, jobs) = bounded(64);
    listen(to_loop)?;
    let mut world = World {
        runner: Runner::new(services, from_jobs),
        messages,
        jobs,
        log,
        dirty: true,
    };
    let (width, height) = guard.size()?;
    let exit = world.live(&mut state, &mut guard, first, Msg::Resize(width, height));
    drop(guard);
    world.runner.stop_all(&world.jobs, PATIENCE);
    exit
}

/// Everything around the state.
struct World {
    runner: Runner,
    messages: Receiver<Msg>,
    jobs: Receiver<Msg>,
    log: Option<LogReceiver>,
    dirty: bool,
}

impl World {
    fn live(
        &mut self,
        state: &mut State,
        guard: &mut Guard,
        first: Effects,
        size: Msg,
    ) -> Result<Exit> {
        self.carry_out(first, guard)?;
        self.take(state, guard, size)?;
        let mut lines: Receiver<Line> = self
            .log
            .as_ref()
            .map_or_else(never, |log| log.receiver.clone());
        let mut next_frame = Instant::now();
        let mut next_tick = Instant::now();
        loop {
            if let Some(exit) = state.exit {
                return Ok(exit);
            }
            let now = Instant::now();
            if self.dirty && now >= next_frame {
                guard.draw(state).context("cannot draw")?;
                self.dirty = false;
                next_frame = now + FRAME;
            }
            if !self.runner.is_idle() && now >= next_tick {
                let snapshots = self.runner.snapshots();
                self.take(state, guard, Msg::Tick(snapshots))?;
                next_tick = now + TICK;
                continue;
            }
            let timer = match (self.dirty, self.runner.is_idle()) {
                (true, _) => after(next_frame.saturating_duration_since(now)),
                (false, false) => after(next_tick.saturating_duration_since(now)),
                (false, true) => never(),
            };
            select! {
                recv(self.messages) -> msg => {
                    self.take(state, guard, msg.unwrap_or(Msg::InputLost))?;
                }
                recv(self.jobs) -> msg => {
                    msg.ok().map_or(Ok(()), |msg| self.take(state, guard, msg))?;
                }
                recv(lines) -> line => match line {
                    Ok(line) => self.take(state, guard, Msg::Log(line))?,
                    // An abandoned channel is always ready.
                    Err(_) => lines = never(),
                },
                recv(timer) -> _ => continue,
            }
            self.drain(state, guard, &lines)?;
        }
    }

    /// Takes in what waits already, so that one frame shows all of it.
    fn drain(
        &mut self,
        state: &mut State,
        guard: &mut Guard,
        lines: &Receiver<Line>,
    ) -> Result<()> {
        // Bounded, so that a flood of log lines cannot keep the screen from being drawn.
        for _ in 0..1024 {
            let waiting = self.messages.try_recv().or_else(|_| self.jobs.try_recv());
            let Ok(msg) = waiting.or_else(|_| lines.try_recv().map(Msg::Log)) else {
                break;
            };
            self.take(state, guard, msg)?;
            if state.exit.is_some() {
                break;
            }
        }
        let lost = self.log.as_ref().map_or(0, LogReceiver::take_lost);
        if lost > 0 {
            let text = format!("{lost} lines were lost: they came faster than they could be shown");
            state.log.note(tracing::Level::WARN, text);
        }
        Ok(())
    }

    fn take(&mut self, state: &mut State, guard: &mut Guard, msg: Msg) -> Result<()> {
        match &msg {
            Msg::Job { id, .. } => self.runner.ended(*id),
            // How the tests see that a panic leaves the terminal as it was.
            Msg::Terminate(SIGUSR1) => panic!("asked to panic by signal"),
            Msg::Resumed => guard.retake().context("cannot take the terminal back")?,
            _ => {}
        }
        let effects = update(state, msg);
        self.dirty = true;
        self.carry_out(effects, guard)
    }

    fn carry_out(&mut self, effects: Effects, guard: &mut Guard) -> Result<()> {
        for effect in effects {
            match effect {
                Effect::Start { id, work } => self.runner.start(id, work),
                Effect::Cancel(id) => self.runner.cancel(id),
                Effect::Copy(text) => guard.copy(&text).context("cannot copy")?,
                Effect::Suspend => guard.suspend().context("cannot suspend")?,
                Effect::Redraw => guard.forget().context("cannot redraw")?,
            }
        }
        Ok(())
    }
}

/// Starts the thread that reads the terminal and the one that hears signals.
fn listen(sender: Sender<Msg>) -> Result<()> {
    let to_loop = sender.clone();
    thread::Builder::new().name("input".into()).spawn(move || {
        // The first look at the input begins to watch for resizes; one that came before is asked for.
        let watching = poll(Duration::ZERO).and_then(|_| crossterm::terminal::size());
        if let Ok((width, height)) = watching
            && to_loop.send(Msg::Resize(width, height)).is_err()
        {
            return;
        }
        loop {
            let msg = match read() {
                Ok(Event::Key(key)) if key.kind == KeyEventKind::Press => Msg::Key(Key::of(key)),
                Ok(Event::Resize(width, height)) => Msg::Resize(width, height),
                Ok(_) => continue,
                Err(_) => Msg::InputLost,
            };
            let lost = matches!(msg, Msg::InputLost);
            if to_loop.send(msg).is_err() || lost {
                return;
            }
        }
    })?;
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT])?;
    if cfg!(debug_assertions) {
        signals.add_signal(SIGUSR1)?;
    }
    thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            for signal in signals.forever() {
                let msg = match signal {
                    SIGTSTP => Msg::Suspend,
                    SIGCONT => Msg::Resumed,
                    other => Msg::Terminate(other),
                };
                if sender.send(msg).is_err() {
                    return;
                }
            }
        })?;
    Ok(())
}
