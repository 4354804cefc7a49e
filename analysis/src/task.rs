//! Progress and cancellation of long work, without knowing who watches.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

type Hook = Box<dyn Fn() + Send + Sync>;

#[derive(Default)]
struct Inner {
    stopped: AtomicBool,
    hooks: Mutex<Vec<Option<Hook>>>,
}

/// A flag that asks work to stop, and runs hooks so that blocking calls notice at once.
///
/// Clones share the flag. Cancelling is final.
#[derive(Clone, Default)]
pub struct Cancel(Arc<Inner>);

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cancel").field(&self.is_cancelled()).finish()
    }
}

impl Cancel {
    /// A flag that nobody has raised.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the work to stop: raises the flag, then runs every registered hook.
    pub fn cancel(&self) {
        self.0.stopped.store(true, Ordering::SeqCst);
        let hooks = self.0.hooks.lock().unwrap_or_else(PoisonError::into_inner);
        hooks.iter().flatten().for_each(|hook| hook());
    }

    /// Whether somebody asked the work to stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.stopped.load(Ordering::SeqCst)
    }

    /// Runs `hook` when the flag is raised (at once if it already is), until the guard is dropped.
    pub fn on_cancel(&self, hook: impl Fn() + Send + Sync + 'static) -> HookGuard {
        let mut hooks = self.0.hooks.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_cancelled() {
            hook();
        }
        let slot = hooks.iter().position(Option::is_none).unwrap_or_else(|| {
            hooks.push(None);
            hooks.len() - 1
        });
        hooks[slot] = Some(Box::new(hook));
        HookGuard {
            cancel: self.clone(),
            slot,
        }
    }
}

/// Keeps a hook of [`Cancel::on_cancel`] registered.
#[derive(Debug)]
pub struct HookGuard {
    cancel: Cancel,
    slot: usize,
}

impl Drop for HookGuard {
    fn drop(&mut self) {
        let mut hooks = self
            .cancel
            .0
            .hooks
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        hooks[self.slot] = None;
    }
}

/// The unit of stages that count bytes, which are shown with prefixes.
pub const BYTES: &str = "B";

/// Receives the progress of one or more stages. Implementations decide how to show it.
pub trait Progress: Send + Sync {
    /// A stage begins; `total` counts its `unit`s where known.
    fn start(&self, stage: &str, unit: &str, total: Option<u64>);
    /// `n` more units of the current stage are done.
    fn advance(&self, n: u64);
    /// The current stage is over.
    fn finish(&self);
}

/// Shows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn start(&self, _stage: &str, _unit: &str, _total: Option<u64>) {}
    fn advance(&self, _n: u64) {}
    fn finish(&self) {}
}

/// What every long function is given: whom to tell, and whether to go on.
#[derive(Clone)]
pub struct Task {
    /// Receives progress.
    pub progress: Arc<dyn Progress>,
    /// Raised when the work should stop.
    pub cancel: Cancel,
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("cancel", &self.cancel)
            .finish_non_exhaustive()
    }
}

impl Task {
    /// Work that nobody watches and nobody stops.
    pub fn silent() -> Self {
        Self {
            progress: Arc::new(Silent),
            cancel: Cancel::new(),
        }
    }

    /// An error when the work should stop.
    pub fn check(&self) -> crate::Result<()> {
        if self.cancel.is_cancelled() {
            Err(crate::Error::Cancelled)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn hooks_run_once_registered_and_not_after_their_guard_is_gone() {
        let cancel = Cancel::new();
        let count = Arc::new(AtomicUsize::new(0));
        let bump = |count: &Arc<AtomicUsize>| {
            let count = Arc::clone(count);
            move || {
                count.fetch_add(1, Ordering::SeqCst);
            }
        };
        drop(cancel.on_cancel(bump(&count)));
        let _kept = cancel.on_cancel(bump(&count));
        cancel.cancel();
        assert_eq!(count.load(Ordering::SeqCst), 1);
        let _late = cancel.on_cancel(bump(&count));
        assert_eq!(count.load(Ordering::SeqCst), 2);
    }
}
