//! The tables of an emphasis report, but those of comparisons and interventions.

use phonoscope_analysis::{Estimate, stats};

use super::EmphasisSettings;
use super::design::Design;
use super::dimension::{CurvePoint, Dimension};
use super::direction::{Direction, MOST_REPAIRED, Null};
use super::edits::{COMPONENTS, Rows, Told};
use super::input::SystemInfo;
use super::measure::TapFound;
use super::sheet::Sheet;
use super::spread::Figure;
use super::transfer::Transfer;
use super::words::{Source, Words};
use crate::report::Table;

/// What tables are made from.
pub(super) struct Tabled<'a> {
    pub(super) design: &'a Design,
    pub(super) systems: &'a [SystemInfo],
    pub(super) settings: &'a EmphasisSettings,
    pub(super) found: &'a [TapFound],
}

/// A row of a table: what was found, and at which tap.
struct At<'a, T> {
    tap: &'a TapFound,
    of: &'a T,
    /// Benjamini–Hochberg over the table's family.
    q: f64,
}

const UNBOUNDED: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);
const COSINE: (f64, f64) = (-1.0, 1.0);
const SHARE: (f64, f64) = (0.0, 1.0);

impl<'a> Tabled<'a> {
    pub(super) fn all(&self) -> Vec<Table> {
        let tables = [
            self.taps(),
            self.directions(),
            self.dimensions(),
            self.curve(),
            self.edits(),
            self.reconstruction(),
            self.words(),
            self.transfers(),
            self.specificity(),
        ];
        tables.into_iter().filter(|t| t.rows() > 0).collect()
    }

    fn rows<T>(
        &self,
        of: impl Fn(&'a TapFound) -> &'a [T],
        p: impl Fn(&T) -> f64,
    ) -> Vec<At<'a, T>> {
        let mut rows: Vec<At<'a, T>> = self
            .found
            .iter()
            .flat_map(|tap| {
                of(tap).iter().map(move |of| At {
                    tap,
                    of,
                    q: f64::NAN,
                })
            })
            .collect();
        let tested: Vec<usize> = (0..rows.len())
            .filter(|i| p(rows[*i].of).is_finite())
            .collect();
        let all: Vec<f64> = tested.iter().map(|i| p(rows[*i].of)).collect();
        for (i, q) in tested.iter().zip(stats::benjamini_hochberg(&all)) {
            rows[*i].q = q;
        }
        rows
    }

    fn keyed<'r, T>(&self, rows: &'r [At<'a, T>]) -> Sheet<'r, At<'a, T>> {
        let system = |row: &At<'a, T>| self.systems.get(row.tap.system);
        Sheet::new(rows)
            .key("system", "model, twin or baseline", |r| {
                system(r).map_or(String::new(), |s| s.name.clone())
            })
            .key("tap", "where its states were read", |r| {
                system(r)
                    .and_then(|s| s.taps.get(r.tap.tap))
                    .map_or(String::new(), |t| t.name.clone())
            })
            .number(
                "depth",
                "place of the tap, 0 the first and 1 the last",
                None,
                |r| system(r).map_or(f64::NAN, |s| s.depth(r.tap.tap)),
            )
    }

    fn condition(&self, at: usize) -> String {
        self.design
            .conditions
            .get(at)
            .map_or(String::new(), |c| c.name.clone())
    }

    fn estimate(&self, figure: &Figure, range: (f64, f64)) -> Option<Estimate> {
        figure.estimate(self.settings.level, range)
    }

