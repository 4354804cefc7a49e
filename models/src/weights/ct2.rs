//! CTranslate2 `model.bin`, binary version 6.
//!
//! Little-endian: version, name and revision of the specification, then every variable with name,
//! rank, sizes, element type, byte count and data, then aliases. A string is a 16-bit length that
//! counts a closing NUL, and the bytes. The format holds no code.

use half::{bf16, f16};

use super::cursor::Cursor;
use super::{Elements, Weight, Weights, volume};
use crate::Result;

const VERSION: u32 = 6;
const RANK_LIMIT: u8 = 8;
/// All aliases together may repeat so many elements for each byte of the file.
const SHARING_LIMIT: usize = 4;

/// Reads the variables whose names start with `prefix`; the others are skipped over.
///
/// # Errors
/// [`crate::Error::Malformed`] for another version, sizes that contradict each other or a file cut
/// short.
pub fn read(bytes: &[u8], prefix: &str) -> Result<Weights> {
    let mut cursor = Cursor::new(bytes, "the CTranslate2 file");
    let version = cursor.u32()?;
    if version != VERSION {
        return Err(cursor.error(format!("its version is {version}, only {VERSION} is known")));
    }
    let _specification = string(&mut cursor)?;
    let _revision = cursor.u32()?;
    let count = cursor.u32()?;
    let mut weights = Weights::default();
    for _ in 0..count {
        let name = string(&mut cursor)?;
        let rank = cursor.u8()?;
        if rank > RANK_LIMIT {
            return Err(cursor.error(format!("`{name}` has {rank} axes")));
        }
        let shape: Vec<usize> = (0..rank).map(|_| cursor.size32()).collect::<Result<_>>()?;
        let kind = Kind::from_number(cursor.u8()?)
            .ok_or_else(|| cursor.error(format!("`{name}` has an unknown element type")))?;
        let size = cursor.size32()?;
        if volume(&shape).and_then(|n| n.checked_mul(kind.bytes())) != Some(size) {
            return Err(cursor.error(format!("`{name}` of shape {shape:?} has {size} bytes")));
        }
        let data = cursor.take(size)?;
        if name.starts_with(prefix) {
            let elements = kind.decode(data);
            weights.insert(name, Weight { shape, elements });
        }
    }
    let mut budget = bytes.len().saturating_mul(SHARING_LIMIT);
    for _ in 0..cursor.u32()? {
        let alias = string(&mut cursor)?;
        let name = string(&mut cursor)?;
        if let Some(weight) = weights.get(&name).cloned() {
            budget = volume(&weight.shape)
                .and_then(|elements| budget.checked_sub(elements))
                .ok_or_else(|| cursor.error("its aliases repeat far more than it holds"))?;
            weights.insert(alias, weight);
        }
    }
    Ok(weights)
}

fn string(cursor: &mut Cursor<'_>) -> Result<String> {
    let length = cursor.u16()?;
    match cursor.take(length.into())? {
        [text @ .., 0] => String::from_utf8(text.to_vec())
            .map_err(|error| cursor.error(format!("a name is not UTF-8: {error}"))),
        _ => Err(cursor.error("a name does not end in NUL")),
    }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    F32,
    I8,
    I16,
    I32,
    F16,
    Bf16,
}

