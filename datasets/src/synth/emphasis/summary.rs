//! What was achieved over all versions, against what was asked for.

use phonoscope_analysis::stats::{quantile, wilson};
use serde::Serialize;

use super::{Achieved, Asked, Condition, Ranges};

/// Name and version of the JSON form of [`Summary`].
pub const SCHEMA: &str = "phonoscope.emphasis_corpus/1";

/// Largest error of a duration that counts as achieved, as a share.
const DURATION_TOLERANCE: f64 = 0.02;
/// The same of pitch, semitones.
const F0_TOLERANCE_ST: f64 = 1.0;
/// The same of level, dB.
const LEVEL_TOLERANCE_DB: f64 = 1.5;
/// Nominal coverage of the intervals.
const LEVEL: f64 = 0.95;

/// Figures of a corpus of edited words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// Seed of everything drawn.
    pub seed: u64,
    /// From where amounts were drawn.
    pub ranges: Ranges,
    /// Words that were edited.
    pub words: usize,
    /// Recordings written.
    pub recordings: usize,
    /// Speakers of them; none where the manifest names none.
    pub speakers: Option<usize>,
    /// Words whose stressed vowel is the longest, because no stress was marked.
    pub longest_vowel: usize,
    /// Words that were scaled to keep the headroom.
    pub scaled: usize,
    /// What was left out, in the order of the manifest.
    pub skipped: Vec<Skipped>,
    /// How the shares' intervals were made.
    pub interval: &'static str,
    /// One entry for each condition, and `all` first.
    pub conditions: Vec<ConditionFigures>,
}

/// Something that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// The row, or the word of it.
    pub id: String,
    /// Why, in one line.
    pub reason: String,
}

/// Figures of one condition; errors are what was achieved less what was asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConditionFigures {
    /// Its name; `all` of all together.
    pub condition: &'static str,
    /// Recordings.
    pub n: usize,
    /// Durations within 2 % of what was asked for.
    pub duration_within_2_percent: Share,
    /// Pitches within a semitone of it.
    pub f0_within_1_st: Share,
    /// Levels within 1.5 dB of it.
    pub level_within_1_5_db: Share,
    /// Errors of the duration ratio, in percent of it.
    pub duration_error_percent: Spread,
    /// Errors of the change of pitch, semitones.
    pub f0_error_st: Spread,
    /// Errors of the change of level, dB.
    pub level_error_db: Spread,
    /// Change of the harmonics-to-noise ratio against the original, dB.
    pub hnr_change_db: Spread,
    /// Change of the spectrum against the original ([`Achieved::spectral_change_db`]).
    pub spectral_change_db: Spread,
}

/// How many of those that can be measured lie within a tolerance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    /// Within.
    pub within: usize,
    /// Measured.
    pub measured: usize,
    /// Not measurable.
    pub not_measurable: usize,
    /// Share of the measured; none where there is none.
    pub share: Option<f64>,
    /// Lower end of its interval.
    pub lo: Option<f64>,
    /// Upper end.
    pub hi: Option<f64>,
}

/// Quantiles of what was measured; none where nothing was.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// Measured.
    pub n: usize,
    /// The 0.05 quantile.
    pub q05: Option<f64>,
    /// The median.
    pub median: Option<f64>,
    /// The 0.95 quantile.
    pub q95: Option<f64>,
}

/// One recording as the figures see it.
pub(super) type Row = (Condition, Asked, Achieved);

/// How the intervals of shares are made.
pub(super) const INTERVAL: &str =
    "Wilson's score interval at 95 % over recordings, taken as independent";

/// Figures of all rows together and of each condition.
pub(super) fn figures(rows: &[Row]) -> Vec<ConditionFigures> {
    let of = |condition: Condition| {
        let chosen: Vec<Row> = rows.iter().filter(|r| r.0 == condition).copied().collect();
        figures_of(condition.name(), &chosen)
    };
    let all = std::iter::once(figures_of("all", rows));
    all.chain(Condition::ALL.into_iter().map(of)).collect()
}

fn figures_of(condition: &'static str, rows: &[Row]) -> ConditionFigures {
    let errors = |error: fn(&Asked, &Achieved) -> Option<f64>| -> Vec<f64> {
        let all = rows.iter().filter_map(|(_, asked, got)| error(asked, got));
        all.collect()
    };
    let duration = errors(|asked, got| Some(got.duration_ratio? / asked.duration_ratio - 1.0));
    let f0 = errors(|asked, got| Some(got.f0_shift_st? - asked.f0_shift_st));
    let level = errors(|asked, got| Some(got.level_shift_db? - asked.level_shift_db));
    let percent: Vec<f64> = duration.iter().map(|error| 100.0 * error).collect();
    ConditionFigures {
        condition,
        n: rows.len(),
        duration_within_2_percent: share(&duration, DURATION_TOLERANCE, rows.len()),
        f0_within_1_st: share(&f0, F0_TOLERANCE_ST, rows.len()),
        level_within_1_5_db: share(&level, LEVEL_TOLERANCE_DB, rows.len()),
        duration_error_percent: spread(&percent),
        f0_error_st: spread(&f0),
        level_error_db: spread(&level),
        hnr_change_db: spread(&errors(|_, got| got.hnr_change_db)),
        spectral_change_db: spread(&errors(|_, got| got.spectral_change_db)),
    }
}

fn share(errors: &[f64], tolerance: f64, rows: usize) -> Share {
    let within = errors.iter().filter(|e| e.abs() <= tolerance).count();
    let measured = errors.len();
    let interval = wilson(within, measured, LEVEL);
    Share {
        within,
        measured,
        not_measurable: rows - measured,
        share: (measured > 0).then(|| within as f64 / measured as f64),
        lo: interval.map(|i| i.0),
        hi: interval.map(|i| i.1),
    }
}

fn spread(values: &[f64]) -> Spread {
    let at = |q: f64| (!values.is_empty()).then(|| quantile(values, q));
    Spread {
        n: values.len(),
        q05: at(0.05),
        median: at(0.5),
        q95: at(0.95),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_measured_is_counted_apart() {
        let asked = Asked {
            duration_ratio: 1.5,
            f0_shift_st: 2.0,
            level_shift_db: 0.0,
        };
        let got = |duration_ratio, f0_shift_st| Achieved {
            duration_ratio,
            f0_shift_st,
            ..Achieved::default()
        };
        let rows = [
            (Condition::EmphasisAll, asked, got(Some(1.52), Some(2.9))),
            (Condition::EmphasisAll, asked, got(Some(1.54), None)),
            (Condition::EmphasisF0, asked, got(None, Some(3.1))),
        ];
        let figures = figures(&rows);
        assert_eq!(figures.len(), 10);
        let all = &figures[0];
        let counts = |s: Share| (s.within, s.measured, s.not_measurable);
        assert_eq!(counts(all.duration_within_2_percent), (1, 2, 1));
        assert_eq!(counts(all.f0_within_1_st), (1, 2, 1));
        assert_eq!(counts(all.level_within_1_5_db), (0, 0, 3));
        assert_eq!(all.level_within_1_5_db.share, None);
        assert!((all.duration_error_percent.median.unwrap() - 2.0).abs() < 1e-9);
        let json = serde_json::to_value(&figures).unwrap();
        assert!(json[0]["level_error_db"]["median"].is_null());
    }
}
