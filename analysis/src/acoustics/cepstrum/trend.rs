//! The line under a cepstrum.

use super::theil_sen::{TheilSen, incomplete_slope, median};
use super::{Fit, TrendShape};

/// Fits lines to cepstra, in dB, of one quefrency axis.
#[derive(Clone, Debug)]
pub(super) struct TrendFit {
    shape: TrendShape,
    step_secs: f64,
    first: usize,
    x: Vec<f64>,
    method: Method,
    work: Vec<f64>,
}

#[derive(Clone, Debug)]
enum Method {
    Complete(TheilSen),
    Incomplete,
    LeastSquares,
}

/// A line over quefrency or over its logarithm.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    slope: f64,
    offset: f64,
    shape: TrendShape,
    step_secs: f64,
}

impl TrendFit {
    /// Fits over `bins` of cepstra whose bins lie `step_secs` apart.
    pub(super) fn new(
        shape: TrendShape,
        fit: Fit,
        bins: std::ops::RangeInclusive<usize>,
        step_secs: f64,
    ) -> Self {
        let (mut first, last) = bins.into_inner();
        if shape == TrendShape::ExponentialDecay {
            first = first.max(1);
        }
        let x: Vec<f64> = (first..=last)
            .map(|bin| shape.place(bin as f64 * step_secs))
            .collect();
        Self {
            shape,
            step_secs,
            first,
            method: match fit {
                Fit::TheilSen => Method::Complete(TheilSen::new(x.clone())),
                Fit::IncompleteTheilSen => Method::Incomplete,
                Fit::LeastSquares => Method::LeastSquares,
            },
            x,
            work: Vec::new(),
        }
    }

    /// The line under one cepstrum, `[bin]` in dB.
    pub(super) fn line(&mut self, level_db: &[f64]) -> Line {
        let y = &level_db[self.first..self.first + self.x.len()];
        let slope = match &mut self.method {
            Method::Complete(fit) => fit.slope(y),
            Method::Incomplete => incomplete_slope(&self.x, y, &mut self.work),
            Method::LeastSquares => {
                let n = y.len() as f64;
                let mean_x = self.x.iter().sum::<f64>() / n;
                let mean_y = y.iter().sum::<f64>() / n;
                let (mut product, mut power) = (0.0, 0.0);
                for (x, y) in self.x.iter().zip(y) {
                    product += (x - mean_x) * (y - mean_y);
                    power += (x - mean_x) * (x - mean_x);
                }
                let slope = if power > 0.0 { product / power } else { 0.0 };
                return self.through(slope, mean_y - slope * mean_x);
            }
        };
        self.work.clear();
        let points = self.x.iter().zip(y);
        self.work.extend(points.map(|(x, y)| y - slope * x));
        let offset = median(&mut self.work);
        self.through(slope, offset)
    }

    fn through(&self, slope: f64, offset: f64) -> Line {
        Line {
            slope,
            offset,
            shape: self.shape,
            step_secs: self.step_secs,
        }
    }
}

impl Line {
    /// The line's level at a quefrency; at zero, that half a step away.
    pub(super) fn at_secs(&self, quefrency_secs: f64) -> f64 {
        let quefrency = if quefrency_secs == 0.0 && self.shape == TrendShape::ExponentialDecay {
            0.5 * self.step_secs
        } else {
            quefrency_secs
        };
        self.slope * self.shape.place(quefrency) + self.offset
    }

    /// The levels at bins whose places on the line's axis are given.
    pub(super) fn at_place(&self, place: f64) -> f64 {
        self.slope * place + self.offset
    }
}

impl TrendShape {
    /// Where a quefrency lies on the axis of the line.
    pub(super) fn place(self, quefrency_secs: f64) -> f64 {
        match self {
            Self::Straight => quefrency_secs,
            Self::ExponentialDecay => quefrency_secs.ln(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_method_finds_a_line_that_is_there() {
        for shape in [TrendShape::Straight, TrendShape::ExponentialDecay] {
            for fit in [Fit::TheilSen, Fit::IncompleteTheilSen, Fit::LeastSquares] {
                let level: Vec<f64> = (0..100)
                    .map(|bin| 3.0 - 2.0 * shape.place(f64::from(bin.max(1)) * 0.1))
                    .collect();
                let line = TrendFit::new(shape, fit, 1..=99, 0.1).line(&level);
                assert!((line.at_secs(0.5) - level[5]).abs() < 1e-12);
                assert!((line.at_place(shape.place(0.9)) - level[9]).abs() < 1e-12);
                assert!(line.at_secs(0.0).is_finite());
            }
        }
    }
}
