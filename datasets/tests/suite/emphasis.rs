//! Edited words: what was asked for comes back from the files, by other measures than the editor's.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use phonoscope_analysis::acoustics::{Sound, pitch};
use phonoscope_analysis::stats::quantile;
use phonoscope_analysis::task::Task;
use phonoscope_datasets::audio::{self, write_flac};
use phonoscope_datasets::synth::emphasis::{COLUMNS, Condition, Settings, write};
use phonoscope_datasets::{Error, Manifest, Utterance};
use tempfile::{TempDir, tempdir};

fn words() -> Option<Manifest> {
    let shared = std::env::var_os("PHONOSCOPE_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    let path = shared.join("speech/librispeech-stress/manifest.tsv");
    if !path.is_file() {
        println!("skipped: there is no {}", path.display());
        return None;
    }
    Some(Manifest::read(&path).unwrap())
}

fn number(manifest: &Manifest, row: &Utterance, name: &str) -> Option<f64> {
    let column = manifest.column(name).unwrap();
    row.value(column).map(|text| text.parse().unwrap())
}

fn text<'a>(manifest: &Manifest, row: &'a Utterance, name: &str) -> &'a str {
    row.value(manifest.column(name).unwrap()).unwrap()
}

/// Median F0 of the middle of a stretch of a file, by cross-correlation over one period, which
/// the editor does not use.
fn f0_hz(row: &Utterance, (from, to): (f64, f64)) -> Option<f64> {
    let samples = audio::read(&row.audio).unwrap().samples;
    let sound = Sound::from_f32(&samples, 16_000.0);
    let settings = pitch::Settings {
        step_secs: Some(0.0025),
        ..pitch::Settings::cc()
    };
    let track = pitch::track(&sound, &settings).ok()?;
    let margin = 0.3 * (to - from);
    let inside = |i: &usize| {
        let secs = track.frames.centre_secs(*i);
        from + margin <= secs && secs <= to - margin
    };
    let f0: Vec<f64> = (0..track.len())
        .filter(inside)
        .filter_map(|i| track.f0(i))
        .collect();
    (f0.len() >= 3).then(|| quantile(&f0, 0.5))
}

/// A sample of the real words: 40 rows, 9 versions each.
#[test]
fn real_words_come_out_as_asked_for() {
    let Some(manifest) = words() else { return };
    let dir = tempdir().unwrap();
    let settings = Settings {
        rows: Some(40),
        seed: 3,
        ..Settings::default()
    };
    let made = write(dir.path(), &manifest, &settings, &Task::silent()).unwrap();
    let summary = &made.summary;
    println!("{} words, skipped {:?}", summary.words, summary.skipped);
    assert_eq!(summary.words + summary.skipped.len(), 40);
    assert!(summary.words >= 30 && summary.recordings == 9 * summary.words);
    assert_eq!(summary.longest_vowel, 0);
    let all = &summary.conditions[0];
    assert_eq!((all.condition, all.n), ("all", summary.recordings));
    println!("{all:#?}");
    let duration = all.duration_within_2_percent;
    assert!(duration.share >= Some(0.95) && duration.not_measurable < all.n / 20);
    assert!(
        all.f0_within_1_st.share >= Some(0.95),
        "{:?}",
        all.f0_within_1_st
    );
    assert!(
        all.level_within_1_5_db.share >= Some(0.9),
        "{:?}",
        all.level_within_1_5_db
    );
    assert!(all.f0_within_1_st.not_measurable < all.n / 10);
    // It must not rasp: editing may not cost periodicity.
    assert!(
        all.hnr_change_db.median >= Some(-1.0),
        "{:?}",
        all.hnr_change_db
    );

    // The files, by other means.
    let edited = Manifest::read(&made.manifest).unwrap();
    assert_eq!(edited.columns, COLUMNS);
    let mut pairs: BTreeMap<&str, BTreeMap<&str, &Utterance>> = BTreeMap::new();
    for row in &edited.utterances {
        let pair = pairs.entry(text(&edited, row, "pair")).or_default();
        pair.insert(text(&edited, row, "condition"), row);
    }
    assert_eq!(pairs.len(), summary.words);
    let (mut off_st, mut missing) = (vec![], 0);
    for pair in pairs.values() {
        assert!(Condition::ALL.iter().all(|c| pair.contains_key(c.name())));
        let f0 = |condition: &str| {
            let row = pair[condition];
            let at = |name| number(&edited, row, name).unwrap();
            f0_hz(row, (at("stressed_vowel_start"), at("stressed_vowel_end")))
        };
        for condition in ["emphasis_all", "emphasis_f0", "control_pitch"] {
            let asked = number(&edited, pair[condition], "f0_shift_st").unwrap();
            // The version whose vowel keeps its pitch and its length.
            match (f0("emphasis_level"), f0(condition)) {
                (Some(a), Some(b)) => off_st.push((12.0 * (b / a).log2() - asked).abs()),
                _ => missing += 1,
            }
        }
        for row in pair.values() {
            let (start, end) = (row.start_secs.unwrap(), row.end_secs.unwrap());
            let secs = audio::read(&row.audio).unwrap().duration_secs();
            let at = |name| number(&edited, row, name).unwrap();
            let vowel = (at("stressed_vowel_start"), at("stressed_vowel_end"));
            assert!(start <= vowel.0 + 0.003 && vowel.0 < vowel.1 && vowel.1 <= end + 0.003);
            assert!(end <= secs + 1e-3, "{end} {secs}");
            assert!(number(&edited, row, "scale_db").unwrap() <= 0.0);
        }
    }
    let within = off_st.iter().filter(|off| **off <= 1.0).count();
    println!(
        "cross-correlation: {within} of {} within 1 st, {missing} not measurable",
        off_st.len()
    );
    assert!(within as f64 >= 0.95 * off_st.len() as f64);
    assert!(off_st.len() > 60);
}

