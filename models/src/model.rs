//! What the rest of the program knows of a model.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

/// A serialised ONNX model and its content hash. Clones share the bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct GraphBytes {
    bytes: Arc<[u8]>,
    sha256: Arc<str>,
}

impl GraphBytes {
    /// Takes the bytes and computes their hash once.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        let sha256 = sha256_hex(&bytes).into();
        Self { bytes, sha256 }
    }

    /// The serialised model.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 of the bytes, lower-case hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }
}

impl fmt::Debug for GraphBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphBytes")
            .field("bytes", &self.bytes.len())
            .field("sha256", &self.sha256)
            .finish()
    }
}

/// SHA-256 of `bytes`, lower-case hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hexadecimal of a digest.
pub(crate) fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_standard() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(GraphBytes::new(*b"abc").sha256(), abc);
    }
}
