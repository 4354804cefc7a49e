//! Decoding FLAC, MP3 and Ogg Vorbis with symphonia; nothing else names it.

use std::io::Cursor;

use symphonia::core::codecs::audio::well_known::{CODEC_ID_FLAC, CODEC_ID_MP3, CODEC_ID_VORBIS};
use symphonia::core::codecs::audio::{AudioCodecId, AudioDecoderOptions};
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::default::formats::{FlacReader, MpaReader, OggReader};

use super::container::{Coded, check_ogg_end};
use super::{Codec, Decoded, RATES_HZ, SourceFormat, average};
use crate::error::AudioFault;

pub(super) fn decode(coded: Coded, bytes: &[u8]) -> Result<Decoded, AudioFault> {
    // Decoders have panicked on hostile bytes before; one file must not end a run of thousands.
    std::panic::catch_unwind(|| decode_trusting(coded, bytes)).unwrap_or_else(|_panic| {
        Err(AudioFault::Damaged {
            what: "its bytes make the decoder fail".into(),
        })
    })
}

fn decode_trusting(coded: Coded, bytes: &[u8]) -> Result<Decoded, AudioFault> {
    if coded == Coded::Ogg {
        check_ogg_end(bytes)?;
    }
    let mut format = open(coded, bytes)?;
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
    let codec = codec_of(params.codec)?;
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(&params, &AudioDecoderOptions::default().verify(true))
        .map_err(|e| fault_of(&e))?;

    let mut samples: Vec<f32> = Vec::new();
    let mut interleaved: Vec<f32> = Vec::new();
    let mut doubt: Option<AudioFault> = None;
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
            // The first frames of a cut MP3 stream lean on bytes that are not there, and tags behind
            // the last one can look like frames; in between, an error is damage.
            Err(e @ SymphoniaError::DecodeError(_)) if codec == Codec::Mp3 => {
                if !samples.is_empty() {
                    doubt.get_or_insert(fault_of(&e));
                }
                continue;
            }
            Err(e) => return Err(fault_of(&e)),
        };
        if let Some(fault) = doubt {
            return Err(fault);
        }
        let spec = buffer.spec();
        let now = (spec.rate(), spec.channels().count());
        if *shape.get_or_insert(now) != now {
            return Err(AudioFault::Unsupported {
                what: "rate or channels change within the file".into(),
            });
        }
        buffer.copy_to_vec_interleaved(&mut interleaved);
        let frames = interleaved.chunks_exact(now.1.max(1));
        samples.extend(frames.map(|frame| average(frame.iter().copied())));
    }
    let verified = decoder.finalize().verify_ok;

    let (rate, channels) = shape
        .or_else(|| Some((params.sample_rate?, params.channels.as_ref()?.count())))
        .ok_or(AudioFault::NoSamples)?;
    if !RATES_HZ.contains(&rate) {
        return Err(damaged(&format!("a sample rate of {rate} Hz")));
    }
    kept(codec, frames, samples.len() as u64)?;
    if verified == Some(false) {
        return Err(damaged("the samples do not match the file's own checksum"));
    }
    Ok(Decoded {
        samples,
        source: SourceFormat {
            sample_rate_hz: rate,
            channels: channels as u32,
            codec,
            bits: params.bits_per_sample.filter(|_| codec == Codec::Flac),
        },
    })
}

fn open(coded: Coded, bytes: &[u8]) -> Result<Box<dyn FormatReader + '_>, AudioFault> {
    let source = Box::new(Cursor::new(bytes));
    let stream = MediaSourceStream::new(source, MediaSourceStreamOptions::default());
    let options = FormatOptions::default();
    let opened: Result<Box<dyn FormatReader + '_>, SymphoniaError> = match coded {
        Coded::Flac => FlacReader::try_new(stream, options).map(|r| Box::new(r) as _),
        Coded::Ogg => OggReader::try_new(stream, options).map(|r| Box::new(r) as _),
        Coded::Mpeg => MpaReader::try_new(stream, options).map(|r| Box::new(r) as _),
    };
    opened.map_err(|e| match (&e, coded) {
        (SymphoniaError::IoError(_), Coded::Mpeg) => AudioFault::NotAudio {
            looks: "no MP3 frame in it".into(),
        },
        _ => fault_of(&e),
    })
}

/// The file must hold what its header promised.
fn kept(codec: Codec, promised: Option<u64>, found: u64) -> Result<(), AudioFault> {
    let Some(expected) = promised else {
        return Ok(());
    };
    let slack = match codec {
        // MP3 headers count frames of up to 1,152 samples; some encoders count the header's own.
        Codec::Mp3 => 1_152,
        _ => 0,
    };
    if found.saturating_add(slack) < expected {
        return Err(AudioFault::Truncated {
            what: format!("{found} of {expected} frames"),
        });
    }
    Ok(())
}

fn codec_of(id: AudioCodecId) -> Result<Codec, AudioFault> {
    match id {
        CODEC_ID_FLAC => Ok(Codec::Flac),
        CODEC_ID_MP3 => Ok(Codec::Mp3),
        CODEC_ID_VORBIS => Ok(Codec::Vorbis),
        _ => Err(AudioFault::Unsupported {
            what: format!("codec {id}"),
        }),
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
