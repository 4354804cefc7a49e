//! Files that lie: damaged and hostile models, weights and pickles. Each must give an error that
//! names what is wrong or an answer; nothing is executed, nothing is written where it does not
//! belong, and no claimed size is believed.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and says what it skipped"
)]

mod allocation;
#[path = "../common/engines.rs"]
mod common;
mod graphs;
mod networks;
mod ort_files;
mod paths;
mod pickles;
mod weights;
#[path = "../ort_format/writer.rs"]
mod writer;

/// Room for what a reader needs whatever it reads.
const ROOM: usize = 1 << 20;

/// A thread's counters see only its own work, so that much may be held for a file of this size.
fn allowance(bytes: &[u8]) -> usize {
    64 * bytes.len() + ROOM
}

/// Every byte of `bytes` changed in several ways, one at a time.
fn damaged(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    let changes: [fn(u8) -> u8; 5] = [
        |_| 0,
        |_| 0xff,
        |byte| byte ^ 1,
        |byte| byte ^ 0x80,
        |byte| byte.wrapping_add(1),
    ];
    (0..bytes.len()).flat_map(move |at| {
        changes.into_iter().map(move |change| {
            let mut copy = bytes.to_vec();
            copy[at] = change(copy[at]);
            copy
        })
    })
}
