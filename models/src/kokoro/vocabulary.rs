//! Signs of phoneme strings and their tokens.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{Error, Result};

/// Largest token; the network's table of embeddings is this long.
const TOKENS: i64 = 178;

/// The token of each sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Vocabulary(BTreeMap<char, i64>);

#[derive(Deserialize)]
struct File {
    vocab: BTreeMap<char, i64>,
}

impl Vocabulary {
    /// Reads the package's JSON.
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        let bad = |why: String| Error::malformed("Kokoro's vocabulary", why);
        let file: File = serde_json::from_slice(bytes).map_err(|error| bad(error.to_string()))?;
        if let Some((sign, token)) = file.vocab.iter().find(|(_, t)| !(1..TOKENS).contains(*t)) {
            return Err(bad(format!(
                "token {token} of `{sign}` is none of the network's"
            )));
        }
        Ok(Self(file.vocab))
    }

    /// The tokens of a string; the first sign without one otherwise.
    pub(super) fn tokens(&self, phonemes: &str) -> Result<Vec<i64>, char> {
        let token = |sign: char| self.0.get(&sign).copied().ok_or(sign);
        phonemes.chars().map(token).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_become_tokens_and_unknown_ones_are_named() {
        let read = Vocabulary::read(r#"{"vocab": {"ˈ": 156, "ə": 83, " ": 16}}"#.as_bytes());
        let vocabulary = read.unwrap();
        assert_eq!(vocabulary.tokens("ə ˈə"), Ok(vec![83, 16, 156, 83]));
        assert_eq!(vocabulary.tokens("ə4"), Err('4'));
        assert_eq!(vocabulary.tokens(""), Ok(vec![]));
    }

    #[test]
    fn files_of_another_kind_are_refused() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"vocab": {"ab": 1}}"#,
            r#"{"vocab": {"a": 178}}"#,
            r#"{"vocab": {"a": -1}}"#,
        ] {
            let error = Vocabulary::read(text.as_bytes()).unwrap_err();
            assert!(matches!(error, Error::Malformed { .. }), "{text}");
        }
    }
}
