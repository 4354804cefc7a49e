//! Which grains of the original are laid down where.

use super::{Curve, PHASE_PULL, PHASE_TOLERANCE_ST, TimeMap};

/// Length of a step between unvoiced grains, about.
const UNVOICED_STEP_SECS: f64 = 0.005;
/// How far an unvoiced grain may be from where it should be, in steps.
const ASTRAY: f64 = 1.5;
/// Periods that a voiced grain reaches to each side at most.
const REACH: f64 = 1.15;
/// Pitches tried on each side of the one asked for, to end on a whole period.
const TRIES: i32 = 12;
/// What the full tolerance of pitch weighs against a whole period of phase.
const TOLERANCE_WEIGHT: f64 = 0.05;

/// A piece of the original, centred at `from`, that is laid down at `at`; both in samples.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grain {
    pub(super) at: f64,
    pub(super) from: f64,
    /// How far it may reach to the left and to the right.
    pub(super) reach: (f64, f64),
}

impl Grain {
    fn unvoiced(at: f64, from: f64) -> Self {
        let reach = (f64::INFINITY, f64::INFINITY);
        Self { at, from, reach }
    }
}

/// All grains of an edited sound, ascending; the first lies at its start and the last at its end.
pub(super) fn lay(
    voiced: &[Vec<f64>],
    map: &TimeMap,
    pitch_st: &Curve,
    rate_hz: f64,
) -> Vec<Grain> {
    let step = UNVOICED_STEP_SECS * rate_hz;
    let mut grains = vec![Grain::unvoiced(0.0, map.inverse(0.0))];
    for pulses in voiced {
        let voice = Voice {
            pulses,
            map,
            pitch_st,
            rate_hz,
        };
        let laid = voice.lay();
        let reached = grains.last().map_or(0.0, |last| last.at);
        let laid: Vec<Grain> = laid.into_iter().filter(|g| g.at > reached + 1.0).collect();
        if let Some(first) = laid.first() {
            fill(&mut grains, first.at, map, step);
        }
        grains.extend(laid);
    }
    let end = map.samples() as f64;
    grains.retain(|grain| grain.at < end);
    fill(&mut grains, end, map, step);
    grains.push(Grain::unvoiced(end, map.inverse(end)));
    grains
}

/// Lays unvoiced grains between the last one and `to`, evenly. Where time is stretched each goes on
/// where the last one ended, until that is too far from where it should be: noise that is laid over
/// itself a little later, grain after grain, would ring.
fn fill(grains: &mut Vec<Grain>, to: f64, map: &TimeMap, step: f64) {
    let Some(&Grain { at: start, .. }) = grains.last() else {
        return;
    };
    let astray = ASTRAY * step;
    let count = ((to - start) / step).round().max(1.0);
    for index in 1..count as usize {
        let at = start + (to - start) * index as f64 / count;
        let x = map.inverse(at);
        let on = grains.last().map_or(x, |last| last.from + at - last.at);
        let from = if map.keeps(x) {
            x
        } else if on - x > astray {
            x - astray
        } else if x - on > astray {
            x + astray
        } else {
            on
        };
        grains.push(Grain::unvoiced(at, from));
    }
}

/// The grains of a stretch of voice.
struct Laid {
    grains: Vec<Grain>,
    /// By how much the first grain behind an edited part misses its place; none where no unedited
    /// voice follows one.
    miss: Option<Miss>,
}

#[derive(Clone, Copy)]
struct Miss {
    /// Positive where it is late.
    samples: f64,
    period: f64,
}

/// A stretch of voice to be laid down.
struct Voice<'a> {
    /// At least two, ascending.
    pulses: &'a [f64],
    map: &'a TimeMap,
    pitch_st: &'a Curve,
    rate_hz: f64,
}

