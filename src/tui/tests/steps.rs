//! Keys in, state out.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use phonoscope_analysis::task::Task;
use phonoscope_probes::report::Report;

use super::super::opened::Opened;
use super::super::state::{Overlay, Screen};
use super::super::table_view::Direction;
use super::super::{Exit, Headless, Launch, ModelSource, ModelView, Services, Source, Start};
use super::sample;

/// Services that fail where the real ones could.
pub(super) struct Fake;

impl Services for Fake {
    fn start_demo(&self, _task: &Task) -> anyhow::Result<PathBuf> {
        Err(anyhow::anyhow!("no network")
            .context("cannot fetch ge2e")
            .context("demo"))
    }

    fn open_report(&self, path: &Path, _task: &Task) -> anyhow::Result<Report> {
        anyhow::ensure!(
            path == Path::new("good.json"),
            "no report at {}",
            path.display()
        );
        Ok(sample::report())
    }

    fn open_model(&self, name: &str, _task: &Task) -> anyhow::Result<ModelView> {
        anyhow::ensure!(name == "whisper-like", "no model called `{name}`");
        Ok(super::sample_model::model())
    }

    fn save(&self, file_name: &str, _bytes: &[u8], _task: &Task) -> anyhow::Result<PathBuf> {
        Ok(file_name.into())
    }
}

pub(super) fn models() -> Vec<ModelSource> {
    let source = |name: &str, about: &str| ModelSource {
        name: name.into(),
        about: about.into(),
    };
    vec![
        source("whisper-like", "an encoder of four blocks"),
        source("gone", "cannot be opened"),
    ]
}

pub(super) fn loaded() -> Headless {
    let report = Arc::new(sample::report());
    let reports = vec![
        Source::Loaded {
            path: "demo/report.json".into(),
            report,
        },
        Source::Path {
            path: "good.json".into(),
            title: "another".into(),
        },
        Source::Path {
            path: "gone.json".into(),
            title: "lost".into(),
        },
    ];
    let launch = Launch {
        reports,
        start: Start::FirstReport,
        ..Launch::default()
    };
    Headless::new(launch, Arc::new(Fake), 80, 24)
}

/// The sample report changed by `edit`, open at 80×24.
fn with(edit: impl FnOnce(&mut Report)) -> Headless {
    let mut report = sample::report();
    edit(&mut report);
    let launch = Launch {
        reports: vec![Source::Loaded {
            path: "r".into(),
            report: Arc::new(report),
        }],
        start: Start::FirstReport,
        ..Launch::default()
    };
    Headless::new(launch, Arc::new(Fake), 80, 24)
}

#[test]
fn a_model_opens_as_a_tree_and_picked_taps_become_a_command() {
    let launch = Launch {
        models: models(),
        ..Launch::default()
    };
    let mut app = Headless::new(launch, Arc::new(Fake), 80, 24);
    app.press("3 down enter").unwrap();
    assert!(app.state().model.opened.is_none());
    assert!(
        app.state()
            .notice
            .as_ref()
            .unwrap()
            .text
            .contains("no model called `gone`")
    );
    app.press("up enter").unwrap();
    assert_eq!(app.state().screen, Screen::Model);
    let picked = |app: &Headless| app.state().model.opened.as_ref().unwrap().picked.len();
    app.press("c").unwrap();
    assert!(app.state().overlay.is_none(), "a block alone is no tap");
    app.press("/").unwrap();
    app.type_text("*.resid_post");
    app.press("enter a").unwrap();
    assert_eq!(picked(&app), 4);
    app.press("c y").unwrap();
    assert_eq!(
        app.copied(),
        [
            "phonoscope extract --model whisper-like --data MANIFEST.tsv --taps \
          encoder.0.resid_post encoder.1.resid_post encoder.2.resid_post encoder.3.resid_post \
          --out RUN"
        ]
    );
    app.press("esc").unwrap();
    let model = app.state().model.opened.as_ref().unwrap();
    assert!(model.filter.is_empty() && model.rows.len() == 19);
    app.press("a a y u").unwrap();
    assert_eq!(picked(&app), 0);
    assert_eq!(app.copied().len(), 2);
    app.press("tab down enter").unwrap();
    assert_eq!(
        app.state().model.opened.as_ref().unwrap().view.name,
        "whisper-like"
    );
}

