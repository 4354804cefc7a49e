//! Relevance compiled into graphs: why a network gave a score, from its input to its logits.
//!
//! The backward pass of layer-wise relevance propagation, and of gradients, is written as ordinary
//! operators behind the forward pass, so that any engine that runs the network also explains it:
//! input → logits and relevance, in one run, without a training library.
//!
//! [`compile()`] reads a graph for one shape of input, takes batch norms and biases into the layers
//! before them, leaves a softmax at the end out, and refuses by name what has no rule. [`Explainer`]
//! opens the result and runs it, many times for integrated gradients and SmoothGrad.
//!
//! Conventions: the relevance that starts at the logits is the score itself, R = weight · logit, so
//! that a rule that conserves gives maps that sum to the score. Denominators are stabilised by
//! z + ε sgn z with sgn(0) = 1. Max-pools give all to the winner, the first among equals; sums and
//! averages give in proportion to what each brought; activations hand on what they get. Padding with
//! zeros has no relevance.
//!
//! Two emissions, one as the formulas stand and one that uses what is known of signs, must agree:
//! the tests hold both to an independent reference in 64 bits.

mod backward;
mod compile;
mod composite;
mod emit;
mod explain;
mod method;
mod network;
mod rules;
mod tensor;

pub use backward::LedgerLayer;
pub use compile::{Compiled, LedgerNames, Options, compile};
pub use composite::{Composite, Rule};
pub use emit::Emission;
pub use explain::{Conservation, Explainer, Explanation};
pub use method::{Method, Target};
pub use rules::Bounds;
