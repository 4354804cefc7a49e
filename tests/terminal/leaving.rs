//! Ways to end, and what the terminal looks like afterwards.

use crate::place::Place;
#[cfg(target_os = "linux")]
use crate::process;
use crate::screen::{Restored, Screen};

#[test]
fn ctrl_c_with_nothing_running_quits_as_interrupted() {
    let place = Place::with_report();
    let mut screen = place.browse(80, 24);
    screen.send("\x03");
    let ended = screen.end();
    assert_eq!((ended.code, ended.restored), (130, Restored::Yes));
}

#[test]
fn signals_that_end_programs_leave_the_terminal_as_it_was() {
    let place = Place::with_report();
    for signal in ["TERM", "HUP", "INT"] {
        let screen = place.browse(80, 24);
        screen.signal(signal);
        let ended = screen.end();
        assert_eq!(
            (ended.code, ended.restored),
            (130, Restored::Yes),
            "{signal}"
        );
        assert!(!ended.output.contains("panicked"), "{signal}");
    }
}

/// Builds with debug assertions panic on SIGUSR1.
#[cfg(debug_assertions)]
#[test]
fn a_panic_is_told_after_the_terminal_is_given_back() {
    let place = Place::with_report();
    let screen = place.browse(80, 24);
    screen.signal("USR1");
    let ended = screen.end();
    assert_eq!((ended.code, ended.restored), (101, Restored::Yes));
    assert!(ended.after.contains("panicked at"), "{:?}", ended.after);
    assert_eq!(ended.output.matches("panicked at").count(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_suspended_program_gives_the_terminal_back_and_returns() {
    let place = Place::with_report();
    let mut screen = place.browse(80, 24);
    screen.send("\x1a");
    screen.wait_for_alternate(false);
    process::wait_for_stop(screen.process_id());
    screen.signal("CONT");
    screen.wait_for_alternate(true);
    screen.wait_for(&["across: PC1", "PC1 of 4", "? help"]);
    screen.send("q");
    let ended = screen.end();
    assert_eq!((ended.code, ended.restored), (0, Restored::Yes));
}

#[test]
fn a_report_that_is_not_there_is_one_line_and_no_screen() {
    let place = Place::new();
    let command = place.program(&["--theme", "dark", "browse", "nowhere.json"]);
    let ended = Screen::open(command, 80, 24).end();
    assert_eq!(ended.code, 2, "{}", ended.output);
    let lines: Vec<&str> = ended.output.lines().collect();
    let errors = lines.iter().filter(|line| line.starts_with("error: "));
    assert_eq!(errors.count(), 1, "{}", ended.output);
    assert!(lines[0].contains("nowhere.json"), "{}", ended.output);
    assert!(
        lines[1..].iter().all(|line| line.starts_with("hint: ")),
        "{}",
        ended.output
    );
    assert!(!ended.output.contains('\x1b'), "{:?}", ended.output);
}
