//! SHA-256 in lower-case hexadecimal: of bytes, of what is left to read, and of what is written.

use std::io::{self, ErrorKind, Read, Write};

use sha2::{Digest as _, Sha256};

const CHUNK: usize = 1 << 16;

/// SHA-256 of `bytes`.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of all that is left to read.
pub(crate) fn sha256_of(from: &mut impl Read) -> io::Result<String> {
    let mut digest = Digesting::new(io::sink());
    copy(from, &mut digest)?;
    Ok(digest.finish().0)
}

/// Copies everything; gives the number of bytes.
pub(crate) fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<u64> {
    let mut buffer = vec![0; CHUNK];
    let mut copied = 0;
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(copied),
            Ok(n) => {
                to.write_all(buffer.get(..n).unwrap_or_default())?;
                copied += n as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Whether `text` is a SHA-256 as this module writes it.
pub(crate) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
}

/// Passes on what is written, and knows its hash.
pub(crate) struct Digesting<W> {
    to: W,
    digest: Sha256,
}

impl<W: Write> Digesting<W> {
    pub(crate) fn new(to: W) -> Self {
        Self {
            to,
            digest: Sha256::new(),
        }
    }

    /// The hash of everything written, and where it went.
    pub(crate) fn finish(self) -> (String, W) {
        (hex(&self.digest.finalize()), self.to)
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.to.write(bytes)?;
        self.digest.update(bytes.get(..n).unwrap_or_default());
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SHA-256 of `abc`, from FIPS 180-2.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn hashes_are_those_of_the_standard_however_they_are_made() {
        assert_eq!(sha256(b"abc"), ABC);
        assert_eq!(sha256_of(&mut &b"abc"[..]).unwrap(), ABC);
        let mut digest = Digesting::new(Vec::new());
        digest.write_all(b"a").unwrap();
        digest.write_all(b"bc").unwrap();
        assert_eq!(digest.finish(), (ABC.to_owned(), b"abc".to_vec()));
        assert!(is_sha256(ABC));
        assert!(!is_sha256(&ABC.to_uppercase()) && !is_sha256(&ABC[1..]));
    }
}
