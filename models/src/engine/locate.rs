//! Where an ONNX Runtime library may lie, best place first, without loading any.

use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// Variables that name a library (or its folder) outright, the first set one counts.
pub(super) const EXPLICIT: [&str; 2] = ["PHONOSCOPE_ONNXRUNTIME", "ORT_DYLIB_PATH"];

/// Bytes before the version in the symbol table of an ELF build.
const ELF_MARK: &[u8] = b"VERS_";

/// A release of ONNX Runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    pub(super) major: u32,
    pub(super) minor: u32,
    pub(super) patch: u32,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl Version {
    /// The leading `X.Y.Z` of `text`.
    fn leading(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.').map(|part| {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            part.get(..digits)?.parse().ok()
        });
        Some(Self {
            major: parts.next()??,
            minor: parts.next()??,
            patch: parts.next()??,
        })
    }
}

/// One library worth trying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    /// A file, or a bare name for the system's loader.
    pub(super) path: PathBuf,
    /// The place in words, for messages and reports.
    pub(super) place: String,
}

/// The folders that are searched.
#[derive(Debug, Clone, Default)]
pub(super) struct Places {
    /// Variable and value of an explicit path.
    pub(super) explicit: Option<(&'static str, PathBuf)>,
    /// Folder of the running program.
    pub(super) program: Option<PathBuf>,
    /// Folder that a fetched library is kept in.
    pub(super) cache: PathBuf,
    /// Active virtual environments.
    pub(super) environments: Vec<PathBuf>,
    /// The user's home folder.
    pub(super) home: Option<PathBuf>,
    /// Prefixes of system-wide Python packages.
    pub(super) system: Vec<PathBuf>,
    /// Names to ask the system's loader for.
    pub(super) loader_names: Vec<&'static str>,
}

impl Places {
    /// The places of this process; `cache` is where a fetched library is kept.
    pub(super) fn of_process(cache: PathBuf) -> Self {
        let folder = |key: &str| {
            env::var_os(key)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        Self {
            explicit: EXPLICIT
                .into_iter()
                .find_map(|key| folder(key).map(|path| (key, path))),
            program: env::current_exe()
                .ok()
                .and_then(|exe| exe.parent().map(Path::to_path_buf)),
            cache,
            environments: ["VIRTUAL_ENV", "CONDA_PREFIX"]
                .into_iter()
                .filter_map(folder)
                .collect(),
            home: folder("HOME"),
            system: vec!["/usr/local".into(), "/usr".into()],
            loader_names: if cfg!(windows) {
                vec!["onnxruntime.dll"]
            } else if cfg!(target_os = "macos") {
                vec!["libonnxruntime.dylib"]
            } else {
                vec!["libonnxruntime.so.1", "libonnxruntime.so"]
            },
        }
    }

    /// What the explicit path names: itself, or the libraries in it when it is a folder.
    pub(super) fn explicit_candidates(&self) -> Option<(&'static str, &Path, Vec<Candidate>)> {
        let (key, path) = self.explicit.as_ref()?;
        let found = if path.is_dir() {
            libraries_in(path)
        } else {
            vec![path.clone()]
        };
        Some((key, path, labelled(key, found)))
    }

    /// Every place that needs no asking, best first.
    pub(super) fn candidates(&self) -> Vec<Candidate> {
        let mut found = Vec::new();
        if let Some(program) = &self.program {
            found.extend(labelled("beside the program", libraries_in(program)));
            found.extend(labelled(
                "beside the program",
                libraries_in(&program.join("../lib")),
            ));
            if let Some(prefix) = program.parent() {
                found.extend(labelled(
                    "the environment the program is installed in",
                    in_python(prefix),
                ));
            }
        }
        found.extend(labelled("the cache", libraries_in(&self.cache)));
        for prefix in &self.environments {
            found.extend(labelled("the active Python environment", in_python(prefix)));
        }
        if let Some(home) = &self.home {
            let packages = in_python(&home.join(".local"));
            found.extend(labelled("the user's Python packages", packages));
        }
        for prefix in &self.system {
            found.extend(labelled("the system's Python packages", in_python(prefix)));
        }
        let names = self.loader_names.iter().map(PathBuf::from).collect();
        found.extend(labelled("the system's loader", names));
        found
    }
}

fn labelled(place: &str, paths: Vec<PathBuf>) -> Vec<Candidate> {
    paths
        .into_iter()
        .map(|path| Candidate {
            path,
            place: place.to_owned(),
        })
        .collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect()
}

fn file_name(path: &Path) -> &str {
    path.file_name().and_then(OsStr::to_str).unwrap_or("")
}

/// The ONNX Runtime libraries of a folder, newest first.
pub(super) fn libraries_in(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = entries(folder)
        .into_iter()
        .filter(|path| {
            let name = file_name(path);
            if cfg!(windows) {
                name.eq_ignore_ascii_case("onnxruntime.dll")
            } else if cfg!(target_os = "macos") {
                name.starts_with("libonnxruntime.") && name.ends_with(".dylib")
            } else {
                name.starts_with("libonnxruntime.so")
            }
        })
        .collect();
    found.sort_by_key(|path| (version_in_name(file_name(path)), path.clone()));
    found.reverse();
    found
}

/// The libraries inside the Python packages under one prefix.
fn in_python(prefix: &Path) -> Vec<PathBuf> {
    let mut found = libraries_in(&prefix.join("Lib/site-packages/onnxruntime/capi"));
    for lib in ["lib", "lib64"] {
        let mut pythons = entries(&prefix.join(lib));
        pythons.retain(|path| file_name(path).starts_with("python"));
        pythons.sort();
        for python in pythons.iter().rev() {
            for packages in ["site-packages", "dist-packages"] {
                found.extend(libraries_in(
                    &python.join(packages).join("onnxruntime/capi"),
                ));
            }
        }
    }
    found
}

fn version_in_name(name: &str) -> Option<Version> {
    name.strip_prefix("libonnxruntime.so.")
        .or_else(|| name.strip_prefix("libonnxruntime."))
        .and_then(Version::leading)
}

/// The version of a library, read off its file name, the Python package around it, or its symbol
/// table; `None` when it is a bare name or says nothing.
pub(super) fn version_of(library: &Path) -> Option<Version> {
    let file = fs::canonicalize(library).ok()?;
    version_in_name(file_name(&file))
        .or_else(|| version_of_package(&file))
        .or_else(|| version_in_symbols(&fs::read(&file).ok()?))
}

/// The version of the wheel that put `…/onnxruntime/capi/LIBRARY` there.
fn version_of_package(library: &Path) -> Option<Version> {
    let packages = library.parent()?.parent()?.parent()?;
    entries(packages)
        .iter()
        .filter_map(|path| {
            let name = file_name(path).strip_prefix("onnxruntime")?;
            let name = name.strip_suffix(".dist-info")?;
            Version::leading(name.rsplit('-').next()?)
        })
        .max()
}

fn version_in_symbols(bytes: &[u8]) -> Option<Version> {
    bytes
        .windows(ELF_MARK.len())
        .enumerate()
        .filter(|(_, window)| *window == ELF_MARK)
        .find_map(|(at, _)| {
            let text = bytes.get(at + ELF_MARK.len()..)?;
            let end = text.iter().position(|b| !matches!(b, b'0'..=b'9' | b'.'))?;
            Version::leading(std::str::from_utf8(text.get(..end)?).ok()?)
        })
}

/// The file behind a bare name that the system's loader has found, where the system tells.
pub(super) fn loaded_file() -> Option<PathBuf> {
    let maps = fs::read_to_string("/proc/self/maps").ok()?;
    maps.lines()
        .filter_map(|line| line.find('/').and_then(|at| line.get(at..)))
        .map(Path::new)
        .find(|path| file_name(path).starts_with("libonnxruntime.so"))
        .map(Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"").unwrap();
    }

