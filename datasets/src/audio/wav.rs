//! RIFF WAVE, read here because the header decides how much of the file must be there.

use super::{Codec, Decoded, RATES_HZ, SourceFormat, average};
use crate::error::AudioFault;

/// Lengths from here on mean "unknown" in the header of a program that wrote to a pipe.
const UNKNOWN_BYTES: u32 = 0x7fff_0000;

/// How a sample lies in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Unsigned8,
    Signed16,
    Signed24,
    Signed32,
    Float32,
    Float64,
    ALaw,
    MuLaw,
}

impl Coding {
    fn of(tag: u16, bits: u16) -> Option<Self> {
        Some(match (tag, bits) {
            (1, 8) => Self::Unsigned8,
            (1, 16) => Self::Signed16,
            (1, 24) => Self::Signed24,
            (1, 32) => Self::Signed32,
            (3, 32) => Self::Float32,
            (3, 64) => Self::Float64,
            (6, 8) => Self::ALaw,
            (7, 8) => Self::MuLaw,
            _ => return None,
        })
    }

    fn codec(self) -> Codec {
        match self {
            Self::Unsigned8 | Self::Signed16 | Self::Signed24 | Self::Signed32 => Codec::PcmInteger,
            Self::Float32 | Self::Float64 => Codec::PcmFloat,
            Self::ALaw | Self::MuLaw => Codec::PcmLogarithmic,
        }
    }

    /// The value of one sample, full scale 1. `bytes` has the width of the coding.
    fn value(self, bytes: &[u8]) -> f32 {
        match (self, bytes) {
            (Self::Unsigned8, &[a]) => (f32::from(a) - 128.0) / 128.0,
            (Self::Signed16, &[a, b]) => f32::from(i16::from_le_bytes([a, b])) / 32_768.0,
            (Self::Signed24, &[a, b, c]) => {
                (f64::from(i32::from_le_bytes([0, a, b, c])) / 2_147_483_648.0) as f32
            }
            (Self::Signed32, &[a, b, c, d]) => {
                (f64::from(i32::from_le_bytes([a, b, c, d])) / 2_147_483_648.0) as f32
            }
            (Self::Float32, &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]),
            (Self::Float64, &[a, b, c, d, e, f, g, h]) => {
                f64::from_le_bytes([a, b, c, d, e, f, g, h]) as f32
            }
            (Self::ALaw, &[a]) => f32::from(a_law(a)) / 32_768.0,
            (Self::MuLaw, &[a]) => f32::from(mu_law(a)) / 32_768.0,
            _ => f32::NAN,
        }
    }
}

/// ITU-T G.711 A-law, scaled to 16 bits.
pub(super) fn a_law(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let mantissa = i16::from(byte & 0x0f) << 4;
    let magnitude = match (byte & 0x70) >> 4 {
        0 => mantissa + 8,
        segment => (mantissa + 0x108) << (segment - 1),
    };
    if byte & 0x80 == 0 {
        -magnitude
    } else {
        magnitude
    }
}

/// ITU-T G.711 µ-law, scaled to 16 bits.
pub(super) fn mu_law(byte: u8) -> i16 {
    let byte = !byte;
    let biased = ((i16::from(byte & 0x0f) << 3) + 0x84) << ((byte & 0x70) >> 4);
    if byte & 0x80 == 0 {
        biased - 0x84
    } else {
        0x84 - biased
    }
}

struct Layout {
    coding: Coding,
    channels: usize,
    rate_hz: u32,
    bits: u32,
}

/// Decodes a file that begins with `RIFF....WAVE`.
pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, AudioFault> {
    let in_header = || AudioFault::Truncated {
        what: "it ends within its header".into(),
    };
    let mut rest = bytes.get(12..).ok_or_else(in_header)?;
    let mut layout = None;
    let (data, declared) = loop {
        let (Some(name), Some(size)) = (rest.get(..4), u32_at(rest, 4)) else {
            return Err(in_header());
        };
        let body = rest.get(8..).unwrap_or_default();
        match name {
            b"fmt " => {
                let format = body.get(..size as usize).ok_or_else(in_header)?;
                layout = Some(read_format(format)?);
            }
            b"data" => break (body, size),
            _ => {}
        }
        // Chunks are padded to even lengths.
        let next = (size as usize).saturating_add(size as usize & 1);
        rest = body.get(next..).ok_or_else(in_header)?;
    };
    let Some(layout) = layout else {
        return Err(AudioFault::Damaged {
            what: "it has samples and no format before them".into(),
        });
    };

    let width = data_width(layout.coding);
    let frame = width * layout.channels;
    let length = if declared >= UNKNOWN_BYTES {
        data.len().min(declared as usize)
    } else {
        declared as usize
    };
    let Some(data) = data.get(..length) else {
        return Err(AudioFault::Truncated {
            what: format!("{} of {} frames", data.len() / frame, length / frame),
        });
    };
    let samples = data
        .chunks_exact(frame)
        .map(|frame| average(frame.chunks_exact(width).map(|s| layout.coding.value(s))))
        .collect();
    Ok(Decoded {
        samples,
        source: SourceFormat {
            sample_rate_hz: layout.rate_hz,
            channels: layout.channels as u32,
            codec: layout.coding.codec(),
            bits: Some(layout.bits),
        },
    })
}

fn data_width(coding: Coding) -> usize {
    match coding {
        Coding::Unsigned8 | Coding::ALaw | Coding::MuLaw => 1,
        Coding::Signed16 => 2,
        Coding::Signed24 => 3,
        Coding::Signed32 | Coding::Float32 => 4,
        Coding::Float64 => 8,
    }
}

fn read_format(format: &[u8]) -> Result<Layout, AudioFault> {
    let damaged = |what: String| AudioFault::Damaged { what };
    let field = |at| u16_at(format, at);
    let (Some(mut tag), Some(channels), Some(rate_hz), Some(bits)) =
        (field(0), field(2), u32_at(format, 4), field(14))
    else {
        return Err(damaged("its format chunk is too short".into()));
    };
    let mut valid_bits = bits;
    if tag == 0xfffe {
        // Extensible: valid bits at 18, and the tag proper begins the GUID at 24.
        let (Some(valid), Some(inner)) = (field(18), field(24)) else {
            return Err(damaged("its format chunk is too short".into()));
        };
        tag = inner;
        if (1..=bits).contains(&valid) {
            valid_bits = valid;
        }
    }
    if channels == 0 {
        return Err(damaged("it has 0 channels".into()));
    }
    if !RATES_HZ.contains(&rate_hz) {
        return Err(damaged(format!("a sample rate of {rate_hz} Hz")));
    }
    let coding = Coding::of(tag, bits).ok_or_else(|| AudioFault::Unsupported {
        what: format!("WAV of coding {tag} with {bits} bits"),
    })?;
    Ok(Layout {
        coding,
        channels: usize::from(channels),
        rate_hz,
        bits: u32::from(valid_bits),
    })
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telephone_bytes_have_the_values_of_the_standard() {
        // G.711, tables 1 and 2: both ends of the scale, and the smallest steps.
        assert_eq!(
            [0x80, 0x00, 0xff, 0x7f].map(mu_law),
            [32_124, -32_124, 0, 0]
        );
        assert_eq!(
            [0xaa, 0x2a, 0xd5, 0x55].map(a_law),
            [32_256, -32_256, 8, -8]
        );
        assert_eq!([0xfe, 0xef].map(mu_law), [8, 132]);
        assert_eq!([0xd4, 0xc5].map(a_law), [24, 264]);
    }
}
