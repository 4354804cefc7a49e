//! A small emphasis report of made-up states, and the screen on it.

use std::sync::Arc;

use ndarray::Array2;
use phonoscope_analysis::task::Task;
use phonoscope_probes::emphasis::{
    Edit, EditColumn, EmphasisInput, EmphasisSettings, Part, SystemInfo, TapInfo, Version, run,
};
use phonoscope_probes::report::Report;

use super::super::state::Screen;
use super::super::{Headless, Launch, Source, Start, ThemeChoice};
use super::sample;
use super::screens::dump;
use super::steps::Fake;

const CONDITIONS: [&str; 5] = [
    "neutral_a",
    "neutral_b",
    "emphasis_all",
    "emphasis_f0",
    "control_rate",
];
const DIM: usize = 8;

fn versions() -> Vec<Version> {
    let mut out = vec![];
    for pair in 0..24usize {
        for condition in CONDITIONS {
            let ratio = match condition {
                "emphasis_all" => 1.2 + 0.5 * sample::noise(pair, 1),
                "control_rate" => 1.1 + 0.3 * sample::noise(pair, 2),
                _ => 1.0,
            };
            let f0 = if condition.starts_with("emphasis") {
                2.0 + sample::noise(pair, 3)
            } else {
                0.0
            };
            out.push(Version {
                id: format!("p{pair:02}-{condition}"),
                path: format!("clips/p{pair:02}-{condition}.flac"),
                pair: Some(format!("p{pair:02}")),
                condition: Some(condition.into()),
                speaker: Some(format!("spk{:02}", pair % 12)),
                word: Some(["present", "object", "permit"][pair % 3].into()),
                source: None,
                length_secs: Some(0.4 * ratio),
                edits: [Some(ratio), Some(f0), None],
                silent: false,
            });
        }
    }
    out
}

/// States in which emphasis by this strength points one way, and rate another.
fn states(versions: &[Version], strength: f64, salt: u64) -> Array2<f64> {
    Array2::from_shape_fn((versions.len(), DIM), |(i, j)| {
        let noise = sample::noise(i * DIM + j, salt) - 0.5;
        let condition = versions[i].condition.as_deref().unwrap_or("");
        let pushed = match (condition, j) {
            ("emphasis_all", 0) => strength,
            ("emphasis_all" | "emphasis_f0", 1) | ("control_rate", 2) => 0.6 * strength,
            _ => 0.0,
        };
        noise + pushed
    })
}

fn system(name: &str, part: Part, twin_of: Option<&str>, taps: usize) -> SystemInfo {
    SystemInfo {
        name: name.into(),
        part,
        twin_of: twin_of.map(Into::into),
        task: (part == Part::Model).then(|| "ASR".into()),
        taps: (0..taps)
            .map(|k| TapInfo {
                name: format!("encoder.{k}.resid_post"),
                receptive_field: "the whole recording".into(),
            })
            .collect(),
    }
}

pub(crate) fn report() -> Report {
    let versions = versions();
    let column = |edit: Edit, has: bool| EditColumn {
        edit,
        column: has.then(|| edit.column().to_owned()),
        measured: false,
    };
    let systems = vec![
        system("tiny", Part::Model, None, 3),
        system("tiny-redrawn", Part::Redrawn, Some("tiny"), 3),
        system("base", Part::Model, None, 2),
        system("log-mel", Part::Baseline, None, 1),
    ];
    let strengths: [&[f64]; 4] = [&[0.5, 1.5, 1.0], &[0.1, 0.2, 0.1], &[1.0, 2.0], &[0.4]];
    let of = |(s, taps): (usize, &&[f64])| {
        let tap = |(t, strength): (usize, &f64)| states(&versions, *strength, (10 * s + t) as u64);
        taps.iter().enumerate().map(tap).collect::<Vec<_>>()
    };
    let states: Vec<Vec<Array2<f64>>> = strengths.iter().enumerate().map(of).collect();
    let input = EmphasisInput {
        versions,
        skipped: vec![],
        edits: vec![
            column(Edit::Duration, true),
            column(Edit::F0, true),
            column(Edit::Level, false),
        ],
        systems: systems.clone(),
    };
    let settings = EmphasisSettings {
        permutations: 19,
        bootstrap: 20,
        folds: 3,
        ..EmphasisSettings::default()
    };
    let made = run(&input, &states, &settings, &Task::silent()).unwrap();
    let mut report = sample::report();
    report.probe = "emphasis".into();
    report.title = "emphasis in tiny, base: 24 word tokens".into();
    report.systems = systems.into_iter().map(|s| s.name).collect();
    report.summary = made.summary;
    report.warnings = made.warnings;
    report.tables = made.tables;
    report
}

