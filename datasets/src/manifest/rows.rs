//! The rows of a manifest before they mean anything: text in columns, and where it stood.

use crate::error::one_line;

/// A fault in the content of a manifest; the caller knows the file.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) line: Option<u64>,
    pub(super) why: String,
    pub(super) hint: Option<String>,
}

impl Fault {
    pub(super) fn whole(why: impl Into<String>) -> Self {
        Self {
            line: None,
            why: why.into(),
            hint: None,
        }
    }

    pub(super) fn at(line: u64, why: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            ..Self::whole(why)
        }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }
}

/// One row; `fields` are parallel to [`Rows::columns`] and may be short (JSON lines).
#[derive(Debug)]
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) fields: Vec<Option<String>>,
}

impl Row {
    /// The field, unless it is missing.
    pub(super) fn value(&self, column: usize) -> Option<&str> {
        self.fields
            .get(column)?
            .as_deref()
            .filter(|text| !text.is_empty() && *text != "NA")
    }
}

#[derive(Debug)]
pub(super) struct Rows {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Row>,
}

impl Rows {
    /// Rows under a header whose names are trimmed, not empty and not repeated.
    pub(super) fn under(header: &[String], line: u64) -> Result<Self, Fault> {
        let columns: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
        for (i, name) in columns.iter().enumerate() {
            if name.is_empty() {
                return Err(Fault::at(line, format!("column {} has no name", i + 1)));
            }
            if columns[..i].contains(name) {
                let name = one_line(name);
                return Err(Fault::at(line, format!("column `{name}` appears twice")));
            }
        }
        Ok(Self {
            columns,
            rows: Vec::new(),
        })
    }

    /// Adds a row that has a field for every column.
    pub(super) fn push(&mut self, line: u64, fields: Vec<Option<String>>) -> Result<(), Fault> {
        if fields.len() != self.columns.len() {
            return Err(Fault::at(
                line,
                format!(
                    "{} fields under a header of {}",
                    fields.len(),
                    self.columns.len()
                ),
            )
            .hint("every row needs a field for each column, even if empty"));
        }
        self.rows.push(Row { line, fields });
        Ok(())
    }

    /// The fault of a table that has no `path` column.
    pub(super) fn without_path(&self) -> Fault {
        let found: Vec<String> = self
            .columns
            .iter()
            .map(|name| format!("`{}`", one_line(name)))
            .collect();
        let likely = self.columns.iter().find(|name| {
            let name = name.to_lowercase();
            [
                "path",
                "file",
                "filename",
                "file_name",
                "audio",
                "wav",
                "audio_path",
                "filepath",
            ]
            .contains(&name.as_str())
        });
        let hint = match (likely, self.columns.as_slice()) {
            (Some(name), _) => format!("rename `{}` to `path`", one_line(name)),
            (None, [only]) if only.contains([';', ',', '\t']) => {
                "separate fields by tabs in .tsv and by commas in .csv".to_owned()
            }
            (None, [only]) if only.contains('/') || only.contains('.') => {
                "begin with a header line that names the columns".to_owned()
            }
            _ => "name the column of file names `path`".to_owned(),
        };
        Fault::whole(format!("no column `path`; found {}", found.join(", "))).hint(hint)
    }
}

/// The text of a manifest without its byte order mark.
pub(super) fn decode(bytes: &[u8]) -> Result<&str, Fault> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(e) => {
            let utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
            let valid = bytes.get(..e.valid_up_to()).unwrap_or_default();
            let line = 1 + valid.iter().filter(|&&byte| byte == b'\n').count() as u64;
            let why = if utf16 {
                "it is UTF-16"
            } else {
                "not UTF-8 text"
            };
            return Err(Fault::at(line, why).hint("save it as UTF-8"));
        }
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(
            Fault::whole("it is empty").hint("it needs a header with `path`, then a row each")
        );
    }
    Ok(text)
}

/// Comma-separated fields, quoted as RFC 4180 has it.
pub(super) fn parse_csv(text: &str) -> Result<Rows, Fault> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut table: Option<Rows> = None;
    for record in reader.records() {
        let record = record.map_err(|e| Fault::whole(one_line(&e.to_string())))?;
        let line = record.position().map_or(0, csv::Position::line);
        match &mut table {
            None => {
                let header: Vec<String> = record.iter().map(str::to_owned).collect();
                table = Some(Rows::under(&header, line)?);
            }
            Some(table) => {
                table.push(line, record.iter().map(|f| Some(f.to_owned())).collect())?;
            }
        }
    }
    table.ok_or_else(|| Fault::whole("it is empty"))
}
