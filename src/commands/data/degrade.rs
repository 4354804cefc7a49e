//! `phonoscope data degrade`

use phonoscope_datasets::Manifest;
use phonoscope_datasets::degrade::{Degraded, Kind, Plan, Settings, write};

use super::SHOWN;
use crate::cli::DegradeArgs;
use crate::commands::Context;
use crate::exit::Exit;
use crate::output::columns;

pub(super) fn run(args: &DegradeArgs, context: &Context) -> anyhow::Result<Exit> {
    let plans = match args.kinds.as_slice() {
        [] => Kind::ALL.map(Plan::usual).to_vec(),
        kinds => kinds
            .iter()
            .map(|kind| kind.parse())
            .collect::<Result<_, _>>()?,
    };
    let settings = Settings {
        plans,
        headroom_db: args.headroom_db,
        seed: args.seed,
    };
    let manifest = Manifest::read(&args.data)?;
    let made = write(&args.out, &manifest, &settings, &context.task)?;
    context
        .printer
        .remark(&format!("degraded speech in `{}`", made.manifest.display()));
    let text = if args.json {
        serde_json::to_string_pretty(&made)?
    } else {
        describe(&made)
    };
    context.printer.data(&text)?;
    Ok(Exit::Done)
}

fn describe(made: &Degraded) -> String {
    let mut text = format!(
        "{} recordings in {} systems; {} left out\n\n",
        made.recordings,
        made.systems.len(),
        made.skipped.len()
    );
    let head = ["system", "degradation", "severity", "rows", "scaled"];
    let mut rows = vec![head.map(String::from).to_vec()];
    rows.extend(made.systems.iter().map(|system| {
        vec![
            system.system.clone(),
            system.degradation.to_owned(),
            system.severity.to_string(),
            system.rows.to_string(),
            system.scaled.to_string(),
        ]
    }));
    text.push_str(&columns(&rows));
    for skipped in made.skipped.iter().take(SHOWN) {
        let system = skipped.system.as_deref().unwrap_or("all systems");
        let (id, reason) = (&skipped.id, &skipped.reason);
        text.push_str(&format!("skipped `{id}` ({system}): {reason}\n"));
    }
    if let Some(more) = made.skipped.len().checked_sub(SHOWN).filter(|n| *n > 0) {
        text.push_str(&format!("… and {more} more left out (--json lists all)\n"));
    }
    text
}
