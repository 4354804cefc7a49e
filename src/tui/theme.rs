//! Colours by meaning: the only place of the app that names a colour.

use std::str::FromStr as _;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use crate::plot::Ramp;

use super::theme_choice::ThemeChoice;

/// How many colours the terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// 24 bits.
    True,
    /// The 256-colour palette.
    Indexed,
}

/// Styles by meaning.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Theme {
    pub(crate) text: Style,
    pub(crate) muted: Style,
    pub(crate) accent: Style,
    pub(crate) heading: Style,
    pub(crate) on_accent: Style,
    pub(crate) good: Style,
    pub(crate) warn: Style,
    pub(crate) bad: Style,
    pub(crate) select: Style,
    pub(crate) cursor: Style,
    pub(crate) mark: Style,
    series: Vec<Style>,
    /// Part of cividis that reads well on the background; nothing where glyphs carry the value.
    ramp: Option<[f64; 2]>,
    depth: Depth,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ThemeFile {
    text: String,
    muted: String,
    accent: String,
    heading: String,
    on_accent: String,
    good: String,
    warn: String,
    bad: String,
    select: String,
    cursor: String,
    mark: String,
    series: Vec<String>,
    ramp: Option<[f64; 2]>,
}

impl Theme {
    /// A built-in theme; `Auto` counts as dark.
    pub(crate) fn new(choice: ThemeChoice, depth: Depth) -> Self {
        let text = match choice {
            ThemeChoice::Auto | ThemeChoice::Dark => include_str!("../../assets/themes/dark.toml"),
            ThemeChoice::Light => include_str!("../../assets/themes/light.toml"),
            ThemeChoice::Mono => include_str!("../../assets/themes/mono.toml"),
            ThemeChoice::Ansi16 => include_str!("../../assets/themes/ansi16.toml"),
        };
        Self::parse(text, depth).unwrap_or_else(|_| Self::plain(depth))
    }

    /// What is left when a theme file does not parse (the tests parse all of them).
    fn plain(depth: Depth) -> Self {
        let (plain, reverse) = (Style::new(), Style::new().add_modifier(Modifier::REVERSED));
        Self {
            text: plain,
            muted: plain,
            accent: plain,
            heading: plain,
            on_accent: reverse,
            good: plain,
            warn: plain,
            bad: plain,
            select: reverse,
            cursor: reverse,
            mark: plain,
            series: Vec::new(),
            ramp: None,
            depth,
        }
    }

    fn parse(text: &str, depth: Depth) -> Result<Self, String> {
        let file: ThemeFile = toml::from_str(text).map_err(|e| e.to_string())?;
        let style = |words: &str| parse_style(words, depth);
        Ok(Self {
            text: style(&file.text)?,
            muted: style(&file.muted)?,
            accent: style(&file.accent)?,
            heading: style(&file.heading)?,
            on_accent: style(&file.on_accent)?,
            good: style(&file.good)?,
            warn: style(&file.warn)?,
            bad: style(&file.bad)?,
            select: style(&file.select)?,
            cursor: style(&file.cursor)?,
            mark: style(&file.mark)?,
            series: file
                .series
                .iter()
                .map(|s| style(s))
                .collect::<Result<_, _>>()?,
            ramp: file.ramp,
            depth,
        })
    }

    /// Style of class `index`; beyond the last named class the muted one.
    pub(crate) fn series(&self, index: usize) -> Style {
        self.series.get(index).copied().unwrap_or(self.muted)
    }

    /// Style of a value at `unit` of `[0, 1]`; unstyled where [`Self::ramp_glyph`] tells it.
    pub(crate) fn ramp(&self, unit: f64) -> Style {
        let Some([from, to]) = self.ramp else {
            return self.text;
        };
        let [r, g, b] = Ramp::Cividis.rgb(from + unit.clamp(0.0, 1.0) * (to - from));
        Style::new().fg(quantise(r, g, b, self.depth))
    }

