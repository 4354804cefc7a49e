//! The Stress screen.

use std::path::Path;
use std::sync::Arc;

use phonoscope_probes::report::Report;

use super::super::state::Screen;
use super::super::{Headless, Launch, Services, Source, Start, ThemeChoice};
use super::sample;
use super::sample_stress::{Planted, report, report_in};
use super::screens::dump;
use super::steps::Fake;

fn app_on(
    report: Report,
    folder: &Path,
    services: Arc<dyn Services>,
    theme: ThemeChoice,
    (width, height): (u16, u16),
) -> Headless {
    let launch = Launch {
        reports: vec![Source::Loaded {
            path: folder.join("report.json"),
            report: Arc::new(report),
        }],
        start: Start::FirstReport,
        theme,
        ..Launch::default()
    };
    Headless::new(launch, services, width, height)
}

fn planted(folder: &Path, theme: ThemeChoice, size: (u16, u16)) -> Headless {
    app_on(report_in(folder), folder, Arc::new(Planted), theme, size)
}

/// Where each pane is looked at, one after the other.
const PLACES: [(&str, &str); 7] = [
    ("stress-words", "G g"),
    ("stress-wrong", "x x j"),
    ("stress-one", "x G"),
    ("stress-bars", "tab j"),
    ("stress-bands", "r r r"),
    ("stress-sanity", "tab"),
    ("stress-ledger", "tab j"),
];

#[test]
fn every_pane_at_four_sizes() {
    let dir = tempfile::tempdir().unwrap();
    for size in [(80, 24), (120, 40), (200, 50), (40, 10)] {
        let mut app = planted(dir.path(), ThemeChoice::Dark, size);
        for (name, keys) in PLACES {
            app.press(keys).unwrap();
            insta::assert_snapshot!(format!("{name}-{}x{}", size.0, size.1), dump(&app));
        }
    }
}

#[test]
fn every_pane_in_mono_and_words_in_light() {
    use ratatui::style::Color;
    let dir = tempfile::tempdir().unwrap();
    let mut app = planted(dir.path(), ThemeChoice::Mono, (80, 24));
    for (name, keys) in PLACES {
        app.press(keys).unwrap();
        for cell in app.buffer().content() {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{name}");
        }
        insta::assert_snapshot!(format!("{name}-mono"), dump(&app));
    }
    let app = planted(dir.path(), ThemeChoice::Light, (80, 24));
    insta::assert_snapshot!("stress-words-light", dump(&app));
}

#[test]
fn a_report_that_lacks_parts_says_so() {
    let mut part = report();
    let lost = |id: &str| matches!(id, "stress_sanity" | "stress_ledger" | "stress_bands");
    part.tables.retain(|t| !lost(&t.id));
    let nowhere = Path::new("nowhere");
    let mut app = app_on(part, nowhere, Arc::new(Fake), ThemeChoice::Dark, (80, 24));
    let says = |app: &Headless, words: &str| assert!(app.text().contains(words), "{}", app.text());
    says(&app, "the manifest `words.tsv` is not here");
    app.press("p").unwrap();
    says(&app, "! the manifest `words.tsv` is not here");
    app.press("tab r r r").unwrap();
    says(&app, "No word of this group has such a figure.");
    app.press("tab").unwrap();
    says(&app, "`--sanity-words 0`");
    app.press("tab").unwrap();
    says(&app, "This report has none of it.");
    // A recording without a model is drawn all the same.
    let dir = tempfile::tempdir().unwrap();
    let found = report_in(dir.path());
    let app = app_on(
        found,
        dir.path(),
        Arc::new(Fake),
        ThemeChoice::Dark,
        (120, 40),
    );
    says(
        &app,
        "No relevance: no model can be run here to explain `w0-present`",
    );
    says(&app, "ˈV1");
    says(&app, "0 to 8 kHz");
}