    fn taps(&self) -> Table {
        let rows: Vec<(usize, usize)> = (0..self.systems.len())
            .flat_map(|s| (0..self.systems[s].taps.len()).map(move |t| (s, t)))
            .collect();
        let found =
            |(s, t): &(usize, usize)| self.found.iter().find(|f| (f.system, f.tap) == (*s, *t));
        Sheet::new(&rows)
            .key("system", "model, twin or baseline", |(s, _)| {
                self.systems[*s].name.clone()
            })
            .key("tap", "where its states were read", |(s, t)| {
                self.systems[*s].taps[*t].name.clone()
            })
            .number(
                "depth",
                "place of the tap, 0 the first and 1 the last",
                None,
                |(s, t)| self.systems[*s].depth(*t),
            )
            .text("part", "what the system is in the comparison", |(s, _)| {
                Some(self.systems[*s].part.name().into())
            })
            .text(
                "task",
                "what the system was trained to do, where the catalogue tells",
                |(s, _)| self.systems[*s].task.clone(),
            )
            .text(
                "receptive_field",
                "how much of the recording one frame of the tap can depend on",
                |(s, t)| Some(self.systems[*s].taps[*t].receptive_field.clone()),
            )
            .number("dim", "width of the states", None, |at| {
                found(at).map_or(f64::NAN, |f| f.dim as f64)
            })
            .text(
                "not_available",
                "what could not be measured here, and why",
                |at| {
                    found(at)
                        .filter(|f| !f.missing.is_empty())
                        .map(|f| f.missing.join("; "))
                },
            )
            .table(
                "emphasis_taps",
                "Taps",
                "One row for each tap of each system: what the rows of the other tables stand for.",
            )
    }

    fn directions(&self) -> Table {
        let rows = self.rows(
            |t| &t.directions,
            |d: &Direction| d.flips.map_or(f64::NAN, |n| n.p),
        );
        let null = |of: fn(&Direction) -> Option<Null>, what: fn(Null) -> f64| {
            move |r: &At<'_, Direction>| of(r.of).map_or(f64::NAN, what)
        };
        self.keyed(&rows)
            .key("condition", "what was done to the word", |r| self.condition(r.of.condition))
            .number("pairs", "pairs of this and the neutral version, with a residual that is not zero", None, |r| r.of.pairs as f64)
            .number("still", "pairs left out because the residual is zero", None, |r| r.of.still as f64)
            .estimate("cosine_speaker_out", "mean cosine of a residual to the mean direction of the other speakers' unit residuals", None, |r| self.estimate(&r.of.speaker_out, COSINE))
            .estimate("cosine_source_out", "the same to the mean direction of all other recordings, the speaker's own among them", None, |r| self.estimate(&r.of.source_out, COSINE))
            .estimate("cosine_pairwise", "mean cosine of two residuals of different speakers", None, |r| self.estimate(&r.of.pairwise, COSINE))
            .estimate("excess", "cosine_speaker_out less that of the neutral–neutral residuals of the same pairs", None, |r| r.of.excess.as_ref().and_then(|f| self.estimate(f, (-2.0, 2.0))))
            .number("neutral_mean", "control: cosine_speaker_out of the neutral–neutral residuals", None, null(|d| d.neutral, |n| n.mean))
            .number("neutral_p", "speakers' emphasis and neutral–neutral residuals change places: share of draws with as large an excess", None, null(|d| d.neutral, |n| n.p))
            .number("flips_mean", "control: mean of cosine_speaker_out when residuals of whole speakers change sign", None, null(|d| d.flips, |n| n.mean))
            .number("flips_95", "control: what 5 % of sign flips reach", None, null(|d| d.flips, |n| n.at_95))
            .number("flips_p", "(1 + b) / (1 + B) of the sign flips", None, null(|d| d.flips, |n| n.p))
            .number("flips_q", "the same by Benjamini and Hochberg over all rows of this table", None, |r| r.q)
            .number("repaired_mean", "control: cosine_speaker_out when the changed version of one word meets the neutral version of another", None, null(|d| d.repaired, |n| n.mean))
            .number("repaired_95", "control: what 5 % of re-pairings reach", None, null(|d| d.repaired, |n| n.at_95))
            .number("repaired_p", "(1 + b) / (1 + B) of the re-pairings", None, null(|d| d.repaired, |n| n.p))
            .number("length", "mean length of the residuals, in the tap's own units", None, |r| r.of.length)
            .number("length_over_null", "the same over that of the neutral–neutral residuals", None, |r| r.of.length_over_null)
            .table("emphasis_direction", "Direction consistency", &format!(
                "One row for each tap and condition: whether residuals (changed minus neutral state of the same word) \
                 point the same way. {} permutations, {} re-pairings at most. A null that is empty could not be drawn \
                 from these data.", self.settings.permutations, MOST_REPAIRED.min(self.settings.permutations)))
    }

