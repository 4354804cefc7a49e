//! `phonoscope data pull kokoro-voices`: 54 neural voices, which speak here once.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use phonoscope_datasets::synth::sentences::SENTENCES;
use phonoscope_datasets::synth::spoken::{self, Speak, Spoken, SpokenPlan, SpokenVoice};
use phonoscope_models::engine::EngineInfo;
use phonoscope_models::kokoro::{self, Kokoro, VOICES};
use phonoscope_models::{Error, Network};

use super::yes_or_no;
use crate::cli::PullDataArgs;
use crate::commands::Context;
use crate::exit::Exit;

const NAME: &str = "kokoro-voices";
/// Most networks open at once; each holds 0.7 GB.
const MOST_SESSIONS: usize = 4;
/// Failures told before the rest is only counted.
const SHOWN: usize = 10;

pub(super) fn run(args: &PullDataArgs, context: &Context) -> anyhow::Result<Exit> {
    let spoken = pull(args.utterances, context)?;
    let manifest = match &args.out {
        Some(dir) => spoken::copy(&spoken.manifest, dir, &context.task)?,
        None => spoken.manifest,
    };
    context.printer.data(&manifest.display().to_string())?;
    Ok(if spoken.failures.is_empty() {
        Exit::Done
    } else {
        Exit::Threshold
    })
}

/// What `--list` says.
pub(super) fn listed(context: &Context) -> [&'static str; 6] {
    let here = yes_or_no(cached(context).is_some());
    let what =
        "54 neural voices (Kokoro-82M) that say the same English sentences; sex and language";
    [NAME, "93 MB", "2–6 min", "Apache-2.0", here, what]
}

/// The manifest of an earlier pull.
pub(in crate::commands) fn cached(context: &Context) -> Option<PathBuf> {
    let manifest = folder(context).join("manifest.tsv");
    manifest.is_file().then_some(manifest)
}

/// Has every voice say the first sentences into the cache, unless it is all there.
pub(in crate::commands) fn pull(sentences: u8, context: &Context) -> anyhow::Result<Spoken> {
    let plan = plan(sentences);
    let folder = folder(context);
    let spoken = if plan.complete(&folder).is_some() {
        let total = plan.voices.len() * plan.sentences.len();
        let remark = format!("{NAME}: {total} recordings are here already");
        context.printer.remark(&remark);
        // Only the manifest is written again, for this number of sentences.
        let nobody = || -> anyhow::Result<Speak<'_, anyhow::Error>> {
            anyhow::bail!("there is nothing to say")
        };
        spoken::write(&folder, &plan, 1, nobody, &context.task)?
    } else {
        speak(&folder, &plan, context)?
    };
    tell(&spoken, context);
    Ok(spoken)
}

fn speak(folder: &Path, plan: &SpokenPlan<'_>, context: &Context) -> anyhow::Result<Spoken> {
    let engine = context.engine()?;
    let voices = voices(engine.info(), context)?;
    let cores = available_parallelism().map_or(1, NonZero::get);
    let cancel = &context.task.cancel;
    let open = || -> anyhow::Result<Speak<'_, anyhow::Error>> {
        let mut speaker = voices.open(engine.as_ref())?;
        Ok(Box::new(move |voice, sentence| {
            Ok(speaker.speak(voice, sentence.phonemes, 1.0, cancel)?)
        }))
    };
    let sessions = cores.min(MOST_SESSIONS);
    spoken::write(folder, plan, sessions, open, &context.task)
}

/// The voices; for an engine that cannot run them only if they are here, so that nothing is
/// downloaded in vain.
fn voices(engine: &EngineInfo, context: &Context) -> anyhow::Result<Kokoro> {
    let fetch = |network| Kokoro::fetch(&context.cache(), network, &context.task);
    if engine.name == "onnxruntime" || context.network() == Network::Offline {
        return Ok(fetch(context.network())?);
    }
    match fetch(Network::Offline) {
        Err(Error::Offline { .. }) => Err(Error::NeedsOnnxRuntime {
            what: NAME.to_owned(),
            why: format!(
                "{engine} lacks operators of its network; it is {}",
                engine.found
            ),
        }
        .into()),
        other => Ok(other?),
    }
}

fn tell(spoken: &Spoken, context: &Context) {
    let remark = |text: &str| context.printer.remark(text);
    if spoken.made > 0 {
        let (made, kept) = (spoken.made, spoken.kept);
        remark(&format!("{NAME}: {made} recordings made, {kept} were here"));
    }
    for (id, why) in spoken.failures.iter().take(SHOWN) {
        remark(&format!("{NAME}: left out `{id}`: {why}"));
    }
    if let Some(more) = spoken.failures.len().checked_sub(SHOWN).filter(|n| *n > 0) {
        remark(&format!("{NAME}: … and {more} more left out"));
    }
}

/// Where the recordings of these very sentences by these very voices lie.
fn folder(context: &Context) -> PathBuf {
    let said = SENTENCES.iter().map(|sentence| sentence.phonemes);
    let data = context.cache().root().join("data");
    data.join(NAME).join(kokoro::fingerprint(said))
}

fn plan(sentences: u8) -> SpokenPlan<'static> {
    let voices = VOICES.iter().map(|voice| SpokenVoice {
        name: voice.name.to_owned(),
        values: vec![
            Some(voice.sex().to_string()),
            Some(voice.language().to_owned()),
            voice.grade.map(str::to_owned),
        ],
    });
    let count = usize::from(sentences).min(SENTENCES.len());
    SpokenPlan {
        voices: voices.collect(),
        columns: ["sex", "language", "grade"].map(str::to_owned).to_vec(),
        sentences: SENTENCES.get(..count).unwrap_or(&SENTENCES),
        sample_rate_hz: kokoro::SAMPLE_RATE_HZ,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_names_each_voice_once_with_what_is_known_of_it() {
        let plan = plan(3);
        assert_eq!((plan.voices.len(), plan.sentences.len()), (54, 3));
        assert!(
            plan.voices
                .iter()
                .all(|v| v.values.len() == plan.columns.len())
        );
        let heart = plan.voices.iter().find(|v| v.name == "af_heart").unwrap();
        let values: Vec<_> = heart.values.iter().map(Option::as_deref).collect();
        assert_eq!(values, [Some("F"), Some("en-US"), Some("A")]);
    }
}