#[test]
fn filters_and_the_selection_leave_the_words_they_say() {
    let dir = tempfile::tempdir().unwrap();
    let mut app = planted(dir.path(), ThemeChoice::Dark, (120, 40));
    let listed = |app: &Headless| {
        app.state()
            .opened
            .as_ref()
            .unwrap()
            .stress
            .as_ref()
            .unwrap()
            .words
            .clone()
    };
    app.press("m").unwrap();
    assert_eq!(listed(&app), [0, 1, 2, 3]);
    app.press("x x").unwrap();
    assert_eq!(listed(&app), [2, 3]);
    assert!(
        app.text().contains("2 words: minimal pairs, told wrong"),
        "{}",
        app.text()
    );
    app.press("enter").unwrap();
    assert_eq!(listed(&app), [2, 3], "both are of s2");
    app.press("m m x").unwrap();
    assert_eq!(listed(&app), [2, 3, 7], "all of s2");
    // The Data screen shows the same speaker.
    app.press("t").unwrap();
    assert_eq!(app.state().screen, Screen::Data);
    assert!(app.text().contains("row 1 of 3"), "{}", app.text());
    app.press("u esc").unwrap();
    assert_eq!(listed(&app).len(), 8);
}

#[test]
fn the_other_of_a_pair_is_by_the_same_speaker_where_there_is_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut app = planted(dir.path(), ThemeChoice::Dark, (200, 50));
    let text = app.text();
    assert!(
        text.contains("w0-present") && text.contains("w1-present"),
        "{text}"
    );
    app.press("j j").unwrap();
    assert!(app.text().contains("w2-present") && app.text().contains("w0-present"));
    app.press("j").unwrap();
    assert!(
        app.text().contains("word with the other stress"),
        "{}",
        app.text()
    );
    app.press("P").unwrap();
    assert!(
        app.text().contains("no other word differs"),
        "{}",
        app.text()
    );
}

#[test]
fn no_size_panics_and_the_keys_do_what_they_say() {
    let dir = tempfile::tempdir().unwrap();
    for size in [
        (0, 0),
        (1, 1),
        (39, 9),
        (40, 10),
        (3, 60),
        (110, 30),
        (200, 50),
    ] {
        let mut app = planted(dir.path(), ThemeChoice::Dark, size);
        app.press("j k G g o O a a + = - s s s f f m x enter enter tab j r R w W s o tab r j R tab j G t esc e esc y c esc 9")
            .unwrap();
    }
    let mut app = planted(dir.path(), ThemeChoice::Mono, (80, 24));
    let signs = |app: &Headless| app.text().matches(['+', '−']).count();
    let shown = signs(&app);
    app.press("a").unwrap();
    assert!(signs(&app) + 20 < shown, "{shown}: {}", app.text());
    app.press("a s").unwrap();
    assert!(!app.text().contains("− against"), "{}", app.text());
    app.press("o").unwrap();
    assert!(
        app.text().contains("maps by EpsilonGammaBox"),
        "{}",
        app.text()
    );
    app.press("e").unwrap();
    assert!(app.text().contains("CSV"), "{}", app.text());
}

#[test]
fn the_screen_needs_a_report_of_stress() {
    let mut app = app_on(
        sample::report(),
        Path::new("demo"),
        Arc::new(Fake),
        ThemeChoice::Dark,
        (100, 30),
    );
    app.press("9").unwrap();
    assert!(
        app.text().contains("no report of stress is open"),
        "{}",
        app.text()
    );
    assert!(!app.text().contains("9 Stress"));
}

#[test]
fn every_figure_is_drawn_alike_twice() {
    let report = report();
    let drawn = crate::plot::figures(&report);
    let names: Vec<&str> = drawn.iter().map(|(name, _)| name.as_str()).collect();
    for figure in crate::plot::StressFigure::ALL {
        let name = format!("stress_{}.svg", figure.name());
        let count = names.iter().filter(|n| **n == name).count();
        assert_eq!(count, 1, "{name} in {names:?}");
    }
    for ((name, svg), (_, second)) in drawn.iter().zip(crate::plot::figures(&report)) {
        let svg = svg.as_ref().unwrap();
        crate::plot::assert_well_formed(svg);
        assert_eq!(svg, &second.unwrap(), "{name}");
    }
    let accuracy = drawn.iter().find(|(name, _)| name == "stress_accuracy.svg");
    let accuracy = accuracy.unwrap().1.as_ref().unwrap();
    assert!(accuracy.contains("c contrasts of the vowels"), "{accuracy}");
    assert!(
        accuracy.contains("0.910 [0.830, 0.990], n = 4"),
        "{accuracy}"
    );
}