    fn dimensions(&self) -> Table {
        let rows = self.rows(|t| &t.dimensions, |_: &Dimension| f64::NAN);
        let positive = (0.0, f64::INFINITY);
        self.keyed(&rows)
            .key("condition", "what was done to the word", |r| self.condition(r.of.condition))
            .number("pairs", "pairs; the same number for every condition and system", None, |r| r.of.pairs as f64)
            .estimate("participation_ratio", "(Σλ)² / Σλ² of the centred residuals; too small where pairs are few", None, |r| self.estimate(&r.of.participation, positive))
            .estimate("participation_ratio_unbiased", "the same for the population, with unbiased numerator and denominator", None, |r| self.estimate(&r.of.unbiased, positive))
            .estimate("k90", "components that hold 90 % of the variance", None, |r| self.estimate(&r.of.k90, positive))
            .estimate("k95", "components that hold 95 % of the variance", None, |r| self.estimate(&r.of.k95, positive))
            .table("emphasis_dimension", "Effective dimension", "One row for each tap and condition, at equal n: how many directions the residuals spread over.")
    }

    fn curve(&self) -> Table {
        let mut rows: Vec<At<'_, (usize, CurvePoint)>> = vec![];
        let points: Vec<(&TapFound, Vec<(usize, CurvePoint)>)> = self
            .found
            .iter()
            .map(|t| {
                (
                    t,
                    t.dimensions
                        .iter()
                        .flat_map(|d| d.curve.iter().map(move |p| (d.condition, *p)))
                        .collect(),
                )
            })
            .collect();
        for (tap, of) in &points {
            rows.extend(of.iter().map(|of| At {
                tap,
                of,
                q: f64::NAN,
            }));
        }
        let mut sheet = self
            .keyed(&rows)
            .key("condition", "what was done to the word", |r| {
                self.condition(r.of.0)
            })
            .number("pairs", "pairs in the subsample", None, |r| {
                r.of.1.pairs as f64
            });
        type Get = fn(&CurvePoint) -> [f64; 3];
        let figures: [(&str, Get); 3] = [
            ("participation_ratio", |p| p.participation),
            ("participation_ratio_unbiased", |p| p.unbiased),
            ("k90", |p| p.k90),
        ];
        for (name, get) in figures {
            for (k, (end, meaning)) in [
                ("", "median over subsamples"),
                ("_lo", "2.5 % point"),
                ("_hi", "97.5 % point"),
            ]
            .into_iter()
            .enumerate()
            {
                sheet = sheet.number(&format!("{name}{end}"), meaning, None, move |r| {
                    get(&r.of.1)[k]
                });
            }
        }
        sheet.table("emphasis_dimension_curve", "Effective dimension of fewer pairs", "One row for each tap, condition and number of pairs: what the figures of the table before are on random subsamples (20; at all pairs, one). A curve that still climbs has not found the dimension.")
    }

    fn of_rows(&self, rows: Rows) -> String {
        match rows {
            Rows::Within(condition) => self.condition(condition),
            Rows::Pooled => "all emphasis pooled".into(),
        }
    }

