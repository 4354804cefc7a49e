//! The sound of an utterance: found, drawn, played. All of it runs in jobs.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use phonoscope_analysis::signal::{Padding, Stft};
use phonoscope_analysis::task::Task;
use phonoscope_datasets::audio::{self, SAMPLE_RATE_HZ, Waveform};

/// A recording, or a span of one, as a report names it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Recording {
    /// Id of the utterance.
    pub(crate) id: String,
    /// As the manifest gives it.
    pub(crate) path: PathBuf,
    pub(crate) start_secs: Option<f64>,
    pub(crate) end_secs: Option<f64>,
    /// Folders that `path` may start from, likeliest first.
    pub(crate) folders: Vec<PathBuf>,
}

impl Recording {
    /// Where the file is.
    fn locate(&self) -> Result<PathBuf> {
        let mut places: Vec<PathBuf> = self.folders.iter().map(|f| f.join(&self.path)).collect();
        if self.path.is_absolute() {
            places = vec![self.path.clone()];
        }
        if let Some(found) = places.iter().find(|place| place.is_file()) {
            return Ok(found.clone());
        }
        let folders: Vec<String> = self
            .folders
            .iter()
            .filter(|_| self.path.is_relative())
            .map(|f| match f.as_os_str().is_empty() {
                true => String::from("`.`"),
                false => format!("`{}`", f.display()),
            })
            .collect();
        let from = match folders.as_slice() {
            [] => String::new(),
            folders => format!(" from {}", folders.join(", ")),
        };
        bail!(
            "no file `{}`{from}; open the report with `browse --data MANIFEST`",
            self.path.display()
        )
    }

    fn read(&self) -> Result<Waveform> {
        let path = self.locate()?;
        Ok(audio::read_span(&path, self.start_secs, self.end_secs)?)
    }

    /// Decodes the recording and draws it.
    ///
    /// # Errors
    /// When there is no such file, it cannot be decoded, or the task is cancelled.
    pub(crate) fn spectrogram(&self, task: &Task) -> Result<Spectrogram> {
        let wave = self.read()?;
        task.check()?;
        Spectrogram::of(&wave, task)
    }

    /// Plays the recording to its end, or until the task is cancelled.
    ///
    /// # Errors
    /// When there is no such file, it cannot be decoded, or the player fails.
    pub(crate) fn play(&self, player: &Player, task: &Task) -> Result<()> {
        let wave = self.read()?;
        task.check()?;
        // Not every player decodes every format, and none plays a span alike.
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let file = folder.path().join("voice.wav");
        audio::write_wav(&file, &wave.samples, SAMPLE_RATE_HZ)?;
        let name = player.program.display();
        let mut child = Command::new(&player.program)
            .args(player.options)
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start `{name}`"))?;
        loop {
            if let Some(status) = child.try_wait().with_context(|| format!("lost `{name}`"))? {
                ensure!(
                    status.success(),
                    "`{name}` could not play it ({status}); is there a sound device?"
                );
                return Ok(());
            }
            if task.check().is_err() {
                // Both fail only when it has ended by itself.
                child.kill().ok();
                child.wait().ok();
                task.check()?;
            }
            std::thread::sleep(Duration::from_millis(30));
        }
    }
}

/// A program that plays a WAV file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Player {
    program: PathBuf,
    options: &'static [&'static str],
}

/// Players with the options that keep them quiet and windowless, in the order they are looked for.
const PLAYERS: [(&str, &[&str]); 7] = [
    ("afplay", &[]),
    ("paplay", &[]),
    ("pw-play", &[]),
    ("aplay", &["-q"]),
    ("ffplay", &["-nodisp", "-autoexit", "-loglevel", "quiet"]),
    ("mpv", &["--no-video", "--really-quiet"]),
    ("play", &["-q"]),
];

impl Player {
    /// The first player there is in the folders of `path` (the value of `PATH`).
    pub fn find(path: &OsStr) -> Option<Self> {
        let folders: Vec<PathBuf> = std::env::split_paths(path).collect();
        PLAYERS.iter().find_map(|(name, options)| {
            let there = |folder: &PathBuf| {
                let program = folder.join(name);
                is_program(&program).then_some(program)
            };
            let program = folders.iter().find_map(there)?;
            Some(Self { program, options })
        })
    }

