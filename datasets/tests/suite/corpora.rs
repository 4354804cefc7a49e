//! Importing corpora with planted faults.

use std::fs;
use std::path::Path;

use phonoscope_analysis::task::Task;
use phonoscope_datasets::alignment::{AlignmentSource, Level, spans};
use phonoscope_datasets::corpora::{
    CorpusKind, ImportSettings, Imported, Microphone, import, import_with,
};
use phonoscope_datasets::{Error, Manifest};
use tempfile::{TempDir, tempdir};

/// A folder with these files.
fn planted(files: &[(&str, &str)]) -> TempDir {
    let dir = tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn imported(kind: CorpusKind, dir: &Path) -> Imported {
    let found = import(kind, dir, &Task::silent()).unwrap();
    assert_eq!(
        import(kind, dir, &Task::silent()).unwrap(),
        found,
        "same bytes, same rows"
    );
    // What is imported is a manifest that can be written and read.
    let out = tempdir().unwrap();
    found.manifest.write(&out.path().join("m.tsv")).unwrap();
    let read = Manifest::read(&out.path().join("m.tsv")).unwrap();
    assert_eq!(read.utterances.len(), found.manifest.utterances.len());
    assert!(read.utterances.iter().all(|u| u.audio.is_file()));
    found
}

/// `id path values…`, missing ones as `-`.
fn rows(found: &Imported) -> Vec<String> {
    let of = |u: &phonoscope_datasets::Utterance| {
        let values = u.metadata.iter().map(|v| v.as_deref().unwrap_or("-"));
        let span = match (u.start_secs, u.end_secs) {
            (None, None) => String::new(),
            (start, end) => format!(
                "@{}-{}",
                start.unwrap_or(0.0),
                end.map_or("end".to_owned(), |e| e.to_string())
            ),
        };
        format!(
            "{} {}{span} | {}",
            u.id,
            u.path,
            values.collect::<Vec<_>>().join(" | ")
        )
    };
    found.manifest.utterances.iter().map(of).collect()
}

/// `file:line reason`.
fn skipped(found: &Imported, dir: &Path) -> Vec<String> {
    let of = |s: &phonoscope_datasets::corpora::Skipped| {
        let path = Path::new(&s.path);
        let path = path.strip_prefix(dir).unwrap_or(path).display().to_string();
        let line = s.line.map(|l| format!(":{l}")).unwrap_or_default();
        format!("{path}{line} {}", s.reason)
    };
    found.skipped.iter().map(of).collect()
}

#[test]
fn kaldi_with_segments_pipes_and_holes() {
    let dir = planted(&[
        ("wav/a.wav", "x"),
        ("wav/b.wav", "x"),
        (
            "wav.scp",
            "rec-a wav/a.wav\nrec-p sox in.wav -t wav - |\nrec-b wav/b.wav\nrec-a wav/b.wav\nrec-g wav/gone.wav\nrec-k feats.ark:123\nalone\n",
        ),
        (
            "segments",
            "u1 rec-a 0.5 1.25\nu2 rec-b 0 -1\nu3 rec-p 0 1\nu4 rec-x 0 1\nu5 rec-a 2 1\nu6 rec-a 0\nu7 rec-g 0 1\nu1 rec-b 0 1\nu8 rec-a 0 x\n",
        ),
        ("utt2spk", "u1 s1\nu2 s2\n"),
        ("spk2gender", "s1 f\ns2 unknown\n"),
        ("text", "u1 hello  there\n"),
        ("utt2dur", "u1 0.75\n"),
    ]);
    let found = imported(CorpusKind::Kaldi, dir.path());
    assert_eq!(
        found.manifest.columns,
        ["speaker", "sex", "age", "split", "text"]
    );
    assert_eq!(
        rows(&found),
        [
            "u1 wav/a.wav@0.5-1.25 | s1 | f | - | - | hello  there",
            "u2 wav/b.wav@0-end | s2 | - | - | - | -",
        ]
    );
    assert_eq!(
        skipped(&found, dir.path()),
        [
            "wav.scp:4 `rec-a` is there already",
            "wav.scp:7 not `name value`",
            "wav.scp:2 recording `rec-p`: it is a command (`sox …`), and commands are not run: convert it and name the file",
            "wav.scp:6 recording `rec-k`: it lies within an archive: name a file",
            "segments:3 recording `rec-p` is skipped",
            "segments:4 wav.scp has no recording `rec-x`",
            "segments:5 2 to 1 s is no span",
            "segments:6 not `utterance recording start end`",
            "segments:7 there is no recording `wav/gone.wav`",
            "segments:8 id `u1` is taken by `wav/a.wav`",
            "segments:9 `x` is no time in seconds",
        ]
    );
    assert_eq!(
        found.notes,
        [
            "`sex` is missing for 1 of 2 utterances",
            "`text` is missing for 1 of 2 utterances"
        ]
    );
}

#[test]
fn kaldi_commands_are_never_run_and_roots_are_respected() {
    let dir = planted(&[
        ("corpus/a.wav", "x"),
        ("data/train/wav.scp", "u1 corpus/a.wav\nu2 touch ran |\n"),
        ("data/test/wav.scp", "u3 corpus/a.wav\n"),
    ]);
    let data = dir.path().join("data");
    let error = import(CorpusKind::Kaldi, &data, &Task::silent()).unwrap_err();
    assert!(
        error.to_string().contains("there is no recording"),
        "{error}"
    );
    let settings = ImportSettings {
        root: Some(dir.path().to_path_buf()),
        ..ImportSettings::default()
    };
    let found = import_with(CorpusKind::Kaldi, &data, &settings, &Task::silent()).unwrap();
    let splits: Vec<Option<&str>> = found
        .manifest
        .utterances
        .iter()
        .map(|u| u.value(3))
        .collect();
    assert_eq!(splits, [Some("test"), Some("train")]);
    assert_eq!(found.skipped.len(), 1);
    for folder in [dir.path(), &data, &data.join("train"), Path::new(".")] {
        assert!(!folder.join("ran").exists());
    }
}

#[test]
fn vctk_microphones_people_and_texts() {
    let dir = planted(&[
        ("wav48_silence_trimmed/p225/p225_001_mic1.flac", "x"),
        ("wav48_silence_trimmed/p225/p225_001_mic2.flac", "x"),
        ("wav48_silence_trimmed/p225/other_mic1.flac", "x"),
        ("wav48_silence_trimmed/p280/p280_002_mic1.flac", "x"),
        ("wav48_silence_trimmed/s5/s5_003_mic1.flac", "x"),
        ("wav48_silence_trimmed/s5/s5_003_mic2.flac", "x"),
        ("wav48_silence_trimmed/log.txt", "x"),
        ("txt/p225/p225_001.txt", "Please call Stella.\n"),
        (
            "speaker-info.txt",
            "ID  AGE  GENDER  ACCENTS  REGION COMMENTS \np225  23  F    English    Southern  England\np280  25  F    Unknown    France (mic2 files unavailable)\np225 1 M x\nbad line\n",
        ),
    ]);
    let found = imported(CorpusKind::Vctk, dir.path());
    assert_eq!(
        rows(&found),
        [
            "p225_001 wav48_silence_trimmed/p225/p225_001_mic1.flac | p225 | f | 23 | English | Southern England | Please call Stella.",
            "p280_002 wav48_silence_trimmed/p280/p280_002_mic1.flac | p280 | f | 25 | - | France | -",
            "s5_003 wav48_silence_trimmed/s5/s5_003_mic1.flac | s5 | - | - | - | - | -",
        ]
    );
    assert_eq!(
        skipped(&found, dir.path()),
        [
            "speaker-info.txt:4 the speaker is there already",
            "speaker-info.txt:5 not `id age F or M accent region`",
            "wav48_silence_trimmed/p225/other_mic1.flac its name is not p225_NUMBER",
        ]
    );
    assert_eq!(
        found.notes[0],
        "mic1 was taken; 2 recordings of the other microphone were left out (--mic chooses)"
    );
    let settings = ImportSettings {
        microphone: Microphone::Second,
        ..ImportSettings::default()
    };
    let second = import_with(CorpusKind::Vctk, dir.path(), &settings, &Task::silent()).unwrap();
    let ids: Vec<&str> = second
        .manifest
        .utterances
        .iter()
        .map(|u| u.id.as_str())
        .collect();
    assert_eq!(ids, ["p225_001", "s5_003"]);
    assert!(
        skipped(&second, dir.path())
            .iter()
            .any(|s| s.ends_with("there is no mic2 recording of it"))
    );

    let old = planted(&[
        ("wav48/p226/p226_001.wav", "x"),
        (
            "speaker-info.txt",
            "ID  AGE  GENDER  ACCENTS  REGION\n226  22  M    English    Surrey\n",
        ),
    ]);
    assert_eq!(
        rows(&imported(CorpusKind::Vctk, old.path())),
        ["p226_001 wav48/p226/p226_001.wav | p226 | m | 22 | English | Surrey | -"]
    );
}

#[test]
fn common_voice_decades_genders_and_splits() {
    let header = "client_id\tpath\tsentence_id\tsentence\tup_votes\tage\tgender\taccents\tlocale\n";
    let validated = format!(
        "{header}c1\ta.mp3\ts1\tHe said \"no.\t2\ttwenties\tmale_masculine\tEngland English\ten\n\
        c2\tb.mp3\ts2\tYes.\t2\t\t\t\ten\n\
        c3\tgone.mp3\ts3\tNo.\t2\t\t\t\ten\n\
        c4\ttoo\tfew\n\
        c1\ta.mp3\ts1\tAgain.\t2\tfourties\tnon-binary\t\ten\n\
        c5\t\ts5\tNothing.\t2\t\t\t\ten\n"
    );
    let dir = planted(&[
        ("clips/a.mp3", "x"),
        ("clips/b.mp3", "x"),
        ("validated.tsv", &validated),
        (
            "test.tsv",
            &format!("{header}c2\tb.mp3\ts2\tYes.\t2\t\t\t\ten\n"),
        ),
    ]);
    let found = imported(CorpusKind::CommonVoice, dir.path());
    assert_eq!(
        found.manifest.columns,
        [
            "speaker",
            "sex",
            "gender",
            "age",
            "age_band",
            "accent",
            "locale",
            "split",
            "text",
            "sentence_id"
        ]
    );
    assert_eq!(
        rows(&found),
        [
            "a clips/a.mp3 | c1 | m | male_masculine | 25 | twenties | England English | en | - | He said \"no. | s1",
            "b clips/b.mp3 | c2 | - | - | - | - | - | en | test | Yes. | s2",
        ]
    );
    assert_eq!(
        skipped(&found, dir.path()),
        [
            "validated.tsv:5 3 fields under a header of 9",
            "validated.tsv:4 there is no recording `clips/gone.mp3`",
            "validated.tsv:6 id `a` is taken by `clips/a.mp3`",
            "validated.tsv:7 `path` is empty",
        ]
    );
    assert!(found.notes[0].starts_with("`age` is the middle of the decade"));
    fs::remove_file(dir.path().join("validated.tsv")).unwrap();
    let splits = imported(CorpusKind::CommonVoice, dir.path());
    assert_eq!(rows(&splits).len(), 1);
    assert!(splits.notes[0].contains("validated.tsv was not found"));
}

#[test]
fn globe_of_both_versions() {
    let dir = planted(&[
        ("train/S_1.wav", "x"),
        ("deep/er/cv_2.flac", "x"),
        ("a/twin.wav", "x"),
        ("b/twin.wav", "x"),
        (
            "train.csv",
            "path,speaker_id,transcript,accent,duration,age,gender\nS_1.wav,S_000658,\"He, too.\",England English,2.1,sixties,female\ngone.wav,S_1,x,,1,,\ntwin,S_2,x,,1,,\n",
        ),
        (
            "val.csv",
            "common_voice_sentence_id,predicted_gender,predicted_age,predicted_accent,transcript\ncv_2,male,34,Indian,Yes.\n",
        ),
        ("notes.csv", "a,b\n1,2\n"),
    ]);
    let found = imported(CorpusKind::Globe, dir.path());
    assert_eq!(
        rows(&found),
        [
            "S_1 train/S_1.wav | S_000658 | f | female | 65 | sixties | England English | train | He, too.",
            "cv_2 deep/er/cv_2.flac | - | m | male | 34 | 34 | Indian | val | Yes.",
        ]
    );
    assert_eq!(
        skipped(&found, dir.path()),
        [
            "notes.csv no column names the recordings",
            "train.csv:3 there is no recording `gone.wav`",
            "train.csv:4 2 recordings are called `twin`",
        ]
    );
}

#[test]
fn audio_mnist_with_an_age_nobody_has() {
    let meta = r#"{"01": {"accent": "german", "age": 30, "gender": "male", "native speaker": "no", "origin": "Europe", "recordingroom": "Kino"},
        "45": {"accent": "German", "age": "1234", "gender": "female"}}"#;
    let dir = planted(&[
        ("data/01/7_01_12.wav", "x"),
        ("data/01/x_01_1.wav", "x"),
        ("data/01/1_02_1.wav", "x"),
        ("data/45/0_45_0.wav", "x"),
        ("data/60/9_60_3.wav", "x"),
        ("data/audioMNIST_meta.txt", meta),
    ]);
    let found = imported(CorpusKind::AudioMnist, dir.path());
    assert_eq!(
        rows(&found),
        [
            "7_01_12 data/01/7_01_12.wav | 01 | m | 30 | german | no | Europe | Kino | seven | 12",
            "0_45_0 data/45/0_45_0.wav | 45 | f | - | German | - | - | - | zero | 0",
            "9_60_3 data/60/9_60_3.wav | 60 | - | - | - | - | - | - | nine | 3",
        ]
    );
    assert_eq!(found.skipped.len(), 2);
    assert_eq!(
        found.notes[..2],
        [
            "`1234` is no age: speaker 45 has none",
            "speaker 60 is not in audioMNIST_meta.txt"
        ]
    );
    fs::write(dir.path().join("data/audioMNIST_meta.txt"), "{\n\"01\": ").unwrap();
    let broken = imported(CorpusKind::AudioMnist, dir.path());
    assert!(skipped(&broken, dir.path())[0].ends_with(":2 no JSON object of speakers"));
}

