//! Length of the vocal tract from its resonances, as of a uniform tube that is closed at one end.

/// Speed of sound in warm, moist air.
pub const SOUND_CM_PER_SEC: f64 = 35_000.0;

/// What median formants F1 … say about the vocal tract.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VocalTract {
    /// Spacing of the formants by least squares through the origin (Reby & McComb 2003).
    pub delta_f_hz: f64,
    /// Length of the tube with that spacing.
    pub delta_f_cm: f64,
    /// Spacing as the mean of `2 F_i / (2 i - 1)`.
    pub mean_spacing_hz: f64,
    /// Formant dispersion: the mean distance of neighbours (Fitch 1997).
    pub dispersion_hz: f64,
    /// Length of the tube with that dispersion.
    pub dispersion_cm: f64,
    /// Mean formant.
    pub mean_hz: f64,
    /// Geometric mean of the formants.
    pub geometric_mean_hz: f64,
}

/// The vocal tract whose first formants are these, in Hz from F1; None for fewer than two or for
/// formants that are not positive.
pub fn measure(formants_hz: &[f64]) -> Option<VocalTract> {
    let (first, last) = (*formants_hz.first()?, *formants_hz.last()?);
    let n = formants_hz.len() as f64;
    if formants_hz.len() < 2 || formants_hz.iter().any(|f| f.is_nan() || *f <= 0.0) {
        return None;
    }
    let odd = |i: usize| (2 * i + 1) as f64;
    let (mut product, mut power, mut mean_spacing_hz) = (0.0, 0.0, 0.0);
    for (i, &f) in formants_hz.iter().enumerate() {
        product += odd(i) * f;
        power += odd(i) * odd(i);
        mean_spacing_hz += 2.0 * f / odd(i) / n;
    }
    let delta_f_hz = 2.0 * product / power;
    let dispersion_hz = (last - first) / (n - 1.0);
    let logarithms: f64 = formants_hz.iter().map(|f| f.ln()).sum();
    Some(VocalTract {
        delta_f_hz,
        delta_f_cm: SOUND_CM_PER_SEC / (2.0 * delta_f_hz),
        mean_spacing_hz,
        dispersion_hz,
        dispersion_cm: SOUND_CM_PER_SEC / (2.0 * dispersion_hz),
        mean_hz: formants_hz.iter().sum::<f64>() / n,
        geometric_mean_hz: (logarithms / n).exp(),
    })
}

#[cfg(test)]
mod tests {
    use super::measure;

    #[test]
    fn a_uniform_tube_of_17_5_cm_resonates_every_1000_hz() {
        let Some(tract) = measure(&[500.0, 1500.0, 2500.0, 3500.0]) else {
            panic!("four formants are enough")
        };
        for (found, expected) in [
            (tract.delta_f_hz, 1000.0),
            (tract.delta_f_cm, 17.5),
            (tract.mean_spacing_hz, 1000.0),
            (tract.dispersion_cm, 17.5),
            (tract.mean_hz, 2000.0),
            (tract.geometric_mean_hz, 1_600.544_748_f64),
        ] {
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
    }

    #[test]
    fn one_formant_or_a_missing_one_says_nothing() {
        assert!(measure(&[500.0]).is_none());
        assert!(measure(&[]).is_none());
        assert!(measure(&[500.0, f64::NAN]).is_none());
        assert!(measure(&[0.0, 1500.0]).is_none());
    }
}
