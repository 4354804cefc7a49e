//! Checking a corpus.

use std::path::{Path, PathBuf};

use phonoscope_analysis::task::Task;
use phonoscope_datasets::audio::{self, Codec};
use phonoscope_datasets::check::{LevelSummary, Severity, check};
use phonoscope_datasets::{Error, Manifest};
use tempfile::tempdir;

use crate::signals::{fixture, sine, write_float_wav};

fn manifest(dir: &Path) -> Manifest {
    audio::write_wav(
        &dir.join("good.wav"),
        &sine(200.0, 0.5, 16_000, 16_000),
        16_000,
    )
    .unwrap();
    std::fs::copy(dir.join("good.wav"), dir.join("copy.wav")).unwrap();
    audio::write_wav(&dir.join("loud.wav"), &[1.0; 16_000], 16_000).unwrap();
    audio::write_wav(&dir.join("nothing.wav"), &[0.0; 16_000], 16_000).unwrap();
    audio::write_wav(
        &dir.join("quiet.wav"),
        &sine(200.0, 0.001, 16_000, 800),
        16_000,
    )
    .unwrap();
    std::fs::write(dir.join("text.wav"), "not audio").unwrap();
    std::fs::copy(fixture("tone-440hz-stereo-8khz.mp3"), dir.join("phone.mp3")).unwrap();
    let mut nan = vec![0.1; 4_000];
    nan[7] = f64::NAN;
    write_float_wav(&dir.join("nan.wav"), &nan, 32, 1, 16_000);
    let tsv = "id\tpath\tspeaker\tsex\tstart\tend\n\
        good\tgood.wav\ts1\tf\tNA\tNA\n\
        copy\tcopy.wav\ts1\tm\tNA\tNA\n\
        part\tgood.wav\ts1\tf\t0.25\t0.5\n\
        loud\tloud.wav\ts2\tNA\tNA\tNA\n\
        nothing\tnothing.wav\ts2\tm\tNA\tNA\n\
        quiet\tquiet.wav\ts3\tm\tNA\tNA\n\
        text\ttext.wav\ts3\tm\tNA\tNA\n\
        phone\tphone.mp3\ts4\tf\tNA\tNA\n\
        nan\tnan.wav\ts4\tf\tNA\tNA\n\
        gone\tgone.wav\ts5\tf\tNA\tNA\n\
        behind\tgood.wav\ts5\tf\t0.5\t3\n";
    let path = dir.join("m.tsv");
    std::fs::write(&path, tsv).unwrap();
    Manifest::read(&path).unwrap()
}

#[test]
fn everything_that_is_wrong_is_listed_in_order() {
    let dir = tempdir().unwrap();
    let manifest = manifest(dir.path());
    let checked = check(&manifest, &Task::silent()).unwrap();
    let problems: Vec<(Option<&str>, Severity, &str)> = checked
        .problems
        .iter()
        .map(|p| (p.id.as_deref(), p.severity, p.words.as_str()))
        .collect();
    use Severity::{Error, Note, Warning};
    assert_eq!(
        problems,
        [
            (Some("copy"), Warning, "the same recording as `good`"),
            (
                Some("loud"),
                Warning,
                "clipped: 100.0 % of samples at full scale"
            ),
            (Some("nothing"), Warning, "digital silence"),
            (Some("quiet"), Warning, "only 0.050 s long"),
            (Some("quiet"), Warning, "very quiet: -63 dB of full scale"),
            (Some("text"), Error, "not a recording: it looks like text"),
            (Some("nan"), Error, "sample 7 is NaN"),
            (Some("gone"), Error, "no such file"),
            (
                Some("behind"),
                Error,
                "span 0.5–3 s is not inside its 1.000 s"
            ),
            (
                None,
                Warning,
                "recordings have 2 sample rates (8000, 16000 Hz): bandwidth may pass for a property of speakers"
            ),
            (
                None,
                Warning,
                "recordings at 8000 Hz have nothing above 4000 Hz"
            ),
            (None, Note, "2 of 5 speakers have one usable utterance"),
            (
                None,
                Warning,
                "speaker `s1` has more than one sex: `f`, `m`"
            ),
        ]
    );
    assert_eq!((checked.usable(), checked.count(Error)), (7, 4));
    assert_eq!(checked.items.len(), 11);
    let ids: Vec<&str> = checked.items.iter().map(|i| i.id.as_str()).collect();
    let expected: Vec<&str> = manifest.utterances.iter().map(|u| u.id.as_str()).collect();
    assert_eq!(ids, expected);
    assert_eq!(check(&manifest, &Task::silent()).unwrap(), checked);
}

