//! One system after the other, over what is known of the corpus.

use ndarray::Axis;
use phonoscope_analysis::task::Task;
use phonoscope_analysis::{Error, Result};

use super::age::Age;
use super::columns::SpeakerColumn;
use super::components::Spectrum;
use super::descriptors::Descriptors;
use super::folds::Folds;
use super::gathering::Speakers;
use super::intervals::Association;
use super::regression::{Matched, Regression};
use super::selection::Step;
use super::sex::{self, Sex};
use super::{
    SpeakerInput, SpeakerSettings, SystemInput, age_table, association, baselines, card_tables,
    cards, components, conditions, findings, gathering, intervals, labels, regression, selection,
    sensitivity, sensitivity_table, sex_tables, tables,
};
use crate::report::Table;

/// What is known of the speakers, whatever the system.
pub(super) struct Corpus<'a> {
    pub(super) input: &'a SpeakerInput,
    pub(super) columns: Vec<SpeakerColumn>,
    pub(super) folds: Folds,
    pub(super) descriptors: Descriptors,
    pub(super) settings: &'a SpeakerSettings,
}

impl Corpus<'_> {
    /// Tables of the corpus.
    pub(super) fn tables(&self) -> Result<Vec<Table>> {
        let mut out = vec![tables::columns(&self.columns)];
        if !self.input.descriptors.is_empty() {
            out.push(self.descriptors.table(self.input)?);
        }
        Ok(out)
    }

    /// Cautions about the corpus.
    pub(super) fn warnings(&self, speakers: &Speakers) -> Vec<String> {
        let mut out = findings::of_columns(&self.columns);
        out.extend(self.descriptors.warnings(self.input, speakers));
        for group in &self.folds.together {
            let names: Vec<&str> = group.iter().map(|s| speakers.names[*s].as_str()).collect();
            out.push(format!(
                "speakers {} share recordings: they are kept in one fold, and may be one person",
                names.join(", ")
            ));
        }
        if let Some(why) = self.left_out() {
            out.push(format!(
                "descriptors are not compared with the embeddings: {why}"
            ));
        }
        out
    }

    /// Names of all given descriptors, and their medians by speaker.
    fn medians(&self) -> Vec<(&str, &[Option<f64>])> {
        let names = self.input.descriptors.iter().map(|d| d.name.as_str());
        let medians = self.descriptors.medians.iter().map(Vec::as_slice);
        names.zip(medians).collect()
    }

    /// Why descriptors take no part, where some were given.
    fn left_out(&self) -> Option<String> {
        match self.input.descriptors.is_empty() {
            true => None,
            false => self.descriptors.too_few(self.folds.count),
        }
    }

    /// Whether descriptors can be compared with embeddings.
    pub(super) fn has_descriptors(&self) -> bool {
        !self.input.descriptors.is_empty() && self.left_out().is_none()
    }
}

/// What was found about one system.
pub(super) struct Found {
    pub(super) speakers: Speakers,
    pub(super) spectrum: Spectrum,
    pub(super) tables: Vec<Table>,
    pub(super) summary: Vec<String>,
    pub(super) warnings: Vec<String>,
}

