//! The Quality screen.

use std::path::Path;
use std::sync::Arc;

use ndarray::Array2;
use phonoscope_analysis::task::Task;
use phonoscope_datasets::{Manifest, audio};
use phonoscope_probes::quality::{ModelInput, QualityInput, QualityItem, QualitySettings, run};
use phonoscope_probes::report::{InputFile, Report};

use crate::plot::QualityFigure;

use super::super::quality::Quality;
use super::super::state::Screen;
use super::super::{Headless, Launch, Source, Start, ThemeChoice};
use super::sample;
use super::sample_quality::{MODELS, report};
use super::screens::dump;
use super::steps::Fake;

fn app_on(
    report: Report,
    folder: &Path,
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
    Headless::new(launch, Arc::new(Fake), width, height)
}

fn app(theme: ThemeChoice, size: (u16, u16)) -> Headless {
    app_on(report(), Path::new("quality"), theme, size)
}

/// Where each pane is looked at, one after the other.
const PLACES: [(&str, &str); 5] = [
    ("quality-layers", "o o l"),
    ("quality-criterion", "R"),
    ("quality-systems", "tab j"),
    ("quality-best", "tab"),
    ("quality-worst", "tab"),
];

#[test]
fn every_pane_at_four_sizes() {
    for size in [(80, 24), (120, 40), (200, 50), (40, 10)] {
        let mut app = app(ThemeChoice::Dark, size);
        for (name, keys) in PLACES {
            app.press(keys).unwrap();
            insta::assert_snapshot!(format!("{name}-{}x{}", size.0, size.1), dump(&app));
        }
    }
}

#[test]
fn every_pane_in_mono_and_layers_in_light() {
    use ratatui::style::Color;
    let mut mono = app(ThemeChoice::Mono, (80, 24));
    for (name, keys) in PLACES {
        mono.press(keys).unwrap();
        for cell in mono.buffer().content() {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{name}");
        }
        insta::assert_snapshot!(format!("{name}-mono"), dump(&mono));
    }
    insta::assert_snapshot!(
        "quality-layers-light",
        dump(&app(ThemeChoice::Light, (80, 24)))
    );
}

#[test]
fn moments_are_marked_on_the_spectrogram_and_said() {
    let dir = tempfile::tempdir().unwrap();
    let samples: Vec<f32> = (0..32_000)
        .map(|i| 0.3 * (f64::from(i) * 0.7).sin() as f32)
        .collect();
    audio::write_wav(&dir.path().join("u.wav"), &samples, 16_000).unwrap();
    let path = dir.path().join("made.tsv");
    std::fs::write(
        &path,
        "id\tpath\tsystem\nu00\tu.wav\ttts-old\nu01\tgone.wav\ttts-old\n",
    )
    .unwrap();
    let mut made = report();
    made.provenance.inputs = vec![InputFile {
        what: "manifest".into(),
        name: "made.tsv".into(),
        sha256: Manifest::read(&path).unwrap().sha256,
    }];
    let mut app = app_on(made, dir.path(), ThemeChoice::Dark, (120, 40));
    app.press("backtab").unwrap();
    let text = app.text();
    // Half a second in is a quarter of the width; both moments have their numbers.
    let line = text
        .lines()
        .find(|l| l.contains("━1━"))
        .unwrap_or_else(|| panic!("{text}"));
    assert!(line.contains("━2"), "{text}");
    assert!(
        text.contains("1 0.500–0.800 s: 9.10 (median 2.10) · p 0.012, of a window 4e−4"),
        "{text}"
    );
    app.press("p").unwrap();
    assert!(app.text().contains("no player found"), "{}", app.text());
    app.press("j").unwrap();
    assert!(
        app.text().contains("no moments: others are farther"),
        "{}",
        app.text()
    );
    assert!(app.text().contains("gone.wav"), "{}", app.text());
    app.press("P").unwrap();
    assert!(
        app.text().contains("no moment of this utterance is known"),
        "{}",
        app.text()
    );
    app.press("r").unwrap();
    assert!(
        app.text().contains("Farthest moments: 2 utterances"),
        "{}",
        app.text()
    );
}

#[test]
fn a_report_that_lacks_parts_says_so() {
    let mut part = report();
    let lost = |id: &str| matches!(id, "criteria" | "frame_distances" | "quality_moments");
    part.tables.retain(|t| !lost(&t.id));
    part.provenance.inputs.clear();
    for table in part.tables.iter_mut().filter(|t| t.id == "systems") {
        table
            .columns
            .retain(|c| !c.id.starts_with("rat") && c.id != "severity");
    }
    let mut app = app_on(part, Path::new("quality"), ThemeChoice::Dark, (100, 28));
    let says = |app: &Headless, words: &str| assert!(app.text().contains(words), "{}", app.text());
    app.press("r r r").unwrap();
    says(&app, "Frames were not measured");
    app.press("r").unwrap();
    says(&app, "No layer has this figure");
    app.press("tab").unwrap();
    says(&app, "no rating");
    app.press("tab").unwrap();
    says(&app, "It needs ratings");
    app.press("tab").unwrap();
    says(&app, "This report names no manifest");
    says(&app, "no moments: frames were not measured");
    app.press("r").unwrap();
    says(&app, "This report has none of it.");
}

