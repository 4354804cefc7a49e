//! Which theme to use: the user's word, the environment's, or the terminal's answer.

use std::fmt;
use std::io::IsTerminal as _;
use std::str::FromStr;
use std::time::Duration;

use super::theme::{Depth, Theme};

/// Which colours to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThemeChoice {
    /// `mono` when `NO_COLOR` is set, else dark or light as the terminal says.
    #[default]
    Auto,
    /// For a dark background.
    Dark,
    /// For a light background.
    Light,
    /// No colour at all.
    Mono,
    /// The terminal's own sixteen colours.
    Ansi16,
}

impl ThemeChoice {
    /// All choices, in the order help lists them.
    pub const ALL: [Self; 5] = [
        Self::Auto,
        Self::Dark,
        Self::Light,
        Self::Mono,
        Self::Ansi16,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Mono => "mono",
            Self::Ansi16 => "ansi16",
        }
    }
}

impl fmt::Display for ThemeChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ThemeChoice {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|choice| choice.name() == name)
            .ok_or_else(|| {
                format!("unknown theme `{name}`: expected auto, dark, light, mono or ansi16")
            })
    }
}

/// What the environment says about colour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ColourEnv {
    no_color: bool,
    term: String,
    colorterm: String,
}

impl ColourEnv {
    pub(crate) fn read() -> Self {
        let var = |name| std::env::var(name).unwrap_or_default();
        Self {
            no_color: !var("NO_COLOR").is_empty(),
            term: var("TERM"),
            colorterm: var("COLORTERM"),
        }
    }

    pub(crate) fn depth(&self) -> Depth {
        match self.colorterm.as_str() {
            "truecolor" | "24bit" => Depth::True,
            _ => Depth::Indexed,
        }
    }

    /// The choice without asking the terminal; `Auto` remains when only the terminal knows.
    fn settle(&self, choice: ThemeChoice) -> ThemeChoice {
        match choice {
            ThemeChoice::Auto if self.no_color => ThemeChoice::Mono,
            ThemeChoice::Auto if matches!(self.term.as_str(), "dumb" | "linux" | "") => {
                ThemeChoice::Ansi16
            }
            other => other,
        }
    }
}

/// The theme to use; asks a real terminal for its background only when nothing else decides.
/// Must run before anything reads the terminal.
pub(crate) fn choose(choice: ThemeChoice, env: &ColourEnv) -> Theme {
    if choice != ThemeChoice::Auto && env.no_color {
        // An explicit theme outranks the variable, which crossterm would otherwise obey.
        crossterm::style::force_color_output(true);
    }
    let settled = match env.settle(choice) {
        ThemeChoice::Auto => ask_terminal(),
        other => other,
    };
    Theme::new(settled, env.depth())
}

fn ask_terminal() -> ThemeChoice {
    if !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        return ThemeChoice::Dark;
    }
    let mut options = terminal_colorsaurus::QueryOptions::default();
    options.timeout = Duration::from_millis(150);
    match terminal_colorsaurus::theme_mode(options) {
        Ok(terminal_colorsaurus::ThemeMode::Light) => ThemeChoice::Light,
        _ => ThemeChoice::Dark,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_decides_before_the_terminal_is_asked() {
        let env = |no_color, term: &str| ColourEnv {
            no_color,
            term: term.to_owned(),
            colorterm: String::new(),
        };
        assert_eq!(
            env(true, "xterm").settle(ThemeChoice::Auto),
            ThemeChoice::Mono
        );
        assert_eq!(
            env(false, "dumb").settle(ThemeChoice::Auto),
            ThemeChoice::Ansi16
        );
        assert_eq!(
            env(true, "xterm").settle(ThemeChoice::Light),
            ThemeChoice::Light
        );
        assert_eq!(
            env(false, "xterm").settle(ThemeChoice::Auto),
            ThemeChoice::Auto
        );
    }
}
