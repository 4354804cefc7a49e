//! Reading and writing manifests.

use std::path::Path;

use phonoscope_datasets::{Error, Manifest, Utterance};
use proptest::prelude::*;
use tempfile::tempdir;

fn read(name: &str, bytes: impl AsRef<[u8]>) -> Result<Manifest, Error> {
    let dir = tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    Manifest::read(&path)
}

/// The message behind the name of the file, and the hint.
fn fault(name: &str, bytes: impl AsRef<[u8]>) -> (String, String) {
    let error = read(name, bytes).expect_err("the manifest is bad");
    let words = error.to_string();
    assert!(!words.contains('\n'), "{words}");
    let hint = error.hint().unwrap_or_default().to_owned();
    (
        words
            .split_once('`')
            .unwrap()
            .1
            .split_once('`')
            .unwrap()
            .1
            .to_owned(),
        hint,
    )
}

const TSV: &str = "id\tpath\tspeaker\tsex\ttext\tstart\tend\n\
    a\tx/a.wav\t1\tf\tone\\ttwo \"q\"\t0.5\t1.25\n\
    b\t/abs/b.flac\t2\tNA\t\t\t\n";

#[test]
fn the_three_formats_say_the_same() {
    let csv = "id,path,speaker,sex,text,start,end\r\n\
        a,x/a.wav,1,f,\"one\ttwo \"\"q\"\"\",0.5,1.25\r\n\
        b,/abs/b.flac,2,NA,,,\r\n";
    let jsonl = "{\"id\":\"a\",\"path\":\"x/a.wav\",\"speaker\":1,\"sex\":\"f\",\
        \"text\":\"one\\ttwo \\\"q\\\"\",\"start\":0.5,\"end\":1.25}\n\n\
        {\"path\":\"/abs/b.flac\",\"id\":\"b\",\"speaker\":\"2\",\"sex\":null}\n";
    let dir = tempdir().unwrap();
    let mut manifests = Vec::new();
    for (name, text) in [
        ("m.tsv", TSV),
        ("m.csv", csv),
        ("m.jsonl", jsonl),
        ("m.ndjson", jsonl),
    ] {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        manifests.push(Manifest::read(&path).unwrap());
    }
    for manifest in &manifests {
        assert_eq!(manifest.columns, ["speaker", "sex", "text"]);
        assert_eq!(manifest.utterances, manifests[0].utterances);
        assert_eq!(manifest.sha256.len(), 64);
    }
    let [a, b] = manifests[0].utterances.as_slice() else {
        panic!("two rows");
    };
    assert_eq!(a.path, "x/a.wav");
    assert_eq!(a.audio, dir.path().join("x/a.wav"));
    assert_eq!((a.start_secs, a.end_secs), (Some(0.5), Some(1.25)));
    assert_eq!(a.value(2), Some("one\ttwo \"q\""));
    assert_eq!(b.audio, Path::new("/abs/b.flac"));
    assert_eq!(b.metadata, [Some("2".to_owned()), None, None]);
    assert_eq!(manifests[0].speaker(a), Some("1"));
}

#[test]
fn the_hash_is_that_of_the_bytes() {
    let manifest = read("m.tsv", "path\na.wav\n").unwrap();
    // printf 'path\na.wav\n' | sha256sum
    assert_eq!(
        manifest.sha256,
        "5fd0a96bb099670342e3644155762bfb5c32a0035fb7cd947121de42056f868a"
    );
}

#[test]
fn ids_default_to_the_file_name_and_must_not_repeat() {
    let manifest = read("m.tsv", "path\nx/a.b.wav\ny/c.flac\n").unwrap();
    let ids: Vec<&str> = manifest.utterances.iter().map(|u| u.id.as_str()).collect();
    assert_eq!(ids, ["a.b", "c"]);

    let (why, hint) = fault("m.tsv", "path\nx/a.wav\n\ny/a.wav\n");
    assert_eq!(why, ", line 4: id `a` is already on line 2");
    assert!(hint.contains("`id` column"), "{hint}");
    let (why, _) = fault("m.csv", "id,path\nq,1.wav\n\"r\n\",2.wav\nq,3.wav\n");
    assert_eq!(why, ", line 5: id `q` is already on line 2");
    let (why, _) = fault("m.jsonl", "{\"path\":\"a.wav\"}\n{\"path\":\"b/a.wav\"}\n");
    assert_eq!(why, ", line 2: id `a` is already on line 1");
}

