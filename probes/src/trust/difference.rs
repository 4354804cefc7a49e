//! How far apart arrays are, and where they were farthest.

use ndarray::ArrayD;

use crate::report::{Status, TapFigure};

/// Largest difference between two rows of numbers, relative to the largest value of the first.
pub(super) fn relative<'a>(
    reference: impl IntoIterator<Item = &'a f32> + Clone,
    values: impl IntoIterator<Item = &'a f32>,
) -> f64 {
    let scale = reference
        .clone()
        .into_iter()
        .fold(0.0f64, |m, v| m.max(f64::from(v.abs())));
    let difference = differences(reference, values);
    if difference == 0.0 {
        0.0
    } else {
        difference / scale.max(f64::MIN_POSITIVE)
    }
}

/// The same for arrays, whose shapes must agree.
pub(super) fn relative_arrays(reference: &ArrayD<f32>, values: &ArrayD<f32>) -> f64 {
    if reference.shape() == values.shape() {
        relative(reference, values)
    } else {
        f64::INFINITY
    }
}

/// The same for lists of vectors in the same order, the largest.
pub(super) fn absolute_vectors(a: &[Vec<f32>], b: &[Vec<f32>]) -> f64 {
    let of_each = a.iter().zip(b).map(|(a, b)| {
        if a.len() == b.len() {
            differences(a, b)
        } else {
            f64::INFINITY
        }
    });
    of_each.fold(
        if a.len() == b.len() {
            0.0
        } else {
            f64::INFINITY
        },
        f64::max,
    )
}

fn differences<'a>(
    a: impl IntoIterator<Item = &'a f32>,
    b: impl IntoIterator<Item = &'a f32>,
) -> f64 {
    let of_each = a.into_iter().zip(b).map(|(x, y)| {
        let d = (f64::from(*x) - f64::from(*y)).abs();
        if d.is_nan() && x.to_bits() != y.to_bits() {
            f64::INFINITY
        } else {
            d
        }
    });
    of_each.fold(0.0, f64::max)
}

/// The largest figure so far, and where it was seen.
#[derive(Debug, Default)]
pub(super) struct Worst {
    pub(super) value: f64,
    pub(super) at: Option<String>,
}

impl Worst {
    pub(super) fn see(&mut self, id: &str, value: f64) {
        if self.at.is_none() || value > self.value {
            self.value = value.min(f64::MAX);
            self.at = Some(id.to_owned());
        }
    }

    pub(super) fn status(&self, threshold: f64, otherwise: Status) -> Status {
        match &self.at {
            None => Status::NotRun,
            Some(_) if self.value <= threshold => Status::Pass,
            Some(_) => otherwise,
        }
    }

    pub(super) fn measured(&self) -> Option<f64> {
        self.at.as_ref().map(|_| self.value)
    }

    pub(super) fn detail(&self) -> String {
        match &self.at {
            None => "no item to measure on".into(),
            Some(_) if self.value == 0.0 => "bit-identical on every sampled item".into(),
            Some(id) => format!("largest on item `{id}`"),
        }
    }
}

/// The largest figure of each tap.
#[derive(Debug)]
pub(super) struct ByTap {
    worst: Vec<(String, Worst)>,
}

impl ByTap {
    pub(super) fn new<'a>(taps: impl Iterator<Item = &'a str>) -> Self {
        Self {
            worst: taps.map(|t| (t.to_owned(), Worst::default())).collect(),
        }
    }

    /// Adds a figure a tap, in their order.
    pub(super) fn see(&mut self, id: &str, figures: impl IntoIterator<Item = f64>) {
        for ((_, worst), value) in self.worst.iter_mut().zip(figures) {
            worst.see(id, value);
        }
    }

    /// The tap whose figure is largest.
    pub(super) fn largest(&self) -> Option<(&str, &Worst)> {
        let seen = self.worst.iter().filter(|(_, w)| w.at.is_some());
        seen.reduce(|a, b| if b.1.value > a.1.value { b } else { a })
            .map(|(tap, worst)| (tap.as_str(), worst))
    }

    /// The figure of a tap, where it was measured.
    pub(super) fn value(&self, tap: &str) -> Option<f64> {
        let found = self.worst.iter().find(|(name, _)| name == tap);
        found.and_then(|(_, worst)| worst.measured())
    }

    /// Taps whose figure is larger than this.
    pub(super) fn above(&self, threshold: f64) -> usize {
        let above = |(_, w): &&(String, Worst)| w.at.is_some() && w.value > threshold;
        self.worst.iter().filter(above).count()
    }

    pub(super) fn len(&self) -> usize {
        self.worst.len()
    }

    pub(super) fn figures(&self) -> Vec<TapFigure> {
        let figure = |(tap, worst): &(String, Worst)| {
            worst.at.as_ref().map(|item| TapFigure {
                tap: tap.clone(),
                value: worst.value,
                item: item.clone(),
            })
        };
        self.worst.iter().filter_map(figure).collect()
    }
}

/// A figure as people read it.
pub(super) fn shown(value: f64) -> String {
    if value == 0.0 || (1e-3..1e4).contains(&value.abs()) {
        let text = format!("{value:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        format!("{value:.1e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn differences_count_shapes_and_nans() {
        let a = array![1.0f32, 2.0].into_dyn();
        assert_eq!(relative_arrays(&a, &a), 0.0);
        assert_eq!(relative_arrays(&a, &array![1.0f32, 4.0].into_dyn()), 1.0);
        let shorter = array![1.0f32].into_dyn();
        assert_eq!(relative_arrays(&a, &shorter), f64::INFINITY);
        let nan = vec![vec![1.0f32, f32::NAN]];
        assert_eq!(absolute_vectors(&nan, &nan), 0.0);
        assert_eq!(absolute_vectors(&[vec![1.0, 2.0]], &nan), f64::INFINITY);
        assert_eq!(absolute_vectors(&nan, &[]), f64::INFINITY);
        assert_eq!(relative(&[0.0f32], &[0.0f32]), 0.0);
    }

    #[test]
    fn the_worst_tap_is_named_with_its_item() {
        let mut by_tap = ByTap::new(["a", "b", "c"].into_iter());
        by_tap.see("x", [0.0, 2.0, 0.5]);
        by_tap.see("y", [0.0, 1.0, 0.75]);
        let (tap, worst) = by_tap.largest().unwrap();
        assert_eq!(
            (tap, worst.value, worst.at.as_deref()),
            ("b", 2.0, Some("x"))
        );
        assert_eq!((by_tap.above(0.5), by_tap.len()), (2, 3));
        assert_eq!((by_tap.value("c"), by_tap.value("d")), (Some(0.75), None));
        let items: Vec<String> = by_tap.figures().into_iter().map(|f| f.item).collect();
        assert_eq!(items, ["x", "x", "y"]);
    }

    #[test]
    fn figures_are_short() {
        let all = [0.0, 0.25, 12.0, 0.00012, 3e-7].map(shown);
        assert_eq!(all, ["0", "0.25", "12", "1.2e-4", "3.0e-7"]);
    }
}
