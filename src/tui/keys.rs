//! Keys by name, as the keymap file and the help write them.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// One key with its modifiers, in a form that compares equal however the terminal reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

const NAMED: [(&str, KeyCode); 16] = [
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backtab", KeyCode::BackTab),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("space", KeyCode::Char(' ')),
    ("insert", KeyCode::Insert),
];

impl Key {
    /// The key of a terminal event.
    pub(crate) fn of(event: KeyEvent) -> Self {
        let mut modifiers =
            event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        let mut code = event.code;
        if code == KeyCode::Tab && modifiers.contains(KeyModifiers::SHIFT) {
            code = KeyCode::BackTab;
        }
        if matches!(code, KeyCode::Char(_) | KeyCode::BackTab) {
            modifiers -= KeyModifiers::SHIFT;
        }
        Self { code, modifiers }
    }

    /// The key called `name`: a character, a name such as `pageup` or `f5`, with `ctrl-`, `alt-`
    /// or `shift-` before it.
    ///
    /// # Errors
    /// In words, when there is no such key or terminals cannot tell it from another.
    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = name;
        for (prefix, modifier) in [
            ("ctrl-", KeyModifiers::CONTROL),
            ("alt-", KeyModifiers::ALT),
            ("shift-", KeyModifiers::SHIFT),
        ] {
            if let Some(after) = rest.strip_prefix(prefix).filter(|after| !after.is_empty()) {
                modifiers |= modifier;
                rest = after;
            }
        }
        let named = NAMED
            .iter()
            .find(|(word, _)| *word == rest)
            .map(|(_, code)| *code);
        let mut chars = rest.chars();
        let code = match (named, chars.next(), chars.as_str()) {
            (Some(code), ..) => code,
            (None, Some(c), "") => KeyCode::Char(c),
            (None, Some('f'), digits) => match digits.parse() {
                Ok(n @ 1..=12) => KeyCode::F(n),
                _ => return Err(format!("`{name}` is not a key")),
            },
            _ => return Err(format!("`{name}` is not a key")),
        };
        if modifiers.contains(KeyModifiers::CONTROL)
            && matches!(code, KeyCode::Char('j' | 'm' | 'i' | 'h' | '['))
        {
            return Err(format!(
                "`{name}` cannot be told from Enter, Tab, Backspace or Esc by many terminals"
            ));
        }
        Ok(Self::of(KeyEvent::new(code, modifiers)))
    }

    /// The character this key types, when it types one.
    pub(crate) fn typed(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if (self.modifiers - KeyModifiers::SHIFT).is_empty() => Some(c),
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (modifier, name) in [
            (KeyModifiers::CONTROL, "ctrl-"),
            (KeyModifiers::ALT, "alt-"),
            (KeyModifiers::SHIFT, "shift-"),
        ] {
            if self.modifiers.contains(modifier) {
                f.write_str(name)?;
            }
        }
        if let Some((name, _)) = NAMED.iter().find(|(_, code)| *code == self.code) {
            return f.write_str(name);
        }
        match self.code {
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::F(n) => write!(f, "f{n}"),
            other => write!(f, "{other:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for name in [
            "a", "G", "?", "-", "ctrl-c", "shift-up", "f5", "space", "pageup", "backtab",
        ] {
            assert_eq!(Key::parse(name).unwrap().to_string(), name);
        }
        assert_eq!(
            Key::parse("shift-tab").unwrap(),
            Key::parse("backtab").unwrap()
        );
        assert!(Key::parse("hyper-x").is_err() && Key::parse("").is_err());
    }

    #[test]
    fn a_capital_is_itself_with_or_without_shift() {
        let plain = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::NONE);
        let shifted = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert_eq!(Key::of(plain), Key::of(shifted));
        assert_eq!(Key::of(plain).typed(), Some('G'));
    }

    #[test]
    fn keys_that_terminals_confuse_are_refused() {
        for name in ["ctrl-j", "ctrl-m", "ctrl-i", "ctrl-["] {
            assert!(Key::parse(name).unwrap_err().contains("cannot be told"));
        }
    }
}
