//! One safetensors file: activations of a fixed stretch of the manifest, and what became of each item.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use super::write_atomic;
use crate::error::{Error, Result};

/// Name of the tensor with the manifest rows of the shard's used items.
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
    },
    /// It gave no vectors.
    Skipped {
        /// Why, in one line.
        reason: String,
    },
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

/// The content of one shard.
#[derive(Debug, Clone, PartialEq)]
pub struct Shard {
    /// Every item of the stretch, in manifest order.
    pub records: Vec<ItemRecord>,
    /// For each tap, in the run's order: its values [used item, dim], row by row.
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
    /// Manifest rows of the used items.
    pub fn used(&self) -> impl Iterator<Item = usize> + '_ {
        self.records
            .iter()
            .filter(|r| matches!(r.outcome, Outcome::Used { .. }))
            .map(|r| r.index)
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
        let index: Vec<u8> = self.used().flat_map(|i| (i as i64).to_le_bytes()).collect();
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
        let damaged = |why: String| Error::Format {
            path: path.clone(),
            what: "shard",
            why,
        };
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|e| damaged(e.to_string()))?;
        let header = header
            .metadata()
            .as_ref()
            .and_then(|m| m.get(HEADER))
            .ok_or_else(|| damaged("it has no phonoscope header".into()))?;
        let header: Header = serde_json::from_str(header).map_err(|e| damaged(e.to_string()))?;
        if header.fingerprint != fingerprint {
            return Err(damaged("it belongs to another run".into()));
        }
        let tensors = SafeTensors::deserialize(&bytes).map_err(|e| damaged(e.to_string()))?;
        let mut shard = Self {
            records: header.records,
            taps: Vec::with_capacity(taps.len()),
        };
        let rows = shard.used().count();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shard() -> Shard {
        Shard {
            records: vec![
                ItemRecord {
                    index: 4,
                    outcome: Outcome::Used {
                        duration_secs: 1.5,
                        audio_sha256: "ab".into(),
                    },
                    not_finite: 0,
                },
                ItemRecord {
                    index: 5,
                    outcome: Outcome::Skipped {
                        reason: "not finite".into(),
                    },
                    not_finite: 7,
                },
            ],
            taps: vec![TapValues {
                name: "t".into(),
                dim: 2,
                values: vec![1.0, -2.5],
            }],
        }
    }

    #[test]
    fn comes_back_as_written_and_refuses_strangers() {
        let dir = tempfile::tempdir().unwrap();
        let taps = ["t".to_owned()];
        shard().write(dir.path(), 2, "key").unwrap();
        assert_eq!(Shard::read(dir.path(), 2, "key", &taps).unwrap(), shard());
        let first = std::fs::read(path(dir.path(), 2)).unwrap();
        shard().write(dir.path(), 2, "key").unwrap();
        assert_eq!(first, std::fs::read(path(dir.path(), 2)).unwrap());
        assert!(Shard::read(dir.path(), 2, "other", &taps).is_err());
        assert!(Shard::read(dir.path(), 2, "key", &["u".to_owned()]).is_err());
        std::fs::write(path(dir.path(), 2), &first[..first.len() - 3]).unwrap();
        assert!(Shard::read(dir.path(), 2, "key", &taps).is_err());
    }
}
