//! Distances of frames, with floors and intervals over blocks of speakers.

use phonoscope_analysis::distance::{Gaussian, Rooted, W2};
use phonoscope_analysis::estimate::Method;
use phonoscope_analysis::stats::{self, Interval};
use phonoscope_analysis::task::Task;
use phonoscope_analysis::{Estimate, rng};
use rand::seq::SliceRandom as _;

use super::super::QualitySettings;
use super::super::corpus::Corpus;
use super::super::layer::band;
use super::basis::{Basis, Layer};
use super::gathered::{Gathered, merged};
use crate::error::Result;
use crate::report::{Column, Role, Table};

/// Most ways of dealing blocks into halves that are looked at.
const MOST_DEALS: usize = 40;

/// Frames of a system in a layer against those of the reference.
struct Distance {
    frames: usize,
    parts: W2,
    normalised: Estimate,
    at_half: Option<Estimate>,
    ratio: Option<Estimate>,
}

/// One layer.
struct Row<'a> {
    layer: &'a Layer,
    floor: Estimate,
    reference_frames: usize,
    /// Nothing for a system without frames.
    systems: Vec<Option<Distance>>,
}

/// Distances of all layers.
pub(super) struct Measured<'a> {
    rows: Vec<Row<'a>>,
    groups: usize,
    utterances: usize,
}

impl<'a> Measured<'a> {
    pub(super) fn new(
        corpus: &Corpus<'_>,
        basis: &'a Basis,
        gathered: &Gathered,
        settings: &QualitySettings,
        task: &Task,
    ) -> Result<Self> {
        let groups = gathered.groups;
        let deals: Vec<Vec<bool>> = (0..MOST_DEALS as u64)
            .map(|index| {
                let mut order: Vec<usize> = (0..groups).collect();
                order.shuffle(&mut rng::stream(
                    settings.seed,
                    "quality.frames.halves",
                    index,
                ));
                let mut first = vec![false; groups];
                order.iter().take(groups / 2).for_each(|g| first[*g] = true);
                first
            })
            .collect();
        let rows = stats::each(
            "distances of frames",
            "layer",
            basis.layers.len(),
            task,
            |at| one_layer(at, &basis.layers[at], corpus, gathered, &deals, settings),
        )?;
        Ok(Self {
            rows,
            groups,
            utterances: basis.utterances,
        })
    }

    /// Normalised distances, `[layer][system]`.
    pub(super) fn values(&self) -> Vec<Vec<f64>> {
        let of = |row: &Row<'_>| -> Vec<f64> {
            let systems = row.systems.iter();
            systems
                .map(|d| d.as_ref().map_or(f64::NAN, |d| d.normalised.value))
                .collect()
        };
        self.rows.iter().map(of).collect()
    }

    pub(super) fn table(&self, corpus: &Corpus<'_>, settings: &QualitySettings) -> Table {
        let rows: Vec<(&Row<'_>, usize, Option<&Distance>)> = self
            .rows
            .iter()
            .flat_map(|row| {
                let of = row.systems.iter().enumerate();
                of.map(move |(place, d)| (row, place, d.as_ref()))
            })
            .collect();
        type Entry<'r> = (&'r Row<'r>, usize, Option<&'r Distance>);
        let number = |id: &str, meaning: &str, f: &dyn Fn(&Row<'_>, &Distance) -> f64| {
            let of = |(row, _, d): &Entry<'_>| d.map_or(f64::NAN, |d| f(row, d));
            Column::number(id, Role::Value, meaning, None, rows.iter().map(of))
        };
        let estimate =
            |id: &str, meaning: &str, f: &dyn Fn(&Row<'_>, &Distance) -> Option<Estimate>| {
                let of = |(row, _, d): &Entry<'_>| d.and_then(|d| f(row, d));
                Column::estimate(id, meaning, None, rows.iter().map(of).collect())
            };
        let text = |id: &str, meaning: &str, f: &dyn Fn(&Entry<'_>) -> Option<String>| {
            Column::text(id, Role::Key, meaning, rows.iter().map(f).collect())
        };
        let columns = vec![
            text("layer", "layer", &|(row, _, _)| {
                Some(row.layer.name.clone())
            }),
            text("system", "system", &|(_, place, _)| {
                Some(corpus.systems[*place].name.clone())
            }),
            number("frames", "frames of the system", &|_, d| d.frames as f64),
            number("reference_frames", "frames of the reference", &|row, _| {
                row.reference_frames as f64
            }),
            number(
                "kept",
                "share of the variance of frames in the directions",
                &|row, _| row.layer.kept,
            ),
            estimate(
                "normalised",
                "Gaussian W2 over the root of the reference's total variance; interval: blocks of speakers left \
                 out",
                &|_, d| Some(d.normalised),
            ),
            number(
                "mean_part",
                "squared distance of the means, part of W2²",
                &|_, d| d.parts.mean_part,
            ),
            number("covariance_part", "what is left of W2²", &|_, d| {
                d.parts.covariance_part
            }),
            estimate(
                "floor",
                "normalised W2 between halves of the reference's speakers",
                &|row, _| Some(row.floor),
            ),
            estimate(
                "at_half",
                "normalised W2 from one half of the reference's speakers to the system's other half",
                &|_, d| d.at_half,
            ),
            estimate(
                "ratio",
                "that over the floor of the same halves",
                &|_, d| d.ratio,
            ),
        ];
        Table::new(
            "frame_distances",
            "Distance of frames",
            &format!(
                "One row per layer and system: every frame counts, padding left out. Directions: at most {}, from \
                 {} utterances of every sample. Sample covariances. Frames are near-copies of their neighbours, so \
                 only blocks of speakers are resampled ({} of them; their halves make the floor).",
                settings.components, self.utterances, self.groups
            ),
            columns,
        )
    }
}

