//! Pitch, pulses, jitter, shimmer, harmonicity and rate.

use crate::data::{Golden, Worst};

#[test]
fn recordings_are_those_that_praat_read() {
    let Some(golden) = Golden::open() else { return };
    let mut worst = Worst::default();
    for name in golden.names() {
        let sound = golden.sound(&name);
        let expected = golden.value(&name, "/n_samples").unwrap();
        worst.take(&name, sound.len() as f64, expected, 1.0);
    }
    worst.within("samples", 0.0);
}
