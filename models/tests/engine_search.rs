//! Finding and fetching an engine, each case in a process of its own: a process loads one library.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and says what it measured"
)]

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use phonoscope_analysis::task::Task;
use phonoscope_models::engine::open_engine;
use phonoscope_models::{Cache, Network};

const CHOICE: &str = "TEST_ENGINE_CHOICE";
const CACHE: &str = "TEST_ENGINE_CACHE";
const NETWORK: &str = "TEST_ENGINE_NETWORK";
const EXPLICIT: &str = "PHONOSCOPE_ONNXRUNTIME";

#[test]
#[ignore = "the other tests run it as a process of its own"]
fn child() {
    let variable = |key: &str| env::var(key).unwrap();
    let network = match variable(NETWORK).as_str() {
        "allowed" => Network::Allowed,
        _ => Network::Offline,
    };
    let cache = Cache::at(variable(CACHE));
    let choice = variable(CHOICE).parse().unwrap();
    match open_engine(choice, &cache, network, &Task::silent()) {
        Ok(engine) => println!("ANSWER {}, {}", engine.info(), engine.info().found),
        Err(error) => println!("ANSWER error: {error}"),
    }
}

/// A process that searches with nothing of the user's environment but what is given.
fn search(choice: &str, network: &str, cache: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--ignored", "--exact", "child", "--nocapture"])
        .env_clear()
        .env(CHOICE, choice)
        .env(NETWORK, network)
        .env(CACHE, cache)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn answer(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let said = stdout.lines().find_map(|line| {
        let at = line.find("ANSWER ")?;
        line.get(at + "ANSWER ".len()..)
    });
    said.unwrap_or_else(|| panic!("{stdout}{}", String::from_utf8_lossy(&output.stderr)))
        .to_owned()
}

fn ask(mut command: Command) -> String {
    answer(command.spawn().unwrap())
}

/// Whether this machine has a library where the system looks, which the cases below then find.
fn found_elsewhere(answer: &str) -> bool {
    let found = answer.starts_with("onnxruntime");
    if found {
        println!("skipped: {answer}");
    }
    found
}

#[test]
fn auto_runs_rten_when_there_is_no_library_and_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let said = ask(search("auto", "offline", dir.path()));
    if found_elsewhere(&said) {
        return;
    }
    assert!(said.starts_with("rten 0."), "{said}");
    assert!(said.ends_with("not fetched: offline"), "{said}");
}

#[test]
fn onnxruntime_or_nothing_is_an_error_that_says_where_it_looked() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = search("onnxruntime", "allowed", dir.path());
    command.env("PATH", dir.path());
    let said = ask(command);
    if found_elsewhere(&said) {
        return;
    }
    for part in [
        "error: no usable ONNX Runtime",
        "the system's loader",
        "python3 -m pip: not found",
        "uv: not found",
    ] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn an_explicit_path_that_fails_is_never_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    for choice in ["auto", "onnxruntime"] {
        let mut command = search(choice, "offline", dir.path());
        command.env(EXPLICIT, dir.path().join("libmissing.so"));
        let said = ask(command);
        assert!(said.starts_with("error: "), "{said}");
        assert!(
            said.contains(EXPLICIT) && said.contains("libmissing"),
            "{said}"
        );
    }
    let mut command = search("rten", "offline", dir.path());
    command.env(EXPLICIT, dir.path().join("libmissing.so"));
    assert!(ask(command).starts_with("rten"));
}

/// A client called `python3` that leaves a mark and fails.
#[cfg(unix)]
fn failing_client(folder: &Path) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let client = folder.join("python3");
    let mark = folder.join("called");
    let script = format!(
        "#!/bin/sh\n: > '{}'\necho 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES' >&2\nexit 1\n",
        mark.display()
    );
    std::fs::write(&client, script).unwrap();
    std::fs::set_permissions(&client, std::fs::Permissions::from_mode(0o755)).unwrap();
    mark
}

#[cfg(unix)]
#[test]
fn a_refused_wheel_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let mark = failing_client(dir.path());
    let cache = dir.path().join("cache");
    let mut command = search("auto", "allowed", &cache);
    command.env("PATH", dir.path());
    let said = ask(command);
    if found_elsewhere(&said) {
        return;
    }
    assert!(mark.exists());
    assert!(said.starts_with("rten"), "{said}");
    assert!(
        said.contains("python3 -m pip: THESE PACKAGES DO NOT MATCH THE HASHES"),
        "{said}"
    );
    let left = std::fs::read_dir(cache.join("onnxruntime-1.28.0")).unwrap();
    assert_eq!(left.count(), 0);
}

#[cfg(unix)]
#[test]
fn offline_starts_no_client() {
    let dir = tempfile::tempdir().unwrap();
    let mark = failing_client(dir.path());
    let mut command = search("auto", "offline", dir.path());
    command.env("PATH", dir.path());
    ask(command);
    assert!(!mark.exists());
}

#[test]
fn two_processes_fetch_into_an_empty_cache_at_once() {
    if env::var("PHONOSCOPE_TEST_ENGINE").as_deref() != Ok("required") {
        println!("skipped: it fetches; PHONOSCOPE_TEST_ENGINE is not `required`");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let fetching = || {
        let mut command = search("onnxruntime", "allowed", dir.path());
        // The clients' own settings (mirror, proxy) are the user's; the Pythons are not searched.
        command
            .envs(env::vars_os())
            .env_remove("VIRTUAL_ENV")
            .env_remove("CONDA_PREFIX")
            .env_remove("ORT_DYLIB_PATH")
            .env_remove(EXPLICIT);
        command
    };
    let began = std::time::Instant::now();
    let both = [fetching().spawn().unwrap(), fetching().spawn().unwrap()].map(answer);
    println!("fetched twice at once in {:?}", began.elapsed());
    for said in &both {
        assert!(said.starts_with("onnxruntime 1."), "{said}");
        if !said.contains("cache") {
            println!("skipped: {said}");
            return;
        }
    }
    let folder = dir.path().join("onnxruntime-1.28.0");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let [library, record] = names.as_slice() else {
        panic!("one library and the record of its hash: {names:?}");
    };
    assert_eq!(*record, format!("sha256-{library}"));
    let began = std::time::Instant::now();
    let mut later = fetching();
    later.env(NETWORK, "offline");
    let said = ask(later);
    println!("found again in {:?}", began.elapsed());
    assert!(
        said.starts_with("onnxruntime 1.28.0, the cache ("),
        "{said}"
    );
}