fn app_of(theme: ThemeChoice, (width, height): (u16, u16)) -> Headless {
    let launch = Launch {
        reports: vec![Source::Loaded {
            path: "emphasis/report.json".into(),
            report: Arc::new(report()),
        }],
        start: Start::FirstReport,
        theme,
        ..Launch::default()
    };
    Headless::new(launch, Arc::new(Fake), width, height)
}

/// Where each pane is looked at.
const PLACES: [(&str, &str); 5] = [
    ("emphasis-layers", "l"),
    ("emphasis-figure", "r r w"),
    ("emphasis-scatter", "tab"),
    ("emphasis-matrix", "tab tab l"),
    ("emphasis-pairs", "backtab j j"),
];

#[test]
fn every_pane_at_four_sizes() {
    for size in [(80, 24), (120, 40), (200, 50), (40, 10)] {
        let mut app = app_of(ThemeChoice::Dark, size);
        for (name, keys) in PLACES {
            app.press("8").unwrap();
            app.press(keys).unwrap();
            insta::assert_snapshot!(format!("{name}-{}x{}", size.0, size.1), dump(&app));
        }
    }
}

#[test]
fn every_pane_in_mono() {
    let mut app = app_of(ThemeChoice::Mono, (80, 24));
    for (name, keys) in PLACES {
        app.press(keys).unwrap();
        insta::assert_snapshot!(format!("{name}-mono"), dump(&app));
    }
}

#[test]
fn no_size_panics_and_the_keys_do_what_they_say() {
    for size in [
        (0, 0),
        (1, 1),
        (39, 9),
        (40, 10),
        (3, 60),
        (120, 24),
        (110, 31),
        (200, 50),
    ] {
        let mut app = app_of(ThemeChoice::Dark, size);
        app.press("j k l h G g r R o O w W tab j l tab j l tab j k p t esc e esc y c esc 8")
            .unwrap();
    }
    let mut app = app_of(ThemeChoice::Dark, (120, 40));
    assert_eq!(app.state().screen, Screen::Emphasis);
    app.press("tab tab tab").unwrap();
    assert!(app.text().contains("24 pairs"), "{}", app.text());
    // No file is there: it says so in both places.
    assert!(app.text().matches("no file").count() >= 2, "{}", app.text());
    app.press("t").unwrap();
    assert_eq!(app.state().screen, Screen::Data);
    app.press("esc e").unwrap();
    assert!(app.text().contains("CSV"), "{}", app.text());
}

#[test]
fn the_screen_needs_a_report_of_emphasis() {
    let launch = Launch {
        reports: vec![Source::Loaded {
            path: "demo/report.json".into(),
            report: Arc::new(sample::report()),
        }],
        start: Start::FirstReport,
        ..Launch::default()
    };
    let mut app = Headless::new(launch, Arc::new(Fake), 100, 30);
    app.press("8").unwrap();
    assert!(
        app.text().contains("no report of emphasis"),
        "{}",
        app.text()
    );
    assert!(!app.text().contains("8 Emphasis"));
}

#[test]
fn every_figure_is_drawn_alike_twice() {
    let report = report();
    let drawn = crate::plot::figures(&report);
    let names: Vec<&str> = drawn.iter().map(|(name, _)| name.as_str()).collect();
    for name in [
        "layers_direction.svg",
        "layers_dimension.svg",
        "layers_duration.svg",
        "layers_word.svg",
        "layers_transfer.svg",
        "tiny.transfer.svg",
        "base.transfer.svg",
    ] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
    for ((name, svg), (_, second)) in drawn.iter().zip(crate::plot::figures(&report)) {
        let svg = svg.as_ref().unwrap();
        crate::plot::assert_well_formed(svg);
        assert_eq!(svg, &second.unwrap(), "{name}");
    }
}
