//! `phonoscope relevance`

mod summary;

use std::path::{Path, PathBuf};

use ndarray::{ArrayD, Axis, Slice, concatenate, stack};
use phonoscope_datasets::audio;
use phonoscope_models::relevance::{
    Bounds, Composite, Explainer, Explanation, Method, Options, Target,
};
use phonoscope_models::wire::{Dim, survey};
use phonoscope_models::{Catalogue, GraphBytes, graph_of_file, load};

use super::Context;
use super::matrix::read_array;
use super::model_choice::load_model;
use crate::cli::{MethodChoice, ModelChoice, RelevanceArgs};
use crate::exit::{Exit, Usage};
use crate::export::{RelevanceArrays, relevance_npz};

/// Most midpoints or copies.
const MOST_RUNS: usize = 100_000;

pub(super) fn run(args: &RelevanceArgs, context: &Context) -> anyhow::Result<Exit> {
    let method = method(args)?;
    let target: Target = args.target.parse()?;
    let options = Options {
        target,
        bounds: bounds(args)?,
        output: args.output.clone(),
        inner: args.layers.clone(),
        ..Options::new(method)
    };
    refuse_overwriting(args)?;
    let source = Source::read(args, context)?;
    let x = &source.input;
    let batch = source.batch()?;
    let mut shape = x.shape().to_vec();
    shape[0] = batch;
    let engine = context.engine()?;
    let folder = source.folder.as_deref();
    let mut explainer = Explainer::open(&*engine, &source.graph, folder, &shape, options.clone())?;
    let runs = x.len_of(Axis(0)) / batch;
    let progress = &context.task.progress;
    progress.start("explain", "runs", Some(runs as u64));
    let mut maps = Vec::with_capacity(runs);
    for run in 0..runs {
        context.task.check()?;
        let items = x.slice_axis(Axis(0), Slice::from(run * batch..(run + 1) * batch));
        maps.push(explainer.explain(items, &context.task.cancel)?);
        progress.advance(1);
    }
    progress.finish();
    let maps = joined(&maps)?;
    let layers: Vec<String> = maps
        .ledger
        .iter()
        .flat_map(|ledger| ledger.layers.iter().map(|layer| layer.name.clone()))
        .collect();
    let sums = maps.ledger.as_ref().map(|ledger| {
        let rest = ledger.stabiliser();
        let parts = [&ledger.arriving, &ledger.leaving, &ledger.bias, &rest];
        stack(Axis(2), &parts.map(|part| part.view())).map(|sums| sums.into_dyn())
    });
    let sums = sums.transpose()?;
    relevance_npz(
        &RelevanceArrays {
            input: x,
            logits: &maps.logits.clone().into_dyn(),
            target: &maps.weights.clone().into_dyn(),
            relevance: &maps.relevance,
            inner: &maps.inner,
            ledger: sums.as_ref().map(|sums| (layers.as_slice(), sums)),
        },
        &args.out,
    )?;
    let about = summary::About {
        args,
        method: &options.method,
        target,
        engine: engine.info(),
        graph: &source.graph,
    };
    let text = if args.json {
        serde_json::to_string_pretty(&about.json(&maps))?
    } else {
        about.text(&maps)
    };
    context.printer.data(&text)?;
    context
        .printer
        .remark(&format!("maps written to `{}`", args.out.display()));
    Ok(Exit::Done)
}

fn method(args: &RelevanceArgs) -> anyhow::Result<Method> {
    for (name, count) in [("--steps", args.steps), ("--samples", args.samples)] {
        if !(1..=MOST_RUNS).contains(&count) {
            let hint = format!("give a number from 1 to {MOST_RUNS}");
            return Err(Usage::new(format!("{name} is {count}"), hint).into());
        }
    }
    if !(0.0..=10.0).contains(&args.noise) {
        let problem = format!("--noise is {}", args.noise);
        return Err(Usage::new(problem, "give a share of the range, such as 0.1").into());
    }
    Ok(match args.method {
        None => Method::Relevance(args.composite.parse::<Composite>()?),
        Some(MethodChoice::Gradient) => Method::Gradient,
        Some(MethodChoice::GradientXInput) => Method::GradientXInput,
        Some(MethodChoice::IntegratedGradients) => {
            Method::IntegratedGradients { steps: args.steps }
        }
        Some(MethodChoice::SmoothGrad) => Method::SmoothGrad {
            samples: args.samples,
            noise: args.noise,
            seed: args.seed,
        },
        Some(MethodChoice::GuidedBackprop) => Method::GuidedBackprop,
        Some(MethodChoice::Deconvnet) => Method::Deconvnet,
    })
}

