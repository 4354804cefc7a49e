//! One pass over recordings: work on threads, results in order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;

use phonoscope_analysis::task::Task;

use super::FrameSource;
use super::reading::{Frames, Reading};
use crate::error::{Error, Result};

/// What passes share.
pub(super) struct Pass<'a> {
    pub(super) source: &'a FrameSource<'a>,
    /// Manifest row of each item.
    pub(super) rows: &'a [Option<usize>],
    pub(super) reading: Reading<'a>,
}

impl Pass<'_> {
    /// Reads the frames of `items`, makes something of each on some thread, and hands the results over in the
    /// order of `items`. A recording that cannot be read is handed over as the reason.
    pub(super) fn over<T: Send>(
        &self,
        stage: &str,
        items: &[usize],
        task: &Task,
        make: impl Fn(usize, Frames) -> Result<T> + Sync,
        mut take: impl FnMut(usize, std::result::Result<T, String>) -> Result<()>,
    ) -> Result<()> {
        task.check()?;
        task.progress
            .start(stage, "items", Some(items.len() as u64));
        let sessions = self.source.sessions.clamp(1, items.len().max(1));
        let next = AtomicUsize::new(0);
        let (sender, receiver) = sync_channel::<Result<(usize, Result<T>)>>(sessions * 2);
        let found = thread::scope(|scope| {
            for _ in 0..sessions {
                let (sender, next, make) = (sender.clone(), &next, &make);
                scope.spawn(move || {
                    let mut session = match self.reading.open() {
                        Ok(session) => session,
                        Err(e) => {
                            sender.send(Err(e)).ok();
                            return;
                        }
                    };
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some(item) = items.get(at).copied() else {
                            self.reading.give_back(session);
                            return;
                        };
                        if task.cancel.is_cancelled() {
                            return;
                        }
                        let result = self.one(session.as_mut(), item, task, make);
                        if sender.send(Ok((at, result))).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(sender);
            // Dropped with this closure, so that workers never wait for somebody who has left.
            let receiver = receiver;
            let mut waiting = BTreeMap::new();
            let mut due = 0;
            for message in &receiver {
                let (at, result) = message?;
                waiting.insert(at, result);
                while let Some(result) = waiting.remove(&due) {
                    if let Some(item) = items.get(due) {
                        take(*item, result.map_err(|e| e.to_string()))?;
                    }
                    task.progress.advance(1);
                    due += 1;
                }
            }
            Ok(())
        });
        task.progress.finish();
        task.check()?;
        found
    }

    fn one<T>(
        &self,
        session: &mut dyn phonoscope_models::engine::Session,
        item: usize,
        task: &Task,
        make: &impl Fn(usize, Frames) -> Result<T>,
    ) -> Result<T> {
        let row = self.rows.get(item).copied().flatten();
        let row = row.ok_or_else(|| Error::Request {
            problem: "the manifest has no row of this id".into(),
            hint: "give the manifest that the run was made of".into(),
        })?;
        let prepared = self.reading.prepare(row)?;
        let frames = self.reading.run(session, &prepared, &task.cancel)?;
        make(item, frames)
    }
}
