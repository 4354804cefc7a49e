//! Where words go: data to standard output, everything else to standard error.

use std::borrow::Cow;
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
        let text = if out.is_terminal() {
            inert(text)
        } else {
            Cow::Borrowed(text)
        };
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
            writeln!(io::stderr().lock(), "{}", inert(text)).ok();
        }
    }

    /// Writes something that the user should look at to standard error unless quiet; the log has it as
    /// a warning.
    pub fn caution(self, text: &str) {
        if self.silent {
            tracing::warn!("{text}");
        } else {
            self.remark(text);
        }
    }

    /// Tells an error.
    pub fn error(self, told: &Told) {
        let mut err = io::stderr().lock();
        writeln!(err, "error: {}", inert(&told.line)).ok();
        if let Some(hint) = &told.hint {
            writeln!(err, "hint: {}", inert(hint)).ok();
        }
    }
}

/// Text that a terminal only shows: names in manifests, reports and models may hold control characters,
/// which a terminal would obey.
fn inert(text: &str) -> Cow<'_, str> {
    let obeyed = |c: char| c.is_control() && c != '\n' && c != '\t';
    if text.contains(obeyed) {
        Cow::Owned(text.replace(obeyed, "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
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
    fn control_characters_are_shown_not_obeyed() {
        let text = "a\u{1b}[2J\u{9b}31m\tb\nc\u{7f}";
        assert_eq!(super::inert(text), "a\u{fffd}[2J\u{fffd}31m\tb\nc\u{fffd}");
        assert_eq!(super::inert("é\n"), "é\n");
    }

    #[test]
    fn columns_align_by_display_width() {
        let rows = [
            vec!["é".to_owned(), "b".into()],
            vec!["long".into(), "c".into()],
        ];
        assert_eq!(super::columns(&rows), "é     b\nlong  c\n");
    }
}
