//! Moments of frames by sample, layer and block of speakers, and courses over time.

use phonoscope_analysis::distance::{Gaussian, Mahalanobis};
use phonoscope_analysis::pca::Moments;
use phonoscope_analysis::task::Task;

use super::super::QualitySettings;
use super::super::corpus::{Corpus, FOLDS};
use super::basis::Basis;
use super::course::{Counterpart, Course, Courses};
use super::pass::Pass;
use super::reading::{Followed, Frames};
use crate::error::Result;
use crate::report::Skipped;

/// Blocks of speakers that frames are kept by, for intervals and floors.
pub(super) const GROUPS: usize = 10;

/// What the passes gave.
pub(super) struct Gathered {
    /// `[sample][layer][group]`, the reference first.
    pub(super) moments: Vec<Vec<Vec<Moments>>>,
    pub(super) groups: usize,
    pub(super) courses: Option<Courses>,
    pub(super) skipped: Vec<Skipped>,
}

/// Group of an item: its block, folded.
pub(super) fn group_of(corpus: &Corpus<'_>, item: usize, groups: usize) -> usize {
    corpus.block_of[corpus.unit_of[item]] % groups
}

/// What finds the reference's version of a recording.
fn counterpart(corpus: &Corpus<'_>, item: usize) -> Option<Counterpart> {
    let item = &corpus.items[item];
    Some((item.speaker.clone(), item.pair.clone()?))
}

pub(super) fn gather(
    pass: &Pass<'_>,
    corpus: &Corpus<'_>,
    basis: &Basis,
    followed: Option<Followed>,
    settings: &QualitySettings,
    task: &Task,
) -> Result<Gathered> {
    let groups = GROUPS.min(corpus.blocks);
    let empty = || -> Vec<Vec<Moments>> {
        let layer = |l: &super::basis::Layer| vec![Moments::new(l.components()); groups];
        basis.layers.iter().map(layer).collect()
    };
    let mut out = Gathered {
        moments: (0..=corpus.systems.len()).map(|_| empty()).collect(),
        groups,
        courses: None,
        skipped: vec![],
    };
    let of_utterance = |frames: &Frames| -> Result<Vec<Moments>> {
        let of = |layer: &super::basis::Layer| {
            let frames = frames.get(layer.tap).map(|f| layer.project(f.view()));
            frames.map_or(Ok(Moments::new(layer.components())), |x| {
                Moments::of_block(x.view())
            })
        };
        Ok(basis.layers.iter().map(of).collect::<Result<Vec<_>, _>>()?)
    };
    let add = |sample: usize,
               item: usize,
               found: Vec<Moments>,
               moments: &mut Vec<Vec<Vec<Moments>>>|
     -> Result<()> {
        let group = group_of(corpus, item, groups);
        let layers = moments.get_mut(sample).into_iter().flatten();
        for (groups, one) in layers.zip(&found) {
            if let Some(all) = groups.get_mut(group) {
                all.merge(one)?;
            }
        }
        Ok(())
    };
    let lost = |item: usize, reason: String| Skipped {
        id: corpus.items[item].id.clone(),
        reason,
    };
    let make = |_: usize, frames: Frames| of_utterance(&frames);
    pass.over(
        "frames of the reference",
        &corpus.reference,
        task,
        make,
        |item, found| {
            match found {
                Ok(found) => add(0, item, found, &mut out.moments)?,
                Err(reason) => out.skipped.push(lost(item, reason)),
            }
            Ok(())
        },
    )?;
    let models = match &followed {
        None => None,
        Some(followed) => Some(held_out_models(&out, followed, groups)?),
    };
    let course = |item: usize, frames: &Frames| -> Result<Option<Course>> {
        let (Some(followed), Some(models)) = (&followed, &models) else {
            return Ok(None);
        };
        let Some(layer) = basis.layers.get(followed.layer) else {
            return Ok(None);
        };
        let Some(frames) = frames.get(layer.tap) else {
            return Ok(None);
        };
        let fold = group_of(corpus, item, groups) % models.len().max(1);
        let squares = match models.get(fold) {
            Some(model) => model.squared(layer.project(frames.view()).view())?,
            None => return Ok(None),
        };
        let scaled = squares.mapv(|v| v / layer.components() as f64);
        Ok(Some(Course::new(&scaled.to_vec(), followed.step_secs)))
    };
    let mut courses = followed
        .clone()
        .map(|f| Courses::new(f.name, f.step_secs, settings.worst));
    if courses.is_some() {
        let make = |item: usize, frames: Frames| course(item, &frames);
        pass.over(
            "reference over time",
            &corpus.reference,
            task,
            make,
            |item, found| {
                if let (Ok(Some(found)), Some(courses)) = (found, &mut courses) {
                    courses.add_reference(&found, counterpart(corpus, item));
                }
                Ok(())
            },
        )?;
        if let Some(courses) = &mut courses {
            courses.finish_reference();
        }
    }
    for (place, system) in corpus.systems.iter().enumerate() {
        let stage = format!("frames of {}", system.name);
        let make = |item: usize, frames: Frames| -> Result<(Vec<Moments>, Option<Course>)> {
            Ok((of_utterance(&frames)?, course(item, &frames)?))
        };
        pass.over(&stage, &system.rows, task, make, |item, found| {
            match found {
                Ok((found, course)) => {
                    add(place + 1, item, found, &mut out.moments)?;
                    if let (Some(course), Some(courses)) = (course, &mut courses) {
                        let counterpart = counterpart(corpus, item);
                        courses.add_system(place, item, &course, counterpart.as_ref());
                    }
                }
                Err(reason) => out.skipped.push(lost(item, reason)),
            }
            Ok(())
        })?;
    }
    out.courses = courses;
    Ok(out)
}

/// For each fold, the reference without it.
fn held_out_models(
    gathered: &Gathered,
    followed: &Followed,
    groups: usize,
) -> Result<Vec<Mahalanobis>> {
    let folds = FOLDS.min(groups);
    let reference = gathered
        .moments
        .first()
        .and_then(|layers| layers.get(followed.layer));
    (0..folds)
        .map(|fold| {
            let kept = reference.into_iter().flatten().enumerate();
            let kept = kept
                .filter(|(group, _)| group % folds != fold)
                .map(|(_, m)| m);
            Ok(Mahalanobis::new(&shrunk(&merged(kept)?)?)?)
        })
        .collect()
}

/// Weight of equal variances in the reference model of frames, so that directions in which the reference hardly
/// varies do not decide alone.
pub(super) const SHRINKAGE: f64 = 0.01;

fn shrunk(of: &Gaussian) -> phonoscope_analysis::Result<Gaussian> {
    let mean_variance = of.covariance().diag().mean().unwrap_or(0.0);
    let mut covariance = of.covariance() * (1.0 - SHRINKAGE);
    covariance
        .diag_mut()
        .mapv_inplace(|v| v + SHRINKAGE * mean_variance);
    Gaussian::new(of.mean().clone(), covariance)
}

/// The normal distribution of moments taken together.
pub(super) fn merged<'m>(
    of: impl IntoIterator<Item = &'m Moments>,
) -> phonoscope_analysis::Result<Gaussian> {
    let mut all: Option<Moments> = None;
    for one in of {
        match &mut all {
            None => all = Some(one.clone()),
            Some(all) => all.merge(one)?,
        }
    }
    let all = all.unwrap_or_else(|| Moments::new(1));
    Gaussian::new(all.mean().clone(), all.covariance()?)
}
