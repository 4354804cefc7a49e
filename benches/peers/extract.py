"""What a straightforward Python script takes for the work of `cargo bench -p phonoscope-probes --bench extract`.

Reads every recording of a manifest with soundfile, computes Whisper's log-mel with NumPy (float32 STFT, 80
mel bands), runs the encoder with onnxruntime at its default settings (all cores for one inference), averages
the last residual stream over time and keeps the vectors, one recording after the other.

Set-up: pip install numpy==2.4.6 onnxruntime==1.28.0 soundfile
Usage:  python extract.py MANIFEST ENCODER.onnx [TENSOR]

ENCODER.onnx takes `[1, 80, frame]`; for a fair comparison write the encoder that Phonoscope built, with the
tapped tensor among its outputs (the bench does so and prints the command).
"""

import csv
import os
import sys
import time

import numpy as np
import onnxruntime
import soundfile

N_FFT, HOP, MELS, RATE = 400, 160, 80, 16_000


def mel_filters():
    """Slaney's mel bands, area-normalised: `[80, 201]`."""
    def to_hz(mel):
        linear = 200.0 / 3 * mel
        return np.where(mel < 15, linear, 1000.0 * np.exp((mel - 15) * np.log(6.4) / 27))

    top = 15 + np.log(RATE / 2 / 1000) * 27 / np.log(6.4)
    edges = to_hz(np.linspace(0, top, MELS + 2))
    bins = np.linspace(0, RATE / 2, N_FFT // 2 + 1)
    rise = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    bands = np.maximum(0, np.minimum(rise, fall))
    return (bands * (2 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)


FILTERS = mel_filters()
WINDOW = np.hanning(N_FFT + 1)[:-1].astype(np.float32)


def log_mel(samples):
    """Whisper's features, padded to a multiple of 320 samples: `[1, 80, frame]`."""
    samples = np.pad(samples, (0, -len(samples) % (2 * HOP)))
    padded = np.pad(samples, N_FFT // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP][:-1]
    power = np.abs(np.fft.rfft(frames * WINDOW)) ** 2
    logs = np.log10(np.maximum(power.astype(np.float32) @ FILTERS.T, 1e-10)).T
    return ((np.maximum(logs, logs.max() - 8) + 4) / 4)[None].astype(np.float32)


def main():
    manifest, encoder = sys.argv[1:3]
    started = time.perf_counter()
    session = onnxruntime.InferenceSession(encoder, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    outputs = [sys.argv[3]] if len(sys.argv) > 3 else [session.get_outputs()[-1].name]
    folder = os.path.dirname(manifest)
    with open(manifest, newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    vectors = []
    for row in rows:
        samples, rate = soundfile.read(os.path.join(folder, row["path"]), dtype="float32")
        assert rate == RATE
        (hidden,) = session.run(outputs, {name: log_mel(samples)})
        vectors.append(hidden.mean(axis=1)[0])
    vectors = np.stack(vectors)
    seconds = time.perf_counter() - started
    print(f"{len(rows)} items in {seconds:.2f} s, {len(rows) / seconds:.2f} items/s, {vectors.shape}")


if __name__ == "__main__":
    main()
