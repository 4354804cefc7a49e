//! Dense linear algebra in f64: the only file that names faer, so that its generics are compiled once.
//!
//! Everything runs on the calling thread. Callers put their own loops (row blocks, resampling
//! draws) on threads instead, which keeps every sum in one order whatever the number of threads.

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::linalg::svd::{ComputeSvdVectors, svd, svd_scratch};
use faer::{Accum, Mat, MatMut, MatRef, Par};
use ndarray::{Array1, Array2, ArrayView2};

use crate::{Error, Result};

/// Eigenvalues and eigenvectors of a symmetric matrix, largest eigenvalue first.
#[derive(Debug, Clone)]
pub struct SymmetricEigen {
    /// Eigenvalues, descending.
    pub values: Array1<f64>,
    /// Unit eigenvectors, `[eigenvector, entry]`, in the order of `values`.
    pub vectors: Array2<f64>,
}

/// Thin singular value decomposition `x = u · diag(values) · vt`.
#[derive(Debug, Clone)]
pub struct ThinSvd {
    /// Left vectors, `[row, k]`.
    pub u: Array2<f64>,
    /// Singular values, descending, `k = min(rows, columns)` of them.
    pub values: Array1<f64>,
    /// Right vectors, `[k, column]`.
    pub vt: Array2<f64>,
}

/// `x · xᵀ`, `[row, row]`, for `x: [row, column]`.
pub fn gram(x: ArrayView2<'_, f64>) -> Array2<f64> {
    let x = x.as_standard_layout();
    let (n, d) = x.dim();
    x.as_slice().map_or_else(
        || Array2::zeros((n, n)),
        |s| lower_product(MatRef::from_row_major_slice(s, n, d)),
    )
}

/// `xᵀ · x`, `[column, column]`, for `x: [row, column]`.
pub fn scatter(x: ArrayView2<'_, f64>) -> Array2<f64> {
    let x = x.as_standard_layout();
    let (n, d) = x.dim();
    x.as_slice().map_or_else(
        || Array2::zeros((d, d)),
        |s| lower_product(MatRef::from_row_major_slice(s, n, d).transpose()),
    )
}

/// `a · aᵀ`: half the work of a full product, then mirrored.
fn lower_product(a: MatRef<'_, f64>) -> Array2<f64> {
    let m = a.nrows();
    let mut out = Mat::<f64>::zeros(m, m);
    matmul(
        out.as_mut(),
        BlockStructure::TriangularLower,
        Accum::Replace,
        a,
        BlockStructure::Rectangular,
        a.transpose(),
        BlockStructure::Rectangular,
        1.0,
        Par::Seq,
    );
    Array2::from_shape_fn((m, m), |(i, j)| out[(i.max(j), i.min(j))])
}

/// Eigenvalues and eigenvectors of the symmetric `a: [row, row]`; only its lower triangle is read.
pub fn symmetric_eigen(a: ArrayView2<'_, f64>) -> Result<SymmetricEigen> {
    let n = square(a)?;
    let mut u = vec![0.0; n * n];
    let values = eigen_into(a, Some(MatMut::from_column_major_slice_mut(&mut u, n, n)))?;
    // Columns ascend, so the rows of the column-major buffer read backwards descend.
    let vectors = Array2::from_shape_fn((n, n), |(k, i)| u[(n - 1 - k) * n + i]);
    Ok(SymmetricEigen { values, vectors })
}

/// Eigenvalues of the symmetric `a: [row, row]`, descending; only its lower triangle is read.
pub fn symmetric_eigenvalues(a: ArrayView2<'_, f64>) -> Result<Array1<f64>> {
    square(a)?;
    eigen_into(a, None)
}

fn square(a: ArrayView2<'_, f64>) -> Result<usize> {
    let (n, m) = a.dim();
    if n == m {
        return Ok(n);
    }
    Err(Error::Shape {
        what: "symmetric matrix".into(),
        expected: format!("{n} columns"),
        found: m.to_string(),
    })
}

