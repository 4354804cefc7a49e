//! Checkpoints that ask for more than tensors. Nothing is executed: a file that each of them would
//! make stays absent.

use std::path::Path;

use phonoscope_models::Error;
use phonoscope_models::weights::torch;
use proptest::prelude::*;

use crate::allocation::bounded;
use crate::allowance;
use crate::weights::{legacy, text, zipped};

/// The two ways in which a pickle comes.
fn containers(object: &[u8]) -> [Vec<u8>; 2] {
    [legacy(object, &[]), zipped(&[("data.pkl", object)])]
}

fn refusal(object: &[u8]) -> Vec<Error> {
    let read = |bytes: Vec<u8>| {
        let answer = bounded(allowance(&bytes), || torch::read(&bytes, ""));
        answer.unwrap_err()
    };
    containers(object).map(read).into()
}

/// Pickles that run `touch CANARY` when Python reads them.
fn attacks(canary: &Path) -> Vec<(&'static str, Vec<u8>)> {
    let command = format!("touch {}", canary.display());
    let mut shell = Vec::new();
    text(&mut shell, &command);
    let line = |head: &str, tail: &[u8]| [head.as_bytes(), &shell, tail].concat();
    let python = format!("__import__('os').system('{command}')");
    let mut code = Vec::new();
    text(&mut code, &python);
    let short = |head: &[u8], word: &str| {
        let mut out = head.to_vec();
        out.push(0x8c);
        out.push(word.len() as u8);
        out.extend(word.as_bytes());
        out
    };
    let stacked = short(&short(b"\x80\x04", "os"), "system");
    vec![
        ("os.system", line("cos\nsystem\n(", b"tR.")),
        ("posix.system", line("cposix\nsystem\n(", b"tR.")),
        (
            "os.system",
            [&stacked, &b"\x93("[..], &shell, b"tR."].concat(),
        ),
        (
            "builtins.eval",
            [b"cbuiltins\neval\n(", &code[..], b"tR."].concat(),
        ),
        (
            "builtins.exec",
            [b"cbuiltins\nexec\n(", &code[..], b"tR."].concat(),
        ),
        (
            "__builtin__.getattr",
            line("c__builtin__\ngetattr\n(", b"tR."),
        ),
        ("subprocess.Popen", line("csubprocess\nPopen\n(", b"tR.")),
        ("torch.load", line("ctorch\nload\n(", b"tR.")),
        ("opcode 0x69", line("(", b"ios\nsystem\n.")),
        ("os.system", line("(cos\nsystem\n", b"o.")),
        ("os.system", line("cos\nsystem\n(", b"t\x81.")),
        ("os.system", line("cos\nsystem\n(", b"t}\x92.")),
        ("opcode 0x82", b"\x82\x01.".to_vec()),
        ("opcode 0x50", b"P0\n.".to_vec()),
        ("runpy._run_code", line("crunpy\n_run_code\n(", b"tR.")),
        (
            "numpy.core.multiarray._reconstruct",
            line("cnumpy.core.multiarray\n_reconstruct\n(", b"tR."),
        ),
        ("call of a storage", b"ctorch\nFloatStorage\n)R.".to_vec()),
        (
            "attributes set on an object",
            line(
                "ctorch._utils\n_rebuild_tensor_v2\n)R}(X\x0c\0\0\0__setstate__",
                b"ub.",
            ),
        ),
    ]
}

