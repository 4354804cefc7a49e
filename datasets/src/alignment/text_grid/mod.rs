//! Praat TextGrids in the long and the short text form.
//!
//! Both are one format: what counts in either are the free-standing numbers, the quoted strings and
//! the flags, in order; everything else is for people.

mod token;
mod write;

use super::{Alignment, Fault, Interval, ROUNDING_SECS, Tier, TierKind, interval};
use token::{Token, Tokens};

pub use write::{Form, to_text};

const HINT: &str = "open it in Praat and save it as a text file";

pub(super) fn is_header(text: &str) -> bool {
    let mut tokens = Tokens::of(text);
    let mut word = || match tokens.next() {
        Some((_, Ok(Token::Text(text)))) => Some(text),
        _ => None,
    };
    word().is_some_and(|kind| kind.starts_with("ooTextFile"))
        && word().is_some_and(|class| class == "TextGrid")
}

pub(super) fn parse(text: &str) -> Result<Alignment, Fault> {
    let mut reader = Reader {
        tokens: Tokens::of(text),
        line: 1,
    };
    reader.text("the file type")?;
    reader.text("the class")?;
    reader.number("the start")?;
    reader.number("the end")?;
    match reader.token("whether there are tiers")? {
        Token::Flag("exists") => {}
        _ => return Ok(Alignment::default()),
    }
    let tiers = reader.count("the number of tiers")?;
    let mut found = Vec::new();
    for _ in 0..tiers {
        found.push(reader.tier()?);
    }
    Ok(Alignment { tiers: found })
}

struct Reader<'a> {
    tokens: Tokens<'a>,
    /// Line of the last token.
    line: u64,
}

impl<'a> Reader<'a> {
    fn fault(&self, why: impl Into<String>) -> Fault {
        Fault::at(self.line, why, HINT)
    }

    fn token(&mut self, what: &str) -> Result<Token<'a>, Fault> {
        match self.tokens.next() {
            Some((line, token)) => {
                self.line = line;
                token.map_err(|why| self.fault(why))
            }
            None => Err(self.fault(format!("it ends before {what}"))),
        }
    }

    fn text(&mut self, what: &str) -> Result<String, Fault> {
        match self.token(what)? {
            Token::Text(text) => Ok(text),
            other => Err(self.fault(format!("{other} instead of {what}"))),
        }
    }

    fn number(&mut self, what: &str) -> Result<f64, Fault> {
        match self.token(what)? {
            Token::Number(number) => Ok(number),
            other => Err(self.fault(format!("{other} instead of {what}"))),
        }
    }

    fn count(&mut self, what: &str) -> Result<u64, Fault> {
        let number = self.number(what)?;
        if number >= 0.0 && number.fract() == 0.0 {
            // Saturates; reading ends with the file at the latest.
            Ok(number as u64)
        } else {
            Err(self.fault(format!("{number} is not {what}")))
        }
    }

    fn tier(&mut self) -> Result<Tier, Fault> {
        let kind = match self.text("the class of a tier")?.as_str() {
            "IntervalTier" => TierKind::Intervals,
            "TextTier" => TierKind::Points,
            _ => return Err(self.fault("a tier that is neither of intervals nor of points")),
        };
        let name = self.text("the name of a tier")?;
        self.number("the start of a tier")?;
        self.number("the end of a tier")?;
        let count = self.count("the number of labels")?;
        let mut intervals: Vec<Interval> = Vec::new();
        for _ in 0..count {
            let start = self.number("a time")?;
            let line = self.line;
            let end = match kind {
                TierKind::Intervals => self.number("a time")?,
                TierKind::Points => start,
            };
            let label = self.text("a label")?;
            let next = interval(start, end, &label).map_err(|why| Fault::at(line, why, HINT))?;
            if let Some(last) = intervals.last_mut() {
                follows(last, &next).map_err(|why| Fault::at(line, why, HINT))?;
            }
            intervals.push(next);
        }
        Ok(Tier {
            name,
            kind,
            intervals,
        })
    }
}

/// Ends `last` where `next` starts if rounding made it reach behind that.
fn follows(last: &mut Interval, next: &Interval) -> Result<(), String> {
    let overlap = last.end_secs - next.start_secs;
    if next.start_secs < last.start_secs || overlap > ROUNDING_SECS {
        return Err(format!(
            "an interval from {} s behind one that ends at {} s: they overlap",
            next.start_secs, last.end_secs
        ));
    }
    last.end_secs = last.end_secs.min(next.start_secs);
    Ok(())
}