#[test]
fn a_model_can_be_what_is_shown_first() {
    let launch = Launch {
        models: models(),
        start: Start::FirstModel,
        ..Launch::default()
    };
    let mut app = Headless::new(launch, Arc::new(Fake), 80, 24);
    assert_eq!(app.state().screen, Screen::Model);
    assert!(app.text().contains("encoder.0"), "{}", app.text());
    app.press("G").unwrap();
    assert!(app.text().contains("encoder.final_norm"), "{}", app.text());
}

pub(super) fn opened(app: &Headless) -> &Opened {
    app.state().opened.as_ref().unwrap()
}

#[test]
fn a_report_opens_on_the_space_and_keys_walk_the_screens() {
    let mut app = loaded();
    assert_eq!(app.state().screen, Screen::Space);
    for (key, screen) in [
        ("1", Screen::Home),
        ("2", Screen::Data),
        ("3", Screen::Model),
        ("5", Screen::Trust),
        ("7", Screen::Log),
    ] {
        app.press(key).unwrap();
        assert_eq!(app.state().screen, screen);
    }
}

#[test]
fn escape_goes_back_one_level_and_q_quits_only_from_the_top() {
    let mut app = loaded();
    app.press("t ?").unwrap();
    assert!(matches!(app.state().overlay, Some(Overlay::Help { .. })));
    app.press("q").unwrap();
    assert!(app.state().overlay.is_none() && app.exit().is_none());
    assert_eq!(app.state().screen, Screen::Data);
    app.press("esc").unwrap();
    assert_eq!(app.state().screen, Screen::Space);
    app.press("t q").unwrap();
    assert_eq!((app.state().screen, app.exit()), (Screen::Space, None));
    app.press("q").unwrap();
    assert_eq!(app.exit(), Some(Exit::Quit));
}

#[test]
fn sorting_and_filtering_follow_the_column_under_the_cursor() {
    let mut app = loaded();
    app.press("2 tab l l l s s").unwrap();
    let (table, view) = opened(&app).current().unwrap();
    assert_eq!(
        (table.id.as_str(), view.sort),
        ("speakers", Some((3, Direction::Down)))
    );
    let ages: Vec<_> = view
        .order
        .iter()
        .map(|r| table.columns[3].value(*r as usize))
        .collect();
    assert_eq!(ages[0], Some(69.0));
    assert_eq!(ages.last(), Some(&None), "missing last");
    app.press("/").unwrap();
    app.type_text("sex:f age>40");
    let (table, view) = opened(&app).current().unwrap();
    assert!(!view.order.is_empty() && view.order.len() < table.rows());
    let all = view
        .order
        .iter()
        .all(|r| table.columns[3].value(*r as usize).unwrap() > 40.0);
    assert!(all);
    app.type_text(" nope:1");
    let Some(Overlay::Filter {
        problem: Some(problem),
        ..
    }) = &app.state().overlay
    else {
        panic!("the mistake is named")
    };
    assert_eq!(problem, "no column `nope` in `speakers`");
    app.press("esc").unwrap();
    assert_eq!(
        opened(&app).current().unwrap().1.order.len(),
        60,
        "esc takes the filter back"
    );
}