fn eigen_into(a: ArrayView2<'_, f64>, vectors: Option<MatMut<'_, f64>>) -> Result<Array1<f64>> {
    finite(a, "eigenvalues")?;
    let n = a.nrows();
    let a = a.as_standard_layout();
    let mut values = Diag::<f64>::zeros(n);
    let compute = match vectors {
        Some(_) => ComputeEigenvectors::Yes,
        None => ComputeEigenvectors::No,
    };
    let scratch = self_adjoint_evd_scratch::<f64>(n, compute, Par::Seq, Default::default());
    if let Some(slice) = a.as_slice() {
        self_adjoint_evd(
            MatRef::from_row_major_slice(slice, n, n),
            values.as_mut(),
            vectors,
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(scratch)),
            Default::default(),
        )
        .map_err(|_e| Error::NotConverged {
            what: "eigenvalue iteration".into(),
        })?;
    }
    Ok(values.column_vector().iter().rev().copied().collect())
}

/// Thin singular value decomposition of `x: [row, column]`.
pub fn thin_svd(x: ArrayView2<'_, f64>) -> Result<ThinSvd> {
    finite(x, "singular values")?;
    let (n, d) = x.dim();
    let k = n.min(d);
    let x = x.as_standard_layout();
    let mut values = Diag::<f64>::zeros(k);
    let (mut u, mut v) = (Mat::<f64>::zeros(n, k), Mat::<f64>::zeros(d, k));
    let thin = ComputeSvdVectors::Thin;
    let scratch = svd_scratch::<f64>(n, d, thin, thin, Par::Seq, Default::default());
    if let Some(slice) = x.as_slice() {
        svd(
            MatRef::from_row_major_slice(slice, n, d),
            values.as_mut(),
            Some(u.as_mut()),
            Some(v.as_mut()),
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(scratch)),
            Default::default(),
        )
        .map_err(|_e| Error::NotConverged {
            what: "singular value iteration".into(),
        })?;
    }
    Ok(ThinSvd {
        u: Array2::from_shape_fn((n, k), |(i, j)| u[(i, j)]),
        values: values.column_vector().iter().copied().collect(),
        vt: Array2::from_shape_fn((k, d), |(j, i)| v[(i, j)]),
    })
}

/// An error that names the first entry that is not finite.
pub(crate) fn finite(x: ArrayView2<'_, f64>, what: &str) -> Result<()> {
    match x.indexed_iter().find(|(_, v)| !v.is_finite()) {
        None => Ok(()),
        Some(((row, column), v)) => Err(Error::Undefined {
            what: what.into(),
            why: format!("row {row}, column {column} holds {v}"),
        }),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use ndarray::array;

    /// Fails unless both arrays have the same entries up to `slack`.
    pub(crate) fn assert_near<'a>(
        a: impl IntoIterator<Item = &'a f64>,
        b: impl IntoIterator<Item = &'a f64>,
        slack: f64,
    ) {
        let (a, b): (Vec<_>, Vec<_>) = (a.into_iter().collect(), b.into_iter().collect());
        assert_eq!(a.len(), b.len());
        let near = a.iter().zip(&b).all(|(a, b)| (*a - *b).abs() <= slack);
        assert!(near, "{a:?} against {b:?}");
    }

    #[test]
    fn two_by_two_by_hand() {
        let e = symmetric_eigen(array![[2.0, 1.0], [1.0, 2.0]].view()).unwrap();
        assert_near(&e.values, &array![3.0, 1.0], 1e-14);
        assert!((e.vectors[[0, 0]] - e.vectors[[0, 1]]).abs() <= 1e-14);
        assert!((e.vectors[[1, 0]] + e.vectors[[1, 1]]).abs() <= 1e-14);
    }

    #[test]
    fn products_and_svd_rebuild_the_matrix() {
        let x = array![[1.0, 2.0, 3.0], [4.0, 5.0, 7.0]];
        assert_near(&gram(x.view()), &x.dot(&x.t()), 1e-12);
        assert_near(&scatter(x.view()), &x.t().dot(&x), 1e-12);
        assert_near(&scatter(x.t()), &x.dot(&x.t()), 1e-12);
        let s = thin_svd(x.view()).unwrap();
        let back = (&s.u * &s.values).dot(&s.vt);
        assert_near(&back, &x, 1e-12);
    }

    #[test]
    fn bad_input_is_an_error() {
        assert!(symmetric_eigenvalues(array![[1.0, f64::NAN], [0.0, 1.0]].view()).is_err());
        assert!(symmetric_eigen(array![[1.0, 2.0]].view()).is_err());
        assert!(thin_svd(array![[f64::INFINITY]].view()).is_err());
        assert_eq!(
            symmetric_eigenvalues(Array2::zeros((0, 0)).view())
                .unwrap()
                .len(),
            0
        );
    }
}
