//! Relevance compiled into graphs: golden maps, random networks against a reference in 64 bits, and
//! what is refused.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and says what it measured"
)]

mod dense;
mod draw;
mod engines;
mod golden;
mod methods;
mod random;
mod refusals;
