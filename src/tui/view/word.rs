//! A word as the classifier hears it, with what it looks at, vowels, pitch and formants drawn in.

use phonoscope_probes::stress::Stress as Syllable;

use crate::plot::significant;
use crate::tui::opened::Opened;
use crate::tui::sought::{Sought, Told};
use crate::tui::state::{JobKind, State};
use crate::tui::stress::Stress;
use crate::tui::subset;
use crate::tui::word::{Relevance, Sign, WordSeen};
use crate::tui::words;

use super::canvas::Canvas;
use super::voices::{LABELS, painted};

pub(super) fn draw(
    state: &State,
    opened: &Opened,
    screen: &Stress,
    seen: Option<&Sought<WordSeen>>,
    canvas: &mut Canvas<'_>,
) {
    if canvas.width() < 20 || canvas.height() < 6 {
        return;
    }
    let theme = &state.theme;
    let names_manifest = crate::tui::corpus::Corpus::of(opened).is_some();
    let word = match seen.map(|s| &s.told) {
        Some(Told::Ready(word)) => word,
        other => {
            let text = match other {
                Some(Told::Failed(why)) => why.as_str(),
                Some(_) => "Reading the word, and asking the classifier …",
                None if screen.words.is_empty() => "No word is chosen.",
                None if !names_manifest => {
                    "This report names no manifest, so no recording is known."
                }
                None => "This word is in no recording that the report names.",
            };
            let mut inside = canvas.frame("Word", "", theme.muted);
            return lines(state, text, 0, &mut inside);
        }
    };
    let playing = |j: &&crate::tui::state::JobRow| {
        j.kind == JobKind::Play && j.is_running() && j.label.ends_with(&word.recording.id)
    };
    let playing = state.jobs.iter().any(|j| playing(&j));
    let below = if playing { "playing" } else { "" };
    let mut inside = canvas.frame(&word.recording.id, below, theme.muted);
    let said = said(word, opened, screen);
    let wrapped = words::wrap(&said, usize::from(inside.width()));
    let taken = (wrapped.len() as u16).min(inside.height() / 3).max(1);
    let picture = inside.height().saturating_sub(taken);
    spectrogram(state, screen, word, &mut inside.lines(0, picture));
    let mut below = inside.lines(picture, taken);
    for (y, line) in (0u16..).zip(&wrapped) {
        below.put(0, y, line, theme.text);
    }
}

fn lines(state: &State, text: &str, from: u16, canvas: &mut Canvas<'_>) {
    let width = usize::from(canvas.width());
    for (y, line) in (from..).zip(words::wrap(text, width)) {
        canvas.put(0, y, &line, state.theme.muted);
    }
}

/// The picture, and over it where the vowels are.
fn spectrogram(state: &State, screen: &Stress, word: &WordSeen, canvas: &mut Canvas<'_>) {
    let theme = &state.theme;
    let overlay = screen.overlay;
    let (picture, opacity) = (&word.picture, overlay.opacity());
    let relevance = word.relevance.as_ref().ok().filter(|_| overlay.shown);
    let secs = significant(picture.duration_secs, 2);
    let caption = match relevance {
        Some(_) => format!("{secs} s · relevance "),
        None => format!("0 to 8 kHz · {secs} s"),
    };
    let marks = u16::from(overlay.tracks && word.vowels.is_some());
    let height = canvas.height().saturating_sub(marks);
    let mut area = canvas.lines(marks, height);
    painted(state, &caption, &mut area, |cells, size| {
        let levels = cells.map(|cell| picture.level(cell, size));
        match relevance {
            None => theme.stacked(levels[0], levels[1]),
            Some(map) => {
                let found = cells.map(|cell| map.strongest(cell, size, overlay.sign));
                theme.overlaid(levels, found, opacity)
            }
        }
    });
    if relevance.is_some() {
        legend(
            state,
            overlay.sign,
            words::width(&caption) as u16,
            &mut area,
        );
    }
    if !overlay.tracks {
        return;
    }
    if let Ok(map) = &word.relevance {
        tracks(state, map, &mut area);
    }
    vowels(state, word, canvas);
}