#[test]
fn speechocean_scores_as_columns() {
    let scores = r#"{"000010011": {"accuracy": 8, "completeness": 10.0, "fluency": 9, "prosodic": 9, "total": 8.5,
        "text": "WE CALL", "words": [{"text": "WE", "accuracy": 10, "stress": 10, "total": 10, "phones": ["W", "IY0"]},
        {"text": "CALL", "accuracy": 10, "stress": 5, "total": 9, "phones": ["K", "AO0", "L"]}]}}"#;
    let dir = planted(&[
        ("WAVE/SPEAKER0001/000010011.WAV", "x"),
        ("WAVE/SPEAKER0001/000010035.WAV", "x"),
        (
            "train/wav.scp",
            "000010011\tWAVE/SPEAKER0001/000010011.WAV\n",
        ),
        ("train/utt2spk", "000010011\t0001\n"),
        ("train/spk2gender", "0001 m\n"),
        ("train/spk2age", "0001 6\n"),
        ("train/text", "000010011\tWE CALL\n"),
        (
            "test/wav.scp",
            "000010035\tWAVE/SPEAKER0001/000010035.WAV\n",
        ),
        ("resource/scores.json", scores),
    ]);
    let found = imported(CorpusKind::SpeechOcean762, dir.path());
    let columns = found.manifest.columns[5..].join(" ");
    assert_eq!(
        columns,
        "accuracy completeness fluency prosodic total word_accuracy word_stress word_total phones"
    );
    assert_eq!(
        rows(&found)[1],
        "000010011 WAVE/SPEAKER0001/000010011.WAV | 0001 | m | 6 | train | WE CALL | 8 | 10 | 9 | 9 | 8.5 | 10 10 | 10 5 | 10 9 | W IY0 K AO0 L"
    );
    assert!(rows(&found)[0].ends_with("| test | - | - | - | - | - | - | - | - | - | -"));
    fs::remove_file(dir.path().join("resource/scores.json")).unwrap();
    let without = imported(CorpusKind::SpeechOcean762, dir.path());
    assert!(without.notes[0].contains("scores are missing"));
}

