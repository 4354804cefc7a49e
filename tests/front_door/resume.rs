//! Interrupted runs continue, and end with the bytes of an undisturbed run.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::place::{Place, ge2e};

/// Every file of a run folder but the lock.
fn files(run: &Path) -> BTreeMap<String, Vec<u8>> {
    std::fs::read_dir(run)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| !p.ends_with(".lock"))
        .map(|p| {
            (
                p.file_name().unwrap().to_string_lossy().into_owned(),
                std::fs::read(p).unwrap(),
            )
        })
        .collect()
}

fn args<'a>(manifest: &'a str, out: &'a str) -> Vec<&'a str> {
    vec![
        "extract",
        "--model",
        ge2e(),
        "--data",
        manifest,
        "--out",
        out,
    ]
}

/// Number of shards in a run folder.
fn shards(run: &Path) -> usize {
    let is_shard = |e: &std::fs::DirEntry| e.path().extension().is_some_and(|x| x == "safetensors");
    std::fs::read_dir(run).map_or(0, |d| d.flatten().filter(is_shard).count())
}

/// Starts an extraction and sends `signal` once it has written a shard; the exit code.
fn interrupt(place: &Place, manifest: &str, out: &str, signal: i32) -> Option<i32> {
    let before = shards(&place.path(out));
    let mut child = place.command(args(manifest, out)).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(120);
    while shards(&place.path(out)) == before && Instant::now() < deadline {
        assert!(
            child.try_wait().unwrap().is_none(),
            "it ended before it could be interrupted"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    let pid = child.id().to_string();
    let sent = std::process::Command::new("kill")
        .args([&format!("-{signal}"), &pid])
        .status();
    assert!(sent.unwrap().success());
    child.wait().unwrap().code()
}

#[cfg(unix)]
#[test]
fn killed_and_interrupted_runs_end_with_the_same_bytes() {
    let place = Place::new();
    let manifest = place.voices(50, 4, 1.0);
    let undisturbed = place.run(args(&manifest, "whole"));
    assert_eq!(undisturbed.code, 0, "{}", undisturbed.stderr);
    let expected = files(&place.path("whole"));
    assert_eq!(
        expected
            .keys()
            .filter(|n| n.starts_with("activations"))
            .count(),
        4
    );

    assert_eq!(interrupt(&place, &manifest, "broken", 9), None);
    assert!(!place.path("broken/items.tsv").exists());
    assert_eq!(interrupt(&place, &manifest, "broken", 2), Some(130));
    let resumed = place.run(args(&manifest, "broken"));
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
    assert!(
        resumed.stderr.contains("from an earlier start"),
        "{}",
        resumed.stderr
    );
    let found = files(&place.path("broken"));
    assert!(
        found.keys().eq(expected.keys()),
        "{:?} {:?}",
        found.keys(),
        expected.keys()
    );
    for (name, bytes) in &expected {
        assert!(found[name] == *bytes, "{name} differs");
    }
}

#[test]
fn the_number_of_sessions_does_not_change_the_bytes() {
    let place = Place::new();
    let manifest = place.voices(10, 2, 1.0);
    for (out, sessions) in [("one", "1"), ("three", "3")] {
        let mut args = args(&manifest, out);
        args.extend(["--sessions", sessions]);
        let ran = place.run(args);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
    assert_eq!(files(&place.path("one")), files(&place.path("three")));
}

#[test]
fn a_folder_of_another_run_is_refused() {
    let place = Place::new();
    let manifest = place.voices(2, 1, 1.0);
    assert_eq!(place.run(args(&manifest, "run")).code, 0);
    let mut other = args(&manifest, "run");
    other.extend(["--taps", "lstm.0"]);
    place.run(other).fails_with_hint(2, "its taps", "--out");
}

#[test]
fn a_damaged_shard_is_computed_again() {
    let place = Place::new();
    let manifest = place.voices(3, 1, 1.0);
    assert_eq!(place.run(args(&manifest, "run")).code, 0);
    let expected = files(&place.path("run"));
    let shard = place.path("run/activations-00000.safetensors");
    std::fs::write(&shard, &expected["activations-00000.safetensors"][..100]).unwrap();
    assert_eq!(place.run(args(&manifest, "run")).code, 0);
    assert_eq!(files(&place.path("run")), expected);
}
