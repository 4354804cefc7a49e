//! The descriptors by family, each family's work shared.

use super::sheet::Sheet;
use super::{FormantCeiling, Settings, Tracks};
use crate::Result;
use crate::acoustics::formants::{self, Formants};
use crate::acoustics::ltas::{FrequencyAxis, Ltas, alpha_ratio_db, bandwidth_hz, hann_spectrum};
use crate::acoustics::spectrum::EnergySpectrum;
use crate::acoustics::{
    Pitch, Sound, cepstrum, gne, harmonicity, harmonics, intensity, jitter, level, pitch, pulses,
    rate, shimmer, vocal_tract,
};
use crate::stats::hazen_of_sorted;

/// Envelopes of longer recordings would fill gigabytes.
const MAX_GNE_SECS: f64 = 600.0;

const NO_VOICED_FRAME: &str = "no frame is voiced";

/// How names start that need formants.
const RESONANCES: [&str; 11] = [
    "f1_", "f2_", "f3_", "f4_", "b1_", "b2_", "b3_", "b4_", "delta_f", "vtl_", "h1",
];

/// Measures the families of what is asked for.
pub(super) fn measure(sound: &Sound, settings: &Settings, sheet: &mut Sheet) {
    let wants = |starts: &[&str]| settings.wanted.any(starts);
    let mut tracks = Tracks::default();
    let resonating = wants(&RESONANCES);
    let perturbed = wants(&["jitter", "shimmer"]);
    let pitch = (resonating || perturbed || wants(&["f0_", "voiced_share"]))
        .then(|| pitch::track(sound, &pitch::Settings::ac()));
    if let Some(pitch) = &pitch {
        f0(pitch, sheet);
    }
    let voiced = pitch.as_ref().and_then(|pitch| pitch.as_ref().ok());
    if let Some(pitch) = voiced {
        tracks.push_pitch(pitch);
    }
    if resonating {
        let formants = resonances(sound, settings, voiced, sheet);
        if let Some(formants) = &formants {
            tracks.push_formants(formants);
        }
        if wants(&["h1"]) {
            harmonic_levels(sound, voiced, formants.as_ref(), sheet);
        }
    }
    if perturbed {
        tracks.pulses_secs = perturbation(sound, voiced, sheet);
    }
    noise(sound, &wants, sheet, &mut tracks);
    if wants(&["cpps"]) {
        prominence(sound, sheet, &mut tracks);
    }
    levels(sound, &wants, sheet, &mut tracks);
    if wants(&["ltas_", "alpha_ratio", "hammarberg", "spectral_"]) {
        tilt(sound, sheet);
    }
    if wants(&["hann_trend", "bandwidth"]) {
        average(sound, sheet);
    }
    if wants(&["syllable", "speech_rate", "articulation_rate"]) {
        syllables(sound, sheet);
    }
    if settings.with_tracks {
        sheet.set_tracks(tracks);
    }
}

/// The median (type 5 at one half); None of nothing.
fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    (!values.is_empty()).then(|| hazen_of_sorted(&values, 0.5))
}

fn f0(pitch: &Result<Pitch>, sheet: &mut Sheet) {
    let statistics = pitch.as_ref().map_err(ToString::to_string).and_then(|p| {
        sheet.counts().pitch_frames = p.len();
        sheet.put(
            "voiced_share",
            Some(p.voiced().count() as f64 / p.len() as f64),
            "",
        );
        p.statistics().map_err(|e| e.to_string())
    });
    let why = match &statistics {
        Err(why) => why.as_str(),
        Ok(_) => "only one frame is voiced",
    };
    if pitch.is_err() {
        sheet.leave_out("voiced_share", why);
    }
    let s = statistics.as_ref().ok();
    sheet.counts().voiced_frames = s.map_or(0, |s| s.voiced);
    sheet.put("f0_mean_hz", s.map(|s| s.mean_hz), why);
    sheet.put("f0_median_hz", s.map(|s| s.median_hz), why);
    sheet.put("f0_sd_hz", s.and_then(|s| s.sd_hz), why);
    sheet.put("f0_median_st", s.map(|s| s.f0_median_st), why);
    sheet.put("f0_iqr_st", s.and_then(|s| s.f0_iqr_st), why);
    sheet.put("f0_range_st", s.and_then(|s| s.f0_range_st), why);
}

