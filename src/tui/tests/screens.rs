//! Frame snapshots: every screen, empty, normal and in trouble, at three sizes and in mono.

use std::collections::BTreeMap;
use std::sync::Arc;

use ratatui::style::Style;

use super::super::jobs::Snapshot;
use super::super::msg::Msg;
use super::super::{Headless, Launch, Source, Start, ThemeChoice};
use super::steps::Fake;
use super::{sample, work};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (40, 10)];

/// Text, then one letter per cell for each distinct style (`.` for none), so that moving a
/// highlight changes the snapshot; lines without style are left out.
pub(super) fn dump(app: &Headless) -> String {
    let buffer = app.buffer();
    let mut names: BTreeMap<String, char> = BTreeMap::new();
    let mut legend = String::new();
    let mut map = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        for x in 0..buffer.area.width {
            let style = buffer[(x, y)].style();
            let words = in_words(style);
            let next = char::from(b'a' + u8::try_from(names.len() % 26).unwrap());
            let letter = if words.is_empty() {
                '.'
            } else {
                *names.entry(words.clone()).or_insert_with(|| {
                    legend.push_str(&format!("{next} {words}\n"));
                    next
                })
            };
            line.push(letter);
        }
        if line.chars().any(|c| c != '.') {
            map.push_str(&format!("{y:2} {}\n", line.trim_end_matches('.')));
        }
    }
    format!("{}\n{map}\n{legend}", app.text())
}

fn in_words(style: Style) -> String {
    use ratatui::style::Color;
    let colour = |name: &str, c: Option<Color>| match c {
        None | Some(Color::Reset) => String::new(),
        Some(c) => format!("{name} {c} "),
    };
    let mut words = colour("fg", style.fg) + &colour("bg", style.bg);
    if !style.add_modifier.is_empty() {
        words.push_str(&format!("{:?}", style.add_modifier));
    }
    words.trim().to_owned()
}

fn app(theme: ThemeChoice, (width, height): (u16, u16)) -> Headless {
    let report = Arc::new(sample::report());
    let reports = vec![Source::Loaded {
        path: "demo/report.json".into(),
        report,
    }];
    let launch = Launch {
        reports,
        models: super::steps::models(),
        start: Start::FirstReport,
        theme,
        ..Launch::default()
    };
    Headless::new(launch, Arc::new(Fake), width, height)
}

fn empty(theme: ThemeChoice, (width, height): (u16, u16)) -> Headless {
    Headless::new(
        Launch {
            theme,
            ..Launch::default()
        },
        Arc::new(Fake),
        width,
        height,
    )
}

/// Where each screen is looked at, from the start of [`app`].
const PLACES: [(&str, &str); 16] = [
    ("home", "1"),
    ("data", "2 tab l s j space k"),
    ("model", "3 enter j j space space"),
    ("model-list", "3"),
    ("model-command", "3 enter a c"),
    ("space", "4"),
    ("space-numbers", "o down b right right right down enter"),
    ("scree", "tab l l"),
    ("card", "tab tab j"),
    ("trust", "5 j j"),
    ("jobs", "e enter 6"),
    ("log", "e enter 7"),
    ("help", "?"),
    ("palette", ":"),
    ("export", "e"),
    ("command", "c"),
];

#[test]
fn every_screen_at_three_sizes() {
    for size in SIZES {
        for (name, keys) in PLACES {
            let mut app = app(ThemeChoice::Dark, size);
            app.press(keys).unwrap();
            insta::assert_snapshot!(format!("{name}-{}x{}", size.0, size.1), dump(&app));
        }
    }
}

#[test]
fn every_screen_in_mono() {
    for (name, keys) in PLACES {
        let mut app = app(ThemeChoice::Mono, (80, 24));
        app.press(keys).unwrap();
        insta::assert_snapshot!(format!("{name}-mono"), dump(&app));
    }
}

#[test]
fn every_screen_with_nothing_to_show() {
    for size in [(80, 24), (40, 10)] {
        for (number, name) in (1..).zip(["home", "data", "model", "space", "trust", "jobs", "log"])
        {
            let mut app = empty(ThemeChoice::Dark, size);
            app.press(&number.to_string()).unwrap();
            insta::assert_snapshot!(format!("{name}-empty-{}x{}", size.0, size.1), dump(&app));
        }
    }
}

#[test]
fn trouble_is_shown_where_it_happened() {
    for size in [(80, 24), (40, 10)] {
        let mut app = empty(ThemeChoice::Dark, size);
        app.press("d 6").unwrap();
        insta::assert_snapshot!(format!("job-failed-{}x{}", size.0, size.1), dump(&app));
        let mut app = super::screens::app(ThemeChoice::Dark, size);
        app.press("2 /").unwrap();
        app.type_text("age>x speaker:a");
        insta::assert_snapshot!(format!("filter-wrong-{}x{}", size.0, size.1), dump(&app));
    }
}

#[test]
fn a_running_job_shows_count_rate_and_time_left() {
    let mut app = app(ThemeChoice::Dark, (80, 24));
    work::pretend_running(&mut app, "demo");
    let progress = Snapshot {
        id: 1000,
        stage: "extract".into(),
        unit: "items".into(),
        done: 120,
        total: Some(251),
        elapsed_secs: 41.0,
        stage_secs: 30.0,
    };
    app.take(Msg::Tick(vec![progress]));
    insta::assert_snapshot!("running-status-80x24", dump(&app));
    app.press("6").unwrap();
    insta::assert_snapshot!("running-jobs-80x24", dump(&app));
}

