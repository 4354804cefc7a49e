use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use phonoscope_analysis::rng::stream;
use phonoscope_analysis::task::Task;
use phonoscope_datasets::{Manifest, audio};

use super::*;
use crate::learn::conv::{Architecture, Stage};
use crate::stress::Word;

/// Words of two tones, of which the longer and louder is stressed, by speakers of different pitch.
fn planted(folder: &Path, words: usize) -> (Words, String) {
    let mut text = String::from(
        "id\tpath\tspeaker\tword\tstress\tstart\tend\tvowel1_start\tvowel1_end\tvowel2_start\tvowel2_end\n",
    );
    for n in 0..words {
        let initial = n % 2 == 0;
        let (word, speaker) = (n / 2 % 12, (n / 2 + n / 24) % 6);
        let durations = if initial { [0.16, 0.07] } else { [0.07, 0.16] };
        let levels = if initial { [0.5, 0.1] } else { [0.1, 0.5] };
        let freq_hz = 300.0 + 40.0 * speaker as f64 + 90.0 * word as f64;
        let mut samples = vec![0f32; 6400];
        let mut at = 0.12;
        let mut spans = Vec::new();
        for (duration, level) in durations.into_iter().zip(levels) {
            for i in 0..(duration * 16_000.0) as usize {
                let t = i as f64 / 16_000.0;
                let x = level * (std::f64::consts::TAU * freq_hz * t).sin();
                samples[(at * 16_000.0) as usize + i] = x as f32;
            }
            spans.push((at, at + duration));
            at += duration + 0.03;
        }
        let name = format!("w{n}.wav");
        audio::write_wav(&folder.join(&name), &samples, 16_000).unwrap();
        writeln!(
            text,
            "w{n}\t{name}\ts{speaker}\tword{word}{}\t{}\t0.1\t{:.3}\t{:.3}\t{:.3}\t{:.3}\t{:.3}",
            if initial { "a" } else { "b" },
            if initial { "initial" } else { "final" },
            spans[1].1 + 0.01,
            spans[0].0,
            spans[0].1,
            spans[1].0,
            spans[1].1
        )
        .unwrap();
    }
    let path = folder.join("manifest.tsv");
    std::fs::write(&path, text).unwrap();
    let manifest = Manifest::read(&path).unwrap();
    (Words::of(&manifest).unwrap(), manifest.sha256)
}

/// A network that is quick in tests.
fn tiny() -> Architecture {
    let convolution = |channels, kernel, strides, pads| Stage::Convolution {
        channels,
        kernel,
        strides,
        pads,
    };
    Architecture {
        name: "tiny".into(),
        input: [161, 101],
        stages: vec![
            convolution(4, [9, 5], [8, 4], [4, 2]),
            convolution(8, [21, 3], [1, 1], [0, 1]),
            Stage::Flatten,
            Stage::Dropout(0.1),
            Stage::Dense {
                units: 2,
                relu: false,
            },
        ],
        marks: 4,
        measures: 5,
    }
}

fn settings() -> TrainSettings {
    TrainSettings {
        architecture: tiny(),
        epochs: 6,
        batch: 16,
        learning_rate: 1e-2,
        marks_weight: 0.2,
        validation_fold: None,
        ..TrainSettings::default()
    }
}

fn limits<'a>(scratch: &'a Path, checkpoint: Option<&'a Path>) -> Limits<'a> {
    Limits {
        scratch,
        checkpoint,
        most_secs: None,
    }
}

#[test]
fn planted_stress_is_learnt_on_words_and_speakers_unseen() {
    let dir = tempfile::tempdir().unwrap();
    let (words, sha256) = planted(dir.path(), 160);
    let task = Task::silent();
    // Six passes are 36 steps, after which a tenth of the unseen words is still told wrong.
    let long = TrainSettings {
        epochs: 24,
        ..settings()
    };
    let trained = train(&words, &sha256, &long, limits(dir.path(), None), &task).unwrap();
    assert!(trained.skipped.is_empty() && trained.scores.len() == 160);
    let unseen: Vec<&Score> = trained
        .scores
        .iter()
        .filter(|s| s.part != Part::Train)
        .collect();
    let right = unseen
        .iter()
        .filter(|s| (s.score > 0.0) == (s.stress == Stress::Initial));
    let found = right.count() as f64 / unseen.len() as f64;
    assert!(found > 0.95, "{found} of {}", unseen.len());
}

