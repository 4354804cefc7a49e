//! Looking around: screens, help, palette, export, sizes, colours.

use phonoscope_probes::report::Report;

use crate::place::Place;
use crate::sample::{self, TITLE};
use crate::screen::{Restored, Screen};

#[test]
fn the_first_frame_shows_the_speaker_space() {
    let place = Place::with_report();
    let mut screen = place.browse(80, 24);
    screen.wait_for(&[
        TITLE,
        "up: PC2",
        "Scree: % of variance",
        "PC1 of 4",
        "? help",
    ]);
    screen.send("q");
    let ended = screen.end();
    assert_eq!((ended.code, ended.restored), (0, Restored::Yes));
    assert_eq!(ended.after.replace("\x1b[?25h", ""), "");
}

#[test]
fn number_keys_go_to_every_screen() {
    let place = Place::with_report();
    let mut screen = place.browse(80, 24);
    for (key, found, gone) in [
        ("1", "What was found", "across: PC1"),
        ("2", "24 rows", "What was found"),
        ("3", "No model is open", "24 rows"),
        ("5", "bit for bit equal", "No model is open"),
        ("6", "Nothing has run yet", "bit for bit equal"),
        ("7", "Nothing logged yet", "Nothing has run yet"),
        ("4", "across: PC1", "Nothing logged yet"),
    ] {
        screen.send(key);
        screen.wait_for_without(&[found], &[gone]);
    }
    screen.send("t");
    screen.wait_for_without(&["24 rows"], &["across: PC1"]);
    screen.send("\x1b");
    screen.wait_for(&["across: PC1"]);
}

#[test]
fn help_closes_on_escape_and_on_q_without_quitting() {
    let place = Place::with_report();
    let mut screen = place.browse(80, 24);
    for close in ["\x1b", "q"] {
        screen.send("?");
        screen.wait_for(&["Keys valid here", "Colour by the next column"]);
        screen.send(close);
        screen.wait_for_without(&["PC1 of 4"], &["Keys valid here"]);
    }
}

#[test]
fn the_palette_finds_a_command_by_part_of_its_name_and_runs_it() {
    let place = Place::with_report();
    let mut screen = place.browse(80, 24);
    screen.send(":");
    screen.wait_for(&["Commands", "app.help"]);
    screen.send("screen.tru");
    screen.wait_for_without(&[": screen.tru", "> screen.trust       5"], &["app.help"]);
    screen.send("\r");
    screen.wait_for_without(&["bit for bit equal"], &["screen.trust", "across: PC1"]);
}

#[test]
fn the_users_keys_count_and_their_mistakes_are_told() {
    let place = Place::with_report();
    std::fs::create_dir_all(place.path("config/phonoscope")).unwrap();
    let keys = "[keys]\n\"screen.trust\" = [\"T\"]\n\"no.such\" = [\"x\"]\n";
    std::fs::write(place.path("config/phonoscope/keys.toml"), keys).unwrap();
    let mut screen = place.browse(80, 24);
    screen.wait_for(&["unknown command `no.such`"]);
    screen.send("T");
    screen.wait_for_without(&["bit for bit equal"], &["across: PC1"]);
    screen.send("4");
    screen.wait_for(&["across: PC1"]);
    screen.send("5?");
    screen.wait_for(&["Keys valid here", "Speaker space: scatter"]);
}

#[test]
fn exports_are_files_that_hold_their_provenance() {
    let place = Place::with_report();
    let mut screen = place.browse(80, 24);
    screen.send("e");
    screen.wait_for(&["Export what is shown", "SVG", "enter writes"]);
    screen.send("\r");
    screen.wait_for_without(&["wrote speaker-scatter.svg"], &["Export what is shown"]);
    let svg = std::fs::read_to_string(place.path("speaker-scatter.svg")).unwrap();
    assert!(svg.starts_with("<svg") || svg.starts_with("<?xml"), "{svg}");
    for part in [sample::COMMAND, &"ab".repeat(32)] {
        assert!(svg.contains(part), "no {part} in {svg}");
    }
    screen.send("e");
    screen.wait_for(&["Export what is shown"]);
    screen.send("\x1b[B\r");
    screen.wait_for(&["wrote speaker-scatter.json"]);
    let report = Report::read(&place.path("speaker-scatter.json")).unwrap();
    assert_eq!(report.provenance.model, sample::report().provenance.model);
    assert_eq!(report.provenance.seed, 7);
}

