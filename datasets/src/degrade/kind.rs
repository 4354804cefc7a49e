//! Kinds of degradation and their grades.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::synth::SynthError;

/// What makes a recording worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// White noise at a signal-to-noise ratio in dB: of mean powers over the recording, pauses
    /// included.
    NoiseWhite,
    /// Noise with the recording's own long-term spectrum (a predictor of 24 poles), likewise.
    NoiseSpeech,
    /// A low-pass filter whose gain is -6 dB at a cut-off in Hz.
    Lowpass,
    /// So many percent of the samples, the largest, cut to one magnitude.
    Clip,
    /// Rounding to so many bits; the recording's peak is full scale.
    Quantise,
    /// Rounding to so many bits after mu-law companding (mu 255); the peak is full scale.
    Mulaw,
    /// A room of white noise that decays by 60 dB in so many seconds, as strong as the direct sound.
    Reverb,
    /// So many rounds of overlap-add: four semitones up and a quarter slower, and back.
    Psola,
    /// So many percent of the frames of 20 ms silenced.
    Drop,
    /// So many percent of the frames of 20 ms replaced by the one before.
    Repeat,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::NoiseWhite,
        Self::NoiseSpeech,
        Self::Lowpass,
        Self::Clip,
        Self::Quantise,
        Self::Mulaw,
        Self::Reverb,
        Self::Psola,
        Self::Drop,
        Self::Repeat,
    ];

    /// The name in manifests and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoiseWhite => "noise_white",
            Self::NoiseSpeech => "noise_speech",
            Self::Lowpass => "lowpass",
            Self::Clip => "clip",
            Self::Quantise => "quantise",
            Self::Mulaw => "mulaw",
            Self::Reverb => "reverb",
            Self::Psola => "psola",
            Self::Drop => "drop",
            Self::Repeat => "repeat",
        }
    }

    /// The grades unless others are asked for, from the mildest to the worst.
    pub fn usual(self) -> &'static [f64] {
        match self {
            Self::NoiseWhite | Self::NoiseSpeech => &[30.0, 20.0, 10.0, 0.0],
            Self::Lowpass => &[6000.0, 4000.0, 2000.0, 1000.0],
            Self::Clip => &[0.1, 1.0, 5.0, 15.0],
            Self::Quantise => &[10.0, 8.0, 6.0, 4.0],
            Self::Mulaw => &[8.0, 6.0, 4.0, 3.0],
            Self::Reverb => &[0.2, 0.4, 0.8, 1.6],
            Self::Psola => &[1.0, 2.0, 4.0, 8.0],
            Self::Drop | Self::Repeat => &[2.0, 5.0, 10.0, 20.0],
        }
    }

    /// The unit of the grades, as system names spell it.
    fn unit(self) -> &'static str {
        match self {
            Self::NoiseWhite | Self::NoiseSpeech => "snr",
            Self::Lowpass => "hz",
            Self::Clip | Self::Drop | Self::Repeat => "pct",
            Self::Quantise | Self::Mulaw => "bit",
            Self::Reverb => "s",
            Self::Psola => "x",
        }
    }

    /// The name of a system: `noise_white_snr20`, `lowpass_4000hz`, `reverb_0.4s`.
    pub fn system(self, amount: f64) -> String {
        match self {
            Self::NoiseWhite | Self::NoiseSpeech => format!("{self}_{}{amount}", self.unit()),
            _ => format!("{self}_{amount}{}", self.unit()),
        }
    }

    /// Whether a smaller number is worse.
    fn worse_downwards(self) -> bool {
        matches!(
            self,
            Self::NoiseWhite | Self::NoiseSpeech | Self::Lowpass | Self::Quantise | Self::Mulaw
        )
    }

    /// The smallest and the largest grade, and whether grades are whole numbers.
    fn bounds(self) -> (f64, f64, bool) {
        match self {
            Self::NoiseWhite | Self::NoiseSpeech => (-40.0, 100.0, false),
            Self::Lowpass => (100.0, 7900.0, false),
            Self::Clip => (0.01, 90.0, false),
            Self::Quantise | Self::Mulaw => (2.0, 15.0, true),
            Self::Reverb => (0.05, 10.0, false),
            Self::Psola => (1.0, 100.0, true),
            Self::Drop | Self::Repeat => (0.1, 90.0, false),
        }
    }

    pub(super) fn check(self, amount: f64) -> Result<(), SynthError> {
        let (low, high, whole) = self.bounds();
        if (low..=high).contains(&amount) && (!whole || amount.fract() == 0.0) {
            return Ok(());
        }
        let kind = if whole { "a whole number from " } else { "" };
        Err(SynthError::Setting {
            what: "a grade",
            needed: format!("{kind}{low} to {high} for `{self}`"),
            found: amount.to_string(),
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Kind {
    type Err = SynthError;

    fn from_str(name: &str) -> Result<Self, SynthError> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| SynthError::Setting {
            what: "a kind of degradation",
            needed: format!("one of {}", Self::ALL.map(Self::name).join(", ")),
            found: format!("`{name}`"),
        })
    }
}

/// A kind with its grades, from the mildest to the worst.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// What is done.
    pub kind: Kind,
    /// How much; the unit is the kind's.
    pub amounts: Vec<f64>,
}

