//! What a file is, by its first bytes; and whether an Ogg stream is whole.

use std::path::Path;

use crate::error::AudioFault;

/// File formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Wav,
    Sphere,
    Coded(Coded),
}

/// Formats whose samples are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coded {
    Flac,
    Ogg,
    Mpeg,
}

/// Formats worth naming to the user although they are not read: bytes, where they stand, name.
const UNREAD: [(&[u8], usize, &str); 9] = [
    (b"FORM", 0, "AIFF"),
    (b"RF64", 0, "RF64 (WAV above 4 GiB)"),
    (b"RIFX", 0, "big-endian WAV"),
    (b".snd", 0, "AU"),
    (b"caff", 0, "CAF"),
    (b"ftyp", 4, "MP4 or M4A"),
    (b"\x1a\x45\xdf\xa3", 0, "Matroska or WebM"),
    (b"OpusHead", 28, "Ogg Opus"),
    (b"Speex   ", 28, "Ogg Speex"),
];

/// The format of a file and its bytes behind a leading ID3 tag.
pub(super) fn recognise<'a>(
    path: &Path,
    bytes: &'a [u8],
) -> Result<(Container, &'a [u8]), AudioFault> {
    let tagged = bytes.starts_with(b"ID3");
    let body = behind_id3(bytes);
    for (magic, at, what) in UNREAD {
        if body.get(at..).is_some_and(|rest| rest.starts_with(magic)) {
            return Err(AudioFault::Unsupported { what: what.into() });
        }
    }
    let is_riff_wave = body.starts_with(b"RIFF") && body.get(8..12) == Some(b"WAVE");
    let is_mpeg = matches!(body, [0xff, second, ..] if second & 0xe0 == 0xe0);
    let named_mp3 = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("mp3"));
    let container = if is_riff_wave {
        Container::Wav
    } else if body.starts_with(b"NIST_1A") {
        Container::Sphere
    } else if body.starts_with(b"fLaC") {
        Container::Coded(Coded::Flac)
    } else if body.starts_with(b"OggS") {
        Container::Coded(Coded::Ogg)
    } else if is_mpeg || tagged || (named_mp3 && !is_text(body)) {
        Container::Coded(Coded::Mpeg)
    } else {
        return Err(AudioFault::NotAudio {
            looks: looks_of(body),
        });
    };
    Ok((container, body))
}

fn behind_id3(bytes: &[u8]) -> &[u8] {
    match bytes {
        [b'I', b'D', b'3', _, _, flags, a, b, c, d, ..] => {
            let size = [a, b, c, d]
                .iter()
                .fold(0_usize, |size, &&byte| size << 7 | usize::from(byte & 0x7f));
            let footer = if flags & 0x10 != 0 { 10 } else { 0 };
            bytes.get(10 + size + footer..).unwrap_or_default()
        }
        _ => bytes,
    }
}

fn is_text(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(512)];
    head.iter()
        .all(|&b| matches!(b, b'\t' | b'\n' | b'\r' | 0x20..=0x7e | 0x80..))
}

fn looks_of(bytes: &[u8]) -> String {
    if bytes.starts_with(b"version https://git-lfs") {
        "it is a Git LFS pointer".into()
    } else if bytes.starts_with(b"RIFF") {
        "a RIFF file that is not WAVE".into()
    } else if is_text(bytes) {
        "it looks like text".into()
    } else {
        "its first bytes are of no known format".into()
    }
}

/// Whether the last page of an Ogg file is complete and marked as the last of its stream.
///
/// Layout of a page: `OggS`, version, flags (4 = end of stream), 8 bytes of position, 4 of serial,
/// 4 of sequence, 4 of checksum, the number of segments, their sizes, their bytes.
pub(super) fn check_ogg_end(bytes: &[u8]) -> Result<(), AudioFault> {
    let cut = |what: &str| {
        Err(AudioFault::Truncated {
            what: what.to_owned(),
        })
    };
    let mut rest = bytes;
    let mut ended = false;
    while rest.starts_with(b"OggS") {
        let (Some(&flags), Some(&segments)) = (rest.get(5), rest.get(26)) else {
            return cut("it ends within an Ogg page");
        };
        let header = 27 + usize::from(segments);
        let Some(sizes) = rest.get(27..header) else {
            return cut("it ends within an Ogg page");
        };
        let body: usize = sizes.iter().map(|&size| usize::from(size)).sum();
        let Some(next) = rest.get(header + body..) else {
            return cut("it ends within an Ogg page");
        };
        ended = flags & 4 != 0;
        rest = next;
    }
    if ended {
        Ok(())
    } else {
        cut("the Ogg stream has no last page")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_bytes() {
        let kind = |bytes: &[u8]| recognise(Path::new("x.wav"), bytes).map(|(kind, _)| kind);
        assert_eq!(kind(b"RIFF\0\0\0\0WAVEfmt "), Ok(Container::Wav));
        assert_eq!(kind(b"fLaC"), Ok(Container::Coded(Coded::Flac)));
        assert_eq!(
            kind(b"ID3\x04\0\0\0\0\0\x01_fLaC"),
            Ok(Container::Coded(Coded::Flac))
        );
        assert_eq!(kind(&[0xff, 0xfb, 0, 0]), Ok(Container::Coded(Coded::Mpeg)));
        let words = |bytes: &[u8]| kind(bytes).map_err(|fault| fault.to_string()).unwrap_err();
        assert_eq!(words(b"hello there"), "not a recording: it looks like text");
        assert_eq!(kind(b"NIST_1A\n   1024\n"), Ok(Container::Sphere));
        assert!(words(b"version https://git-lfs.github.com/spec/v1").contains("Git LFS"));
        assert!(words(&[0, 1, 2, 3]).contains("no known format"));
    }
}
