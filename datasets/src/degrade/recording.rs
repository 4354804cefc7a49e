//! One recording in all grades.

use std::path::Path;

use phonoscope_analysis::task::Task;

use super::{Kind, Plan, Settings, degrade};
use crate::audio::{self, SAMPLE_RATE_HZ, write_flac};
use crate::error::{Error, Result};
use crate::manifest::Utterance;

/// A grade of a kind.
pub(super) struct Grade {
    pub(super) plan: usize,
    pub(super) severity: usize,
    pub(super) amount: f64,
    pub(super) system: String,
}

/// What became of a recording: for each grade its scale, or why it is missing.
pub(super) type Outcome = Result<Vec<Result<f64, String>>, String>;

/// The grades of all plans, in their order.
pub(super) fn grades(plans: &[Plan]) -> Vec<Grade> {
    let of = |(plan, p): (usize, &Plan)| -> Vec<Grade> {
        let amounts = p.amounts.iter().enumerate();
        let grade = amounts.map(|(index, &amount)| Grade {
            plan,
            severity: index + 1,
            amount,
            system: p.kind.system(amount),
        });
        grade.collect()
    };
    plans.iter().enumerate().flat_map(of).collect()
}

/// Where a degraded recording lies below the folder.
pub(super) fn clip(system: &str, name: &str) -> String {
    format!("{system}/{name}.flac")
}

/// Writes a recording in all grades.
pub(super) fn one(
    dir: &Path,
    utterance: &Utterance,
    name: &str,
    grades: &[Grade],
    settings: &Settings,
    task: &Task,
) -> Result<Outcome> {
    task.check()?;
    let samples = match audio::read(&utterance.audio) {
        Ok(waveform) => waveform.samples,
        Err(Error::Audio { fault, .. }) => return Ok(Err(fault.to_string())),
        Err(other) => return Ok(Err(other.to_string())),
    };
    let samples: Vec<f64> = samples.into_iter().map(f64::from).collect();
    let highest = 10f64.powf(-settings.headroom_db / 20.0);
    let mut outcomes = Vec::with_capacity(grades.len());
    // Rounds of overlap-add go on where those of the last grade ended.
    let mut rounds = (0.0, samples.clone());
    for grade in grades {
        task.check()?;
        let kind = settings.plans[grade.plan].kind;
        let (done, from) = match kind {
            Kind::Psola => (rounds.0, &rounds.1),
            _ => (0.0, &samples),
        };
        let degraded = match degrade(from, kind, grade.amount - done, (settings.seed, name)) {
            Ok(degraded) => degraded,
            Err(reason) => {
                outcomes.push(Err(reason));
                continue;
            }
        };
        if kind == Kind::Psola {
            rounds = (grade.amount, degraded.clone());
        }
        let peak = degraded.iter().fold(0.0_f64, |p, x| p.max(x.abs()));
        let scale = if peak > highest { highest / peak } else { 1.0 };
        let scaled: Vec<f32> = degraded.iter().map(|x| (x * scale) as f32).collect();
        write_flac(
            &dir.join(clip(&grade.system, name)),
            &scaled,
            SAMPLE_RATE_HZ,
        )?;
        outcomes.push(Ok(20.0 * scale.log10()));
    }
    Ok(Ok(outcomes))
}
