//! What the system says about a running program.

use std::time::{Duration, Instant};

/// The fields of `/proc/ID/stat` from the third on: the name before them may hold anything.
fn fields(id: u32) -> Vec<String> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    fields.split_whitespace().map(str::to_owned).collect()
}

/// Ticks of processor time that process `id` has used: user and system.
pub(crate) fn ticks(id: u32) -> u64 {
    let fields = fields(id);
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// Waits until process `id` is stopped.
pub(crate) fn wait_for_stop(id: u32) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while fields(id)[0] != "T" {
        assert!(Instant::now() < deadline, "process {id} does not stop");
        std::thread::sleep(Duration::from_millis(2));
    }
}
