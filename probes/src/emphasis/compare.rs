//! Systems compared on the same pairs, tap by tap and at their best taps.

use phonoscope_analysis::Estimate;
use phonoscope_analysis::estimate::Method;
use phonoscope_analysis::stats;

use super::EmphasisSettings;
use super::design::Design;
use super::input::{Part, SystemInfo};
use super::measure::{Headline, TapFound};
use super::resampling::Resampling;
use super::spread::Figure;

/// One figure of two systems.
#[derive(Debug, Clone)]
pub(super) struct Compared {
    pub(super) first: usize,
    pub(super) second: usize,
    pub(super) measure: String,
    /// Relative depth of the first system's tap, or nothing for the best taps.
    pub(super) depth: Option<f64>,
    pub(super) taps: [usize; 2],
    pub(super) values: [f64; 2],
    pub(super) difference: Option<Estimate>,
}

/// The tap where a figure is largest.
#[derive(Debug, Clone)]
pub(super) struct Best {
    pub(super) system: usize,
    pub(super) measure: String,
    pub(super) tap: usize,
    pub(super) value: Option<Estimate>,
    /// Taps that are the best in some draw of speakers, with the share of draws.
    pub(super) chosen: Vec<(usize, f64)>,
}

/// Figures of one measure of one system, by tap.
struct Curve {
    taps: Vec<usize>,
    figures: Vec<Figure>,
}

fn curve(found: &[TapFound], design: &Design, system: usize, measure: &Headline) -> Curve {
    let mut out = Curve {
        taps: vec![],
        figures: vec![],
    };
    for tap in found.iter().filter(|f| f.system == system) {
        if let Some((_, figure)) = tap
            .headlines(design)
            .into_iter()
            .find(|(name, _)| name == measure)
        {
            out.taps.push(tap.tap);
            out.figures.push(figure);
        }
    }
    out
}

impl Curve {
    /// Place of the largest value.
    fn best(&self) -> Option<usize> {
        let largest = |best: usize, k: usize| {
            if self.figures[k].value > self.figures[best].value {
                k
            } else {
                best
            }
        };
        (!self.figures.is_empty()).then(|| (1..self.figures.len()).fold(0, largest))
    }

    /// The largest value, chosen anew in every draw of speakers and words; with the place chosen in each.
    fn rechosen(&self, resampling: &Resampling) -> Option<Rechosen> {
        let all: Vec<Vec<f64>> = self.figures.iter().map(|f| f.draws(resampling)).collect();
        let value = self.figures.get(self.best()?)?.value;
        let mut out = Rechosen {
            value,
            n: self.figures.first()?.n,
            draws: vec![],
            places: vec![],
        };
        for draw in 0..resampling.draws {
            let better = |b: usize, k: usize| if all[k][draw] > all[b][draw] { k } else { b };
            let at = (0..all.len()).fold(0, better);
            out.places.push(at);
            out.draws.push(all[at][draw]);
        }
        Some(out)
    }
}

/// The largest of several figures, with the choice made anew in draws.
struct Rechosen {
    value: f64,
    n: usize,
    draws: Vec<f64>,
    places: Vec<usize>,
}

/// Draws mirrored at the value, so that what choosing the largest adds to a draw is taken off.
fn estimate(value: f64, draws: &[f64], n: usize, level: f64, range: (f64, f64)) -> Estimate {
    let interval = stats::basic(value, draws, level);
    Estimate {
        value,
        lo: interval.lo.clamp(range.0, range.1),
        hi: interval.hi.clamp(range.0, range.1),
        n,
        level,
        method: Method::CrossedBootstrap,
    }
}

/// Measures that any tap has, in order.
pub(super) fn measures(found: &[TapFound], design: &Design) -> Vec<Headline> {
    let all = found
        .iter()
        .flat_map(|tap| tap.headlines(design))
        .map(|(name, _)| name);
    let unique: std::collections::BTreeSet<Headline> = all.collect();
    unique.into_iter().collect()
}

