//! Words of a stress report explained again: a report keeps figures, and no maps.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, bail};
use clap::Parser as _;
use phonoscope_analysis::task::Task;
use phonoscope_models::Model;
use phonoscope_models::engine::Engine;
use phonoscope_probes::report::Report;
use phonoscope_probes::stress::{Explained, StressInput, StressSettings, explain};

use super::Context;
use super::model_choice::load_model;
use crate::cli::{Cli, Command, ProbeCommand, StressArgs};
use crate::tui::{WordAsked, words_of};

/// A classifier that was opened for a report, with its engine.
#[derive(Clone)]
struct Opened {
    /// SHA-256 of its graph.
    graph: String,
    model: Arc<Model>,
    engine: Arc<dyn Engine>,
}

/// Explains words, and keeps the last classifier.
#[derive(Default)]
pub(super) struct Explainer(Mutex<Option<Opened>>);

impl Explainer {
    /// Explains a word by the model of its report.
    ///
    /// # Errors
    /// When the report does not say how it was made, its model is not here or is another one now,
    /// or the word cannot be explained.
    pub(super) fn word(
        &self,
        asked: &WordAsked<'_>,
        context: &Context,
        task: &Task,
    ) -> anyhow::Result<Explained> {
        let args = args_of(asked.report)?;
        // One word after the other: those that the cursor has left meanwhile end here.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        task.check()?;
        let opened = opened(&mut kept, &args, asked, context)?;
        let settings = StressSettings {
            composites: vec![asked.composite.to_owned()],
            difference: args.difference,
            ..StressSettings::default()
        };
        let input = StressInput {
            model: &opened.model,
            shuffled: None,
            words: asked.words,
            engine: &*opened.engine,
        };
        Ok(explain(&input, asked.id, &settings, &task.cancel)?)
    }
}

/// The classifier of the report, opened unless it is the one that is kept.
fn opened(
    kept: &mut Option<Opened>,
    args: &StressArgs,
    asked: &WordAsked<'_>,
    context: &Context,
) -> anyhow::Result<Opened> {
    let used = asked.report.provenance.model.as_ref();
    let wanted = used.map_or("", |used| used.graph_sha256.as_str());
    if let Some(opened) = kept.as_ref().filter(|opened| opened.graph == wanted) {
        return Ok(opened.clone());
    }
    let name = located(&args.model, asked.folders);
    let model = load_model(&name, &args.choice, context).with_context(|| {
        format!(
            "cannot open `{}`, the model of this report; start where the report was made",
            args.model
        )
    })?;
    let found = model.graph.sha256().to_owned();
    if found != wanted {
        bail!(
            "`{name}` is not the network of this report any more: SHA-256 of its graph {found}, then {wanted}"
        );
    }
    let opened = Opened {
        graph: found,
        model: Arc::new(model),
        engine: context.engine()?,
    };
    *kept = Some(opened.clone());
    Ok(opened)
}

/// The arguments that the report was made with.
fn args_of(report: &Report) -> anyhow::Result<StressArgs> {
    let words = words_of(&report.provenance.command);
    match Cli::try_parse_from(words).map(|cli| cli.command) {
        Ok(Some(Command::Probe(ProbeCommand::Stress(args)))) => Ok(args),
        _ => bail!("this report does not say how `probe stress` made it"),
    }
}

