//! Counts what a thread allocates.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count(change: isize) {
    // A thread that ends has no counters any more.
    let live = LIVE.try_with(|live| {
        live.set(live.get() + change);
        live.get()
    });
    if let Ok(live) = live {
        MOST.try_with(|most| most.set(most.get().max(live))).ok();
    }
}

#[expect(unsafe_code, reason = "an allocator that counts and passes on")]
// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size.cast_signed() - layout.size().cast_signed());
        unsafe { System.realloc(memory, layout, size) }
    }
}

/// Does `work` and fails if this thread ever held more than `limit` bytes that it did not hold
/// before.
pub(crate) fn bounded<T>(limit: usize, work: impl FnOnce() -> T) -> T {
    let before = LIVE.get();
    MOST.set(before);
    let done = work();
    let most = MOST.get() - before;
    assert!(
        most <= limit.cast_signed(),
        "{most} bytes were held, {limit} are allowed"
    );
    done
}

#[test]
fn the_counter_counts() {
    let caught = std::panic::catch_unwind(|| bounded(1 << 20, || vec![1u8; 1 << 21].len()));
    assert!(caught.is_err());
    bounded(1 << 20, || {
        for _ in 0..100 {
            assert_eq!(vec![1u8; 1 << 19].len(), 1 << 19);
        }
    });
}
