//! Speaker space with several systems: snapshots, and one selection for all of them.

use std::sync::Arc;

use super::super::extremes::Picture;
use super::super::space::{Pane, Space};
use super::super::state::Screen;
use super::super::{Headless, Launch, Source, Start, ThemeChoice};
use super::screens::dump;
use super::steps::{Fake, opened};
use super::{sample, sample_systems};

fn app_of(
    report: phonoscope_probes::report::Report,
    theme: ThemeChoice,
    (width, height): (u16, u16),
) -> Headless {
    let launch = Launch {
        reports: vec![Source::Loaded {
            path: "two/report.json".into(),
            report: Arc::new(report),
        }],
        start: Start::FirstReport,
        theme,
        ..Launch::default()
    };
    Headless::new(launch, Arc::new(Fake), width, height)
}

fn app(size: (u16, u16)) -> Headless {
    app_of(sample_systems::report(), ThemeChoice::Dark, size)
}

fn space(app: &Headless) -> &Space {
    app.state().space().unwrap()
}

/// Where each page is looked at.
const PLACES: [(&str, &str); 7] = [
    ("systems-scatter", "w"),
    ("systems-beside", "|"),
    ("systems-card", "tab tab G"),
    ("systems-heat", "H r j j l"),
    ("systems-people", "S j"),
    ("systems-figures", "F l l l"),
    ("systems-voices", "V j j"),
];

#[test]
fn every_page_at_four_sizes() {
    for size in [(80, 24), (120, 40), (200, 50), (40, 10)] {
        for (name, keys) in PLACES {
            let mut app = app(size);
            app.press(keys).unwrap();
            insta::assert_snapshot!(format!("{name}-{}x{}", size.0, size.1), dump(&app));
        }
    }
}

#[test]
fn every_page_in_mono() {
    for (name, keys) in PLACES {
        let mut app = app_of(sample_systems::report(), ThemeChoice::Mono, (80, 24));
        app.press(keys).unwrap();
        insta::assert_snapshot!(format!("{name}-mono"), dump(&app));
    }
}

#[test]
fn no_size_panics_on_any_page() {
    for size in [
        (0, 0),
        (1, 1),
        (39, 9),
        (40, 10),
        (3, 60),
        (120, 24),
        (200, 50),
    ] {
        for report in [sample_systems::report(), sample::report()] {
            let mut app = app_of(report, ThemeChoice::Light, size);
            for (_, keys) in PLACES {
                app.press(keys).unwrap();
                app.text();
                for (width, height) in [(0, 0), (130, 30), (40, 10), size] {
                    app.resize(width, height);
                    app.press("down up right left G g . , w |").unwrap();
                    app.text();
                }
            }
        }
    }
}

#[test]
fn a_report_without_the_tables_says_what_makes_them() {
    let mut app = app_of(sample::report(), ThemeChoice::Dark, (80, 24));
    for keys in ["H", "S", "tab", "tab", "F"] {
        app.press(keys).unwrap();
        let text = app.text();
        assert!(text.contains("phonoscope probe speaker"), "{keys}: {text}");
    }
    app.press("esc").unwrap();
    assert_eq!(space(&app).pane, Pane::Scatter);
    app.press(":").unwrap();
    app.type_text("system.next");
    app.press("enter").unwrap();
    assert!(app.text().contains("knows one system"), "{}", app.text());
}

#[test]
fn what_was_chosen_follows_to_the_next_system() {
    let mut app = app((120, 40));
    app.press("] o w").unwrap();
    assert_eq!(opened(&app).system(), Some("campp"));
    assert_eq!((space(&app).x, space(&app).y), (3, 2));
    let colour = space(&app).colour_column(&opened(&app).report).unwrap();
    assert_eq!(colour.id, "age");
    app.press("| w").unwrap();
    assert_eq!(opened(&app).system(), Some("ge2e"));
    assert_eq!(space(&app).beside.as_ref().unwrap().system, 1);
    let text = app.text();
    assert!(text.contains("ge2e: 60 speakers") && text.contains("campp: 60 speakers"));
    app.press("|").unwrap();
    assert!(space(&app).beside.is_none());
    app.press("W").unwrap();
    assert_eq!(opened(&app).system(), Some("campp"));
}

#[test]
fn a_label_to_check_is_selected_in_every_table_and_system() {
    let mut app = app((120, 40));
    app.press("S tab tab j enter").unwrap();
    let chosen = |app: &Headless| {
        let opened = opened(app);
        opened.selection.first().map(|v| opened.voices[v].clone())
    };
    assert_eq!(opened(&app).selection.count(), 1);
    assert_eq!(chosen(&app).as_deref(), Some("spk042"));
    app.press("4 g tab").unwrap();
    for (i, table) in opened(&app).report.tables.iter().enumerate() {
        let rows = opened(&app).views[i].order.len();
        match table.id.as_str() {
            "speakers" | "suspicious_labels" => assert_eq!(rows, 1, "{}", table.id),
            "items" => assert_eq!(rows, 2),
            _ => assert_eq!(rows, table.rows(), "{}", table.id),
        }
    }
    app.press("w V").unwrap();
    let (opened, space) = (opened(&app), space(&app));
    assert_eq!(space.extremes.row(), Some(42), "the voice to hear");
    assert_eq!(opened.mask().unwrap().iter().filter(|c| **c).count(), 1);
}