fn bounds(args: &RelevanceArgs) -> anyhow::Result<Bounds> {
    match (&args.low, &args.high) {
        (Some(low), Some(high)) => Ok(Bounds::Stated {
            low: numbers("--low", low)?,
            high: numbers("--high", high)?,
        }),
        _ => Ok(Bounds::Item),
    }
}

/// A number, a comma list, or the numbers of a .npy.
fn numbers(option: &str, text: &str) -> anyhow::Result<Vec<f32>> {
    if text.ends_with(".npy") {
        let array = read_array(Path::new(text))?;
        return Ok(array.iter().map(|x| *x as f32).collect());
    }
    let numbers = text.split(',').map(|number| number.trim().parse::<f32>());
    match numbers.collect::<Result<Vec<_>, _>>() {
        Ok(numbers) if numbers.iter().all(|x| x.is_finite()) => Ok(numbers),
        _ => Err(Usage::new(
            format!("{option} `{text}` is not a bound"),
            "give a number, a comma list with one a channel, or a .npy file",
        )
        .into()),
    }
}

/// Refuses to write over what is read.
fn refuse_overwriting(args: &RelevanceArgs) -> anyhow::Result<()> {
    let Ok(out) = args.out.canonicalize() else {
        return Ok(());
    };
    let model = PathBuf::from(&args.model);
    let mut read = args.files.iter().chain(&args.input).chain([&model]);
    match read.find(|file| file.canonicalize().is_ok_and(|file| file == out)) {
        Some(file) => {
            let problem = format!("`{}` would be written over", file.display());
            Err(Usage::new(problem, "give --out another path").into())
        }
        None => Ok(()),
    }
}

/// What is explained: a network and its inputs.
struct Source {
    graph: GraphBytes,
    /// Folder of the files that hold weights, where they are not in the graph.
    folder: Option<PathBuf>,
    /// `[item, …]`
    input: ArrayD<f32>,
}

impl Source {
    fn read(args: &RelevanceArgs, context: &Context) -> anyhow::Result<Self> {
        let Some(file) = &args.input else {
            return Self::from_recordings(args, context);
        };
        let input = read_array(file)?.mapv(|x| x as f32);
        let path = Path::new(&args.model);
        let listed = Catalogue::builtin()?.get(&args.model).is_ok();
        let (graph, folder) = if path.is_file() && !listed {
            let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
            (graph_of_file(path)?.graph, Some(folder))
        } else {
            let model = load(
                &args.model,
                &context.cache(),
                context.network(),
                &context.task,
            )?;
            (model.graph, model.weights_dir)
        };
        let input = with_items(&graph, input)?;
        if input.is_empty() {
            let problem = format!("`{}` holds no items", file.display());
            return Err(Usage::new(problem, "save at least one, [item, …]").into());
        }
        Ok(Self {
            graph,
            folder,
            input,
        })
    }

    fn from_recordings(args: &RelevanceArgs, context: &Context) -> anyhow::Result<Self> {
        let choice = ModelChoice {
            front_end: args.front_end.clone(),
            card: args.card.clone(),
            ..ModelChoice::default()
        };
        let model = load_model(&args.model, &choice, context)?;
        let mut features: Vec<ArrayD<f32>> = Vec::with_capacity(args.files.len());
        for file in &args.files {
            context.task.check()?;
            let samples = audio::read(file)?.samples;
            let one = model.front_end.compute(&samples)?.data;
            if let Some(first) = features.first()
                && first.shape()[1..] != one.shape()[1..]
            {
                return Err(Usage::new(
                    format!(
                        "`{}` gives an input of shape {:?}, and those before it {:?}",
                        file.display(),
                        &one.shape()[1..],
                        &first.shape()[1..]
                    ),
                    "give recordings of one length, or run the command once for each",
                )
                .into());
            }
            features.push(one);
        }
        let views: Vec<_> = features.iter().map(|one| one.view()).collect();
        Ok(Self {
            graph: model.graph,
            folder: model.weights_dir,
            input: concatenate(Axis(0), &views)?,
        })
    }