    fn version(major: u32, minor: u32, patch: u32) -> Option<Version> {
        Some(Version {
            major,
            minor,
            patch,
        })
    }

    #[test]
    fn versions_are_read_from_names_packages_and_symbols() {
        assert_eq!(
            version_in_name("libonnxruntime.so.1.28.0"),
            version(1, 28, 0)
        );
        assert_eq!(
            version_in_name("libonnxruntime.1.28.0.dylib"),
            version(1, 28, 0)
        );
        assert_eq!(version_in_name("libonnxruntime.so.1"), None);
        assert_eq!(version_in_name("onnxruntime.dll"), None);
        assert_eq!(
            version_in_symbols(b"..VERS_x\0VERS_1.9.12\0.."),
            version(1, 9, 12)
        );
        let dir = tempfile::tempdir().unwrap();
        let library = dir.path().join("onnxruntime/capi/onnxruntime.dll");
        touch(&library);
        touch(&dir.path().join("onnxruntime_gpu-1.27.1.dist-info/METADATA"));
        assert_eq!(version_of(&library), version(1, 27, 1));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn places_are_searched_in_their_order_and_newest_first() {
        let dir = tempfile::tempdir().unwrap();
        let at = |path: &str| dir.path().join(path);
        for path in [
            "cache/libonnxruntime.so.1.28.0",
            "cache/libonnxruntime.so.1.9.0",
            "cache/libonnxruntime_providers_shared.so",
            "venv/lib/python3.12/site-packages/onnxruntime/capi/libonnxruntime.so.1.30.0",
            "env/bin/phonoscope",
            "env/lib/python3.11/site-packages/onnxruntime/capi/libonnxruntime.so.1.27.0",
        ] {
            touch(&at(path));
        }
        let places = Places {
            program: Some(at("env/bin")),
            cache: at("cache"),
            environments: vec![at("venv")],
            loader_names: vec!["libonnxruntime.so.1"],
            ..Places::default()
        };
        let found: Vec<String> = places
            .candidates()
            .iter()
            .map(|candidate| format!("{}: {}", candidate.place, file_name(&candidate.path)))
            .collect();
        assert_eq!(
            found,
            [
                "the environment the program is installed in: libonnxruntime.so.1.27.0",
                "the cache: libonnxruntime.so.1.28.0",
                "the cache: libonnxruntime.so.1.9.0",
                "the active Python environment: libonnxruntime.so.1.30.0",
                "the system's loader: libonnxruntime.so.1",
            ]
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_explicit_folder_stands_for_the_libraries_in_it() {
        let dir = tempfile::tempdir().unwrap();
        touch(&dir.path().join("libonnxruntime.so.1.28.0"));
        let places = Places {
            explicit: Some((EXPLICIT[0], dir.path().to_path_buf())),
            ..Places::default()
        };
        let (key, _, found) = places.explicit_candidates().unwrap();
        assert_eq!(key, "PHONOSCOPE_ONNXRUNTIME");
        assert_eq!(found.len(), 1);
        assert_eq!(version_of(&found[0].path), version(1, 28, 0));
    }
}