    /// What is missing where none is found.
    pub(crate) fn missing() -> String {
        let names: Vec<&str> = PLAYERS.iter().map(|(name, _)| *name).collect();
        format!(
            "no player found: install one of {} to listen",
            names.join(", ")
        )
    }
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

/// A picture over time and frequency, from 0 to [`TOP_HZ`] in bands of one width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grid {
    pub(crate) columns: usize,
    pub(crate) bands: usize,
}

impl Grid {
    /// Places `[column · bands + band]`, band 0 lowest, that cell (x, y) of a picture of `width` ×
    /// `height` covers, y from the top.
    pub(crate) fn covered(
        self,
        (x, y): (usize, usize),
        (width, height): (usize, usize),
    ) -> impl Iterator<Item = usize> {
        let span = |at: usize, of: usize, count: usize| {
            if at >= of {
                return 0..0;
            }
            let first = (at * count / of).min(count.saturating_sub(1));
            first..((at + 1) * count / of).max(first + 1).min(count)
        };
        let bands = span((height.wrapping_sub(1)).wrapping_sub(y), height, self.bands);
        span(x, width, self.columns)
            .flat_map(move |column| bands.clone().map(move |band| column * self.bands + band))
    }
}

/// A spectrogram coarse enough for any screen.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spectrogram {
    grid: Grid,
    pub(crate) duration_secs: f64,
    /// By places of the grid; 0 is [`RANGE_DB`] below the loudest, 255 the loudest.
    levels: Vec<u8>,
}

/// Bands from 0 to [`TOP_HZ`], all of one width.
const BANDS: usize = 96;
/// Most columns that are kept.
const COLUMNS: usize = 320;
/// What is shown below the loudest.
pub(crate) const RANGE_DB: f64 = 60.0;
/// Frequency at the top.
pub(crate) const TOP_HZ: f64 = SAMPLE_RATE_HZ as f64 / 2.0;
/// 25 ms.
const WINDOW: usize = 400;
/// 5 ms.
const HOP: usize = 80;
/// Weight of the sample before in the pre-emphasis of 6 dB per octave.
const PRE_EMPHASIS: f64 = 0.97;

impl Spectrogram {
    fn of(wave: &Waveform, task: &Task) -> Result<Self> {
        let mut before = 0.0;
        let samples: Vec<f64> = wave
            .samples
            .iter()
            .map(|s| {
                let now = f64::from(*s);
                let out = now - PRE_EMPHASIS * before;
                before = now;
                out
            })
            .collect();
        let stft = Stft::new(WINDOW, HOP)?;
        let frames = stft.n_frames(samples.len());
        let columns = frames.clamp(1, COLUMNS);
        let mut power = vec![0.0f64; columns * BANDS];
        // Every column holds the loudest of its frames, every band the loudest of its bins.
        for column in 0..columns {
            task.check()?;
            let span = column * frames / columns..(column + 1) * frames / columns;
            stft.for_each_frame(&samples, Padding::Zeros, span, |_, spectrum| {
                let bins = spectrum.len();
                for (bin, value) in spectrum.iter().enumerate() {
                    let band = bin * BANDS / bins;
                    if let Some(slot) = power.get_mut(column * BANDS + band) {
                        *slot = slot.max(value.norm_sqr());
                    }
                }
            })?;
        }
        let loudest = power.iter().copied().fold(0.0, f64::max);
        let level = |p: &f64| {
            if *p <= 0.0 || loudest <= 0.0 {
                return 0;
            }
            let down_db = 10.0 * (loudest / p).log10();
            (255.0 * (1.0 - down_db / RANGE_DB)).clamp(0.0, 255.0) as u8
        };
        Ok(Self {
            grid: Grid {
                columns,
                bands: BANDS,
            },
            duration_secs: wave.duration_secs(),
            levels: power.iter().map(level).collect(),
        })
    }

    /// A picture of other levels, by places of `grid`: the least is 0, the largest 255.
    pub(crate) fn of_values(grid: Grid, duration_secs: f64, values: &[f32]) -> Self {
        let least = values.iter().copied().fold(f32::INFINITY, f32::min);
        let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let level = |v: &f32| match most > least {
            true => (255.0 * (v - least) / (most - least)) as u8,
            false => 0,
        };
        Self {
            grid,
            duration_secs,
            levels: values.iter().map(level).collect(),
        }
    }

