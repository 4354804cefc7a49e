//! Small networks trained by the workbench itself.

pub mod mlp;