#[test]
fn timit_in_both_cases_with_phones_and_ages() {
    let dir = planted(&[
        ("TIMIT/TRAIN/DR1/FCJF0/SA1.WAV", "x"),
        ("TIMIT/TRAIN/DR1/FCJF0/SA1.WAV.wav", "x"),
        ("TIMIT/TRAIN/DR1/FCJF0/SA1.PHN", "0 1600 h#\n1600 3200 sh\n"),
        ("TIMIT/TRAIN/DR1/FCJF0/SA1.WRD", "1600 3200 she\n"),
        (
            "TIMIT/TRAIN/DR1/FCJF0/SA1.TXT",
            "0 46797 She had your dark suit.\n",
        ),
        ("TIMIT/TRAIN/DR1/README/SA1.WAV", "x"),
        ("TIMIT/test/dr2/mabc0/sx9.wav", "x"),
        ("TIMIT/test/dr2/mabc0/zz9.wav", "x"),
        (
            "TIMIT/DOC/SPKRINFO.TXT",
            ";ID Sex DR Use RecDate BirthDate\nCJF0  F  1  TRN  03/03/87  06/17/60  5'11\"  WHT  BS\nABC0 M 2 TST 03/03/87 ??/??/?? x\nbad\n",
        ),
    ]);
    let found = imported(CorpusKind::Timit, dir.path());
    assert_eq!(
        rows(&found),
        [
            "FCJF0_sa1 TIMIT/TRAIN/DR1/FCJF0/SA1.WAV | FCJF0 | f | 26 | dr1 | train | sa1 | sa | She had your dark suit.",
            "mabc0_sx9 TIMIT/test/dr2/mabc0/sx9.wav | mabc0 | m | - | dr2 | test | sx9 | sx | -",
        ]
    );
    assert_eq!(
        skipped(&found, dir.path()),
        [
            "TIMIT/DOC/SPKRINFO.TXT:4 not `ID Sex DR Use RecDate BirthDate …`",
            "TIMIT/TRAIN/DR1/FCJF0/SA1.WAV.wav a copy of the same sentence",
            "TIMIT/TRAIN/DR1/README its name is not that of a speaker (F or M, then XXXn)",
            "TIMIT/test/dr2/mabc0/zz9.wav its name is not SAn, SIn or SXn",
        ]
    );
    assert_eq!(
        found.notes[0],
        "1 recordings have no .PHN: phone times are missing"
    );
    let manifest = &found.manifest;
    let source = AlignmentSource::beside();
    let words = spans(&manifest.utterances[0], manifest, &source, Level::Word).unwrap();
    assert_eq!((words[0].label.as_str(), words[0].start_secs), ("she", 0.1));
}