/// A voiced word of 0.4 s in 0.6 s, as a corpus of its own.
fn corpus(header: &str, rows: &[&str]) -> (TempDir, Manifest) {
    let dir = tempdir().unwrap();
    let samples: Vec<f32> = (0..9600)
        .map(|i| {
            let t = f64::from(i) / 16_000.0;
            let inside = (0.1..0.5).contains(&t);
            let pulses: f64 = (1..20).map(|k| (f64::from(k) * 754.0 * t).cos()).sum();
            if inside { (0.02 * pulses) as f32 } else { 0.0 }
        })
        .collect();
    write_flac(&dir.path().join("a.flac"), &samples, 16_000).unwrap();
    write_flac(&dir.path().join("silent.flac"), &[0.0; 9600], 16_000).unwrap();
    let mut state = 1u32;
    let noise: Vec<f32> = (0..9600)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (state >> 8) as f32 / 16_777_216.0 * 0.2 - 0.1
        })
        .collect();
    write_flac(&dir.path().join("noise.flac"), &noise, 16_000).unwrap();
    let path = dir.path().join("in.tsv");
    fs::write(&path, format!("{header}\n{}\n", rows.join("\n"))).unwrap();
    let manifest = Manifest::read(&path).unwrap();
    (dir, manifest)
}

const HEADER: &str = "id\tpath\tspeaker\tstart\tend\tstressed_vowel_start\tstressed_vowel_end";

