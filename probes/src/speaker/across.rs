//! Several systems on the same speakers: how alike their spaces are.

use ndarray::{Array2, ArrayView2, s};
use phonoscope_analysis::estimate::Method;
use phonoscope_analysis::similarity::{
    Match, cca, match_columns, match_null, principal_angles, row_jackknife, row_permutation,
    rsa_cosine_spearman, unbiased_cka,
};
use phonoscope_analysis::stats::{self, Interval, draws};
use phonoscope_analysis::task::Task;
use phonoscope_analysis::{Error, Estimate, Result};

use super::SpeakerSettings;
use super::system::Found;

/// Groups of speakers left out in turn for the intervals.
const GROUPS: usize = 20;
/// Leading components whose subspaces are compared.
pub(super) const SUBSPACE: usize = 10;
/// Speakers above which cosines of all pairs are not compared.
const MOST_FOR_PAIRS: usize = 600;

/// One measure of one pair of systems.
pub(super) struct Similarity {
    pub(super) first: String,
    pub(super) second: String,
    pub(super) measure: &'static str,
    pub(super) value: Option<Estimate>,
    /// Mean and 95 % point with speakers permuted, and p.
    pub(super) null: Option<(f64, f64, f64)>,
    pub(super) note: Option<String>,
}

/// One principal angle of a pair of systems.
pub(super) struct Angle {
    pub(super) first: String,
    pub(super) second: String,
    pub(super) rank: usize,
    /// Cosine: the canonical correlation of the two subspaces.
    pub(super) cosine: Estimate,
    pub(super) null_95: f64,
    pub(super) p: f64,
}

/// One matched pair of components.
pub(super) struct Matched {
    pub(super) first: String,
    pub(super) second: String,
    pub(super) of: Match,
    pub(super) r: Estimate,
    pub(super) p: f64,
}

/// What was found between the systems.
#[derive(Default)]
pub(super) struct Across {
    pub(super) similarities: Vec<Similarity>,
    pub(super) angles: Vec<Angle>,
    pub(super) matched: Vec<Matched>,
}

/// Compares every two of `systems`, which stand for the same speakers in the same order.
pub(super) fn compare(
    systems: &[(String, Found)],
    settings: &SpeakerSettings,
    task: &Task,
) -> Result<Across> {
    let mut out = Across::default();
    for (i, (first, a)) in systems.iter().enumerate() {
        for (second, b) in &systems[i + 1..] {
            let pair = Pair {
                first,
                second,
                a,
                b,
                settings,
                task,
            };
            pair.similarities(&mut out)?;
            pair.angles(&mut out)?;
            pair.matched(&mut out)?;
        }
    }
    Ok(out)
}

struct Pair<'a> {
    first: &'a str,
    second: &'a str,
    a: &'a Found,
    b: &'a Found,
    settings: &'a SpeakerSettings,
    task: &'a Task,
}

