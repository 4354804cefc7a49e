//! Matrices from NumPy files: `FILE.npy`, or `FILE.npz:NAME` for one array of an archive.

use std::path::Path;

use ndarray::{Array1, Array2, ArrayD, Ix1, Ix2};
use ndarray_npy::{NpzReader, ReadableElement, read_npy};

use crate::exit::Usage;

/// A matrix [row, column] of float32 or float64.
pub(super) fn read_matrix(path: &Path) -> anyhow::Result<Array2<f64>> {
    let array = read_array(path)?;
    let shape = array.shape().to_vec();
    array
        .into_dimensionality::<Ix2>()
        .map_err(|_rank| wrong_shape(path, "a matrix", &shape).into())
}

/// A vector `[row]`, or a matrix with one column.
pub(super) fn read_vector(path: &Path) -> anyhow::Result<Array1<f64>> {
    let array = read_array(path)?;
    let shape = array.shape().to_vec();
    let array = match *shape.as_slice() {
        [n, 1] => array.into_shape_with_order(vec![n]).unwrap_or_default(),
        _ => array,
    };
    array
        .into_dimensionality::<Ix1>()
        .map_err(|_rank| wrong_shape(path, "a vector", &shape).into())
}

/// Targets `[row, target]`; a vector is one target.
pub(super) fn read_targets(path: &Path) -> anyhow::Result<Array2<f64>> {
    let array = read_array(path)?;
    let shape = array.shape().to_vec();
    let array = match *shape.as_slice() {
        [n] => array.into_shape_with_order(vec![n, 1]).unwrap_or_default(),
        _ => array,
    };
    array
        .into_dimensionality::<Ix2>()
        .map_err(|_rank| wrong_shape(path, "a vector or a matrix", &shape).into())
}

/// A vector of whole numbers, of any integer type or as floats.
pub(super) fn read_whole_numbers(path: &Path) -> anyhow::Result<Vec<i64>> {
    fn widened<T: ReadableElement + Into<i64>>(path: &Path) -> Option<Vec<i64>> {
        let array = read_npy::<_, Array1<T>>(path).ok()?;
        Some(array.into_iter().map(Into::into).collect())
    }
    let widths = [
        widened::<i64>,
        widened::<i32>,
        widened::<i16>,
        widened::<u8>,
        widened::<i8>,
    ];
    if let Some(numbers) = widths.iter().find_map(|read| read(path)) {
        return Ok(numbers);
    }
    let floats = read_vector(path)?;
    match floats.iter().find(|v| v.fract() != 0.0 || v.abs() > 1e15) {
        None => Ok(floats.iter().map(|v| *v as i64).collect()),
        Some(v) => Err(Usage::new(
            format!("`{}` holds {v}, which is no whole number", path.display()),
            "give labels as whole numbers, or a text file with one label a line",
        )
        .into()),
    }
}

fn wrong_shape(path: &Path, wanted: &str, shape: &[usize]) -> Usage {
    Usage::new(
        format!(
            "`{}` is not {wanted}: its shape is {shape:?}",
            path.display()
        ),
        "save it with numpy.save from an array of that many axes",
    )
}

/// An array of any shape of float32 or float64, all of it finite.
pub(super) fn read_array(path: &Path) -> anyhow::Result<ArrayD<f64>> {
    let double = match read_as::<f64>(path) {
        Ok(array) => return finite(path, array),
        Err(e) => e,
    };
    match read_as::<f32>(path) {
        Ok(array) => finite(path, array.mapv(f64::from)),
        Err(_) => Err(Usage::new(
            format!(
                "cannot read `{}` as an array of floats: {double}",
                path.display()
            ),
            "give a .npy file of float32 or float64, or .npz:NAME",
        )
        .into()),
    }
}

fn read_as<T: ReadableElement>(path: &Path) -> anyhow::Result<ArrayD<T>> {
    let text = path.to_string_lossy();
    if let Some((file, name)) = text.rsplit_once(".npz:") {
        let mut archive = NpzReader::new(std::fs::File::open(format!("{file}.npz"))?)?;
        return Ok(archive.by_name(name)?);
    }
    Ok(read_npy(path)?)
}

fn finite(path: &Path, array: ArrayD<f64>) -> anyhow::Result<ArrayD<f64>> {
    let bad = array.iter().filter(|v| !v.is_finite()).count();
    if bad == 0 {
        return Ok(array);
    }
    Err(Usage::new(
        format!(
            "`{}` holds {bad} values that are not finite",
            path.display()
        ),
        "remove those rows or fill them first",
    )
    .into())
}