#[test]
fn brushing_selects_speakers_everywhere() {
    let mut app = loaded();
    app.press("g b").unwrap();
    for _ in 0..30 {
        app.press("up").unwrap();
    }
    // Left edge to the middle, whole height: mostly one sex.
    app.press("g").unwrap();
    for _ in 0..20 {
        app.press("right").unwrap();
    }
    for _ in 0..30 {
        app.press("down").unwrap();
    }
    app.press("enter").unwrap();
    let chosen = opened(&app).selection.count();
    assert!(chosen > 0 && chosen < 60, "{chosen}");
    app.press("t").unwrap();
    assert_eq!(opened(&app).current().unwrap().1.order.len(), chosen);
    app.press("tab tab tab").unwrap();
    let (table, view) = opened(&app).current().unwrap();
    assert_eq!((table.id.as_str(), view.order.len()), ("items", 2 * chosen));
    app.press("v").unwrap();
    assert_eq!(opened(&app).current().unwrap().1.order.len(), 120);
    app.press("u").unwrap();
    assert_eq!(opened(&app).selection.count(), 0);
}

#[test]
fn marks_made_in_a_table_show_in_the_scatter() {
    let mut app = loaded();
    app.press("2 space j j space").unwrap();
    assert_eq!(opened(&app).selection.count(), 2, "two utterances each");
    app.press("g n").unwrap();
    let opened = opened(&app);
    let (_, view) = opened.current().unwrap();
    assert!(opened.is_selected(opened.table, view.row().unwrap()) && view.cursor == 1);
    app.press("4").unwrap();
    assert!(app.text().contains("2 selected"));
}

#[test]
fn axes_colours_and_components_are_chosen_by_keys() {
    let mut app = loaded();
    let space = |app: &Headless| app.state().space().unwrap().clone();
    assert_eq!((space(&app).x, space(&app).y), (1, 2));
    assert_eq!(
        space(&app).colour_column(&opened(&app).report).unwrap().id,
        "sex"
    );
    app.press("] } o").unwrap();
    assert_eq!((space(&app).x, space(&app).y), (3, 4), "2 and 3 are taken");
    app.press("{ {").unwrap();
    assert_eq!((space(&app).x, space(&app).y), (3, 1));
    assert_eq!(
        space(&app).colour_column(&opened(&app).report).unwrap().id,
        "age"
    );
    app.press("tab l l l enter").unwrap();
    assert_eq!((space(&app).x, space(&app).component), (4, 4));
    app.press("tab G enter").unwrap();
    assert_eq!(
        space(&app).colour_column(&opened(&app).report).unwrap().id,
        "accent"
    );
}

#[test]
fn two_components_stay_on_their_axes() {
    let mut app = with(|report| {
        report.tables.iter_mut().for_each(|t| {
            t.columns
                .retain(|c| !c.id.starts_with("pc") || c.id == "pc1" || c.id == "pc2");
        });
    });
    for key in ["]", "[", "}", "{"] {
        app.press(key).unwrap();
        let space = app.state().space().unwrap();
        assert_eq!((space.x, space.y), (1, 2), "{key}");
        assert!(app.text().contains("no other component"), "{key}");
    }
}

#[test]
fn keys_that_need_a_report_say_so() {
    let mut app = Headless::new(Launch::default(), Arc::new(Fake), 80, 24);
    for keys in ["1 c", "2 c", "2 e", "3 e", "5 t", "5 c", "6 c"] {
        app.press(keys).unwrap();
        assert!(app.text().contains("! no report is open"), "{keys}");
    }
    app.press("1 f12").unwrap();
    assert!(!app.text().contains("no report is open"));
}

#[test]
fn the_table_behind_trust_is_that_of_the_checks() {
    let mut app = loaded();
    app.press("5 t").unwrap();
    assert_eq!(app.state().screen, Screen::Trust);
    assert!(app.text().contains("are tables already"));
    let mut app = with(|report| {
        if let Some(table) = report.tables.last_mut() {
            table.id = "checks".into();
        }
    });
    app.press("5 t").unwrap();
    assert_eq!(app.state().screen, Screen::Data);
    assert_eq!(opened(&app).current().unwrap().0.id, "checks");
}