impl Kind {
    fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::F32,
            1 => Self::I8,
            2 => Self::I16,
            3 => Self::I32,
            4 => Self::F16,
            5 => Self::Bf16,
            _ => return None,
        })
    }

    fn bytes(self) -> usize {
        match self {
            Self::I8 => 1,
            Self::I16 | Self::F16 | Self::Bf16 => 2,
            Self::F32 | Self::I32 => 4,
        }
    }

    fn decode(self, data: &[u8]) -> Elements {
        let (twos, _) = data.as_chunks::<2>();
        let (fours, _) = data.as_chunks::<4>();
        match self {
            Self::F32 => Elements::Floats(fours.iter().map(|b| f32::from_le_bytes(*b)).collect()),
            Self::F16 => {
                let wide = |b: &[u8; 2]| f16::from_le_bytes(*b).to_f32();
                Elements::Floats(twos.iter().map(wide).collect())
            }
            Self::Bf16 => {
                let wide = |b: &[u8; 2]| bf16::from_le_bytes(*b).to_f32();
                Elements::Floats(twos.iter().map(wide).collect())
            }
            Self::I8 => {
                let wide = |b: &u8| i64::from(b.cast_signed());
                Elements::Integers(data.iter().map(wide).collect())
            }
            Self::I16 => {
                let wide = |b: &[u8; 2]| i16::from_le_bytes(*b).into();
                Elements::Integers(twos.iter().map(wide).collect())
            }
            Self::I32 => {
                let wide = |b: &[u8; 4]| i32::from_le_bytes(*b).into();
                Elements::Integers(fours.iter().map(wide).collect())
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn put_string(out: &mut Vec<u8>, text: &str) {
        out.extend((text.len() as u16 + 1).to_le_bytes());
        out.extend(text.as_bytes());
        out.push(0);
    }

    /// Writes a file of variables, each with name, shape, element type and data, and no aliases.
    pub(crate) fn file(variables: &[(&str, &[u32], u8, &[u8])]) -> Vec<u8> {
        let mut out = VERSION.to_le_bytes().to_vec();
        put_string(&mut out, "WhisperSpec");
        out.extend(3u32.to_le_bytes());
        out.extend((variables.len() as u32).to_le_bytes());
        for (name, shape, kind, data) in variables {
            put_string(&mut out, name);
            out.push(shape.len() as u8);
            shape.iter().for_each(|n| out.extend(n.to_le_bytes()));
            out.push(*kind);
            out.extend((data.len() as u32).to_le_bytes());
            out.extend(*data);
        }
        out.extend(0u32.to_le_bytes());
        out
    }

    fn sample() -> Vec<u8> {
        file(&[
            ("decoder/x", &[1], 0, &[0, 0, 128, 63]),
            ("encoder/half", &[2], 4, &[0, 0x3c, 0, 0xc0]),
            ("encoder/brain", &[1], 5, &[0x80, 0x3f]),
            ("encoder/heads", &[], 2, &[6, 0]),
            ("encoder/small", &[1, 2], 1, &[255, 3]),
            ("encoder/wide", &[1], 3, &[254, 255, 255, 255]),
        ])
    }

    #[test]
    fn every_element_type_is_read_and_other_prefixes_are_not() {
        let weights = read(&sample(), "encoder/").unwrap();
        assert_eq!(weights.floats("encoder/half", &[2]).unwrap(), [1.0, -2.0]);
        assert_eq!(weights.floats("encoder/brain", &[1]).unwrap(), [1.0]);
        assert_eq!(weights.count("encoder/heads").unwrap(), 6);
        let small = &weights.get("encoder/small").unwrap().elements;
        assert_eq!(*small, Elements::Integers(vec![-1, 3]));
        assert!(weights.get("decoder/x").is_none());
        let error = weights.floats("encoder/small", &[1, 2]).unwrap_err();
        assert!(error.to_string().contains("quantised"), "{error}");
        assert!(weights.count("encoder/wide").is_err());
    }

    #[test]
    fn an_alias_is_another_name_of_a_variable() {
        let mut bytes = sample();
        bytes.truncate(bytes.len() - 4);
        bytes.extend(1u32.to_le_bytes());
        put_string(&mut bytes, "encoder/again");
        put_string(&mut bytes, "encoder/half");
        let weights = read(&bytes, "encoder/").unwrap();
        assert_eq!(weights.get("encoder/again"), weights.get("encoder/half"));
    }

    #[test]
    fn a_wrong_version_a_wrong_size_and_a_cut_file_are_refused() {
        let mut old = sample();
        old[0] = 5;
        assert!(
            read(&old, "")
                .unwrap_err()
                .to_string()
                .contains("version is 5")
        );
        let lies = file(&[("encoder/x", &[u32::MAX, u32::MAX, u32::MAX], 0, &[0; 4])]);
        assert!(
            read(&lies, "")
                .unwrap_err()
                .to_string()
                .contains("encoder/x")
        );
        let whole = sample();
        for end in 0..whole.len() {
            assert!(read(&whole[..end], "").is_err(), "cut at {end}");
        }
    }

    proptest! {
        #[test]
        fn a_damaged_file_gives_an_answer(at in any::<prop::sample::Index>(), to in any::<u8>()) {
            let mut bytes = sample();
            let at = at.index(bytes.len());
            bytes[at] = to;
            let _answer = read(&bytes, "");
        }
    }
}