/// What the colours or signs of relevance mean, after the caption.
fn legend(state: &State, sign: Sign, after: u16, canvas: &mut Canvas<'_>) {
    let theme = &state.theme;
    let y = canvas.height().saturating_sub(1);
    let mut x = LABELS + after;
    for (shown, glyph, text) in [(Sign::For, '+', "for"), (Sign::Against, '−', "against")] {
        if sign == Sign::Both || sign == shown {
            canvas.dot(x, y, glyph, theme.relevant(shown == Sign::For));
            x += 3 + canvas.put(x + 2, y, text, theme.muted);
        }
    }
}

/// F0 to F3 as their digits. Neighbours take turns, so that they do not hide each other where the
/// picture is low, nor what lies under them.
fn tracks(state: &State, map: &Relevance, canvas: &mut Canvas<'_>) {
    let width = canvas.width().saturating_sub(LABELS);
    let height = canvas.height().saturating_sub(1);
    if height == 0 {
        return;
    }
    for x in (0..width).step_by(2) {
        for (band, digit) in ['0', '1', '2', '3'].into_iter().enumerate() {
            if usize::from(x / 2) % 2 != band % 2 {
                continue;
            }
            let Some(unit) = map.track(band, x.into(), width.into()) else {
                continue;
            };
            let y = ((1.0 - unit) * f64::from(height)) as u16;
            canvas.dot(
                LABELS + x,
                y.min(height - 1),
                digit,
                state.theme.on_picture(),
            );
        }
    }
}

/// Where the vowels are: a line above with their numbers, the stressed one marked, and their ends in
/// the picture.
fn vowels(state: &State, word: &WordSeen, canvas: &mut Canvas<'_>) {
    let theme = &state.theme;
    let Some(vowels) = word.vowels else { return };
    let width = canvas.width().saturating_sub(LABELS);
    let bottom = canvas.height().saturating_sub(1);
    let at = |secs: f64| {
        let unit = (secs / word.picture.duration_secs).clamp(0.0, 1.0);
        LABELS + ((unit * f64::from(width)) as u16).min(width.saturating_sub(1))
    };
    for (place, [start, end]) in vowels.into_iter().enumerate() {
        if start >= word.picture.duration_secs {
            continue;
        }
        let (from, to) = (at(start), at(end));
        let stressed = place == word.stressed;
        let style = if stressed { theme.mark } else { theme.accent };
        (from..=to).for_each(|x| canvas.dot(x, 0, '━', style));
        let name = match stressed {
            true => format!("ˈV{}", place + 1),
            false => format!("V{}", place + 1),
        };
        let middle = u16::midpoint(from, to).saturating_sub(1);
        canvas.put(middle, 0, &name, style);
        for x in [from, to] {
            (1..bottom).for_each(|y| canvas.dot(x, y, '┊', style));
        }
    }
}

/// What the network says of the word, and what its map leaves out.
fn said(word: &WordSeen, opened: &Opened, screen: &Stress) -> String {
    let map = match &word.relevance {
        Ok(map) => map,
        Err(why) => return format!("No relevance: {why}"),
    };
    let [last, first] = map.logits;
    let number = |v: f64| format!("{v:+.2}").replace('-', "−");
    let truth = Syllable::ALL
        .into_iter()
        .find(|s| s.vowel() == word.stressed);
    let (says, truth) = (map.says(), truth.unwrap_or(Syllable::Final));
    let verdict = if says == truth {
        "✓ right"
    } else {
        "✗ wrong"
    };
    let balance = 100.0 * map.sum / map.score;
    let items = opened.report.table(None, "stress_items");
    let of_pair = items.zip(screen.row());
    let of_pair = of_pair.is_some_and(|(items, row)| subset::is(items, row, "minimal_pair", "yes"));
    let [_, other] = &screen.seen;
    let lone = match of_pair && other.is_none() {
        true => " · no token of this word with the other stress",
        false => "",
    };
    format!(
        "{} stress, {verdict}: logits initial {}, final {} · map: sum {balance:.0} % of the score, {:.0} % of its \
         size in the padding{lone}",
        says.name(),
        number(f64::from(first)),
        number(f64::from(last)),
        100.0 * map.in_padding,
    )
}