    fn edits(&self) -> Table {
        let rows = self.rows(|t| &t.told, |t: &Told| t.null.map_or(f64::NAN, |n| n.p));
        let of = |f: &Figure| self.estimate(f, UNBOUNDED);
        let length = |k: usize| move |r: &At<'_, Told>| r.of.lengths[k].as_ref().and_then(of);
        self.keyed(&rows)
            .key("condition", "versions whose residuals are regressed", |r| self.of_rows(r.of.rows))
            .key("target", "word_duration: log of the word's length over its neutral length; duration, f0, level: the edit, the first as a logarithm, as the manifest tells it", |r| r.of.target.name().into())
            .number("pairs", "residuals", None, |r| r.of.pairs as f64)
            .text("held_out", "what the held-out rows share with none of the rows fitted", |r| Some(r.of.split.name().into()))
            .estimate("r2", "held-out R² of ridge regression on the residuals, penalty chosen inside every training set", None, |r| of(&r.of.r2))
            .number("null_mean", "control: mean R² with targets shuffled within speakers (those with fewer than four rows among each other)", None, |r| r.of.null.map_or(f64::NAN, |n| n.mean))
            .number("null_95", "control: what 5 % of shuffles reach", None, |r| r.of.null.map_or(f64::NAN, |n| n.at_95))
            .number("p", "(1 + b) / (1 + B)", None, |r| r.of.null.map_or(f64::NAN, |n| n.p))
            .number("q", "the same by Benjamini and Hochberg over all rows of this table", None, |r| r.q)
            .estimate("r2_neutral_length", "control: R² from the log length of the neutral word alone, which cannot know the edit", None, length(0))
            .estimate("r2_changed_length", "control: R² from the log length of the changed word alone", None, length(1))
            .estimate("r2_both_lengths", "what both lengths give: of word_duration the definition (R² 1), of duration most of it. A state that counts frames reaches it without hearing emphasis", None, length(2))
            .estimate("over_both_lengths", "r2 less r2_both_lengths: what the residual tells beyond two lengths", None, |r| r.of.over_lengths.as_ref().and_then(of))
            .table("emphasis_duration", "Duration, F0 and level from residuals", &format!("One row for each tap, condition and target. {} shuffles.", self.settings.regression_draws()))
    }

    fn reconstruction(&self) -> Table {
        let rows: Vec<At<'_, Told>> = self.rows(|t| &t.told, |_| f64::NAN);
        let long: Vec<(usize, usize)> = (0..rows.len())
            .flat_map(|i| (0..COMPONENTS.len()).map(move |k| (i, k)))
            .collect();
        let at: Vec<At<'_, (usize, usize)>> = long
            .iter()
            .map(|of| At {
                tap: rows[of.0].tap,
                of,
                q: f64::NAN,
            })
            .collect();
        let told = |r: &At<'_, (usize, usize)>| rows[r.of.0].of;
        self.keyed(&at)
            .key("condition", "versions whose residuals are regressed", |r| {
                self.of_rows(told(r).rows)
            })
            .key("target", "as in emphasis_duration", |r| {
                told(r).target.name().into()
            })
            .number(
                "components",
                "leading principal components of the residuals fitted",
                None,
                |r| COMPONENTS[r.of.1] as f64,
            )
            .estimate("r2", "held-out R² of least squares on them", None, |r| {
                self.estimate(&told(r).components[r.of.1], UNBOUNDED)
            })
            .table(
                "emphasis_reconstruction",
                "Rebuilt from few components",
                "One row for each tap, condition, target and number of components.",
            )
    }

    fn source(&self, source: Source) -> String {
        match source {
            Source::Residual(c) => format!("residual {}", self.condition(c)),
            Source::State(c) => format!("state {}", self.condition(c)),
            Source::Neutral => format!("state {}", self.design.neutral),
        }
    }

