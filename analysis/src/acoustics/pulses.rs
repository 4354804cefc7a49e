//! Glottal pulses: one instant a period of the voiced stretches of a sound.
//!
//! Within each voiced stretch, waveform peaks are followed from the middle to both sides by
//! cross-correlation of neighbouring periods.

use super::extremum::parabola;
use super::sums::dot;
use super::{Pitch, Sound};

/// Correlation above which a pulse is taken within a voiced stretch.
const INSIDE_CORRELATION: f64 = 0.3;
/// Peak around a pulse, relative to the sound's, above which it is taken there.
const INSIDE_PEAK: f64 = 0.01;
/// The same for the one pulse beyond the stretch's edge.
const BEYOND_CORRELATION: f64 = 0.7;
/// The same for the one pulse beyond the stretch's edge.
const BEYOND_PEAK: f64 = 0.023333;
/// Periods by which the next pulse is searched for, nearest and farthest.
const REACH: (f64, f64) = (0.8, 1.25);

/// The instants of pulses of `sound`, whose pitch track is `pitch`, in seconds, ascending.
pub fn find(sound: &Sound, pitch: &Pitch) -> Vec<f64> {
    let global_peak = peak(sound.samples());
    let mut pulses = Vec::new();
    let mut last_on_the_right = f64::NEG_INFINITY;
    for (from_secs, to_secs) in voiced_stretches(pitch) {
        let middle = 0.5 * (from_secs + to_secs);
        let Some(f0) = pitch.at(middle) else { continue };
        let Some(start) = extremum(sound, middle - 0.5 / f0, middle + 0.5 / f0) else {
            continue;
        };
        pulses.push(start);
        let mut at = start;
        while let Some(period) = pitch.at(at).map(|f0| 1.0 / f0) {
            let next = neighbour(sound, at, period, Side::Left);
            at = next.at_secs;
            let apart = at - last_on_the_right > REACH.0 * period;
            if at < from_secs {
                if next.beyond(global_peak) && apart {
                    pulses.push(at);
                }
                break;
            }
            if next.inside(global_peak) && apart {
                pulses.push(at);
            }
        }
        at = start;
        while let Some(period) = pitch.at(at).map(|f0| 1.0 / f0) {
            let next = neighbour(sound, at, period, Side::Right);
            at = next.at_secs;
            if at >= to_secs {
                if next.beyond(global_peak) {
                    pulses.push(at);
                    last_on_the_right = at;
                }
                break;
            }
            if next.inside(global_peak) {
                pulses.push(at);
                last_on_the_right = at;
            }
        }
    }
    pulses.sort_by(f64::total_cmp);
    pulses
}

/// From where to where frames in a row are voiced, each standing for its step.
fn voiced_stretches(pitch: &Pitch) -> Vec<(f64, f64)> {
    let half_step = 0.5 * pitch.frames.step_secs;
    let mut stretches: Vec<(f64, f64)> = Vec::new();
    let mut voiced_before = false;
    for index in 0..pitch.len() {
        let voiced = pitch.f0(index).is_some();
        let centre = pitch.frames.centre_secs(index);
        match stretches.last_mut() {
            Some(stretch) if voiced && voiced_before => stretch.1 = centre + half_step,
            _ if voiced => stretches.push((centre - half_step, centre + half_step)),
            _ => {}
        }
        voiced_before = voiced;
    }
    stretches
}

/// The time of the largest |sample| between two times, by a parabola unless it is the first or
/// the last sample there.
fn extremum(sound: &Sound, from_secs: f64, to_secs: f64) -> Option<f64> {
    let samples = sound.samples();
    let first = sound.low(from_secs).max(0) as usize;
    let last = usize::try_from(sound.high(to_secs)).ok()?;
    let last = last.min(samples.len().checked_sub(1)?);
    let window = samples.get(first..=last)?;
    let extreme = |sign: f64| {
        window
            .iter()
            .enumerate()
            .map(|(i, sample)| (i, sign * sample))
            .reduce(|best, other| if other.1 > best.1 { other } else { best })
    };
    let (highest, lowest) = (extreme(1.0)?, extreme(-1.0)?);
    let index = if highest.1.abs() >= lowest.1.abs() {
        highest.0
    } else {
        lowest.0
    };
    let offset = if index == 0 || index + 1 == window.len() {
        0.0
    } else {
        parabola(window[index - 1], window[index], window[index + 1])
            .map_or(0.0, |vertex| vertex.position)
    };
    Some(sound.first_secs() + ((first + index) as f64 + offset) * sound.step_secs())
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Left,
    Right,
}

