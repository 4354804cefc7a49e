//! Settings of the probe.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use phonoscope_analysis::{Error, Result};

/// Settings of the emphasis probe; all are recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EmphasisSettings {
    /// Seed of everything drawn.
    pub seed: u64,
    /// Permutations for nulls; regressions take a fifth, re-pairing 199 at most.
    pub permutations: usize,
    /// Draws of speakers and words in which best taps are chosen anew.
    pub bootstrap: usize,
    /// Folds of speakers, and folds of words.
    pub folds: usize,
    /// Level of the intervals.
    pub level: f64,
    /// Whether permutation nulls are drawn.
    pub nulls: bool,
}

impl Default for EmphasisSettings {
    fn default() -> Self {
        Self {
            seed: 1,
            permutations: 999,
            bootstrap: 1000,
            folds: 5,
            level: 0.95,
            nulls: true,
        }
    }
}

impl EmphasisSettings {
    /// Permutations of the regressions' null.
    pub fn regression_draws(&self) -> usize {
        (self.permutations + 1) / 5
    }

    /// Refuses settings that cannot give a result.
    ///
    /// # Errors
    /// Naming the setting.
    pub fn check(&self) -> Result<()> {
        let wrong = |what: &str, needed: &str, found: String| {
            Err(Error::Setting {
                what: what.into(),
                needed: needed.into(),
                found,
            })
        };
        if self.folds < 2 {
            return wrong("folds", "at least 2", self.folds.to_string());
        }
        if self.bootstrap < 20 {
            return wrong("bootstrap draws", "at least 20", self.bootstrap.to_string());
        }
        if self.nulls && self.permutations < 19 {
            return wrong("permutations", "at least 19", self.permutations.to_string());
        }
        Ok(())
    }
}
