use std::io::Write as _;

use proptest::prelude::*;

use super::*;

fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'X');
    out.extend((text.len() as u32).to_le_bytes());
    out.extend(text.as_bytes());
}

fn sizes(out: &mut Vec<u8>, sizes: &[i32]) {
    out.push(b'(');
    for size in sizes {
        out.push(b'J');
        out.extend(size.to_le_bytes());
    }
    out.push(b't');
}

/// A tensor in a pickle: `torch._utils._rebuild_tensor_v2(storage, offset, shape, stride, …)`.
fn tensor(kind: &str, key: &str, offset: i32, shape: &[i32], stride: &[i32]) -> Vec<u8> {
    let mut out = b"ctorch._utils\n_rebuild_tensor_v2\n((".to_vec();
    text(&mut out, "storage");
    out.extend(format!("ctorch\n{kind}\n").as_bytes());
    text(&mut out, key);
    text(&mut out, "cpu");
    out.extend(b"K\x06NtQJ");
    out.extend(offset.to_le_bytes());
    sizes(&mut out, shape);
    sizes(&mut out, stride);
    out.extend(b"\x89ccollections\nOrderedDict\n)RtR");
    out
}

/// `{"model": OrderedDict(NAME = VALUE, …), "step": 7}`.
fn object(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut out = b"\x80\x02}(".to_vec();
    text(&mut out, "model");
    out.extend(b"ccollections\nOrderedDict\n)R(");
    for (name, value) in entries {
        text(&mut out, name);
        out.extend(value);
    }
    out.push(b'u');
    text(&mut out, "step");
    out.extend(b"K\x07u.");
    out
}

fn legacy(object: &[u8], storages: &[(&str, i64, Vec<u8>)]) -> Vec<u8> {
    let mut out =
        b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}(".to_vec();
    text(&mut out, "little_endian");
    out.extend(b"\x88u.");
    out.extend(object);
    out.extend(b"\x80\x02](");
    for (key, ..) in storages {
        text(&mut out, key);
    }
    out.extend(b"e.");
    for (_, count, data) in storages {
        out.extend(count.to_le_bytes());
        out.extend(data);
    }
    out
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|x| x.to_le_bytes()).collect()
}

