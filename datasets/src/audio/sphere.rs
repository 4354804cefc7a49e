//! NIST SPHERE, as the Linguistic Data Consortium distributes speech: a text header of fixed size,
//! then samples. Those compressed by `shorten` and the like are named and refused.

use super::wav::{a_law, mu_law};
use super::{Codec, Decoded, RATES_HZ, SourceFormat, average};
use crate::error::{AudioFault, one_line};

/// Headers are 1,024 bytes; some have more fields.
const MAX_HEADER_BYTES: usize = 1 << 16;

#[derive(Debug, Clone, Copy)]
enum Coding {
    Pcm { bytes: usize, order: Order },
    MuLaw,
    ALaw,
}

#[derive(Debug, Clone, Copy)]
enum Order {
    LeastFirst,
    MostFirst,
}

impl Coding {
    fn width(self) -> usize {
        match self {
            Self::Pcm { bytes, .. } => bytes,
            Self::MuLaw | Self::ALaw => 1,
        }
    }

    fn value(self, bytes: &[u8]) -> f32 {
        match self {
            Self::MuLaw => bytes.iter().map(|&b| f32::from(mu_law(b)) / 32_768.0).sum(),
            Self::ALaw => bytes.iter().map(|&b| f32::from(a_law(b)) / 32_768.0).sum(),
            Self::Pcm { order, .. } => {
                // The sample's bytes lead a word of 32 bits, so that its sign is that of the word.
                let place = |word: u32, (shift, &byte): (u32, &u8)| word | u32::from(byte) << shift;
                let shifts = [24_u32, 16, 8, 0].into_iter();
                let word = match order {
                    Order::MostFirst => shifts.zip(bytes).fold(0, place),
                    Order::LeastFirst => shifts.zip(bytes.iter().rev()).fold(0, place),
                };
                (f64::from(word.cast_signed()) / 2_147_483_648.0) as f32
            }
        }
    }
}

/// The fields of a header that matter.
#[derive(Debug, Default)]
struct Header {
    channels: Option<usize>,
    rate_hz: Option<u32>,
    frames: Option<usize>,
    bytes: Option<usize>,
    order: Option<String>,
    coding: Option<String>,
}

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, AudioFault> {
    let damaged = |what: &str| AudioFault::Damaged { what: what.into() };
    let cut = || AudioFault::Truncated {
        what: "it ends within its header".into(),
    };
    // The second line is the size of the header.
    let start = bytes.get(..bytes.len().min(64)).unwrap_or_default();
    let size = start
        .split(|&byte| byte == b'\n')
        .nth(1)
        .and_then(|line| std::str::from_utf8(line).ok()?.trim().parse::<usize>().ok())
        .filter(|size| (16..=MAX_HEADER_BYTES).contains(size))
        .ok_or_else(|| damaged("its header does not say how long it is"))?;
    let (head, data) = bytes.split_at_checked(size).ok_or_else(cut)?;
    let header = header_of(head)?;
    let coding = coding_of(&header)?;
    let channels = header.channels.unwrap_or(1);
    let Some(rate_hz) = header.rate_hz else {
        return Err(damaged("its header has no sample rate"));
    };
    if !RATES_HZ.contains(&rate_hz) {
        return Err(damaged(&format!("a sample rate of {rate_hz} Hz")));
    }
    if !(1..=64).contains(&channels) {
        return Err(damaged(&format!("{channels} channels")));
    }
    let frame = coding.width() * channels;
    let found = data.len() / frame;
    let frames = header.frames.unwrap_or(found);
    if found < frames {
        return Err(AudioFault::Truncated {
            what: format!("{found} of {frames} frames"),
        });
    }
    let samples = data
        .chunks_exact(frame)
        .take(frames)
        .map(|frame| average(frame.chunks_exact(coding.width()).map(|s| coding.value(s))))
        .collect();
    Ok(Decoded {
        samples,
        source: SourceFormat {
            sample_rate_hz: rate_hz,
            channels: channels as u32,
            codec: match coding {
                Coding::Pcm { .. } => Codec::Sphere,
                Coding::MuLaw | Coding::ALaw => Codec::PcmLogarithmic,
            },
            bits: Some(8 * coding.width() as u32),
        },
    })
}

/// Lines are `name -type value`, up to `end_head`; `;` begins a comment.
fn header_of(head: &[u8]) -> Result<Header, AudioFault> {
    let mut header = Header::default();
    let text = String::from_utf8_lossy(head);
    for line in text.lines().skip(2) {
        let line = line.split(';').next().unwrap_or_default().trim();
        if line == "end_head" {
            break;
        }
        let mut fields = line.splitn(3, char::is_whitespace);
        let (Some(name), Some(_), Some(value)) = (fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let value = value.trim();
        let number = || {
            value
                .parse::<usize>()
                .map_err(|_not_a_number| AudioFault::Damaged {
                    what: format!("`{name}` is `{}`", one_line(value)),
                })
        };
        match name {
            "channel_count" => header.channels = Some(number()?),
            "sample_count" => header.frames = Some(number()?),
            "sample_n_bytes" => header.bytes = Some(number()?),
            "sample_rate" => header.rate_hz = value.parse::<f64>().ok().map(|hz| hz.round() as u32),
            "sample_byte_format" => header.order = Some(value.to_owned()),
            "sample_coding" => header.coding = Some(value.to_owned()),
            _ => {}
        }
    }
    Ok(header)
}

fn coding_of(header: &Header) -> Result<Coding, AudioFault> {
    let unsupported = |what: String| AudioFault::Unsupported { what };
    let coding = header.coding.as_deref().unwrap_or("pcm");
    let named = coding.to_lowercase();
    let mut parts = named.split(',');
    let base = parts.next().unwrap_or_default();
    if let Some(compression) = parts.next() {
        let program = one_line(compression.split_whitespace().next().unwrap_or("unknown"));
        return Err(unsupported(format!(
            "NIST SPHERE compressed by `{program}`"
        )));
    }
    match (base.trim(), header.bytes) {
        ("ulaw" | "mu-law", _) => Ok(Coding::MuLaw),
        ("alaw", _) => Ok(Coding::ALaw),
        ("pcm", Some(bytes @ 2..=4)) => {
            let order = match header.order.as_deref() {
                Some("01" | "012" | "0123") => Order::LeastFirst,
                Some("10" | "210" | "3210") => Order::MostFirst,
                Some(other) => {
                    let what = format!("NIST SPHERE with bytes in the order `{}`", one_line(other));
                    return Err(unsupported(what));
                }
                None => {
                    return Err(AudioFault::Damaged {
                        what: "its header has no byte order".into(),
                    });
                }
            };
            Ok(Coding::Pcm { bytes, order })
        }
        ("pcm", bytes) => {
            let bytes = bytes.map_or_else(|| "unknown".to_owned(), |n| n.to_string());
            Err(unsupported(format!(
                "NIST SPHERE with samples of {bytes} bytes"
            )))
        }
        (other, _) => Err(unsupported(format!(
            "NIST SPHERE of coding `{}`",
            one_line(other)
        ))),
    }
}
