use std::sync::Arc;

use phonoscope_analysis::task::{Cancel, Progress};

use super::super::sentences::SENTENCES;
use super::*;
use crate::audio;

fn plan(sentences: usize) -> SpokenPlan<'static> {
    let voice = |name: &str, sex: &str| SpokenVoice {
        name: name.to_owned(),
        values: vec![Some(sex.to_owned()), None],
    };
    SpokenPlan {
        voices: vec![voice("a", "F"), voice("b", "M"), voice("c", "F")],
        columns: vec!["sex".into(), "grade".into()],
        sentences: &SENTENCES[..sentences],
        sample_rate_hz: 16_000,
    }
}

/// A tone whose length and level tell voice and sentence.
fn tone(voice: usize, sentence: &Sentence) -> Vec<f32> {
    vec![0.1 * (voice + 1) as f32; sentence.text.len() * 100]
}

fn speaking(dir: &Path, plan: &SpokenPlan<'_>, calls: &AtomicUsize, task: &Task) -> Spoken {
    let open = || -> Result<Speak<'_, Error>, Error> {
        Ok(Box::new(|voice, sentence| {
            calls.fetch_add(1, Ordering::Relaxed);
            Ok(tone(voice, sentence))
        }))
    };
    write(dir, plan, 2, open, task).unwrap()
}

#[test]
fn every_voice_says_every_sentence_and_the_manifest_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let calls = AtomicUsize::new(0);
    let spoken = speaking(folder.path(), &plan(2), &calls, &Task::silent());
    assert_eq!((spoken.kept, spoken.made, calls.into_inner()), (0, 6, 6));
    let manifest = Manifest::read(&spoken.manifest).unwrap();
    assert_eq!(
        manifest.columns,
        ["speaker", "sex", "grade", "text", "phonemes"]
    );
    let ids: Vec<_> = manifest.utterances.iter().map(|u| u.id.as_str()).collect();
    assert_eq!(ids, ["a-01", "a-02", "b-01", "b-02", "c-01", "c-02"]);
    let third = &manifest.utterances[2];
    assert_eq!(manifest.speaker(third), Some("b"));
    let values: Vec<_> = third.metadata.iter().map(Option::as_deref).collect();
    let said = SENTENCES[0];
    assert_eq!(
        values,
        [
            Some("b"),
            Some("M"),
            None,
            Some(said.text),
            Some(said.phonemes)
        ]
    );
    let read = audio::read_utterance(third).unwrap();
    assert_eq!(read.samples.len(), said.text.len() * 100);
}

#[test]
fn what_is_there_is_kept_and_the_same_bytes_come_again() {
    let folder = tempfile::tempdir().unwrap();
    let calls = AtomicUsize::new(0);
    let task = Task::silent();
    let first = speaking(folder.path(), &plan(2), &calls, &task);
    let bytes = fs::read(&first.manifest).unwrap();
    assert_eq!(plan(2).complete(folder.path()), Some(first.manifest));
    fs::remove_file(folder.path().join("flac/b-02.flac")).unwrap();
    fs::write(folder.path().join("flac/c-01.flac"), b"").unwrap();
    assert_eq!(plan(2).complete(folder.path()), None);
    let again = speaking(folder.path(), &plan(2), &calls, &task);
    assert_eq!(
        (again.kept, again.made, calls.load(Ordering::Relaxed)),
        (4, 2, 8)
    );
    assert_eq!(fs::read(&again.manifest).unwrap(), bytes);
    let more = speaking(folder.path(), &plan(3), &calls, &task);
    assert_eq!((more.kept, more.made), (6, 3));
}

struct StopAfter(Cancel, AtomicUsize);

impl Progress for StopAfter {
    fn start(&self, _stage: &str, _unit: &str, _total: Option<u64>) {}
    fn advance(&self, _n: u64) {
        if self.1.fetch_add(1, Ordering::Relaxed) == 1 {
            self.0.cancel();
        }
    }
    fn finish(&self) {}
}

