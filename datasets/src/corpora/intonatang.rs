//! The TIMIT sentences inside the Python package `intonatang` 2017.7.13: 499 sentences of 402 people
//! with hand-made phone boundaries.
//!
//! TIMIT is licensed by the Linguistic Data Consortium and the package states no licence: fetch it
//! only for your own research, after reading [`LICENCE`], and pass nothing of it on.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use phonoscope_analysis::task::Task;

use super::listing::{Listing, Row, other_layout};
use super::{CorpusKind, Imported, entries, name_of, speaker};
use crate::alignment;
use crate::error::{Error, Result};
use crate::manifest::hex_sha256;

/// The package, as its registry names it.
pub const PACKAGE: &str = "intonatang==2017.7.13";

/// File name of its source archive.
pub const ARCHIVE: &str = "intonatang-2017.7.13.tar.gz";

/// SHA-256 of the archive.
pub const SHA256: &str = "1771c41a6ecbf93503bac6112eb77409590704730d3e98a6e08074f719019369";

/// Size of the archive in bytes.
pub const BYTES: u64 = 46_224_276;

/// What a user must know before fetching it.
pub const LICENCE: &str = "TIMIT is licensed by the Linguistic Data Consortium (LDC93S1), and the \
    package that carries these sentences states no licence. Use them only for your own research and \
    where your institution's licence allows it; do not pass them on.";

/// What to cite.
pub const CITATION: &str = "J. S. Garofolo et al., TIMIT Acoustic-Phonetic Continuous Speech Corpus, \
    LDC93S1, 1993; C. Tang, L. S. Hamilton, E. F. Chang, Intonational speech prosody encoding in the \
    human auditory cortex, Science 357, 2017.";

pub(super) const LAYOUT: &str = "timit_tokens/SPEAKER_SENTENCE.wav with timit/SPEAKER_SENTENCE.phn beside \
    that folder, as in the package's intonatang/data; or both kinds of files in one folder `recordings`";

const COLUMNS: [&str; 5] = ["speaker", "sex", "sentence", "sentence_type", "alignment"];

/// Where unpacked files go.
const RECORDINGS: &str = "recordings";

/// Files of the archive that are larger are no sentences.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// Bytes of the sentences together; they have 33 MB.
const MAX_TOTAL_BYTES: u64 = 256 << 20;

/// Unpacks the sentences and their phone times from the package's source archive into
/// `out/recordings`, and writes `out/manifest.tsv` with `speaker sex sentence sentence_type
/// alignment`. Nothing else of the archive is written, and nothing outside `out`.
///
/// # Errors
/// [`Error::Corpus`] for an archive that is not the pinned one, and for an `out` that already has
/// recordings; [`Error::Read`] and [`Error::Write`].
pub fn unpack(archive: &Path, out: &Path) -> Result<Imported> {
    let foreign = |why: String| Error::Corpus {
        corpus: CorpusKind::Intonatang.title().to_owned(),
        path: archive.to_path_buf(),
        why,
        hint: format!("fetch the source archive of {PACKAGE} again"),
    };
    let unreadable = |e| Error::read(archive, e);
    let size = std::fs::metadata(archive).map_err(unreadable)?.len();
    if size != BYTES {
        return Err(foreign(format!("it has {size} bytes, not {BYTES}")));
    }
    let bytes = std::fs::read(archive).map_err(unreadable)?;
    let found = hex_sha256(&bytes);
    if found != SHA256 {
        return Err(foreign(format!("its SHA-256 is {found}, not {SHA256}")));
    }
    let imported = unpack_from(bytes.as_slice(), archive, out)?;
    imported.manifest.write(&out.join("manifest.tsv"))?;
    Ok(imported)
}

/// Unpacks the gzipped tar in `bytes`, which is called `archive` in errors.
fn unpack_from(bytes: impl Read, archive: &Path, out: &Path) -> Result<Imported> {
    let recordings = out.join(RECORDINGS);
    if recordings.exists() {
        return Err(Error::Corpus {
            corpus: CorpusKind::Intonatang.title().to_owned(),
            path: archive.to_path_buf(),
            why: format!("`{}` is there already", crate::error::shown(&recordings)),
            hint: "choose a new folder, or delete that one".to_owned(),
        });
    }
    let unwritable = |e| Error::write(&recordings, e);
    std::fs::create_dir_all(out).map_err(unwritable)?;
    // Complete or not there at all: files gather beside their place first.
    let partial = tempfile::Builder::new()
        .prefix(".recordings-")
        .tempdir_in(out)
        .map_err(unwritable)?;
    let unreadable = |e| Error::read(archive, e);
    let mut tar = tar::Archive::new(GzDecoder::new(bytes));
    let mut total = 0;
    let mut written: BTreeSet<String> = BTreeSet::new();
    for entry in tar.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let Some(name) = wanted(&entry.path().map_err(unreadable)?) else {
            continue;
        };
        total += entry.size();
        if entry.size() > MAX_FILE_BYTES || total > MAX_TOTAL_BYTES || !written.insert(name.clone())
        {
            let why = format!("`{name}` in it is too large, or there twice");
            return Err(other_layout(CorpusKind::Intonatang, archive, &why));
        }
        let path = partial.path().join(&name);
        let mut file = File::create_new(&path).map_err(unwritable)?;
        io::copy(&mut entry, &mut file).map_err(unwritable)?;
    }
    if written.is_empty() {
        let why = "there is no sentence in it";
        return Err(other_layout(CorpusKind::Intonatang, archive, why));
    }
    make_listable(partial.path()).map_err(unwritable)?;
    std::fs::rename(partial.keep(), &recordings).map_err(unwritable)?;
    let out = std::path::absolute(out).map_err(unwritable)?;
    import(&out, &Task::silent())
}