#[test]
fn shuffled_labels_are_those_of_other_words() {
    let dir = tempfile::tempdir().unwrap();
    let (words, _) = planted(dir.path(), 160);
    let own = sampling::classes(&words.words, None);
    let dealt = sampling::classes(&words.words, Some(&mut stream(1, "test", 0)));
    let of_word = |classes: &[usize]| -> std::collections::BTreeMap<String, Vec<usize>> {
        let mut found = std::collections::BTreeMap::<String, Vec<usize>>::new();
        for (word, class) in words.words.iter().zip(classes) {
            found.entry(word.word.clone()).or_default().push(*class);
        }
        found
    };
    let (before, after) = (of_word(&own), of_word(&dealt));
    assert!(
        after
            .values()
            .all(|classes| classes.windows(2).all(|pair| pair[0] == pair[1]))
    );
    let first = |found: &std::collections::BTreeMap<String, Vec<usize>>| -> Vec<usize> {
        found.values().map(|classes| classes[0]).collect()
    };
    let (before, after) = (first(&before), first(&after));
    assert_eq!(before.iter().sum::<usize>(), after.iter().sum::<usize>());
    let moved = before.iter().zip(&after).filter(|(a, b)| a != b).count();
    assert!(moved >= before.len() / 4, "{moved}");
}

#[test]
fn a_stopped_training_ends_with_the_same_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let (mut words, sha256) = planted(dir.path(), 60);
    let task = Task::silent();
    words.measure_vowels(&task).unwrap();
    let settings = TrainSettings {
        epochs: 3,
        networks: 2,
        contrasts_weight: 0.3,
        validation_fold: Some(1),
        ..settings()
    };
    let whole = train(&words, &sha256, &settings, limits(dir.path(), None), &task).unwrap();
    let kept = dir.path().join("kept.safetensors");
    // Time is over after every pass.
    let stopped = Limits {
        most_secs: Some(0.0),
        ..limits(dir.path(), Some(&kept))
    };
    let first = train(&words, &sha256, &settings, stopped, &task).unwrap();
    assert_eq!((first.ended, first.history.len()), (Ended::Time, 1));
    let rest = train(
        &words,
        &sha256,
        &settings,
        limits(dir.path(), Some(&kept)),
        &task,
    )
    .unwrap();
    assert_eq!(rest, whole);
    let [first, second] = rest.networks.as_slice() else {
        panic!("{} networks", rest.networks.len());
    };
    assert_ne!(first, second);
    let other = TrainSettings {
        seed: 2,
        ..settings
    };
    let error = train(
        &words,
        &sha256,
        &other,
        limits(dir.path(), Some(&kept)),
        &task,
    );
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("other data or settings")
    );
}

#[test]
fn a_cancelled_training_keeps_its_last_step() {
    let dir = tempfile::tempdir().unwrap();
    let (words, sha256) = planted(dir.path(), 60);
    let kept = dir.path().join("kept.safetensors");
    let task = Task::silent();
    let settings = TrainSettings {
        epochs: 2,
        ..settings()
    };
    struct StopAtThird(
        std::sync::atomic::AtomicUsize,
        phonoscope_analysis::task::Cancel,
    );
    impl phonoscope_analysis::task::Progress for StopAtThird {
        fn start(&self, _: &str, _: &str, _: Option<u64>) {}
        fn advance(&self, _: u64) {
            // 60 words and then two steps.
            if self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 60 + 1 {
                self.1.cancel();
            }
        }
        fn finish(&self) {}
    }
    let cancel = phonoscope_analysis::task::Cancel::new();
    let stopping = Task {
        progress: std::sync::Arc::new(StopAtThird(0.into(), cancel.clone())),
        cancel,
    };
    let error = train(
        &words,
        &sha256,
        &settings,
        limits(dir.path(), Some(&kept)),
        &stopping,
    );
    assert!(error.is_err() && kept.is_file());
    let rest = train(
        &words,
        &sha256,
        &settings,
        limits(dir.path(), Some(&kept)),
        &task,
    )
    .unwrap();
    let whole = train(&words, &sha256, &settings, limits(dir.path(), None), &task).unwrap();
    assert_eq!(rest, whole);
}

