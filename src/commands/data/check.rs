//! `phonoscope data check`

use phonoscope_datasets::alignment::AlignmentSource;
use phonoscope_datasets::check::{Checked, LevelSummary, Severity, check_with};
use phonoscope_datasets::{Manifest, audio::SourceFormat};

use super::SHOWN;
use crate::cli::CheckArgs;
use crate::commands::Context;
use crate::exit::Exit;
use crate::output::columns;

pub(super) fn run(args: &CheckArgs, context: &Context) -> anyhow::Result<Exit> {
    let manifest = Manifest::read(&args.manifest)?;
    let alignments = match &args.alignments {
        Some(path) => AlignmentSource::open(path)?,
        None => AlignmentSource::beside(),
    };
    let checked = check_with(&manifest, &alignments, &context.task)?;
    let text = if args.json {
        serde_json::to_string_pretty(&checked)?
    } else {
        describe(&checked)
    };
    context.printer.data(&text)?;
    Ok(if checked.count(Severity::Error) > 0 {
        Exit::Threshold
    } else {
        Exit::Done
    })
}

/// What a person wants to know of a corpus, worst things last so that they stay on the screen.
fn describe(checked: &Checked) -> String {
    let mut text = format!(
        "{} of {} items usable, {:.2} h, {} speakers\n\n",
        checked.usable(),
        checked.items.len(),
        checked.total_secs / 3600.0,
        checked.speakers.len()
    );
    let mut formats = vec![["items", "format"].map(String::from).to_vec()];
    formats.extend(
        checked
            .formats
            .iter()
            .map(|f| vec![f.items.to_string(), format(&f.source)]),
    );
    text.push_str(&columns(&formats));
    text.push('\n');
    let mut rows = vec![
        ["column", "missing", "distinct", "classes (items)"]
            .map(String::from)
            .to_vec(),
    ];
    for column in &checked.columns {
        let mut classes: Vec<String> = column
            .levels
            .iter()
            .take(6)
            .map(|l| format!("{} ({})", l.value, l.items))
            .collect();
        if column.levels.len() > classes.len() {
            classes.push("…".into());
        }
        rows.push(vec![
            column.name.clone(),
            column.missing.to_string(),
            column.distinct.to_string(),
            classes.join(" "),
        ]);
    }
    if rows.len() > 1 {
        text.push_str(&columns(&rows));
    }
    if let Some(alignment) = &checked.alignment {
        let level = |name: &str, level: &LevelSummary| {
            vec![
                name.to_owned(),
                level.items.to_string(),
                level.spans.to_string(),
                level.distinct.to_string(),
                format!("{:.1}", level.secs),
            ]
        };
        let head = ["aligned", "items", "spans", "distinct", "seconds"].map(String::from);
        text.push('\n');
        text.push_str(&columns(&[
            head.to_vec(),
            level("words", &alignment.words),
            level("phones", &alignment.phones),
        ]));
    }
    for severity in [Severity::Note, Severity::Warning, Severity::Error] {
        let word = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let problems = || checked.problems.iter().filter(|p| p.severity == severity);
        for problem in problems().take(SHOWN) {
            let about = problem
                .id
                .as_ref()
                .map(|id| format!(" `{id}`:"))
                .unwrap_or_default();
            text.push_str(&format!("{word}:{about} {}\n", problem.words));
        }
        if let Some(more) = problems().count().checked_sub(SHOWN).filter(|n| *n > 0) {
            text.push_str(&format!("{word}: … and {more} more\n"));
        }
    }
    text
}

fn format(source: &SourceFormat) -> String {
    let channels = match source.channels {
        1 => "mono".to_owned(),
        2 => "stereo".to_owned(),
        n => format!("{n} channels"),
    };
    let codec = serde_json::to_value(source.codec).ok();
    let codec = codec
        .as_ref()
        .and_then(|c| c.as_str())
        .unwrap_or("audio")
        .replace('_', " ");
    let bits = source.bits.map(|b| format!(" {b} bit")).unwrap_or_default();
    format!("{codec}{bits}, {} Hz, {channels}", source.sample_rate_hz)
}