#[test]
fn the_card_says_what_is_below_and_scrolls_to_it() {
    let mut app = with(|report| {
        let table = report.tables.iter_mut().find(|t| t.id == "associations");
        let columns = &mut table.unwrap().columns;
        // All rows go with the first component.
        for column in columns.iter_mut().filter(|c| c.id == "component") {
            if let phonoscope_probes::report::Data::Number(values) = &mut column.data {
                values.iter_mut().take(8).for_each(|v| *v = Some(1.0));
                values.iter_mut().skip(8).for_each(|v| *v = Some(2.0));
            }
        }
    });
    assert!(app.text().contains(" 3 more below · 95 % intervals"));
    app.press("tab tab G").unwrap();
    assert!(!app.text().contains("more below"));
    let text = app.text();
    assert_eq!(text.matches("> age").count(), 1, "{text}");
}

#[test]
fn warnings_of_a_report_are_warnings_in_the_log() {
    let mut app = loaded();
    app.press("7").unwrap();
    assert!(app.text().contains("! warn  age is missing for 1 speaker."));
}

#[test]
fn the_palette_finds_commands_by_name_key_and_doc() {
    for (typed, id) in [
        ("table.so", "table.sort"),
        ("ctrl-l", "app.redraw"),
        ("clipboard copy", ""),
        ("threshold", ""),
        ("box cursor", "brush.start"),
    ] {
        let mut app = loaded();
        app.press(":").unwrap();
        app.type_text(typed);
        let Some(Overlay::Palette { found, .. }) = &app.state().overlay else {
            panic!("the palette is open")
        };
        let first = found
            .first()
            .map_or("", |i| super::super::command::COMMANDS[*i].id);
        assert_eq!(first, id, "{typed}");
    }
    let mut app = loaded();
    app.press(":").unwrap();
    app.type_text("screen.trust");
    app.press("enter").unwrap();
    assert_eq!(app.state().screen, Screen::Trust);
}

#[test]
fn copies_and_commands_leave_the_app() {
    let mut app = loaded();
    app.press("2 y Y c y 5 y").unwrap();
    let copied = app.copied();
    assert_eq!(copied[0], "utt0000");
    assert!(copied[1].starts_with("utt0000\tspk000\t"));
    assert!(copied[2].starts_with("phonoscope probe speaker"));
    assert!(copied[3].contains("\"tap_neutrality\""));
}

#[test]
fn mistakes_in_the_key_file_are_told_at_the_start() {
    let launch = Launch {
        keys: Some("[keys]\n\"no.such\" = [\"x\"]".into()),
        ..Launch::default()
    };
    let app = Headless::new(launch, Arc::new(Fake), 80, 24);
    assert!(app.text().contains("unknown command `no.such`"));
}

#[test]
fn the_hint_bar_shows_only_keys_that_work_here() {
    let mut app = loaded();
    for keys in ["1", "2", "3", "tab", "4", "5", "6", "?"] {
        app.press(keys).unwrap();
        let state = app.state();
        let contexts = state.contexts();
        let text = app.text();
        let hints = text.lines().last().unwrap();
        for part in hints.split("  ").filter(|p| !p.is_empty()) {
            let (key, label) = part.trim().split_once(' ').unwrap();
            let key = super::super::keys::Key::parse(key).unwrap();
            let i = state.keymap.resolve(&contexts, key).unwrap();
            assert_eq!(super::super::command::COMMANDS[i].hint, label);
        }
    }
}

#[test]
fn long_text_scrolls_to_its_end_and_no_further() {
    let mut app = with(|report| {
        report.summary = (0..60).map(|i| format!("sentence {i}")).collect();
        report.warnings = (0..30).map(|i| format!("caution {i}")).collect();
    });
    for (keys, end) in [
        ("1 G", "seed 7"),
        (
            "5 pagedown pagedown pagedown pagedown pagedown pagedown",
            "caution 29",
        ),
    ] {
        app.press(keys).unwrap();
        let lines: Vec<String> = app.text().lines().map(str::to_owned).collect();
        assert!(lines[20].contains(end), "{keys}: {lines:#?}");
        let before = opened(&app).scroll;
        app.press("pageup").unwrap();
        assert_eq!(opened(&app).scroll, before - 5);
    }
}
