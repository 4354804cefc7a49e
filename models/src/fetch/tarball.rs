//! Taking files out of a gzipped tar archive, in memory.
//!
//! Nothing is unpacked to disk, so no name in the archive can lead anywhere. Only plain files of
//! the very names that are wanted are read, each to a stated size, and the archive as a whole to a
//! stated number of unpacked bytes.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::GzDecoder;
use tar::{Archive, EntryType};

use crate::{Error, Result};

/// What may be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Size that each wanted file must have.
    pub(super) member_bytes: u64,
    /// Most that the archive may unpack to.
    pub(super) unpacked_bytes: u64,
}

/// The files of these names joined in this order.
///
/// # Errors
/// [`Error::Malformed`] for what is no archive or unpacks to more than it may; for a wanted name
/// that is not there, is there twice, is no plain file, or has another size.
pub(super) fn joined(
    archive: impl Read,
    names: &[String],
    limits: Limits,
    what: &str,
) -> Result<Vec<u8>> {
    let bad = |why: String| Error::malformed(what, why);
    let broken = |error: std::io::Error| bad(error.to_string());
    let unpacked = GzDecoder::new(archive).take(limits.unpacked_bytes);
    let mut found: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
    let mut archive = Archive::new(unpacked);
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let path = entry.path_bytes();
        let wanted = names.iter().find(|name| name.as_bytes() == path.as_ref());
        drop(path);
        let Some(name) = wanted else {
            continue;
        };
        if entry.header().entry_type() != EntryType::Regular {
            return Err(bad(format!("`{name}` is no plain file")));
        }
        if entry.size() != limits.member_bytes {
            let (size, needed) = (entry.size(), limits.member_bytes);
            return Err(bad(format!("`{name}` has {size} bytes, not {needed}")));
        }
        let mut bytes = Vec::new();
        let mut member = entry.by_ref().take(limits.member_bytes);
        member.read_to_end(&mut bytes).map_err(broken)?;
        if bytes.len() as u64 != limits.member_bytes {
            return Err(bad(format!("it ends inside `{name}`")));
        }
        if found.insert(name, bytes).is_some() {
            return Err(bad(format!("`{name}` is there twice")));
        }
    }
    let mut joined = Vec::new();
    for name in names {
        let bytes = found.get(name.as_str());
        joined.extend(bytes.ok_or_else(|| bad(format!("it has no `{name}`")))?);
    }
    Ok(joined)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;
    use std::io::Write as _;
    use tar::{Builder, Header};

    const LIMITS: Limits = Limits {
        member_bytes: 4,
        unpacked_bytes: 1 << 16,
    };

    fn header(name: &str, kind: EntryType, size: u64) -> Header {
        let mut header = Header::new_ustar();
        // Written as bytes: the crate's own writer refuses the names that are tested here.
        let field = &mut header.as_old_mut().name;
        field[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(size);
        header.set_mode(0o644);
        header.set_entry_type(kind);
        header.set_cksum();
        header
    }

    fn packed(members: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
        let mut tar = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (name, kind, bytes) in members {
            tar.append(&header(name, *kind, bytes.len() as u64), *bytes)
                .unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap()
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn refused(archive: &[u8], wanted: &[&str]) -> String {
        let error = joined(archive, &names(wanted), LIMITS, "x.tgz").unwrap_err();
        assert!(matches!(error, Error::Malformed { .. }));
        error.to_string()
    }

    #[test]
    fn wanted_files_are_joined_in_the_order_asked() {
        let archive = packed(&[
            (
                "p/other",
                EntryType::Regular,
                b"long text that nobody wants",
            ),
            ("p/a", EntryType::Regular, b"aaaa"),
            ("p/b", EntryType::Regular, b"bbbb"),
        ]);
        let got = joined(&archive[..], &names(&["p/b", "p/a"]), LIMITS, "x.tgz");
        assert_eq!(got.unwrap(), b"bbbbaaaa");
    }

    #[test]
    fn names_that_lead_elsewhere_are_only_names() {
        let archive = packed(&[
            ("../a", EntryType::Regular, b"evil"),
            ("/p/a", EntryType::Regular, b"evil"),
            ("p/../p/a", EntryType::Regular, b"evil"),
            ("p/a", EntryType::Regular, b"good"),
        ]);
        let got = joined(&archive[..], &names(&["p/a"]), LIMITS, "x.tgz").unwrap();
        assert_eq!(got, b"good");
        assert!(!std::path::Path::new("../a").exists());
    }

    #[test]
    fn links_folders_repetitions_and_other_sizes_are_refused() {
        let link = packed(&[("a", EntryType::Symlink, b"")]);
        assert!(refused(&link, &["a"]).contains("no plain file"));
        let hard = packed(&[("a", EntryType::Link, b"")]);
        assert!(refused(&hard, &["a"]).contains("no plain file"));
        let folder = packed(&[("a", EntryType::Directory, b"")]);
        assert!(refused(&folder, &["a"]).contains("no plain file"));
        let twice = packed(&[
            ("a", EntryType::Regular, b"aaaa"),
            ("a", EntryType::Regular, b"bbbb"),
        ]);
        assert!(refused(&twice, &["a"]).contains("twice"));
        let long = packed(&[("a", EntryType::Regular, b"aaaaa")]);
        assert!(refused(&long, &["a"]).contains("5 bytes, not 4"));
        assert!(refused(&long, &["b"]).contains("no `b`"));
    }

    #[test]
    fn sizes_that_lie_and_archives_that_swell_or_end_early_are_refused() {
        let mut lying = GzEncoder::new(Vec::new(), Compression::fast());
        lying
            .write_all(header("a", EntryType::Regular, 4).as_bytes())
            .unwrap();
        lying.write_all(b"aa").unwrap();
        let lying = lying.finish().unwrap();
        assert!(!refused(&lying, &["a"]).is_empty());
        let huge = {
            let mut tar = GzEncoder::new(Vec::new(), Compression::fast());
            let claimed = header("big", EntryType::Regular, 1 << 40);
            tar.write_all(claimed.as_bytes()).unwrap();
            tar.write_all(&vec![0; 1 << 20]).unwrap();
            tar.finish().unwrap()
        };
        assert!(!refused(&huge, &["a"]).is_empty());
        let good = packed(&[("a", EntryType::Regular, b"aaaa")]);
        for n in [0, 1, 10, good.len() / 2] {
            assert!(!refused(&good[..n], &["a"]).is_empty());
        }
        assert!(!refused(b"no archive at all", &["a"]).is_empty());
    }

    proptest! {
        #[test]
        fn damaged_archives_never_panic(at in 0usize..2000, byte: u8) {
            let mut archive = packed(&[("a", EntryType::Regular, b"aaaa")]);
            let n = archive.len();
            archive[at % n] = byte;
            if let Ok(bytes) = joined(&archive[..], &names(&["a"]), LIMITS, "x.tgz") {
                prop_assert_eq!(bytes.len(), 4);
            }
        }
    }
}
