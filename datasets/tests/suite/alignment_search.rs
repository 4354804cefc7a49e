//! Which alignment belongs to an utterance, and whether it fits.

use std::fs;
use std::path::{Path, PathBuf};

use phonoscope_datasets::alignment::{
    self, Alignment, AlignmentSource, Level, Tier, TierKind, fit,
};
use phonoscope_datasets::{Error, Manifest};
use tempfile::tempdir;

use super::alignments::{LONG, interval};

/// A manifest with a recording `talk.wav` of 2 s whole and as the segment `s1` from 0.5 s.
fn manifest(dir: &Path, column: &str) -> Manifest {
    let tsv = format!(
        "id\tpath\tstart\tend\talignment\ntalk\ttalk.wav\tNA\tNA\t{column}\ns1\ttalk.wav\t0.5\t1.25\t{column}\n"
    );
    fs::write(dir.join("m.tsv"), tsv).unwrap();
    Manifest::read(&dir.join("m.tsv")).unwrap()
}

fn shown(
    manifest: &Manifest,
    row: usize,
    source: &AlignmentSource,
    level: Level,
) -> Result<String, Error> {
    let spans = alignment::spans(&manifest.utterances[row], manifest, source, level)?;
    let words = spans.iter().map(|s| {
        let mark = if s.silent { "~" } else { "" };
        format!("{mark}{}:{:.3}-{:.3}", s.label, s.start_secs, s.end_secs)
    });
    Ok(words.collect::<Vec<_>>().join(" "))
}

#[test]
fn an_alignment_beside_the_recording_is_cut_to_the_segment() {
    let dir = tempdir().unwrap();
    let manifest = manifest(dir.path(), "NA");
    let source = AlignmentSource::beside();
    let error = shown(&manifest, 0, &source, Level::Word).unwrap_err();
    assert!(
        matches!(&error, Error::Unaligned { id, .. } if id == "talk"),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("TextGrid"));

    fs::write(dir.path().join("talk.TextGrid"), LONG).unwrap();
    let whole = shown(&manifest, 0, &source, Level::Word).unwrap();
    assert_eq!(
        whole,
        "~:0.000-0.250 say \"ah\" ! 5:0.250-0.750 zwei\nZeilen é:0.750-1.500"
    );
    let segment = shown(&manifest, 1, &source, Level::Word).unwrap();
    assert_eq!(
        segment,
        "say \"ah\" ! 5:0.000-0.250 zwei\nZeilen é:0.250-0.750"
    );
    let error = shown(&manifest, 0, &source, Level::Phone).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("it has no tier of phones; tiers: `words`, `bell 2` (points)"),
        "{error}"
    );
    assert_eq!(error.hint(), Some("name the tier of phones `phones`"));

    fs::remove_file(dir.path().join("talk.TextGrid")).unwrap();
    fs::write(dir.path().join("talk.PHN"), "0 8000 h#\n8000 16000 aa\n").unwrap();
    fs::write(dir.path().join("talk.WRD"), "8000 16000 ah\n").unwrap();
    assert_eq!(
        shown(&manifest, 0, &source, Level::Phone).unwrap(),
        "~h#:0.000-0.500 aa:0.500-1.000"
    );
    assert_eq!(
        shown(&manifest, 0, &source, Level::Word).unwrap(),
        "ah:0.500-1.000"
    );
}

#[test]
fn names_decide_from_where_times_count() {
    let dir = tempdir().unwrap();
    let manifest = manifest(dir.path(), "NA");
    let other = tempdir().unwrap();
    let ctm = other.path().join("all.ctm");
    fs::write(&ctm, "talk 1 0.6 0.2 one\ns1 1 0.1 0.2 one\n").unwrap();
    for source in [
        AlignmentSource::open(&ctm),
        AlignmentSource::open(other.path()),
    ] {
        let source = source.unwrap();
        assert_eq!(
            shown(&manifest, 0, &source, Level::Word).unwrap(),
            "one:0.600-0.800"
        );
        assert_eq!(
            shown(&manifest, 1, &source, Level::Word).unwrap(),
            "one:0.100-0.300"
        );
    }
    fs::write(&ctm, "talk 1 0.6 0.2 one\n").unwrap();
    let source = AlignmentSource::open(&ctm).unwrap();
    assert_eq!(
        shown(&manifest, 1, &source, Level::Word).unwrap(),
        "one:0.100-0.300"
    );
}

#[test]
fn a_column_names_files_and_is_kept_when_the_manifest_moves() {
    let dir = tempdir().unwrap();
    fs::create_dir(dir.path().join("aligned")).unwrap();
    fs::write(
        dir.path().join("aligned/x.tsv"),
        "id\ttier\tstart\tend\tlabel\ntalk\tphones\t0\t1\taa\n",
    )
    .unwrap();
    let named = manifest(dir.path(), "aligned/x.tsv");
    let source = AlignmentSource::beside();
    assert_eq!(
        shown(&named, 0, &source, Level::Phone).unwrap(),
        "aa:0.000-1.000"
    );

    let elsewhere = tempdir().unwrap();
    for folder in [dir.path().join("aligned"), elsewhere.path().to_path_buf()] {
        named.write(&folder.join("moved.tsv")).unwrap();
        let moved = Manifest::read(&folder.join("moved.tsv")).unwrap();
        assert_eq!(
            shown(&moved, 1, &source, Level::Phone).unwrap(),
            "aa:0.000-0.500"
        );
    }
    let gone = manifest(dir.path(), "gone.TextGrid");
    assert!(matches!(
        shown(&gone, 0, &source, Level::Word),
        Err(Error::Read { .. })
    ));
}

