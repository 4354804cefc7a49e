//! Whether the features are those of the program that the model was trained with.

use phonoscope_analysis::frontend::FrontEnd;
use phonoscope_analysis::frontend::parity::front_end_parity;

use super::difference::shown;
use crate::report::{Check, Status};

/// Compares the model's front end with values of a reference program that travel with this one.
pub(super) fn check(front_end: &FrontEnd) -> Check {
    let check = Check {
        id: "front_end_parity".into(),
        meaning:
            "largest difference between the features computed here and those of the reference \
                  program, for a synthetic signal of 2.5 s"
                .into(),
        ..Check::default()
    };
    let Some(parity) = front_end_parity(front_end) else {
        return Check {
            verdict:
                "Not measured: no reference values for a front end with these settings; check \
                      that the model was trained with them."
                    .into(),
            detail: front_end.describe(),
            ..check
        };
    };
    let (difference, unit) = (parity.difference.min(f64::MAX), parity.unit.words());
    Check {
        status: if parity.agrees() {
            Status::Pass
        } else {
            Status::Fail
        },
        verdict: if parity.agrees() {
            format!(
                "Features are those of {}, up to {} {unit}.",
                parity.reference,
                shown(difference)
            )
        } else {
            format!(
                "Features differ from those of {} by {} {unit}: the model hears what it was not \
                 trained on.",
                parity.reference,
                shown(difference)
            )
        },
        value: Some(difference),
        threshold: Some(parity.tolerance),
        unit: Some(unit.into()),
        n: parity.values,
        detail: format!("against {}, {} values", parity.reference, parity.values),
        ..check
    }
}