/// Where a period like the last one is found.
struct Neighbour {
    at_secs: f64,
    correlation: f64,
    /// Largest |sample| of the period found.
    peak: f64,
}

impl Neighbour {
    fn inside(&self, global_peak: f64) -> bool {
        self.correlation > INSIDE_CORRELATION && self.peak > INSIDE_PEAK * global_peak
    }

    fn beyond(&self, global_peak: f64) -> bool {
        self.correlation > BEYOND_CORRELATION && self.peak > BEYOND_PEAK * global_peak
    }
}

/// Looks for the stretch of one period that correlates best with the one around `at_secs`, from
/// 0.8 to 1.25 periods to one side; one period on, without correlation, if none does.
///
/// The correlation counts as zero before the first displacement that is tried.
fn neighbour(sound: &Sound, at_secs: f64, period_secs: f64, side: Side) -> Neighbour {
    let start_secs = at_secs - 0.5 * period_secs;
    let here = sound.nearest(start_secs);
    let length = sound.nearest(at_secs + 0.5 * period_secs) - here + 1;
    let (near, far) = (REACH.0 * period_secs, REACH.1 * period_secs);
    let (from, to) = match side {
        Side::Left => (start_secs - far, start_secs - near),
        Side::Right => (start_secs + near, start_secs + far),
    };
    let (first, last) = (sound.low(from), sound.low(to));
    let mut best: Option<(isize, [f64; 3])> = None;
    let mut three = [0.0; 3];
    for place in first..=last + 1 {
        three = [three[1], three[2], correlation(sound, here, place, length)];
        let [before, middle, after] = three;
        if middle >= before && middle >= after && best.is_none_or(|(_, [_, most, _])| middle > most)
        {
            best = Some((place - 1, three));
        }
    }
    let found = best.map(|(place, [before, middle, after])| {
        let (offset, correlation) = parabola(before, middle, after)
            .map_or((0.0, middle), |vertex| (vertex.position, vertex.value));
        Neighbour {
            at_secs: at_secs + ((place - here) as f64 + offset) * sound.step_secs(),
            correlation,
            peak: peak(stretch(sound, place, length)),
        }
    });
    // Periods of a few samples could be found on the spot, for ever.
    found
        .filter(|found| (found.at_secs - at_secs).abs() > 0.5 * period_secs)
        .unwrap_or(Neighbour {
            at_secs: match side {
                Side::Left => at_secs - period_secs,
                Side::Right => at_secs + period_secs,
            },
            correlation: -1.0,
            peak: 0.0,
        })
}

/// `length` samples from `first` on, as far as there are any.
fn stretch(sound: &Sound, first: isize, length: isize) -> &[f64] {
    let clip = |i: isize| i.clamp(0, sound.len() as isize) as usize;
    let first_in = clip(first);
    &sound.samples()[first_in..clip(first + length).max(first_in)]
}

/// The normalised correlation of two stretches, over the samples that both have.
fn correlation(sound: &Sound, here: isize, there: isize, length: isize) -> f64 {
    let skip = (-here).max(-there).max(0);
    let end = length.min(sound.len() as isize - here.max(there));
    if end <= skip {
        return 0.0;
    }
    let a = stretch(sound, here + skip, end - skip);
    let b = stretch(sound, there + skip, end - skip);
    let power = dot(a, a) * dot(b, b);
    if power > 0.0 {
        dot(a, b) / power.sqrt()
    } else {
        0.0
    }
}

fn peak(samples: &[f64]) -> f64 {
    samples
        .iter()
        .fold(0.0, |peak, sample| peak.max(sample.abs()))
}
