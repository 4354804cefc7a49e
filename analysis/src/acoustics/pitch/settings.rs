//! How pitch is searched for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The measure of periodicity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Autocorrelation of a windowed frame over that of its window (Boersma 1993).
    Autocorrelation,
    /// Correlation of a stretch of sound with itself at a lag.
    CrossCorrelation,
    /// Autocorrelation after a Gaussian low-pass filter over the whole sound.
    FilteredAutocorrelation {
        /// What the filter leaves, in amplitude, at the ceiling.
        attenuation_at_ceiling: f64,
    },
}

impl Method {
    /// The name that outputs carry.
    pub fn name(self) -> &'static str {
        match self {
            Self::Autocorrelation => "ac",
            Self::CrossCorrelation => "cc",
            Self::FilteredAutocorrelation { .. } => "filtered_ac",
        }
    }
}

/// Settings of a pitch track; the presets are Praat's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Settings {
    /// The measure of periodicity.
    pub method: Method,
    /// From frame to frame; None: a quarter of the periods in a window.
    pub step_secs: Option<f64>,
    /// Lowest pitch, Hz; its period sets the window's length.
    pub floor_hz: f64,
    /// Highest pitch, Hz, cut at half the sample rate.
    pub ceiling_hz: f64,
    /// Longest periods in a window (Gaussian windows are twice as long).
    pub periods: f64,
    /// Candidates kept a frame, the unvoiced one among them; at least ceiling / floor.
    pub max_candidates: usize,
    /// Gaussian window and deeper interpolation.
    pub accurate: bool,
    /// Share of the recording's peak below which a frame is rather unvoiced.
    pub silence_threshold: f64,
    /// Correlation below which a frame is rather unvoiced.
    pub voicing_threshold: f64,
    /// Advantage of a high candidate, correlation per octave.
    pub octave_cost: f64,
    /// Cost of a jump, correlation per octave at steps of 10 ms.
    pub octave_jump_cost: f64,
    /// Cost of a change between voiced and unvoiced, correlation at steps of 10 ms.
    pub voiced_unvoiced_cost: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self::ac()
    }
}

impl Settings {
    /// Raw autocorrelation, 75 to 600 Hz, every 10 ms: what most published work used.
    pub const fn ac() -> Self {
        Self {
            method: Method::Autocorrelation,
            step_secs: None,
            floor_hz: 75.0,
            ceiling_hz: 600.0,
            periods: 3.0,
            max_candidates: 15,
            accurate: false,
            silence_threshold: 0.03,
            voicing_threshold: 0.45,
            octave_cost: 0.01,
            octave_jump_cost: 0.35,
            voiced_unvoiced_cost: 0.14,
        }
    }

    /// Raw autocorrelation in Gaussian windows of six periods.
    pub const fn accurate() -> Self {
        Self {
            accurate: true,
            ..Self::ac()
        }
    }

    /// Cross-correlation over one period, 75 to 600 Hz, every third of a period.
    pub const fn cc() -> Self {
        Self {
            method: Method::CrossCorrelation,
            periods: 1.0,
            ..Self::ac()
        }
    }

    /// Filtered autocorrelation, 50 to 800 Hz, every 15 ms: Praat's default since 2023.
    pub const fn filtered_ac() -> Self {
        Self {
            method: Method::FilteredAutocorrelation {
                attenuation_at_ceiling: 0.03,
            },
            floor_hz: 50.0,
            ceiling_hz: 800.0,
            silence_threshold: 0.09,
            voicing_threshold: 0.50,
            octave_cost: 0.055,
            ..Self::ac()
        }
    }

    /// The lenient track by which syllable nuclei are told from unvoiced peaks.
    pub const fn nuclei() -> Self {
        Self {
            step_secs: Some(0.02),
            floor_hz: 30.0,
            ceiling_hz: 450.0,
            max_candidates: 4,
            voicing_threshold: 0.25,
            voiced_unvoiced_cost: 0.25,
            ..Self::ac()
        }
    }

    /// The same search in another range.
    #[must_use]
    pub fn between(mut self, floor_hz: f64, ceiling_hz: f64) -> Self {
        self.floor_hz = floor_hz;
        self.ceiling_hz = ceiling_hz;
        self
    }

    /// Periods of the floor in the window's physical length.
    pub(super) fn physical_periods(&self) -> f64 {
        if self.accurate && self.method != Method::CrossCorrelation {
            2.0 * self.periods
        } else {
            self.periods
        }
    }

    /// The window's physical length.
    pub fn window_secs(&self) -> f64 {
        self.physical_periods() / self.floor_hz
    }

    /// From frame to frame.
    pub fn effective_step_secs(&self) -> f64 {
        self.step_secs.unwrap_or(self.periods / self.floor_hz / 4.0)
    }

    /// How far each side's interpolation reaches around candidate lags, in samples.
    pub(super) fn depth(&self, frequency_hz: f64, step_secs: f64) -> usize {
        if self.accurate || frequency_hz > 0.3 / step_secs {
            700
        } else {
            70
        }
    }

    /// Checks that the settings can be used.
    ///
    /// # Errors
    /// [`Error::Setting`] naming the first that cannot.
    pub fn check(&self) -> Result<()> {
        let positive = [
            ("pitch floor", self.floor_hz),
            ("pitch ceiling", self.ceiling_hz - self.floor_hz),
            ("periods in a pitch window", self.periods),
            ("pitch step", self.effective_step_secs()),
        ];
        for (what, value) in positive {
            if !(value > 0.0 && value.is_finite()) {
                let needed = if what == "pitch ceiling" {
                    "above the floor"
                } else {
                    "positive"
                };
                return Err(setting(what, needed, value));
            }
        }
        if self.max_candidates < 2 {
            return Err(setting(
                "pitch candidates",
                "at least 2",
                self.max_candidates as f64,
            ));
        }
        if let Method::FilteredAutocorrelation {
            attenuation_at_ceiling: attenuation,
        } = self.method
            && !(attenuation > 0.0 && attenuation < 1.0)
        {
            return Err(setting(
                "attenuation at the pitch ceiling",
                "between 0 and 1",
                attenuation,
            ));
        }
        let costs = [
            self.silence_threshold,
            self.voicing_threshold,
            self.octave_cost,
            self.octave_jump_cost,
            self.voiced_unvoiced_cost,
        ];
        match costs.into_iter().find(|c| !(*c >= 0.0 && c.is_finite())) {
            Some(cost) => Err(setting("pitch thresholds and costs", "0 or more", cost)),
            None => Ok(()),
        }
    }
}

fn setting(what: &str, needed: &str, found: f64) -> Error {
    Error::Setting {
        what: what.to_owned(),
        needed: needed.to_owned(),
        found: found.to_string(),
    }
}
