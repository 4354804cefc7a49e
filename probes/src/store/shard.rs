//! One safetensors file: activations of a fixed stretch of the manifest, and what became of each item.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use super::write_atomic;
use crate::error::{Error, Result};

/// Name of the tensor with the manifest row of each row of the shard.
const INDEX: &str = "item_index";
/// Key of our entry in the safetensors header.
const HEADER: &str = "phonoscope.shard/1";

/// What became of an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was read; its vectors are in the shard.
    Used {
        /// Length of the audio in seconds.
        duration_secs: f64,
        /// SHA-256 of the audio file.
        audio_sha256: String,
        /// Its words, phones or segments in order; none where a row is a whole utterance.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        spans: Vec<SpanRecord>,
    },
    /// It gave no vectors.
    Skipped {
        /// Why, in one line.
        reason: String,
        /// Whether trying again may help.
        #[serde(default, skip_serializing_if = "Cause::is_recording")]
        cause: Cause,
    },
}

/// What kept an item from being read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The recording, or what the model makes of it: it would be the same again.
    #[default]
    Recording,
    /// Its file could not be read: a disk may be there next time.
    Access,
}

impl Cause {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde calls it with a reference"
    )]
    fn is_recording(&self) -> bool {
        *self == Self::Recording
    }
}

/// A stretch of an utterance and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpanRecord {
    /// The word or phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Start, in seconds from the start of the utterance.
    pub start_secs: f64,
    /// End, likewise.
    pub end_secs: f64,
    /// Why it gave no vector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
}

/// An item's row number in the manifest and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemRecord {
    /// Row in the manifest, from zero.
    pub index: usize,
    /// Result or reason.
    pub outcome: Outcome,
    /// Activation values of the first tap with any that were not finite; such an item is skipped.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub not_finite: usize,
}

impl ItemRecord {
    /// Vectors that the item has in its shard.
    pub fn rows(&self) -> usize {
        match &self.outcome {
            Outcome::Skipped { .. } => 0,
            Outcome::Used { spans, .. } if spans.is_empty() => 1,
            Outcome::Used { spans, .. } => spans.iter().filter(|s| s.skipped.is_none()).count(),
        }
    }
}

/// The content of one shard.
#[derive(Debug, Clone, PartialEq)]
pub struct Shard {
    /// Every item of the stretch, in manifest order.
    pub records: Vec<ItemRecord>,
    /// For each tap, in the run's order: its values [row, dim]. A row is a used item, or a used span
    /// of one, in order.
    pub taps: Vec<TapValues>,
}

/// Values of one tap.
#[derive(Debug, Clone, PartialEq)]
pub struct TapValues {
    /// Name of the tap.
    pub name: String,
    /// Width of a row.
    pub dim: usize,
    /// The rows, one after the other.
    pub values: Vec<f32>,
}

impl TapValues {
    /// The values of some rows, one after the other.
    pub fn rows(&self, rows: std::ops::Range<usize>) -> Vec<f32> {
        let values = self.values.get(rows.start * self.dim..rows.end * self.dim);
        values.unwrap_or_default().to_vec()
    }
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

#[derive(Serialize, Deserialize)]
struct Header {
    fingerprint: String,
    records: Vec<ItemRecord>,
}

/// Path of shard `number` in a run folder.
pub(super) fn path(run: &Path, number: usize) -> PathBuf {
    run.join(format!("activations-{number:05}.safetensors"))
}

impl Shard {
    /// For each row, the manifest row that it came from.
    pub fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        self.records
            .iter()
            .flat_map(|r| std::iter::repeat_n(r.index, r.rows()))
    }

    /// Writes shard `number` of a run, whole or not at all.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write(&self, run: &Path, number: usize, fingerprint: &str) -> Result<()> {
        let path = path(run, number);
        let invalid = |why: String| Error::Format {
            path: path.clone(),
            what: "shard",
            why,
        };
        let header = Header {
            fingerprint: fingerprint.into(),
            records: self.records.clone(),
        };
        let header = serde_json::to_string(&header).map_err(|e| invalid(e.to_string()))?;
        let index: Vec<u8> = self.rows().flat_map(|i| (i as i64).to_le_bytes()).collect();
        let rows = index.len() / 8;
        let data: Vec<Vec<u8>> = self
            .taps
            .iter()
            .map(|t| t.values.iter().flat_map(|v| v.to_le_bytes()).collect())
            .collect();
        let mut views = vec![(
            INDEX.to_owned(),
            TensorView::new(Dtype::I64, vec![rows], &index).map_err(|e| invalid(e.to_string()))?,
        )];
        for (tap, bytes) in self.taps.iter().zip(&data) {
            let view = TensorView::new(Dtype::F32, vec![rows, tap.dim], bytes)
                .map_err(|e| invalid(format!("tap `{}`: {e}", tap.name)))?;
            views.push((tap.name.clone(), view));
        }
        let bytes =
            safetensors::serialize(views, Some(HashMap::from([(HEADER.to_owned(), header)])))
                .map_err(|e| invalid(e.to_string()))?;
        write_atomic(&path, &bytes)
    }

    /// Reads shard `number` of a run with these taps.
    ///
    /// # Errors
    /// When the file is missing, damaged or belongs to another run.
    pub fn read(run: &Path, number: usize, fingerprint: &str, taps: &[String]) -> Result<Self> {
        let path = path(run, number);
        let bytes = std::fs::read(&path).map_err(Error::io("read", &path))?;
        let damaged = damage(&path);
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|e| damaged(e.to_string()))?;
        let header = ours(header.metadata().as_ref(), fingerprint).map_err(&damaged)?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(|e| damaged(e.to_string()))?;
        let mut shard = Self {
            records: header.records,
            taps: Vec::with_capacity(taps.len()),
        };
        let rows = shard.rows().count();
        for name in taps {
            let tensor = tensors
                .tensor(name)
                .map_err(|e| damaged(format!("tap `{name}`: {e}")))?;
            let &[found, dim] = tensor.shape() else {
                return Err(damaged(format!("tap `{name}` is not a matrix")));
            };
            if tensor.dtype() != Dtype::F32 || found != rows {
                return Err(damaged(format!(
                    "tap `{name}` has {found} rows, expected {rows}"
                )));
            }
            let values = tensor
                .data()
                .as_chunks::<4>()
                .0
                .iter()
                .map(|b| f32::from_le_bytes(*b))
                .collect();
            shard.taps.push(TapValues {
                name: name.clone(),
                dim,
                values,
            });
        }
        Ok(shard)
    }
}