    /// Items of one run: as many as the network insists on, else one, so that a map depends on its
    /// own item alone.
    fn batch(&self) -> anyhow::Result<usize> {
        let fixed = declared(&self.graph)?.and_then(|dims| match dims.first() {
            Some(Dim::Fixed(size)) => usize::try_from(*size).ok(),
            _ => None,
        });
        let (items, batch) = (self.input.len_of(Axis(0)), fixed.unwrap_or(1).max(1));
        if items.is_multiple_of(batch) {
            return Ok(batch);
        }
        Err(Usage::new(
            format!("the network takes {batch} items at once, and there are {items}"),
            "give a multiple of that many",
        )
        .into())
    }
}

/// Sizes that the network's first input is declared to have.
fn declared(graph: &GraphBytes) -> anyhow::Result<Option<Vec<Dim>>> {
    let found = survey(graph.bytes())?;
    let input = found.free_inputs().next();
    Ok(input.and_then(|input| input.dims.clone()))
}

/// One item as a batch of one.
fn with_items(graph: &GraphBytes, input: ArrayD<f32>) -> anyhow::Result<ArrayD<f32>> {
    let rank = declared(graph)?.map(|dims| dims.len());
    let one_short = rank.is_some_and(|rank| rank == input.ndim() + 1);
    Ok(if one_short || input.ndim() == 0 {
        input.insert_axis(Axis(0))
    } else {
        input
    })
}

/// The maps of all runs as one.
fn joined(maps: &[Explanation]) -> anyhow::Result<Explanation> {
    let rows = |of: &dyn Fn(&Explanation) -> ArrayD<f32>| {
        let all: Vec<ArrayD<f32>> = maps.iter().map(of).collect();
        let views: Vec<_> = all.iter().map(|one| one.view()).collect();
        concatenate(Axis(0), &views)
    };
    let Some(first) = maps.first() else {
        return Err(Usage::new("there is nothing to explain", "give at least one item").into());
    };
    let table = |of: &dyn Fn(&Explanation) -> ArrayD<f32>| {
        anyhow::Ok(rows(of)?.into_dimensionality::<ndarray::Ix2>()?)
    };
    let mut all = first.clone();
    all.logits = table(&|map| map.logits.clone().into_dyn())?;
    all.weights = table(&|map| map.weights.clone().into_dyn())?;
    all.relevance = rows(&|map| map.relevance.clone())?;
    for (place, (_, inner)) in all.inner.iter_mut().enumerate() {
        *inner = rows(&|map| map.inner[place].1.clone())?;
    }
    all.scores = maps.iter().flat_map(|map| map.scores.clone()).collect();
    let gains: Option<Vec<Vec<f64>>> = maps.iter().map(|map| map.gain.clone()).collect();
    all.gain = gains.map(|gains| gains.concat());
    if let Some(ledger) = &mut all.ledger {
        let of =
            |pick: fn(&phonoscope_models::relevance::Conservation) -> &ndarray::Array2<f32>| {
                table(&move |map: &Explanation| match &map.ledger {
                    Some(ledger) => pick(ledger).clone().into_dyn(),
                    None => ArrayD::zeros(vec![0, 0]),
                })
            };
        ledger.arriving = of(|ledger| &ledger.arriving)?;
        ledger.leaving = of(|ledger| &ledger.leaving)?;
        ledger.bias = of(|ledger| &ledger.bias)?;
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_numbers_or_lists() {
        assert_eq!(numbers("--low", "-1.5").unwrap(), [-1.5]);
        assert_eq!(numbers("--low", "0, 1,2").unwrap(), [0.0, 1.0, 2.0]);
        for wrong in ["", "a", "1,,2", "nan", "inf", "none.npy"] {
            assert!(numbers("--high", wrong).is_err(), "{wrong}");
        }
    }
}
