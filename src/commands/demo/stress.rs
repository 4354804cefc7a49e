//! `phonoscope demo stress`: the shipped classifier of lexical stress on words that come with the
//! program.

use std::path::PathBuf;

use phonoscope_datasets::clips;

use super::super::{Context, stress};
use super::{refuse_run, told};
use crate::cli::{DemoStressArgs, FoldChoice, ModelChoice, STRESS_MODEL, StressArgs};
use crate::exit::Exit;

/// The fold that the classifier was not trained on.
const TEST_FOLD: usize = 0;

const FEW: &str = "A demonstration on 40 words that come with the program (LibriSpeech, CC BY 4.0): too few to \
    conclude from. docs/guide/stress.md has the figures of all words that were held out.";

/// Makes the report and prints its summary; its path, and how its checks ended.
pub(super) fn make(args: &DemoStressArgs, context: &Context) -> anyhow::Result<(PathBuf, Exit)> {
    refuse_run(&args.out)?;
    let data = clips::stress::unpack(&args.out.join("words"))?;
    let out = args.out.join("report.json");
    let asked = StressArgs {
        model: STRESS_MODEL.into(),
        choice: ModelChoice::default(),
        control: None,
        data,
        out: out.clone(),
        composites: vec![],
        difference: false,
        test_fold: FoldChoice(Some(TEST_FOLD)),
        no_twin: false,
        sanity_words: args.sanity_words,
        seed: args.seed,
        bootstrap: args.bootstrap,
    };
    let mut report = stress::report(&asked, context)?;
    report.warnings.insert(0, FEW.to_owned());
    report.write(&out)?;
    told(out, &report, context)
}