/// What became of the items of shard `number`; its values are not read.
pub(super) fn records(run: &Path, number: usize, fingerprint: &str) -> Result<Vec<ItemRecord>> {
    #[derive(Deserialize)]
    struct Metadata {
        __metadata__: Option<HashMap<String, String>>,
    }
    let path = path(run, number);
    let fail = |e| Error::io("read", &path)(e);
    let mut file = File::open(&path).map_err(fail)?;
    let mut length = [0; 8];
    file.read_exact(&mut length).map_err(fail)?;
    let length = u64::from_le_bytes(length).min(file.metadata().map_err(fail)?.len());
    let mut header = Vec::with_capacity(length as usize);
    file.take(length).read_to_end(&mut header).map_err(fail)?;
    let found = serde_json::from_slice::<Metadata>(&header).map_err(|e| e.to_string());
    let header = found.and_then(|m| ours(m.__metadata__.as_ref(), fingerprint));
    Ok(header.map_err(damage(&path))?.records)
}

fn damage(path: &Path) -> impl Fn(String) -> Error {
    move |why| Error::Format {
        path: path.to_path_buf(),
        what: "shard",
        why,
    }
}

/// Our part of a safetensors header, if it belongs to this run.
fn ours(metadata: Option<&HashMap<String, String>>, fingerprint: &str) -> Result<Header, String> {
    let header = metadata
        .and_then(|m| m.get(HEADER))
        .ok_or("it has no phonoscope header")?;
    let header: Header = serde_json::from_str(header).map_err(|e| e.to_string())?;
    if header.fingerprint != fingerprint {
        return Err("it belongs to another run".into());
    }
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(label: &str, skipped: Option<&str>) -> SpanRecord {
        SpanRecord {
            label: Some(label.into()),
            start_secs: 0.5,
            end_secs: 1.0,
            skipped: skipped.map(str::to_owned),
        }
    }

    fn shard() -> Shard {
        Shard {
            records: vec![
                ItemRecord {
                    index: 4,
                    outcome: Outcome::Used {
                        duration_secs: 1.5,
                        audio_sha256: "ab".into(),
                        spans: vec![
                            span("a", None),
                            span("b", Some("it is empty")),
                            span("c", None),
                        ],
                    },
                    not_finite: 0,
                },
                ItemRecord {
                    index: 5,
                    outcome: Outcome::Skipped {
                        reason: "not finite".into(),
                        cause: Cause::Access,
                    },
                    not_finite: 7,
                },
            ],
            taps: vec![TapValues {
                name: "t".into(),
                dim: 2,
                values: vec![1.0, -2.5, 0.0, 4.0],
            }],
        }
    }

    #[test]
    fn comes_back_as_written_and_refuses_strangers() {
        let dir = tempfile::tempdir().unwrap();
        let taps = ["t".to_owned()];
        shard().write(dir.path(), 2, "key").unwrap();
        assert_eq!(Shard::read(dir.path(), 2, "key", &taps).unwrap(), shard());
        assert_eq!(records(dir.path(), 2, "key").unwrap(), shard().records);
        assert_eq!(shard().rows().collect::<Vec<_>>(), [4, 4]);
        assert_eq!(shard().taps[0].rows(1..2), [0.0, 4.0]);
        let first = std::fs::read(path(dir.path(), 2)).unwrap();
        shard().write(dir.path(), 2, "key").unwrap();
        assert_eq!(first, std::fs::read(path(dir.path(), 2)).unwrap());
        assert!(Shard::read(dir.path(), 2, "other", &taps).is_err());
        assert!(records(dir.path(), 2, "other").is_err());
        assert!(Shard::read(dir.path(), 2, "key", &["u".to_owned()]).is_err());
        std::fs::write(path(dir.path(), 2), &first[..first.len() - 3]).unwrap();
        assert!(Shard::read(dir.path(), 2, "key", &taps).is_err());
    }
}