/// The name under which a file of the archive is kept; none for one that is not. The name is made of
/// letters, digits, `_` and one `.`, so that it cannot lead out of a folder.
fn wanted(path: &Path) -> Option<String> {
    let extension = match path.parent()?.file_name()?.to_str()? {
        "timit_tokens" => "wav",
        "timit" => "phn",
        _ => return None,
    };
    let name = path.file_name()?.to_str()?;
    let stem = name.strip_suffix(extension)?.strip_suffix('.')?;
    Sentence::of(stem).map(|_| name.to_owned())
}

/// Temporary folders are private; this one is a result.
#[cfg(unix)]
fn make_listable(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_listable(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// What a name such as `fadg0_si1279` says.
struct Sentence<'a> {
    speaker: &'a str,
    sex: &'static str,
    sentence: &'a str,
    kind: &'a str,
}

impl<'a> Sentence<'a> {
    fn of(stem: &'a str) -> Option<Self> {
        let (speaker, sentence) = stem.split_once('_')?;
        let is_speaker = speaker.len() == 5 && speaker.bytes().all(|b| b.is_ascii_alphanumeric());
        let kind = sentence
            .get(..2)
            .filter(|kind| ["sa", "si", "sx"].contains(kind))?;
        let number = sentence.get(2..)?;
        let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        let sex = speaker::sex(speaker.get(..1)?)?;
        (is_speaker && is_number).then_some(Self {
            speaker,
            sex,
            sentence,
            kind,
        })
    }
}

pub(super) fn import(dir: &Path, task: &Task) -> Result<Imported> {
    let mut listing = Listing::new(CorpusKind::Intonatang, dir, &COLUMNS);
    let Some((audio, phones)) = folders(dir)? else {
        return Err(listing.other_layout("it has no folder timit_tokens or recordings"));
    };
    let files = entries(&audio)?;
    task.progress
        .start("import", "files", Some(files.len() as u64));
    for path in files {
        task.check()?;
        task.progress.advance(1);
        if !path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("wav"))
        {
            continue;
        }
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let Some(sentence) = stem.and_then(Sentence::of) else {
            listing.skip_file(&path, "its name is not SPEAKER_SENTENCE of TIMIT");
            continue;
        };
        let times = phones.join(path.with_extension("phn").file_name().unwrap_or_default());
        let usable = if times.is_file() {
            match alignment::read(&times) {
                Ok(_) => true,
                Err(error) => {
                    listing.skip_file(&times, error.to_string());
                    false
                }
            }
        } else {
            false
        };
        let times = times.strip_prefix(dir).unwrap_or(&times).to_str();
        let owned = |text: &str| Some(text.to_owned());
        let metadata = vec![
            owned(sentence.speaker),
            owned(sentence.sex),
            owned(sentence.sentence),
            owned(sentence.kind),
            times.filter(|_| usable).map(str::to_owned),
        ];
        let id = stem.unwrap_or_default().to_owned();
        listing.add(Row::whole(id, path.clone(), metadata));
    }
    task.progress.finish();
    listing.finish(&["alignment"])
}

