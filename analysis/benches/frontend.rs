//! Speed of the front ends on 10 s of noise. Items are seconds of audio, so that `item/s` reads as
//! "times real time" (budget: 100 per core).

#![expect(clippy::expect_used, reason = "constant settings")]

use divan::Bencher;
use divan::counter::ItemsCount;
use phonoscope_analysis::frontend::{
    FrontEnd, KaldiFbank, MelSpectrogram, Normalise, SAMPLE_RATE_HZ, Waveform, WaveformWindows,
    WhisperLogMel, WhisperPad,
};
use phonoscope_analysis::signal::{MelBank, Padding, Stft};

const DURATION_SECS: usize = 10;

fn main() {
    divan::main();
}

fn noise() -> Vec<f32> {
    let n_samples = DURATION_SECS * SAMPLE_RATE_HZ as usize;
    (0..n_samples)
        .map(|i| ((i * 7919) % 997) as f32 / 997.0 - 0.5)
        .collect()
}

#[divan::bench]
fn stft_power(bencher: Bencher<'_, '_>) {
    let samples: Vec<f64> = noise().iter().map(|x| f64::from(*x)).collect();
    let stft = Stft::new(400, 160).expect("valid sizes");
    bencher
        .counter(ItemsCount::new(DURATION_SECS))
        .bench(|| stft.power(&samples, Padding::Reflect));
}

#[divan::bench(args = [40, 80])]
fn mel_of_power(bencher: Bencher<'_, '_>, n_mels: usize) {
    let samples: Vec<f64> = noise().iter().map(|x| f64::from(*x)).collect();
    let stft = Stft::new(400, 160).expect("valid sizes");
    let bank = MelBank::slaney(16000.0, 400, n_mels, 0.0, 8000.0).expect("valid band");
    let power = stft.power(&samples, Padding::Zeros).expect("long enough");
    bencher.counter(ItemsCount::new(DURATION_SECS)).bench(|| {
        let mut total = 0.0;
        for row in power.rows() {
            if let Some(row) = row.as_slice() {
                total += bank.apply(row).sum::<f64>();
            }
        }
        total
    });
}

#[divan::bench]
fn ge2e_mel(bencher: Bencher<'_, '_>) {
    front_end(bencher, &FrontEnd::Ge2eMel);
}

#[divan::bench]
fn whisper_log_mel(bencher: Bencher<'_, '_>) {
    front_end(bencher, &FrontEnd::whisper(WhisperPad::Multiple320));
}

#[divan::bench]
fn whisper_log_mel_padded_to_30_s(bencher: Bencher<'_, '_>) {
    front_end(bencher, &FrontEnd::whisper(WhisperPad::Seconds30));
}

#[divan::bench]
fn whisper_log_mel_128(bencher: Bencher<'_, '_>) {
    let settings = WhisperLogMel {
        mels: 128,
        ..WhisperLogMel::default()
    };
    front_end(bencher, &FrontEnd::WhisperLogMel(settings));
}

#[divan::bench]
fn whisper_log_mel_smart_turn(bencher: Bencher<'_, '_>) {
    front_end(bencher, &FrontEnd::WhisperLogMel(WhisperLogMel::SMART_TURN));
}

#[divan::bench]
fn kaldi_fbank(bencher: Bencher<'_, '_>) {
    front_end(bencher, &FrontEnd::KaldiFbank(KaldiFbank::default()));
}

#[divan::bench]
fn log10_mel_d_vector(bencher: Bencher<'_, '_>) {
    front_end(bencher, &FrontEnd::Log10Mel(MelSpectrogram::d_vector()));
}

#[divan::bench]
fn ln_mel_nemo(bencher: Bencher<'_, '_>) {
    front_end(bencher, &FrontEnd::LnMel(MelSpectrogram::nemo(80)));
}

#[divan::bench]
fn power_mel(bencher: Bencher<'_, '_>) {
    front_end(bencher, &FrontEnd::PowerMel(MelSpectrogram::default()));
}

#[divan::bench]
fn waveform(bencher: Bencher<'_, '_>) {
    front_end(bencher, &FrontEnd::waveform());
}

#[divan::bench]
fn waveform_unit_variance(bencher: Bencher<'_, '_>) {
    let settings = Waveform {
        normalise: Normalise::ZeroMeanUnitVariance,
        ..Waveform::default()
    };
    front_end(bencher, &FrontEnd::Waveform(settings));
}

#[divan::bench]
fn waveform_dnsmos_windows(bencher: Bencher<'_, '_>) {
    let settings = Waveform {
        windows: Some(WaveformWindows::DNSMOS),
        ..Waveform::default()
    };
    front_end(bencher, &FrontEnd::Waveform(settings));
}

fn front_end(bencher: Bencher<'_, '_>, front_end: &FrontEnd) {
    let samples = noise();
    bencher
        .counter(ItemsCount::new(DURATION_SECS))
        .bench(|| front_end.compute(&samples));
}
