//! Speed of the acoustic descriptors on the golden recordings (38, 134.5 s of sound). Items are seconds of
//! sound, so that `item/s` reads as "times real time". Each family includes what it needs first: jitter,
//! for example, its pitch and its pulses.
//!
//! `cargo bench -p phonoscope-analysis --bench acoustics -- --peer PYTHON` compares the families with
//! Praat's in one run: CPU time, one thread, the same recordings; the fastest of three passes counts.
//! Praat's default CPPS takes 9 s of CPU for each second of sound, so that it and the whole set are compared on
//! two short recordings only, in one pass.
//! PYTHON is an interpreter with parselmouth (`benches/peers/acoustics.py`).

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench stops at the first surprise and tells what it found"
)]

#[path = "../tests/golden_acoustic/data.rs"]
#[expect(dead_code, reason = "only the recordings are of use here")]
mod data;

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use data::Golden;
use divan::Bencher;
use divan::counter::ItemsCount;
use phonoscope_analysis::acoustics::cepstrum::{CppsSettings, Fit, cpps};
use phonoscope_analysis::acoustics::descriptor::{self, FormantCeiling};
use phonoscope_analysis::acoustics::ltas::{FrequencyAxis, Ltas};
use phonoscope_analysis::acoustics::spectrum::EnergySpectrum;
use phonoscope_analysis::acoustics::{
    Sound, formants, gne, harmonicity, intensity, jitter, level, pitch, pulses, rate, shimmer,
};

/// Passes over the recordings, of which the fastest counts.
const PASSES: usize = 3;

/// A descriptor with all that it needs, from the samples on.
type Family = fn(&Sound);

/// The families by the names that the peer script knows; those it does not are only timed.
const FAMILIES: [(&str, Family); 18] = [
    ("pitch_ac", |sound| {
        black_box(pitch::track(sound, &pitch::Settings::ac()).ok());
    }),
    ("pitch_cc", |sound| {
        black_box(pitch::track(sound, &pitch::Settings::cc()).ok());
    }),
    ("pitch_filtered_ac", |sound| {
        black_box(pitch::track(sound, &pitch::Settings::filtered_ac()).ok());
    }),
    ("pulses", |sound| {
        black_box(pulses_of(sound));
    }),
    ("jitter", |sound| {
        black_box(jitter::measure(&pulses_of(sound), &Default::default()));
    }),
    ("shimmer", |sound| {
        let pulses = pulses_of(sound);
        black_box(shimmer::measure(sound, &pulses, &Default::default()));
    }),
    ("hnr_cc", |sound| {
        black_box(harmonicity::track(sound, &harmonicity::Settings::cc()).ok());
    }),
    ("hnr_ac", |sound| {
        black_box(harmonicity::track(sound, &harmonicity::Settings::ac()).ok());
    }),
    ("rate", |sound| {
        black_box(rate::measure(sound, &Default::default()).ok());
    }),
    ("active_level", |sound| {
        black_box(level::active(sound).ok());
    }),
    ("signal_to_noise", |sound| {
        black_box(level::signal_to_noise(sound).ok());
    }),
    ("f0_formants", |sound| {
        black_box(pitch::track(sound, &pitch::Settings::ac()).ok());
        let settings = formants::Settings::with_ceiling(5_500.0);
        black_box(formants::track(sound, &settings));
    }),
    ("gne", |sound| {
        black_box(gne::measure(sound, &Default::default()));
    }),
    ("cpps_least_squares", |sound| {
        let settings = CppsSettings {
            fit: Fit::LeastSquares,
            ..CppsSettings::default()
        };
        black_box(cpps(sound, &Default::default(), &settings));
    }),
    ("intensity", |sound| {
        black_box(intensity::track(sound, 100.0, None, true));
    }),
    ("ltas", |sound| {
        let spectrum = EnergySpectrum::of(sound);
        let ltas = Ltas::of(&spectrum, 100.0);
        black_box(ltas.slope_db((0.0, 1e3), (1e3, 4e3)));
        black_box(ltas.trend(100.0, 5e3, FrequencyAxis::Logarithmic));
        black_box(spectrum.moments());
    }),
    ("cpps", |sound| {
        black_box(cpps(sound, &Default::default(), &Default::default()));
    }),
    ("whole", |sound| {
        let settings = descriptor::Settings {
            formant_ceiling: FormantCeiling::Given { hz: 5_500.0 },
            ..Default::default()
        };
        black_box(descriptor::measure(sound, &settings).ok());
    }),
];