fn trace(of: &Gaussian) -> f64 {
    of.covariance().diag().sum()
}

fn one_layer<'a>(
    at: usize,
    layer: &'a Layer,
    corpus: &Corpus<'_>,
    gathered: &Gathered,
    deals: &[Vec<bool>],
    settings: &QualitySettings,
) -> phonoscope_analysis::Result<Row<'a>> {
    let empty = vec![];
    let of = |sample: usize| {
        let layers = gathered.moments.get(sample);
        layers.and_then(|l| l.get(at)).unwrap_or(&empty)
    };
    let part = |sample: usize, keep: &dyn Fn(usize) -> bool| {
        let groups = of(sample).iter().enumerate();
        merged(groups.filter(|(g, _)| keep(*g)).map(|(_, m)| m))
    };
    let count = |sample: usize| of(sample).iter().map(|m| m.count()).sum::<usize>();
    let whole = Rooted::new(part(0, &|_| true)?)?;
    let mut without = vec![];
    for group in 0..gathered.groups {
        let from = Rooted::new(part(0, &|g| g != group)?)?;
        without.push((trace(from.gaussian()), from));
    }
    let mut halves = vec![];
    for first in deals {
        let from = Rooted::new(part(0, &|g| first[g])?)?;
        let scale = trace(from.gaussian());
        let floor = from.w2(&part(0, &|g| !first[g])?)?.squared() / scale;
        halves.push((first, from, scale, floor));
    }
    let floors: Vec<f64> = halves.iter().map(|h| h.3.sqrt()).collect();
    let mut systems = vec![];
    for (place, system) in corpus.systems.iter().enumerate() {
        let sample = place + 1;
        if count(sample) < 2 {
            systems.push(None);
            continue;
        }
        let parts = whole.w2(&part(sample, &|_| true)?)?;
        let value = (parts.squared() / trace(whole.gaussian())).sqrt();
        let mut left = vec![];
        for (group, (scale, from)) in without.iter().enumerate() {
            if let Ok(other) = part(sample, &|g| g != group) {
                left.push((from.w2(&other)?.squared() / scale).sqrt());
            }
        }
        let Interval { lo, hi } = stats::jackknife_interval(value, &left, settings.level);
        let (mut away, mut ratio) = (vec![], vec![]);
        for (first, from, scale, floor) in &halves {
            // A system without frames in one half has none of that deal.
            if let Ok(other) = part(sample, &|g| !first[g]) {
                let found = from.w2(&other)?.squared() / scale;
                away.push(found.sqrt());
                ratio.push((found / floor).sqrt());
            }
        }
        let n = system.rows.len();
        let spread = |v: &[f64]| (!v.is_empty()).then(|| band(v, n / 2, settings));
        systems.push(Some(Distance {
            frames: count(sample),
            parts,
            normalised: Estimate {
                value,
                lo: lo.max(0.0),
                hi,
                n,
                level: settings.level,
                method: Method::Jackknife,
            },
            at_half: spread(&away),
            ratio: spread(&ratio),
        }));
    }
    Ok(Row {
        layer,
        floor: band(&floors, corpus.reference.len() / 2, settings),
        reference_frames: count(0),
        systems,
    })
}
