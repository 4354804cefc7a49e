//! Importing the LibriSpeech layout.

use std::fs;
use std::path::Path;
use std::str::FromStr as _;

use phonoscope_analysis::task::Task;
use phonoscope_datasets::corpora::{CorpusKind, import};
use phonoscope_datasets::{Error, Manifest};
use tempfile::{TempDir, tempdir};

const SPEAKERS: &str = ";ID  |SEX| SUBSET           |MINUTES| NAME\n\
    14   | F | train-clean-360  | 25.03 | Kristin LeMoine\n\
    103  | F | train-clean-100  | 25.11 | Karen | Savage\n\
    nonsense\n\
    1034 | M | train-clean-100  | 25.03 | Kevin O'Coin\n";

fn chapter(root: &Path, split: &str, speaker: &str, chapter: &str, numbers: &[&str], text: &[u8]) {
    let dir = root.join(split).join(speaker).join(chapter);
    fs::create_dir_all(&dir).unwrap();
    for number in numbers {
        fs::write(
            dir.join(format!("{speaker}-{chapter}-{number}.flac")),
            b"fLaC",
        )
        .unwrap();
    }
    if !text.is_empty() {
        fs::write(dir.join(format!("{speaker}-{chapter}.trans.txt")), text).unwrap();
    }
}

fn corpus() -> TempDir {
    let dir = tempdir().unwrap();
    let root = dir.path().join("LibriSpeech");
    chapter(
        &root,
        "train-clean-100",
        "1034",
        "121119",
        &["0000"],
        b"1034-121119-0000 HELLO THERE\n",
    );
    chapter(
        &root,
        "train-clean-100",
        "103",
        "1240",
        &["0001", "0000"],
        b"103-1240-0000 CHAPTER ONE\n103-1240-0001 MISSUS \xff LYNDE\nbad\n103-1240-0009 NOBODY\n",
    );
    chapter(&root, "dev-clean", "84", "121123", &["0000"], b"");
    fs::write(root.join("SPEAKERS.TXT"), SPEAKERS).unwrap();
    fs::write(root.join("README.TXT"), "text").unwrap();
    dir
}

#[test]
fn speakers_texts_and_what_is_wrong_with_them() {
    let dir = corpus();
    let task = Task::silent();
    let imported = import(CorpusKind::LibriSpeech, dir.path(), &task).unwrap();
    let manifest = &imported.manifest;
    assert_eq!(
        manifest.columns,
        ["speaker", "sex", "chapter", "split", "text"]
    );
    let row = |i: usize| {
        let u = &manifest.utterances[i];
        let values: Vec<&str> = (0..5).map(|c| u.value(c).unwrap_or("-")).collect();
        format!("{} {}", u.id, values.join(" "))
    };
    let rows: Vec<String> = (0..manifest.utterances.len()).map(row).collect();
    assert_eq!(
        rows,
        [
            "84-121123-0000 84 - 84-121123 dev-clean -",
            "103-1240-0000 103 f 103-1240 train-clean-100 CHAPTER ONE",
            "103-1240-0001 103 f 103-1240 train-clean-100 -",
            "1034-121119-0000 1034 m 1034-121119 train-clean-100 HELLO THERE",
        ]
    );
    assert_eq!(
        manifest.utterances[1].path,
        "LibriSpeech/train-clean-100/103/1240/103-1240-0000.flac"
    );
    assert!(manifest.utterances.iter().all(|u| u.audio.is_file()));
    let skipped: Vec<(Option<u64>, &str)> = imported
        .skipped
        .iter()
        .map(|s| (s.line, s.reason.as_str()))
        .collect();
    assert_eq!(
        skipped,
        [
            (Some(4), "not `number | F or M | …`"),
            (Some(2), "it is not UTF-8"),
            (Some(3), "not `103-1240-NUMBER text`"),
            (Some(4), "there is no recording `103-1240-0009`"),
        ]
    );
    assert_eq!(
        imported.notes,
        [
            "2 recordings have no transcript: `text` is missing",
            "1 speakers are not in SPEAKERS.TXT: `sex` is missing",
        ]
    );
    assert_eq!(
        import(CorpusKind::LibriSpeech, dir.path(), &task).unwrap(),
        imported
    );
}

