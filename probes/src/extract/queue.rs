//! A bounded queue between the threads that prepare and those that run the network, and the gate that
//! keeps both near what is written.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How many shards the fastest worker may be ahead of the writer: bounds memory.
const SHARDS_AHEAD: usize = 4;

/// Lets workers go on only so far past what is written.
pub(super) struct Gate {
    /// Shards written or found, and whether everybody should leave.
    state: Mutex<(usize, bool)>,
    moved: Condvar,
}

impl Gate {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new((0, false)),
            moved: Condvar::new(),
        }
    }

    /// Waits until shard `position` (in order of work) may be begun; false when it is time to leave.
    pub(super) fn pass(&self, position: usize) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = self
            .moved
            .wait_while(state, |(done, leave)| {
                !*leave && position >= *done + SHARDS_AHEAD
            })
            .unwrap_or_else(PoisonError::into_inner);
        !state.1
    }

    pub(super) fn advance(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0 += 1;
        self.moved.notify_all();
    }

    pub(super) fn close(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
        self.moved.notify_all();
    }
}

struct Waiting<T> {
    items: VecDeque<T>,
    /// Threads that may still put something in.
    makers: usize,
    /// Everybody should leave; what waits is dropped.
    closed: bool,
}

/// At most `room` items between threads that make them and threads that take them.
pub(super) struct Queue<T> {
    waiting: Mutex<Waiting<T>>,
    moved: Condvar,
    room: usize,
}

impl<T> Queue<T> {
    pub(super) fn new(room: usize, makers: usize) -> Self {
        Self {
            waiting: Mutex::new(Waiting {
                items: VecDeque::with_capacity(room),
                makers,
                closed: false,
            }),
            moved: Condvar::new(),
            room: room.max(1),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for room; false when it is time to leave.
    pub(super) fn put(&self, item: T) -> bool {
        let full = |w: &mut Waiting<T>| !w.closed && w.items.len() >= self.room;
        let waiting = self.moved.wait_while(self.lock(), full);
        let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        if !waiting.closed {
            waiting.items.push_back(item);
            self.moved.notify_all();
        }
        !waiting.closed
    }

    /// Waits for an item; nothing when there will be none.
    pub(super) fn take(&self) -> Option<T> {
        let empty = |w: &mut Waiting<T>| !w.closed && w.items.is_empty() && w.makers > 0;
        let waiting = self.moved.wait_while(self.lock(), empty);
        let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        if waiting.closed {
            return None;
        }
        let item = waiting.items.pop_front();
        self.moved.notify_all();
        item
    }

    /// One thread makes no more items.
    pub(super) fn maker_left(&self) {
        self.lock().makers -= 1;
        self.moved.notify_all();
    }

    pub(super) fn close(&self) {
        let mut waiting = self.lock();
        waiting.closed = true;
        waiting.items.clear();
        self.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn everything_put_in_comes_out_once_and_the_end_is_seen() {
        let queue = Queue::new(2, 3);
        let mut got: Vec<usize> = thread::scope(|scope| {
            for maker in 0..3 {
                let queue = &queue;
                scope.spawn(move || {
                    (0..50).for_each(|i| assert!(queue.put(maker * 50 + i)));
                    queue.maker_left();
                });
            }
            let takers: Vec<_> = (0..2)
                .map(|_| scope.spawn(|| std::iter::from_fn(|| queue.take()).collect::<Vec<_>>()))
                .collect();
            let taken = takers.into_iter().flat_map(|t| t.join().unwrap());
            taken.collect()
        });
        got.sort_unstable();
        assert_eq!(got, (0..150).collect::<Vec<_>>());
    }

    #[test]
    fn closing_sends_everybody_home() {
        let queue = Queue::new(1, 1);
        thread::scope(|scope| {
            let maker = scope.spawn(|| (0..).take_while(|i| queue.put(*i)).count());
            assert!(queue.take().is_some());
            queue.close();
            assert!(maker.join().unwrap() >= 1);
        });
        assert_eq!(queue.take(), None);
    }
}
