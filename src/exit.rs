//! Exit codes, and how errors are told to people.

use std::fmt;

use phonoscope_analysis::task::Cancel;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// Done, but a stated threshold failed.
    Threshold,
    /// Bad usage or input.
    Usage,
    /// Failed while running.
    Failed,
    /// Interrupted.
    Interrupted,
}

impl Exit {
    /// The process's exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Threshold => 1,
            Self::Usage => 2,
            Self::Failed => 3,
            Self::Interrupted => 130,
        }
    }
}

/// A problem with what the user gave, found by the program itself.
#[derive(Debug)]
pub struct Usage {
    problem: String,
    hint: Option<String>,
}

impl Usage {
    /// A problem in words, and what to do about it.
    pub fn new(problem: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            problem: problem.into(),
            hint: Some(hint.into()),
        }
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)
    }
}

impl std::error::Error for Usage {}

/// An error as one line, what to do about it, and the exit code.
#[derive(Debug)]
pub struct Told {
    /// What failed, with its causes, on one line.
    pub line: String,
    /// What to do.
    pub hint: Option<String>,
    /// The exit code.
    pub exit: Exit,
}

/// How to tell `error`.
pub fn tell(error: &anyhow::Error, cancel: &Cancel) -> Told {
    if cancel.is_cancelled() {
        return Told {
            line: "interrupted".into(),
            hint: Some("the same command continues where it was".into()),
            exit: Exit::Interrupted,
        };
    }
    let (hint, exit) = diagnose(error);
    let mut line = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if line.is_empty() {
            line = cause;
        } else if !line.contains(&cause) {
            line = format!("{line}: {cause}");
        }
    }
    Told {
        line: line.replace(['\n', '\r'], " "),
        hint,
        exit,
    }
}

fn diagnose(error: &anyhow::Error) -> (Option<String>, Exit) {
    let input = |is_input| if is_input { Exit::Usage } else { Exit::Failed };
    for cause in error.chain() {
        if let Some(e) = cause.downcast_ref::<Usage>() {
            return (e.hint.clone(), Exit::Usage);
        }
        if let Some(e) = cause.downcast_ref::<phonoscope_probes::Error>() {
            return (e.hint(), input(e.is_input()));
        }
        if let Some(e) = cause.downcast_ref::<phonoscope_datasets::Error>() {
            return (e.hint().map(Into::into), input(e.is_input()));
        }
        if let Some(e) = cause.downcast_ref::<phonoscope_datasets::synth::SynthError>() {
            return (e.hint().map(Into::into), input(e.is_input()));
        }
        if let Some(e) = cause.downcast_ref::<phonoscope_models::Error>() {
            return (e.hint(), input(e.is_input()));
        }
        if cause.downcast_ref::<phonoscope_analysis::Error>().is_some() {
            return (None, Exit::Usage);
        }
    }
    (None, Exit::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_told_on_one_line_with_its_hint() {
        let error =
            anyhow::Error::new(Usage::new("bad\nthing", "do better")).context("while trying");
        let told = tell(&error, &Cancel::new());
        assert_eq!(told.line, "while trying: bad thing");
        assert_eq!(told.hint.as_deref(), Some("do better"));
        assert_eq!(told.exit, Exit::Usage);
    }

    #[test]
    fn cancellation_wins() {
        let cancel = Cancel::new();
        cancel.cancel();
        assert_eq!(tell(&anyhow::anyhow!("x"), &cancel).exit.code(), 130);
    }
}