fn resonances(
    sound: &Sound,
    settings: &Settings,
    pitch: Option<&Pitch>,
    sheet: &mut Sheet,
) -> Option<Formants> {
    const MEDIANS: [(&str, &str); 4] = [
        ("f1_median_hz", "b1_median_hz"),
        ("f2_median_hz", "b2_median_hz"),
        ("f3_median_hz", "b3_median_hz"),
        ("f4_median_hz", "b4_median_hz"),
    ];
    let is_voiced = |secs: f64| pitch.is_some_and(|pitch| pitch.at(secs).is_some());
    let found = match settings.formant_ceiling {
        FormantCeiling::Given { hz } => {
            formants::track(sound, &formants::Settings::with_ceiling(hz))
        }
        FormantCeiling::LeastMovement => formants::ceiling::least_movement(sound, is_voiced),
    };
    let chosen = |formants: &Formants, frame| is_voiced(formants.frames.centre_secs(frame));
    let why = match &found {
        None => "the recording is shorter than a window of 50 ms, or not voiced",
        Some(formants) => {
            let voiced = (0..formants.frames.count).filter(|i| chosen(formants, *i));
            sheet.counts().formant_frames = voiced.count();
            sheet.counts().unsolved_formant_frames = formants.unsolved;
            sheet.set_formant_ceiling(formants.ceiling_hz);
            "no voiced frame has this formant"
        }
    };
    let mut medians_hz = Vec::new();
    for (i, (frequency, bandwidth)) in MEDIANS.into_iter().enumerate() {
        let series = |of: fn(formants::Formant) -> f64| {
            let formants = found.as_ref()?;
            median(
                formants
                    .series(i + 1, |frame| chosen(formants, frame))
                    .map(of),
            )
        };
        let median_hz = series(|formant| formant.frequency_hz);
        medians_hz.extend(median_hz);
        sheet.put(frequency, median_hz, why);
        sheet.put(bandwidth, series(|formant| formant.bandwidth_hz), why);
    }
    let tract = (medians_hz.len() == MEDIANS.len())
        .then(|| vocal_tract::measure(&medians_hz))
        .flatten();
    let why = "a median formant of F1 to F4 is missing";
    sheet.put("delta_f_hz", tract.map(|t| t.delta_f_hz), why);
    sheet.put("vtl_delta_f_cm", tract.map(|t| t.delta_f_cm), why);
    sheet.put("vtl_dispersion_cm", tract.map(|t| t.dispersion_cm), why);
    found
}

fn perturbation(sound: &Sound, pitch: Option<&Pitch>, sheet: &mut Sheet) -> Vec<f64> {
    let pulses = pitch.map_or_else(Vec::new, |pitch| pulses::find(sound, pitch));
    let jitter = jitter::measure(&pulses, &Default::default());
    let shimmer = shimmer::measure(sound, &pulses, &Default::default());
    sheet.counts().pulses = pulses.len();
    sheet.counts().periods = jitter.mean_period_secs.count;
    let why = if pulses.is_empty() {
        NO_VOICED_FRAME
    } else {
        "too few neighbouring periods are alike"
    };
    sheet.put("jitter_local", jitter.local.value, why);
    sheet.put("jitter_rap", jitter.rap.value, why);
    sheet.put("jitter_ppq5", jitter.ppq5.value, why);
    sheet.put("shimmer_local", shimmer.local.value, why);
    sheet.put("shimmer_local_db", shimmer.local_db.value, why);
    sheet.put("shimmer_apq3", shimmer.apq3.value, why);
    sheet.put("shimmer_apq5", shimmer.apq5.value, why);
    sheet.put("shimmer_apq11", shimmer.apq11.value, why);
    pulses
}

fn harmonic_levels(
    sound: &Sound,
    pitch: Option<&Pitch>,
    formants: Option<&Formants>,
    sheet: &mut Sheet,
) {
    let found = pitch.map(|pitch| harmonics::measure(sound, pitch, formants));
    let found = found.unwrap_or_default();
    let series = [
        ("h1_h2_db", found.h1_h2_db),
        ("h1c_h2c_db", found.h1c_h2c_db),
        ("h1c_a3c_db", found.h1c_a3c_db),
    ];
    for (name, values) in series {
        sheet.put(
            name,
            median(values.into_iter()),
            "no voiced frame has these harmonics",
        );
    }
}

fn noise(sound: &Sound, wants: &dyn Fn(&[&str]) -> bool, sheet: &mut Sheet, tracks: &mut Tracks) {
    let presets = [
        ("hnr_cc_mean_db", harmonicity::Settings::cc()),
        ("hnr_ac_mean_db", harmonicity::Settings::ac()),
    ];
    for (name, preset) in presets.into_iter().filter(|(name, _)| wants(&[*name])) {
        match harmonicity::track(sound, &preset) {
            Ok(found) => {
                sheet.put(name, found.mean_db(), "every frame is silent");
                if preset == harmonicity::Settings::cc() {
                    tracks.push_harmonicity(&found);
                }
            }
            Err(why) => sheet.leave_out(name, &why.to_string()),
        }
    }
    if !wants(&["gne"]) {
        return;
    }
    if sound.duration_secs() > MAX_GNE_SECS {
        sheet.leave_out("gne_max", "the recording is longer than 10 minutes");
    } else {
        sheet.put(
            "gne_max",
            gne::measure(sound, &gne::Settings::default()),
            "the recording is shorter than a window of 60 ms, or its excitation has no envelope",
        );
    }
}