impl Pair<'_> {
    /// Leading scores of both, as many of each as `most` and the number of speakers allow.
    fn leading(&self, most: usize) -> (ArrayView2<'_, f64>, ArrayView2<'_, f64>) {
        let (a, b) = (&self.a.spectrum.scores, &self.b.spectrum.scores);
        let k = most.min(a.ncols()).min(b.ncols());
        // Canonical correlations of 1 are certain when there are more columns than rows.
        let k = k.min(a.nrows().saturating_sub(3) / 4).max(1);
        (a.slice(s![.., ..k]), b.slice(s![.., ..k]))
    }

    fn n(&self) -> usize {
        self.a.spectrum.scores.nrows()
    }

    fn jackknifed(&self, value: f64, interval: Result<Interval>, range: (f64, f64)) -> Estimate {
        let (lo, hi) = match interval {
            Ok(found) if found.lo.is_finite() && found.hi.is_finite() => (found.lo, found.hi),
            _ => range,
        };
        Estimate {
            value,
            lo: lo.clamp(range.0, value),
            hi: hi.clamp(value, range.1),
            n: self.n(),
            level: self.settings.level,
            method: Method::Jackknife,
        }
    }

    fn similarities(&self, out: &mut Across) -> Result<()> {
        let (ea, eb) = (&self.a.speakers.embeddings, &self.b.speakers.embeddings);
        let (la, lb) = self.leading(self.settings.components);
        type Measure = fn(ArrayView2<'_, f64>, ArrayView2<'_, f64>) -> Result<f64>;
        let measures: [(
            &'static str,
            Measure,
            ArrayView2<'_, f64>,
            ArrayView2<'_, f64>,
        ); 4] = [
            ("cka_unbiased", unbiased_cka, ea.view(), eb.view()),
            ("pwcca_first", |a, b| Ok(cca(a, b)?.pwcca_first), la, lb),
            ("pwcca_second", |a, b| Ok(cca(a, b)?.pwcca_second), la, lb),
            ("rsa_cosine", rsa_of_centred, ea.view(), eb.view()),
        ];
        for (name, measure, a, b) in measures {
            let mut row = Similarity {
                first: self.first.into(),
                second: self.second.into(),
                measure: name,
                value: None,
                null: None,
                note: None,
            };
            if name == "rsa_cosine" && self.n() > MOST_FOR_PAIRS {
                row.note = Some(format!(
                    "left out: cosines of all pairs of more than {MOST_FOR_PAIRS} speakers"
                ));
            } else {
                match self.measured(name, measure, a, b) {
                    Ok((value, null)) => (row.value, row.null) = (Some(value), null),
                    Err(Error::Cancelled) => return Err(Error::Cancelled),
                    Err(why) => row.note = Some(why.to_string()),
                }
            }
            out.similarities.push(row);
        }
        Ok(())
    }

    #[expect(
        clippy::type_complexity,
        reason = "mean, 95 % point and p of a null, where there is one"
    )]
    fn measured(
        &self,
        name: &str,
        measure: fn(ArrayView2<'_, f64>, ArrayView2<'_, f64>) -> Result<f64>,
        a: ArrayView2<'_, f64>,
        b: ArrayView2<'_, f64>,
    ) -> Result<(Estimate, Option<(f64, f64, f64)>)> {
        let value = measure(a, b)?;
        let range = if name == "rsa_cosine" || name == "cka_unbiased" {
            (-1.0, 1.0)
        } else {
            (0.0, 1.0)
        };
        let groups = GROUPS.min(self.n());
        let interval = row_jackknife(a, b, measure, groups, self.settings.level);
        let estimate = self.jackknifed(value, interval, range);
        if !self.settings.nulls {
            return Ok((estimate, None));
        }
        let draws = self.settings.permutations;
        let null = row_permutation(a, b, measure, draws, self.settings.seed, self.task)?;
        let at = stats::critical_value(&null.null, stats::ALPHA);
        Ok((estimate, Some((null.null_mean(), at, null.p))))
    }

    fn angles(&self, out: &mut Across) -> Result<()> {
        let (a, b) = self.leading(SUBSPACE);
        let cosines = |a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>| -> Result<Vec<f64>> {
            let centred = |m: ArrayView2<'_, f64>| {
                let mean = m.sum_axis(ndarray::Axis(0)) / m.nrows() as f64;
                (&m - &mean).reversed_axes()
            };
            let angles = principal_angles(centred(a).view(), centred(b).view())?;
            Ok(angles
                .iter()
                .map(|angle| angle.cos().clamp(0.0, 1.0))
                .collect())
        };
        let observed = cosines(a, b)?;
        let mut null = vec![vec![]; observed.len()];
        if self.settings.nulls {
            let plan = draws::Plan {
                stage: "permutation of subspaces",
                stream: &format!("speaker.angles.{}.{}", self.first, self.second),
                seed: self.settings.seed,
                draws: self.settings.permutations,
            };
            let drawn = draws(plan, self.task, |rng| {
                use rand::seq::SliceRandom as _;
                let mut order: Vec<usize> = (0..a.nrows()).collect();
                order.shuffle(rng);
                cosines(a, b.select(ndarray::Axis(0), &order).view())
            })?;
            for (rank, of) in null.iter_mut().enumerate() {
                *of = drawn.iter().map(|d| d[rank]).collect();
            }
        }
        let groups = GROUPS.min(self.n());
        for (rank, value) in observed.iter().enumerate() {
            let at_rank = |a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>| Ok(cosines(a, b)?[rank]);
            let interval = row_jackknife(a, b, at_rank, groups, self.settings.level);
            let (null_95, p) = match null[rank].is_empty() {
                true => (f64::NAN, f64::NAN),
                false => (
                    stats::critical_value(&null[rank], stats::ALPHA),
                    stats::permutation_p(*value, &null[rank]),
                ),
            };
            out.angles.push(Angle {
                first: self.first.into(),
                second: self.second.into(),
                rank: rank + 1,
                cosine: self.jackknifed(*value, interval, (0.0, 1.0)),
                null_95,
                p,
            });
        }
        Ok(())
    }

    fn matched(&self, out: &mut Across) -> Result<()> {
        let (a, b) = (
            self.a.spectrum.shown_scores(),
            self.b.spectrum.shown_scores(),
        );
        let found = match_columns(a, b)?;
        let p = match self.settings.nulls {
            true => {
                let (draws, seed) = (self.settings.permutations, self.settings.seed);
                match_null(a, b, &found, draws, seed, self.task)?
            }
            false => vec![f64::NAN; found.len()],
        };
        let columns: Vec<(Vec<f64>, Vec<f64>)> = found
            .iter()
            .map(|m| (a.column(m.first).to_vec(), b.column(m.second).to_vec()))
            .collect();
        let plan = draws::Plan {
            stage: "intervals of matched components",
            stream: &format!("speaker.matched.{}.{}", self.first, self.second),
            seed: self.settings.seed,
            draws: self.settings.bootstrap,
        };
        let replicates = draws(plan, self.task, |rng| {
            let weights = stats::resample_counts(self.n(), rng);
            let r = columns
                .iter()
                .map(|(a, b)| stats::weighted_pearson(a, b, &weights));
            Ok(r.collect::<Vec<f64>>())
        })?;
        for (i, (of, p)) in found.into_iter().zip(p).enumerate() {
            let at: Vec<f64> = replicates.iter().map(|d| d[i]).collect();
            let interval = stats::percentile(&at, self.settings.level);
            let r = Estimate {
                value: of.r,
                lo: interval.lo,
                hi: interval.hi,
                n: self.n(),
                level: self.settings.level,
                method: Method::ClusterBootstrap,
            };
            out.matched.push(Matched {
                first: self.first.into(),
                second: self.second.into(),
                of,
                r,
                p,
            });
        }
        Ok(())
    }
}

/// Spearman's ρ of the cosines of all pairs of speakers in two systems, the common mean taken out of each.
fn rsa_of_centred(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Result<f64> {
    let centred = |m: ArrayView2<'_, f64>| -> Array2<f64> {
        let mean = m.sum_axis(ndarray::Axis(0)) / m.nrows() as f64;
        &m - &mean
    };
    rsa_cosine_spearman(centred(a).view(), centred(b).view())
}
