//! When the memory of a session is given back.

/// Runs of which each is small against the largest before them, after which memory is given back.
const PATIENCE: usize = 64;
/// Runs whose input is smaller than this part of the largest are small.
const SMALL: usize = 4;

/// Watches the sizes of runs. A session keeps the memory of its largest run, since giving it back after
/// every run costs a tenth of the processor time, and what is taken anew does not fit where the old
/// was: in one session, 250 short recordings through GE2E then hold twice as much. It is given back where it was for a rare
/// long recording.
#[derive(Debug, Default)]
pub(super) struct Arena {
    /// Values of the largest input that memory is held for.
    held: usize,
    /// Small runs since the last that was not, and the largest of them.
    small: (usize, usize),
}

impl Arena {
    /// Whether memory is to be given back after a run with so many values for input.
    pub(super) fn gives_back(&mut self, values: usize) -> bool {
        self.held = self.held.max(values);
        if values.saturating_mul(SMALL) >= self.held {
            self.small = (0, 0);
            return false;
        }
        self.small = (self.small.0 + 1, self.small.1.max(values));
        let over = self.small.0 >= PATIENCE;
        if over {
            self.held = self.small.1;
            self.small = (0, 0);
        }
        over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given_back(sizes: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let mut arena = Arena::default();
        let runs = sizes.into_iter().enumerate();
        runs.filter(|(_, size)| arena.gives_back(*size))
            .map(|(run, _)| run)
            .collect()
    }

    #[test]
    fn memory_of_runs_alike_is_kept() {
        assert_eq!(given_back((0..1000).map(|n| 100 + n % 300)), [0usize; 0]);
        // A long run now and then is worth keeping the memory for.
        let often = (0..1000).map(|n| if n % 50 == 0 { 5000 } else { 100 });
        assert_eq!(given_back(often), [0usize; 0]);
    }

    #[test]
    fn memory_of_a_rare_long_run_is_given_back_once() {
        let rare = (0..500).map(|n| if n == 10 { 5000 } else { 100 });
        assert_eq!(given_back(rare), [10 + PATIENCE]);
    }
}
