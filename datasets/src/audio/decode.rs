//! Decoding with symphonia; nothing else names it.

use std::io::Cursor;

use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_FLAC, CODEC_ID_MP3, CODEC_ID_PCM_ALAW, CODEC_ID_PCM_F32LE, CODEC_ID_PCM_F64LE,
    CODEC_ID_PCM_MULAW, CODEC_ID_VORBIS,
};
use symphonia::core::codecs::audio::{AudioCodecId, AudioDecoderOptions};
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::default::formats::{FlacReader, MpaReader, OggReader, WavReader};

use super::container::{Container, check_ogg_end};
use super::{Codec, Decoded, SourceFormat};
use crate::error::AudioFault;

/// Rates outside are taken for damage.
const RATES_HZ: std::ops::RangeInclusive<u32> = 1_000..=768_000;

/// Lengths from here on mean "unknown" in the WAV header of a program that wrote to a pipe.
const UNKNOWN_WAV_BYTES: u64 = 0x7fff_0000;

/// What the headers promise.
struct Promise {
    source: SourceFormat,
    frames: Option<u64>,
}

pub(super) fn decode(container: Container, bytes: &[u8]) -> Result<Decoded, AudioFault> {
    // Decoders have panicked on hostile bytes before; one file must not end a run of thousands.
    std::panic::catch_unwind(|| decode_trusting(container, bytes)).unwrap_or_else(|_panic| {
        Err(AudioFault::Damaged {
            what: "its bytes make the decoder fail".into(),
        })
    })
}

fn decode_trusting(container: Container, bytes: &[u8]) -> Result<Decoded, AudioFault> {
    if container == Container::Ogg {
        check_ogg_end(bytes)?;
    }
    let mut format = open(container, bytes)?;
    let damaged = |what: &str| AudioFault::Damaged { what: what.into() };
    let track = format
        .default_track(TrackType::Audio)
        .ok_or_else(|| damaged("it has no audio track"))?;
    let track_id = track.id;
    let frames = track.num_frames;
    let params = track
        .codec_params
        .as_ref()
        .and_then(|params| params.audio())
        .ok_or_else(|| damaged("its codec is not named"))?
        .clone();
    let codec = codec_of(container, params.codec)?;
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(&params, &AudioDecoderOptions::default().verify(true))
        .map_err(|e| fault_of(&e))?;

    let mut samples: Vec<f32> = Vec::new();
    let mut interleaved: Vec<f32> = Vec::new();
    let mut shape: Option<(u32, usize)> = None;
    loop {
        let packet = match format.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => break,
            Err(SymphoniaError::IoError(e)) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
                break;
            }
            Err(e) => return Err(fault_of(&e)),
        };
        if packet.track_id != track_id {
            continue;
        }
        if packet.data.is_empty() {
            break;
        }
        let buffer = match decoder.decode(&packet) {
            Ok(buffer) => buffer,
            // The first frames of a cut MP3 stream lean on bytes that are not there.
            Err(SymphoniaError::DecodeError(_)) if codec == Codec::Mp3 => continue,
            Err(e) => return Err(fault_of(&e)),
        };
        let spec = buffer.spec();
        let now = (spec.rate(), spec.channels().count());
        if *shape.get_or_insert(now) != now {
            return Err(AudioFault::Unsupported {
                what: "rate or channels change within the file".into(),
            });
        }
        buffer.copy_to_vec_interleaved(&mut interleaved);
        average_into(&mut samples, &interleaved, now.1);
    }
    let verified = decoder.finalize().verify_ok;

    let (rate, channels) = shape
        .or_else(|| Some((params.sample_rate?, params.channels.as_ref()?.count())))
        .ok_or(AudioFault::NoSamples)?;
    if !RATES_HZ.contains(&rate) {
        return Err(damaged(&format!("a sample rate of {rate} Hz")));
    }
    let promise = Promise {
        source: SourceFormat {
            sample_rate_hz: rate,
            channels: channels as u32,
            codec,
            bits: bits_of(codec, params.codec, params.bits_per_sample),
        },
        frames,
    };
    kept(&promise, samples.len() as u64)?;
    if verified == Some(false) {
        return Err(damaged("the samples do not match the file's own checksum"));
    }
    Ok(Decoded {
        samples,
        source: promise.source,
    })
}

