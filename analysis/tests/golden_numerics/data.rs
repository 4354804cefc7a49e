//! The golden arrays and the comparison with them.

use std::path::PathBuf;

use ndarray::{Array1, Array2, Array3, Ix1, Ix2, Ix3};
use ndarray_npy::NpzReader;
use serde_json::Value;

const TOLERANCE: f64 = 1e-10;

pub(crate) struct Golden {
    folder: PathBuf,
    pub(crate) scalars: Value,
}

impl Golden {
    pub(crate) fn open() -> Option<Self> {
        let shared = std::env::var_os("PHONOSCOPE_SHARED").map_or_else(
            || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")),
            PathBuf::from,
        );
        let folder = shared.join("golden/numerics");
        let Ok(text) = std::fs::read_to_string(folder.join("expected.json")) else {
            println!("skipped: no golden numbers in {}", folder.display());
            return None;
        };
        let scalars = serde_json::from_str(&text).unwrap();
        Some(Self { folder, scalars })
    }

    pub(crate) fn npz(&self, file: &str) -> NpzReader<std::fs::File> {
        NpzReader::new(std::fs::File::open(self.folder.join(file)).unwrap()).unwrap()
    }

    /// An array of `inputs.npz` or `expected.npz`.
    pub(crate) fn one(&self, name: &str) -> Array1<f64> {
        let found = self
            .npz("inputs.npz")
            .by_name::<ndarray::OwnedRepr<f64>, Ix1>(name);
        found.unwrap_or_else(|_| self.npz("expected.npz").by_name(name).unwrap())
    }

    pub(crate) fn two(&self, name: &str) -> Array2<f64> {
        let found = self
            .npz("inputs.npz")
            .by_name::<ndarray::OwnedRepr<f64>, Ix2>(name);
        found.unwrap_or_else(|_| self.npz("expected.npz").by_name(name).unwrap())
    }

    pub(crate) fn three(&self, name: &str) -> Array3<f64> {
        let array = self
            .npz("expected.npz")
            .by_name::<ndarray::OwnedRepr<f64>, Ix3>(name);
        array.unwrap()
    }

    /// Whole numbers of `inputs.npz` or `expected.npz`, stored in whichever type was smallest.
    pub(crate) fn indices(&self, name: &str) -> Vec<usize> {
        for file in ["inputs.npz", "expected.npz"] {
            let mut npz = self.npz(file);
            if let Ok(array) = npz.by_name::<ndarray::OwnedRepr<i64>, Ix1>(name) {
                return array.iter().map(|i| *i as usize).collect();
            }
        }
        let mut npz = self.npz("inputs.npz");
        let array = npz.by_name::<ndarray::OwnedRepr<u8>, Ix1>(name).unwrap();
        array.iter().map(|i| usize::from(*i)).collect()
    }

    /// A table of whole numbers of `expected.npz`, row by row.
    pub(crate) fn table(&self, name: &str) -> Vec<usize> {
        let mut npz = self.npz("expected.npz");
        let array = npz.by_name::<ndarray::OwnedRepr<i64>, Ix2>(name).unwrap();
        array.iter().map(|i| *i as usize).collect()
    }

    pub(crate) fn number(&self, path: &str) -> f64 {
        self.scalars.pointer(path).and_then(Value::as_f64).unwrap()
    }

    pub(crate) fn list(&self, path: &str) -> Vec<f64> {
        let list = self
            .scalars
            .pointer(path)
            .and_then(Value::as_array)
            .unwrap();
        list.iter().map(|v| v.as_f64().unwrap()).collect()
    }
}

/// Largest difference of two arrays on the scale of the largest expected entry.
pub(crate) fn assert_close<'a>(
    what: &str,
    found: impl IntoIterator<Item = &'a f64>,
    expected: impl IntoIterator<Item = &'a f64>,
) {
    let found: Vec<f64> = found.into_iter().copied().collect();
    let expected: Vec<f64> = expected.into_iter().copied().collect();
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    for (i, (a, b)) in found.iter().zip(&expected).enumerate() {
        assert!(
            (a - b).abs() <= TOLERANCE * scale,
            "{what}[{i}]: {a} against {b}"
        );
    }
}

pub(crate) fn assert_number(what: &str, found: f64, expected: f64) {
    let off = (found - expected).abs();
    assert!(
        off <= TOLERANCE * expected.abs(),
        "{what}: {found} against {expected}"
    );
}
