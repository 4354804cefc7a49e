//! Tables as CSV.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use phonoscope_probes::report::{Data, Report, Table};
use phonoscope_probes::store::write_atomic;

/// A table as CSV (RFC 4180 quoting, `\n` line ends). An estimate `x` becomes the columns `x`, `x_lo`,
/// `x_hi` and `x_n`; a missing entry is empty.
pub fn table_csv(table: &Table) -> String {
    let mut text = String::new();
    let mut header = vec![];
    for column in &table.columns {
        header.push(column.id.clone());
        if matches!(column.data, Data::Estimate(_)) {
            header.extend(["lo", "hi", "n"].map(|end| format!("{}_{end}", column.id)));
        }
    }
    push_row(&mut text, header.iter().map(String::as_str));
    for row in 0..table.rows() {
        let mut cells: Vec<String> = vec![];
        for column in &table.columns {
            match &column.data {
                Data::Text(_) => cells.push(column.text_at(row).unwrap_or("").into()),
                Data::Number(_) => {
                    cells.push(column.value(row).map(|v| v.to_string()).unwrap_or_default());
                }
                Data::Estimate(_) => match column.estimate_at(row) {
                    Some(e) => cells.extend([
                        e.value.to_string(),
                        e.lo.to_string(),
                        e.hi.to_string(),
                        e.n.to_string(),
                    ]),
                    None => cells.extend(std::iter::repeat_n(String::new(), 4)),
                },
            }
        }
        push_row(&mut text, cells.iter().map(String::as_str));
    }
    text
}

fn push_row<'a>(text: &mut String, cells: impl Iterator<Item = &'a str>) {
    for (i, cell) in cells.enumerate() {
        if i > 0 {
            text.push(',');
        }
        if cell.contains(['"', ',', '\n', '\r']) {
            let _ = write!(text, "\"{}\"", cell.replace('"', "\"\""));
        } else {
            text.push_str(cell);
        }
    }
    text.push('\n');
}

/// Writes tables of a report as `ID.csv` (`SYSTEM.ID.csv` where there are several) into a folder, with `provenance.json` beside them.
///
/// # Errors
/// When the folder cannot be written.
pub fn write_tables(report: &Report, folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot create the folder `{}`", folder.display()))?;
    for table in &report.tables {
        write_atomic(
            &folder.join(format!("{}.csv", report.name_of(table))),
            table_csv(table).as_bytes(),
        )?;
    }
    let provenance = serde_json::to_string_pretty(&report.provenance)? + "\n";
    write_atomic(&folder.join("provenance.json"), provenance.as_bytes())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use phonoscope_analysis::{Estimate, estimate::Method};
    use phonoscope_probes::report::{Column, Role, Table};

    #[test]
    fn estimates_take_four_columns_and_words_are_quoted() {
        let estimate = Estimate {
            value: 0.5,
            lo: 0.25,
            hi: 0.75,
            n: 9,
            level: 0.95,
            method: Method::ClusterBootstrap,
        };
        let table = Table {
            id: "t".into(),
            system: None,
            title: "T".into(),
            meaning: String::new(),
            columns: vec![
                Column::text("a", Role::Key, "", vec![Some("x, \"y\"".into()), None]),
                Column::number("b", Role::Value, "", None, [1.5, f64::NAN]),
                Column::estimate("c", "", None, vec![Some(estimate), None]),
            ],
        };
        assert_eq!(
            super::table_csv(&table),
            "a,b,c,c_lo,c_hi,c_n\n\"x, \"\"y\"\"\",1.5,0.5,0.25,0.75,9\n,,,,,\n"
        );
    }
}
