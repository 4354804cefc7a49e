//! What is computed, and of which score.

use std::fmt;
use std::str::FromStr;

use super::Composite;
use crate::{Error, Result};

/// How a map is made.
#[derive(Debug, Clone, PartialEq)]
pub enum Method {
    /// Layer-wise relevance propagation.
    Relevance(Composite),
    /// The gradient of the score.
    Gradient,
    /// The gradient times the input.
    GradientXInput,
    /// Gradients along the straight line from a baseline of zeros, at the middles of `steps` equal
    /// parts, averaged, times the input. Source: Sundararajan et al. (2017).
    IntegratedGradients {
        /// Number of parts.
        steps: usize,
    },
    /// The mean gradient at `samples` noisy copies of the input. Source: Smilkov et al. (2017).
    SmoothGrad {
        /// Number of copies.
        samples: usize,
        /// Standard deviation of the noise, as a share of the range of the input.
        noise: f32,
        /// Seed of the noise.
        seed: u64,
    },
    /// The gradient, with what is negative stopped at every ReLU. Source: Springenberg et al. (2014).
    GuidedBackprop,
    /// As guided backpropagation, but ReLUs let pass what is positive wherever their input lay.
    /// Source: Zeiler and Fergus (2014).
    Deconvnet,
}

impl Method {
    /// Names of the methods that need no composite.
    pub const NAMES: [&'static str; 6] = [
        "gradient",
        "gradient_x_input",
        "integrated_gradients",
        "smoothgrad",
        "guided_backprop",
        "deconvnet",
    ];
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Relevance(composite) => write!(f, "relevance, composite {}", composite.name),
            Self::Gradient => f.write_str("gradient"),
            Self::GradientXInput => f.write_str("gradient x input"),
            Self::IntegratedGradients { steps } => {
                write!(f, "integrated gradients, {steps} midpoints")
            }
            Self::SmoothGrad { samples, noise, .. } => {
                write!(
                    f,
                    "SmoothGrad, {samples} copies, noise {noise} of the range"
                )
            }
            Self::GuidedBackprop => f.write_str("guided backpropagation"),
            Self::Deconvnet => f.write_str("deconvnet"),
        }
    }
}

/// Which score is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Target {
    /// The logit of the class that scores highest, item by item.
    #[default]
    Predicted,
    /// The logit of a class, from zero.
    Class(usize),
    /// The logit of the first class less that of the second.
    Difference(usize, usize),
    /// Whatever the caller gives as one more input `[item, class]`: a one for a class, one and minus
    /// one for a difference.
    Given,
}

impl Target {
    /// The weights of the logits `[class]` that make the score; `None` for a class that is not there,
    /// and for [`Target::Given`].
    pub fn weights(self, logits: &[f32]) -> Option<Vec<f32>> {
        let mut weights = vec![0.0; logits.len()];
        match self {
            Self::Predicted => {
                let mut best = 0;
                for (class, logit) in logits.iter().enumerate() {
                    if *logit > *logits.get(best)? {
                        best = class;
                    }
                }
                *weights.get_mut(best)? = 1.0;
            }
            Self::Class(class) => *weights.get_mut(class)? = 1.0,
            Self::Difference(class, less) => {
                *weights.get_mut(class)? += 1.0;
                *weights.get_mut(less)? -= 1.0;
            }
            Self::Given => return None,
        }
        Some(weights)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Predicted => f.write_str("predicted"),
            Self::Class(class) => write!(f, "{class}"),
            Self::Difference(class, less) => write!(f, "{class}-{less}"),
            Self::Given => f.write_str("given"),
        }
    }
}

impl FromStr for Target {
    type Err = Error;

    /// Reads `predicted`, `K` or `K-L`.
    fn from_str(text: &str) -> Result<Self> {
        let found = match text.split_once('-') {
            None if text == "predicted" => Some(Self::Predicted),
            None => text.parse().ok().map(Self::Class),
            Some((class, less)) => class
                .parse()
                .ok()
                .zip(less.parse().ok())
                .filter(|(class, less)| class != less)
                .map(|(class, less)| Self::Difference(class, less)),
        };
        found.ok_or_else(|| {
            Error::malformed(
                format!("`{text}` as a target"),
                "it is `predicted`, a class such as 1, or a difference of two such as 1-0 \
                 (classes count from zero)",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_and_weighed() {
        let logits = [0.5, 2.0, 2.0];
        for (text, weights) in [
            ("predicted", Some(vec![0.0, 1.0, 0.0])),
            ("2", Some(vec![0.0, 0.0, 1.0])),
            ("2-0", Some(vec![-1.0, 0.0, 1.0])),
            ("3", None),
            ("0-7", None),
        ] {
            let target: Target = text.parse().unwrap();
            assert_eq!(target.weights(&logits), weights, "{text}");
            assert_eq!(target.to_string(), text);
        }
        for wrong in ["", "-1", "1-1", "best", "1-", "1-2-3"] {
            assert!(wrong.parse::<Target>().is_err(), "{wrong}");
        }
        assert_eq!(Target::Predicted.weights(&[]), None);
    }
}
