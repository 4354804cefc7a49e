//! Stopping a run.

use std::thread;
use std::time::{Duration, Instant};

use phonoscope_analysis::task::Cancel;
use phonoscope_models::Error;

use crate::graphs::{array, dense, long};
use crate::{engines, names, onnxruntime};

#[test]
fn a_raised_flag_stops_a_run_before_it_begins() {
    let x = array(&[5, 8], 1);
    for engine in engines() {
        let mut session = engine.open(&dense(), &names(&["y"])).unwrap();
        let raised = Cancel::new();
        raised.cancel();
        let stopped = session.run(&[("x", x.view())], &raised);
        assert!(
            matches!(stopped, Err(Error::Cancelled)),
            "{}",
            engine.info()
        );
        assert!(session.run(&[("x", x.view())], &Cancel::new()).is_ok());
    }
}

#[test]
fn onnxruntime_stops_in_the_middle_of_a_run_and_runs_again() {
    let Some(engine) = onnxruntime() else {
        return;
    };
    let n = 300;
    let x = array(&[512, 512], 1);
    let mut session = engine.open(&long(n), &names(&[&format!("h{n}")])).unwrap();
    let began = Instant::now();
    let whole = session.run(&[("x", x.view())], &Cancel::new()).unwrap();
    let undisturbed = began.elapsed();

    let cancel = Cancel::new();
    let raise = cancel.clone();
    let stopper = thread::spawn(move || {
        thread::sleep(undisturbed / 10);
        let raised = Instant::now();
        raise.cancel();
        raised
    });
    let stopped = session.run(&[("x", x.view())], &cancel);
    let ended = Instant::now();
    let latency = ended.saturating_duration_since(stopper.join().unwrap());
    println!("a run of {undisturbed:?} stopped {latency:?} after it was asked to");
    assert!(matches!(stopped, Err(Error::Cancelled)), "{stopped:?}");
    assert!(latency < undisturbed / 2 + Duration::from_millis(500));

    let again = session.run(&[("x", x.view())], &Cancel::new()).unwrap();
    assert_eq!(whole, again);
}