#[test]
fn counts_of_formats_speakers_and_classes() {
    let dir = tempdir().unwrap();
    let checked = check(&manifest(dir.path()), &Task::silent()).unwrap();
    let formats: Vec<(u32, u32, Codec, usize)> = checked
        .formats
        .iter()
        .map(|f| {
            (
                f.source.sample_rate_hz,
                f.source.channels,
                f.source.codec,
                f.items,
            )
        })
        .collect();
    assert_eq!(
        formats,
        [(8_000, 2, Codec::Mp3, 1), (16_000, 1, Codec::PcmFloat, 6)]
    );
    let speakers: Vec<(&str, usize)> = checked
        .speakers
        .iter()
        .map(|s| (s.speaker.as_str(), s.items))
        .collect();
    assert_eq!(
        speakers,
        [("s1", 3), ("s2", 2), ("s3", 1), ("s4", 1), ("s5", 0)]
    );
    assert!((checked.speakers[0].secs - 2.25).abs() < 1e-9);
    let phone_secs = checked.items[7].measures().unwrap().duration_secs;
    assert!((checked.total_secs - (4.25 + 0.05 + phone_secs)).abs() < 1e-9);
    let sex = &checked.columns[1];
    assert_eq!(
        (sex.name.as_str(), sex.missing, sex.distinct),
        ("sex", 1, 2)
    );
    let levels: Vec<(&str, usize, Option<usize>)> = sex
        .levels
        .iter()
        .map(|l| (l.value.as_str(), l.items, l.speakers))
        .collect();
    assert_eq!(levels, [("f", 6, Some(3)), ("m", 4, Some(3))]);
    let level = checked.items[0].measures().unwrap().level;
    assert!((level.peak_db.unwrap() - 20.0 * 0.5_f64.log10()).abs() < 0.01);
    assert!((level.rms_db.unwrap() - 10.0 * 0.125_f64.log10()).abs() < 0.01);
}

#[test]
fn alignments_are_counted_and_misfits_told() {
    let dir = tempdir().unwrap();
    for name in ["a", "b", "c", "d", "e"] {
        let path = dir.path().join(format!("{name}.wav"));
        audio::write_wav(&path, &sine(200.0, 0.5, 16_000, 16_000), 16_000).unwrap();
    }
    for (name, text) in [
        ("a.phn", "0 1600 h#\n1600 4800 aa\n4800 16400 b\n"),
        ("a.wrd", "1600 4800 one\n4000 16000 two\n"),
        ("b.phn", "0 32000 aa\n"),
        ("c.phn", "0 x aa\n"),
        ("d.ctm", "d 1 0 0.5 one\n"),
    ] {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let path = dir.path().join("m.tsv");
    std::fs::write(&path, "path\na.wav\nb.wav\nc.wav\nd.wav\ne.wav\ngone.wav\n").unwrap();
    let checked = check(&Manifest::read(&path).unwrap(), &Task::silent()).unwrap();
    let alignment = checked.alignment.as_ref().unwrap();
    let counts = |l: &LevelSummary| (l.items, l.spans, l.distinct, l.overlapping);
    assert_eq!(alignment.items, 3);
    assert_eq!(counts(&alignment.words), (2, 3, 2, 1));
    assert_eq!(counts(&alignment.phones), (1, 2, 2, 0));
    assert!((alignment.words.secs - 1.45).abs() < 1e-9);
    let words: Vec<(Option<&str>, &str)> = checked
        .problems
        .iter()
        .filter(|p| {
            p.words.contains("lign") || p.words.contains("cut") || p.words.contains("overlap")
        })
        .map(|p| (p.id.as_deref(), p.words.as_str()))
        .collect();
    assert_eq!(
        words,
        [
            (Some("a"), "1 labels cut by up to 0.025 s at its end"),
            (
                Some("b"),
                "alignment: `aa` ends at 2.000 s and the utterance at 1.000 s"
            ),
            (
                Some("c"),
                "alignment, line 1: not `start end label`: `0 x aa`"
            ),
            (None, "1 usable items have no alignment"),
            (None, "1 of 3 words overlap"),
        ]
    );
    let json = serde_json::to_value(&checked).unwrap();
    assert_eq!(json["schema"], "phonoscope.check/1");
    assert_eq!(json["alignment"]["phones"]["distinct"], 2);
}

#[test]
fn cancelling_ends_it() {
    let dir = tempdir().unwrap();
    let task = Task::silent();
    task.cancel.cancel();
    assert!(matches!(
        check(&manifest(dir.path()), &task),
        Err(Error::Cancelled)
    ));
}

fn shared() -> PathBuf {
    std::env::var_os("PHONOSCOPE_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")),
        PathBuf::from,
    )
}

#[test]
fn librispeech_251_is_whole() {
    let path = shared().join("speech/librispeech-251/manifest.tsv");
    if !path.is_file() {
        println!("skipped: no {}", path.display());
        return;
    }
    let checked = check(&Manifest::read(&path).unwrap(), &Task::silent()).unwrap();
    assert_eq!((checked.usable(), checked.count(Severity::Error)), (251, 0));
    assert_eq!(checked.formats.len(), 1);
    let sexes: Vec<usize> = checked.columns[1].levels.iter().map(|l| l.items).collect();
    assert_eq!(sexes, [125, 126]);
}
