//! Lines through points by medians of slopes (Theil 1950, Sen 1968), exactly and fast.

/// Slopes that one attempt may enumerate, for each point.
const SLOPES_A_POINT: usize = 8;

/// Attempts to enclose the median before all slopes are taken.
const ATTEMPTS: usize = 40;

/// The median of the slopes of all pairs of points over one axis, for many sets of ordinates.
///
/// The pairs whose slope lies between two bounds are those that change places when the points are
/// ordered by their height over a line of the one slope and then by that over the other (Matoušek
/// 1991, Dillencourt et al. 1992). So bounds close to the median leave few slopes to look at, and
/// counting the pairs out of order at the lower bound tells how many lie below. Where the last
/// median lay is only a hint: whatever it is, the result is the same.
#[derive(Clone, Debug)]
pub(super) struct TheilSen {
    x: Vec<f64>,
    /// Centre and half width of the bounds that held the last median.
    hint: Option<(f64, f64)>,
    /// Height over the lower line and index of each point.
    order: Vec<(f64, u32)>,
    ranks: Vec<i16>,
    slopes: Vec<f64>,
}

/// What bounds turned out to enclose.
enum Enclosed {
    /// The middle slopes lie below the lower bound.
    Below,
    /// They lie above the upper bound.
    Above,
    /// There are too many slopes between the bounds.
    TooMany,
    /// The median.
    Median(f64),
    /// Rounding errors are as large as the distance of the bounds.
    Rounding,
}

impl TheilSen {
    /// Lines over these abscissae, which ascend.
    pub(super) fn new(x: Vec<f64>) -> Self {
        Self {
            order: Vec::with_capacity(x.len()),
            ranks: vec![0; x.len()],
            slopes: Vec::new(),
            hint: None,
            x,
        }
    }

    /// The median slope of all pairs of points; zero for fewer than two.
    pub(super) fn slope(&mut self, y: &[f64]) -> f64 {
        let n = self.x.len().min(y.len());
        if n < 2 || y.iter().all(|value| *value == y[0]) {
            return 0.0;
        }
        if n > i16::MAX as usize {
            return self.of_all(y);
        }
        let (mut centre, mut half_width) = self.hint.unwrap_or_else(|| self.first_hint(y));
        let (mut floor, mut ceiling) = (f64::NEG_INFINITY, f64::INFINITY);
        for _ in 0..ATTEMPTS {
            let (low, high) = (centre - half_width, centre + half_width);
            match self.enclosed(y, low, high) {
                Enclosed::Median(slope) => {
                    self.hint = Some((slope, half_width));
                    return slope;
                }
                Enclosed::Below => {
                    ceiling = low;
                    half_width *= 2.0;
                    centre = low - half_width;
                }
                Enclosed::Above => {
                    floor = high;
                    half_width *= 2.0;
                    centre = high + half_width;
                }
                Enclosed::TooMany => half_width /= 4.0,
                Enclosed::Rounding => break,
            }
            if floor >= ceiling {
                // Bounds that contradict each other differ by rounding errors only.
                break;
            }
            centre = centre.clamp(floor, ceiling);
        }
        self.hint = None;
        self.of_all(y)
    }

    /// The median of the slopes of pairs half the points apart, and a fraction of their spread.
    fn first_hint(&mut self, y: &[f64]) -> (f64, f64) {
        let slope = incomplete_slope(&self.x, y, &mut self.slopes);
        let half = self.slopes.len() / 2;
        self.slopes.iter_mut().for_each(|s| *s = (*s - slope).abs());
        let spread = if self.slopes.is_empty() {
            0.0
        } else {
            *self.slopes.select_nth_unstable_by(half, f64::total_cmp).1
        };
        (slope, (0.05 * spread).max(1e-9 * slope.abs()).max(1e-12))
    }

    /// Looks at the slopes in `low .. high`.
    fn enclosed(&mut self, y: &[f64], low: f64, high: f64) -> Enclosed {
        let n = self.x.len();
        let pairs = n * (n - 1) / 2;
        let (lower_middle, upper_middle) = ((pairs - 1) / 2, pairs / 2);
        self.order.clear();
        let points = self.x.iter().zip(y).enumerate();
        let heights = points.map(|(i, (x, y))| (y - low * x, i as u32));
        self.order.extend(heights);
        self.order
            .sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        for (rank, &(_, i)) in self.order.iter().enumerate() {
            self.ranks[i as usize] = rank as i16;
        }
        let below = inversions(&self.ranks);
        if below > lower_middle {
            return Enclosed::Below;
        }
        // From the order at the lower bound to that at the upper one, by insertion: every move past
        // another point is a slope in between.
        for (height, i) in &mut self.order {
            *height = y[*i as usize] - high * self.x[*i as usize];
        }
        self.slopes.clear();
        let room = SLOPES_A_POINT * n;
        for place in 1..n {
            let moving = self.order[place];
            let mut hole = place;
            while hole > 0 {
                let other = self.order[hole - 1];
                if (other.0, other.1) <= (moving.0, moving.1) {
                    break;
                }
                if other.1 > moving.1 {
                    return Enclosed::Rounding;
                }
                let (i, j) = (other.1 as usize, moving.1 as usize);
                self.slopes.push((y[j] - y[i]) / (self.x[j] - self.x[i]));
                self.order[hole] = other;
                hole -= 1;
            }
            self.order[hole] = moving;
            if self.slopes.len() > room {
                return Enclosed::TooMany;
            }
        }
        if below + self.slopes.len() <= upper_middle {
            return Enclosed::Above;
        }
        let (lower, upper) = (lower_middle - below, upper_middle - below);
        Enclosed::Median(middle(&mut self.slopes, lower, upper))
    }

