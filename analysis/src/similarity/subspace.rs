//! Angles between subspaces.

use ndarray::{Array1, Array2, ArrayView2, s};

use crate::{Error, Result, linalg};

/// Principal angles in radians, ascending, between the spans of the rows of `a: [vector, dim]` and
/// `b: [vector, dim]` (Björck & Golub 1973; small angles from sines, which keeps their digits).
///
/// For two systems of different dims give their leading scores as `[component, row]`: then the subspaces lie
/// among the rows, and the cosines are canonical correlations. Vectors need not be orthogonal but must be
/// independent.
pub fn principal_angles(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Result<Array1<f64>> {
    let what = "principal angles";
    if a.ncols() != b.ncols() {
        return Err(Error::Shape {
            what: format!("{what}: dim of the second subspace"),
            expected: a.ncols().to_string(),
            found: b.ncols().to_string(),
        });
    }
    let (p, q) = (orthonormal(a, "first")?, orthonormal(b, "second")?);
    let (large, small) = if p.nrows() >= q.nrows() {
        (p, q)
    } else {
        (q, p)
    };
    let cross = small.dot(&large.t());
    let cosines = linalg::thin_svd(cross.view())?.values;
    let outside = &small - &cross.dot(&large);
    let sines = linalg::thin_svd(outside.view())?.values;
    let k = cosines.len();
    // Sines descend while cosines do: the smallest angle has the last sine.
    let angle = |i: usize| {
        let sine = sines.get(k - 1 - i).copied().unwrap_or(0.0);
        match cosines[i] * cosines[i] > 0.5 {
            true => sine.min(1.0).asin(),
            false => cosines[i].min(1.0).acos(),
        }
    };
    Ok((0..k).map(angle).collect())
}

/// Orthonormal rows with the same span.
fn orthonormal(x: ArrayView2<'_, f64>, side: &str) -> Result<Array2<f64>> {
    let what = "principal angles";
    let (n, d) = x.dim();
    if n == 0 || n > d {
        return Err(Error::Setting {
            what: format!("{what}: vectors of the {side} subspace"),
            needed: format!("1 to {d}"),
            found: n.to_string(),
        });
    }
    let svd = linalg::thin_svd(x)?;
    let floor = svd.values[0] * f64::EPSILON * d as f64;
    if svd.values[n - 1] <= floor {
        return Err(Error::Undefined {
            what: what.into(),
            why: format!("the vectors of the {side} subspace are not independent"),
        });
    }
    Ok(svd.vt.slice(s![..n, ..]).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn angles_by_hand() {
        let plane = array![[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]];
        let (sin, cos) = 1e-9_f64.sin_cos();
        let line = array![[cos, 0.0, sin]];
        let found = principal_angles(plane.view(), line.view()).unwrap();
        assert!((found[0] - 1e-9).abs() < 1e-15, "{found}");
        let other = array![[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]];
        let found = principal_angles(plane.view(), other.view()).unwrap();
        assert!(found[0].abs() < 1e-14);
        assert!((found[1] - std::f64::consts::FRAC_PI_4).abs() < 1e-14);
    }

    #[test]
    fn bad_subspaces_are_errors() {
        let line = array![[1.0, 2.0, 3.0]];
        let twice = array![[1.0, 2.0, 3.0], [2.0, 4.0, 6.0]];
        assert!(principal_angles(line.view(), twice.view()).is_err());
        assert!(principal_angles(line.view(), array![[1.0, 2.0]].view()).is_err());
        assert!(principal_angles(line.view(), Array2::zeros((0, 3)).view()).is_err());
        assert!(principal_angles(line.view(), array![[1.0, f64::NAN, 0.0]].view()).is_err());
    }
}
