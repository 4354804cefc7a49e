//! The trust report of the made-up speaker report.

use std::collections::BTreeMap;

use phonoscope_probes::report::{Check, Coverage, GroupCount, Skipped, Status, TapFigure, Trust};

/// One check of every verdict.
pub(crate) fn trust() -> Trust {
    let check = |id: &str, meaning: &str, status, value, threshold, detail: &str| Check {
        id: id.into(),
        meaning: meaning.into(),
        status,
        value,
        threshold,
        unit: None,
        n: 8,
        detail: detail.into(),
        ..Check::default()
    };
    let group = |class: &str, items, speakers| GroupCount {
        class: class.into(),
        items,
        speakers,
    };
    Trust {
        checks: vec![
            check(
                "tap_neutrality",
                "final outputs, tapped against untapped",
                Status::Pass,
                Some(0.0),
                Some(1e-6),
                "largest at utt0003",
            ),
            check(
                "determinism",
                "the same item twice",
                Status::Pass,
                Some(0.0),
                Some(0.0),
                "bit for bit equal",
            ),
            Check {
                verdict: "The engines differ more than rounding explains.".into(),
                taps: vec![TapFigure {
                    tap: "embedding".into(),
                    value: 3.2e-5,
                    item: "utt0041".into(),
                }],
                inferences: 8,
                ..check(
                    "engine_agreement",
                    "ONNX Runtime against rten on a sample",
                    Status::Warn,
                    Some(3.2e-5),
                    Some(1e-5),
                    "largest at utt0041: 24 s, far longer than the rest",
                )
            },
            check(
                "coverage",
                "share of items skipped",
                Status::Fail,
                Some(0.017),
                Some(0.01),
                "2 of 120 items skipped",
            ),
            check(
                "frontend_parity",
                "our features against golden features",
                Status::NotRun,
                None,
                Some(1e-4),
                "no golden features for this model",
            ),
        ],
        coverage: Coverage {
            items: 120,
            used: 118,
            skipped: vec![
                Skipped {
                    id: "utt0059".into(),
                    reason: "0 samples".into(),
                },
                Skipped {
                    id: "utt0119".into(),
                    reason: "0 samples".into(),
                },
            ],
            not_finite: 0,
            speakers: 60,
            groups: BTreeMap::from([("sex".into(), vec![group("f", 59, 30), group("m", 59, 30)])]),
            spans: None,
        },
    }
}
