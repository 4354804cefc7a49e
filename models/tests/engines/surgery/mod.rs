//! Surgery on graphs, seen through both engines.

mod bodies;
mod external;
mod interventions;
mod mutated;
mod pooling;
