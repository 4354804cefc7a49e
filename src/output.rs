//! Where words go: data to standard output, everything else to standard error.

use std::io::{self, IsTerminal as _, Write as _};

use crate::exit::Told;

/// Decides once how much is said.
#[derive(Debug, Clone, Copy)]
pub struct Printer {
    quiet: bool,
    silent: bool,
}

impl Printer {
    /// A printer; a quiet one makes no remarks.
    pub fn new(quiet: bool) -> Self {
        Self {
            quiet,
            silent: false,
        }
    }

    /// A printer for work behind the screen: writes to the log, never to the terminal.
    pub fn silent() -> Self {
        Self {
            quiet: true,
            silent: true,
        }
    }

    /// Whether progress should be drawn.
    pub fn shows_progress(self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// Writes data to standard output, with a final newline.
    ///
    /// # Errors
    /// When it cannot be written; a reader that went away is not an error.
    pub fn data(self, text: &str) -> anyhow::Result<()> {
        if self.silent {
            text.lines().for_each(|line| tracing::info!("{line}"));
            return Ok(());
        }
        let mut out = io::stdout().lock();
        let newline = if text.ends_with('\n') { "" } else { "\n" };
        match write!(out, "{text}{newline}").and_then(|()| out.flush()) {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => Ok(other?),
        }
    }

    /// Writes a remark to standard error unless quiet.
    pub fn remark(self, text: &str) {
        if self.silent {
            tracing::info!("{text}");
        } else if !self.quiet {
            writeln!(io::stderr().lock(), "{text}").ok();
        }
    }

    /// Tells an error.
    pub fn error(self, told: &Told) {
        let mut err = io::stderr().lock();
        writeln!(err, "error: {}", told.line).ok();
        if let Some(hint) = &told.hint {
            writeln!(err, "hint: {hint}").ok();
        }
    }
}

/// Rows as aligned text; the first row is the heading. Numbers are the caller's to format.
pub fn columns(rows: &[Vec<String>]) -> String {
    use unicode_width::UnicodeWidthStr as _;
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |c: usize| {
        rows.iter()
            .filter_map(|r| r.get(c))
            .map(|s| s.width())
            .max()
    };
    let widths: Vec<usize> = (0..count).map(|c| width(c).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let pad = width.saturating_sub(cell.width()) + 2;
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', pad));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn columns_align_by_display_width() {
        let rows = [
            vec!["é".to_owned(), "b".into()],
            vec!["long".into(), "c".into()],
        ];
        assert_eq!(super::columns(&rows), "é     b\nlong  c\n");
    }
}
