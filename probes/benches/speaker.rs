//! The speaker probe with 999 permutations and 1,000 bootstrap draws: a small corpus of 251 speakers in 256
//! dimensions, and a large one of 10,000 speakers in 192 dimensions with 20 descriptors, with and without
//! the network.

use divan::{Bencher, black_box};
use ndarray::Array2;
use phonoscope_analysis::rng;
use phonoscope_analysis::task::Task;
use phonoscope_probes::speaker::{
    DescriptorInput, MetaColumn, Normalise, Part, SpeakerInput, SpeakerSettings, SystemInput,
    Transform, run,
};
use rand::RngExt as _;

fn main() {
    divan::main();
}

fn corpus() -> SpeakerInput {
    let (speakers, dim) = (251, 256);
    let mut stream = rng::stream(1, "bench", 0);
    let embeddings = Array2::from_shape_fn((speakers, dim), |(_, j)| {
        stream.random_range(-1.0..1.0) / (1.0 + j as f64).sqrt()
    });
    let mut column = |name: &str, of: &dyn Fn(usize, f64) -> String| MetaColumn {
        name: name.into(),
        values: (0..speakers)
            .map(|i| Some(of(i, stream.random_range(0.0..1.0))))
            .collect(),
    };
    SpeakerInput {
        item_ids: (0..speakers).map(|i| i.to_string()).collect(),
        speakers: (0..speakers).map(|i| i.to_string()).collect(),
        recordings: vec![None; speakers],
        systems: vec![SystemInput {
            name: "simulated".into(),
            normalise: Normalise::L2,
            embeddings,
            controls: vec![],
        }],
        descriptors: vec![],
        folds: None,
        columns: vec![
            column("sex", &|i, _| ["f", "m"][i % 2].into()),
            column("age", &|_, r| (20.0 + 50.0 * r).to_string()),
            column("duration_secs", &|_, r| (15.0 * r).to_string()),
            column("region", &|i, _| ["north", "south", "west"][i % 3].into()),
        ],
    }
}

/// 10,000 speakers, 192 dimensions of falling variance, 20 correlated descriptors of the leading ones.
fn large() -> SpeakerInput {
    let (speakers, dim, count) = (10_000, 192, 20);
    let mut stream = rng::stream(2, "bench", 0);
    let embeddings = Array2::from_shape_fn((speakers, dim), |(_, j)| {
        stream.random_range(-1.0..1.0) / (1.0 + j as f64).sqrt()
    });
    let descriptors = (0..count).map(|d| DescriptorInput {
        name: format!("d{d}"),
        unit: None,
        definition: "simulated".into(),
        recording: d >= 17,
        part: Part::Predictor,
        transform: Transform::None,
        values: (0..speakers)
            .map(|i| {
                let own = embeddings[[i, d]] + 0.5 * embeddings[[i, (d + 1) % count]];
                Some(own + 0.3 * stream.random_range(-1.0..1.0))
            })
            .collect(),
    });
    let descriptors = descriptors.collect();
    let sexes = (0..speakers).map(|i| Some(["f", "m"][i % 2].to_owned()));
    SpeakerInput {
        item_ids: (0..speakers).map(|i| i.to_string()).collect(),
        speakers: (0..speakers).map(|i| i.to_string()).collect(),
        recordings: vec![None; speakers],
        systems: vec![SystemInput {
            name: "simulated".into(),
            normalise: Normalise::L2,
            embeddings,
            controls: vec![],
        }],
        descriptors,
        folds: None,
        columns: vec![MetaColumn {
            name: "sex".into(),
            values: sexes.collect(),
        }],
    }
}

#[divan::bench(sample_count = 1, sample_size = 1, args = [false, true])]
fn speakers_10000_by_192(bencher: Bencher<'_, '_>, mlp: bool) {
    let settings = SpeakerSettings {
        mlp,
        ..SpeakerSettings::default()
    };
    let input = large();
    bencher.bench_local(|| run(black_box(&input), &settings, &Task::silent()));
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn speakers_251_by_256(bencher: Bencher<'_, '_>) {
    let (input, settings) = (corpus(), SpeakerSettings::default());
    bencher.bench_local(|| run(black_box(&input), &settings, &Task::silent()));
}
