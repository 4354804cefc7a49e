//! PCA of 10,000 embeddings of 256 dimensions.

use divan::{Bencher, black_box};
use ndarray::Array2;
use phonoscope_analysis::pca::{self, Scaling};
use phonoscope_analysis::rng;
use rand::RngExt as _;

fn main() {
    divan::main();
}

#[divan::bench(args = [(251, 256), (10_000, 256)])]
fn fit(bencher: Bencher<'_, '_>, (rows, dim): (usize, usize)) {
    let mut stream = rng::stream(1, "bench", 0);
    let x = Array2::from_shape_fn((rows, dim), |_| stream.random_range(-1.0..1.0));
    bencher.bench_local(|| pca::fit(black_box(x.view()), Scaling::Centred));
}