#[test]
fn a_missing_path_column_names_what_was_found() {
    let (why, hint) = fault("m.tsv", "id\tFile\na\tb.wav\n");
    assert_eq!(why, ": no column `path`; found `id`, `File`");
    assert_eq!(hint, "rename `File` to `path`");
    let (why, hint) = fault("m.csv", "id;path\na;b.wav\n");
    assert_eq!(why, ": no column `path`; found `id;path`");
    assert!(hint.contains("commas"), "{hint}");
    let (_, hint) = fault("m.tsv", "clips/a.wav\nclips/b.wav\n");
    assert!(hint.contains("header"), "{hint}");
}

#[test]
fn rows_that_do_not_fit() {
    for (name, text, expected) in [
        (
            "m.tsv",
            "path\tid\na.wav\n",
            ", line 2: 1 fields under a header of 2",
        ),
        (
            "m.csv",
            "path,id\na.wav,1,2\n",
            ", line 2: 3 fields under a header of 2",
        ),
        ("m.tsv", "path\tid\n\ta\n", ", line 2: `path` is empty"),
        ("m.tsv", "path\tid\nb.wav\t \n", ", line 2: `id` is empty"),
        ("m.tsv", "path\tid\nb.wav\tNA\n", ", line 2: `id` is empty"),
        (
            "m.tsv",
            "path\n/\n",
            ", line 2: `/` has no file name to make an id of",
        ),
        (
            "m.tsv",
            "path\tpath\na\tb\n",
            ", line 1: column `path` appears twice",
        ),
        ("m.tsv", "path\t\na\tb\n", ", line 1: column 2 has no name"),
        (
            "m.tsv",
            "path\tstart\na.wav\tx\n",
            ", line 2: `start` is no time in seconds: `x`",
        ),
        (
            "m.tsv",
            "path\tstart\na.wav\t-1\n",
            ", line 2: `start` is no time in seconds: `-1`",
        ),
        (
            "m.tsv",
            "path\tend\na.wav\tinf\n",
            ", line 2: `end` is no time in seconds: `inf`",
        ),
        (
            "m.tsv",
            "path\tend\na.wav\t1,5\n",
            ", line 2: `end` is no time in seconds: `1,5`",
        ),
        (
            "m.tsv",
            "path\tend\na.wav\t0\n",
            ", line 2: `start` 0 is not before `end` 0",
        ),
        (
            "m.tsv",
            "path\tstart\tend\na.wav\t2\t1.5\n",
            ", line 2: `start` 2 is not before `end` 1.5",
        ),
        ("m.tsv", "path\tid\n", ": it has a header and no rows"),
        ("m.tsv", "", ": it is empty"),
        ("m.csv", "\u{feff} \n", ": it is empty"),
        (
            "m.jsonl",
            "{\"path\":[1]}\n",
            ", line 1: key `path` holds a list or an object",
        ),
        (
            "m.jsonl",
            "{\"path\":\"a\",\"path\":\"b\"}\n",
            ", line 1: key `path` appears twice",
        ),
        (
            "m.jsonl",
            "{\"path\":\"a\",\"id\":2}\n{\"id\":1}\n",
            ", line 2: `path` is empty",
        ),
        (
            "m.txt",
            "path\na.wav\n",
            ": its name does not say what it is",
        ),
    ] {
        assert_eq!(fault(name, text).0, expected, "{text:?}");
    }
    let (why, _) = fault("m.jsonl", "path\na.wav\n");
    assert!(why.starts_with(", line 1: no JSON object: "), "{why}");
}

#[test]
fn byte_order_marks_and_line_ends_do_not_matter() {
    let plain = read("m.tsv", "path\tid\na.wav\t1\n").unwrap();
    for text in [
        "\u{feff}path\tid\r\na.wav\t1\r\n",
        "path\tid\na.wav\t1",
        " path\tid \n\na.wav\t1\n",
    ] {
        let manifest = read("m.tsv", text).unwrap();
        assert_eq!(manifest.utterances[0].path, plain.utterances[0].path);
        assert_eq!(manifest.utterances[0].id, "1");
    }
    let csv = read("m.csv", "\u{feff}path,id\r\n\"a, b.wav\",1\r\n").unwrap();
    assert_eq!(csv.utterances[0].path, "a, b.wav");
}

#[test]
fn text_that_is_not_utf8_is_located() {
    let (why, hint) = fault("m.tsv", b"path\ttext\na.wav\tcaf\xe9\n");
    assert_eq!(
        (why.as_str(), hint.as_str()),
        (", line 2: not UTF-8 text", "save it as UTF-8")
    );
    let (why, _) = fault("m.csv", b"\xff\xfep\0a\0t\0h\0\n\0");
    assert_eq!(why, ", line 1: it is UTF-16");
}