    fn words(&self) -> Table {
        let rows = self.rows(|t| &t.words, |w: &Words| w.null.map_or(f64::NAN, |n| n.p));
        self.keyed(&rows)
            .key("from", "residual: difference of two versions; state: one version as it is", |r| self.source(r.of.source))
            .number("pairs", "word tokens; the same for residuals and states", None, |r| r.of.pairs as f64)
            .number("words", "different words", None, |r| r.of.words as f64)
            .estimate("accuracy", "share of tokens whose word is told, speakers held out; ridge regression on indicators of words, predictors standardised", None, |r| self.estimate(&r.of.accuracy, SHARE))
            .number("chance", "share of the commonest word", None, |r| r.of.chance)
            .number("null_mean", "control: mean accuracy with words shuffled within speakers (speakers with one token among each other)", None, |r| r.of.null.map_or(f64::NAN, |n| n.mean))
            .number("null_95", "control: what 5 % of shuffles reach", None, |r| r.of.null.map_or(f64::NAN, |n| n.at_95))
            .number("p", "(1 + b) / (1 + B)", None, |r| r.of.null.map_or(f64::NAN, |n| n.p))
            .number("q", "the same by Benjamini and Hochberg over all rows of this table", None, |r| r.q)
            .table("emphasis_word", "Word identity", &format!("One row for each tap and source. A residual that tells the word less than the state does at the same n has lost it; one that tells it less than chance allows nothing to be said. {} shuffles.", self.settings.permutations))
    }

    fn transfers(&self) -> Table {
        let rows = self.rows(|t| &t.transfers, |_: &Transfer| f64::NAN);
        self.transfer_sheet(&rows)
            .key("held_out", "what the tested words share with none of those that the direction was learnt on", |r| r.of.split.name().into())
            .table("emphasis_transfer", "Transfer of directions", "One row for each tap, cue learnt on, condition tested on and split. The direction is the mean residual of the words learnt on; versions are projected on it and counted in standard deviations of neutral versions.")
    }

    fn specificity(&self) -> Table {
        let main = self.design.main();
        let all = self.rows(|t| &t.transfers, |_: &Transfer| f64::NAN);
        let strictest = |r: &At<'_, Transfer>| {
            r.tap
                .transfer(r.of.learnt, r.of.tested)
                .is_some_and(|t| t.split == r.of.split)
        };
        let rows: Vec<At<'_, Transfer>> = all
            .into_iter()
            .filter(|r| r.of.learnt == main && strictest(r))
            .collect();
        self.transfer_sheet(&rows)
            .table("emphasis_specificity", "What the direction of emphasis answers to", "One row for each tap and condition: the direction learnt on all cues (else the first condition of emphasis), on other speakers and words. A response of 1 to a control means that the direction cannot tell it from emphasis; the second neutral version is the floor.")
    }

    fn transfer_sheet<'r>(&self, rows: &'r [At<'a, Transfer>]) -> Sheet<'r, At<'a, Transfer>> {
        self.keyed(rows)
            .key("learnt_on", "condition that the direction was learnt on", |r| self.condition(r.of.learnt))
            .key("tested_on", "condition that it was applied to", |r| self.condition(r.of.tested))
            .number("pairs", "pairs tested", None, |r| r.of.pairs as f64)
            .estimate("auc", "chance that a changed version lies further along than a neutral one, of any two words: 0.5 is chance", None, |r| self.estimate(&r.of.auc, SHARE))
            .estimate("share", "share of words whose changed version lies further along than their own neutral one", None, |r| self.estimate(&r.of.share, SHARE))
            .estimate("step", "mean step along the direction, in standard deviations of neutral versions", None, |r| self.estimate(&r.of.step, UNBOUNDED))
            .estimate("response", "mean step along the direction, over that of the condition it was learnt on; not available where the interval of the latter's step holds 0", None, |r| self.estimate(r.of.response.as_ref()?, UNBOUNDED))
            .estimate("auc_over", "chance that a step of the condition learnt on is larger than one of this condition", None, |r| r.of.over.as_ref().and_then(|f| self.estimate(f, SHARE)))
    }
}
