//! `phonoscope acoustics`

use std::path::PathBuf;

use clap::Args;

/// Arguments of `acoustics`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  phonoscope acoustics voice.wav
  phonoscope acoustics --data manifest.tsv --csv descriptors.csv
  phonoscope acoustics --formant-ceiling 5000 --json a.wav b.flac
  phonoscope acoustics --data manifest.tsv --tracks tracks/ --json > acoustics.json
  phonoscope acoustics --data manifest.tsv --descriptor f0_median_hz vtl_delta_f_cm --csv few.csv
  phonoscope acoustics --data manifest.tsv --dnsmos --csv with-ratings.csv
  phonoscope acoustics --list

Recordings are measured at their own rate with Praat's definitions and default settings; see
docs/guide/acoustics.md. Exits with 1 when some recordings could not be read.")]
pub struct AcousticsArgs {
    /// Recordings
    #[arg(value_name = "FILE", required_unless_present_any = ["data", "list"], conflicts_with = "data")]
    pub files: Vec<PathBuf>,
    /// Manifest: TSV, CSV or JSONL with a header; the column `path` is required
    #[arg(long, value_name = "MANIFEST")]
    pub data: Option<PathBuf>,
    /// Where the search for formants ends, for example 5000 for men and 5500 for women [default: for each
    /// recording the ceiling from 4500 to 6500 at which its formants jump least]
    #[arg(long, value_name = "HZ")]
    pub formant_ceiling: Option<f64>,
    /// Measure only these, and only what they need [default: all]
    #[arg(long = "descriptor", value_name = "NAME", num_args = 1..)]
    pub chosen: Vec<String>,
    /// Rate the recordings as well with the network DNSMOS, which is fetched where it is missing
    #[arg(long)]
    pub dnsmos: bool,
    /// Folder for curves over time: one CSV for each recording
    #[arg(long, value_name = "DIR")]
    pub tracks: Option<PathBuf>,
    /// Print as JSON (`phonoscope.acoustics/1`)
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Write a table, one row for each recording, empty where a value is missing
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Threads [default: number of cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    /// List the descriptors: unit, definition, source
    #[arg(long, conflicts_with_all = ["files", "data", "formant_ceiling", "chosen", "dnsmos", "tracks", "csv"])]
    pub list: bool,
}
