//! Arrays for NumPy.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::Context as _;
use ndarray::{Array1, Array2, ArrayD};
use ndarray_npy::NpzWriter;
use phonoscope_probes::report::{Data, Report};
use phonoscope_probes::store::{Run, write_atomic_with};

/// The number columns of a report's tables as `TABLE.COLUMN` (`SYSTEM.TABLE.COLUMN` where there are several),
/// `[row]`; estimates as `[row, 3]` (value, lo,
/// hi); missing entries are NaN.
///
/// # Errors
/// When the file cannot be written.
pub fn report_npz(report: &Report, out: &Path) -> anyhow::Result<()> {
    write(out, |npz| {
        for table in &report.tables {
            for column in &table.columns {
                let name = format!("{}.{}", report.name_of(table), column.id);
                match &column.data {
                    Data::Text(_) => {}
                    Data::Number(values) => {
                        let values: Array1<f64> =
                            values.iter().map(|v| v.unwrap_or(f64::NAN)).collect();
                        npz.add_array(name, &values)?;
                    }
                    Data::Estimate(values) => {
                        let flat = values.iter().flat_map(|e| match e {
                            Some(e) => [e.value, e.lo, e.hi],
                            None => [f64::NAN; 3],
                        });
                        let values = Array2::from_shape_vec((values.len(), 3), flat.collect())?;
                        npz.add_array(name, &values)?;
                    }
                }
            }
        }
        Ok(())
    })
}

/// Every tap of a run as `[used item, dim]`, and `item_index`, the manifest rows of the used items.
///
/// # Errors
/// When a shard is damaged or the file cannot be written.
pub fn run_npz(run: &Run, out: &Path) -> anyhow::Result<()> {
    write(out, |npz| {
        for (i, tap) in run.description.model.taps.iter().enumerate() {
            let (rows, values) = run.tap(tap)?;
            if i == 0 {
                let rows: Array1<i64> = rows.iter().map(|r| *r as i64).collect();
                npz.add_array("item_index", &rows)?;
            }
            npz.add_array(tap.as_str(), &values.mapv(|v| v as f32))?;
        }
        Ok(())
    })
}

/// Named arrays.
///
/// # Errors
/// When the file cannot be written.
pub fn arrays_npz(arrays: &[(String, ArrayD<f64>)], out: &Path) -> anyhow::Result<()> {
    write(out, |npz| {
        for (name, array) in arrays {
            npz.add_array(name.as_str(), array)?;
        }
        Ok(())
    })
}

/// Maps of relevance with what they are of.
#[derive(Debug)]
pub struct RelevanceArrays<'a> {
    /// What the network was given `[item, …]`.
    pub input: &'a ArrayD<f32>,
    /// Scores before softmax `[item, class]`.
    pub logits: &'a ArrayD<f32>,
    /// Weights of the logits in the score explained `[item, class]`.
    pub target: &'a ArrayD<f32>,
    /// Relevance of each number of the input, of the input's shape.
    pub relevance: &'a ArrayD<f32>,
    /// Relevance of inner values, by name.
    pub inner: &'a [(String, ArrayD<f32>)],
    /// Names of layers, and `[item, layer, 4]`: arriving, leaving, taken by bias, by stabiliser.
    pub ledger: Option<(&'a [String], &'a ArrayD<f32>)>,
}

/// Maps of relevance as `input`, `logits`, `target`, `relevance`, `relevance.NAME`, `ledger`, and
/// `ledger_layers` (UTF-8 text as bytes, one name a line).
///
/// # Errors
/// When the file cannot be written.
pub fn relevance_npz(arrays: &RelevanceArrays<'_>, out: &Path) -> anyhow::Result<()> {
    write(out, |npz| {
        npz.add_array("input", arrays.input)?;
        npz.add_array("logits", arrays.logits)?;
        npz.add_array("target", arrays.target)?;
        npz.add_array("relevance", arrays.relevance)?;
        for (name, map) in arrays.inner {
            npz.add_array(format!("relevance.{name}"), map)?;
        }
        if let Some((layers, sums)) = arrays.ledger {
            npz.add_array("ledger", sums)?;
            let names = Array1::from_vec(layers.join("\n").into_bytes());
            npz.add_array("ledger_layers", &names)?;
        }
        Ok(())
    })
}

/// Writes the file whole or not at all.
fn write(
    out: &Path,
    fill: impl FnOnce(&mut NpzWriter<BufWriter<&mut File>>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    write_atomic_with::<anyhow::Error>(out, |file| {
        let mut npz = NpzWriter::new_compressed(BufWriter::new(file));
        fill(&mut npz)?;
        Ok(npz.finish()?.flush()?)
    })
    .with_context(|| format!("cannot write `{}`", out.display()))
}
