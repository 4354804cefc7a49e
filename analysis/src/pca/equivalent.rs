//! How many components a share of variance is worth.

/// A number of components, or more than were looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Equivalent {
    /// Interpolated number of leading components.
    Components(f64),
    /// The share lies above that of all components looked at, this many.
    MoreThan(usize),
}

impl Equivalent {
    /// The number, or the number of components looked at where it is more.
    pub fn at_least(self) -> f64 {
        match self {
            Self::Components(k) => k,
            Self::MoreThan(k) => k as f64,
        }
    }
}

/// The number of leading components that hold as much variance as `share`, both of the same held-out rows:
/// the place where the curve through `(0, 0)`, `(1, cumulative[0])`, `(2, cumulative[1])` … first reaches
/// it, straight between neighbours. No variance or less is worth 0.
pub fn equivalent_components(share: f64, cumulative: &[f64]) -> Equivalent {
    if share <= 0.0 {
        return Equivalent::Components(0.0);
    }
    let mut before = 0.0;
    for (k, here) in cumulative.iter().enumerate() {
        if *here >= share {
            return Equivalent::Components(k as f64 + (share - before) / (here - before));
        }
        before = *here;
    }
    Equivalent::MoreThan(cumulative.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn places_by_hand() {
        let curve = [0.4, 0.6, 0.6, 0.7];
        assert_eq!(
            equivalent_components(-0.1, &curve),
            Equivalent::Components(0.0)
        );
        assert_eq!(
            equivalent_components(0.1, &curve),
            Equivalent::Components(0.25)
        );
        assert_eq!(
            equivalent_components(0.4, &curve),
            Equivalent::Components(1.0)
        );
        assert_eq!(
            equivalent_components(0.6, &curve),
            Equivalent::Components(2.0)
        );
        let late = equivalent_components(0.65, &curve).at_least();
        assert!((late - 3.5).abs() < 1e-12);
        assert_eq!(equivalent_components(0.71, &curve), Equivalent::MoreThan(4));
        assert_eq!(
            equivalent_components(f64::NAN, &[]),
            Equivalent::MoreThan(0)
        );
    }

    proptest! {
        #[test]
        fn a_curve_is_worth_its_own_ranks(steps in prop::collection::vec(0.001..1.0_f64, 1..12)) {
            let whole: f64 = steps.iter().sum();
            let mut sum = 0.0;
            let curve: Vec<f64> = steps.iter().map(|s| { sum += s / whole; sum }).collect();
            for (k, share) in curve.iter().enumerate() {
                let worth = equivalent_components(*share, &curve).at_least();
                prop_assert!((worth - (k + 1) as f64).abs() < 1e-9);
            }
        }
    }
}
