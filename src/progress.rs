//! Progress on the command line.

use std::sync::{Arc, Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use phonoscope_analysis::task::{BYTES, Cancel, Progress, Silent, Task};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::exit::Exit;
use crate::output::Printer;

/// A bar on standard error: what runs, how much is done, how fast, how long still.
struct Bar(Mutex<Option<ProgressBar>>);

impl Bar {
    fn current(&self) -> std::sync::MutexGuard<'_, Option<ProgressBar>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for Bar {
    fn start(&self, stage: &str, unit: &str, total: Option<u64>) {
        let bytes = unit == BYTES;
        let template = match (total, bytes) {
            (Some(_), true) => {
                "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta:>4} left"
            }
            (Some(_), false) => "{msg} {wide_bar} {pos}/{len} {rate} {eta:>4} left",
            (None, true) => "{msg} {bytes} {bytes_per_sec} {elapsed}",
            (None, false) => "{msg} {pos} {rate} {elapsed}",
        };
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(8));
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .with_key(
                "rate",
                |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                    write!(out, "{:.1}/s", state.per_sec()).ok();
                },
            )
            .progress_chars("=> ");
        bar.set_style(style);
        bar.set_message(stage.to_owned());
        let previous = self.current().replace(bar);
        if let Some(previous) = previous {
            previous.finish_and_clear();
        }
    }

    fn advance(&self, n: u64) {
        if let Some(bar) = self.current().as_ref() {
            bar.inc(n);
        }
    }

    fn finish(&self) {
        if let Some(bar) = self.current().take() {
            bar.finish_and_clear();
        }
    }
}

/// The task of a command: shows a bar where there is somebody to see it, stops on Ctrl-C and SIGTERM.
///
/// The first signal asks the work to stop, so that what is finished is kept; a second one ends the
/// process at once.
pub(crate) fn task(printer: Printer) -> Task {
    let cancel = Cancel::new();
    if let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) {
        let cancel = cancel.clone();
        std::thread::spawn(move || {
            for _ in signals.forever() {
                if cancel.is_cancelled() {
                    signal_hook::low_level::exit(i32::from(Exit::Interrupted.code()));
                }
                cancel.cancel();
            }
        });
    }
    let progress: Arc<dyn Progress> = if printer.shows_progress() {
        Arc::new(Bar(Mutex::new(None)))
    } else {
        Arc::new(Silent)
    };
    Task { progress, cancel }
}
