use ndarray::{Array2, Axis, s};
use phonoscope_analysis::rng::stream;
use phonoscope_analysis::task::Task;
use rand::RngExt as _;

use super::{Mlp, MlpSettings, fit};

fn small(seed: u64) -> MlpSettings {
    MlpSettings {
        hidden: vec![24, 24],
        seed,
        ..MlpSettings::default()
    }
}

fn noise(name: &str, rows: usize, columns: usize) -> Array2<f64> {
    let mut rng = stream(5, name, 0);
    Array2::from_shape_simple_fn((rows, columns), || rng.random_range(-1.7..1.7))
}

/// Share of the variance of the rows from `from` on that the network explains, over all outputs.
fn held_out_r2(mlp: &Mlp, x: &Array2<f64>, y: &Array2<f64>, from: usize) -> f64 {
    let (x, y) = (x.slice(s![from.., ..]), y.slice(s![from.., ..]));
    let missed = (&y - &mlp.predict(x).unwrap()).mapv(|v| v * v).sum();
    let mean = y.mean_axis(Axis(0)).unwrap();
    1.0 - missed / (&y - &mean).mapv(|v| v * v).sum()
}

/// A fifth of the variance of the outputs is linear, the rest a product of two inputs.
fn curved(x: &Array2<f64>) -> Array2<f64> {
    Array2::from_shape_fn((x.nrows(), 2), |(row, output)| {
        let product = x[[row, 0]] * x[[row, 1]];
        if output == 0 {
            product
        } else {
            0.5 * x[[row, 2]] - product
        }
    })
}

#[test]
fn a_product_of_inputs_is_learnt_where_a_plane_sees_nothing() {
    let x = noise("x", 1_500, 3);
    let y = curved(&x);
    let train = (x.slice(s![..1_000, ..]), y.slice(s![..1_000, ..]));
    let mlp = fit(train.0, train.1, &small(1), &Task::silent()).unwrap();
    let r2 = held_out_r2(&mlp, &x, &y, 1_000);
    assert!(r2 > 0.9, "held-out R² {r2}");
}

#[test]
fn nothing_is_learnt_from_noise() {
    let (x, y) = (noise("x", 1_000, 3), noise("y", 1_000, 2));
    let train = (x.slice(s![..600, ..]), y.slice(s![..600, ..]));
    let mlp = fit(train.0, train.1, &small(1), &Task::silent()).unwrap();
    let r2 = held_out_r2(&mlp, &x, &y, 600);
    assert!((-0.15..0.02).contains(&r2), "held-out R² {r2}");
}

#[test]
fn the_same_seed_gives_the_same_bits_on_any_number_of_threads() {
    let x = noise("x", 300, 5);
    let y = curved(&x);
    let settings = MlpSettings {
        epochs: 3,
        hidden: vec![256, 256],
        ..small(2)
    };
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| fit(x.view(), y.view(), &settings, &Task::silent()).unwrap())
    };
    let one = on(1);
    assert_eq!(one, on(1));
    assert_eq!(one, on(4));
    let other = fit(
        x.view(),
        y.view(),
        &MlpSettings {
            seed: 3,
            ..settings.clone()
        },
        &Task::silent(),
    );
    assert_ne!(one, other.unwrap());
}

#[test]
fn a_constant_input_is_ignored_and_units_do_not_matter() {
    let x = noise("x", 400, 3);
    let y = curved(&x);
    let scaled = &x * 1e4 + 7.0;
    let mut more = Array2::from_elem((400, 4), 3.0);
    more.slice_mut(s![.., ..3]).assign(&scaled);
    let settings = MlpSettings {
        epochs: 2,
        ..small(4)
    };
    let plain = fit(scaled.view(), y.view(), &settings, &Task::silent()).unwrap();
    let of_mean = |mlp: &Mlp, x: &Array2<f64>| mlp.predict(x.view()).unwrap().sum();
    assert!(of_mean(&plain, &scaled).is_finite());
    let with_constant = fit(more.view(), y.view(), &settings, &Task::silent()).unwrap();
    assert!(of_mean(&with_constant, &more).is_finite());
    more.column_mut(3).fill(-80.0);
    let moved = with_constant.predict(more.view()).unwrap();
    more.column_mut(3).fill(3.0);
    assert_eq!(moved, with_constant.predict(more.view()).unwrap());
}

#[test]
fn what_cannot_be_trained_on_is_refused_in_words() {
    let (x, y) = (noise("x", 100, 3), noise("y", 100, 2));
    let why = |x: &Array2<f64>, y: &Array2<f64>, settings: &MlpSettings| {
        fit(x.view(), y.view(), settings, &Task::silent())
            .unwrap_err()
            .to_string()
    };
    let fine = small(0);
    assert!(why(&x, &noise("y", 99, 2), &fine).contains("expected 100, found 99"));
    let few = x.slice(s![..19, ..]).to_owned();
    assert!(why(&few, &y.slice(s![..19, ..]).to_owned(), &fine).contains("rows needs at least 20"));
    assert!(why(&x, &Array2::zeros((100, 2)), &fine).contains("constant"));
    let mut broken = x.clone();
    broken[[3, 1]] = f64::NAN;
    assert!(why(&broken, &y, &fine).contains("not finite"));
    assert!(
        why(
            &x,
            &y,
            &MlpSettings {
                batch: 0,
                ..fine.clone()
            }
        )
        .contains("batch")
    );
    let mlp = fit(
        x.view(),
        y.view(),
        &MlpSettings {
            epochs: 1,
            ..fine.clone()
        },
        &Task::silent(),
    )
    .unwrap();
    assert!(mlp.predict(noise("x", 4, 2).view()).is_err());
    let stopped = Task::silent();
    stopped.cancel.cancel();
    assert!(fit(x.view(), y.view(), &fine, &stopped).is_err());
}
