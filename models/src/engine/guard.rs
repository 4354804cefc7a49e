//! A wall between the program and engines that panic.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::EngineInfo;
use crate::{Error, Result};

/// Runs `work`, turning a panic inside the engine into an error.
pub(super) fn guarded<T>(
    info: &EngineInfo,
    action: &str,
    work: impl FnOnce() -> Result<T, String>,
) -> Result<T> {
    let why = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(why)) => why,
        Err(panic) => {
            let said = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied());
            format!("the engine panicked: {}", said.unwrap_or("no message"))
        }
    };
    Err(Error::Engine {
        engine: info.to_string(),
        action: action.to_owned(),
        why: why.split_whitespace().collect::<Vec<_>>().join(" "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_inside_the_engine_is_an_error() {
        let info = EngineInfo {
            name: "rten".to_owned(),
            version: "0.27.0".to_owned(),
            found: String::new(),
        };
        let error = guarded::<()>(&info, "run the graph", || panic!("index {} too big", 7));
        let message = error.unwrap_err().to_string();
        assert_eq!(
            message,
            "rten 0.27.0 cannot run the graph: the engine panicked: index 7 too big"
        );
    }
}
