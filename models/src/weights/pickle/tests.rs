use super::*;
use proptest::prelude::*;

fn refusal(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

#[test]
fn plain_data_is_read_in_order() {
    // {"a": [1, -1, 300, 2.0], "b": (None, True)} and a trailing byte
    let bytes = b"\x80\x02}q\x00(X\x01\x00\x00\x00a](K\x01J\xff\xff\xff\xffM\x2c\x01\
                      G@\x00\x00\x00\x00\x00\x00\x00eX\x01\x00\x00\x00bN\x88\x86u.!";
    let (pickle, length) = read(bytes).unwrap();
    assert_eq!(length, bytes.len() - 1);
    let Node::Dict(pairs) = pickle.node(pickle.root()) else {
        panic!()
    };
    let keys: Vec<_> = pairs.iter().filter_map(|(k, _)| pickle.text(*k)).collect();
    assert_eq!(keys, ["a", "b"]);
    let list: Vec<_> = pickle
        .sequence(pairs[0].1)
        .unwrap()
        .iter()
        .map(|i| pickle.node(*i))
        .collect();
    assert_eq!(
        list,
        [
            &Node::Int(1),
            &Node::Int(-1),
            &Node::Int(300),
            &Node::Float(2.0)
        ]
    );
    let pair: Vec<_> = pickle
        .sequence(pairs[1].1)
        .unwrap()
        .iter()
        .map(|i| pickle.node(*i))
        .collect();
    assert_eq!(pair, [&Node::None, &Node::Bool(true)]);
}

#[test]
fn long_integers_keep_their_sign() {
    let (pickle, _) = read(b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.").unwrap();
    assert_eq!(
        *pickle.node(pickle.root()),
        Node::Int(0x1950_a86a_20f9_469c_fc6c)
    );
    let (pickle, _) = read(b"\x8a\x01\xfe.").unwrap();
    assert_eq!(*pickle.node(pickle.root()), Node::Int(-2));
    let (pickle, _) = read(b"\x8a\x00.").unwrap();
    assert_eq!(*pickle.node(pickle.root()), Node::Int(0));
    let long = [&[0x8a, 17][..], &[1; 17], b"."].concat();
    assert!(refusal(&long).contains("128 bits"));
}

#[test]
fn code_is_refused_by_name_and_never_called() {
    let shell = b"cos\nsystem\n(X\x04\x00\x00\x00trueetR.";
    assert_eq!(
        refusal(shell),
        "refused to read the checkpoint: it asks for `os.system`"
    );
    assert!(refusal(b"\x8c\x08builtins\x8c\x04eval\x93.").contains("`builtins.eval`"));
    assert!(refusal(b"ctorch\nload\n.").contains("`torch.load`"));
    assert!(refusal(b"ctorch\nFloatStorage\n)R.").contains("call of a storage"));
    // INST, OBJ, NEWOBJ, NEWOBJ_EX, EXT1, PERSID: other ways to have something made.
    for opcode in [b'i', b'o', 0x81, 0x92, 0x82, b'P'] {
        let error = refusal(&[b'N', opcode, b'.']);
        assert!(error.contains(&format!("opcode 0x{opcode:02x}")), "{error}");
    }
    assert!(refusal(b"ccollections\nOrderedDict\n}b.").contains("attributes"));
}

#[test]
fn an_ordered_dict_is_a_dict_and_its_attributes_are_dropped() {
    let bytes = b"ccollections\nOrderedDict\n)RK\x01K\x02s}b.";
    let (pickle, _) = read(bytes).unwrap();
    assert!(matches!(pickle.node(pickle.root()), Node::Dict(pairs) if pairs.len() == 1));
    let old = b"ccollections\nOrderedDict\n](K\x01K\x02\x86e\x85R.";
    let (pickle, _) = read(old).unwrap();
    assert!(matches!(pickle.node(pickle.root()), Node::Dict(pairs) if pairs.len() == 1));
}

#[test]
fn lies_about_sizes_stacks_and_references_are_errors() {
    for (bytes, why) in [
        (&b"X\xff\xff\xff\xffabc"[..], "cut short"),
        (b"cos\nsys", "cut short inside a line"),
        (b".", "empty stack"),
        (b"(.", "empty stack"),
        (b"N(0.", "empty stack"),
        (b"t.", "a mark is missing"),
        (b"h\x07.", "a reference to nothing"),
        (b"NNa.", "does not hold"),
        (b"}(Nu.", "does not hold"),
        (b"NNR.", "cannot be called"),
        (b"\x80\x63", "protocol 99"),
        (b"U\x02\xff\xfe.", "not UTF-8"),
        (b"", "cut short"),
    ] {
        let error = refusal(bytes);
        assert!(error.contains(why), "{error} for {bytes:?}");
    }
    let flood = vec![b'N'; NODE_LIMIT + 1];
    assert!(refusal(&flood).contains("more than"));
}

#[test]
fn a_list_may_hold_itself() {
    let (pickle, _) = read(b"]q\x00h\x00a.").unwrap();
    assert_eq!(pickle.sequence(pickle.root()), Some(&[pickle.root()][..]));
}

proptest! {
    #[test]
    fn any_bytes_give_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _answer = read(&bytes);
    }

    #[test]
    fn any_known_opcodes_give_an_answer(
        codes in prop::collection::vec(
            prop::sample::select(&b"(.0N\x88KJMX\x8cUC)\x85\x86\x87t]}aesuqhrj\x94cQRb\x93"[..]),
            0..200,
        ),
    ) {
        let _answer = read(&codes);
    }
}