#[test]
fn no_size_panics_and_the_keys_do_what_they_say() {
    for size in [
        (0, 0),
        (1, 1),
        (39, 9),
        (40, 10),
        (3, 60),
        (110, 30),
        (200, 50),
    ] {
        let mut app = app(ThemeChoice::Dark, size);
        app.press(
            "j k h l G g r R o O s S w W tab j l tab j l G tab j l r p P t esc e esc y c esc 0",
        )
        .unwrap();
    }
    let mut app = app(ThemeChoice::Dark, (120, 40));
    assert_eq!(app.state().screen, Screen::Quality);
    app.press("w").unwrap();
    assert!(app.text().contains(MODELS[1]), "{}", app.text());
    app.press("w tab t").unwrap();
    assert_eq!(app.state().screen, Screen::Data);
    app.press("esc e").unwrap();
    assert!(app.text().contains("SVG"), "{}", app.text());
    app.press("enter").unwrap();
    assert!(
        app.text().contains("wrote quality-tiny_distances.svg"),
        "{}",
        app.text()
    );
}

#[test]
fn the_screen_needs_a_report_of_quality() {
    let mut app = app_on(
        sample::report(),
        Path::new("demo"),
        ThemeChoice::Dark,
        (100, 30),
    );
    app.press("0").unwrap();
    assert!(
        app.text().contains("no report of quality is open"),
        "{}",
        app.text()
    );
    assert!(!app.text().contains("0 Quality"));
}

#[test]
fn what_the_probe_writes_is_what_the_screen_reads() {
    let systems = ["reference", "a", "b", "c", "d"];
    let items: Vec<QualityItem> = systems
        .iter()
        .flat_map(|system| {
            (0..12).map(move |speaker| QualityItem {
                id: format!("{system}-{speaker}"),
                system: (*system).to_owned(),
                speaker: Some(format!("s{speaker}")),
                pair: Some(format!("s{speaker}")),
                degradation: (*system != "reference").then(|| "noise".to_owned()),
                severity: systems.iter().position(|s| s == system).map(|at| at as f64),
                classes: vec![],
            })
        })
        .collect();
    // The last layer is the farther the worse a system is, the first the nearer.
    let shift = |row: usize, layer: usize| match (row / 12, layer) {
        (0, _) => 0.0,
        (system, 1) => system as f64,
        (system, _) => 5.0 - system as f64,
    };
    let input = QualityInput {
        reference: "reference".into(),
        ratings: vec![],
        matching: vec![],
        models: vec![ModelInput {
            name: "made".into(),
            layers: vec!["first".into(), "last".into()],
            read: Box::new(|layer| {
                let rows = systems.len() * 12;
                let value = |(row, dim)| {
                    let own = sample::noise(100 * (row % 12) + dim, 5);
                    own + 0.1 * sample::noise(row, dim as u64) + shift(row, layer)
                };
                Ok(Array2::from_shape_fn((rows, 4), value))
            }),
            embedding: None,
            frames: None,
            halves: None,
        }],
        items,
    };
    let settings = QualitySettings {
        components: 4,
        halves: 20,
        swaps: 19,
        permutations: 19,
        bootstrap: 20,
        directions: 5,
        ..QualitySettings::default()
    };
    let found = run(&input, &settings, &Task::silent()).unwrap();
    let mut made = sample::report();
    made.systems = vec!["made".into()];
    made.tables = found.tables;
    let mut screen = Quality::new(&made).unwrap();
    assert_eq!((screen.layers.len(), screen.systems.len()), (2, 4));
    assert_eq!(screen.layer_name(), "last", "the layer that ranks best");
    assert!(!screen.criteria.is_empty() && screen.shown().is_some());
    for figure in QualityFigure::ALL {
        screen.figure = figure;
        screen.show(&made);
        let points: usize = screen.curves.iter().map(|c| c.points.len()).sum();
        // Frames need recordings.
        assert_eq!(
            points,
            if figure == QualityFigure::Frames {
                0
            } else {
                2
            },
            "{figure:?}"
        );
    }
    let rows = screen.ranked.as_ref().map_or(0, |t| t.rows());
    assert_eq!((screen.in_layer.len(), rows), (4, 2));
}