#[test]
fn intonatang_names_and_phones() {
    let dir = planted(&[
        ("intonatang/data/timit_tokens/fadg0_si1279.wav", "x"),
        ("intonatang/data/timit_tokens/mabc0_sx9.wav", "x"),
        ("intonatang/data/timit_tokens/noise.wav", "x"),
        ("intonatang/data/timit/fadg0_si1279.phn", "0 1600 h#\n"),
    ]);
    let found = imported(CorpusKind::Intonatang, dir.path());
    assert_eq!(
        rows(&found),
        [
            "fadg0_si1279 intonatang/data/timit_tokens/fadg0_si1279.wav | fadg0 | f | si1279 | si | intonatang/data/timit/fadg0_si1279.phn",
            "mabc0_sx9 intonatang/data/timit_tokens/mabc0_sx9.wav | mabc0 | m | sx9 | sx | -",
        ]
    );
    assert_eq!(found.skipped.len(), 1);
    assert_eq!(
        found.notes,
        ["`alignment` is missing for 1 of 2 utterances"]
    );
}

#[test]
fn emphassess_words_by_index() {
    let dir = planted(&[
        ("wav/ex04_1.wav", "x"),
        (
            "gold_df.json",
            "{\"id\":\"ex04_1\",\"src_sentence\":[\"add\",\"seven\",\"hours\"],\"gold_emphasis\":[0,2],\"voice\":\"expresso_ex04\"}\n\
            {\"id\":\"ex04_1\",\"src_sentence\":[\"add\"],\"gold_emphasis\":[3],\"voice\":\"v\"}\n\
            {\"id\":\"gone\",\"src_sentence\":\"a b\",\"gold_emphasis\":[0]}\n{\"id\":1}\n",
        ),
    ]);
    let found = imported(CorpusKind::EmphAssess, dir.path());
    assert_eq!(
        rows(&found),
        ["ex04_1 wav/ex04_1.wav | expresso_ex04 | add seven hours | add hours | 0 2 | -"]
    );
    let reasons = skipped(&found, dir.path());
    assert_eq!(
        reasons[0],
        "gold_df.json:2 emphasis behind the last of 1 words"
    );
    assert_eq!(reasons[1], "gold_df.json:3 there is no recording `gone`");
    assert!(
        reasons[2].starts_with("gold_df.json:4 no sentence: "),
        "{reasons:?}"
    );
}

