//! What does a classifier of lexical stress look at? (arXiv 2508.07229)

mod intervals;
mod probe;
pub mod train;
mod words;

pub use probe::{Explained, StressFound, StressInput, StressSettings, explain, stress};
pub use words::{Span, Stress, Word, Words};