    /// Style of a filled cell at `unit` of `[0, 1]`, with ink that can be read on it; unstyled where
    /// there are no colours for it, so that cells must hold their values in digits.
    pub(crate) fn filled(&self, unit: f64) -> Style {
        if self.ramp.is_none() {
            return self.text;
        }
        let [r, g, b] = Ramp::Cividis.rgb(unit);
        let light = 0.2126 * f64::from(r) + 0.7152 * f64::from(g) + 0.0722 * f64::from(b) > 120.0;
        let ink = if light { 0 } else { 255 };
        Style::new()
            .fg(quantise(ink, ink, ink, self.depth))
            .bg(quantise(r, g, b, self.depth))
    }

    /// Two values of `[0, 1]` in one cell, one above the other: half blocks in colour, a shade of
    /// their mean without.
    pub(crate) fn stacked(&self, upper: f64, lower: f64) -> (char, Style) {
        const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];
        if self.ramp.is_none() {
            let level = ((upper + lower) / 2.0).clamp(0.0, 1.0) * SHADES.len() as f64;
            let glyph = SHADES.get(level as usize).copied().unwrap_or('█');
            return (glyph, self.text);
        }
        let colour = |unit: f64| {
            let [r, g, b] = Ramp::Cividis.rgb(unit);
            quantise(r, g, b, self.depth)
        };
        let style = Style::new().fg(colour(upper)).bg(colour(lower));
        ('▀', style)
    }

    /// Two levels in one cell, one above the other, under relevance from −1 to 1: grey tinted by what
    /// speaks for and against, as far as `opacity` of `[0, 1]` lets it. Without colours `+` and `−` stand
    /// where relevance is strong, the more of them the higher the opacity.
    pub(crate) fn overlaid(
        &self,
        levels: [f64; 2],
        relevance: [f64; 2],
        opacity: f64,
    ) -> (char, Style) {
        let [upper, lower] = levels;
        if self.ramp.is_none() {
            let [a, b] = relevance;
            let strongest = if a.abs() >= b.abs() { a } else { b };
            if opacity <= 0.0 || strongest.abs() <= 1.0 - 0.9 * opacity {
                return self.stacked(upper, lower);
            }
            return match strongest > 0.0 {
                true => ('+', self.relevant(true)),
                false => ('−', self.relevant(false)),
            };
        }
        let colour = |level: f64, relevance: f64| {
            let tint = if relevance > 0.0 { FOR } else { AGAINST };
            let part = (opacity * relevance.abs()).clamp(0.0, 1.0);
            let [r, g, b] = tint.map(|t| {
                let grey = 255.0 * level.clamp(0.0, 1.0);
                (grey + part * (f64::from(t) - grey)).round() as u8
            });
            quantise(r, g, b, self.depth)
        };
        let [above, below] = relevance;
        let style = Style::new()
            .fg(colour(upper, above))
            .bg(colour(lower, below));
        ('▀', style)
    }

    /// Style of what speaks for a score, or against it.
    pub(crate) fn relevant(&self, speaks_for: bool) -> Style {
        if self.ramp.is_none() {
            return if speaks_for { self.mark } else { self.accent };
        }
        let [r, g, b] = if speaks_for { FOR } else { AGAINST };
        Style::new().fg(quantise(r, g, b, self.depth))
    }

    /// Ink that can be read on any picture.
    pub(crate) fn on_picture(&self) -> Style {
        if self.ramp.is_none() {
            return self.cursor;
        }
        Style::new()
            .fg(quantise(0, 0, 0, self.depth))
            .bg(quantise(240, 228, 66, self.depth))
    }

    /// Glyph of a value at `unit` of `[0, 1]`.
    pub(crate) fn ramp_glyph(&self, unit: f64) -> char {
        const LEVELS: [char; 7] = ['.', ':', '-', '=', '+', '#', '@'];
        if self.ramp.is_some() {
            return '●';
        }
        let level = (unit.clamp(0.0, 1.0) * LEVELS.len() as f64) as usize;
        LEVELS.get(level).copied().unwrap_or('@')
    }
}

