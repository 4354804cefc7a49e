//! What can be said: vowels and consonants of a 17.5 cm vocal tract.

/// How an onset consonant is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Manner {
    /// Voiced throughout, weaker than a vowel.
    Sonorant,
    /// Noise from a constriction, no voice.
    Fricative(Noise),
    /// Closure with a voice bar, then a burst.
    VoicedStop(Noise),
    /// Silent closure, burst, then aspiration.
    VoicelessStop(Noise),
}

/// Band of noise from a constriction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Noise {
    pub(super) centre_hz: f64,
    pub(super) bandwidth_hz: f64,
    /// Against the voiced source.
    pub(super) gain: f64,
}

/// An onset: its manner and the formants it pulls towards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Consonant {
    pub(super) manner: Manner,
    pub(super) formants_hz: [f64; 3],
}

const fn noise(centre_hz: f64, bandwidth_hz: f64, gain: f64) -> Noise {
    Noise {
        centre_hz,
        bandwidth_hz,
        gain,
    }
}

const fn consonant(manner: Manner, formants_hz: [f64; 3]) -> Consonant {
    Consonant {
        manner,
        formants_hz,
    }
}

/// How many of [`CONSONANTS`], from the first, are sonorants.
pub(super) const SONORANTS: usize = 5;

/// m n l w j, s ʃ f, b d ɡ, p t k, with locus frequencies of textbooks.
pub(super) const CONSONANTS: [Consonant; 14] = [
    consonant(Manner::Sonorant, [250.0, 1000.0, 2200.0]),
    consonant(Manner::Sonorant, [250.0, 1650.0, 2600.0]),
    consonant(Manner::Sonorant, [350.0, 1100.0, 2700.0]),
    consonant(Manner::Sonorant, [300.0, 650.0, 2200.0]),
    consonant(Manner::Sonorant, [280.0, 2200.0, 2950.0]),
    consonant(
        Manner::Fricative(noise(5500.0, 1800.0, 0.9)),
        [320.0, 1650.0, 2600.0],
    ),
    consonant(
        Manner::Fricative(noise(3000.0, 1200.0, 0.9)),
        [300.0, 1850.0, 2500.0],
    ),
    consonant(
        Manner::Fricative(noise(5000.0, 5000.0, 0.25)),
        [320.0, 1100.0, 2200.0],
    ),
    consonant(
        Manner::VoicedStop(noise(900.0, 1000.0, 0.7)),
        [220.0, 900.0, 2200.0],
    ),
    consonant(
        Manner::VoicedStop(noise(3800.0, 2000.0, 0.9)),
        [220.0, 1750.0, 2700.0],
    ),
    consonant(
        Manner::VoicedStop(noise(1900.0, 800.0, 0.9)),
        [220.0, 2000.0, 2300.0],
    ),
    consonant(
        Manner::VoicelessStop(noise(900.0, 1000.0, 0.9)),
        [300.0, 900.0, 2200.0],
    ),
    consonant(
        Manner::VoicelessStop(noise(3800.0, 2000.0, 1.2)),
        [300.0, 1750.0, 2700.0],
    ),
    consonant(
        Manner::VoicelessStop(noise(1900.0, 800.0, 1.2)),
        [300.0, 2000.0, 2300.0],
    ),
];

/// First three formants in Hz of men's i ɪ ɛ æ ɑ ɔ ʊ u ʌ ɝ (Peterson and Barney 1952).
pub(super) const VOWELS_HZ: [[f64; 3]; 10] = [
    [270.0, 2290.0, 3010.0],
    [390.0, 1990.0, 2550.0],
    [530.0, 1840.0, 2480.0],
    [660.0, 1720.0, 2410.0],
    [730.0, 1090.0, 2440.0],
    [570.0, 840.0, 2410.0],
    [440.0, 1020.0, 2240.0],
    [300.0, 870.0, 2240.0],
    [640.0, 1190.0, 2390.0],
    [490.0, 1350.0, 1690.0],
];

/// Length in cm of the vocal tract the tables describe: a uniform tube of it resonates at odd
/// multiples of 500 Hz.
pub(super) const REFERENCE_VTL_CM: f64 = 17.5;
