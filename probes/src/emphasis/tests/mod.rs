//! Planted truth, nothing planted, and what the data cannot give.

mod calibration;
mod corpus;
mod edges;
mod planted;