#[test]
fn a_cell_of_the_heat_map_leads_to_its_scatter() {
    let mut app = app((120, 40));
    app.press("tab l H l l enter").unwrap();
    assert_eq!((space(&app).pane, space(&app).x), (Pane::Scatter, 3));
    let colour = space(&app).colour_column(&opened(&app).report).unwrap();
    assert_eq!(colour.id, "f0_median_hz");
    app.press("H j enter").unwrap();
    assert!(app.text().contains("`hnr_db` has no column in `speakers`"));
    app.press("H t").unwrap();
    let (table, view) = opened(&app).current().unwrap();
    assert_eq!(
        (table.id.as_str(), view.row()),
        ("pc_cards", Some(2 * 5 + 1))
    );
    app.press("esc").unwrap();
    assert_eq!(
        (app.state().screen, space(&app).pane),
        (Screen::Space, Pane::Heat)
    );
}

#[test]
fn recordings_that_cannot_be_found_and_players_that_are_missing_are_told() {
    let mut app = app((120, 40));
    app.press("V").unwrap();
    let sound = space(&app).extremes.sound.as_ref().unwrap();
    assert!(matches!(&sound.picture, Picture::Failed(why) if why.contains("no file `audio/")));
    assert!(app.text().contains("no file `audio/"));
    let jobs = app.state().jobs.len();
    app.press("p").unwrap();
    assert!(app.text().contains("no player found"), "{}", app.text());
    assert_eq!(app.state().jobs.len(), jobs + 1);
}

#[test]
fn a_recording_is_drawn_and_the_next_one_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut report = sample_systems::report();
    let items = report.tables.iter_mut().find(|t| t.id == "items").unwrap();
    for (at, name) in ["a.wav", "b.wav"].iter().enumerate() {
        let path = folder.path().join(name);
        let samples: Vec<f32> = (0..8000)
            .map(|i| ((i * (at + 3)) as f32 * 0.1).sin() * 0.1)
            .collect();
        phonoscope_datasets::audio::write_wav(&path, &samples, 16_000).unwrap();
        let column = items.columns.iter_mut().find(|c| c.id == "path").unwrap();
        if let phonoscope_probes::report::Data::Text(values) = &mut column.data {
            let mine = values.iter_mut().skip(at).step_by(2);
            mine.for_each(|v| *v = Some(path.display().to_string()));
        }
    }
    let mut app = app_of(report, ThemeChoice::Mono, (80, 24));
    app.press("V").unwrap();
    let path = |app: &Headless| {
        let sound = space(app).extremes.sound.as_ref().unwrap();
        assert!(matches!(sound.picture, Picture::Ready(_)));
        sound.recording.path.file_name().unwrap().to_owned()
    };
    let first = path(&app);
    assert!(app.text().contains("0.500 s") && app.text().contains('█'));
    app.press(".").unwrap();
    assert_ne!(path(&app), first);
    assert!(app.text().contains("recording 2 of 2"));
    app.press(".").unwrap();
    assert_eq!(path(&app), first);
}

#[test]
fn without_ages_a_line_says_so() {
    let mut report = sample_systems::report();
    report.tables.retain(|t| t.id != "age");
    let mut app = app_of(report, ThemeChoice::Dark, (120, 40));
    app.press("S").unwrap();
    let screen = dump(&app);
    let line = "Age: no ages in this manifest";
    assert_eq!(screen.matches(line).count(), 1, "{screen}");
    // The pane can be reached, and shows it.
    app.press("tab").unwrap();
    assert_eq!(space(&app).pane, Pane::Age);
    assert!(dump(&app).contains(&format!("> {line}")));
    // With ages, and in a small terminal, there is a frame.
    let mut app = app_of(sample_systems::report(), ThemeChoice::Dark, (120, 40));
    app.press("S").unwrap();
    assert!(!dump(&app).contains(line));
}

#[test]
fn recordings_are_looked_for_where_the_user_says() {
    let launch = Launch {
        reports: vec![Source::Loaded {
            path: "two/report.json".into(),
            report: Arc::new(sample_systems::report()),
        }],
        recordings: Some("corpus".into()),
        start: Start::FirstReport,
        ..Launch::default()
    };
    let app = Headless::new(launch, Arc::new(Fake), 80, 24);
    let folders = opened(&app).recording(0, 0).unwrap().0.folders;
    assert_eq!(folders.first(), Some(&"corpus".into()));
    assert!(folders.len() > 1);
}
