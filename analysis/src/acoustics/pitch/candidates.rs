//! Candidates for the pitch of a frame: the local maxima of its correlation.

use super::super::extremum::{parabola, sinc_maximum};
use super::super::interpolation::sinc;
use super::correlation::Sizes;
use super::settings::Settings;

/// Samples on each side by which candidates are compared before they are refined.
const FIRST_DEPTH: usize = 30;

/// A possible pitch of a frame; 0 Hz stands for unvoiced.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate {
    pub(super) frequency_hz: f64,
    /// Correlation at its lag, at most 1.
    pub(super) strength: f64,
}

/// The candidates of all frames, one frame after the other.
#[derive(Default)]
pub(super) struct Candidates {
    all: Vec<Candidate>,
    /// Where each frame's candidates end.
    ends: Vec<usize>,
}

impl Candidates {
    /// The candidates of frame `index`, the unvoiced one first.
    pub(super) fn of(&self, index: usize) -> &[Candidate] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.all[start..self.ends[index]]
    }

    /// Number of frames.
    pub(super) fn frames(&self) -> usize {
        self.ends.len()
    }

    fn push_frame(&mut self, voiced: impl Iterator<Item = Candidate>) {
        self.all.push(Candidate {
            frequency_hz: 0.0,
            strength: 0.0,
        });
        self.all.extend(voiced);
        self.ends.push(self.all.len());
    }
}

/// A local maximum of the correlation before it is refined.
struct Maximum {
    lag: usize,
    /// Strength less the octave cost.
    worth: f64,
}

/// Finds candidates frame by frame.
pub(super) struct Search<'a> {
    settings: &'a Settings,
    sizes: Sizes,
    /// From sample to sample.
    step_secs: f64,
    /// Voiced candidates kept a frame.
    most: usize,
    maxima: Vec<Maximum>,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        settings: &'a Settings,
        sizes: Sizes,
        step_secs: f64,
        ceiling_hz: f64,
    ) -> Self {
        let octaves = (ceiling_hz / settings.floor_hz).floor() as usize;
        let most = settings.max_candidates.max(octaves) - 1;
        Self {
            settings,
            sizes,
            step_secs,
            most,
            maxima: Vec::with_capacity(most),
        }
    }

    /// Adds the candidates of a frame whose correlation is `curve`, lag 0 in its middle.
    pub(super) fn push_frame(&mut self, curve: &[f64], into: &mut Candidates) {
        self.maxima.clear();
        let range = self.sizes.range;
        let forward = &curve[range..];
        for lag in 2..self.sizes.max_lag.min(range) {
            let (before, here, after) = (forward[lag - 1], forward[lag], forward[lag + 1]);
            if here > 0.5 * self.settings.voicing_threshold && here > before && here >= after {
                let Some(vertex) = parabola(before, here, after) else {
                    continue;
                };
                self.keep(curve, lag, vertex.position);
            }
        }
        let depth = |lag| {
            let frequency_hz = 1.0 / self.step_secs / lag;
            self.settings.depth(frequency_hz, self.step_secs)
        };
        into.push_frame(self.maxima.iter().map(|maximum| {
            let depth = depth(maximum.lag as f64);
            let found = sinc_maximum(curve, range + maximum.lag, depth);
            Candidate {
                frequency_hz: 1.0 / self.step_secs / (found.position - range as f64),
                strength: reflected(found.value),
            }
        }));
    }

    /// Keeps a maximum if there is room, or if it is worth more than the weakest.
    fn keep(&mut self, curve: &[f64], lag: usize, offset: f64) {
        let exact_lag = lag as f64 + offset;
        let strength = sinc(curve, self.sizes.range as f64 + exact_lag, FIRST_DEPTH);
        let frequency_hz = 1.0 / self.step_secs / exact_lag;
        let octaves_down = (self.settings.floor_hz / frequency_hz).log2();
        let maximum = Maximum {
            lag,
            worth: reflected(strength) - self.settings.octave_cost * octaves_down,
        };
        if self.maxima.len() < self.most {
            self.maxima.push(maximum);
            return;
        }
        let weakest = self.maxima.iter_mut().reduce(|weakest, other| {
            if other.worth < weakest.worth {
                other
            } else {
                weakest
            }
        });
        if let Some(weakest) = weakest.filter(|weakest| maximum.worth > weakest.worth) {
            *weakest = maximum;
        }
    }
}

/// Correlations above 1 count as much below it.
fn reflected(strength: f64) -> f64 {
    if strength > 1.0 {
        1.0 / strength
    } else {
        strength
    }
}