/// A model's file from where the report was made: here, or from the folders of the report; other
/// names as they are.
fn located(name: &str, folders: &[PathBuf]) -> String {
    let path = Path::new(name);
    let places = folders.iter().map(|folder| folder.join(path));
    match std::iter::once(path.to_owned())
        .chain(places)
        .find(|p| p.is_file())
    {
        Some(found) => found.to_string_lossy().into_owned(),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use phonoscope_analysis::frontend::FrontEnd;
    use phonoscope_datasets::{Manifest, audio};
    use phonoscope_models::Card;
    use phonoscope_models::build::{Feedforward, Layer, feedforward};
    use phonoscope_probes::stress::Words;

    use super::*;

    #[test]
    fn a_model_is_looked_for_from_the_folders_of_the_report() {
        let dir = tempfile::tempdir().unwrap();
        let inside = dir.path().join("mine.onnx");
        std::fs::write(&inside, b"").unwrap();
        let folders = [PathBuf::from("nowhere"), dir.path().to_owned()];
        assert_eq!(located("mine.onnx", &folders), inside.to_string_lossy());
        assert_eq!(located("whisper-tiny.en", &folders), "whisper-tiny.en");
    }

    /// A classifier of two classes that hears nothing but bins 28 to 32 (1.4 to 1.6 kHz), in the first
    /// vowel for initial and in the second for final stress.
    fn planted(path: &Path) {
        let mut filter = vec![0f32; 161];
        filter[28..33].fill(1.0);
        let mut dense = vec![0f32; 2 * 101];
        dense[20..36].fill(0.1);
        dense[101..118].fill(0.1);
        let layers = vec![
            (
                "conv".to_owned(),
                Layer::Convolution {
                    weights: filter,
                    bias: vec![0.0],
                    inputs: 1,
                    outputs: 1,
                    groups: 1,
                    kernel: [161, 1],
                    strides: [1, 1],
                    pads: [0, 0],
                    dilations: [1, 1],
                },
            ),
            ("relu".to_owned(), Layer::Relu),
            ("flat".to_owned(), Layer::Flatten),
            (
                "logits".to_owned(),
                Layer::Dense {
                    weights: dense,
                    bias: vec![0.0; 2],
                },
            ),
        ];
        let network = Feedforward {
            name: "planted".into(),
            input: "x".into(),
            shape: [1, 161, 101],
            layers,
        };
        std::fs::write(path, feedforward(&network).unwrap()).unwrap();
        let card = Card {
            front_end: FrontEnd::of_kind("log_spectrum"),
            ..Card::default()
        };
        card.write(&Card::beside(path)).unwrap();
    }

    /// Words with a tone of 1.5 kHz in one of the vowels.
    fn words(folder: &Path) -> PathBuf {
        let mut text = String::from(
            "id\tpath\tspeaker\tword\tstress\tstart\tend\tvowel1_start\tvowel1_end\tvowel2_start\tvowel2_end\n",
        );
        for n in 0..4 {
            let loud = if n % 2 == 0 { 0.1 } else { 0.3 };
            let sample = |i: usize| {
                let t = i as f64 / 16_000.0;
                let tone = |hz: f64| (std::f64::consts::TAU * hz * t).sin();
                let here = (loud..loud + 0.14).contains(&t);
                (0.02 * tone(200.0 + n as f64) + if here { 0.3 * tone(1500.0) } else { 0.0 }) as f32
            };
            let samples: Vec<f32> = (0..8000).map(sample).collect();
            audio::write_wav(&folder.join(format!("w{n}.wav")), &samples, 16_000).unwrap();
            let stress = if n % 2 == 0 { "initial" } else { "final" };
            text.push_str(&format!(
                "w{n}\tw{n}.wav\ts{n}\tword{n}\t{stress}\t0.1\t0.46\t0.1\t0.24\t0.3\t0.44\n"
            ));
        }
        let path = folder.join("words.tsv");
        std::fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn a_word_of_a_report_is_explained_by_the_model_that_it_was_made_with() {
        let dir = tempfile::tempdir().unwrap();
        let (model, data) = (dir.path().join("planted.onnx"), words(dir.path()));
        planted(&model);
        let path = |path: &Path| path.to_string_lossy().into_owned();
        let out = dir.path().join("stress.json");
        let (model_path, data_path, out_path) = (path(&model), path(&data), path(&out));
        let line = [
            "phonoscope",
            "--engine",
            "rten",
            "--offline",
            "--quiet",
            "probe",
            "stress",
            "--model",
            &model_path,
            "--data",
            &data_path,
            "--composite",
            "epsilon_1e-6",
            "--no-twin",
            "--sanity-words",
            "0",
            "--bootstrap",
            "10",
            "--out",
            &out_path,
        ];
        let cli = Cli::try_parse_from(line).unwrap();
        let Some(Command::Probe(ProbeCommand::Stress(args))) = &cli.command else {
            panic!("{cli:?}");
        };
        let context = Context::new(cli.global.clone());
        let report = super::super::stress::report(args, &context).unwrap();
        let words = Words::of(&Manifest::read(&data).unwrap()).unwrap();
        let asked = WordAsked {
            report: &report,
            folders: &[],
            words: &words,
            id: "w0",
            composite: "epsilon_1e-6",
        };
        let explainer = Explainer::default();
        let found = explainer.word(&asked, &context, &Task::silent()).unwrap();
        assert!(found.logits[1] > found.logits[0], "{:?}", found.logits);
        let strongest = found
            .relevance
            .indexed_iter()
            .max_by(|a, b| a.1.total_cmp(b.1));
        let ((bin, frame), _) = strongest.unwrap();
        assert!((28..33).contains(&bin) && frame < 17, "{bin} {frame}");
        let outside = found
            .relevance
            .indexed_iter()
            .filter(|((bin, _), _)| !(28..33).contains(bin));
        assert!(outside.into_iter().all(|(_, x)| *x == 0.0));
        assert!(
            (found.sum / found.score - 1.0).abs() < 0.01,
            "{} {}",
            found.sum,
            found.score
        );
        let other = explainer.word(
            &WordAsked {
                id: "gone",
                ..asked
            },
            &context,
            &Task::silent(),
        );
        assert!(
            other
                .unwrap_err()
                .to_string()
                .contains("no usable word `gone`")
        );
        let stopped = Task::silent();
        stopped.cancel.cancel();
        assert!(explainer.word(&asked, &context, &stopped).is_err());
        let mut unknown = report.clone();
        unknown.provenance.command = "phonoscope demo".into();
        let asked_of = |report| WordAsked { report, ..asked };
        let why = explainer.word(&asked_of(&unknown), &context, &Task::silent());
        let why = why.unwrap_err().to_string();
        assert!(why.contains("does not say how"), "{why}");
        // Another network under the same name is refused.
        let mut elsewhere = report.clone();
        elsewhere.provenance.model.as_mut().unwrap().graph_sha256 = "0".repeat(64);
        let asked = WordAsked {
            report: &elsewhere,
            ..asked
        };
        let why = explainer
            .word(&asked, &context, &Task::silent())
            .unwrap_err();
        assert!(
            why.to_string().contains("not the network of this report"),
            "{why}"
        );
    }
}
