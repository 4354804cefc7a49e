//! The `phonoscope` program.

fn main() {}
