//! What can go wrong in a calculation.

/// Why a calculation gave no result. Messages name the quantity and the sizes found.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Two things that must have the same size do not.
    #[error("{what}: expected {expected}, found {found}")]
    Shape {
        /// Which argument, in words.
        what: String,
        /// The size that was needed.
        expected: String,
        /// The size that came.
        found: String,
    },
    /// There is too little data for the quantity to be defined.
    #[error("{what} needs at least {needed}, found {found}")]
    TooFew {
        /// The quantity and the unit counted, for example `PCA: rows`.
        what: String,
        /// Smallest workable count.
        needed: usize,
        /// The count that came.
        found: usize,
    },
    /// The quantity does not exist for this input (a constant column, NaN, digital silence).
    #[error("{what} is undefined: {why}")]
    Undefined {
        /// The quantity.
        what: String,
        /// The property of the input that makes it so.
        why: String,
    },
    /// A setting is outside its range.
    #[error("{what} must be {needed}, found {found}")]
    Setting {
        /// The setting.
        what: String,
        /// The allowed values, in words.
        needed: String,
        /// The value that came.
        found: String,
    },
    /// An iteration did not settle.
    #[error("{what} did not converge")]
    NotConverged {
        /// The routine.
        what: String,
    },
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
}

/// Result of a calculation.
pub type Result<T, E = Error> = std::result::Result<T, E>;