#[test]
fn calls_are_refused_by_name_and_never_made() {
    let folder = tempfile::tempdir().unwrap();
    let canary = folder.path().join("canary");
    for (name, object) in attacks(&canary) {
        for error in refusal(&object) {
            assert!(matches!(error, Error::Refused { .. }), "{name}: {error}");
            assert!(error.to_string().contains(name), "{name}: {error}");
            assert!(error.hint().unwrap().contains("nothing is executed"));
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn calls_hidden_beside_honest_tensors_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let canary = folder.path().join("canary");
    for (name, attack) in attacks(&canary) {
        // {"model": {}, "extra": ATTACK}
        let mut object = b"\x80\x02}(".to_vec();
        text(&mut object, "model");
        object.push(b'}');
        text(&mut object, "extra");
        object.extend(&attack[..attack.len() - 1]);
        object.extend(b"u.");
        for error in refusal(&object) {
            assert!(matches!(error, Error::Refused { .. }), "{name}: {error}");
        }
    }
    assert!(!canary.exists());
}

#[test]
fn sizes_that_lie_are_refused_and_not_believed() {
    for (why, object) in [
        ("cut short", &b"X\xff\xff\xff\xffabc."[..]),
        ("cut short", b"B\xff\xff\xff\x7fabc."),
        (
            "128 bits",
            b"\x8a\xff\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01.",
        ),
        ("reference to nothing", b"j\xff\xff\xff\xff."),
        ("cut short", b"cno line ends here"),
        ("protocol", b"\x80\xff."),
    ] {
        for error in refusal(object) {
            let error = error.to_string();
            // What follows the pickle in a legacy file belongs to it, if it says so.
            assert!(
                error.contains(why) || error.contains("cannot read"),
                "{why}: {error}"
            );
        }
    }
    // LONG4, BINUNICODE8 and BINBYTES8 of 2^63 bytes.
    for opcode in [0x8b, 0x8d, 0x8e] {
        let object = [&[opcode][..], &[0xff; 8], b"N."].concat();
        assert_eq!(refusal(&object).len(), 2);
    }
    let memo = [&b"Nr\xff\xff\xff\xff"[..], b"."].concat();
    for bytes in containers(&memo) {
        bounded(allowance(&bytes), || torch::read(&bytes, "").ok());
    }
}

/// `DICT["NAME"] = DICT`, with `entries` names of `length` letters.
fn own_member(entries: usize, length: usize) -> Vec<u8> {
    let mut object = b"}q\0(".to_vec();
    text(&mut object, &"n".repeat(length));
    object.extend(b"q\x01h\0");
    for _ in 1..entries {
        object.extend(b"h\x01h\0");
    }
    object.extend(b"u.");
    object
}

#[test]
fn containers_that_hold_themselves_end() {
    for object in [
        own_member(1, 1),
        own_member(1000, 1),
        own_member(1, 1 << 20),
        own_member(1000, 1 << 16),
        b"]q\0h\0a.".to_vec(),
        b"]q\0(h\0h\0h\0h\0h\0h\0h\0h\0e.".to_vec(),
        b"}q\0]q\x01h\0aN\x86q\x02h\x02\x85q\x03h\x01h\x03a.".to_vec(),
    ] {
        for bytes in containers(&object) {
            let answer = bounded(allowance(&bytes), || torch::read(&bytes, ""));
            if let Err(error) = answer {
                assert!(matches!(error, Error::Malformed { .. }), "{error}");
            }
        }
    }
}

#[test]
fn lists_shared_at_every_level_end() {
    // Thirty levels of lists that hold the next twice: a thousand million leaves.
    let mut object = b"]q\0N\x85a".to_vec();
    for level in 1..30u8 {
        object.extend([
            b']',
            b'q',
            level,
            b'(',
            b'h',
            level - 1,
            b'h',
            level - 1,
            b'e',
        ]);
    }
    object.push(b'.');
    for error in refusal(&object) {
        assert!(error.to_string().contains("nested"), "{error}");
    }
}

#[test]
fn depth_without_end_is_refused() {
    let deep = [vec![b']'; 100_000], vec![b'a'; 99_999], b".".to_vec()].concat();
    for error in refusal(&deep) {
        assert!(error.to_string().contains("nested"), "{error}");
    }
    let marks = vec![b'('; 1 << 20];
    assert_eq!(refusal(&marks).len(), 2);
}

proptest! {
    #[test]
    fn any_opcodes_are_answered_or_refused(object in prop::collection::vec(any::<u8>(), 0..200)) {
        for bytes in containers(&object) {
            bounded(allowance(&bytes), || torch::read(&bytes, "").ok());
        }
    }
}