#[test]
fn a_folder_is_searched_and_the_nearest_of_equal_names_taken() {
    let dir = tempdir().unwrap();
    fs::write(
        dir.path().join("m.tsv"),
        "id\tpath\nA-sa1\tA/sa1.wav\nB-sa1\tB/sa1.wav\nC-sa1\tC/sa1.wav\n",
    )
    .unwrap();
    let manifest = Manifest::read(&dir.path().join("m.tsv")).unwrap();
    let aligned = dir.path().join("aligned");
    for (speaker, label) in [("A", "ah"), ("B", "eh")] {
        fs::create_dir_all(aligned.join(speaker)).unwrap();
        fs::write(
            aligned.join(speaker).join("sa1.phn"),
            format!("0 1600 {label}\n"),
        )
        .unwrap();
    }
    let source = AlignmentSource::open(&aligned).unwrap();
    assert_eq!(
        shown(&manifest, 0, &source, Level::Phone).unwrap(),
        "ah:0.000-0.100"
    );
    assert_eq!(
        shown(&manifest, 1, &source, Level::Phone).unwrap(),
        "eh:0.000-0.100"
    );
    let error = shown(&manifest, 2, &source, Level::Phone).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("there is one for `C-sa1` here and in"),
        "{error}"
    );
    let empty = tempdir().unwrap();
    assert!(AlignmentSource::open(empty.path()).is_err());
    assert!(AlignmentSource::open(&empty.path().join("gone.ctm")).is_err());
}

#[test]
fn labels_behind_the_end_are_cut_or_refused() {
    let dir = tempdir().unwrap();
    let manifest = manifest(dir.path(), "NA");
    fs::write(
        dir.path().join("talk.ctm"),
        "talk 1 0.5 0.55 one\ntalk 1 1.05 0.9 sil\n",
    )
    .unwrap();
    let talk = &manifest.utterances[0];
    let spans = alignment::spans(talk, &manifest, &AlignmentSource::beside(), Level::Word).unwrap();
    let fitted = fit(talk, spans.clone(), 1.0).unwrap();
    assert_eq!(fitted.spans.len(), 1);
    assert_eq!(fitted.spans[0].end_secs, 1.0);
    assert_eq!(
        fitted.remark.as_deref(),
        Some("2 labels cut by up to 0.950 s at its end")
    );
    assert_eq!(fit(talk, spans.clone(), 2.0).unwrap().remark, None);
    let error = fit(talk, spans, 0.9).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`one` ends at 1.050 s and the utterance at 0.900 s"),
        "{error}"
    );
}

fn shared() -> PathBuf {
    std::env::var_os("PHONOSCOPE_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")),
        PathBuf::from,
    )
}

/// The vowels that the stress corpus gives in columns, as alignments of its recordings.
#[test]
fn vowels_of_real_recordings_lie_within_them() {
    let path = shared().join("speech/librispeech-stress/manifest.tsv");
    if !path.is_file() {
        println!("skipped: no {}", path.display());
        return;
    }
    let manifest = Manifest::read(&path).unwrap();
    let column = |name: &str| manifest.column(name).unwrap();
    let columns =
        ["1", "2"].map(|n| ["", "_start", "_end"].map(|what| column(&format!("vowel{n}{what}"))));
    let rows: Vec<_> = manifest.utterances.iter().step_by(97).collect();
    let alignments: Vec<(String, Alignment)> = rows
        .iter()
        .map(|row| {
            let vowels = columns.map(|[label, start, end]| {
                let secs = |c| row.value(c).unwrap().parse::<f64>().unwrap();
                interval(secs(start), secs(end), row.value(label).unwrap())
            });
            let tier = Tier {
                name: "phones".to_owned(),
                kind: TierKind::Intervals,
                intervals: vowels.to_vec(),
            };
            (row.id.clone(), Alignment { tiers: vec![tier] })
        })
        .collect();
    let dir = tempdir().unwrap();
    let table = dir.path().join("vowels.tsv");
    fs::write(
        &table,
        alignment::to_tsv(alignments.iter().map(|(id, a)| (id.as_str(), a))),
    )
    .unwrap();
    let source = AlignmentSource::open(&table).unwrap();
    for row in rows {
        // The row is the word within the clip, and the clip has the row's name: times are the clip's.
        let spans = alignment::spans(row, &manifest, &source, Level::Phone).unwrap();
        let secs = row.end_secs.unwrap() - row.start_secs.unwrap();
        assert_eq!(spans.len(), 2, "{}", row.id);
        assert!(fit(row, spans, secs).unwrap().remark.is_none());
    }
}