/// The best tap of every system by every measure that has a best.
pub(super) fn best_taps(
    found: &[TapFound],
    systems: &[SystemInfo],
    design: &Design,
    (settings, resampling): (&EmphasisSettings, &Resampling),
) -> Vec<Best> {
    let mut out = vec![];
    for measure in measures(found, design).iter().filter(|m| m.has_best()) {
        for system in 0..systems.len() {
            let curve = curve(found, design, system, measure);
            let (Some(at), Some(of)) = (curve.best(), curve.rechosen(resampling)) else {
                continue;
            };
            let places = &of.places;
            let share =
                |k: usize| places.iter().filter(|p| **p == k).count() as f64 / places.len() as f64;
            let chosen = (0..curve.taps.len()).map(|k| (curve.taps[k], share(k)));
            out.push(Best {
                system,
                measure: measure.name(),
                tap: curve.taps[at],
                value: Some(estimate(
                    of.value,
                    &of.draws,
                    of.n,
                    settings.level,
                    measure.range(),
                )),
                chosen: chosen.filter(|(_, share)| *share > 0.0).collect(),
            });
        }
    }
    out
}

/// Which two systems are compared: all models with each other, and each with its twins and the baselines.
fn partners(systems: &[SystemInfo]) -> Vec<(usize, usize)> {
    let mut out = vec![];
    for (i, a) in systems
        .iter()
        .enumerate()
        .filter(|(_, s)| s.part == Part::Model)
    {
        for (j, b) in systems.iter().enumerate() {
            let wanted = match b.part {
                Part::Model => j > i,
                Part::Redrawn | Part::Permuted => b.twin_of.as_ref() == Some(&a.name),
                Part::Baseline => true,
            };
            if wanted {
                out.push((i, j));
            }
        }
    }
    out
}

/// Every measure of every two systems, at equal depth and at the best taps.
pub(super) fn compare(
    found: &[TapFound],
    systems: &[SystemInfo],
    design: &Design,
    (settings, resampling): (&EmphasisSettings, &Resampling),
) -> Vec<Compared> {
    let mut out = vec![];
    for (first, second) in partners(systems) {
        for measure in measures(found, design) {
            let curves = [first, second].map(|s| curve(found, design, s, &measure));
            let [a, b] = &curves;
            if a.figures.is_empty() || b.figures.is_empty() {
                continue;
            }
            let range = {
                let (lo, hi) = measure.range();
                (lo - hi, hi - lo)
            };
            let apart = |a: &Figure, b: &Figure| a.minus(b).estimate(settings.level, range);
            for (k, tap) in a.taps.iter().enumerate() {
                let depth = systems[first].depth(*tap);
                let away = |j: &usize| (systems[second].depth(b.taps[*j]) - depth).abs();
                let nearest = (1..b.taps.len())
                    .fold(0, |best, j| if away(&j) < away(&best) { j } else { best });
                out.push(Compared {
                    first,
                    second,
                    measure: measure.name(),
                    depth: Some(depth),
                    taps: [*tap, b.taps[nearest]],
                    values: [a.figures[k].value, b.figures[nearest].value],
                    difference: apart(&a.figures[k], &b.figures[nearest]),
                });
            }
            if !measure.has_best() {
                continue;
            }
            if let (Some(ka), Some(kb), Some(of_a), Some(of_b)) = (
                a.best(),
                b.best(),
                a.rechosen(resampling),
                b.rechosen(resampling),
            ) {
                let both = of_a.draws.iter().zip(&of_b.draws);
                let draws: Vec<f64> = both.map(|(a, b)| a - b).collect();
                let difference = of_a.value - of_b.value;
                let n = of_a.n.min(of_b.n);
                out.push(Compared {
                    first,
                    second,
                    measure: measure.name(),
                    depth: None,
                    taps: [a.taps[ka], b.taps[kb]],
                    values: [of_a.value, of_b.value],
                    difference: Some(estimate(difference, &draws, n, settings.level, range)),
                });
            }
        }
    }
    out
}
