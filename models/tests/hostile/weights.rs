//! Truncated, damaged and inflated weight files.

use std::io::{Cursor, Write as _};

use phonoscope_models::build::Builder;
use phonoscope_models::weights::{ct2, torch};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::allocation::bounded;
use crate::{allowance, damaged};

/// Appends a text in a pickle.
pub(crate) fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'X');
    out.extend((text.len() as u32).to_le_bytes());
    out.extend(text.as_bytes());
}

/// A checkpoint in the legacy format: the object's pickle, and storages with name, claimed number
/// of elements and data.
pub(crate) fn legacy(object: &[u8], storages: &[(&str, i64, &[u8])]) -> Vec<u8> {
    let mut out =
        b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}(".to_vec();
    text(&mut out, "little_endian");
    out.extend(b"\x88u.");
    out.extend(object);
    out.extend(b"\x80\x02](");
    storages.iter().for_each(|(key, ..)| text(&mut out, key));
    out.extend(b"e.");
    for (_, count, data) in storages {
        out.extend(count.to_le_bytes());
        out.extend(*data);
    }
    out
}

/// A checkpoint in the zip format, with these members.
pub(crate) fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    packed(members, CompressionMethod::Stored)
}

fn packed(members: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, data) in members {
        zip.start_file(format!("archive/{name}"), options).unwrap();
        zip.write_all(data).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// `{"w": TENSOR}` with this shape and stride, over storage `0` of floats.
fn object(shape: &[i32], stride: &[i32]) -> Vec<u8> {
    let sizes = |out: &mut Vec<u8>, sizes: &[i32]| {
        out.push(b'(');
        for size in sizes {
            out.push(b'J');
            out.extend(size.to_le_bytes());
        }
        out.push(b't');
    };
    let mut out = b"\x80\x02}".to_vec();
    text(&mut out, "w");
    out.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
    text(&mut out, "storage");
    out.extend(b"ctorch\nFloatStorage\n");
    text(&mut out, "0");
    text(&mut out, "cpu");
    out.extend(b"K\x06NtQK\0");
    sizes(&mut out, shape);
    sizes(&mut out, stride);
    out.extend(b"\x89ccollections\nOrderedDict\n)RtRs.");
    out
}

const DATA: [u8; 24] = [7; 24];

fn sound() -> [Vec<u8>; 3] {
    let object = object(&[2, 3], &[3, 1]);
    [
        legacy(&object, &[("0", 6, &DATA)]),
        zipped(&[("data.pkl", &object), ("data/0", &DATA)]),
        translated(&[("encoder/w", &[2, 3], &DATA)], &[]),
    ]
}

/// A CTranslate2 file of float variables and aliases.
fn translated(variables: &[(&str, &[u32], &[u8])], aliases: &[(&str, &str)]) -> Vec<u8> {
    let string = |out: &mut Vec<u8>, text: &str| {
        out.extend((text.len() as u16 + 1).to_le_bytes());
        out.extend(text.as_bytes());
        out.push(0);
    };
    let mut out = 6u32.to_le_bytes().to_vec();
    string(&mut out, "WhisperSpec");
    out.extend(3u32.to_le_bytes());
    out.extend((variables.len() as u32).to_le_bytes());
    for (name, shape, data) in variables {
        string(&mut out, name);
        out.push(shape.len() as u8);
        shape.iter().for_each(|n| out.extend(n.to_le_bytes()));
        out.push(0);
        out.extend((data.len() as u32).to_le_bytes());
        out.extend(*data);
    }
    out.extend((aliases.len() as u32).to_le_bytes());
    for (alias, name) in aliases {
        string(&mut out, alias);
        string(&mut out, name);
    }
    out
}

/// Whether any reader gives an answer.
fn read(bytes: &[u8]) -> bool {
    bounded(allowance(bytes), || {
        for builder in [Builder::Ge2e, Builder::WhisperEncoder] {
            assert!(builder.build(bytes).is_err());
        }
        torch::read(bytes, "").is_ok() || ct2::read(bytes, "").is_ok()
    })
}

#[test]
fn sound_files_are_read_and_cut_ones_refused() {
    for whole in sound() {
        assert!(read(&whole));
        for end in 0..whole.len() {
            assert!(!read(&whole[..end]), "cut at {end} of {}", whole.len());
        }
    }
}

#[test]
fn damaged_files_are_answered_or_refused() {
    for whole in sound() {
        for bytes in damaged(&whole) {
            read(&bytes);
        }
    }
}

#[test]
fn claimed_sizes_are_not_believed() {
    for (shape, stride) in [
        (&[i32::MAX, i32::MAX][..], &[1, 1][..]),
        (&[i32::MAX; 8], &[0; 8]),
        (&[1 << 20, 1 << 20], &[0, 0]),
        (&[-1], &[1]),
        (&[6], &[i32::MAX]),
        (&[7], &[1]),
    ] {
        let object = object(shape, stride);
        for bytes in [
            legacy(&object, &[("0", 6, &DATA)]),
            zipped(&[("data.pkl", &object), ("data/0", &DATA)]),
        ] {
            assert!(!read(&bytes), "{shape:?}");
        }
    }
    for count in [i64::MAX, i64::MIN, -1, 1 << 40, 7] {
        let bytes = legacy(&object(&[6], &[1]), &[("0", count, &DATA)]);
        assert!(!read(&bytes), "{count}");
    }
    for shape in [&[u32::MAX; 8][..], &[u32::MAX], &[0, u32::MAX]] {
        assert!(
            !read(&translated(&[("encoder/w", shape, &DATA)], &[])),
            "{shape:?}"
        );
    }
}

#[test]
fn what_inflates_is_refused() {
    let zeros = vec![0u8; 80 << 20];
    let bomb = packed(&[("data.pkl", &zeros)], CompressionMethod::Deflated);
    assert!(bomb.len() < 1 << 20);
    let error = torch::read(&bomb, "").unwrap_err().to_string();
    assert!(error.contains("larger than"), "{error}");
    let object = object(&[6], &[1]);
    let bomb = packed(
        &[("data.pkl", &object), ("data/0", &zeros)],
        CompressionMethod::Deflated,
    );
    assert!(!read(&bomb));
}

#[test]
fn archives_that_lie_about_sizes_are_refused() {
    let object = object(&[2, 3], &[3, 1]);
    let whole = packed(
        &[("data.pkl", &object), ("data/0", &DATA)],
        CompressionMethod::Deflated,
    );
    // Sizes lie at bytes 18 to 26 of a local head and 20 to 28 of a central one.
    let heads = |mark: &'static [u8], at: usize| {
        let whole = &whole;
        (0..whole.len() - 4)
            .filter(move |k| whole[*k..].starts_with(mark))
            .flat_map(move |k| [k + at, k + at + 4])
    };
    for at in heads(b"PK\x03\x04", 18).chain(heads(b"PK\x01\x02", 20)) {
        for lie in [0u32, 1, 0x7fff_ffff, u32::MAX] {
            let mut bytes = whole.clone();
            bytes[at..at + 4].copy_from_slice(&lie.to_le_bytes());
            read(&bytes);
        }
    }
}

#[test]
fn names_of_members_lead_nowhere() {
    let object = object(&[6], &[1]);
    let folder = tempfile::tempdir().unwrap();
    let evil = format!("../../../../..{}/canary", folder.path().display());
    let bytes = zipped(&[("data.pkl", &object), ("data/0", &DATA), (&evil, &DATA)]);
    read(&bytes);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn many_names_for_one_variable_do_not_multiply_it() {
    let data = vec![0u8; 1 << 20];
    let names: Vec<String> = (0..2000).map(|k| format!("encoder/{k}")).collect();
    let aliases: Vec<_> = names
        .iter()
        .map(|name| (name.as_str(), "encoder/w"))
        .collect();
    let bytes = translated(&[("encoder/w", &[1 << 18], &data)], &aliases);
    assert!(!read(&bytes));
    let few = translated(&[("encoder/w", &[6], &DATA)], &aliases[..2]);
    assert!(read(&few));
}
