//! `phonoscope data synth emphasis`

use phonoscope_datasets::Manifest;
use phonoscope_datasets::alignment::AlignmentSource;
use phonoscope_datasets::synth::emphasis::{
    ConditionFigures, Range, Ranges, Settings, Share, Spread, Summary, write,
};

use super::SHOWN;
use crate::cli::EmphasisArgs;
use crate::commands::Context;
use crate::exit::Exit;
use crate::output::columns;

pub(super) fn run(args: &EmphasisArgs, context: &Context) -> anyhow::Result<Exit> {
    let manifest = Manifest::read(&args.data)?;
    let made = write(&args.out, &manifest, &settings(args)?, &context.task)?;
    context.printer.remark(&format!(
        "edited words, what was asked for and what is measured in `{}`",
        made.manifest.display()
    ));
    let text = if args.json {
        serde_json::to_string_pretty(&made.summary)?
    } else {
        describe(&made.summary)
    };
    context.printer.data(&text)?;
    Ok(Exit::Done)
}

fn settings(args: &EmphasisArgs) -> anyhow::Result<Settings> {
    let range = |(low, high): (f64, f64)| Range { low, high };
    Ok(Settings {
        ranges: Ranges {
            neutral_duration: range(args.neutral_duration),
            neutral_f0_st: range(args.neutral_f0),
            duration: range(args.duration),
            f0_st: range(args.f0),
            level_db: range(args.level),
            rate: range(args.rate),
            pitch_st: range(args.pitch),
            gain_db: range(args.gain),
        },
        context_secs: args.context_secs,
        rows: args.rows,
        words_per_row: args.words_per_row,
        min_vowel_secs: args.min_vowel_secs,
        headroom_db: args.headroom_db,
        alignments: match &args.alignments {
            Some(path) => AlignmentSource::open(path)?,
            None => AlignmentSource::beside(),
        },
        seed: args.seed,
    })
}

/// The figures as a table, and what was left out.
fn describe(summary: &Summary) -> String {
    let speakers = match summary.speakers {
        Some(n) => format!(" of {n} speakers"),
        None => String::new(),
    };
    let mut text = format!(
        "{} words{speakers}, {} recordings; {} skipped; {} scaled for headroom\n",
        summary.words,
        summary.recordings,
        summary.skipped.len(),
        summary.scaled
    );
    if summary.longest_vowel > 0 {
        text.push_str(&format!(
            "note: no stress is marked in {} words: their longest vowel is taken\n",
            summary.longest_vowel
        ));
    }
    let head = [
        "condition",
        "n",
        "duration within 2 %",
        "F0 within 1 st",
        "level within 1.5 dB",
        "HNR change dB (5 to 95 %)",
        "spectrum dB",
    ];
    let mut rows = vec![head.map(String::from).to_vec()];
    rows.extend(summary.conditions.iter().map(row));
    text.push('\n');
    text.push_str(&columns(&rows));
    text.push_str(&format!(
        "\nShares of those that can be measured, with {}; + n: not measurable.\n",
        summary.interval
    ));
    for skipped in summary.skipped.iter().take(SHOWN) {
        text.push_str(&format!("skipped `{}`: {}\n", skipped.id, skipped.reason));
    }
    if let Some(more) = summary.skipped.len().checked_sub(SHOWN).filter(|n| *n > 0) {
        text.push_str(&format!("… and {more} more skipped (--json lists all)\n"));
    }
    text
}

fn row(figures: &ConditionFigures) -> Vec<String> {
    vec![
        figures.condition.to_owned(),
        figures.n.to_string(),
        share(&figures.duration_within_2_percent),
        share(&figures.f0_within_1_st),
        share(&figures.level_within_1_5_db),
        spread(&figures.hnr_change_db),
        spread(&figures.spectral_change_db),
    ]
}

fn share(share: &Share) -> String {
    let missing = match share.not_measurable {
        0 => String::new(),
        n => format!(" + {n}"),
    };
    match (share.share, share.lo, share.hi) {
        (Some(value), Some(lo), Some(hi)) => {
            let percent = |x: f64| 100.0 * x;
            format!(
                "{:.1} % [{:.1}, {:.1}] of {}{missing}",
                percent(value),
                percent(lo),
                percent(hi),
                share.measured
            )
        }
        _ => format!("none of 0{missing}"),
    }
}

fn spread(spread: &Spread) -> String {
    match (spread.median, spread.q05, spread.q95) {
        (Some(median), Some(low), Some(high)) => {
            // No minus before a zero.
            let [median, low, high] = [median, low, high].map(|x| (10.0 * x).round() / 10.0 + 0.0);
            format!("{median:.1} ({low:.1} to {high:.1})")
        }
        _ => "–".to_owned(),
    }
}
