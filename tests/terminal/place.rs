//! Where a test runs: a folder of its own with a report in it, and the program.

use std::path::{Path, PathBuf};

use portable_pty::CommandBuilder;
use tempfile::TempDir;

use crate::sample;
use crate::screen::Screen;

/// A folder that goes away with the test.
pub(crate) struct Place {
    dir: TempDir,
}

/// `program` in `folder`, with nothing of the environment that changes what is shown.
pub(crate) fn command(program: impl AsRef<Path>, folder: &Path) -> CommandBuilder {
    let mut command = CommandBuilder::new(program.as_ref());
    command.cwd(folder);
    for name in [
        "NO_COLOR",
        "PHONOSCOPE_THEME",
        "PHONOSCOPE_ENGINE",
        "PHONOSCOPE_OFFLINE",
        "PHONOSCOPE_ONNXRUNTIME",
        "ORT_DYLIB_PATH",
        "RUST_BACKTRACE",
    ] {
        command.env_remove(name);
    }
    command.env("TERM", "xterm-256color");
    command.env("COLORTERM", "truecolor");
    command.env("PHONOSCOPE_CACHE", folder.join("cache"));
    command.env("XDG_CONFIG_HOME", folder.join("config"));
    command
}

impl Place {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { dir }
    }

    /// A folder with `report.json`.
    pub(crate) fn with_report() -> Self {
        let place = Self::new();
        let bytes = serde_json::to_vec(&sample::report()).unwrap();
        std::fs::write(place.path("report.json"), bytes).unwrap();
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The program in this folder.
    pub(crate) fn program(&self, words: &[&str]) -> CommandBuilder {
        let mut command = command(env!("CARGO_BIN_EXE_phonoscope"), self.dir.path());
        command.args(words);
        command
    }

    /// `phonoscope browse report.json` in `width` × `height` cells, after its first frame.
    pub(crate) fn browse(&self, width: u16, height: u16) -> Screen {
        let command = self.program(&["--theme", "dark", "browse", "report.json"]);
        let screen = Screen::open(command, width, height);
        screen.wait_for(&["across: PC1", "? help"]);
        screen
    }
}
