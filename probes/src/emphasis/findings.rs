//! What was found, in sentences that carry their numbers, and cautions.

use phonoscope_analysis::Estimate;

use super::EmphasisSettings;
use super::compare::Compared;
use super::compare_tables::label;
use super::design::{Design, Kind};
use super::edits::{Rows, Told};
use super::input::{EmphasisInput, Part, SystemInfo};
use super::measure::{Headline, TapFound};
use super::words::Source;

/// What sentences are made from.
pub(super) struct Story<'a> {
    pub(super) design: &'a Design,
    pub(super) input: &'a EmphasisInput,
    pub(super) settings: &'a EmphasisSettings,
    pub(super) found: &'a [TapFound],
    pub(super) compared: &'a [Compared],
}

/// A number with its interval.
fn with_interval(e: &Estimate, digits: usize) -> String {
    format!(
        "{:.digits$} [{:.digits$}, {:.digits$}]",
        e.value, e.lo, e.hi
    )
}

/// Largest difference of two R² that counts as none.
const NO_MORE: f64 = 0.02;

impl Story<'_> {
    fn systems(&self) -> &[SystemInfo] {
        &self.input.systems
    }

    fn tap_name(&self, f: &TapFound) -> String {
        self.systems()
            .get(f.system)
            .and_then(|s| s.taps.get(f.tap))
            .map_or(String::new(), |t| t.name.clone())
    }

    /// The tap of a system where the main direction is most consistent.
    pub(super) fn shown(&self, system: usize) -> Option<&TapFound> {
        let value = |f: &TapFound| {
            let all = f.headlines(self.design);
            let own = all.into_iter().find(|(name, _)| *name == Headline::Excess);
            own.map_or(f64::NEG_INFINITY, |(_, figure)| figure.value)
        };
        let mut best: Option<(&TapFound, f64)> = None;
        for f in self.found.iter().filter(|f| f.system == system) {
            let v = value(f);
            if v.is_finite() && best.is_none_or(|(_, b)| v > b) {
                best = Some((f, v));
            }
        }
        best.map(|(f, _)| f)
    }

    fn estimate(&self, figure: &super::spread::Figure) -> Option<Estimate> {
        figure.estimate(self.settings.level, (f64::NEG_INFINITY, f64::INFINITY))
    }

    pub(super) fn summary(&self) -> Vec<String> {
        let design = self.design;
        let emphasised = design.having(design.main()).len();
        let mut out = vec![format!(
            "{} word tokens of {} words and {} speakers have a neutral version, {} of them `{}`; all figures below \
             are of that condition unless they name another.",
            design.pairs.len(),
            design.words.len(),
            design.speakers.len(),
            emphasised,
            design.conditions[design.main()].name
        )];
        for system in 0..self.systems().len() {
            out.extend(self.of_system(system));
        }
        out.extend(self.of_pairs());
        out.push(
            "These are tests of what the abstract of arXiv 2508.11566 claims (residuals go with duration change, tell \
             little of word identity, and lie in a smaller subspace after ASR training); they are no replication: its \
             data, models and measures are not known."
                .into(),
        );
        out
    }

    /// What is said of one system, at the tap where its direction is most consistent.
    fn of_system(&self, system: usize) -> Vec<String> {
        let design = self.design;
        let main = design.main();
        let (Some(info), Some(f)) = (self.systems().get(system), self.shown(system)) else {
            return vec![];
        };
        let mut parts = vec![];
        if let Some(d) = f.direction(main) {
            let own = self.estimate(&d.speaker_out).map(|e| with_interval(&e, 2));
            let against = d.neutral.map_or(String::new(), |n| {
                format!(
                    ", against {:.2} of two neutral versions (p {:.3})",
                    n.mean, n.p
                )
            });
            parts.push(format!(
                "cosine to the direction of other speakers {}{against}",
                own.unwrap_or_default()
            ));
        }
        if let Some(t) = f.duration(main) {
            parts.push(self.duration(t));
        }
        if let (Some(r), Some(s)) = (f.word(Source::Residual(main)), f.word(Source::Neutral)) {
            let of = |figure| {
                self.estimate(figure)
                    .map_or(String::new(), |e| with_interval(&e, 2))
            };
            parts.push(format!(
                "word told in {} of residuals and {} of neutral states (chance {:.2})",
                of(&r.accuracy),
                of(&s.accuracy),
                r.chance
            ));
        }
        if let Some(e) = f.dimension(main).and_then(|d| self.estimate(&d.unbiased)) {
            parts.push(format!("participation ratio {}", with_interval(&e, 1)));
        }
        let controls: Vec<String> = design
            .of_kind(Kind::Control)
            .into_iter()
            .filter_map(|c| {
                let e = self.estimate(f.transfer(main, c)?.response.as_ref()?)?;
                Some(format!(
                    "{} {}",
                    design.conditions[c].name,
                    with_interval(&e, 2)
                ))
            })
            .collect();
        let unanswered = f.transfer(main, main).is_some_and(|t| t.response.is_none());
        if unanswered {
            parts.push(
                "on other speakers and words the direction takes no step that is told from 0, so what else it \
                 answers to is not available"
                    .into(),
            );
        } else if !controls.is_empty() {
            parts.push(format!(
                "the direction answers, emphasis being 1: {}",
                controls.join(", ")
            ));
        }
        if parts.is_empty() {
            return vec![];
        }
        let n = f.direction(main).map_or(0, |d| d.speaker_out.n);
        vec![format!(
            "{} ({}), {}, n {n} speakers: {}.",
            info.name,
            info.part.name(),
            self.tap_name(f),
            parts.join("; ")
        )]
    }

    fn duration(&self, t: &Told) -> String {
        let own = self
            .estimate(&t.r2)
            .map_or(String::new(), |e| with_interval(&e, 2));
        let null = t
            .null
            .map_or(String::new(), |n| format!(", {:.2} when shuffled", n.mean));
        let lengths = t.lengths[2].as_ref().map_or(String::new(), |f| {
            let more = t.over_lengths.as_ref().and_then(|d| self.estimate(d));
            let verdict = more.map_or("", |e| {
                if e.hi < NO_MORE || e.value < NO_MORE {
                    ", which is no less"
                } else {
                    ""
                }
            });
            format!(", {:.2} from the two lengths alone{verdict}", f.value)
        });
        format!("{} held-out R² {own}{null}{lengths}", t.target.name())
    }

    /// Differences of models at their best taps or equal depth.
    fn of_pairs(&self) -> Vec<String> {
        let systems = self.systems();
        let models = |c: &&Compared| {
            systems[c.first].part == Part::Model && systems[c.second].part == Part::Model
        };
        let mut out = vec![];
        let mut pairs: Vec<(usize, usize)> = self
            .compared
            .iter()
            .filter(models)
            .map(|c| (c.first, c.second))
            .collect();
        pairs.dedup();
        for (first, second) in pairs {
            let of: Vec<String> = self
                .compared
                .iter()
                .filter(|c| (c.first, c.second) == (first, second) && c.depth.is_none())
                .filter_map(|c| {
                    c.difference
                        .as_ref()
                        .map(|d| format!("{} {}", c.measure, with_interval(d, 2)))
                })
                .collect();
            if !of.is_empty() {
                out.push(format!(
                    "{} less {} ({}), each at its best tap: {}.",
                    systems[first].name,
                    systems[second].name,
                    label(systems, first, second),
                    of.join(", ")
                ));
            }
        }
        out
    }

    pub(super) fn warnings(&self) -> Vec<String> {
        let mut out = self.design.missing.clone();
        let mut reasons = std::collections::BTreeMap::<String, usize>::new();
        for (id, why) in &self.design.unused {
            // A reason that names its own row is the same as that of another row.
            let why = why.replace(&format!("utterance `{id}`"), "it");
            *reasons.entry(why).or_default() += 1;
        }
        out.extend(
            reasons
                .iter()
                .map(|(why, n)| format!("{n} versions take no part: {why}")),
        );
        let asked: Vec<&str> = self
            .input
            .edits
            .iter()
            .filter(|e| e.column.is_some() && !e.measured)
            .map(|e| e.edit.column())
            .collect();
        if !asked.is_empty() {
            out.push(format!(
                "{} are amounts that were asked for, not measured on the result",
                asked.join(", ")
            ));
        }
        if self.design.speakers.len() < 20 {
            out.push(format!(
                "intervals rest on {} speakers and may be too narrow",
                self.design.speakers.len()
            ));
        }
        if !self.settings.nulls {
            out.push("permutation nulls were left out as asked".into());
        }
        for system in self.systems().iter().filter(|s| s.part == Part::Model) {
            for part in [Part::Redrawn, Part::Permuted] {
                let has = self
                    .systems()
                    .iter()
                    .any(|s| s.part == part && s.twin_of.as_ref() == Some(&system.name));
                if !has {
                    out.push(format!(
                        "the {} of {} is not available: it was not run",
                        part.name(),
                        system.name
                    ));
                }
            }
        }
        if !self.systems().iter().any(|s| s.part == Part::Baseline) {
            out.push("the log-mel baseline is not available: it was not run".into());
        }
        for f in self.found.iter().filter(|f| !f.missing.is_empty()) {
            let name = self.systems().get(f.system).map_or("", |s| s.name.as_str());
            out.push(format!(
                "{name}, {}: {}",
                self.tap_name(f),
                f.missing.join("; ")
            ));
        }
        out.extend(self.lengths_alone());
        out
    }

    /// Whether a model tells no more of the duration than lengths do, and answers to mere rate as to emphasis.
    fn lengths_alone(&self) -> Vec<String> {
        let design = self.design;
        let main = design.main();
        let mut out = vec![];
        for (at, info) in self
            .systems()
            .iter()
            .enumerate()
            .filter(|(_, s)| s.part == Part::Model)
        {
            let Some(f) = self.shown(at) else { continue };
            let told = f.told(Rows::Within(main), super::edits::Target::Word);
            if let Some((t, e)) =
                told.and_then(|t| Some((t, self.estimate(t.over_lengths.as_ref()?)?)))
                && t.r2.value > 0.5
                && e.value > -NO_MORE
            {
                out.push(format!(
                    "{}: residuals tell the word's length as well as counting its frames does (R² {:.2}); that is \
                     no evidence of emphasis",
                    info.name, t.r2.value
                ));
            }
            for control in design.of_kind(Kind::Control) {
                let Some(e) = f
                    .transfer(main, control)
                    .and_then(|t| self.estimate(t.response.as_ref()?))
                else {
                    continue;
                };
                if e.hi >= 1.0 {
                    out.push(format!(
                        "{}: its direction of emphasis answers to `{}` as strongly as to emphasis ({}), so it is not \
                         specific to emphasis",
                        info.name,
                        design.conditions[control].name,
                        with_interval(&e, 2)
                    ));
                }
            }
        }
        out
    }
}