#[test]
fn every_size_gets_a_whole_frame() {
    let place = Place::with_report();
    let screen = place.browse(80, 24);
    screen.resize(40, 10);
    screen.wait_for_without(
        &["4 Space", "across: PC1", "? help"],
        &["Scree:", "PC1 of 4"],
    );
    screen.resize(200, 50);
    screen.wait_for(&[" phonoscope ", "Scree: % of variance", "PC1 of 4", "q quit"]);
    let rows = screen.rows();
    assert!(rows[0].ends_with(TITLE), "{}", rows[0]);
    assert!(rows[49].contains("? help"), "{}", rows[49]);
    screen.resize(20, 5);
    screen.wait_for_without(&["20×5 is too small"], &["across"]);
    screen.resize(1, 1);
    screen.resize(80, 24);
    screen.wait_for(&["across: PC1", "PC1 of 4", "? help"]);
    let mut screen = screen;
    screen.send("q");
    let ended = screen.end();
    assert_eq!((ended.code, ended.restored), (0, Restored::Yes));
}

#[test]
fn a_narrow_start_shows_one_pane_at_a_time() {
    let place = Place::with_report();
    let mut screen = place.browse(40, 10);
    assert!(!screen.text().contains("Scree:"), "{}", screen.text());
    screen.send("\t");
    screen.wait_for_without(&["Scree: % of variance"], &["across: PC1"]);
    screen.send("\t");
    screen.wait_for_without(&["PC1 of 4"], &["Scree:", "across: PC1"]);
}

/// The numbers of every SGR sequence (`ESC [ … m`) in `output`.
fn renditions(output: &str) -> Vec<Vec<u16>> {
    let sequences = output.split("\x1b[").skip(1);
    sequences
        .filter_map(|rest| {
            let end = rest.find(|c: char| !matches!(c, '0'..='9' | ';' | ':'))?;
            let (numbers, rest) = rest.split_at(end);
            rest.starts_with('m').then(|| {
                let numbers = numbers.split([';', ':']);
                numbers.map(|n| n.parse().unwrap_or(0)).collect()
            })
        })
        .collect()
}

fn is_colour(n: u16) -> bool {
    matches!(n, 30..=38 | 40..=48 | 90..=107)
}

#[test]
fn no_color_means_no_colour_and_still_says_what_is_current() {
    let place = Place::with_report();
    let seen = |mut screen: Screen| {
        screen.wait_for(&["across: PC1", "? help"]);
        screen.send("2");
        screen.wait_for(&["24 rows"]);
        screen.send("5");
        screen.wait_for(&["bit for bit equal"]);
        screen.send("q");
        let ended = screen.end();
        assert_eq!((ended.code, ended.restored), (0, Restored::Yes));
        renditions(&ended.output)
    };
    let mut plain = place.program(&["browse", "report.json"]);
    plain.env("NO_COLOR", "1");
    let plain = seen(Screen::open(plain, 80, 24));
    let coloured = plain.iter().find(|r| r.iter().any(|n| is_colour(*n)));
    assert_eq!(coloured, None);
    let emphasised = plain.iter().flatten().any(|n| matches!(n, 1 | 4 | 7));
    assert!(emphasised, "neither bold nor underlined nor reversed");

    let dark = seen(place.browse(80, 24));
    assert!(dark.iter().flatten().any(|n| is_colour(*n)));
}