#[test]
fn huge_names_are_cut_not_spilled() {
    let mut report = sample::report();
    let long = "漢字-très-long\u{1b}[31m\n\tna\u{7}me\u{202e}\u{9b}2J ".repeat(9);
    report.title = long.clone();
    report.summary = vec![long.clone()];
    report.warnings = vec![long.clone()];
    report.provenance.command = long.clone();
    for table in &mut report.tables {
        table.title.push_str(&long);
        for column in &mut table.columns {
            column.meaning.push_str(&long);
            column.unit = column.unit.as_ref().map(|_| long.clone());
            if let phonoscope_probes::report::Data::Text(values) = &mut column.data {
                values.iter_mut().flatten().for_each(|v| v.push_str(&long));
            }
        }
    }
    for check in &mut report.trust.checks {
        (check.id, check.meaning) = (long.clone(), long.clone());
        (check.detail, check.unit) = (long.clone(), Some(long.clone()));
    }
    let coverage = &mut report.trust.coverage;
    coverage
        .skipped
        .iter_mut()
        .for_each(|s| s.reason.clone_from(&long));
    let groups = coverage.groups.values().flatten().cloned().collect();
    coverage.groups.insert(long.clone(), groups);
    for group in coverage.groups.values_mut().flatten() {
        group.class.clone_from(&long);
    }
    for (name, keys) in PLACES {
        for size in SIZES {
            let reports = vec![Source::Loaded {
                path: long.clone().into(),
                report: Arc::new(report.clone()),
            }];
            let launch = Launch {
                reports,
                start: Start::FirstReport,
                ..Launch::default()
            };
            let mut app = Headless::new(launch, Arc::new(Fake), size.0, size.1);
            app.press(keys).unwrap();
            let text = app.text();
            let rude = |c: &char| {
                (c.is_control() && *c != '\n') || matches!(c, '\u{202e}' | '\u{9b}' | '\u{200f}')
            };
            assert_eq!(text.chars().find(rude), None, "{name} {size:?}");
            assert_eq!(text.lines().count(), usize::from(size.1), "{name}");
            let widest = text.lines().map(super::super::words::width).max();
            assert!(widest <= Some(size.0.into()), "{name} {size:?}: {widest:?}");
            if size == (80, 24) && matches!(name, "home" | "space" | "data" | "trust") {
                insta::assert_snapshot!(format!("{name}-huge-80x24"), app.text());
            }
        }
    }
}

#[test]
fn no_size_panics() {
    for size in [
        (0, 0),
        (1, 1),
        (39, 9),
        (40, 10),
        (41, 3),
        (3, 60),
        (80, 24),
        (200, 50),
    ] {
        for (_, keys) in PLACES {
            let mut app = app(ThemeChoice::Dark, size);
            app.press(keys).unwrap();
            app.text();
            // Everything must also survive growing and shrinking.
            for (width, height) in [(0, 0), (90, 30), (40, 10)] {
                app.resize(width, height);
                app.press("down up right left G g").unwrap();
                app.text();
            }
        }
    }
}

#[test]
fn in_mono_nothing_is_coloured_and_what_matters_can_be_told_apart() {
    use ratatui::style::{Color, Modifier};
    for (name, keys) in PLACES {
        let mut app = app(ThemeChoice::Mono, (80, 24));
        app.press(keys).unwrap();
        for cell in app.buffer().content() {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{name}");
        }
    }
    let mut app = app(ThemeChoice::Mono, (80, 24));
    for keys in ["2 j", "5", "e enter 6"] {
        app.press(keys).unwrap();
        let buffer = app.buffer();
        let reversed: Vec<u16> = (2..22)
            .filter(|y| buffer[(78, *y)].modifier.contains(Modifier::REVERSED))
            .collect();
        assert_eq!(
            reversed.len(),
            1,
            "{keys}: one selected row, found {reversed:?}"
        );
        let line = app
            .text()
            .lines()
            .nth(reversed[0].into())
            .unwrap()
            .to_owned();
        assert!(line.contains('>'), "{keys}: {line}");
    }
    app.press("5").unwrap();
    let text = app.text();
    for sign in ["✓ pass", "! warn", "✗ fail", "– not run"] {
        assert!(text.contains(sign), "{sign}");
    }
    app.press("4").unwrap();
    let text = app.text();
    assert!(text.contains("● f 30") && text.contains("▲ m 30"), "{text}");
}

#[test]
fn a_picture_of_the_screen_is_well_formed_and_holds_its_words() {
    for theme in [
        ThemeChoice::Dark,
        ThemeChoice::Light,
        ThemeChoice::Mono,
        ThemeChoice::Ansi16,
    ] {
        let picture = app(theme, (100, 30)).picture();
        crate::plot::assert_well_formed(&picture);
        assert!(picture.contains("Scree: % of variance"));
        if let Some(folder) = std::env::var_os("PHONOSCOPE_PICTURES") {
            std::fs::write(
                std::path::Path::new(&folder).join(format!("{theme}.svg")),
                picture,
            )
            .unwrap();
        }
    }
}

#[test]
fn views_name_no_colour() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tui");
    let mut stack = vec![std::path::PathBuf::from(folder)];
    let mut seen = 0;
    while let Some(path) = stack.pop() {
        if path.is_dir() {
            stack.extend(std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path()));
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let exempt = name == "theme.rs" || path.components().any(|c| c.as_os_str() == "tests");
        if path.extension().is_some_and(|e| e == "rs") && !exempt {
            seen += 1;
            let text = std::fs::read_to_string(&path).unwrap();
            for word in ["Color::", ".fg(", ".bg(", "Modifier::"] {
                assert!(!text.contains(word), "{name} holds {word}");
            }
        }
    }
    assert!(seen > 25);
}
