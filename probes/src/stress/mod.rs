//! What does a classifier of lexical stress look at? (arXiv 2508.07229)

mod contrasts;
mod intervals;
mod probe;
mod tracks;
pub mod train;
mod words;

pub use probe::{Explained, StressFound, StressInput, StressSettings, explain, stress};
pub use tracks::VowelValues;
pub use words::{Hearing, Span, Stress, Word, Words};