#[test]
fn tables_by_other_names() {
    let dir = planted(&[
        ("clips/a.wav", "x"),
        ("clips/b.wav", "x"),
        (
            "labels.csv",
            "file,speaker_id,gender,age,start,end,label,id_note\nclips/a.wav,s1,Female,31,0,0.5,yes,n\nclips/a.wav,s1,female,31,0.5,1,no,\nclips/b.wav,s2,other,old,,,yes,\nclips/a.wav,s1,f,31,2,1,no,\nclips/c.wav,s1,f,31,,,no,\n,s1,f,31,,,no,\nclips/b.wav,s2\n",
        ),
    ]);
    for place in [dir.path().to_path_buf(), dir.path().join("labels.csv")] {
        let found = imported(CorpusKind::Table, &place);
        assert_eq!(
            found.manifest.columns,
            ["speaker", "sex", "age", "label", "id_note"]
        );
        assert_eq!(
            rows(&found),
            [
                "a-1 clips/a.wav@0-0.5 | s1 | f | 31 | yes | n",
                "a-2 clips/a.wav@0.5-1 | s1 | f | 31 | no | -",
                "b clips/b.wav | s2 | - | - | yes | -",
            ]
        );
        assert_eq!(
            skipped(&found, dir.path()),
            [
                "labels.csv:8 2 fields under a header of 8",
                "labels.csv:5 2 to 1 s is no span",
                "labels.csv:6 there is no recording `clips/c.wav`",
                "labels.csv:7 it names no recording",
            ]
        );
        assert_eq!(
            found.notes,
            [
                "1 ages are no numbers of years: left empty",
                "1 sexes are neither female nor male: left empty",
                "`sex` is missing for 1 of 3 utterances",
            ]
        );
    }
    fs::write(dir.path().join("other.tsv"), "x\ty\n").unwrap();
    let error = import(CorpusKind::Table, dir.path(), &Task::silent()).unwrap_err();
    assert!(
        error.to_string().contains("it holds 2 tables: name one"),
        "{error}"
    );
    let error = import(
        CorpusKind::Table,
        &dir.path().join("other.tsv"),
        &Task::silent(),
    )
    .unwrap_err();
    assert!(error.to_string().contains("found `x`, `y`"), "{error}");
}

#[test]
fn another_layout_or_no_folder_is_told_for_every_kind() {
    let empty = tempdir().unwrap();
    for kind in CorpusKind::ALL {
        let error = import(kind, empty.path(), &Task::silent()).unwrap_err();
        assert!(matches!(error, Error::Corpus { .. }), "{kind}: {error}");
        assert!(error.hint().unwrap().starts_with("expected "), "{kind}");
        let error = import(kind, &empty.path().join("gone"), &Task::silent()).unwrap_err();
        assert!(matches!(error, Error::Read { .. }), "{kind}: {error}");
    }
}
