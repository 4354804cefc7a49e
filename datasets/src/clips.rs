//! Real words that come with the program, for demonstrations: 16 words of 16 speakers of LibriSpeech
//! (V. Panayotov et al. 2015, OpenSLR 12, CC BY 4.0), nouns and verbs that differ in stress.

pub mod stress;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use phonoscope_analysis::file::write_atomic;

use crate::error::{Error, Result};

/// The manifest: word, stress, times of the word and of both vowels, source.
pub const MANIFEST: &str = include_str!("../../assets/emphasis/manifest.tsv");

/// Whose the recordings are, and under which licence.
pub const ATTRIBUTION: &str = include_str!("../../assets/emphasis/ATTRIBUTION");

/// The recordings by the path that [`MANIFEST`] gives them: FLAC, 16 kHz.
pub const CLIPS: [(&str, &[u8]); 16] = [
    (
        "clips/1088-134315-0025-00593.flac",
        include_bytes!("../../assets/emphasis/clips/1088-134315-0025-00593.flac"),
    ),
    (
        "clips/1098-133695-0063-00131.flac",
        include_bytes!("../../assets/emphasis/clips/1098-133695-0063-00131.flac"),
    ),
    (
        "clips/1334-135589-0095-00523.flac",
        include_bytes!("../../assets/emphasis/clips/1334-135589-0095-00523.flac"),
    ),
    (
        "clips/1926-147987-0013-00348.flac",
        include_bytes!("../../assets/emphasis/clips/1926-147987-0013-00348.flac"),
    ),
    (
        "clips/1963-147036-0029-00060.flac",
        include_bytes!("../../assets/emphasis/clips/1963-147036-0029-00060.flac"),
    ),
    (
        "clips/2159-179157-0009-01031.flac",
        include_bytes!("../../assets/emphasis/clips/2159-179157-0009-01031.flac"),
    ),
    (
        "clips/2391-145015-0059-00401.flac",
        include_bytes!("../../assets/emphasis/clips/2391-145015-0059-00401.flac"),
    ),
    (
        "clips/2843-152918-0048-00568.flac",
        include_bytes!("../../assets/emphasis/clips/2843-152918-0048-00568.flac"),
    ),
    (
        "clips/322-124146-0026-00071.flac",
        include_bytes!("../../assets/emphasis/clips/322-124146-0026-00071.flac"),
    ),
    (
        "clips/3240-131231-0083-00314.flac",
        include_bytes!("../../assets/emphasis/clips/3240-131231-0083-00314.flac"),
    ),
    (
        "clips/40-222-0000-00280.flac",
        include_bytes!("../../assets/emphasis/clips/40-222-0000-00280.flac"),
    ),
    (
        "clips/6563-63821-0009-01314.flac",
        include_bytes!("../../assets/emphasis/clips/6563-63821-0009-01314.flac"),
    ),
    (
        "clips/7226-86965-0029-00640.flac",
        include_bytes!("../../assets/emphasis/clips/7226-86965-0029-00640.flac"),
    ),
    (
        "clips/7264-92310-0004-00731.flac",
        include_bytes!("../../assets/emphasis/clips/7264-92310-0004-00731.flac"),
    ),
    (
        "clips/7505-258964-0019-00914.flac",
        include_bytes!("../../assets/emphasis/clips/7505-258964-0019-00914.flac"),
    ),
    (
        "clips/78-369-0010-01053.flac",
        include_bytes!("../../assets/emphasis/clips/78-369-0010-01053.flac"),
    ),
];

/// Writes recordings, manifest and attribution into a folder, unless the same bytes are there; gives
/// the manifest's path.
///
/// # Errors
/// [`Error::Write`].
pub fn unpack(dir: &Path) -> Result<PathBuf> {
    put_clips(dir, &CLIPS)?;
    put(dir, "ATTRIBUTION", ATTRIBUTION.as_bytes())?;
    put(dir, "manifest.tsv", MANIFEST.as_bytes())
}

fn put_clips(dir: &Path, clips: &[(&str, &[u8])]) -> Result<()> {
    clips
        .iter()
        .try_for_each(|(name, bytes)| put(dir, name, bytes).map(|_path| ()))
}

/// Writes a file into a folder, unless the same bytes are there; its path.
fn put(dir: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf> {
    let path = dir.join(name);
    let folder = path.parent().unwrap_or(dir);
    fs::create_dir_all(folder).map_err(|e| Error::write(folder, e))?;
    if !fs::read(&path).is_ok_and(|found| found == bytes) {
        write_atomic(&path, |file| file.write_all(bytes)).map_err(|e| Error::write(&path, e))?;
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use phonoscope_analysis::task::Task;

    use super::*;
    use crate::manifest::Manifest;
    use crate::synth::emphasis::{Settings, write};

    #[test]
    fn every_clip_can_be_edited_and_both_sexes_have_both_stresses() {
        let dir = tempfile::tempdir().unwrap();
        let manifest = Manifest::read(&unpack(dir.path()).unwrap()).unwrap();
        assert_eq!(manifest.utterances.len(), CLIPS.len());
        let value = |name: &str| {
            let column = manifest.column(name).unwrap();
            let rows = manifest.utterances.iter();
            rows.map(|u| u.value(column).unwrap()).collect::<Vec<_>>()
        };
        let distinct = |name| value(name).into_iter().collect::<BTreeSet<_>>().len();
        assert!(distinct("speaker") == 16 && distinct("word") == 6);
        let both: BTreeSet<_> = value("sex").into_iter().zip(value("stress")).collect();
        assert_eq!(both.len(), 4);
        for word in value("word") {
            let pairs = value("word").into_iter().zip(value("stress"));
            let stresses: BTreeSet<_> = pairs.filter(|p| p.0 == word).collect();
            assert_eq!(stresses.len(), 2, "{word}");
        }
        let out = dir.path().join("edited");
        let made = write(&out, &manifest, &Settings::default(), &Task::silent()).unwrap();
        assert_eq!(made.summary.skipped, []);
        assert_eq!(made.summary.recordings, 144);
    }
}
