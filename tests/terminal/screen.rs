//! A terminal without glass: a program in it, its screen as text, its bytes, its end.

use std::io::{Read as _, Write};
use std::num::NonZeroU16;
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the program has written so far.
struct Shown {
    parser: vt100::Parser,
    bytes: Vec<u8>,
    /// Nobody holds the program's side of the terminal any more.
    closed: bool,
}

/// What waiters and the reading thread share.
struct Wire {
    shown: Mutex<Shown>,
    changed: Condvar,
}

impl Wire {
    fn lock(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A program in a terminal of its own.
pub(crate) struct Screen {
    wire: Arc<Wire>,
    keyboard: Box<dyn Write + Send>,
    terminal: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    /// Line settings before the program ran.
    settings: String,
}

/// What is left of a program.
pub(crate) struct Ended {
    pub(crate) code: u32,
    pub(crate) output: String,
    /// The terminal is as the program found it.
    pub(crate) restored: Restored,
    /// What came after the alternate screen was left.
    pub(crate) after: String,
}

/// Whether a terminal is as it was, and if not, what is wrong.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Restored {
    Yes,
    No(Vec<&'static str>),
}

fn cells(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).unwrap()
}

fn size(width: u16, height: u16) -> PtySize {
    PtySize {
        rows: height,
        cols: width,
        pixel_width: 0,
        pixel_height: 0,
    }
}

impl Screen {
    /// Runs `command` in a terminal of `width` × `height` cells that answers no question.
    pub(crate) fn open(command: CommandBuilder, width: u16, height: u16) -> Self {
        let pair = native_pty_system().openpty(size(width, height)).unwrap();
        let settings = format!("{:?}", pair.master.get_termios());
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keyboard = pair.master.take_writer().unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        let wire = Arc::new(Wire {
            shown: Mutex::new(Shown {
                parser: vt100::Parser::new(cells(height), cells(width), 0),
                bytes: Vec::new(),
                closed: false,
            }),
            changed: Condvar::new(),
        });
        let reading = Arc::clone(&wire);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                // Linux tells the end of the program's side as an error.
                let read = reader.read(&mut buffer).unwrap_or(0);
                let mut shown = reading.lock();
                shown.parser.process(&buffer[..read]);
                shown.bytes.extend_from_slice(&buffer[..read]);
                shown.closed = read == 0;
                reading.changed.notify_all();
                if read == 0 {
                    return;
                }
            }
        });
        Self {
            wire,
            keyboard,
            terminal: pair.master,
            child,
            settings,
        }
    }

    /// Types `keys`.
    pub(crate) fn send(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Waits for what `holds` looks for; `what` says it in words.
    #[track_caller]
    fn wait(&self, what: &str, holds: impl Fn(&Shown) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        let mut shown = self.wire.lock();
        while !holds(&shown) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !shown.closed,
                "waited for {what}; on screen:\n{}",
                shown.parser.screen().contents()
            );
            let woken = self.wire.changed.wait_timeout(shown, left);
            shown = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until all of `texts` are on screen.
    #[track_caller]
    pub(crate) fn wait_for(&self, texts: &[&str]) {
        self.wait(&format!("{texts:?}"), |shown| {
            let contents = shown.parser.screen().contents();
            texts.iter().all(|text| contents.contains(text))
        });
    }

    /// Waits until none of `gone` is on screen, and all of `texts` are.
    #[track_caller]
    pub(crate) fn wait_for_without(&self, texts: &[&str], gone: &[&str]) {
        self.wait(&format!("{texts:?} without {gone:?}"), |shown| {
            let contents = shown.parser.screen().contents();
            texts.iter().all(|text| contents.contains(text))
                && !gone.iter().any(|text| contents.contains(text))
        });
    }

    /// Waits until the program has the whole screen, or has given it back.
    #[track_caller]
    pub(crate) fn wait_for_alternate(&self, alternate: bool) {
        self.wait(&format!("alternate screen: {alternate}"), |shown| {
            shown.parser.screen().alternate_screen() == alternate
        });
    }

    /// The rows on screen, without the blanks at their ends.
    pub(crate) fn rows(&self) -> Vec<String> {
        let shown = self.wire.lock();
        let screen = shown.parser.screen();
        screen
            .rows(0, screen.size().1.get())
            .map(|row| row.trim_end().to_owned())
            .collect()
    }

    pub(crate) fn text(&self) -> String {
        self.wire.lock().parser.screen().contents()
    }

    pub(crate) fn resize(&self, width: u16, height: u16) {
        let mut shown = self.wire.lock();
        shown.parser.set_size(cells(height), cells(width));
        self.terminal.resize(size(width, height)).unwrap();
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Sends the signal `name` to the program.
    pub(crate) fn signal(&self, name: &str) {
        let script = format!("kill -{name} {}", self.process_id());
        let sent = Command::new("sh").args(["-c", &script]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for the program's end.
    #[track_caller]
    pub(crate) fn end(mut self) -> Ended {
        let deadline = Instant::now() + PATIENCE;
        let mut shown = self.wire.lock();
        while !shown.closed {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "waited for the end; on screen:\n{}",
                shown.parser.screen().contents()
            );
            let woken = self.wire.changed.wait_timeout(shown, left);
            shown = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        let output = String::from_utf8_lossy(&shown.bytes).into_owned();
        drop(shown);
        let code = self.child.wait().unwrap().exit_code();
        let after = output
            .rsplit_once("\x1b[?1049l")
            .map_or("", |(_, after)| after);
        Ended {
            code,
            restored: self.restored(&output),
            after: after.to_owned(),
            output,
        }
    }

    fn restored(&self, output: &str) -> Restored {
        let last = |sequence: &str| output.rfind(sequence);
        let mut wrong = Vec::new();
        if last("\x1b[?1049h").is_none() || last("\x1b[?1049l") < last("\x1b[?1049h") {
            wrong.push("the alternate screen was not entered and left");
        }
        if last("\x1b[?25h") < last("\x1b[?25l") {
            wrong.push("the cursor stays hidden");
        }
        if last("\x1b[?2026l") < last("\x1b[?2026h") {
            wrong.push("a synchronized update stays open");
        }
        if format!("{:?}", self.terminal.get_termios()) != self.settings {
            wrong.push("the line settings differ");
        }
        match wrong.as_slice() {
            [] => Restored::Yes,
            _ => Restored::No(wrong),
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It has ended already unless the test fails.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
