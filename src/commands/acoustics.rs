//! `phonoscope acoustics`

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use phonoscope_analysis::acoustics::descriptor::{
    DESCRIPTORS, Descriptor, FormantCeiling, Settings, Tracks, Wanted, find,
};
use phonoscope_analysis::file::write_atomic;
use phonoscope_datasets::{Manifest, Utterance};
use phonoscope_probes::acoustics::{
    Acoustics, DNSMOS, DNSMOS_MODEL, SCHEMA, document, measure_each, rate_manifest,
};
use serde_json::json;

use super::Context;
use super::model_choice::load_model;
use crate::cli::{AcousticsArgs, ModelChoice};
use crate::exit::{Exit, Usage};
use crate::output::columns;

/// Descriptors in the table that people read; the others are in JSON and CSV.
const SHOWN: [&str; 12] = [
    "f0_median_hz",
    "f0_iqr_st",
    "f1_median_hz",
    "f2_median_hz",
    "vtl_delta_f_cm",
    "jitter_ppq5",
    "shimmer_apq5",
    "hnr_cc_mean_db",
    "gne_max",
    "cpps_db",
    "ltas_slope_db",
    "articulation_rate",
];

pub(super) fn run(args: &AcousticsArgs, context: &Context) -> anyhow::Result<Exit> {
    if args.list {
        return list(args, context);
    }
    let settings = Settings {
        formant_ceiling: args
            .formant_ceiling
            .map_or(FormantCeiling::LeastMovement, |hz| FormantCeiling::Given {
                hz,
            }),
        with_tracks: args.tracks.is_some(),
        wanted: wanted(&args.chosen)?,
    };
    settings.check()?;
    let manifest = match &args.data {
        Some(path) => Manifest::read(path)?,
        None => of_files(&args.files),
    };
    if let Some(folder) = &args.tracks {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot create `{}`", folder.display()))?;
    }
    let threads = args.threads.map_or_else(
        || std::thread::available_parallelism().map_or(1, usize::from),
        usize::from,
    );
    let watch =
        |item: &Utterance, measured: &_| write_tracks(args.tracks.as_deref(), item, measured);
    // A network that cannot be had is told before the long part.
    let rating = match args.dnsmos {
        false => None,
        true => Some((
            load_model(DNSMOS_MODEL, &ModelChoice::default(), context)?,
            context.engine()?,
        )),
    };
    let mut found = measure_each(&manifest, &settings, threads, &context.task, &watch)?;
    for failure in &found.failures {
        let told = format!("`{}` is left out: {}", failure.path, failure.reason);
        context.printer.caution(&told);
    }
    if let Some((model, engine)) = rating {
        let engine = engine.as_ref();
        found.add_quality(&rate_manifest(
            &manifest,
            &model,
            engine,
            threads,
            &context.task,
        )?);
    }
    if let Some(path) = &args.csv {
        write_csv(&found, path)?;
        let told = format!("{} rows written to `{}`", found.rows.len(), path.display());
        context.printer.remark(&told);
    } else if args.json {
        let text = serde_json::to_string_pretty(&document(&found))?;
        context.printer.data(&text)?;
    } else {
        context.printer.data(&table(&found))?;
    }
    Ok(if found.failures.is_empty() {
        Exit::Done
    } else {
        Exit::Threshold
    })
}

/// The descriptors asked for; all for no name.
fn wanted(names: &[String]) -> anyhow::Result<Wanted> {
    match names.iter().find(|name| find(name).is_none()) {
        _ if names.is_empty() => Ok(Wanted::default()),
        None => Ok(Wanted::of(names)?),
        Some(rating) if rating.starts_with("dnsmos") => Err(Usage::new(
            format!("`{rating}` is a rating by a network"),
            "add --dnsmos, and leave it out of --descriptor",
        )
        .into()),
        Some(unknown) => Err(Usage::new(
            format!("there is no descriptor `{unknown}`"),
            "`phonoscope acoustics --list` has all",
        )
        .into()),
    }
}

/// A manifest of files that were named one by one; repeated ones are measured once.
fn of_files(files: &[PathBuf]) -> Manifest {
    let mut items: Vec<Utterance> = Vec::with_capacity(files.len());
    for file in files {
        let path = file.display().to_string();
        if items.iter().any(|item| item.id == path) {
            continue;
        }
        items.push(Utterance {
            id: path.clone(),
            path,
            audio: file.clone(),
            start_secs: None,
            end_secs: None,
            metadata: vec![],
        });
    }
    Manifest::new(Path::new(""), vec![], items)
}

fn list(args: &AcousticsArgs, context: &Context) -> anyhow::Result<Exit> {
    if args.json {
        let descriptors: Vec<_> = listed()
            .map(|d| {
                json!({
                    "name": d.name, "unit": d.unit,
                    "definition": d.definition, "source": d.source,
                })
            })
            .collect();
        let document = json!({"schema": SCHEMA, "definitions": descriptors});
        context
            .printer
            .data(&serde_json::to_string_pretty(&document)?)?;
        return Ok(Exit::Done);
    }
    let mut rows = vec![
        ["name", "unit", "definition", "source"]
            .map(String::from)
            .into(),
    ];
    let told = listed().map(|d| {
        [d.name, d.unit, d.definition, d.source]
            .map(String::from)
            .into()
    });
    rows.extend(told);
    context.printer.data(&columns(&rows))?;
    Ok(Exit::Done)
}

