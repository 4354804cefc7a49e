//! Reading and writing alignments.

use std::path::Path;

use phonoscope_datasets::alignment::text_grid::{Form, to_text};
use phonoscope_datasets::alignment::{
    self, Alignment, Content, Interval, Tier, TierKind, is_silence,
};
use proptest::prelude::*;

/// As Praat 6 writes it, with a comment and a tier of points.
pub(super) const LONG: &str = r#"File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0 
xmax = 1.5 
tiers? <exists> 
size = 2 
item []: 
    item [1]:
        class = "IntervalTier" 
        name = "words" 
        xmin = 0 
        xmax = 1.5 
        intervals: size = 3 
        intervals [1]:
            xmin = 0 
            xmax = 0.25 
            text = "" 
        intervals [2]:
            xmin = 0.25 
            xmax = 0.75 
            text = "say ""ah"" ! 5" 
        intervals [3]:
            xmin = 0.75 
            xmax = 1.5 
            text = "zwei
Zeilen é" 
    item [2]:
        class = "TextTier" 
        name = "bell 2" 
        xmin = 0 
        xmax = 1.5 
        points: size = 1 
        points [1]:
            number = 0.5 
            mark = "H*" 
"#;

const SHORT: &str = "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\n0\n1.5\n<exists>\n2\n\
    \"IntervalTier\"\n\"words\"\n0\n1.5\n3\n0\n0.25\n\"\"\n0.25\n0.75\n\"say \"\"ah\"\" ! 5\"\n\
    0.75\n1.5\n\"zwei\nZeilen é\"\n\"TextTier\"\n\"bell 2\"\n0\n1.5\n1\n0.5\n\"H*\"\n";

pub(super) fn interval(start_secs: f64, end_secs: f64, label: &str) -> Interval {
    Interval {
        start_secs,
        end_secs,
        label: label.to_owned(),
    }
}

fn example() -> Alignment {
    Alignment {
        tiers: vec![
            Tier {
                name: "words".to_owned(),
                kind: TierKind::Intervals,
                intervals: vec![
                    interval(0.0, 0.25, ""),
                    interval(0.25, 0.75, "say \"ah\" ! 5"),
                    interval(0.75, 1.5, "zwei\nZeilen é"),
                ],
            },
            Tier {
                name: "bell 2".to_owned(),
                kind: TierKind::Points,
                intervals: vec![interval(0.5, 0.5, "H*")],
            },
        ],
    }
}

fn one(name: &str, bytes: &[u8]) -> Alignment {
    match alignment::parse(Path::new(name), bytes).unwrap() {
        Content::One(alignment) => alignment,
        Content::Many(_) => panic!("{name} holds many"),
    }
}

fn fault(name: &str, text: &str) -> String {
    let error = alignment::parse(Path::new(name), text.as_bytes()).unwrap_err();
    assert!(error.hint().is_some());
    error
        .to_string()
        .split_once("`, ")
        .map_or_else(|| error.to_string(), |(_, words)| words.to_owned())
}

#[test]
fn both_forms_in_every_encoding_and_with_either_line_end_say_the_same() {
    let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    };
    for text in [LONG, SHORT] {
        let windows = text.replace('\n', "\r\n").replace("zwei\r\n", "zwei\n");
        for bytes in [
            text.as_bytes().to_vec(),
            windows.into_bytes(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            utf16(&format!("\u{feff}{text}"), u16::to_le_bytes),
            utf16(&format!("\u{feff}{text}"), u16::to_be_bytes),
            utf16(text, u16::to_le_bytes),
            utf16(text, u16::to_be_bytes),
        ] {
            assert_eq!(one("a.TextGrid", &bytes), example());
            assert_eq!(one("no-extension", &bytes), example(), "known by content");
        }
    }
    assert_eq!(to_text(&example(), 1.5, Form::Short).unwrap(), SHORT);
}