#[test]
fn a_missing_manifest_and_a_folder_are_errors_with_hints() {
    let dir = tempdir().unwrap();
    for path in [dir.path().join("none.tsv"), dir.path().to_path_buf()] {
        let error = Manifest::read(&path).unwrap_err();
        assert!(error.hint().is_some(), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn a_manifest_whose_path_is_not_utf8_works() {
    use std::os::unix::ffi::OsStrExt as _;
    let dir = tempdir().unwrap();
    let folder = dir.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    std::fs::create_dir(&folder).unwrap();
    let path = folder.join(std::ffi::OsStr::from_bytes(b"m\xff.tsv"));
    std::fs::write(&path, TSV).unwrap();
    let manifest = Manifest::read(&path).unwrap();
    assert_eq!(manifest.utterances[0].audio, folder.join("x/a.wav"));
    // Beside the recordings it can be written again; from elsewhere their path has no spelling.
    manifest.write(&folder.join("again.tsv")).unwrap();
    let error = manifest.write(&dir.path().join("else.tsv")).unwrap_err();
    assert!(error.to_string().contains("is not UTF-8"), "{error}");
    assert!(!dir.path().join("else.tsv").exists());
    let error = Manifest::read(&folder.join("none\u{1}.tsv")).unwrap_err();
    assert!(!error.to_string().contains('\u{1}'));
}

#[test]
fn writing_keeps_naming_the_same_recordings() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("m.tsv");
    std::fs::write(&path, TSV).unwrap();
    let manifest = Manifest::read(&path).unwrap();

    let beside = dir.path().join("beside.tsv");
    manifest.write(&beside).unwrap();
    assert_eq!(
        Manifest::read(&beside).unwrap().utterances,
        manifest.utterances
    );

    let below = dir.path().join("below");
    std::fs::create_dir(&below).unwrap();
    let elsewhere = below.join("elsewhere.tsv");
    manifest.write(&elsewhere).unwrap();
    let again = Manifest::read(&elsewhere).unwrap();
    assert_eq!(again.utterances[0].audio, manifest.utterances[0].audio);

    let twice = dir.path().join("twice.tsv");
    manifest.write(&twice).unwrap();
    assert_eq!(
        std::fs::read(&beside).unwrap(),
        std::fs::read(&twice).unwrap()
    );
}

#[test]
fn writing_that_cannot_work_leaves_nothing_behind() {
    let dir = tempdir().unwrap();
    let manifest = read("m.tsv", TSV).unwrap();
    for path in [dir.path().join("m.csv"), dir.path().join("no/folder/m.tsv")] {
        let error = manifest.write(&path).unwrap_err();
        assert!(error.hint().is_some(), "{error}");
    }
    let mut clash = manifest.clone();
    clash.columns[0] = "start".to_owned();
    assert!(clash.write(&dir.path().join("m.tsv")).is_err());
    let mut short = manifest;
    short.utterances[0].metadata.pop();
    assert!(short.write(&dir.path().join("m.tsv")).is_err());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

fn value() -> impl Strategy<Value = Option<String>> {
    let text = prop_oneof![".{1,12}", "[\\\\tnr\t\n\r\"',; ]{1,8}"];
    prop::option::of(text.prop_filter("means missing", |t| t != "NA"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_manifest_survives_writing(
        rows in prop::collection::vec((value(), value(), 0.0_f64..1e4, 1e-9_f64..1e4), 1..6),
        names in prop::collection::hash_set("[a-z\\\\\t\n\"]{1,6}x", 2),
    ) {
        let dir = tempdir().unwrap();
        let path = dir.path().join("m.tsv");
        let manifest = Manifest::new(
            dir.path(),
            names.into_iter().map(|n| format!("c{n}")).collect(),
            rows
                .into_iter()
                .enumerate()
                .map(|(i, (first, second, start, length))| Utterance {
                    id: format!("{i}\t\\n{}", first.clone().unwrap_or_default()),
                    path: format!("{i}\n.wav"),
                    audio: dir.path().join(format!("{i}\n.wav")),
                    start_secs: (i % 2 == 0).then_some(start),
                    end_secs: (i % 3 == 0).then_some(start + length),
                    metadata: vec![first, second],
                })
                .collect(),
        );
        manifest.write(&path).unwrap();
        let read = Manifest::read(&path).unwrap();
        prop_assert_eq!(&read.columns, &manifest.columns);
        prop_assert_eq!(&read.utterances, &manifest.utterances);
    }

    #[test]
    fn any_bytes_are_a_manifest_or_an_error(
        bytes in prop::collection::vec(any::<u8>(), 0..80),
        text in "path[,\t]?.{0,40}\n.{0,40}\n",
        extension in "tsv|csv|jsonl",
    ) {
        let _ = read(&format!("m.{extension}"), bytes);
        if let Err(error) = read(&format!("m.{extension}"), text) {
            prop_assert!(!error.to_string().contains('\n'));
        }
    }
}
