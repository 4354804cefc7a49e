//! Every descriptor by name: unit, definition, source.

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// The name in tables and JSON.
    pub name: &'static str,
    /// Unit; `1` for ratios and counts.
    pub unit: &'static str,
    /// What is measured, how, and over which frames or periods.
    pub definition: &'static str,
    /// Paper or program whose definition it is.
    pub source: &'static str,
}

const BOERSMA: &str = "Boersma 1993; Praat, raw autocorrelation";
const BURG: &str = "Anderson 1978; Praat, Burg";
const JITTER: &str = "Praat, jitter over pulses";
const SHIMMER: &str = "Praat, shimmer over pulses";
const TRACT: &str = "Reby & McComb 2003";
const DE_JONG: &str = "de Jong & Wempe 2009";
const MOMENTS: &str = "Praat, spectral moments, power 2";
const ISELI: &str = "Iseli & Alwan 2004";

const fn entry(
    name: &'static str,
    unit: &'static str,
    source: &'static str,
    definition: &'static str,
) -> Descriptor {
    Descriptor {
        name,
        unit,
        definition,
        source,
    }
}

/// Every descriptor, in the order of tables.
pub const DESCRIPTORS: &[Descriptor] = &[
    entry(
        "f0_mean_hz",
        "Hz",
        BOERSMA,
        "mean pitch of voiced frames, 75 to 600 Hz, every 10 ms",
    ),
    entry(
        "f0_median_hz",
        "Hz",
        BOERSMA,
        "median pitch of voiced frames",
    ),
    entry(
        "f0_sd_hz",
        "Hz",
        BOERSMA,
        "standard deviation of the pitch of voiced frames (n - 1)",
    ),
    entry(
        "f0_median_st",
        "st",
        BOERSMA,
        "median pitch in semitones above 100 Hz",
    ),
    entry(
        "f0_iqr_st",
        "st",
        BOERSMA,
        "pitch range from quantile 0.25 to 0.75 (type 5), semitones",
    ),
    entry(
        "f0_range_st",
        "st",
        BOERSMA,
        "pitch range from quantile 0.05 to 0.95 (type 5), semitones",
    ),
    entry(
        "voiced_share",
        "1",
        BOERSMA,
        "voiced frames among all pitch frames",
    ),
    entry(
        "f1_median_hz",
        "Hz",
        BURG,
        "median first formant of voiced frames",
    ),
    entry(
        "f2_median_hz",
        "Hz",
        BURG,
        "median second formant of voiced frames",
    ),
    entry(
        "f3_median_hz",
        "Hz",
        BURG,
        "median third formant of voiced frames",
    ),
    entry(
        "f4_median_hz",
        "Hz",
        BURG,
        "median fourth formant of voiced frames",
    ),
    entry(
        "b1_median_hz",
        "Hz",
        BURG,
        "median bandwidth of the first formant in voiced frames",
    ),
    entry(
        "b2_median_hz",
        "Hz",
        BURG,
        "median bandwidth of the second formant in voiced frames",
    ),
    entry(
        "b3_median_hz",
        "Hz",
        BURG,
        "median bandwidth of the third formant in voiced frames",
    ),
    entry(
        "b4_median_hz",
        "Hz",
        BURG,
        "median bandwidth of the fourth formant in voiced frames",
    ),
    entry(
        "delta_f_hz",
        "Hz",
        TRACT,
        "spacing of F1 to F4 by least squares through the origin",
    ),
    entry(
        "vtl_delta_f_cm",
        "cm",
        TRACT,
        "vocal-tract length from that spacing, sound at 35,000 cm/s",
    ),
    entry(
        "vtl_dispersion_cm",
        "cm",
        "Fitch 1997",
        "vocal-tract length from (F4 - F1) / 3",
    ),
    entry(
        "jitter_local",
        "1",
        JITTER,
        "mean difference of neighbouring periods over the mean period",
    ),
    entry(
        "jitter_rap",
        "1",
        JITTER,
        "mean departure of a period from the mean of three, over the mean period",
    ),
    entry(
        "jitter_ppq5",
        "1",
        JITTER,
        "mean departure of a period from the mean of five, over the mean period",
    ),
    entry(
        "shimmer_local",
        "1",
        SHIMMER,
        "mean difference of neighbouring amplitudes over the mean amplitude",
    ),
    entry(
        "shimmer_local_db",
        "dB",
        SHIMMER,
        "mean level difference of neighbouring amplitudes",
    ),
    entry(
        "shimmer_apq3",
        "1",
        SHIMMER,
        "mean departure of an amplitude from the mean of three, over the mean",
    ),
    entry(
        "shimmer_apq5",
        "1",
        SHIMMER,
        "mean departure of an amplitude from the mean of five, over the mean",
    ),
    entry(
        "shimmer_apq11",
        "1",
        SHIMMER,
        "mean departure of an amplitude from the mean of eleven, over the mean",
    ),
    entry(
        "hnr_cc_mean_db",
        "dB",
        "Boersma 1993; Praat, cross-correlation",
        "mean harmonics-to-noise ratio of frames that are not silent",
    ),
    entry(
        "hnr_ac_mean_db",
        "dB",
        "Boersma 1993; Praat, autocorrelation",
        "mean harmonics-to-noise ratio of frames that are not silent",
    ),
    entry(
        "gne_max",
        "1",
        "Michaelis et al. 1997",
        "largest correlation of envelopes of distant bands of the excitation",
    ),
    entry(
        "cpps_db",
        "dB",
        "Hillenbrand & Houde 1996; Praat's defaults",
        "mean smoothed cepstral peak prominence of all frames, 60 to 330 Hz",
    ),
    entry(
        "intensity_mean_db",
        "dB",
        "Praat, intensity from 100 Hz",
        "level of the mean power of frames; full scale is 94 dB",
    ),
    entry(
        "ltas_slope_db",
        "dB",
        "Praat, bands of 100 Hz, energy",
        "level at 1 to 4 kHz less that at 0 to 1 kHz, whole recording",
    ),
    entry(
        "ltas_trend_db_per_decade",
        "dB",
        "Praat, least squares",
        "slope of band levels over log frequency, 100 Hz to 5 kHz",
    ),
    entry(
        "hann_trend_db_per_decade",
        "dB",
        "Welch 1967",
        "the same over the bins of Hann frames of 2048 samples: a true slope, not Praat's",
    ),
    entry(
        "alpha_ratio_db",
        "dB",
        "Frøkjær-Jensen & Prytz 1976",
        "level at 1 to 5 kHz less that at 50 Hz to 1 kHz",
    ),
    entry(
        "hammarberg_db",
        "dB",
        "Hammarberg et al. 1980",
        "highest band level below 2 kHz less that at 2 to 5 kHz",
    ),
    entry(
        "spectral_centre_hz",
        "Hz",
        MOMENTS,
        "centre of gravity of the whole recording's spectrum",
    ),
    entry(
        "spectral_sd_hz",
        "Hz",
        MOMENTS,
        "standard deviation about the centre of gravity",
    ),
    entry(
        "spectral_skewness",
        "1",
        MOMENTS,
        "skewness of the spectrum",
    ),
    entry(
        "spectral_kurtosis",
        "1",
        MOMENTS,
        "kurtosis of the spectrum, less 3",
    ),
    entry(
        "h1_h2_db",
        "dB",
        ISELI,
        "median level of the first harmonic less the second, uncorrected, voiced frames",
    ),
    entry(
        "h1c_h2c_db",
        "dB",
        ISELI,
        "the same without the gain of F1 and F2",
    ),
    entry(
        "h1c_a3c_db",
        "dB",
        ISELI,
        "first harmonic less that at F3, without the gain of F1 to F3",
    ),
    entry(
        "syllable_count",
        "1",
        DE_JONG,
        "syllable nuclei: voiced peaks of intensity",
    ),
    entry(
        "speech_rate",
        "1/s",
        DE_JONG,
        "syllable nuclei a second of the recording",
    ),
    entry(
        "articulation_rate",
        "1/s",
        DE_JONG,
        "syllable nuclei a second of sounding stretches",
    ),
    entry(
        "snr_db",
        "dB",
        "active level over quantile 0.1 of frame powers",
        "estimate of the signal-to-noise ratio",
    ),
    entry(
        "active_level_db",
        "dBFS",
        "ITU-T P.56",
        "mean power while speech is active",
    ),
    entry(
        "level_db",
        "dBFS",
        "mean power",
        "mean power of the whole recording",
    ),
    entry(
        "bandwidth_hz",
        "Hz",
        "mean of Hann frames of 2048 samples, bands of 100 Hz",
        "highest frequency whose mean level is within 60 dB of the highest band's",
    ),
];

/// The descriptor of a name.
pub fn find(name: &str) -> Option<&'static Descriptor> {
    DESCRIPTORS.iter().find(|d| d.name == name)
}