impl Voice<'_> {
    /// The grains, so that a grain behind an edited part falls into its place: voice that begins
    /// within the part begins a little earlier or later, otherwise the part's pitch is a little off.
    fn lay(&self) -> Vec<Grain> {
        let exact = self.laid(0.0, 0.0);
        let Some(miss) = exact.miss else {
            return exact.grains;
        };
        if self.pulses.first().is_some_and(|first| self.edited(*first)) {
            let moved = self.laid(0.0, -miss.samples);
            let rest = moved.miss.map_or(0.0, |miss| miss.samples);
            return self.laid(0.0, -miss.samples - rest).grains;
        }
        let tries = (-TRIES..=TRIES).map(|i| f64::from(i) / f64::from(TRIES));
        let cost = |off: f64, miss: f64| miss.abs() + TOLERANCE_WEIGHT * off.abs();
        let best = tries
            .filter_map(|off| {
                let miss = self.laid(off * PHASE_TOLERANCE_ST, 0.0).miss?;
                Some((off, miss.samples / miss.period))
            })
            .min_by(|a, b| cost(a.0, a.1).total_cmp(&cost(b.0, b.1)));
        let off = best.map_or(0.0, |best| best.0);
        self.laid(off * PHASE_TOLERANCE_ST, 0.0).grains
    }

    /// The grains with the pitch of edited parts off by `off_st`, the first one `shift` samples late.
    fn laid(&self, off_st: f64, shift: f64) -> Laid {
        let mut laid = Laid {
            grains: vec![],
            miss: None,
        };
        let (Some(&first), Some(&last)) = (self.pulses.first(), self.pulses.last()) else {
            return laid;
        };
        let mut at = self.map.forward(first) + shift;
        laid.grains.push(self.grain(at, 0));
        let mut was_edited = false;
        loop {
            let x = self.map.inverse(at).clamp(first, last);
            let natural = self.period(x);
            let edited = self.edited(x);
            was_edited |= edited;
            let st = self.pitch_st.at(x / self.rate_hz) + if edited { off_st } else { 0.0 };
            let period = natural / (st / 12.0).exp2();
            let mut next = at + period;
            let reached = self.map.inverse(next);
            if reached > last + 0.5 * natural {
                break;
            }
            let nearest = self.nearest(reached);
            if !self.edited(reached) {
                let samples = next - self.map.forward(self.pulses[nearest]);
                if was_edited {
                    laid.miss.get_or_insert(Miss { samples, period });
                }
                next -= samples.clamp(-PHASE_PULL * period, PHASE_PULL * period);
            }
            laid.grains.push(self.grain(next, nearest));
            at = next;
        }
        laid
    }

    fn grain(&self, at: f64, index: usize) -> Grain {
        let pulse = |i: Option<usize>| i.and_then(|i| self.pulses.get(i)).copied();
        let here = self.pulses[index];
        let left = pulse(index.checked_sub(1)).map(|p| here - p);
        let right = pulse(Some(index + 1)).map(|p| p - here);
        let reach = |own: Option<f64>| own.map_or(f64::INFINITY, |own| REACH * own);
        Grain {
            at,
            from: here,
            reach: (reach(left), reach(right)),
        }
    }

    fn edited(&self, x: f64) -> bool {
        !self.map.keeps(x) || self.pitch_st.at(x / self.rate_hz) != 0.0
    }

    /// The period that begins with the last pulse before a time.
    fn period(&self, x: f64) -> f64 {
        // A pulse that rounding has put behind the time counts as before it.
        let behind = self.pulses.partition_point(|pulse| *pulse <= x + 0.5);
        let behind = behind.clamp(1, self.pulses.len() - 1);
        self.pulses[behind] - self.pulses[behind - 1]
    }

    fn nearest(&self, x: f64) -> usize {
        let behind = self.pulses.partition_point(|pulse| *pulse <= x);
        let last = self.pulses.len() - 1;
        let (a, b) = (behind.saturating_sub(1).min(last), behind.min(last));
        if x - self.pulses[a] <= self.pulses[b] - x {
            a
        } else {
            b
        }
    }
}
