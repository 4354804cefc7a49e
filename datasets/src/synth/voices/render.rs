//! From a plan to samples.

use super::plan::VoicePlan;
use super::{score, source, tract};
use crate::synth::SynthError;
use crate::synth::draw::Draw;

/// Utterances are up to this much louder or softer.
const LEVEL_SPREAD_DB: f64 = 2.0;
const HIGHEST_PEAK: f64 = 0.89;
/// Noise of the imagined room and microphone.
const FLOOR_DBFS: f64 = -70.0;

/// Utterance number `utterance_index` of `voice`: mono samples at 16 kHz, within ±0.9, over a noise
/// floor of −70 dBFS.
///
/// Every utterance of a voice says something else, up to 2 dB louder or softer than its level; the planted
/// parameters are the same.
///
/// # Errors
/// [`SynthError::Setting`] when a parameter of the voice is outside its range.
pub fn render(voice: &VoicePlan, utterance_index: usize) -> Result<Vec<f32>, SynthError> {
    voice.check()?;
    let name = format!("voices render {}", voice.speaker);
    let mut draw = Draw::new(voice.seed, &name, utterance_index as u64);
    let frames = score::compose(voice, &mut draw);
    let spread_db = draw.uniform(-LEVEL_SPREAD_DB, LEVEL_SPREAD_DB);
    let source = source::excite(&frames, voice, &mut draw);
    let speech = tract::speak(&source, &frames, voice.vtl_cm, &mut draw);

    let energy: f64 = speech.iter().map(|x| x * x).sum();
    let rms = (energy / speech.len().max(1) as f64).sqrt();
    let peak = speech.iter().fold(0.0f64, |peak, x| peak.max(x.abs()));
    let wanted = 10f64.powf((voice.level_dbfs + spread_db) / 20.0) / rms;
    let gain = if peak > 0.0 {
        wanted.min(HIGHEST_PEAK / peak)
    } else {
        0.0
    };
    let floor = 10f64.powf(FLOOR_DBFS / 20.0);
    let noisy = speech.iter().map(|x| x * gain + floor * draw.normal());
    Ok(noisy.map(|x| x as f32).collect())
}
