//! Matrices from NumPy files.

use std::path::Path;

use ndarray::{Array1, Array2, ArrayD, Ix1, Ix2};
use ndarray_npy::read_npy;

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
    let double = match read_npy::<_, ArrayD<f64>>(path) {
        Ok(array) => return finite(path, array),
        Err(e) => e,
    };
    match read_npy::<_, ArrayD<f32>>(path) {
        Ok(array) => finite(path, array.mapv(f64::from)),
        Err(_) => Err(Usage::new(
            format!(
                "cannot read `{}` as an array of floats: {double}",
                path.display()
            ),
            "give a .npy file of float32 or float64",
        )
        .into()),
    }
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