#[test]
fn an_interrupted_run_leaves_whole_files_and_continues() {
    let folder = tempfile::tempdir().unwrap();
    let cancel = Cancel::new();
    let task = Task {
        progress: Arc::new(StopAfter(cancel.clone(), AtomicUsize::new(0))),
        cancel,
    };
    let open = || -> Result<Speak<'_, Error>, Error> { Ok(Box::new(|v, s| Ok(tone(v, s)))) };
    let error = write(folder.path(), &plan(2), 1, open, &task).unwrap_err();
    assert!(matches!(error, Error::Cancelled));
    let files = || fs::read_dir(folder.path().join("flac")).unwrap().flatten();
    assert_eq!(files().count(), 2);
    for file in files() {
        audio::read(&file.path()).unwrap();
    }
    assert!(!folder.path().join(MANIFEST).exists());
    let calls = AtomicUsize::new(0);
    let spoken = speaking(folder.path(), &plan(2), &calls, &Task::silent());
    assert_eq!((spoken.kept, spoken.made), (2, 4));
}

#[test]
fn a_voice_that_fails_is_listed_and_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let fails = |all: bool| {
        move || -> Result<Speak<'static, Error>, Error> {
            Ok(Box::new(move |voice, sentence| {
                if all || voice == 1 {
                    return Err(SynthError::Nothing {
                        why: "no breath".into(),
                    }
                    .into());
                }
                Ok(tone(voice, sentence))
            }))
        }
    };
    let error = write(folder.path(), &plan(2), 2, fails(true), &Task::silent()).unwrap_err();
    assert!(error.to_string().contains("no breath"), "{error}");
    let spoken = write(folder.path(), &plan(2), 2, fails(false), &Task::silent()).unwrap();
    let failed: Vec<_> = spoken.failures.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(failed, ["b-01", "b-02"]);
    assert!(spoken.failures[0].1.contains("no breath"));
    assert_eq!(spoken.made, 4);
    let manifest = Manifest::read(&spoken.manifest).unwrap();
    assert_eq!(manifest.utterances.len(), 4);
}

#[test]
fn a_speaker_that_cannot_be_opened_ends_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let open = || -> Result<Speak<'_, Error>, Error> {
        Err(Error::UnknownCorpus {
            name: "x".into(),
            hint: String::new(),
        })
    };
    let error = write(folder.path(), &plan(1), 2, open, &Task::silent()).unwrap_err();
    assert!(matches!(error, Error::UnknownCorpus { .. }));
}

#[test]
fn a_copy_is_the_same_corpus_and_nothing_foreign_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let calls = AtomicUsize::new(0);
    let from = folder.path().join("from");
    let spoken = speaking(&from, &plan(2), &calls, &Task::silent());
    let to = folder.path().join("to");
    for _ in 0..2 {
        let copied = copy(&spoken.manifest, &to, &Task::silent()).unwrap();
        let bytes = |path: &Path| fs::read(path).unwrap();
        assert_eq!(bytes(&copied), bytes(&spoken.manifest));
        for utterance in Manifest::read(&copied).unwrap().utterances {
            assert_eq!(bytes(&utterance.audio), bytes(&from.join(&utterance.path)));
        }
    }
    fs::write(to.join(MANIFEST), "id\tpath\nx\tx.wav\n").unwrap();
    let error = copy(&spoken.manifest, &to, &Task::silent()).unwrap_err();
    assert!(error.is_input() && error.hint().is_some(), "{error}");
    let outside = folder.path().join("outside.tsv");
    fs::write(&outside, "id\tpath\nx\t../x.flac\n").unwrap();
    let error = copy(&outside, &folder.path().join("new"), &Task::silent()).unwrap_err();
    assert!(error.is_input(), "{error}");
    assert!(!folder.path().join("new").exists());
}