/// Everything that can be measured.
fn listed() -> impl Iterator<Item = &'static Descriptor> {
    DESCRIPTORS.iter().chain(&DNSMOS)
}

/// A number for a table, with the digits that it has.
fn shown(name: &str, value: f64) -> String {
    let ratio = ["jitter", "shimmer", "gne"];
    if ratio.iter().any(|family| name.starts_with(family)) {
        format!("{value:.4}")
    } else if name.ends_with("_hz") {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

fn table(found: &Acoustics) -> String {
    // What was asked for by name is shown.
    let some = found.measured.len() <= SHOWN.len();
    let names = found.measured.iter().copied();
    let shown_names: Vec<&str> = names
        .filter(|name| some || SHOWN.contains(name) || name.starts_with("dnsmos"))
        .collect();
    let mut heading = vec!["recording".to_owned(), "secs".into(), "ceiling_hz".into()];
    heading.extend(shown_names.iter().map(|name| (*name).to_owned()));
    let mut rows = vec![heading];
    for row in &found.rows {
        let mut cells = vec![
            row.id.clone(),
            format!("{:.2}", row.duration_secs),
            row.formant_ceiling_hz
                .map_or_else(|| "–".to_owned(), |hz| format!("{hz:.0}")),
        ];
        cells.extend(shown_names.iter().map(|name| {
            row.values
                .get(name)
                .map_or_else(|| "–".to_owned(), |value| shown(name, *value))
        }));
        rows.push(cells);
    }
    let mut text = columns(&rows);
    let counts = found.missing_counts();
    let missing = shown_names
        .iter()
        .filter_map(|name| Some(format!("{name} {}", counts.get(name)?)));
    let missing: Vec<String> = missing.collect();
    if !missing.is_empty() {
        text.push_str(&format!("\nmissing (–): {}\n", missing.join(", ")));
    }
    text.push_str("\n--json and --csv have all descriptors; --list says what they are\n");
    text
}

fn write_csv(found: &Acoustics, path: &Path) -> anyhow::Result<()> {
    let mut text = String::from("id,path,speaker,duration_secs,sample_rate_hz,formant_ceiling_hz");
    for name in &found.measured {
        text.push(',');
        text.push_str(name);
    }
    text.push('\n');
    for row in &found.rows {
        let mut cells = vec![
            quoted(&row.id),
            quoted(&row.path),
            quoted(row.speaker.as_deref().unwrap_or_default()),
            row.duration_secs.to_string(),
            row.sample_rate_hz.to_string(),
            row.formant_ceiling_hz
                .map_or_else(String::new, |hz| hz.to_string()),
        ];
        cells.extend(found.measured.iter().map(|name| {
            let value = row.values.get(name);
            value.map_or_else(String::new, f64::to_string)
        }));
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    write_atomic(path, |file| file.write_all(text.as_bytes()))
        .with_context(|| format!("cannot write `{}`", path.display()))
}

/// A field of a CSV file.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// Writes the curves of an item as `track,time_secs,value`; an empty value is none.
fn write_tracks(
    folder: Option<&Path>,
    item: &Utterance,
    measured: &phonoscope_analysis::acoustics::descriptor::Measured,
) -> phonoscope_probes::Result<()> {
    let (Some(folder), Some(tracks)) = (folder, &measured.tracks) else {
        return Ok(());
    };
    let path = folder.join(format!("{}.csv", file_name(&item.id)));
    let text = tracks_csv(tracks);
    write_atomic(&path, |file| file.write_all(text.as_bytes())).map_err(|source| {
        phonoscope_probes::Error::Io {
            action: "write",
            path,
            source,
        }
    })
}

fn tracks_csv(tracks: &Tracks) -> String {
    let mut text = String::from("track,time_secs,value\n");
    for curve in &tracks.curves {
        for (time, value) in curve.times_secs.iter().zip(&curve.values) {
            let value = value.map_or_else(String::new, |value| value.to_string());
            text.push_str(&format!("{},{time},{value}\n", curve.name));
        }
    }
    for time in &tracks.pulses_secs {
        text.push_str(&format!("pulse,{time},\n"));
    }
    text
}

/// An id as a file name: what separates folders becomes an underscore.
fn file_name(id: &str) -> String {
    let name: String = id
        .chars()
        .map(|c| {
            if "/\\:".contains(c) || c.is_control() {
                '_'
            } else {
                c
            }
        })
        .collect();
    name.trim_start_matches(['.', '_']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_file_names_are_made_harmless() {
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(quoted("plain"), "plain");
        assert_eq!(file_name("../x/y.wav"), "x_y.wav");
    }

    #[test]
    fn curves_are_written_one_value_a_line() {
        let tracks = Tracks {
            curves: vec![phonoscope_analysis::acoustics::descriptor::Track {
                name: "f0_hz".to_owned(),
                times_secs: vec![0.5, 1.0],
                values: vec![Some(100.0), None],
            }],
            pulses_secs: vec![0.25],
        };
        let expected = "track,time_secs,value\nf0_hz,0.5,100\nf0_hz,1,\npulse,0.25,\n";
        assert_eq!(tracks_csv(&tracks), expected);
    }
}
