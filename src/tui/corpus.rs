//! The manifest of a report, found again: where the recordings are that its tables name.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use phonoscope_datasets::Manifest;

use super::opened::Opened;
use super::sound::Recording;

/// Where the manifest of a report may be, and which one it is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Corpus {
    /// Where relative paths may start from, likeliest first.
    pub(crate) folders: Vec<PathBuf>,
    name: PathBuf,
    sha256: String,
}

impl Corpus {
    /// That of a report; nothing for one that names no manifest.
    pub(crate) fn of(opened: &Opened) -> Option<Self> {
        let inputs = &opened.report.provenance.inputs;
        let input = inputs.iter().find(|input| input.what == "manifest")?;
        Some(Self {
            folders: opened.folders(),
            name: Path::new(&input.name).file_name()?.into(),
            sha256: input.sha256.clone(),
        })
    }

    /// Reads the manifest.
    ///
    /// # Errors
    /// When it is in none of the folders, or only others of its name are.
    pub(crate) fn manifest(&self) -> Result<Manifest> {
        let name = self.name.display();
        let mut other = None;
        for place in self.folders.iter().map(|folder| folder.join(&self.name)) {
            if !place.is_file() {
                continue;
            }
            let manifest = Manifest::read(&place)?;
            if manifest.sha256 == self.sha256 {
                return Ok(manifest);
            }
            other.get_or_insert(place);
        }
        match other {
            Some(place) => bail!(
                "`{}` is not the manifest of this report: it has changed, or is another one; open the report with \
                 `browse --data MANIFEST`",
                place.display()
            ),
            None => bail!(
                "the manifest `{name}` is not here; open the report with `browse --data MANIFEST`"
            ),
        }
    }

    /// The recording of an utterance.
    ///
    /// # Errors
    /// As [`Self::manifest`], and for an utterance that it lacks.
    pub(crate) fn recording(&self, id: &str) -> Result<Recording> {
        let manifest = self.manifest()?;
        let mut rows = manifest.utterances.iter();
        let row = rows.find(|row| row.id == id);
        let row =
            row.with_context(|| format!("`{}` has no utterance `{id}`", self.name.display()))?;
        ensure!(
            row.audio.is_file(),
            "no file `{}`, where `{}` says that `{id}` is",
            row.audio.display(),
            self.name.display()
        );
        Ok(Recording {
            id: row.id.clone(),
            path: row.audio.clone(),
            start_secs: row.start_secs,
            end_secs: row.end_secs,
            folders: vec![PathBuf::new()],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corpus(folder: &Path, sha256: &str) -> Corpus {
        Corpus {
            folders: vec!["nowhere".into(), folder.into()],
            name: "m.tsv".into(),
            sha256: sha256.into(),
        }
    }

    #[test]
    fn only_the_manifest_of_the_report_will_do() {
        let dir = tempfile::tempdir().unwrap();
        let why = |corpus: &Corpus| corpus.recording("u").unwrap_err().to_string();
        assert!(why(&corpus(dir.path(), "")).contains("the manifest `m.tsv` is not here"));
        let path = dir.path().join("m.tsv");
        std::fs::write(&path, "id\tpath\tstart\tend\nu\tu.wav\t0.5\t1\n").unwrap();
        assert!(why(&corpus(dir.path(), "other")).contains("is not the manifest of this report"));
        let sha256 = Manifest::read(&path).unwrap().sha256;
        let right = corpus(dir.path(), &sha256);
        assert!(why(&right).contains("u.wav"), "{}", why(&right));
        std::fs::write(dir.path().join("u.wav"), b"").unwrap();
        let found = right.recording("u").unwrap();
        assert_eq!((found.start_secs, found.end_secs), (Some(0.5), Some(1.0)));
        let none = right.recording("v").unwrap_err().to_string();
        assert!(none.contains("no utterance `v`"), "{none}");
    }
}
