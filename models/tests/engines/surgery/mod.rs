//! Surgery on graphs, seen through both engines.

mod external;
mod interventions;
mod pooling;