#[test]
fn what_cannot_be_edited_is_listed_with_its_reason() {
    let (dir, manifest) = corpus(
        HEADER,
        &[
            "good\ta.flac\ts1\t0.1\t0.5\t0.2\t0.35",
            "short\ta.flac\ts1\t0.1\t0.5\t0.2\t0.22",
            "silent\tsilent.flac\ts1\t0.1\t0.5\t0.2\t0.35",
            "unvoiced\tnoise.flac\ts1\t0.1\t0.5\t0.2\t0.35",
            "missing\tgone.flac\ts1\t0.1\t0.5\t0.2\t0.35",
            "outside\ta.flac\ts1\t0.1\t0.3\t0.2\t0.35",
            "late\ta.flac\ts1\t0.1\t0.9\t0.2\t0.35",
            "unaligned\ta.flac\ts1\tNA\tNA\tNA\tNA",
            "words\ta.flac\ts1\t0.1\t0.5\tx\t0.35",
        ],
    );
    let out = dir.path().join("out");
    let made = write(&out, &manifest, &Settings::default(), &Task::silent()).unwrap();
    let reasons: BTreeMap<&str, &str> = made
        .summary
        .skipped
        .iter()
        .map(|s| (s.id.as_str(), s.reason.as_str()))
        .collect();
    println!("{reasons:#?}");
    for (id, words) in [
        ("short", "shorter than 0.05 s"),
        ("silent", "silent"),
        ("unvoiced", "not voiced"),
        ("missing", "no such file"),
        ("outside", "outside of its word"),
        ("late", "the recording at 0.600 s"),
        ("unaligned", "no alignment"),
        ("words", "no times"),
    ] {
        assert!(reasons[id].contains(words), "{id}: {}", reasons[id]);
    }
    assert_eq!((made.summary.words, reasons.len()), (1, 8));
    let json = serde_json::to_string(&made.summary).unwrap();
    assert!(!json.contains("NaN"), "{json}");

    // Nothing that can be used is an error that says why.
    let (dir, manifest) = corpus(HEADER, &["s\tsilent.flac\ts1\t0.1\t0.5\t0.2\t0.35"]);
    let error = write(
        &dir.path().join("out"),
        &manifest,
        &Settings::default(),
        &Task::silent(),
    );
    let error = error.unwrap_err();
    assert!(error.to_string().contains("silent"), "{error}");
    assert!(error.is_input());
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_one_others() {
    let rows = ["good\ta.flac\ts1\t0.1\t0.5\t0.2\t0.35"];
    let (dir, manifest) = corpus(HEADER, &rows);
    let bytes = |name: &str, seed: u64| {
        let out = dir.path().join(name);
        let settings = Settings {
            seed,
            ..Settings::default()
        };
        write(&out, &manifest, &settings, &Task::silent()).unwrap();
        let clip = out.join("clips/good-emphasis_all.flac");
        (
            fs::read(out.join("manifest.tsv")).unwrap(),
            fs::read(clip).unwrap(),
        )
    };
    let first = bytes("one", 1);
    assert!(first == bytes("two", 1) && first == bytes("one", 1));
    assert!(first.1 != bytes("three", 2).1);
    // The folder of something else is left alone.
    let other = dir.path().join("other");
    fs::create_dir_all(&other).unwrap();
    fs::write(other.join("manifest.tsv"), "id\tpath\nx\tx.wav\n").unwrap();
    let refused = write(&other, &manifest, &Settings::default(), &Task::silent());
    assert!(matches!(refused, Err(Error::Synth(_))), "{refused:?}");
}

#[test]
fn stress_digits_of_an_alignment_name_the_vowel_and_without_them_the_longest() {
    let (dir, manifest) = corpus("id\tpath\tspeaker", &["utt\ta.flac\ts1"]);
    let table = |first: &str, second: &str| {
        format!(
            "id\ttier\tstart\tend\tlabel\n\
             a\twords\t0\t0.1\t\na\twords\t0.1\t0.5\tpermit\n\
             a\tphones\t0.1\t0.15\tP\na\tphones\t0.15\t0.25\t{first}\na\tphones\t0.25\t0.3\tM\n\
             a\tphones\t0.3\t0.45\t{second}\na\tphones\t0.45\t0.5\tT\n"
        )
    };
    for (first, second, start, source, longest) in [
        ("ER1", "IH0", 0.15, "stress_digit", 0),
        ("ER0", "IH1", 0.3, "stress_digit", 0),
        ("ER", "IH", 0.3, "longest_vowel", 1),
    ] {
        let path = dir.path().join("times.tsv");
        fs::write(&path, table(first, second)).unwrap();
        let settings = Settings {
            alignments: phonoscope_datasets::alignment::AlignmentSource::open(&path).unwrap(),
            ..Settings::default()
        };
        let out = dir.path().join(format!("{first}{second}"));
        let made = write(&out, &manifest, &settings, &Task::silent()).unwrap();
        assert_eq!(made.summary.longest_vowel, longest);
        let edited = Manifest::read(&made.manifest).unwrap();
        let level = &edited.utterances[5];
        assert_eq!(text(&edited, level, "condition"), "emphasis_level");
        assert_eq!(text(&edited, level, "word"), "permit");
        assert_eq!(text(&edited, level, "vowel_source"), source);
        let found = number(&edited, level, "stressed_vowel_start").unwrap();
        // The clip begins with the recording: 0.1 s of context.
        assert!((found - start).abs() < 1e-3, "{found}");
    }
}
