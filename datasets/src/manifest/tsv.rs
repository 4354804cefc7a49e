//! Tab-separated manifests: the escaping rule, reading and atomic writing.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use phonoscope_analysis::file::write_atomic;

use super::rows::{Fault, Rows};
use super::{ALIGNMENT, Manifest, STRUCTURAL};
use crate::error::{Error, Result, shown};

/// `text` with tabs, line ends and backslashes escaped.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\\' => out.push_str("\\\\"),
            c => out.push(c),
        }
    }
    out
}

/// The inverse of [`escape`]; a backslash before any other character stands for itself.
pub(crate) fn unescape(field: &str) -> String {
    let mut out = String::with_capacity(field.len());
    let mut rest = field.chars().peekable();
    while let Some(c) = rest.next() {
        let escaped = match (c, rest.peek()) {
            ('\\', Some('t')) => '\t',
            ('\\', Some('n')) => '\n',
            ('\\', Some('r')) => '\r',
            ('\\', Some('\\')) => '\\',
            _ => {
                out.push(c);
                continue;
            }
        };
        rest.next();
        out.push(escaped);
    }
    out
}

pub(super) fn parse(text: &str) -> std::result::Result<Rows, Fault> {
    let mut table: Option<Rows> = None;
    for (number, line) in (1..).zip(text.split('\n')) {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        let fields = line.split('\t').map(unescape);
        match &mut table {
            None => table = Some(Rows::under(&fields.collect::<Vec<_>>(), number)?),
            Some(table) => table.push(number, fields.map(Some).collect())?,
        }
    }
    table.ok_or_else(|| Fault::whole("it is empty"))
}

pub(super) fn write(manifest: &Manifest, path: &Path) -> Result<()> {
    let fault = |why: String, hint: &str| Error::Manifest {
        path: path.to_path_buf(),
        line: None,
        why,
        hint: Some(hint.to_owned()),
    };
    if !path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("tsv"))
    {
        let why = "manifests are written as TSV".to_owned();
        return Err(fault(why, "give it a name that ends in .tsv"));
    }
    let full = std::path::absolute(path).map_err(|e| Error::write(path, e))?;
    let folder = full.parent().unwrap_or(&full);

    let spans = manifest
        .utterances
        .iter()
        .any(|u| u.start_secs.is_some() || u.end_secs.is_some());
    let mut header = vec!["id", "path"];
    if spans {
        header.extend(["start", "end"]);
    }
    header.extend(manifest.columns.iter().map(String::as_str));

    let mut text = line_of(header.into_iter());
    for utterance in &manifest.utterances {
        let named = |path: &Path| {
            written_path(path, folder).ok_or_else(|| {
                let why = format!("the path `{}` is not UTF-8", shown(path));
                fault(why, "rename the file")
            })
        };
        let audio = named(&utterance.audio)?;
        if utterance.metadata.len() != manifest.columns.len() {
            let why = format!(
                "row `{}` has {} metadata values for {} columns",
                shown(utterance.id.as_ref()),
                utterance.metadata.len(),
                manifest.columns.len()
            );
            return Err(fault(why, "give each column a value or none"));
        }
        let secs = |secs: Option<f64>| secs.map_or_else(|| "NA".to_owned(), |s| s.to_string());
        let mut fields = vec![utterance.id.clone(), audio];
        if spans {
            fields.extend([secs(utterance.start_secs), secs(utterance.end_secs)]);
        }
        for (column, value) in manifest.columns.iter().zip(&utterance.metadata) {
            let value = value.as_deref().filter(|v| !v.is_empty());
            fields.push(match value {
                Some(path) if column == ALIGNMENT => named(&manifest.folder.join(path))?,
                value => value.unwrap_or("NA").to_owned(),
            });
        }
        text.push_str(&line_of(fields.iter().map(String::as_str)));
    }
    if let Some(column) = manifest
        .columns
        .iter()
        .find(|column| STRUCTURAL.contains(&column.as_str()))
    {
        let why = format!("`{column}` cannot be a metadata column");
        return Err(fault(why, "rename the column"));
    }

    write_atomic(&full, |file| file.write_all(text.as_bytes())).map_err(|e| Error::write(path, e))
}

fn line_of<'a>(fields: impl Iterator<Item = &'a str>) -> String {
    let mut line = fields.map(escape).collect::<Vec<_>>().join("\t");
    line.push('\n');
    line
}

/// How a manifest in `folder` (absolute) names a file; none where that is not UTF-8.
fn written_path(path: &Path, folder: &Path) -> Option<String> {
    let absolute: PathBuf = std::path::absolute(path).ok()?;
    let path = absolute.strip_prefix(folder).unwrap_or(&absolute);
    path.to_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_and_lone_backslashes_kept() {
        assert_eq!(escape("a\tb\\n\r\n"), "a\\tb\\\\n\\r\\n");
        assert_eq!(unescape("a\\tb\\\\n\\r\\n"), "a\tb\\n\r\n");
        assert_eq!(unescape("C:\\x\\"), "C:\\x\\");
    }

    proptest::proptest! {
        #[test]
        fn any_text_survives_escaping(text in ".*|[\\\\tnr\t\n\r]*") {
            let escaped = escape(&text);
            proptest::prop_assert!(!escaped.contains(['\t', '\n', '\r']));
            proptest::prop_assert_eq!(unescape(&escaped), text);
        }
    }
}
