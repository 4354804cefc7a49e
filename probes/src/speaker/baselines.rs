//! The same conclusions from vectors that learned nothing of speakers: what the corpus and the
//! architecture give away by themselves.

use ndarray::Array2;
use phonoscope_analysis::task::Task;
use phonoscope_analysis::{Error, Estimate, Result};

use super::components;
use super::sensitivity::{self, Conclusions};
use super::sex::Sex;
use super::system::Corpus;
use super::{ControlInput, SystemInput};
use crate::report::{Column, Role, Table};

/// The system itself, or a control beside it.
pub(super) struct Baseline {
    /// `model`, `twin` or `log_mel`.
    kind: &'static str,
    words: String,
    found: std::result::Result<Found, String>,
}

struct Found {
    dim: usize,
    /// Components that hold half of the variance.
    half: Estimate,
    conclusions: Conclusions,
}

/// The system with `half` as it was found, then its controls; nothing where it has none.
pub(super) fn beside(
    corpus: &Corpus<'_>,
    system: &SystemInput,
    half: Estimate,
    sex: Option<&Sex<'_>>,
    task: &Task,
) -> Result<Vec<Baseline>> {
    if system.controls.is_empty() || !corpus.settings.baselines {
        return Ok(vec![]);
    }
    let own = SystemInput {
        controls: vec![],
        ..system.clone()
    };
    let mut out = vec![Baseline {
        kind: "model",
        words: "the embeddings of this report".into(),
        found: look(corpus, &own, Some(half), sex, task)?,
    }];
    for control in &system.controls {
        let found = match &control.vectors {
            Err(why) => Err(why.clone()),
            Ok(vectors) => look(corpus, &stand_in(control, vectors), None, sex, task)?,
        };
        out.push(Baseline {
            kind: control.kind,
            words: control.words.clone(),
            found,
        });
    }
    Ok(out)
}

fn stand_in(control: &ControlInput, vectors: &Array2<f64>) -> SystemInput {
    SystemInput {
        name: control.kind.into(),
        normalise: control.normalise,
        embeddings: vectors.clone(),
        controls: vec![],
    }
}

/// What is found, or why nothing is.
fn look(
    corpus: &Corpus<'_>,
    system: &SystemInput,
    half: Option<Estimate>,
    sex: Option<&Sex<'_>>,
    task: &Task,
) -> Result<std::result::Result<Found, String>> {
    let measured = || -> Result<Found> {
        let arrangement = sensitivity::as_analysed(corpus, system)?;
        Ok(Found {
            dim: system.embeddings.ncols(),
            half: match half {
                Some(half) => half,
                None => components::half(arrangement.rows(), corpus.settings, task)?,
            },
            conclusions: sensitivity::conclusions(&arrangement, corpus, sex, task)?,
        })
    };
    match measured() {
        Ok(found) => Ok(Ok(found)),
        Err(Error::Cancelled) => Err(Error::Cancelled),
        Err(why) => Ok(Err(why.to_string())),
    }
}

/// One sentence for each control.
pub(super) fn in_words(baselines: &[Baseline]) -> Vec<String> {
    let sentence = |b: &Baseline| {
        let name = match b.kind {
            "twin" => "the model with random weights",
            _ => "64 log-mel bands without a model",
        };
        match &b.found {
            Err(why) => format!("control not run: {name}: {why}"),
            Ok(found) => {
                let mut words = format!(
                    "control: {name}: half of the variance in {:.0} [{:.0}, {:.0}] components",
                    found.half.value, found.half.lo, found.half.hi
                );
                if let Some((component, auc, _)) = &found.conclusions.sex {
                    words += &format!(
                        "; PC{component} parts the sexes with AUC {:.3} [{:.3}, {:.3}]",
                        auc.value, auc.lo, auc.hi
                    );
                }
                if let Some(worth) = &found.conclusions.worth {
                    words += &format!(
                        "; descriptors predict {:.1} % [{:.1}, {:.1}], worth {:.1} [{:.1}, {:.1}] components",
                        100.0 * worth.r2.value,
                        100.0 * worth.r2.lo,
                        100.0 * worth.r2.hi,
                        worth.components.value,
                        worth.components.lo,
                        worth.components.hi
                    );
                }
                words
            }
        }
    };
    let controls = baselines.iter().filter(|b| b.kind != "model");
    controls.map(sentence).collect()
}

pub(super) fn table(baselines: &[Baseline]) -> Table {
    let found = |b: &Baseline| b.found.as_ref().ok().map(|f| (f.dim, f.half));
    let conclusions = |b: &Baseline| -> Option<(Option<Estimate>, Option<Estimate>)> {
        let of = &b.found.as_ref().ok()?.conclusions;
        let worth = of.worth.as_ref();
        Some((worth.map(|w| w.r2), worth.map(|w| w.components)))
    };
    let sex = |b: &Baseline| b.found.as_ref().ok().and_then(|f| f.conclusions.sex);
    let text = |id: &str, role, meaning: &str, f: &dyn Fn(&Baseline) -> Option<String>| {
        Column::text(id, role, meaning, baselines.iter().map(f).collect())
    };
    let number = |id: &str, meaning: &str, f: &dyn Fn(&Baseline) -> f64| {
        let values: Vec<f64> = baselines.iter().map(f).collect();
        Column::number(id, Role::Value, meaning, None, values)
    };
    let estimate = |id: &str, meaning: &str, f: &dyn Fn(&Baseline) -> Option<Estimate>| {
        Column::estimate(id, meaning, None, baselines.iter().map(f).collect())
    };
    let columns = vec![
        text(
            "vectors",
            Role::Key,
            "model: the embeddings; twin: the same network with random weights; log_mel: no network",
            &|b| Some(b.kind.into()),
        ),
        estimate("half", "components that hold half of the variance", &|b| {
            found(b).map(|f| f.1)
        }),
        number(
            "sex_component",
            "component, of the first ten, that parts the sexes best",
            &|b| sex(b).map_or(f64::NAN, |s| s.0 as f64),
        ),
        estimate("sex_auc", "its AUC, the component held fixed", &|b| {
            sex(b).map(|s| s.1)
        }),
        estimate(
            "r_squared",
            "held-out R² of the linear regression on all descriptors",
            &|b| conclusions(b).and_then(|c| c.0),
        ),
        estimate(
            "equivalent_components",
            "leading components that are worth as much",
            &|b| conclusions(b).and_then(|c| c.1),
        ),
        number("dim", "dimensions", &|b| {
            found(b).map_or(f64::NAN, |f| f.0 as f64)
        }),
        text("what", Role::Metadata, "what the vectors are", &|b| {
            Some(b.words.clone())
        }),
        text("note", Role::Value, "why there is no figure", &|b| {
            b.found.as_ref().err().cloned()
        }),
    ];
    Table::new(
        "baselines",
        "Is it the training?",
        "The main conclusions from the embeddings, from the same network with random weights, and from the \
         recordings' spectra without a network: same speakers, folds, descriptors and resampling. What a \
         baseline shows as well was not learned. R² of two rows are shares of different variances.",
        columns,
    )
}
