//! Words for `demo stress`: 24 that the shipped classifier was not trained on, by speakers that it was not
//! trained on, and the 16 of [`super`], of which each differs from another by stress alone. LibriSpeech,
//! CC BY 4.0.

use std::path::{Path, PathBuf};

use super::{put, put_clips};
use crate::error::Result;

/// The manifest: word, stress, minimal pairs, times of the word and of both vowels, folds, source.
pub const MANIFEST: &str = include_str!("../../../assets/stress/manifest.tsv");

/// Whose the recordings are, and under which licence.
pub const ATTRIBUTION: &str = include_str!("../../../assets/stress/ATTRIBUTION");

/// The recordings that are not among [`super::CLIPS`], by the path that [`MANIFEST`] gives them: FLAC,
/// 16 kHz.
pub const CLIPS: [(&str, &[u8]); 24] = [
    (
        "clips/198-129977-0017-00419.flac",
        include_bytes!("../../../assets/stress/clips/198-129977-0017-00419.flac"),
    ),
    (
        "clips/198-129977-0017-00511.flac",
        include_bytes!("../../../assets/stress/clips/198-129977-0017-00511.flac"),
    ),
    (
        "clips/2391-145015-0026-00306.flac",
        include_bytes!("../../../assets/stress/clips/2391-145015-0026-00306.flac"),
    ),
    (
        "clips/2391-145015-0026-00861.flac",
        include_bytes!("../../../assets/stress/clips/2391-145015-0026-00861.flac"),
    ),
    (
        "clips/2436-2476-0036-00384.flac",
        include_bytes!("../../../assets/stress/clips/2436-2476-0036-00384.flac"),
    ),
    (
        "clips/2436-2476-0036-00819.flac",
        include_bytes!("../../../assets/stress/clips/2436-2476-0036-00819.flac"),
    ),
    (
        "clips/2764-36616-0020-00148.flac",
        include_bytes!("../../../assets/stress/clips/2764-36616-0020-00148.flac"),
    ),
    (
        "clips/2764-36616-0020-00250.flac",
        include_bytes!("../../../assets/stress/clips/2764-36616-0020-00250.flac"),
    ),
    (
        "clips/3112-9554-0022-00892.flac",
        include_bytes!("../../../assets/stress/clips/3112-9554-0022-00892.flac"),
    ),
    (
        "clips/412-126975-0039-00328.flac",
        include_bytes!("../../../assets/stress/clips/412-126975-0039-00328.flac"),
    ),
    (
        "clips/4137-11702-0035-00576.flac",
        include_bytes!("../../../assets/stress/clips/4137-11702-0035-00576.flac"),
    ),
    (
        "clips/4137-11702-0035-00719.flac",
        include_bytes!("../../../assets/stress/clips/4137-11702-0035-00719.flac"),
    ),
    (
        "clips/4297-13006-0002-00627.flac",
        include_bytes!("../../../assets/stress/clips/4297-13006-0002-00627.flac"),
    ),
    (
        "clips/4297-13006-0032-00107.flac",
        include_bytes!("../../../assets/stress/clips/4297-13006-0032-00107.flac"),
    ),
    (
        "clips/4397-15678-0019-01384.flac",
        include_bytes!("../../../assets/stress/clips/4397-15678-0019-01384.flac"),
    ),
    (
        "clips/5652-19215-0000-00518.flac",
        include_bytes!("../../../assets/stress/clips/5652-19215-0000-00518.flac"),
    ),
    (
        "clips/6367-65536-0028-00089.flac",
        include_bytes!("../../../assets/stress/clips/6367-65536-0028-00089.flac"),
    ),
    (
        "clips/7264-92310-0004-00429.flac",
        include_bytes!("../../../assets/stress/clips/7264-92310-0004-00429.flac"),
    ),
    (
        "clips/7264-92316-0031-00521.flac",
        include_bytes!("../../../assets/stress/clips/7264-92316-0031-00521.flac"),
    ),
    (
        "clips/7302-86814-0011-01331.flac",
        include_bytes!("../../../assets/stress/clips/7302-86814-0011-01331.flac"),
    ),
    (
        "clips/7505-258958-0033-00600.flac",
        include_bytes!("../../../assets/stress/clips/7505-258958-0033-00600.flac"),
    ),
    (
        "clips/7505-258964-0021-01449.flac",
        include_bytes!("../../../assets/stress/clips/7505-258964-0021-01449.flac"),
    ),
    (
        "clips/8975-270782-0046-01170.flac",
        include_bytes!("../../../assets/stress/clips/8975-270782-0046-01170.flac"),
    ),
    (
        "clips/909-131044-0012-00291.flac",
        include_bytes!("../../../assets/stress/clips/909-131044-0012-00291.flac"),
    ),
];

/// Writes recordings, manifest and attribution into a folder, unless the same bytes are there; gives
/// the manifest's path.
///
/// # Errors
/// [`crate::Error::Write`].
pub fn unpack(dir: &Path) -> Result<PathBuf> {
    put_clips(dir, &super::CLIPS)?;
    put_clips(dir, &CLIPS)?;
    put(dir, "ATTRIBUTION", ATTRIBUTION.as_bytes())?;
    put(dir, "manifest.tsv", MANIFEST.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Manifest;

    #[test]
    fn both_stresses_are_there_with_vowels_and_nobody_was_trained_on() {
        let dir = tempfile::tempdir().unwrap();
        let manifest = Manifest::read(&unpack(dir.path()).unwrap()).unwrap();
        assert_eq!(
            manifest.utterances.len(),
            CLIPS.len() + super::super::CLIPS.len()
        );
        let value = |name: &str| {
            let column = manifest.column(name).unwrap();
            let rows = manifest.utterances.iter();
            rows.map(|u| u.value(column).unwrap()).collect::<Vec<_>>()
        };
        let rows = || value("minimal_pair").into_iter().zip(value("stress"));
        for row in [("0", "initial"), ("0", "final")] {
            assert_eq!(rows().filter(|r| *r == row).count(), 12, "{row:?}");
        }
        let folds = value("speaker_fold").into_iter().zip(value("word_fold"));
        for (pair, folds) in value("minimal_pair").into_iter().zip(folds) {
            assert!(pair == "1" || folds == ("0", "0"));
        }
        for row in &manifest.utterances {
            assert!(row.audio.is_file(), "{}", row.id);
        }
        for ends in ["vowel1_end", "vowel2_end"].map(value) {
            assert!(ends.iter().all(|end| end.parse::<f64>().unwrap() > 0.0));
        }
    }
}