#[test]
fn the_root_and_a_split_are_found_and_the_manifest_reads_back() {
    let dir = corpus();
    let task = Task::silent();
    let root = dir.path().join("LibriSpeech");
    assert_eq!(
        import(CorpusKind::LibriSpeech, &root, &task)
            .unwrap()
            .manifest
            .utterances
            .len(),
        4
    );
    let split = root.join("train-clean-100");
    let manifest = import(CorpusKind::LibriSpeech, &split, &task)
        .unwrap()
        .manifest;
    assert_eq!(manifest.utterances.len(), 3);
    assert_eq!(
        manifest.utterances[0].value(1),
        Some("f"),
        "SPEAKERS.TXT above the split"
    );

    for (out, path) in [
        (
            root.join("m.tsv"),
            "train-clean-100/103/1240/103-1240-0000.flac",
        ),
        (tempdir().unwrap().keep().join("m.tsv"), ""),
    ] {
        manifest.write(&out).unwrap();
        let read = Manifest::read(&out).unwrap();
        let audio: Vec<_> = read.utterances.iter().map(|u| &u.audio).collect();
        assert_eq!(
            audio,
            manifest
                .utterances
                .iter()
                .map(|u| &u.audio)
                .collect::<Vec<_>>()
        );
        if path.is_empty() {
            fs::remove_dir_all(out.parent().unwrap()).unwrap();
        } else {
            assert_eq!(read.utterances[0].path, path);
        }
    }
}

#[test]
fn without_speakers_txt_sex_is_missing_and_noted() {
    let dir = corpus();
    fs::remove_file(dir.path().join("LibriSpeech/SPEAKERS.TXT")).unwrap();
    let imported = import(CorpusKind::LibriSpeech, dir.path(), &Task::silent()).unwrap();
    assert!(
        imported
            .manifest
            .utterances
            .iter()
            .all(|u| u.value(1).is_none())
    );
    assert_eq!(
        imported.notes[0],
        "SPEAKERS.TXT was not found: `sex` is missing"
    );
}

#[cfg(unix)]
#[test]
fn names_that_are_not_utf8_or_not_librispeech_are_skipped() {
    use std::os::unix::ffi::OsStrExt as _;
    let dir = corpus();
    let chapter = dir.path().join("LibriSpeech/dev-clean/84/121123");
    let name = std::ffi::OsStr::from_bytes(b"84-121123-\xff.flac");
    fs::write(chapter.join(name), b"fLaC").unwrap();
    fs::write(chapter.join("other.flac"), b"fLaC").unwrap();
    let imported = import(CorpusKind::LibriSpeech, dir.path(), &Task::silent()).unwrap();
    assert_eq!(imported.manifest.utterances.len(), 4);
    let reasons: Vec<&str> = imported
        .skipped
        .iter()
        .filter(|s| s.line.is_none())
        .map(|s| s.reason.as_str())
        .collect();
    assert_eq!(
        reasons,
        ["its name is not UTF-8", "its name is not 84-121123-NUMBER"]
    );
    assert!(
        imported
            .skipped
            .iter()
            .any(|s| s.path.ends_with("84-121123-\u{fffd}.flac"))
    );
}

#[test]
fn another_folder_is_an_error_that_shows_the_layout() {
    let dir = tempdir().unwrap();
    let error = import(CorpusKind::LibriSpeech, dir.path(), &Task::silent()).unwrap_err();
    assert!(error.hint().unwrap().contains("SPEAKER/CHAPTER"), "{error}");
    let gone = dir.path().join("gone");
    assert!(matches!(
        import(CorpusKind::LibriSpeech, &gone, &Task::silent()),
        Err(Error::Read { .. })
    ));
    let task = Task::silent();
    task.cancel.cancel();
    assert!(matches!(
        import(CorpusKind::LibriSpeech, corpus().path(), &task),
        Err(Error::Cancelled)
    ));
}

#[test]
fn kinds_have_names() {
    for kind in CorpusKind::ALL {
        assert_eq!(CorpusKind::from_str(&kind.to_string()).unwrap(), kind);
        assert!(!kind.layout().is_empty());
    }
    let error = CorpusKind::from_str("timitt").unwrap_err();
    let hint = error.hint().unwrap();
    assert!(hint.starts_with("known: librispeech, kaldi, "), "{hint}");
    assert!(hint.contains("timit, timit-intonatang"), "{hint}");
}