fn prominence(sound: &Sound, sheet: &mut Sheet, tracks: &mut Tracks) {
    let found = cepstrum::cpps(sound, &Default::default(), &Default::default());
    sheet.put(
        "cpps_db",
        found.as_ref().map(cepstrum::Cpps::mean_db),
        "the recording is shorter than a window of 100 ms",
    );
    if let Some(found) = found {
        tracks.push_prominence(found.frames, &found.prominence_db);
    }
}

fn levels(sound: &Sound, wants: &dyn Fn(&[&str]) -> bool, sheet: &mut Sheet, tracks: &mut Tracks) {
    if wants(&["intensity"]) {
        let track = intensity::track(sound, 100.0, None, true);
        sheet.put(
            "intensity_mean_db",
            track.as_ref().map(intensity::Intensity::mean_energy_db),
            "the recording is shorter than a window of 64 ms",
        );
        if let Some(track) = track {
            tracks.push_intensity(&track);
        }
    }
    let whole = level::whole(sound);
    sheet.counts().clipped_samples = whole.as_ref().map_or(0, |level| level.clipped);
    let mut enter = |name: &'static str, number: Result<f64>| match number {
        Ok(value) => sheet.put(name, Some(value), ""),
        Err(why) => sheet.leave_out(name, &why.to_string()),
    };
    enter("level_db", whole.map(|level| level.rms_dbfs));
    if wants(&["active_level"]) {
        enter(
            "active_level_db",
            level::active(sound).map(|l| l.level_dbfs),
        );
    }
    if wants(&["snr"]) {
        enter("snr_db", level::signal_to_noise(sound).map(|s| s.ratio_db));
    }
}

fn tilt(sound: &Sound, sheet: &mut Sheet) {
    let spectrum = EnergySpectrum::of(sound);
    let ltas = Ltas::of(&spectrum, 100.0);
    let why = "a band has no energy";
    let slope_db = ltas.slope_db((0.0, 1_000.0), (1_000.0, 4_000.0));
    sheet.put("ltas_slope_db", slope_db, why);
    sheet.put("ltas_trend_db_per_decade", trend(&ltas), why);
    sheet.put("alpha_ratio_db", alpha_ratio_db(&spectrum), why);
    sheet.put("hammarberg_db", ltas.hammarberg_db(), why);
    let moments = spectrum.moments();
    sheet.put("spectral_centre_hz", moments.map(|m| m.centre_hz), why);
    sheet.put("spectral_sd_hz", moments.map(|m| m.sd_hz), why);
    sheet.put("spectral_skewness", moments.map(|m| m.skewness), why);
    sheet.put("spectral_kurtosis", moments.map(|m| m.kurtosis), why);
}

/// The slope of a spectrum over a decade.
fn trend(ltas: &Ltas) -> Option<f64> {
    let line = ltas.trend(100.0, 5_000.0, FrequencyAxis::Logarithmic)?;
    Some(line.slope)
}

/// What the mean of Hann frames says.
fn average(sound: &Sound, sheet: &mut Sheet) {
    let spectrum = hann_spectrum(sound);
    let why = "the recording is shorter than a frame of 2048 samples, or a band has no energy";
    let slope = spectrum
        .as_ref()
        .and_then(|s| trend(&Ltas::of(s, s.bin_hz)));
    sheet.put("hann_trend_db_per_decade", slope, why);
    let width_hz = spectrum.as_ref().and_then(bandwidth_hz);
    sheet.put("bandwidth_hz", width_hz, why);
}

fn syllables(sound: &Sound, sheet: &mut Sheet) {
    match rate::measure(sound, &rate::Settings::default()) {
        Ok(rate) => {
            sheet.put("syllable_count", Some(rate.syllables() as f64), "");
            sheet.put("speech_rate", Some(rate.speech_rate_per_s()), "");
            sheet.put(
                "articulation_rate",
                rate.articulation_rate_per_s(),
                "no stretch is sounding",
            );
        }
        Err(why) => {
            for name in ["syllable_count", "speech_rate", "articulation_rate"] {
                sheet.leave_out(name, &why.to_string());
            }
        }
    }
}
