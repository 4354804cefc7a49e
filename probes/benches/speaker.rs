//! The speaker probe at the size of a small corpus: 251 speakers, 256 dimensions, 999 permutations and
//! 1,000 bootstrap draws.

use divan::{Bencher, black_box};
use ndarray::Array2;
use phonoscope_analysis::rng;
use phonoscope_analysis::task::Task;
use phonoscope_probes::speaker::{MetaColumn, SpeakerInput, SpeakerSettings, run};
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
        embeddings,
        columns: vec![
            column("sex", &|i, _| ["f", "m"][i % 2].into()),
            column("age", &|_, r| (20.0 + 50.0 * r).to_string()),
            column("duration_secs", &|_, r| (15.0 * r).to_string()),
            column("region", &|i, _| ["north", "south", "west"][i % 3].into()),
        ],
    }
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn speakers_251_by_256(bencher: Bencher<'_, '_>) {
    let (input, settings) = (corpus(), SpeakerSettings::default());
    bencher.bench_local(|| run(black_box(&input), &settings, &Task::silent()));
}
