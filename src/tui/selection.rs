//! The selection that every view shares.

/// Voices chosen by the user, shared by every view and every system: speakers by their place in
/// [`super::opened::Opened::voices`].
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    chosen: Vec<bool>,
    count: usize,
    version: u64,
    /// How it was made, in words.
    pub(crate) origin: String,
    /// Whether tables show only selected rows.
    pub(crate) narrows: bool,
}

impl Selection {
    /// Whether this voice is selected.
    pub(crate) fn has(&self, voice: usize) -> bool {
        self.chosen.get(voice).copied().unwrap_or(false)
    }

    /// The first voice that is selected.
    pub(crate) fn first(&self) -> Option<usize> {
        self.chosen.iter().position(|c| *c)
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Changes whenever the selection does.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Selects `voices` of `count`.
    pub(crate) fn set(&mut self, count: usize, voices: &[usize], origin: String) {
        self.chosen = vec![false; count];
        for voice in voices {
            if let Some(slot) = self.chosen.get_mut(*voice) {
                *slot = true;
            }
        }
        self.count = self.chosen.iter().filter(|c| **c).count();
        self.version += 1;
        self.origin = origin;
        self.narrows = self.count > 0;
    }

    pub(crate) fn toggle(&mut self, count: usize, voice: usize) {
        self.chosen.resize(count, false);
        if let Some(slot) = self.chosen.get_mut(voice) {
            *slot = !*slot;
        }
        self.count = self.chosen.iter().filter(|c| **c).count();
        self.version += 1;
        self.origin = String::from("marked by hand");
        self.narrows &= self.count > 0;
    }

    pub(crate) fn clear(&mut self) {
        *self = Self {
            version: self.version + 1,
            ..Self::default()
        };
    }
}