pub(super) fn probe(corpus: &Corpus<'_>, system: &SystemInput, task: &Task) -> Result<Found> {
    let settings = corpus.settings;
    let speakers = gathering::gather(corpus.input, system)?;
    let spectrum = components::decompose(&speakers, &corpus.folds.of_speaker, settings, task)
        .map_err(|e| in_system(e, corpus, system))?;
    let scores = spectrum.shown_scores();
    let tested = association::test(scores, &corpus.columns, settings, task)?;
    let associations = intervals::with_intervals(scores, &corpus.columns, tested, settings, task)?;
    let mut out = Found {
        tables: vec![
            tables::speakers(&speakers, &corpus.columns, &corpus.medians(), scores),
            tables::components(&spectrum, system.normalise, settings),
            tables::associations(&corpus.columns, &associations, settings),
        ],
        summary: findings::summary(
            &speakers,
            &corpus.columns,
            &spectrum,
            &associations,
            system.normalise,
            settings,
        ),
        warnings: findings::warnings(&speakers, &spectrum, &associations, settings),
        speakers,
        spectrum,
    };
    let sex = Sex::find(&corpus.columns);
    if corpus.has_descriptors() {
        on_descriptors(corpus, &mut out, sex.as_ref(), task)?;
    }
    if let Some(sex) = &sex {
        on_sex(corpus, &mut out, sex, &associations, task)?;
    }
    if let Some(age) = Age::find(&corpus.columns) {
        let (rows, remarks) = age_table::within_groups(corpus, &out, &age, sex.as_ref(), task)?;
        out.summary.extend(findings::ages(&rows));
        out.warnings.extend(remarks);
        out.tables.push(age_table::table(&age, &rows));
    }
    let beside = baselines::beside(corpus, system, out.spectrum.half, sex.as_ref(), task)?;
    if !beside.is_empty() {
        out.summary.extend(baselines::in_words(&beside));
        out.tables.push(baselines::table(&beside));
    }
    if settings.sensitivity {
        let rows = sensitivity::panel(corpus, system, sex.as_ref(), task)?;
        out.tables.push(sensitivity_table::table(&rows));
    }
    Ok(out)
}

/// Everything in which descriptors take part.
fn on_descriptors(
    corpus: &Corpus<'_>,
    out: &mut Found,
    sex: Option<&Sex<'_>>,
    task: &Task,
) -> Result<()> {
    let (settings, descriptors) = (corpus.settings, &corpus.descriptors);
    let matched = Matched::new(
        out.speakers.embeddings.view(),
        descriptors,
        &corpus.folds,
        settings.scaling,
    );
    let mut regressions = regression::over_all(&matched, settings, task)?;
    if let Some(sex) = sex {
        let (rows, class) = sex.known(&descriptors.speakers);
        for c in [0, 1] {
            let of = rows.iter().zip(&class).filter(|(_, class)| **class == c);
            let rows: Vec<usize> = of.map(|(row, _)| *row).collect();
            let label = sex.label(c);
            match regression::within(&matched.of(&rows), &label, settings, task)? {
                Ok(found) => regressions.push(found),
                Err(why) => out.warnings.push(why),
            }
        }
    }
    let steps = selection::select(&matched, &descriptors.names, settings, task)?;
    let scores = out
        .spectrum
        .shown_scores()
        .select(Axis(0), &descriptors.speakers);
    let measured = cards::measure(matched.x.view(), scores.view(), settings, task)?;
    let given = &corpus.input.descriptors;
    let partials = conditions::partials(descriptors, given, scores.view(), settings.level)?;
    out.summary
        .splice(0..0, worth_in_words(&regressions, &steps, settings));
    out.tables.extend([
        regression::table(&regressions, settings),
        selection::table(&steps, settings),
        card_tables::cards(&measured, &descriptors.names, settings),
        card_tables::fits(&measured),
    ]);
    if !partials.is_empty() {
        out.tables.push(conditions::table(&partials));
    }
    Ok(())
}

