//! Writing a file whole or not at all.
//!
//! It is here, in the crate that all others build on, so that manifests, recordings, models, runs and
//! reports share one answer to what a crash, a full disk or a second process leaves behind.

use std::fs::File;
use std::io;
use std::path::Path;

/// What the names of unfinished files end in.
pub const PARTIAL: &str = ".partial";

/// Writes `path` so that it holds all that `write` wrote, or what it held before: to a file beside it
/// whose name begins with a dot and ends in [`PARTIAL`], synced, then renamed over it.
///
/// The new file is as readable as the user's umask lets new files be. A link is replaced, not what it
/// points at. Pipes, terminals and other devices cannot be replaced and are written to directly. The
/// folder must be there.
///
/// # Errors
/// What the system says, or what `write` does; the unfinished file is then removed.
pub fn write_atomic<E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut File) -> Result<(), E>,
) -> Result<(), E> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            return Err(io::Error::from(io::ErrorKind::IsADirectory).into());
        }
        Ok(found) if !found.is_file() => {
            let mut device = File::options().write(true).open(path)?;
            return write(&mut device);
        }
        _ => {}
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".").suffix(PARTIAL);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // Temporary files are private otherwise; the umask takes away what the user wants away.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    // The temporary name, which the library puts into its errors, would mean nothing to people.
    let mut file = builder
        .tempfile_in(folder)
        .map_err(|e| io::Error::from(e.kind()))?;
    write(file.as_file_mut())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn listed(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_failed_write_leaves_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.txt");
        write_atomic(&path, |file| file.write_all(b"first")).unwrap();
        let failed = write_atomic(&path, |file| {
            file.write_all(b"sec")?;
            Err(io::Error::other("disk on fire"))
        });
        assert_eq!(failed.unwrap_err().to_string(), "disk on fire");
        assert_eq!(std::fs::read(&path).unwrap(), b"first");
        assert_eq!(listed(dir.path()), ["a.txt"]);
        write_atomic(&path, |file| file.write_all(b"second")).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"second");
    }

    #[test]
    fn folders_and_missing_folders_are_errors_without_the_temporary_name() {
        let dir = tempfile::tempdir().unwrap();
        let nothing = |_: &mut File| Ok::<(), io::Error>(());
        let error = write_atomic(dir.path(), nothing).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::IsADirectory);
        let error = write_atomic(&dir.path().join("gone/a.txt"), nothing).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(!error.to_string().contains(PARTIAL), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_as_readable_as_any_new_one() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let mode = |name: &str| {
            let found = std::fs::metadata(dir.path().join(name)).unwrap();
            found.permissions().mode() & 0o777
        };
        std::fs::write(dir.path().join("plain"), "x").unwrap();
        write_atomic(&dir.path().join("ours"), |file| file.write_all(b"x")).unwrap();
        assert_eq!(mode("ours"), mode("plain"));
    }
}