/// What speaks for a score: vermilion of Okabe and Ito.
const FOR: [u8; 3] = [213, 94, 0];
/// What speaks against it: their sky blue.
const AGAINST: [u8; 3] = [86, 180, 233];

/// Marker of class `index`; the last one stands for every further class.
pub(crate) fn class_glyph(index: usize) -> char {
    const GLYPHS: [char; 8] = ['●', '▲', '■', '◆', '+', '×', '○', '▼'];
    GLYPHS.get(index).copied().unwrap_or('◇')
}

/// The page of pictures of the screen.
pub(crate) const PAGE: [u8; 3] = [16, 22, 28];

/// Ink and paper of a cell as CSS colours, for pictures of the screen on a dark page.
pub(crate) fn css(style: Style) -> (String, String) {
    let (page, text) = (PAGE, [222, 228, 234]);
    let rgb = |colour: Option<Color>, otherwise: [u8; 3]| match colour {
        Some(Color::Rgb(r, g, b)) => [r, g, b],
        _ => otherwise,
    };
    let (mut ink, mut paper) = (rgb(style.fg, text), rgb(style.bg, page));
    if style.add_modifier.contains(Modifier::REVERSED) {
        (ink, paper) = (paper, ink);
    }
    if style.add_modifier.contains(Modifier::DIM) {
        ink = [0, 1, 2].map(|i: usize| {
            let mean = u16::from(ink.get(i).copied().unwrap_or(0)) + u16::from(page[i]);
            u8::try_from(mean / 2).unwrap_or(u8::MAX)
        });
    }
    (crate::plot::hex(ink), crate::plot::hex(paper))
}

/// Whether a style is bold.
pub(crate) fn is_bold(style: Style) -> bool {
    style.add_modifier.contains(Modifier::BOLD)
}

fn parse_style(words: &str, depth: Depth) -> Result<Style, String> {
    let mut style = Style::new();
    let mut words = words.split_whitespace();
    while let Some(word) = words.next() {
        style = match word {
            "bold" => style.add_modifier(Modifier::BOLD),
            "dim" => style.add_modifier(Modifier::DIM),
            "italic" => style.add_modifier(Modifier::ITALIC),
            "underline" => style.add_modifier(Modifier::UNDERLINED),
            "reverse" => style.add_modifier(Modifier::REVERSED),
            "on" => style.bg(parse_colour(words.next().unwrap_or(""), depth)?),
            colour => style.fg(parse_colour(colour, depth)?),
        };
    }
    Ok(style)
}

fn parse_colour(word: &str, depth: Depth) -> Result<Color, String> {
    if let Some(digits) = word.strip_prefix('#') {
        let value = u32::from_str_radix(digits, 16).map_err(|e| format!("`{word}`: {e}"))?;
        let [_, r, g, b] = value.to_be_bytes();
        return Ok(quantise(r, g, b, depth));
    }
    let name = word.replace("bright_", "light");
    Color::from_str(&name).map_err(|_unused| format!("`{word}` is not a colour"))
}

