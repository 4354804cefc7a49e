//! Surgery on graphs, seen through both engines.

mod pooling;
