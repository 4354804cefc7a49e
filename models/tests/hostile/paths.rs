//! Weights in files outside the folder of the graph.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use phonoscope_analysis::frontend::FrontEnd;
use phonoscope_models::twin::twin_beside;
use phonoscope_models::{FileChoice, TwinKind, load_file};

use crate::common::engines;
use crate::networks::external;

const FLOATS: usize = 12;

fn listing(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(listing(&path));
        }
        found.insert(path);
    }
    found
}

/// A folder for the model, and beside it a file of floats that is none of its business.
fn place() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("model");
    let secret = outer.path().join("secret.data");
    fs::create_dir(&folder).unwrap();
    fs::write(&secret, [0u8; 4 * FLOATS]).unwrap();
    fs::write(folder.join("w.data"), [0u8; 4 * FLOATS]).unwrap();
    (outer, folder, secret)
}

fn refused(file: &str, folder: &Path) {
    let graph = external(file, "0", "48");
    for engine in engines() {
        let opened = engine.open_beside(&graph, &["y".to_owned()], Some(folder));
        let error = opened
            .err()
            .unwrap_or_else(|| panic!("{} read `{file}`", engine.info()));
        assert!(error.to_string().contains(file), "{error}");
        let alone = engine.open(&graph, &["y".to_owned()]);
        assert!(
            alone.is_err(),
            "{} read `{file}` without a folder",
            engine.info()
        );
    }
    let error = twin_beside(&graph, Some(folder), TwinKind::Redrawn, 1).unwrap_err();
    assert!(error.to_string().contains(file), "{error}");
    let path = folder.join("model.onnx");
    fs::write(&path, graph.bytes()).unwrap();
    let fed = FileChoice {
        front_end: Some(FrontEnd::waveform()),
        ..FileChoice::default()
    };
    let loaded = load_file(&path, &fed);
    for engine in engines() {
        let opened = loaded
            .as_ref()
            .map(|loaded| loaded.model.open(engine.as_ref(), &["y".to_owned()]));
        assert!(
            !matches!(opened, Ok(Ok(_))),
            "{} read `{file}`",
            engine.info()
        );
    }
}

#[test]
fn no_path_leads_out() {
    let (outer, folder, secret) = place();
    let before = listing(outer.path());
    let absolute = secret.display().to_string();
    for file in [
        "../secret.data",
        "inner/../../secret.data",
        "../../../../../../../../etc/passwd",
        "/etc/passwd",
        &absolute,
        "..",
        ".",
    ] {
        refused(file, &folder);
    }
    fs::remove_file(folder.join("model.onnx")).unwrap();
    assert_eq!(listing(outer.path()), before);
}

#[cfg(unix)]
#[test]
fn no_link_leads_out() {
    let (outer, folder, secret) = place();
    std::os::unix::fs::symlink(&secret, folder.join("link.data")).unwrap();
    std::os::unix::fs::symlink(outer.path(), folder.join("up")).unwrap();
    for file in ["link.data", "up/secret.data"] {
        refused(file, &folder);
    }
}

#[test]
fn stretches_that_lie_are_refused() {
    let (_outer, folder, _) = place();
    let sound = external("w.data", "0", "48");
    for engine in engines() {
        let opened = engine.open_beside(&sound, &["y".to_owned()], Some(&folder));
        assert!(opened.is_ok(), "{:?}", opened.err());
    }
    for (offset, length) in [
        ("4", "48"),
        ("0", "52"),
        ("0", "4"),
        ("18446744073709551615", "48"),
        ("-1", "48"),
        ("0", "9999999999999999999999"),
    ] {
        let graph = external("w.data", offset, length);
        let made = twin_beside(&graph, Some(&folder), TwinKind::Redrawn, 1);
        assert!(made.is_err(), "{offset} {length}");
        for engine in engines() {
            let opened = engine.open_beside(&graph, &["y".to_owned()], Some(&folder));
            assert!(opened.is_err(), "{} {offset} {length}", engine.info());
        }
    }
}
