//! Everything that was measured at one layer.

use phonoscope_probes::report::{Report, Table};

use crate::plot::significant;
use crate::tui::cell::{interval, probability};
use crate::tui::emphasis::Emphasis;
use crate::tui::opened::Opened;
use crate::tui::state::State;
use crate::tui::words;

use super::canvas::Canvas;

pub(super) fn draw(state: &State, opened: &Opened, screen: &Emphasis, canvas: &mut Canvas<'_>) {
    if canvas.width() < 20 || canvas.height() < 4 {
        return;
    }
    let theme = &state.theme;
    let title = format!("{} · {}", screen.model_name(), screen.tap_name());
    let lines = lines(&opened.report, screen);
    let height = usize::from(canvas.height() - 2);
    let width = usize::from(canvas.width() - 2);
    let wrapped: Vec<(bool, String)> = lines
        .iter()
        .flat_map(|(heading, text)| {
            words::wrap(text, width)
                .into_iter()
                .map(|line| (*heading, line))
        })
        .collect();
    let below = super::more_below(wrapped.len(), height);
    let mut inside = canvas.frame(&title, &below, theme.muted);
    for (y, (heading, line)) in (0u16..).zip(wrapped.iter().take(height)) {
        let style = if *heading { theme.heading } else { theme.text };
        inside.put(0, y, line, style);
    }
}

/// A row of a table at this layer.
struct Row<'a> {
    table: &'a Table,
    row: usize,
}

impl Row<'_> {
    fn figure(&self, id: &str) -> Option<String> {
        let column = self.table.column(id)?;
        column
            .estimate_at(self.row)
            .map(interval)
            .or_else(|| column.value(self.row).map(|v| significant(v, 3)))
    }

    fn p(&self, id: &str) -> Option<String> {
        Some(probability(self.table.column(id)?.value(self.row)?))
    }
}

fn find<'a>(
    report: &'a Report,
    screen: &Emphasis,
    table: &str,
    words: &[(&str, &str)],
) -> Option<Row<'a>> {
    let table = report.table(None, table)?;
    let is = |row: usize, id: &str, text: &str| {
        table.column(id).and_then(|c| c.text_at(row)) == Some(text)
    };
    let here = |row: &usize| {
        is(*row, "system", screen.model_name())
            && is(*row, "tap", screen.tap_name())
            && words.iter().all(|(id, text)| is(*row, id, text))
    };
    let row = (0..table.rows()).find(here)?;
    Some(Row { table, row })
}

/// Headings and sentences about the layer under the cursor.
fn lines(report: &Report, screen: &Emphasis) -> Vec<(bool, String)> {
    let condition = screen.condition_name();
    let mut out = vec![];
    if let Some(row) = find(report, screen, "emphasis_taps", &[]) {
        let text = |id: &str| {
            row.table
                .column(id)
                .and_then(|c| c.text_at(row.row))
                .unwrap_or("–")
        };
        let dim = row.figure("dim").unwrap_or_default();
        out.push((
            false,
            format!(
                "{}, {dim} wide; receptive field: {}",
                text("task"),
                text("receptive_field")
            ),
        ));
    }
    let none = || String::from("–");
    let mut say = |heading: &str, text: Option<String>| {
        out.push((true, heading.to_owned()));
        out.push((false, text.unwrap_or_else(|| String::from("not available"))));
    };
    say(
        "Direction",
        find(report, screen, "emphasis_direction", &[("condition", condition)]).map(|r| {
            format!(
                "cosine to other speakers {}, pairwise {}, excess over two neutrals {}; these swapped {} (p {}), flips 95 % {}, re-paired {}; n {}",
                r.figure("cosine_speaker_out").unwrap_or_else(none),
                r.figure("cosine_pairwise").unwrap_or_else(none),
                r.figure("excess").unwrap_or_else(none),
                r.figure("neutral_mean").unwrap_or_else(none),
                r.p("neutral_p").unwrap_or_else(none),
                r.figure("flips_95").unwrap_or_else(none),
                r.figure("repaired_mean").unwrap_or_else(none),
                r.figure("pairs").unwrap_or_else(none),
            )
        }),
    );
    say(
        "Dimension",
        find(
            report,
            screen,
            "emphasis_dimension",
            &[("condition", condition)],
        )
        .map(|r| {
            format!(
                "participation ratio {} (unbiased {}), 90 % in {}, 95 % in {}",
                r.figure("participation_ratio").unwrap_or_else(none),
                r.figure("participation_ratio_unbiased")
                    .unwrap_or_else(none),
                r.figure("k90").unwrap_or_else(none),
                r.figure("k95").unwrap_or_else(none),
            )
        }),
    );
    let told: Vec<String> = ["duration", "word_duration", "f0", "level"]
        .into_iter()
        .filter_map(|target| {
            let r = find(
                report,
                screen,
                "emphasis_duration",
                &[("condition", condition), ("target", target)],
            )?;
            let lengths = r
                .figure("r2_both_lengths")
                .map_or_else(String::new, |v| format!(", lengths alone {v}"));
            Some(format!(
                "{target} R² {} (shuffled {}, p {}{lengths})",
                r.figure("r2").unwrap_or_else(none),
                r.figure("null_mean").unwrap_or_else(none),
                r.p("p").unwrap_or_else(none)
            ))
        })
        .collect();
    say(
        "Told by the residual",
        (!told.is_empty()).then(|| told.join("; ")),
    );
    let word = |from: &str| {
        let r = find(report, screen, "emphasis_word", &[("from", from)])?;
        Some((
            r.figure("accuracy")?,
            r.figure("null_mean").unwrap_or_else(none),
        ))
    };
    let neutral = report.table(None, "emphasis_word").and_then(|t| {
        let from = t.column("from")?;
        (0..t.rows())
            .filter_map(|r| from.text_at(r))
            .find(|f| f.starts_with("state neutral"))
            .map(str::to_owned)
    });
    say(
        "Word",
        word(&format!("residual {condition}")).map(|(residual, null)| {
            let state = neutral.and_then(|n| word(&n)).map_or_else(none, |(v, _)| v);
            format!(
                "told right in {residual} of residuals, {state} of neutral states; shuffled {null}"
            )
        }),
    );
    out
}
