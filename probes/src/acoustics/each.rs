//! Items on several threads, results in the manifest's order.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use phonoscope_analysis::task::Task;

use crate::error::{Error, Result};

/// Gives `work` every item `0 .. items`, on `threads` threads (at least one) that each have what
/// `open` gives; results in the order of the items, the same for any number of threads.
///
/// # Errors
/// [`Error::NoItems`]; the first error of `open` or `work`, which ends everything; cancellation.
pub(super) fn each<S, T: Send>(
    items: usize,
    threads: usize,
    stage: &str,
    task: &Task,
    open: &(dyn Fn() -> Result<S> + Sync),
    work: &(dyn Fn(&mut S, usize) -> Result<T> + Sync),
) -> Result<Vec<T>> {
    if items == 0 {
        return Err(Error::NoItems);
    }
    task.progress.start(stage, "recordings", Some(items as u64));
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, T)>> = Mutex::new(Vec::new());
    let fatal: Mutex<Option<Error>> = Mutex::new(None);
    let end = |error: Error| {
        lock(&fatal).get_or_insert(error);
        next.store(items, Ordering::Relaxed);
    };
    let hand = || {
        let mut state = match open() {
            Ok(state) => state,
            Err(error) => return end(error),
        };
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= items || task.cancel.is_cancelled() {
                return;
            }
            match work(&mut state, index) {
                Ok(result) => lock(&results).push((index, result)),
                Err(error) => return end(error),
            }
            task.progress.advance(1);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.clamp(1, items) {
            scope.spawn(hand);
        }
        hand();
    });
    task.progress.finish();
    task.check()?;
    if let Some(error) = fatal.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(index, _)| *index);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