fn open(container: Container, bytes: &[u8]) -> Result<Box<dyn FormatReader>, AudioFault> {
    let source = Box::new(Cursor::new(bytes.to_vec()));
    let stream = MediaSourceStream::new(source, MediaSourceStreamOptions::default());
    let options = FormatOptions::default();
    let opened: Result<Box<dyn FormatReader>, SymphoniaError> = match container {
        Container::Wav => WavReader::try_new(stream, options).map(|r| Box::new(r) as _),
        Container::Flac => FlacReader::try_new(stream, options).map(|r| Box::new(r) as _),
        Container::Ogg => OggReader::try_new(stream, options).map(|r| Box::new(r) as _),
        Container::Mpeg => MpaReader::try_new(stream, options).map(|r| Box::new(r) as _),
    };
    opened.map_err(|e| match (&e, container) {
        (SymphoniaError::IoError(_), Container::Mpeg) => AudioFault::NotAudio {
            looks: "no MP3 frame in it".into(),
        },
        _ => fault_of(&e),
    })
}

/// The file must hold what its header promised.
fn kept(promise: &Promise, found: u64) -> Result<(), AudioFault> {
    let Some(expected) = promise.frames else {
        return Ok(());
    };
    let source = &promise.source;
    let missing = match source.codec {
        Codec::PcmInteger | Codec::PcmFloat | Codec::PcmLogarithmic => {
            let frame_bytes = u64::from(source.channels * source.bits.unwrap_or(8).div_ceil(8));
            found < expected && expected.saturating_mul(frame_bytes) < UNKNOWN_WAV_BYTES
        }
        // MP3 headers count frames of up to 1,152 samples and encoders disagree by one or two.
        Codec::Mp3 => found.saturating_add(2 * 1_152) < expected,
        Codec::Flac | Codec::Vorbis => found < expected,
    };
    if missing {
        return Err(AudioFault::Truncated {
            what: format!("{found} of {expected} frames"),
        });
    }
    Ok(())
}

fn average_into(mono: &mut Vec<f32>, interleaved: &[f32], channels: usize) {
    if channels <= 1 {
        mono.extend_from_slice(interleaved);
        return;
    }
    mono.extend(interleaved.chunks_exact(channels).map(|frame| {
        let sum: f64 = frame.iter().map(|&s| f64::from(s)).sum();
        (sum / channels as f64) as f32
    }));
}

fn codec_of(container: Container, id: AudioCodecId) -> Result<Codec, AudioFault> {
    Ok(match (container, id) {
        (_, CODEC_ID_FLAC) => Codec::Flac,
        (_, CODEC_ID_MP3) => Codec::Mp3,
        (_, CODEC_ID_VORBIS) => Codec::Vorbis,
        (_, CODEC_ID_PCM_F32LE | CODEC_ID_PCM_F64LE) => Codec::PcmFloat,
        (_, CODEC_ID_PCM_ALAW | CODEC_ID_PCM_MULAW) => Codec::PcmLogarithmic,
        (Container::Wav, _) => Codec::PcmInteger,
        _ => {
            return Err(AudioFault::Unsupported {
                what: format!("codec {id}"),
            });
        }
    })
}

fn bits_of(codec: Codec, id: AudioCodecId, stated: Option<u32>) -> Option<u32> {
    match codec {
        Codec::PcmFloat if id == CODEC_ID_PCM_F64LE => Some(64),
        Codec::PcmFloat => Some(32),
        Codec::PcmLogarithmic => Some(8),
        Codec::PcmInteger | Codec::Flac => stated,
        Codec::Mp3 | Codec::Vorbis => None,
    }
}

fn fault_of(error: &SymphoniaError) -> AudioFault {
    match error {
        SymphoniaError::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            AudioFault::Truncated {
                what: "it ends within its header".into(),
            }
        }
        SymphoniaError::Unsupported(what) => AudioFault::Unsupported {
            what: (*what).to_owned(),
        },
        SymphoniaError::DecodeError(what) => AudioFault::Damaged {
            what: (*what).to_owned(),
        },
        other => AudioFault::Damaged {
            what: crate::error::one_line(&other.to_string()),
        },
    }
}