#[test]
fn broken_text_grids_are_refused_with_the_line() {
    let cases = [
        (
            LONG.replace("0.75 \n            text", "0.1 \n            text"),
            "line 20: it ends at 0.1 s, before its start 0.25 s",
        ),
        (
            LONG.replace("xmin = 0.75", "xmin = 0.5"),
            "line 24: an interval from 0.5 s behind one that ends at 0.75 s: they overlap",
        ),
        (
            LONG.replace("xmin = 0.25", "xmin = -1"),
            "line 20: it starts at -1 s, before the recording",
        ),
        (
            LONG.replace("size = 3", "size = 99999999999999"),
            "line 29: the text \"TextTier\" instead of a time",
        ),
        (
            LONG.replace("size = 2 ", "size = 2.5 "),
            "line 7: 2.5 is not the number of tiers",
        ),
        (
            LONG.replace("mark = \"H*\" \n", ""),
            "line 35: it ends before a label",
        ),
        (
            LONG.replace("mark = \"H*\" ", "mark = \"H* "),
            "line 36: a quote without an end",
        ),
        (
            LONG.replace("TextTier", "Pitch"),
            "line 29: a tier that is neither of intervals nor of points",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(fault("a.TextGrid", &text), expected);
    }
    assert!(fault("a.TextGrid", "ooBinaryFile\u{8}TextGrid").contains("binary"));
    assert!(
        fault(
            "a.TextGrid",
            "\"Praat chronological TextGrid text file\"\n0 1"
        )
        .contains("chronological")
    );
    assert!(fault("a.TextGrid", " \n").contains("it is empty"));
    assert!(fault("a.TextGrid", "hello").contains("its format is not known"));
    let latin1 = LONG.replace('é', "\u{1}").into_bytes();
    let latin1: Vec<u8> = latin1
        .iter()
        .map(|&b| if b == 1 { 0xe9 } else { b })
        .collect();
    let error = alignment::parse(Path::new("a.TextGrid"), &latin1).unwrap_err();
    assert!(
        error.to_string().contains("neither UTF-8 nor UTF-16"),
        "{error}"
    );
}

#[test]
fn rounding_is_forgiven() {
    let text = LONG.replace("xmin = 0.75", "xmin = 0.7495");
    let words = &one("a", text.as_bytes()).tiers[0].intervals;
    assert_eq!((words[1].end_secs, words[2].start_secs), (0.7495, 0.7495));
}

#[test]
fn ctm_with_confidence_channels_and_comments() {
    let ctm = ";; comment\nb 1 0.50 0.25 two 0.9\nb 1 0.10 0.40 one 1.0 lex\n\na A 0 .3 hi\na B 0.1 0.3 ho\n";
    let Content::Many(found) = alignment::parse(Path::new("x.ctm"), ctm.as_bytes()).unwrap() else {
        panic!("a CTM holds many");
    };
    assert_eq!(found.keys().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(found["b"].tiers.len(), 1);
    assert_eq!(found["b"].tiers[0].name, "words");
    assert_eq!(
        found["b"].tiers[0].intervals,
        [interval(0.1, 0.5, "one"), interval(0.5, 0.75, "two")]
    );
    let tiers: Vec<&str> = found["a"].tiers.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(tiers, ["A - words", "B - words"]);
    let Content::Many(phones) =
        alignment::parse(Path::new("phones.1.ctm"), ctm.as_bytes()).unwrap()
    else {
        panic!("a CTM holds many");
    };
    assert_eq!(phones["b"].tiers[0].name, "phones");

    assert_eq!(
        fault("x.ctm", "a 1 0 1 w\na 1 x 1 w\n"),
        "line 2: not `name channel start duration label`: `a 1 x 1 w`"
    );
    assert_eq!(fault("x.ctm", "a 1 0 -1 w\n"), "line 1: a duration of -1 s");
    assert_eq!(
        fault("x.ctm", "a 1 -1 2 w\n"),
        "line 1: it starts at -1 s, before the recording"
    );
    assert_eq!(
        fault("x.ctm", "a 1 nan 2 w\n"),
        "line 1: NaN to NaN are no times"
    );
    assert_eq!(
        fault("x.ctm", "a 1 0 2 w\na 1 * * <ALT_BEGIN>\n"),
        "line 2: it lists alternatives"
    );
}

#[test]
fn timit_counts_samples_at_16_khz() {
    let phn = "0 2200 h#\n2200 2600 b\r\n2600 3550 ih\n";
    for (name, tier) in [
        ("a.phn", "phones"),
        ("A.PHN", "phones"),
        ("a.txt", "phones"),
        ("a.wrd", "words"),
    ] {
        let found = one(name, phn.as_bytes());
        assert_eq!(found.tiers[0].name, tier, "{name}");
        assert_eq!(found.tiers[0].intervals[1], interval(0.1375, 0.1625, "b"));
    }
    assert_eq!(
        one("a.txt", b"7470 11362 she\n11000 16000 had\n").tiers[0].name,
        "words"
    );
    assert_eq!(
        fault("a.phn", "0 1 h#\n5 2 b\n"),
        "line 2: it ends at 0.000125 s, before its start 0.0003125 s"
    );
    assert_eq!(
        fault("a.phn", "0 1 h#\n5 b\n"),
        "line 2: not `start end label`: `5 b`"
    );
}

#[test]
fn the_tsv_reads_back_and_its_faults_are_located() {
    let mut alignment = example();
    alignment.tiers[0].intervals[1].label = "tab\t\\".to_owned();
    alignment.tiers[1].kind = TierKind::Intervals;
    let text = alignment::to_tsv([("u\t1", &alignment)]);
    let Content::Many(found) = alignment::parse(Path::new("x.tsv"), text.as_bytes()).unwrap()
    else {
        panic!("a TSV holds many");
    };
    assert_eq!(found["u\t1"], alignment);
    let head = "label\tid\ttier\tstart\tend\tby\n";
    assert_eq!(
        fault(
            "x.tsv",
            &format!("{head}a\tu\tw\t0\t1\tme\na\tu\tw\tx\t1\tme\n")
        ),
        "line 3: `x` is no time in seconds"
    );
    assert_eq!(
        fault("x.tsv", &format!("{head}a\tu\tw\n")),
        "line 2: 3 fields: too few"
    );
    assert_eq!(
        fault("x.tsv", &format!("{head}a\tu\tw\t2\t1\tme\n")),
        "line 2: it ends at 1 s, before its start 2 s"
    );
}

#[test]
fn silences_of_the_usual_notations_are_known_and_words_are_not() {
    for label in [
        "", " ", "sp", "SIL", "sil_S", "spn", "<eps>", "h#", "#h", "pau", "epi", "<p:>", "_",
        "[noise]", "<sil>", "!SIL", "{SL}",
    ] {
        assert!(is_silence(label), "{label:?}");
    }
    for label in [
        "noise", "silence", "pause", "q", "bcl", "AH0_B", "a", "spa", "<unk>", "I",
    ] {
        assert!(!is_silence(label), "{label:?}");
    }
}

fn label() -> impl Strategy<Value = String> {
    "[a-z\"!<> \\[\\]=\n\t\u{e9}\u{4e2d}0-9]{0,6}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_an_alignment_or_an_error(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        text in "(0 1 a|a 1 0 1 b|id\ttier\tstart\tend\tlabel|\"ooTextFile\" \"TextGrid\" 0 1 <exists> 9)[ \n\t]([-0-9.e<>\"a \n\t]{0,60})",
    ) {
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            if let Err(error) = alignment::parse(Path::new("x"), bytes) {
                prop_assert!(!error.to_string().contains('\n'), "{}", error);
            }
        }
    }

    #[test]
    fn mangled_text_grids_are_read_or_refused(
        edits in prop::collection::vec((0.0_f64..1.0, any::<u8>()), 1..8),
        cut in 0.5_f64..1.0,
        short in any::<bool>(),
    ) {
        let mut bytes = if short { SHORT } else { LONG }.as_bytes().to_vec();
        for (at, byte) in edits {
            let at = (at * bytes.len() as f64) as usize;
            bytes[at] = byte;
        }
        bytes.truncate((cut * 1.2 * bytes.len() as f64) as usize);
        if let Ok(Content::One(found)) = alignment::parse(Path::new("x"), &bytes) {
            for interval in found.tiers.iter().flat_map(|t| &t.intervals) {
                prop_assert!(interval.start_secs >= 0.0 && interval.end_secs >= interval.start_secs);
            }
        }
    }

    #[test]
    fn text_grids_survive_writing(
        tiers in prop::collection::vec(
            (label(), any::<bool>(), prop::collection::vec((1_u32..5_000, label()), 1..6)),
            0..4,
        ),
        long in any::<bool>(),
    ) {
        // Tiers without gaps that all end together, as Praat has them.
        let end = 100.0;
        let alignment = Alignment {
            tiers: tiers
                .into_iter()
                .map(|(name, points, lengths)| {
                    let mut at = 0.0;
                    let last = lengths.len() - 1;
                    let intervals = lengths.into_iter().enumerate().map(|(i, (length, label))| {
                        let start = at;
                        at += f64::from(length) / 1_000.0;
                        let stop = match (points, i == last) {
                            (true, _) => start,
                            (false, true) => end,
                            (false, false) => at,
                        };
                        interval(start, stop, &label)
                    });
                    Tier {
                        name,
                        kind: if points { TierKind::Points } else { TierKind::Intervals },
                        intervals: intervals.collect(),
                    }
                })
                .collect(),
        };
        let form = if long { Form::Long } else { Form::Short };
        let text = to_text(&alignment, end, form).unwrap();
        prop_assert_eq!(one("x", text.as_bytes()), alignment);
    }
}

#[test]
fn gaps_are_filled_and_overlaps_refused_when_writing() {
    let mut alignment = example();
    alignment.tiers[0].intervals.remove(0);
    let text = to_text(&alignment, 2.0, Form::Long).unwrap();
    let labels: Vec<Interval> = one("x", text.as_bytes()).tiers[0].intervals.clone();
    assert_eq!((labels.len(), &labels[0]), (4, &interval(0.0, 0.25, "")));
    assert_eq!(labels[3], interval(1.5, 2.0, ""));
    alignment.tiers[0].intervals[1].start_secs = 0.5;
    let words = to_text(&alignment, 2.0, Form::Long).unwrap_err();
    assert!(
        words.contains("starts at 0.5 s, before the label ahead of it ends at 0.75 s"),
        "{words}"
    );
}
