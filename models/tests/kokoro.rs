//! The Kokoro voices, whole: the vocabulary knows the sentences, and a voice says one.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and says what it measured"
)]

use std::env;
use std::time::Instant;

use phonoscope_analysis::task::{Cancel, Task};
use phonoscope_datasets::synth::sentences::{MARKS, PHONEMES, SENTENCES};
use phonoscope_models::engine::{EngineChoice, open_engine};
use phonoscope_models::kokoro::{Kokoro, SAMPLE_RATE_HZ, VOICES};
use phonoscope_models::{Cache, Error, Network};

fn voices() -> Option<Kokoro> {
    let network = match env::var_os("PHONOSCOPE_TEST_FETCH") {
        Some(_) => Network::Allowed,
        None => Network::Offline,
    };
    match Kokoro::fetch(&Cache::locate(), network, &Task::silent()) {
        Err(Error::Offline { what, .. }) => {
            println!("skipped: {what} is not here, and PHONOSCOPE_TEST_FETCH is not set");
            None
        }
        other => Some(other.unwrap()),
    }
}

#[test]
fn a_voice_says_a_sentence_twice_the_same() {
    let Some(kokoro) = voices() else { return };
    let known = [PHONEMES, MARKS].into_iter();
    for phonemes in known.chain(SENTENCES.iter().map(|s| s.phonemes)) {
        assert_eq!(kokoro.knows(phonemes), Ok(()), "{phonemes}");
    }
    let choice = EngineChoice::OnnxRuntime;
    let engine = match open_engine(choice, &Cache::locate(), Network::Offline, &Task::silent()) {
        Ok(engine) => engine,
        Err(error) if env::var("PHONOSCOPE_TEST_ENGINE").is_ok_and(|p| p == "required") => {
            panic!("{error}")
        }
        Err(error) => {
            println!("skipped: {error}");
            return;
        }
    };
    let heart = VOICES.iter().position(|v| v.name == "af_heart").unwrap();
    let mut speaker = kokoro.open(engine.as_ref()).unwrap();
    let cancel = Cancel::new();
    let begun = Instant::now();
    let mut say = |phonemes: &str| speaker.speak(heart, phonemes, 1.0, &cancel);
    let samples = say(SENTENCES[1].phonemes).unwrap();
    let secs = samples.len() as f32 / SAMPLE_RATE_HZ as f32;
    println!(
        "{secs} s of speech in {:.1} s",
        begun.elapsed().as_secs_f32()
    );
    assert!((1.5..4.0).contains(&secs), "{secs} s");
    assert!(samples.iter().all(|sample| sample.abs() <= 1.0));
    let level = samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32;
    assert!(level.sqrt() > 0.02, "{level}");
    assert_eq!(say(SENTENCES[1].phonemes).unwrap(), samples);
    for (phonemes, why) in [
        ("", "0 tokens"),
        ("5", "no token for `5`"),
        (&"ə".repeat(600), "600"),
    ] {
        let error = say(phonemes).unwrap_err();
        assert!(matches!(error, Error::Unspeakable { .. }));
        assert!(error.to_string().contains(why), "{error}");
    }
}