/// Families of which the peer can only do so many seconds of sound, and the recordings for them.
const SLOW: [&str; 2] = ["cpps", "whole"];
const SHORT: [&str; 2] = ["real_allison_en_sorry", "real_bobby"];

fn pulses_of(sound: &Sound) -> Vec<f64> {
    pitch::track(sound, &pitch::Settings::ac())
        .map_or_else(|_| Vec::new(), |pitch| pulses::find(sound, &pitch))
}

fn main() {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--peer");
    if let (Some(_), Some(python)) = (arguments.next(), arguments.next()) {
        compare(&python);
    } else {
        divan::main();
    }
}

fn recordings() -> Option<Vec<Sound>> {
    let golden = Golden::open()?;
    Some(
        golden
            .names()
            .iter()
            .map(|name| golden.sound(name))
            .collect(),
    )
}

#[divan::bench(args = FAMILIES.map(|(name, _)| name))]
fn family(bencher: Bencher<'_, '_>, name: &str) {
    let Some(sounds) = recordings() else { return };
    let (_, family) = FAMILIES.iter().find(|(known, _)| *known == name).unwrap();
    let secs: f64 = sounds.iter().map(Sound::duration_secs).sum();
    bencher
        .counter(ItemsCount::new(secs as usize))
        .bench_local(|| sounds.iter().for_each(family));
}

/// CPU seconds of this process so far; where the system does not tell them, seconds by the clock.
fn cpu_secs(started: Instant) -> f64 {
    let told = std::fs::read_to_string("/proc/self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| started.elapsed().as_secs_f64(), |ns| ns / 1e9)
}

/// What the peer script prints for these recordings.
fn peer(python: &str, more: &[String]) -> serde_json::Value {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = Command::new(python)
        .arg(repository.join("benches/peers/acoustics.py"))
        .args(more)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the peer failed: {told}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn compare(python: &str) {
    let Some(golden) = Golden::open() else { return };
    let folder = Golden::shared().join("golden/acoustic/wav");
    let is_slow = |name: &str| SLOW.contains(&name);
    let all: Vec<String> = golden.names();
    let short: Vec<String> = SHORT.map(String::from).into();
    let words = |slow: bool| {
        let families = FAMILIES.iter().map(|(name, _)| *name);
        let families: Vec<&str> = families.filter(|name| is_slow(name) == slow).collect();
        let mut words = vec!["--families".to_owned(), families.join(",")];
        if slow {
            words.extend(["--repeat".to_owned(), "1".to_owned()]);
        }
        let names = if slow { &short } else { &all };
        let file = |name: &String| folder.join(format!("{name}.wav")).display().to_string();
        words.extend(names.iter().map(file));
        words
    };
    println!(
        "{:20} {:>8} {:>8} {:>8} {:>8}",
        "CPU seconds", "sound", "ours", "Praat", "ratio"
    );
    let started = Instant::now();
    for (slow, names) in [(false, &all), (true, &short)] {
        let peer = peer(python, &words(slow));
        let sounds: Vec<Sound> = names.iter().map(|name| golden.sound(name)).collect();
        assert_eq!(peer["recordings"], sounds.len());
        let secs = peer["sound_secs"].as_f64().unwrap();
        for (name, family) in FAMILIES.iter().filter(|(name, _)| is_slow(name) == slow) {
            let passes = (0..PASSES).map(|_| {
                let before = cpu_secs(started);
                sounds.iter().for_each(family);
                cpu_secs(started) - before
            });
            let ours = passes.fold(f64::INFINITY, f64::min);
            let theirs = peer["cpu_secs"][*name].as_f64();
            let told = theirs.map_or_else(
                || format!("{:>8} {:>8}", "-", "-"),
                |theirs| format!("{theirs:8.3} {:8.2}", theirs / ours),
            );
            println!("{name:20} {secs:8.1} {ours:8.3} {told}");
        }
    }
}