fn six() -> Vec<u8> {
    floats(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
}

fn sample() -> Vec<u8> {
    let object = object(&[
        ("w", tensor("FloatStorage", "0", 0, &[2, 3], &[3, 1])),
        ("w_t", tensor("FloatStorage", "0", 0, &[3, 2], &[1, 3])),
        ("last", tensor("FloatStorage", "0", 5, &[], &[])),
        ("none", tensor("FloatStorage", "0", 0, &[0, 4], &[4, 1])),
        ("n", tensor("LongStorage", "1", 0, &[1], &[1])),
    ]);
    legacy(
        &object,
        &[("0", 6, six()), ("1", 1, (-9i64).to_le_bytes().to_vec())],
    )
}

#[test]
fn views_of_a_legacy_file_follow_offset_and_stride() {
    let weights = read(&sample(), "model.").unwrap();
    assert_eq!(
        weights.floats("w", &[2, 3]).unwrap(),
        [0., 1., 2., 3., 4., 5.]
    );
    assert_eq!(
        weights.floats("w_t", &[3, 2]).unwrap(),
        [0., 3., 1., 4., 2., 5.]
    );
    assert_eq!(weights.floats("last", &[]).unwrap(), [5.0]);
    assert_eq!(weights.floats("none", &[0, 4]).unwrap(), [0.0f32; 0]);
    let n = &weights.get("n").unwrap().elements;
    assert_eq!(*n, Elements::Integers(vec![-9]));
    assert_eq!(
        read(&sample(), "").unwrap().shape("model.w").unwrap(),
        [2, 3]
    );
    assert_eq!(read(&sample(), "other.").unwrap(), Weights::default());
}

#[test]
fn the_zip_format_gives_the_same_tensors() {
    let mut zip = zip::ZipWriter::new(IoCursor::new(Vec::new()));
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let object = object(&[("w", tensor("FloatStorage", "0", 0, &[2, 3], &[3, 1]))]);
    for (name, data) in [
        ("archive/data.pkl", object),
        ("archive/byteorder", b"little".to_vec()),
        ("archive/data/0", six()),
    ] {
        zip.start_file(name, stored).unwrap();
        zip.write_all(&data).unwrap();
    }
    let bytes = zip.finish().unwrap().into_inner();
    let weights = read(&bytes, "model.").unwrap();
    assert_eq!(
        weights.floats("w", &[2, 3]).unwrap(),
        [0., 1., 2., 3., 4., 5.]
    );
    let cut = read(&bytes[..bytes.len() / 2], "").unwrap_err();
    assert!(matches!(cut, Error::Malformed { .. }), "{cut}");
}

#[test]
fn tensors_outside_their_storage_are_refused() {
    for (offset, shape, stride) in [
        (1, &[2, 3][..], &[3, 1][..]),
        (0, &[2, 3], &[4, 1]),
        (0, &[i32::MAX, i32::MAX, i32::MAX], &[0, 0, 0]),
        (0, &[7], &[0]),
        (0, &[2], &[i32::MAX]),
        (-1, &[1], &[1]),
        (0, &[2], &[-1]),
        (0, &[2, 3], &[1]),
    ] {
        let object = object(&[("w", tensor("FloatStorage", "0", offset, shape, stride))]);
        let error = read(&legacy(&object, &[("0", 6, six())]), "").unwrap_err();
        assert!(error.to_string().contains("`model.w`"), "{error}");
    }
}

#[test]
fn storages_that_lie_about_themselves_are_refused() {
    let object = object(&[("w", tensor("FloatStorage", "0", 0, &[6], &[1]))]);
    for (count, why) in [
        (i64::MAX, "impossible size"),
        (-1, "impossible size"),
        (7, "cut short"),
    ] {
        let error = read(&legacy(&object, &[("0", count, six())]), "").unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
    let missing = read(&legacy(&object, &[]), "").unwrap_err();
    assert!(
        missing.to_string().contains("storage `0` is missing"),
        "{missing}"
    );
}

#[test]
fn code_in_a_checkpoint_is_refused() {
    let object = object(&[("w", b"cos\nsystem\n(X\x04\x00\x00\x00truetR".to_vec())]);
    let error = read(&legacy(&object, &[]), "").unwrap_err();
    assert!(
        matches!(&error, Error::Refused { name, .. } if name == "os.system"),
        "{error}"
    );
    assert!(error.hint().is_some());
}

#[test]
fn a_dictionary_that_holds_itself_and_an_explosion_of_lists_end() {
    let looped = b"\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s.";
    assert!(
        read(&legacy(looped, &[]), "")
            .unwrap_err()
            .to_string()
            .contains("themselves")
    );
    // Thirty lists, each holding the one before twice: 2^30 paths.
    let mut bomb = b"\x80\x02]q\x00".to_vec();
    for _ in 0..30 {
        bomb.extend(b"](h\x00h\x00eq\x00");
    }
    bomb.push(b'.');
    assert!(read(&legacy(&bomb, &[]), "").is_err());
}

#[test]
fn many_views_of_one_storage_do_not_fill_the_memory() {
    let names: Vec<String> = (0..100).map(|i| format!("w{i}")).collect();
    let big = vec![0u8; 40_000];
    let view = tensor("FloatStorage", "0", 0, &[10_000], &[1]);
    let entries: Vec<_> = names.iter().map(|n| (n.as_str(), view.clone())).collect();
    let error = read(&legacy(&object(&entries), &[("0", 10_000, big)]), "").unwrap_err();
    assert!(error.to_string().contains("far larger"), "{error}");
}

#[test]
fn what_is_no_checkpoint_is_named() {
    let error = read(b"\x80\x02K\x05.", "").unwrap_err();
    assert!(error.to_string().contains("torch.save"), "{error}");
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
