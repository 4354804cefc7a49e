//! Where a test runs: a folder of its own, a cache shared by all tests, and the program.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use tempfile::TempDir;

/// A folder that goes away with the test.
pub(crate) struct Place {
    dir: TempDir,
}

/// What a run of the program left.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The cache that tests share, so that models are fetched once.
pub(crate) fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache")
}

/// Fetches the model of most tests once; its name.
pub(crate) fn ge2e() -> &'static str {
    static PULLED: OnceLock<()> = OnceLock::new();
    PULLED.get_or_init(|| {
        let ran = Place::new().run(["models", "pull", "ge2e"]);
        assert_eq!(ran.code, 0, "cannot fetch ge2e: {}", ran.stderr);
    });
    "ge2e"
}

/// The folder of golden numbers and speech, or nothing and a printed reason.
pub(crate) fn shared() -> Option<PathBuf> {
    let path = std::env::var_os("PHONOSCOPE_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: there is no {}", path.display());
    None
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// A mono WAV of 16-bit samples.
    pub(crate) fn wav(&self, name: &str, samples: &[i16]) -> PathBuf {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 16_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut wav = hound::WavWriter::create(&path, spec).unwrap();
        samples.iter().for_each(|s| wav.write_sample(*s).unwrap());
        wav.finalize().unwrap();
        path
    }

    /// The program, in this folder, with the shared cache and no terminal.
    pub(crate) fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_phonoscope"));
        command
            .args(args)
            .current_dir(self.dir.path())
            .env("PHONOSCOPE_CACHE", cache())
            .env_remove("PHONOSCOPE_OFFLINE")
            .env_remove("PHONOSCOPE_ENGINE")
            .env_remove("NO_COLOR");
        command
    }

    pub(crate) fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Ran {
        Ran::from(self.command(args).output().unwrap())
    }

    /// Synthetic voices in `voices/`; the path of their manifest.
    pub(crate) fn voices(&self, speakers: usize, utterances: usize, secs: f64) -> String {
        let (speakers, utterances) = (speakers.to_string(), utterances.to_string());
        let secs = secs.to_string();
        let ran = self.run([
            "data",
            "synth",
            "voices",
            "--out",
            "voices",
            "--speakers",
            &speakers,
            "--utterances",
            &utterances,
            "--duration-secs",
            &secs,
        ]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        "voices/manifest.tsv".into()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ran {
    /// Asserts one error line with this text, a hint, and this exit code.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, text: &str) {
        assert_eq!(
            self.code, code,
            "stdout: {}\nstderr: {}",
            self.stdout, self.stderr
        );
        let errors: Vec<&str> = self
            .stderr
            .lines()
            .filter(|l| l.starts_with("error: "))
            .collect();
        assert_eq!(errors.len(), 1, "one error line in: {}", self.stderr);
        assert!(errors[0].contains(text), "`{text}` in: {}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
    }

    #[track_caller]
    pub(crate) fn fails_with_hint(&self, code: i32, text: &str, hint: &str) {
        self.fails(code, text);
        let hints: Vec<&str> = self
            .stderr
            .lines()
            .filter(|l| l.starts_with("hint: "))
            .collect();
        assert!(
            hints.iter().any(|h| h.contains(hint)),
            "hint `{hint}` in: {}",
            self.stderr
        );
    }
}
