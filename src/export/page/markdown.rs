//! Blocks as Markdown (pipe tables, as most renderers read them).

use std::fmt::Write as _;

use super::Block;

pub(super) fn render(title: &str, page: &[Block]) -> String {
    let mut text = format!("# {}\n", inert(title));
    for block in page {
        text.push('\n');
        match block {
            Block::Heading(words) => {
                let _ = writeln!(text, "## {}", inert(words));
            }
            Block::Paragraph(words) => {
                let _ = writeln!(text, "{}", inert(words));
            }
            Block::List(items) => {
                for item in items {
                    let _ = writeln!(text, "- {}", inert(item));
                }
            }
            Block::Table {
                title,
                heads,
                rows,
                remark,
            } => {
                let _ = writeln!(text, "**{}**\n", inert(title));
                row(&mut text, heads);
                let rule = vec!["---".to_owned(); heads.len()];
                let _ = writeln!(text, "| {} |", rule.join(" | "));
                rows.iter().for_each(|cells| row(&mut text, cells));
                if !remark.is_empty() {
                    let _ = writeln!(text, "\n{}", inert(remark));
                }
            }
            Block::Code(words) => {
                let fence = "`".repeat(3.max(longest_run(words, '`') + 1));
                let _ = writeln!(text, "{fence}\n{words}\n{fence}");
            }
            Block::Figure { .. } => {
                text.pop();
            }
        }
    }
    text
}

fn row(text: &mut String, cells: &[String]) {
    let cells: Vec<String> = cells.iter().map(|cell| inert(cell)).collect();
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

/// Words on one line in which nothing is markup: names of files and speakers come from outside.
fn inert(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    for letter in words.chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '|' | '<' | '>' | '[' | ']' | '#' => {
                text.push('\\');
                text.push(letter);
            }
            letter if letter.is_control() => text.push(' '),
            letter => text.push(letter),
        }
    }
    text
}

fn longest_run(words: &str, of: char) -> usize {
    words.split(|c| c != of).map(str::len).max().unwrap_or(0)
}