    /// The median of all slopes, one by one.
    fn of_all(&mut self, y: &[f64]) -> f64 {
        self.slopes.clear();
        for (j, (x_j, y_j)) in self.x.iter().zip(y).enumerate() {
            let earlier = self.x[..j].iter().zip(y);
            self.slopes
                .extend(earlier.map(|(x_i, y_i)| (y_j - y_i) / (x_j - x_i)));
        }
        median(&mut self.slopes)
    }
}

/// The median slope of the pairs that lie half the points apart.
pub(super) fn incomplete_slope(x: &[f64], y: &[f64], slopes: &mut Vec<f64>) -> f64 {
    let n = x.len().min(y.len());
    let apart = n.div_ceil(2);
    slopes.clear();
    slopes.extend((apart..n).map(|j| (y[j] - y[j - apart]) / (x[j] - x[j - apart])));
    median(slopes)
}

/// Pairs of which the later one is smaller.
fn inversions(ranks: &[i16]) -> usize {
    let mut count = 0;
    for (i, &rank) in ranks.iter().enumerate() {
        let smaller: i16 = ranks[i + 1..].iter().map(|&r| i16::from(r < rank)).sum();
        count += smaller as usize;
    }
    count
}

/// The median, of an even number the mean of the two in the middle; the values are reordered. Zero
/// for nothing.
pub(super) fn median(values: &mut [f64]) -> f64 {
    match values.len() {
        0 => 0.0,
        n => middle(values, (n - 1) / 2, n / 2),
    }
}

/// The mean of two order statistics that are neighbours or the same.
fn middle(values: &mut [f64], lower: usize, upper: usize) -> f64 {
    let (_, &mut low, rest) = values.select_nth_unstable_by(lower, f64::total_cmp);
    if upper == lower {
        return low;
    }
    let high = rest.iter().copied().fold(f64::INFINITY, f64::min);
    low + 0.5 * (high - low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::stream;
    use rand::RngExt as _;

    #[test]
    fn the_fast_median_is_that_of_all_slopes() {
        let mut rng = stream(1, "slopes", 0);
        for n in [2, 3, 4, 7, 50, 331] {
            let x: Vec<f64> = (1..=n).map(|i| f64::from(i).ln()).collect();
            let mut fit = TheilSen::new(x.clone());
            for round in 0..20 {
                // Some with many ties, and each far from the one before.
                let y: Vec<f64> = x
                    .iter()
                    .map(|x| {
                        let noise: f64 = rng.random_range(-1.0..1.0);
                        let noise = if round % 3 == 0 { noise.round() } else { noise };
                        f64::from(round * 7 % 5) * x + noise
                    })
                    .collect();
                let expected = TheilSen::new(x.clone()).of_all(&y);
                assert_eq!(fit.slope(&y), expected, "{n} points, round {round}");
            }
        }
    }

    #[test]
    fn points_on_a_line_and_no_points_have_the_slopes_that_they_have() {
        let x = vec![0.0, 1.0, 3.0];
        assert_eq!(TheilSen::new(x.clone()).slope(&[1.0, 3.0, 7.0]), 2.0);
        assert_eq!(TheilSen::new(x).slope(&[5.0; 3]), 0.0);
        assert_eq!(TheilSen::new(vec![1.0]).slope(&[4.0]), 0.0);
        let mut slopes = vec![];
        let x: Vec<f64> = (0..5).map(f64::from).collect();
        let y = [0.0, 9.0, 0.0, 6.0, 21.0];
        // Pairs (0, 3) and (1, 4): slopes 2 and 4.
        assert_eq!(incomplete_slope(&x, &y, &mut slopes), 3.0);
    }

    #[test]
    fn inversions_by_hand() {
        assert_eq!(inversions(&[2, 0, 1]), 2);
        assert_eq!(inversions(&[]), 0);
        let falling: Vec<i16> = (0..300).rev().collect();
        assert_eq!(inversions(&falling), 300 * 299 / 2);
    }
}
