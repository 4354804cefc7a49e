//! Running a network with one of its layers pushed.

use ndarray::{Array1, ArrayD, IxDyn};
use phonoscope_analysis::rng;
use phonoscope_analysis::task::Task;
use phonoscope_models::engine::Session;
use phonoscope_models::graph::{Edit as GraphEdit, Intervention, intervened};
use phonoscope_models::{Axis, Feed, Model, Tap};
use rand::RngExt as _;

use super::intervene::{Pushing, Subject, refuse};
use super::learnt::Learnt;
use crate::error::Result;
use crate::extract::{Extractor, Prepared};

impl Pushing<'_> {
    /// For each word, push and later tap, how its state changed.
    pub(super) fn changes(
        &self,
        at: usize,
        pushed: &[usize],
        learnt: &[Learnt],
    ) -> Result<Vec<Vec<Vec<Array1<f64>>>>> {
        let Subject {
            model,
            taps,
            engine,
            rows,
            manifest,
            ..
        } = *self.subject;
        let name = |tap: usize| self.input.systems[self.system].taps[tap].name.as_str();
        let of = |name: &str| taps.iter().find(|t| t.name == name).cloned();
        let target =
            of(name(at)).ok_or_else(|| refuse("its taps are not those of the run".into()))?;
        let later: Vec<Tap> = (at..at + learnt.len())
            .map(|tap| {
                of(name(tap)).ok_or_else(|| refuse("its taps are not those of the run".into()))
            })
            .collect::<Result<_>>()?;
        let made = intervened(
            &model.graph,
            &[Intervention {
                tensor: target.tensor.clone(),
                edit: GraphEdit::Add,
            }],
        )?;
        let input = made
            .inputs
            .first()
            .cloned()
            .flatten()
            .ok_or_else(|| refuse("the graph takes no push".into()))?;
        let changed = Model {
            graph: made.graph,
            ..model.clone()
        };
        let extractor = Extractor::new(&changed, engine, &later, rows)?;
        let mut session = extractor.open(&[])?;
        let pushes = self.pushes(&learnt[0]);
        let task = self.bench.task;
        task.progress
            .start("pushing layers", "words", Some(pushed.len() as u64));
        let mut out = vec![];
        for pair in pushed {
            let version = &self.input.versions[self.bench.design.pairs[*pair].neutral];
            let row = manifest.utterances.iter().position(|u| u.id == version.id);
            let row = row.ok_or_else(|| refuse(format!("the manifest lacks `{}`", version.id)))?;
            let prepared = extractor.prepare(manifest, row..row + 1)?;
            let mut state = |push: &Array1<f64>| -> Result<Vec<Array1<f64>>> {
                let extra: Feed = vec![(input.clone(), shaped(push, &target))];
                states_of(&extractor, session.as_mut(), &prepared, &extra, task)
            };
            let base = state(&Array1::zeros(learnt[0].mean.len()))?;
            let moved: Vec<Vec<Array1<f64>>> = pushes
                .iter()
                .map(|push| Ok(state(push)?.iter().zip(&base).map(|(a, b)| a - b).collect()))
                .collect::<Result<_>>()?;
            out.push(moved);
            task.progress.advance(1);
            task.check()?;
        }
        task.progress.finish();
        Ok(out)
    }

    /// The doses of the direction, then the random directions.
    fn pushes(&self, of: &Learnt) -> Vec<Array1<f64>> {
        let unit = &of.mean / of.mean.dot(&of.mean).sqrt();
        let mut out: Vec<Array1<f64>> = self
            .plan
            .doses
            .iter()
            .map(|dose| &unit * (dose * of.length))
            .collect();
        for draw in 0..self.plan.random {
            let mut stream = rng::stream(
                self.bench.settings.seed,
                "emphasis.random-direction",
                draw as u64,
            );
            // A sum of uniforms is near enough to normal for a direction without favourites.
            let mut one = || (0..12).map(|_| stream.random_range(-0.5..0.5)).sum::<f64>();
            let random: Array1<f64> = (0..of.mean.len()).map(|_| one()).collect();
            let length = random.dot(&random).sqrt();
            out.push(random * (of.length / length));
        }
        out
    }
}

fn states_of(
    extractor: &Extractor<'_>,
    session: &mut dyn Session,
    item: &Prepared,
    extra: &Feed,
    task: &Task,
) -> Result<Vec<Array1<f64>>> {
    let mut results = extractor.run_with(session, item, extra, &task.cancel)?;
    let Some(result) = results.pop() else {
        return Err(refuse("a word gave no result".into()));
    };
    let vectors = result?.vectors;
    Ok(vectors
        .into_iter()
        .map(|v| v.into_iter().map(f64::from).collect())
        .collect())
}

/// A vector of features that broadcasts over the tap's other axes.
fn shaped(push: &Array1<f64>, tap: &Tap) -> ArrayD<f32> {
    let after = tap
        .axes
        .iter()
        .rev()
        .take_while(|a| **a != Axis::Dim)
        .count();
    let after = if tap.axes.contains(&Axis::Dim) {
        after
    } else {
        0
    };
    let mut shape = vec![push.len()];
    shape.extend(std::iter::repeat_n(1, after));
    ArrayD::from_shape_fn(IxDyn(&shape), |at| push[at[0]] as f32)
}
