"""CPU time of Praat, through parselmouth, for the acoustic descriptors of `cargo bench -p phonoscope-analysis
--bench acoustics`, on the same recordings and in one thread.

Set-up: pip install praat-parselmouth==0.4.7
Usage:  python acoustics.py [--families a,b,c] [--repeat N] FOLDER_OR_WAV...

Prints one JSON object: seconds of sound, and for every family the seconds of CPU that the fastest of N passes
over all recordings took. Each family includes what it needs first: jitter, for example, its pitch and pulses.
"""

import argparse
import json
import math
import pathlib
import time
import warnings

import parselmouth
from parselmouth.praat import call

PITCH = (0.0, 75, 15, "no", 0.03, 0.45, 0.01, 0.35, 0.14, 600)


def pitch_ac(sound):
    return call(sound, "To Pitch (ac)", *PITCH)


def pitch_cc(sound):
    return call(sound, "To Pitch (cc)", *PITCH)


def pulses(sound):
    return call([sound, pitch_ac(sound)], "To PointProcess (cc)")


def jitter(sound):
    points = pulses(sound)
    for measure in ("local", "local, absolute", "rap", "ppq5", "ddp"):
        call(points, f"Get jitter ({measure})", 0, 0, 0.0001, 0.02, 1.3)


def shimmer(sound):
    points = pulses(sound)
    for measure in ("local", "local_dB", "apq3", "apq5", "apq11", "dda"):
        call([sound, points], f"Get shimmer ({measure})", 0, 0, 0.0001, 0.02, 1.3, 1.6)


def hnr_cc(sound):
    call(call(sound, "To Harmonicity (cc)", 0.01, 75, 0.1, 1.0), "Get mean", 0, 0)


def hnr_ac(sound):
    call(call(sound, "To Harmonicity (ac)", 0.01, 75, 0.1, 4.5), "Get mean", 0, 0)


def rate(sound):
    """Syllable nuclei after de Jong and Wempe (2009)."""
    intensity = sound.to_intensity(50, None, True)
    high = call(intensity, "Get quantile", 0, 0, 0.99)
    threshold = max(high - 25, call(intensity, "Get minimum", 0, 0, "Parabolic"))
    below = -25 - (call(intensity, "Get maximum", 0, 0, "Parabolic") - high)
    silences = call(intensity, "To TextGrid (silences)", below, 0.3, 0.1, "silent", "sounding")
    curve = call(call(intensity, "Down to Matrix"), "To Sound (slice)", 1)
    extrema = call(curve, "To PointProcess (extrema)", 1, "yes", "no", "Sinc70")
    peaks = []
    for index in range(1, call(extrema, "Get number of points") + 1):
        at = call(extrema, "Get time from index", index)
        height = call(intensity, "Get value at time", at, "Cubic")
        if height > threshold:
            peaks.append((at, height))
    pitch = call(sound, "To Pitch (ac)", 0.02, 30, 4, "no", 0.03, 0.25, 0.01, 0.35, 0.25, 450)
    syllables = 0
    for (at, height), following in zip(peaks, peaks[1:] + [None]):
        if following and height - call(intensity, "Get minimum", at, following[0], "None") <= 2:
            continue
        interval = call(silences, "Get interval at time", 1, at)
        sounding = call(silences, "Get label of interval", 1, interval) == "sounding"
        voiced = not math.isnan(call(pitch, "Get value at time", at, "Hertz", "Linear"))
        syllables += sounding and voiced
    return syllables


def f0_formants(sound):
    pitch_ac(sound)
    sound.to_formant_burg(None, 5, 5500, 0.025, 50)


def gne(sound):
    call(call(sound, "To Harmonicity (gne)", 500, 4500, 1000, 80), "Get maximum")


def cepstral(sound, fit):
    cepstra = call(sound, "To PowerCepstrogram", 60, 0.002, 5000, 50)
    trend = ("Parabolic", 0.001, 0.05, "Exponential decay", fit)
    call(cepstra, "Get CPPS", "yes", 0.02, 0.0005, 60, 330, 0.05, *trend)


def cpps_least_squares(sound):
    cepstral(sound, "Least squares")


def cpps(sound):
    cepstral(sound, "Robust slow")


def intensity(sound):
    sound.to_intensity(100, None, True)


def ltas(sound):
    bands = call(sound, "To Ltas", 100)
    call(bands, "Get slope", 0, 1000, 1000, 4000, "energy")
    call(bands, "Report spectral trend", 100, 5000, "Logarithmic", "Least squares")
    spectrum = sound.to_spectrum(True)
    for measure in ("centre of gravity", "standard deviation", "skewness", "kurtosis"):
        call(spectrum, f"Get {measure}", 2)


def whole(sound):
    """Everything once, pitch and pulses shared."""
    points = call([sound, pitch_ac(sound)], "To PointProcess (cc)")
    for measure in ("local", "rap", "ppq5"):
        call(points, f"Get jitter ({measure})", 0, 0, 0.0001, 0.02, 1.3)
    for measure in ("local", "local_dB", "apq3", "apq5", "apq11"):
        call([sound, points], f"Get shimmer ({measure})", 0, 0, 0.0001, 0.02, 1.3, 1.6)
    sound.to_formant_burg(None, 5, 5500, 0.025, 50)
    for family in (hnr_cc, hnr_ac, gne, cpps, intensity, ltas, rate):
        family(sound)


FAMILIES = {
    "pitch_ac": pitch_ac,
    "pitch_cc": pitch_cc,
    "pulses": pulses,
    "jitter": jitter,
    "shimmer": shimmer,
    "hnr_cc": hnr_cc,
    "hnr_ac": hnr_ac,
    "rate": rate,
    "f0_formants": f0_formants,
    "gne": gne,
    "cpps_least_squares": cpps_least_squares,
    "intensity": intensity,
    "ltas": ltas,
    "cpps": cpps,
    "whole": whole,
}


def wavs(paths):
    for path in map(pathlib.Path, paths):
        yield from sorted(path.glob("*.wav")) if path.is_dir() else [path]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--families", default=",".join(FAMILIES))
    arguments.add_argument("--repeat", type=int, default=3)
    arguments.add_argument("paths", nargs="+")
    arguments = arguments.parse_args()
    warnings.simplefilter("ignore", parselmouth.PraatWarning)  # of sounds without pauses
    sounds = [parselmouth.Sound(str(path)) for path in wavs(arguments.paths)]
    report = {
        "praat": parselmouth.PRAAT_VERSION,
        "recordings": len(sounds),
        "sound_secs": sum(sound.duration for sound in sounds),
        "cpu_secs": {},
    }
    # What Praat does not have is left out.
    for family in filter(FAMILIES.get, arguments.families.split(",")):
        passes = []
        for _ in range(arguments.repeat):
            start = time.process_time()
            for sound in sounds:
                FAMILIES[family](sound)
            passes.append(time.process_time() - start)
        report["cpu_secs"][family] = min(passes)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