/// Everything in which the sex takes part.
fn on_sex(
    corpus: &Corpus<'_>,
    out: &mut Found,
    sex: &Sex<'_>,
    associations: &[Association],
    task: &Task,
) -> Result<()> {
    let (settings, descriptors) = (corpus.settings, &corpus.descriptors);
    let scores = out.spectrum.shown_scores();
    let separations = sex::separations(sex, scores, associations, settings, task)?;
    let (mut differences, mut why_not) = (None, None);
    if corpus.has_descriptors() {
        let (rows, class) = sex.known(&descriptors.speakers);
        let x = descriptors.x.select(Axis(0), &rows);
        let speakers: Vec<usize> = rows.iter().map(|r| descriptors.speakers[*r]).collect();
        let scores = scores.select(Axis(0), &speakers);
        match sex::differences(x.view(), scores.view(), &class, settings, task)? {
            Ok(found) => differences = Some(found),
            Err(why) => why_not = Some(why),
        }
    }
    out.summary
        .extend(findings::sexes(&separations, differences.as_ref()));
    out.tables.push(sex_tables::separations(
        sex,
        &separations,
        differences.as_ref(),
        why_not.as_deref(),
    ));
    if let Some(differences) = &differences {
        out.tables
            .push(sex_tables::slopes(sex, &descriptors.names, differences));
    }
    let embeddings = out.speakers.embeddings.view();
    match labels::look(sex, embeddings, &corpus.folds.of_speaker) {
        Ok(found) => {
            let names: Vec<String> = corpus
                .input
                .descriptors
                .iter()
                .map(|d| d.name.clone())
                .collect();
            let listed = found.suspicious().len();
            if listed > 0 {
                out.warnings.push(format!(
                    "{} an embedding that says the other `{}`, so far from their own class that {} \
                     would be by chance were scores normal (with right labels 1 to 3 of 251 were listed in \
                     simulations): listen to them (table suspicious_labels)",
                    match listed {
                        1 => "1 speaker has".to_owned(),
                        n => format!("{n} speakers have"),
                    },
                    sex.name,
                    labels::BY_CHANCE
                ));
            }
            let table = labels::table(sex, &found, &out.speakers, descriptors, &names);
            out.tables.push(table);
        }
        Err(Error::Cancelled) => return Err(Error::Cancelled),
        Err(why) => out
            .warnings
            .push(format!("labels were not looked at: {why}")),
    }
    Ok(())
}

/// The paper's headline, for these speakers.
fn worth_in_words(
    regressions: &[Regression],
    steps: &[Step],
    settings: &SpeakerSettings,
) -> Vec<String> {
    let words = |r: &Regression| {
        let model = match r.model {
            "mlp" => "a multilayer perceptron",
            _ => "a linear regression",
        };
        let control = match r.null {
            Some((null, p)) => format!(" (null 95 %: {:.1} %, p {p:.3})", 100.0 * null),
            None => String::new(),
        };
        let note = r.note.as_ref().map_or(String::new(), |n| format!("; {n}"));
        let whose = match r.speakers.as_str() {
            "all" => String::new(),
            class => format!(" with {class}"),
        };
        format!(
            "{} descriptors predict {:.1} % [{:.1}, {:.1}] of the variance of held-out speakers{whose} by \
             {model}{control}, as much as {:.1} [{:.1}, {:.1}] components{note}",
            r.descriptors,
            100.0 * r.worth.r2.value,
            100.0 * r.worth.r2.lo,
            100.0 * r.worth.r2.hi,
            r.worth.components.value,
            r.worth.components.lo,
            r.worth.components.hi,
        )
    };
    let mut out: Vec<String> = regressions.iter().map(words).collect();
    if let Some(last) = steps.last() {
        let names: Vec<&str> = steps.iter().map(|s| s.descriptor.as_str()).collect();
        out.push(format!(
            "the best {} descriptors, none correlated beyond |r| {}, are {}: {:.1} % [{:.1}, {:.1}] of the \
             variance of held-out speakers when chosen without them",
            steps.len(),
            settings.cap,
            names.join(", "),
            100.0 * last.worth.r2.value,
            100.0 * last.worth.r2.lo,
            100.0 * last.worth.r2.hi,
        ));
    }
    out
}

/// The system's name in the message, where there are several.
fn in_system(error: Error, corpus: &Corpus<'_>, system: &SystemInput) -> Error {
    match error {
        Error::Undefined { what, why } if corpus.input.systems.len() > 1 => Error::Undefined {
            what: format!("{what} of `{}`", system.name),
            why,
        },
        other => other,
    }
}
