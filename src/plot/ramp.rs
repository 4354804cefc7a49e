//! Colour ramps that colour-blind readers can order, and the Okabe–Ito set for classes.

/// A sequential ramp of 32 steps (few enough that neighbouring cells repeat a colour).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ramp {
    /// Blue to yellow, even in lightness for every kind of colour vision.
    #[default]
    Cividis,
    /// Purple over white to orange; the middle is zero.
    PurpleOrange,
}

/// Okabe and Ito's eight colours, black first.
pub const OKABE_ITO: [[u8; 3]; 8] = [
    [0, 0, 0],
    [230, 159, 0],
    [86, 180, 233],
    [0, 158, 115],
    [0, 114, 178],
    [213, 94, 0],
    [204, 121, 167],
    [240, 228, 66],
];

const STEPS: f64 = 31.0;

impl Ramp {
    /// The colour at `unit` of `[0, 1]`, quantised to 32 steps; outside values take the end's.
    pub fn rgb(self, unit: f64) -> [u8; 3] {
        let unit = if unit.is_finite() {
            unit.clamp(0.0, 1.0)
        } else {
            0.0
        };
        let place = (unit * STEPS).round() / STEPS;
        let colour = match self {
            Self::Cividis => colorous::CIVIDIS.eval_continuous(place),
            Self::PurpleOrange => colorous::PURPLE_ORANGE.eval_continuous(place),
        };
        [colour.r, colour.g, colour.b]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lightness(rgb: [u8; 3]) -> f64 {
        let [r, g, b] = rgb.map(f64::from);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    #[test]
    fn cividis_gets_lighter_all_the_way() {
        let steps: Vec<f64> = (0..32)
            .map(|i| lightness(Ramp::Cividis.rgb(f64::from(i) / 31.0)))
            .collect();
        assert!(steps.windows(2).all(|w| w[1] > w[0] - 1.0), "{steps:?}");
        assert!(steps[31] - steps[0] > 120.0);
    }

    #[test]
    fn the_diverging_ramp_is_pale_at_zero() {
        assert!(lightness(Ramp::PurpleOrange.rgb(0.5)) > 235.0);
        let [r, _, b] = Ramp::PurpleOrange.rgb(0.05);
        assert!(b > r, "low values are purple");
    }
}
