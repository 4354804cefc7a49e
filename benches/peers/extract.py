"""What a straightforward Python script takes for the work of `phonoscope extract`.

Reads every recording of a manifest with soundfile, computes the features with NumPy in float32 (Whisper's
log-mel or Kaldi's fbank with its mean subtracted, by the shape of the network's input), runs the network with
onnxruntime at its default settings (all cores for one inference), averages what has a time axis over it and
keeps the vectors, one recording after the other. Prints clock and processor time of the whole script less its
imports.

Set-up: pip install numpy==2.4.6 onnxruntime==1.28.0 soundfile
Usage:  python extract.py MANIFEST NETWORK.onnx [TENSOR]

NETWORK.onnx takes `[1, 80, frame]` (Whisper) or `[1, frame, 80]` (Kaldi); for a fair comparison give it the
graph that Phonoscope built, with the tapped tensor among its outputs (`cargo bench -p phonoscope-probes --bench
extract` writes both and prints the commands).

Measured, librispeech-251, two cores without other work, `cargo bench` in release and this script in the same call:
processor time with the checks of a run whisper-tiny.en with its four residual taps 19.2 s (median of 5) against
41.5 s (2.2 times), CAM++ 24.1 s against 58.9 s (2.4 times); by the clock 10.3 s against 21.2 s, and 13.0 s against
31.6 s. On a slower machine and with memory kept between runs: whisper-tiny.en 16.0 s against 30.2 s by the clock (1.9
times). There, against the loop that only runs the network, without the checks: 0.92 of its throughput (0.88 to 1.00 in
eleven rounds) and 0.93 (0.87 to 0.97 in five).
"""

import csv
import os
import resource
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


def kaldi_filters():
    """Kaldi's mel bands from 20 Hz, triangles in mels: `[80, 257]`."""
    def mel(hz):
        return 1127 * np.log(1 + hz / 700)

    edges = np.linspace(mel(20), mel(RATE / 2), MELS + 2)
    bins = mel(np.arange(257) * RATE / 512)
    rise = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    bands = np.maximum(0, np.minimum(rise, fall))
    bands[:, 256] = 0
    return bands.astype(np.float32)


KALDI_FILTERS = kaldi_filters()
POVEY = np.power(np.hanning(N_FFT), 0.85).astype(np.float32)


def fbank(samples):
    """Kaldi's fbank as torchaudio has it, mean of each band subtracted: `[1, frame, 80]`."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, N_FFT)[::HOP]
    frames = frames - frames.mean(axis=1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    power = np.abs(np.fft.rfft((frames - np.float32(0.97) * before) * POVEY, 512)) ** 2
    logs = np.log(np.maximum(power.astype(np.float32) @ KALDI_FILTERS.T, np.finfo(np.float32).eps))
    return (logs - logs.mean(axis=0))[None]


def main():
    manifest, network = sys.argv[1:3]
    used = resource.getrusage(resource.RUSAGE_SELF)
    started = time.perf_counter()
    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    takes = session.get_inputs()[0]
    features = fbank if takes.shape[-1] == MELS else log_mel
    outputs = [sys.argv[3]] if len(sys.argv) > 3 else [session.get_outputs()[-1].name]
    folder = os.path.dirname(manifest)
    with open(manifest, newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    vectors = []
    for row in rows:
        samples, rate = soundfile.read(os.path.join(folder, row["path"]), dtype="float32")
        assert rate == RATE
        (hidden,) = session.run(outputs, {takes.name: features(samples)})
        vectors.append(hidden.mean(axis=1)[0] if hidden.ndim == 3 else hidden[0])
    vectors = np.stack(vectors)
    seconds = time.perf_counter() - started
    usage = resource.getrusage(resource.RUSAGE_SELF)
    processor = usage.ru_utime + usage.ru_stime - used.ru_utime - used.ru_stime
    print(f"{len(rows)} items in {seconds:.2f} s ({processor:.2f} s of processor), {len(rows) / seconds:.2f} items/s, "
          f"{vectors.shape}")


if __name__ == "__main__":
    main()