/// The folders of recordings and of phone times.
fn folders(dir: &Path) -> Result<Option<(PathBuf, PathBuf)>> {
    let both = |folder: &Path| {
        let recordings = folder.join(RECORDINGS);
        let tokens = folder.join("timit_tokens");
        if tokens.is_dir() {
            Some((tokens, folder.join("timit")))
        } else if recordings.is_dir() {
            Some((recordings.clone(), recordings))
        } else {
            None
        }
    };
    if name_of(dir) == Some("timit_tokens") {
        return Ok(Some((dir.to_path_buf(), dir.with_file_name("timit"))));
    }
    let mut level = vec![dir.to_path_buf()];
    for _ in 0..4 {
        let mut next = Vec::new();
        for folder in level {
            if let Some(found) = both(&folder) {
                return Ok(Some(found));
            }
            let below = entries(&folder)?.into_iter().filter(|path| path.is_dir());
            next.extend(below.filter(|path| {
                name_of(path).is_some_and(|name| name.starts_with("intonatang") || name == "data")
            }));
        }
        level = next;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let mut tar = tar::Builder::new(gz);
        for (name, bytes) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            // Written by hand: the builder refuses the names that are tested here.
            let field = &mut header.as_old_mut().name;
            field[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            tar.append(&header, *bytes).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap()
    }

    const DATA: &str = "intonatang-2017.7.13/intonatang/data";

    #[test]
    fn sentences_and_phones_are_unpacked_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("timit");
        let names = [
            format!("{DATA}/timit_tokens/fadg0_si1279.wav"),
            format!("{DATA}/timit/fadg0_si1279.phn"),
            format!("{DATA}/timit_tokens/mabc0_sx9.wav"),
            format!("{DATA}/timit/mabc0_sx9.phn"),
            format!("{DATA}/timit_tokens/../../../../escaped_si1.wav"),
            "/timit_tokens/../fadg0_si1.wav".to_owned(),
            format!("{DATA}/timit/timit_strat_25folds.h5"),
            format!("{DATA}/timit_tokens/xadg0_si1.wav"),
        ];
        let content: [&[u8]; 8] = [
            b"RIFF",
            b"0 1600 h#\n1600 3200 b\n",
            b"RIFF",
            b"broken",
            b"x",
            b"x",
            b"x",
            b"x",
        ];
        let files: Vec<(&str, &[u8])> = names.iter().map(String::as_str).zip(content).collect();
        let bytes = archive(&files);
        let imported = unpack_from(bytes.as_slice(), Path::new("a.tar.gz"), &out).unwrap();
        let rows: Vec<String> = imported
            .manifest
            .utterances
            .iter()
            .map(|u| format!("{} {:?}", u.path, u.metadata))
            .collect();
        assert_eq!(
            rows,
            [
                r#"recordings/fadg0_si1279.wav [Some("fadg0"), Some("f"), Some("si1279"), Some("si"), Some("recordings/fadg0_si1279.phn")]"#,
                r#"recordings/mabc0_sx9.wav [Some("mabc0"), Some("m"), Some("sx9"), Some("sx"), None]"#,
            ]
        );
        assert_eq!(imported.skipped.len(), 1);
        let mut left: Vec<PathBuf> = entries(dir.path()).unwrap();
        left.extend(entries(&out).unwrap());
        left.extend(entries(&out.join("recordings")).unwrap());
        assert_eq!(left.len(), 1 + 1 + 4, "{left:?}");

        let again = unpack_from(bytes.as_slice(), Path::new("a.tar.gz"), &out).unwrap_err();
        assert!(again.to_string().contains("is there already"), "{again}");
    }

    #[test]
    fn broken_and_foreign_archives_leave_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("timit");
        let name = format!("{DATA}/timit_tokens/fadg0_si1279.wav");
        let whole = archive(&[(&name, &[7; 5_000])]);
        let twice = archive(&[(&name, b"RIFF"), (&name, b"RIFF")]);
        let huge = archive(&[(&name, &vec![0; MAX_FILE_BYTES as usize + 1])]);
        for bytes in [
            &whole[..whole.len() / 2],
            b"no archive",
            &twice,
            &huge,
            &archive(&[]),
        ] {
            assert!(unpack_from(bytes, Path::new("a.tar.gz"), &out).is_err());
            assert_eq!(entries(&out).unwrap(), [] as [PathBuf; 0]);
        }
        let file = dir.path().join("a.tar.gz");
        std::fs::write(&file, &whole).unwrap();
        let error = unpack(&file, &out).unwrap_err();
        assert!(error.to_string().contains("bytes, not 46224276"), "{error}");
    }

    #[test]
    fn the_published_archive_has_499_sentences_of_402_people() {
        let Some(archive) = std::env::var_os("PHONOSCOPE_TEST_INTONATANG") else {
            println!("skipped: PHONOSCOPE_TEST_INTONATANG does not name the archive");
            return;
        };
        let archive = PathBuf::from(archive);
        assert_eq!(std::fs::metadata(&archive).unwrap().len(), BYTES);
        let dir = tempfile::tempdir().unwrap();
        let imported = unpack(&archive, &dir.path().join("timit")).unwrap();
        let manifest = crate::Manifest::read(&dir.path().join("timit/manifest.tsv")).unwrap();
        assert_eq!(manifest.utterances.len(), 499);
        assert_eq!((imported.skipped.len(), imported.notes.len()), (0, 0));
        let people: BTreeSet<&str> = manifest
            .utterances
            .iter()
            .filter_map(|u| u.value(0))
            .collect();
        let women = people.iter().filter(|name| name.starts_with('f')).count();
        assert_eq!((people.len(), women), (402, 116));
        let source = alignment::AlignmentSource::beside();
        for utterance in &manifest.utterances {
            let secs = crate::audio::read_utterance(utterance)
                .unwrap()
                .duration_secs();
            let level = alignment::Level::Phone;
            let spans = alignment::spans(utterance, &manifest, &source, level).unwrap();
            let fitted = alignment::fit(utterance, spans, secs).unwrap();
            assert!(fitted.remark.is_none() && fitted.spans.len() > 5);
        }
    }
}
