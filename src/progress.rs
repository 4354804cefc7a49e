//! Progress on the command line.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use phonoscope_analysis::task::{BYTES, Cancel, Progress, Silent, Task};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::exit::Exit;
use crate::output::Printer;

/// Redraws in a second.
const HZ: u8 = 8;

/// What a bar of such units shows.
fn style(unit: &str, total: Option<u64>) -> ProgressStyle {
    let template = match (total, unit == BYTES) {
        (Some(_), true) => "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta:>4} left",
        (Some(_), false) => "{msg} {wide_bar} {pos}/{len} {rate} {eta:>4} left",
        (None, true) => "{msg} {bytes} {bytes_per_sec} {elapsed}",
        (None, false) => "{msg} {pos} {rate} {elapsed}",
    };
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key(
            "rate",
            |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                write!(out, "{:.1}/s", state.per_sec()).ok();
            },
        )
        .progress_chars("=> ")
}

/// A bar on standard error: what runs, how much is done, how fast, how long still.
struct Bar(Mutex<Option<ProgressBar>>);

impl Bar {
    fn current(&self) -> std::sync::MutexGuard<'_, Option<ProgressBar>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for Bar {
    fn start(&self, stage: &str, unit: &str, total: Option<u64>) {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(HZ));
        bar.set_style(style(unit, total));
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

/// One display for several pieces of work at once: a bar for each that runs, and one for all.
pub(crate) struct Several {
    printer: Printer,
    bars: Option<(MultiProgress, ProgressBar)>,
    count: usize,
    done: AtomicUsize,
}

impl Several {
    /// A display for `count` pieces of work that bring `bytes` in all, as far as known.
    pub(crate) fn new(printer: Printer, count: usize, bytes: u64) -> Self {
        let bars = printer.shows_progress().then(|| {
            let target = ProgressDrawTarget::stderr_with_hz(HZ);
            let bars = MultiProgress::with_draw_target(target);
            let all = bars.add(ProgressBar::new(bytes));
            all.set_style(style(BYTES, Some(bytes)));
            (bars, all)
        });
        let several = Self {
            printer,
            bars,
            count,
            done: AtomicUsize::new(0),
        };
        several.tell(0);
        several
    }

    /// The task of one piece of work, which stops when `cancel` is raised.
    pub(crate) fn task(&self, cancel: &Cancel) -> Task {
        let progress: Arc<dyn Progress> = match &self.bars {
            Some((bars, all)) => Arc::new(Part {
                bars: bars.clone(),
                all: all.clone(),
                own: Mutex::new(None),
            }),
            None => Arc::new(Silent),
        };
        Task {
            progress,
            cancel: cancel.clone(),
        }
    }

    /// One piece is done; says so.
    pub(crate) fn one_done(&self, remark: &str) {
        let done = self.done.fetch_add(1, Ordering::SeqCst) + 1;
        match &self.bars {
            Some((bars, _)) => bars.suspend(|| self.printer.remark(remark)),
            None => self.printer.remark(remark),
        }
        self.tell(done);
    }

    /// Takes the display away.
    pub(crate) fn finish(&self) {
        if let Some((_, all)) = &self.bars {
            all.finish_and_clear();
        }
    }

    fn tell(&self, done: usize) {
        if let Some((_, all)) = &self.bars {
            all.set_message(format!("{done} of {} models", self.count));
        }
    }
}

/// The bar of one piece of work, above the one for all.
struct Part {
    bars: MultiProgress,
    all: ProgressBar,
    own: Mutex<Option<(ProgressBar, Counted)>>,
}

/// Whether what a stage does was counted in the total beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counted {
    Yes,
    OnlyNow,
    Never,
}

impl Part {
    fn own(&self) -> std::sync::MutexGuard<'_, Option<(ProgressBar, Counted)>> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for Part {
    fn start(&self, stage: &str, unit: &str, total: Option<u64>) {
        self.finish();
        let counted = match (unit == BYTES, total) {
            (true, Some(_)) => Counted::Yes,
            (true, None) => Counted::OnlyNow,
            (false, _) => Counted::Never,
        };
        let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
        let bar = self.bars.insert_before(&self.all, bar);
        bar.set_style(style(unit, total));
        bar.set_message(stage.to_owned());
        *self.own() = Some((bar, counted));
    }

    fn advance(&self, n: u64) {
        if let Some((bar, counted)) = self.own().as_ref() {
            bar.inc(n);
            if *counted == Counted::OnlyNow {
                self.all.inc_length(n);
            }
            if *counted != Counted::Never {
                self.all.inc(n);
            }
        }
    }

    fn finish(&self) {
        if let Some((bar, _)) = self.own().take() {
            bar.finish_and_clear();
            self.bars.remove(&bar);
        }
    }
}
