//! The voices at the ends of a component, and the sound of the one under the cursor.

use std::sync::Arc;

use phonoscope_probes::report::Table;

use super::sound::{Recording, Spectrogram};

/// Voices at each end, and selected ones above them.
const MOST: usize = 6;

/// Why a voice is in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Selected,
    Lowest,
    Highest,
}

/// A voice of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Voice {
    pub(crate) place: Place,
    /// Row of `speakers`.
    pub(crate) row: usize,
}

/// What is known of a sound.
#[derive(Debug, Clone)]
pub(crate) enum Picture {
    /// A job works on it.
    Pending,
    Ready(Arc<Spectrogram>),
    Failed(String),
}

/// The sound that is shown.
#[derive(Debug, Clone)]
pub(crate) struct Sound {
    pub(crate) recording: Recording,
    /// The job that draws it.
    pub(crate) job: u64,
    pub(crate) picture: Picture,
}

/// State of the page of voices.
#[derive(Debug, Clone, Default)]
pub(crate) struct Extremes {
    pub(crate) voices: Vec<Voice>,
    pub(crate) cursor: usize,
    /// Which of the speaker's recordings.
    pub(crate) item: usize,
    pub(crate) sound: Option<Sound>,
    /// Component and selection that `voices` was made for.
    key: Option<(usize, u64)>,
}

impl Extremes {
    /// Row of `speakers` under the cursor.
    pub(crate) fn row(&self) -> Option<usize> {
        self.voices.get(self.cursor).map(|voice| voice.row)
    }

    /// Works out the list when component or selection have changed: what is selected, then the lowest
    /// scores from the lowest on, then the highest from the highest on. Speakers without a score are
    /// in no list.
    pub(crate) fn settle(
        &mut self,
        speakers: &Table,
        component: usize,
        selection: u64,
        chosen: &impl Fn(usize) -> bool,
    ) {
        if self.key == Some((component, selection)) {
            return;
        }
        let selected_anew = self.key.is_none_or(|(_, before)| before != selection);
        self.key = Some((component, selection));
        let Some(scores) = speakers.column(&format!("pc{component}")) else {
            self.voices.clear();
            return;
        };
        let mut order: Vec<(f64, usize)> = (0..speakers.rows())
            .filter_map(|row| Some((scores.value(row)?, row)))
            .collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let ends = MOST.min(order.len() / 2);
        let selected = (0..speakers.rows()).filter(|row| chosen(*row)).take(MOST);
        let low = order.iter().take(ends).map(|(_, row)| *row);
        let high = order.iter().rev().take(ends).map(|(_, row)| *row);
        let before = self.row();
        self.voices = selected
            .map(|row| (Place::Selected, row))
            .chain(low.map(|row| (Place::Lowest, row)))
            .chain(high.map(|row| (Place::Highest, row)))
            .map(|(place, row)| Voice { place, row })
            .collect();
        // A voice selected elsewhere is the one to hear.
        let first_is_selected = self
            .voices
            .first()
            .is_some_and(|v| v.place == Place::Selected);
        let kept = self.voices.iter().position(|v| Some(v.row) == before);
        self.cursor = match kept {
            _ if selected_anew && first_is_selected => 0,
            Some(at) => at,
            None => 0,
        };
        if self.row() != before {
            self.item = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use phonoscope_probes::report::{Column, Role};

    fn speakers(scores: &[f64]) -> Table {
        let column = Column::number("pc1", Role::Value, "", None, scores.iter().copied());
        Table::new("speakers", "", "", vec![column])
    }

    fn rows(extremes: &Extremes, place: Place) -> Vec<usize> {
        let there = extremes.voices.iter().filter(|v| v.place == place);
        there.map(|v| v.row).collect()
    }

    #[test]
    fn both_ends_begin_with_the_outermost_and_share_no_voice() {
        let mut extremes = Extremes::default();
        let table = speakers(&[0.3, -0.2, f64::NAN, 0.9, 0.1]);
        extremes.settle(&table, 1, 0, &|_| false);
        assert_eq!(rows(&extremes, Place::Lowest), [1, 4]);
        assert_eq!(rows(&extremes, Place::Highest), [3, 0]);
        extremes.settle(&speakers(&[0.5]), 1, 1, &|_| false);
        assert_eq!(extremes.row(), None);
    }

    #[test]
    fn a_voice_selected_elsewhere_comes_first_and_under_the_cursor() {
        let mut extremes = Extremes::default();
        let table = speakers(&[0.3, -0.2, 0.0, 0.9]);
        extremes.settle(&table, 1, 0, &|_| false);
        extremes.cursor = 3;
        extremes.settle(&table, 1, 1, &|row| row == 2);
        assert_eq!((extremes.cursor, extremes.row()), (0, Some(2)));
        extremes.cursor = 1;
        let before = extremes.row();
        extremes.settle(&table, 1, 1, &|row| row == 2);
        assert_eq!(extremes.row(), before, "nothing changed");
    }
}