/// The colour itself, or the nearest of the palette's 6×6×6 cube and 24 greys.
fn quantise(r: u8, g: u8, b: u8, depth: Depth) -> Color {
    if depth == Depth::True {
        return Color::Rgb(r, g, b);
    }
    const STEPS: [i32; 6] = [0, 95, 135, 175, 215, 255];
    let [r, g, b] = [r, g, b].map(i32::from);
    let nearest = |v: i32| (0..6).min_by_key(|i| (STEPS[*i] - v).abs()).unwrap_or(0);
    let cube = [nearest(r), nearest(g), nearest(b)];
    let off = |c: [i32; 3]| (c[0] - r).pow(2) + (c[1] - g).pow(2) + (c[2] - b).pow(2);
    let grey = (((r + g + b) / 3 - 3) / 10).clamp(0, 23);
    let index = if off([8 + 10 * grey; 3]) < off(cube.map(|i| STEPS[i])) {
        232 + grey as usize
    } else {
        16 + 36 * cube[0] + 6 * cube[1] + cube[2]
    };
    Color::Indexed(u8::try_from(index).unwrap_or(15))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: [&str; 4] = [
        include_str!("../../assets/themes/dark.toml"),
        include_str!("../../assets/themes/light.toml"),
        include_str!("../../assets/themes/mono.toml"),
        include_str!("../../assets/themes/ansi16.toml"),
    ];

    fn styles(theme: &Theme) -> Vec<Style> {
        let mut all = vec![
            theme.text,
            theme.muted,
            theme.accent,
            theme.heading,
            theme.on_accent,
            theme.good,
            theme.warn,
            theme.bad,
            theme.select,
            theme.cursor,
            theme.mark,
            theme.ramp(0.3),
            theme.filled(0.3),
            theme.stacked(0.2, 0.9).1,
            theme.overlaid([0.2, 0.9], [0.9, -0.1], 0.8).1,
            theme.relevant(true),
            theme.on_picture(),
        ];
        all.extend((0..9).map(|i| theme.series(i)));
        all
    }

    #[test]
    fn every_built_in_theme_parses_and_leaves_body_text_alone() {
        for file in FILES {
            for depth in [Depth::True, Depth::Indexed] {
                let theme = Theme::parse(file, depth).unwrap();
                assert_eq!(theme.series.len(), crate::plot::MAX_CLASSES);
                assert_eq!(theme.text, Style::new());
            }
        }
    }

    #[test]
    fn mono_never_sets_a_colour_and_ansi16_only_the_sixteen() {
        for style in styles(&Theme::new(ThemeChoice::Mono, Depth::True)) {
            assert_eq!((style.fg, style.bg), (None, None));
        }
        for style in styles(&Theme::new(ThemeChoice::Ansi16, Depth::True)) {
            for colour in [style.fg, style.bg].into_iter().flatten() {
                assert!(
                    !matches!(colour, Color::Rgb(..) | Color::Indexed(_)),
                    "{colour:?}"
                );
            }
        }
        for style in styles(&Theme::new(ThemeChoice::Dark, Depth::Indexed)) {
            assert!(!matches!(style.fg, Some(Color::Rgb(..))));
        }
    }

    #[test]
    fn relevance_lies_over_levels_in_every_theme() {
        let coloured = Theme::new(ThemeChoice::Dark, Depth::True);
        let plain = coloured.overlaid([1.0, 0.0], [1.0, -1.0], 0.0).1;
        assert_eq!(plain.fg, Some(Color::Rgb(255, 255, 255)));
        let full = coloured.overlaid([1.0, 0.0], [1.0, -1.0], 1.0).1;
        let colour = |[r, g, b]: [u8; 3]| Some(Color::Rgb(r, g, b));
        assert_eq!((full.fg, full.bg), (colour(FOR), colour(AGAINST)));
        let mono = Theme::new(ThemeChoice::Mono, Depth::True);
        let glyph = |relevance, opacity| mono.overlaid([1.0; 2], [relevance, 0.1], opacity).0;
        assert_eq!((glyph(0.9, 0.5), glyph(-0.9, 0.5)), ('+', '−'));
        assert_eq!((glyph(0.3, 0.5), glyph(0.9, 0.0)), ('█', '█'));
    }

    #[test]
    fn palette_colours_are_the_nearest() {
        assert_eq!(quantise(255, 0, 0, Depth::Indexed), Color::Indexed(196));
        assert_eq!(quantise(128, 128, 128, Depth::Indexed), Color::Indexed(244));
    }
}
