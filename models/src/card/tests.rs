use phonoscope_analysis::frontend::{KaldiFbank, MeanNormalise};

use super::*;
use crate::input::InputRole;
use crate::tap::Normalise;
use crate::wire::{ElementType, Suffix, survey};

const WHOLE: &str = r#"
name = "mine"
licence = "MIT"
citation = "Me: mine. 2026."
trained_on = "my voice"
front_end = { kind = "kaldi_fbank", num_mel_bins = 40, mean_normalise = "utterance" }
embedding = { tap = "embedding", normalise = "l2" }

[[input]]
name = "feats"
role = { kind = "features" }

[[input]]
name = "sr"
role = { kind = "constant", value = 16000, dims = [] }

[[tap]]
name = "embedding"
tensor = "/fc/Gemm_output_0"
meaning = "speaker embedding"
axes = ["batch", "dim"]
"#;

#[test]
fn a_whole_card_is_read_and_written() {
    let card = Card::parse(WHOLE, "mine.toml").unwrap();
    assert_eq!(card.name.as_deref(), Some("mine"));
    let fbank = KaldiFbank {
        num_mel_bins: 40,
        mean_normalise: MeanNormalise::Utterance,
        ..KaldiFbank::default()
    };
    assert_eq!(card.front_end, Some(FrontEnd::KaldiFbank(fbank)));
    assert_eq!(card.embedding.as_ref().unwrap().normalise, Normalise::L2);
    assert_eq!(
        card.inputs[1].role,
        InputRole::Constant {
            value: 16000.0,
            dims: Vec::new()
        }
    );
    assert_eq!(card.taps[0].axes, [Axis::Batch, Axis::Dim]);
    let again = Card::parse(&card.to_toml().unwrap(), "again").unwrap();
    assert_eq!(again, card);

    let folder = tempfile::tempdir().unwrap();
    let path = Card::beside(&folder.path().join("mine.onnx"));
    card.write(&path).unwrap();
    assert!(path.ends_with("mine.toml"));
    assert_eq!(Card::read(&path).unwrap(), card);
}

#[test]
fn an_empty_card_says_nothing() {
    assert_eq!(Card::parse("", "x").unwrap(), Card::default());
    assert_eq!(Card::default().to_toml().unwrap(), "");
}

#[test]
fn every_front_end_survives_toml() {
    for kind in FrontEnd::KINDS {
        let card = Card {
            front_end: FrontEnd::of_kind(kind),
            ..Card::default()
        };
        let text = card.to_toml().unwrap();
        assert_eq!(Card::parse(&text, kind).unwrap(), card, "{text}");
    }
}

#[test]
fn errors_name_the_line_and_the_word() {
    for (text, line, word) in [
        ("name = \"a\"\ncolour = 1\n", "line 2", "colour"),
        ("\n\nname = 3\n", "line 3", "string"),
        ("name = \"a\n", "line 1", "string"),
        ("[front_end]\nkind = \"mfcc\"\n", "line 2", "mfcc"),
        (
            "\nfront_end = { kind = \"kaldi_fbank\", colour = 1 }\n",
            "line 2",
            "colour",
        ),
        (
            "front_end = { kind = \"ge2e_mel\", mels = 1 }\n",
            "line 1",
            "mels",
        ),
        (
            "[[input]]\nname = \"x\"\nrole = { kind = \"feature\" }\n",
            "line 3",
            "feature",
        ),
        (
            "[embedding]\ntap = \"e\"\nnormalise = \"l3\"\n",
            "line 3",
            "l3",
        ),
        ("[[tap]]\nname = \"e\"\n", "line 1", "tensor"),
    ] {
        let error = Card::parse(text, "my.toml").unwrap_err();
        let words = error.to_string();
        assert!(words.starts_with("my.toml"), "{words}");
        assert!(words.contains(line) && words.contains(word), "{words}");
        assert!(error.is_input() && error.hint().is_some());
    }
    let senseless = "front_end = { kind = \"kaldi_fbank\", dither = 1.0 }";
    let error = Card::parse(senseless, "my.toml").unwrap_err().to_string();
    assert!(error.contains("dither"), "{error}");
}

#[test]
fn no_text_and_too_long_a_text_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    assert!(Card::read(&path).is_err());
    std::fs::write(&path, [0xff, 0xfe, 0]).unwrap();
    assert!(matches!(Card::read(&path), Err(Error::Io { .. })));
    std::fs::write(&path, " ".repeat(2 << 20)).unwrap();
    assert!(matches!(Card::read(&path), Err(Error::Card { .. })));
}

#[test]
fn a_starting_card_is_a_card() {
    let mut graph = Suffix::new();
    graph
        .header(8, 17, "test")
        .graph_name("own")
        .input(
            "feats",
            ElementType::Float32,
            &["B".into(), "T".into(), 80.into()],
        )
        .input("lens", ElementType::Int64, &["B".into()])
        .input("odd \"name\"\n", ElementType::Float32, &[3.into()])
        .node("Identity", &["feats"], &["embs"], &[])
        .typed_output("embs", ElementType::Float32, &["B".into(), 192.into()]);
    let found = survey(&graph.finish()).unwrap();
    let text = starting_card(&found, "my \"model\"").unwrap();
    let card = Card::parse(&text, "start").unwrap();
    assert_eq!(card.name.as_deref(), Some("my \"model\""));
    assert!(text.contains("WeSpeaker"), "{text}");
    assert!(matches!(card.front_end, Some(FrontEnd::KaldiFbank(_))));
    assert_eq!(card.inputs.len(), 2);
    assert_eq!(card.embedding.unwrap().tap, "embs");
    let bare = |line: &str| !line.starts_with('#') && line.contains("odd");
    assert!(
        !text.lines().any(bare),
        "what is not known is only a remark: {text}"
    );
}
