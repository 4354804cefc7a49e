//! What counts in a Praat text file.

use std::fmt;
use std::str::CharIndices;

use crate::error::one_line;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'a> {
    Number(f64),
    /// A quoted string; doubled quotes in it stand for one.
    Text(String),
    /// A word in angle brackets.
    Flag(&'a str),
}

impl fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "the number {number}"),
            Self::Text(text) => {
                let start: String = text.chars().take(40).collect();
                write!(f, "the text \"{}\"", one_line(&start))
            }
            Self::Flag(flag) => write!(f, "<{}>", one_line(flag)),
        }
    }
}

/// The tokens of a text with the line of each, from 1.
pub(super) struct Tokens<'a> {
    text: &'a str,
    chars: std::iter::Peekable<CharIndices<'a>>,
    line: u64,
}

impl<'a> Tokens<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self {
            text,
            chars: text.char_indices().peekable(),
            line: 1,
        }
    }

    fn step(&mut self) -> Option<(usize, char)> {
        let next = self.chars.next();
        if matches!(next, Some((_, '\n'))) {
            self.line += 1;
        }
        next
    }

    /// The rest of a string behind its opening quote; none if the file ends first.
    fn quoted(&mut self) -> Option<String> {
        let mut text = String::new();
        loop {
            match self.step()?.1 {
                '"' if self.chars.next_if(|&(_, c)| c == '"').is_some() => text.push('"'),
                '"' => return Some(text),
                c => text.push(c),
            }
        }
    }

    /// A word, from `start` to the next blank.
    fn word(&mut self, start: usize) -> &'a str {
        let mut end = self.text.len();
        while let Some(&(at, c)) = self.chars.peek() {
            if c.is_whitespace() {
                end = at;
                break;
            }
            self.step();
        }
        self.text.get(start..end).unwrap_or_default()
    }

    fn skip_line(&mut self) {
        while self.chars.next_if(|&(_, c)| c != '\n').is_some() {}
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = (u64, Result<Token<'a>, String>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (at, c) = self.step()?;
            let line = self.line;
            match c {
                c if c.is_whitespace() => {}
                '!' => self.skip_line(),
                '"' => {
                    let text = self.quoted().map(Token::Text);
                    return Some((
                        line,
                        text.ok_or_else(|| "a quote without an end".to_owned()),
                    ));
                }
                _ => {
                    let word = self.word(at);
                    if let Some(flag) = word.strip_prefix('<').and_then(|w| w.strip_suffix('>')) {
                        return Some((line, Ok(Token::Flag(flag))));
                    }
                    // Words such as `inf` parse as numbers and are none here.
                    let numeric =
                        word.starts_with(|c: char| matches!(c, '0'..='9' | '+' | '-' | '.'));
                    if let Some(number) =
                        word.parse().ok().filter(|n: &f64| numeric && n.is_finite())
                    {
                        return Some((line, Ok(Token::Number(number))));
                    }
                }
            }
        }
    }
}