impl Plan {
    /// A kind with its usual grades.
    pub fn usual(kind: Kind) -> Self {
        Self {
            kind,
            amounts: kind.usual().to_vec(),
        }
    }

    /// Whether the grades can be used and get worse.
    ///
    /// # Errors
    /// [`SynthError::Setting`] for no grade, one out of range, and grades out of order.
    pub fn check(&self) -> Result<(), SynthError> {
        self.amounts.iter().try_for_each(|a| self.kind.check(*a))?;
        let worse = |pair: &[f64]| match self.kind.worse_downwards() {
            true => pair[1] < pair[0],
            false => pair[1] > pair[0],
        };
        if self.amounts.is_empty() || !self.amounts.windows(2).all(worse) {
            return Err(SynthError::Setting {
                what: "grades",
                needed: format!("at least one for `{}`, the mildest first", self.kind),
                found: format!("{:?}", self.amounts),
            });
        }
        Ok(())
    }
}

impl FromStr for Plan {
    type Err = SynthError;

    /// `KIND`, or `KIND=AMOUNT/AMOUNT…`.
    fn from_str(text: &str) -> Result<Self, SynthError> {
        let (kind, amounts) = match text.split_once('=') {
            None => return text.trim().parse().map(Self::usual),
            Some((kind, amounts)) => (kind.trim().parse::<Kind>()?, amounts),
        };
        let number = |text: &str| {
            text.trim()
                .parse::<f64>()
                .ok()
                .filter(|x| x.is_finite())
                .ok_or_else(|| SynthError::Setting {
                    what: "grades",
                    needed: "numbers with `/` between them".to_owned(),
                    found: format!("`{text}`"),
                })
        };
        let amounts = amounts.split('/').map(number).collect::<Result<_, _>>()?;
        let plan = Self { kind, amounts };
        plan.check()?;
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_read_and_checked() {
        for kind in Kind::ALL {
            Plan::usual(kind).check().unwrap();
            assert_eq!(kind.name().parse::<Plan>().unwrap(), Plan::usual(kind));
        }
        let plan: Plan = "reverb=0.3/0.9".parse().unwrap();
        assert_eq!(plan.amounts, [0.3, 0.9]);
        assert_eq!(plan.kind.system(0.3), "reverb_0.3s");
        assert_eq!(Kind::NoiseWhite.system(20.0), "noise_white_snr20");
        for bad in [
            "hiss",
            "reverb=",
            "reverb=1/0.5",
            "lowpass=1000/2000",
            "quantise=3.5",
            "clip=200",
            "",
            "noise_white=20/20",
            "reverb=NaN",
        ] {
            assert!(bad.parse::<Plan>().is_err(), "{bad}");
        }
    }
}
