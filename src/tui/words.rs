//! Text that fits: measuring, cutting and padding by terminal columns.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Columns that `text` takes.
pub(crate) fn width(text: &str) -> usize {
    if text.chars().all(|c| visible(c) == c) {
        return text.width();
    }
    text.chars().map(visible).collect::<String>().width()
}

/// What stands for `c` on screen. Names from outside may carry characters that command the
/// terminal, break lines or turn the direction of writing; each becomes a sign of one column:
/// `␛` for escape, `·` where there is no sign of its own.
fn visible(c: char) -> char {
    match c {
        // Breaks and tabs, the harmless ones, keep the quietest sign.
        '\t'..='\r' => '·',
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('·'),
        '\u{7f}' => '␡',
        // C1 controls, among them the one-character CSI and OSC.
        '\u{80}'..='\u{9f}'
        // Marks, embeddings, overrides and isolates of direction.
        | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{206f}'
        // Line and paragraph separators; what is not seen and means nothing here.
        | '\u{2028}' | '\u{2029}' | '\u{ad}' | '\u{200b}' | '\u{2060}'..='\u{2065}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => '·',
        c => c,
    }
}

fn columns_of(c: char) -> usize {
    visible(c).width().unwrap_or(1)
}

/// `text` cut to `most` columns, ending in `…` when something is missing, every character
/// [`visible`]. All text on screen comes through here.
pub(crate) fn clip(text: &str, most: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars().map(visible) {
        let w = columns_of(c);
        if used + w > most {
            while used + 1 > most {
                match out.pop() {
                    Some(last) => used -= columns_of(last),
                    None => return String::new(),
                }
            }
            out.push('…');
            return out;
        }
        out.push(c);
        used += w;
    }
    out
}

/// `text` in exactly `columns` columns, flush left.
pub(crate) fn left(text: &str, columns: usize) -> String {
    let mut out = clip(text, columns);
    out.extend(std::iter::repeat_n(
        ' ',
        columns.saturating_sub(width(&out)),
    ));
    out
}

/// `text` in exactly `columns` columns, flush right.
pub(crate) fn right(text: &str, columns: usize) -> String {
    let cut = clip(text, columns);
    let mut out = " ".repeat(columns.saturating_sub(width(&cut)));
    out.push_str(&cut);
    out
}

/// `text` broken at spaces into lines of at most `columns` columns; longer words are cut apart.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let mut word = word.to_owned();
        while let Some(line) = lines.last_mut() {
            let gap = usize::from(!line.is_empty());
            if width(line) + gap + width(&word) <= columns {
                if gap == 1 {
                    line.push(' ');
                }
                line.push_str(&clip(&word, columns));
                break;
            }
            if !line.is_empty() {
                lines.push(String::new());
                continue;
            }
            let mut used = 0;
            let cut = word
                .char_indices()
                .find(|(_, c)| {
                    used += columns_of(*c);
                    used > columns
                })
                .map_or(word.len(), |(at, _)| at)
                .max(word.chars().next().map_or(1, char::len_utf8));
            let rest = word.split_off(cut);
            line.push_str(&clip(&word, columns));
            if rest.is_empty() {
                break;
            }
            lines.push(String::new());
            word = rest;
        }
    }
    lines
}

/// `3 speakers`, `1 speaker`.
pub(crate) fn count(n: usize, singular: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} {singular}{s}", thousands(n))
}

/// `12,345`.
pub(crate) fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `0:07`, `12:30`, `1:02:03`.
pub(crate) fn clock(secs: f64) -> String {
    let secs = if secs.is_finite() {
        secs.clamp(0.0, 3.6e6) as u64
    } else {
        0
    };
    let (h, m, s) = (secs / 3600, secs / 60 % 60, secs % 60);
    if h > 0 {
        format!("{h}:{m:02}:{s:02}")
    } else {
        format!("{m}:{s:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutting_counts_columns_not_bytes() {
        assert_eq!(clip("abc", 3), "abc");
        assert_eq!(clip("abcd", 3), "ab…");
        assert_eq!(clip("漢字漢字", 5), "漢字…");
        assert_eq!(clip("漢字", 1), "…");
        assert_eq!(clip("abc", 0), "");
        assert_eq!(clip("a\u{1b}[31m\nb", 9), "a␛[31m·b");
        assert_eq!((left("é", 3), right("é", 3)), ("é  ".into(), "  é".into()));
    }

    #[test]
    fn what_commands_the_terminal_becomes_a_sign_of_one_column() {
        let hostile: String = (0..0x20)
            .chain(0x7f..0xa0)
            .chain([0xad, 0x61c, 0x200b, 0x200e, 0x202e, 0x2028, 0x2066, 0xfeff])
            .filter_map(char::from_u32)
            .collect();
        let shown = clip(&hostile, 1000);
        assert!(shown.starts_with("␀␁␂␃␄␅␆␇␈·····␎") && shown.contains("␛␜␝␞␟␡·"));
        assert_eq!(width(&hostile), hostile.chars().count());
        assert_eq!(width(&shown), hostile.chars().count());
        assert!(shown.chars().all(|c| !c.is_control() && visible(c) == c));
        assert_eq!(wrap("\u{202e}ab\u{7}c", 3), ["·ab", "␇c"]);
        assert_eq!(clip("héllo 漢 👩\u{200d}🔬", 99), "héllo 漢 👩\u{200d}🔬");
    }

    #[test]
    fn wrapping_never_exceeds_the_width() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("", 5), [""]);
        for columns in 1..6 {
            assert!(
                wrap("漢字 ab漢 x", columns)
                    .iter()
                    .all(|l| width(l) <= columns)
            );
        }
    }

    #[test]
    fn numbers_in_words() {
        assert_eq!(count(1, "speaker"), "1 speaker");
        assert_eq!(count(12_345, "row"), "12,345 rows");
        assert_eq!(
            (clock(7.9), clock(3723.0)),
            ("0:07".into(), "1:02:03".into())
        );
    }
}