#[test]
fn over_all_folds_every_word_is_told_once_by_a_network_that_does_not_know_it() {
    let dir = tempfile::tempdir().unwrap();
    let (mut words, sha256) = planted(dir.path(), 80);
    let task = Task::silent();
    words.measure_vowels(&task).unwrap();
    let settings = TrainSettings {
        epochs: 1,
        ..settings()
    };
    let limits = limits(dir.path(), None);
    let trained = train(&words, &sha256, &settings, limits, &task).unwrap();
    let of_fold = |fold: usize| dir.path().join(format!("{fold}.safetensors"));
    let turned = || {
        let limits = (limits, &of_fold as &dyn Fn(usize) -> PathBuf);
        rotate(&words, &sha256, &settings, &trained, limits, &task)
    };
    let rotation = turned().unwrap();
    let figures = rotation.figures(20, 1);
    let counts = |id: &str| figures.iter().find(|f| f.id == id).map(|f| f.counts[0]);
    assert_eq!(counts("unseen_words"), Some(80));
    let both = |part: Part| {
        let fold = |w: &Word| w.speaker_fold == w.word_fold;
        let is = |w: &&Word| fold(w) == (part == Part::Test);
        let count = words.words.iter().filter(is).count();
        (count > 0).then_some(count)
    };
    for part in [Part::Test, Part::UnseenWord, Part::UnseenSpeaker] {
        assert_eq!(counts(part.name()), both(part), "{part:?}");
    }
    // The planted contrasts are all that a regression needs.
    let unseen = &figures[0];
    assert_eq!(unseen.contrasts.map(|e| e.value), Some(1.0));
    let lead = unseen.lead.unwrap().value;
    assert!((lead - (unseen.balanced_accuracy.unwrap().value - 1.0)).abs() < 1e-12);
    // What is done is not done again.
    assert!((1..words.folds).all(|fold| of_fold(fold).is_file()));
    assert_eq!(turned().unwrap(), rotation);
}

#[test]
fn what_does_not_fit_is_refused_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let (words, sha256) = planted(dir.path(), 24);
    let why = |settings: TrainSettings| {
        let task = Task::silent();
        let failed = train(&words, &sha256, &settings, limits(dir.path(), None), &task);
        failed.unwrap_err().to_string()
    };
    let wrong = why(TrainSettings {
        test_fold: Some(9),
        ..settings()
    });
    assert!(wrong.contains("test fold 9"), "{wrong}");
    let followed = why(TrainSettings {
        word_alone: true,
        ..settings()
    });
    assert!(
        followed.contains("trained on with frames behind it"),
        "{followed}"
    );
    let long = why(TrainSettings {
        clip_secs: 1.5,
        ..settings()
    });
    assert!(long.contains("1.5 s of a word"), "{long}");
    let wrong = why(TrainSettings {
        validation_fold: Some(0),
        ..settings()
    });
    assert!(wrong.contains("the same"), "{wrong}");
    let wrong = why(TrainSettings {
        contrasts_weight: 0.5,
        ..settings()
    });
    assert!(wrong.contains("contrasts of vowels need"), "{wrong}");
    let mut without = words.clone();
    without.has_vowels = false;
    let failed = train(
        &without,
        &sha256,
        &settings(),
        limits(dir.path(), None),
        &Task::silent(),
    );
    assert!(failed.unwrap_err().to_string().contains("splicing"));
    let mut one_sided = words.clone();
    one_sided.words.retain(|word| word.stress == Stress::Final);
    let failed = train(
        &one_sided,
        &sha256,
        &settings(),
        limits(dir.path(), None),
        &Task::silent(),
    );
    assert!(failed.unwrap_err().to_string().contains("initial stress"));
}

/// Noise behind the end of every word.
fn noise_behind(words: &Words) {
    for word in &words.words {
        let mut samples = audio::read(&word.audio).unwrap().samples;
        let end = (word.end_secs.unwrap() * 16_000.0).ceil() as usize;
        for (i, x) in samples.iter_mut().enumerate().skip(end) {
            *x = ((i * 7919) % 997) as f32 / 997.0 - 0.5;
        }
        audio::write_wav(&word.audio, &samples, 16_000).unwrap();
    }
}

#[test]
fn of_a_word_alone_nothing_behind_it_is_heard() {
    let dir = tempfile::tempdir().unwrap();
    let (words, _) = planted(dir.path(), 4);
    let hear = |word_alone: bool| {
        let front_end = TrainSettings {
            word_alone,
            ..settings()
        }
        .front_end();
        let task = Task::silent();
        let (mut clips, silent) =
            Clips::compute(&words.words, &front_end, dir.path(), &task).unwrap();
        assert!(silent.is_empty());
        (0..4).map(|n| clips.heard(n).unwrap()).collect::<Vec<_>>()
    };
    let before = [true, false].map(hear);
    noise_behind(&words);
    let after = [true, false].map(hear);
    assert_eq!(before[0], after[0]);
    assert_ne!(before[1], after[1]);
    let secs = words.words[0].length_secs(0.5);
    assert_eq!(before[0][0].nrows(), 1 + (secs * 100.0).round() as usize);
    assert_eq!(before[1][0].nrows(), 1 + 30);
}