    /// Level in `[0, 1]` of cell (x, y) of a picture of `width` × `height`, y from the top: the loudest
    /// of what it covers.
    pub(crate) fn level(&self, cell: (usize, usize), size: (usize, usize)) -> f64 {
        let covered = self.grid.covered(cell, size);
        let loudest = covered.filter_map(|at| self.levels.get(at)).max();
        f64::from(loudest.copied().unwrap_or(0)) / 255.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(path: &Path, folder: &Path) -> Recording {
        Recording {
            id: "u".into(),
            path: path.into(),
            start_secs: None,
            end_secs: None,
            folders: vec!["nowhere".into(), folder.into()],
        }
    }

    fn tone(folder: &Path, freq_hz: f64, secs: f64) {
        let samples: Vec<f32> = (0..(secs * 16_000.0) as usize)
            .map(|i| (0.3 * (std::f64::consts::TAU * freq_hz * i as f64 / 16_000.0).sin()) as f32)
            .collect();
        audio::write_wav(&folder.join("tone.wav"), &samples, SAMPLE_RATE_HZ).unwrap();
    }

    #[test]
    fn a_tone_is_a_line_at_its_height() {
        let folder = tempfile::tempdir().unwrap();
        tone(folder.path(), 2000.0, 1.0);
        let mut recording = recording(Path::new("tone.wav"), folder.path());
        let picture = recording.spectrogram(&Task::silent()).unwrap();
        let size = (40, 32);
        let loudest = |x| {
            (0..32)
                .max_by(|a, b| {
                    picture
                        .level((x, *a), size)
                        .total_cmp(&picture.level((x, *b), size))
                })
                .unwrap()
        };
        // 2 of 8 kHz: a quarter up, rows count from the top.
        for x in [2, 20, 38] {
            assert!((23..=24).contains(&loudest(x)), "{}", loudest(x));
        }
        assert!(picture.level((20, 2), size) < 0.4);
        let outside = [picture.level((40, 0), size), picture.level((0, 0), (0, 0))];
        assert_eq!(outside, [0.0, 0.0]);
        recording.start_secs = Some(0.25);
        recording.end_secs = Some(0.75);
        let part = recording.spectrogram(&Task::silent()).unwrap();
        assert_eq!((part.duration_secs, picture.duration_secs), (0.5, 1.0));
    }

    #[test]
    fn silence_and_a_handful_of_samples_are_pictures_too() {
        let folder = tempfile::tempdir().unwrap();
        for (name, count) in [("silent.wav", 9000), ("short.wav", 3)] {
            audio::write_wav(&folder.path().join(name), &vec![0.0; count], 16_000).unwrap();
            let recording = recording(Path::new(name), folder.path());
            let picture = recording.spectrogram(&Task::silent()).unwrap();
            assert_eq!([picture.level((3, 3), (10, 10))], [0.0]);
        }
    }

    #[test]
    fn a_path_that_leads_nowhere_is_named_with_where_it_was_looked_for() {
        let lost = recording(Path::new("gone/x.flac"), Path::new("data"));
        let why = lost.spectrogram(&Task::silent()).unwrap_err().to_string();
        for part in [
            "no file `gone/x.flac`",
            "`nowhere`, `data`",
            "browse --data MANIFEST",
        ] {
            assert!(why.contains(part), "{why}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_first_player_plays_without_blocking_and_can_be_stopped() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let player = |name: &str, script: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        };
        tone(folder.path(), 300.0, 0.1);
        let recording = recording(Path::new("tone.wav"), folder.path());
        assert_eq!(Player::find(folder.path().as_os_str()), None);
        player("play", "sleep 60");
        player("aplay", "test -s \"$2\"");
        let find = || Player::find(folder.path().as_os_str()).unwrap();
        assert!(find().program.ends_with("aplay"), "before `play`");
        recording.play(&find(), &Task::silent()).unwrap();
        player("aplay", "exit 3");
        let why = recording.play(&find(), &Task::silent()).unwrap_err();
        assert!(why.to_string().contains("could not play it"), "{why}");
        std::fs::remove_file(folder.path().join("aplay")).unwrap();
        let task = Task::silent();
        let stop = task.cancel.clone();
        let worker = std::thread::spawn({
            let (player, recording, task) = (find(), recording.clone(), task.clone());
            move || recording.play(&player, &task)
        });
        stop.cancel();
        assert!(worker.join().unwrap().is_err(), "stopped, not played");
    }
}
