//! Rules of relevance and which layer has which.

use std::fmt;
use std::str::FromStr;

use crate::{Error, Result};

/// How a layer with weights hands its relevance down. With x the input, w the weights, b the bias,
/// z = x·w + b, and x⁺ = max(x, 0), x⁻ = min(x, 0).
///
/// Sources: Bach et al. (2015), PLoS ONE 10(7) for ε and αβ; Montavon et al. (2017), Pattern
/// Recognition 65 for z⁺, w² and zᴮ; Montavon et al. (2019), LNCS 11700 for γ; Andéol et al. (2021)
/// for γ with inputs of both signs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// In proportion to x·w, with ε added to z away from zero.
    Epsilon(f32),
    /// In proportion to the positive part of x·w.
    ZPlus,
    /// α times the share of the positive contributions less β times that of the negative; α − β = 1.
    AlphaBeta {
        /// Weight of what speaks for.
        alpha: f32,
        /// Weight of what speaks against.
        beta: f32,
    },
    /// Contributions of the sign of z strengthened by γ.
    Gamma(f32),
    /// In proportion to w², whatever the input.
    WSquare,
    /// In equal parts.
    Flat,
    /// In proportion to x·w − l·w⁺ − h·w⁻ between the bounds l and h of the input.
    ZBox,
    /// In proportion to x·w⁺, the bias kept as it is: Captum's `Alpha1_Beta0_Rule`, which is z⁺
    /// where x ≥ 0 and b ≥ 0.
    PositiveWeights,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Epsilon(epsilon) => write!(f, "epsilon {epsilon}"),
            Self::ZPlus => f.write_str("z+"),
            Self::AlphaBeta { alpha, beta } => write!(f, "alpha {alpha} beta {beta}"),
            Self::Gamma(gamma) => write!(f, "gamma {gamma}"),
            Self::WSquare => f.write_str("w2"),
            Self::Flat => f.write_str("flat"),
            Self::ZBox => f.write_str("zB"),
            Self::PositiveWeights => f.write_str("positive weights"),
        }
    }
}

/// Which rule each layer has.
#[derive(Debug, Clone, PartialEq)]
pub struct Composite {
    /// Its name, as [`Composite::from_str`] takes it.
    pub name: String,
    /// Rule of the first layer with weights, where it has one of its own.
    pub first: Option<Rule>,
    /// Rule of convolutions.
    pub convolution: Rule,
    /// Rule of dense layers.
    pub dense: Rule,
    /// Leaves biases out of the denominators, so that they swallow no relevance. The forward pass
    /// keeps them.
    pub zero_bias: bool,
    /// Added away from zero to the denominators of every rule but ε, and of sums and averages.
    pub stabiliser: f32,
    /// Keeps batch norms as layers with the ε rule of this ε; folded into the layer before them
    /// otherwise.
    pub norms: Option<f32>,
}

const STABILISER: f32 = 1e-6;
/// The least ε that keeps quotients finite.
const LEAST_EPSILON: f32 = 1e-20;
const GAMMA: f32 = 0.25;
const FIRST_EPSILON: f32 = 0.05;
/// The ε of the stress paper's code.
const STRESS_EPSILON: f32 = 1e-9;
const ZERO_BIAS: &str = "_zerobias";
const TWO_ONE: Rule = Rule::AlphaBeta {
    alpha: 2.0,
    beta: 1.0,
};

impl Composite {
    /// Names that [`Composite::from_str`] takes, besides other numbers in the first three and
    /// `_zerobias` after any.
    pub const NAMES: [&'static str; 14] = [
        "epsilon_1e-6",
        "gamma_0.25",
        "alpha2beta1",
        "zplus",
        "wsquare",
        "flat",
        "first_wsquare",
        "first_flat",
        "first_zbox",
        "EpsilonPlus",
        "EpsilonPlusFlat",
        "EpsilonGammaBox",
        "EpsilonAlpha2Beta1",
        "EpsilonAlpha2Beta1Flat",
    ];

    /// The assignment of Allouche et al. (arXiv 2508.07229), as their code runs in Captum: ε = 1e-9
    /// in the first convolution, the dense layers and the batch norms, which are not folded, and
    /// Alpha1-Beta0 with the bias kept in the other convolutions.
    pub const STRESS: &'static str = "allouche2025";

    /// One rule in every layer.
    pub fn uniform(name: &str, rule: Rule) -> Self {
        Self::of(name, rule, rule, None)
    }

    fn of(name: &str, convolution: Rule, dense: Rule, first: Option<Rule>) -> Self {
        Self {
            name: name.to_owned(),
            first,
            convolution,
            dense,
            zero_bias: false,
            stabiliser: STABILISER,
            norms: None,
        }
    }

    /// Whether any layer has the rule that needs bounds of the input.
    pub fn needs_bounds(&self) -> bool {
        [self.first, Some(self.convolution), Some(self.dense)].contains(&Some(Rule::ZBox))
    }
}

impl FromStr for Composite {
    type Err = Error;

    /// Reads a name; see [`Composite::NAMES`] and [`Composite::STRESS`].
    fn from_str(name: &str) -> Result<Self> {
        let (plain, zero_bias) = match name.strip_suffix(ZERO_BIAS) {
            Some(plain) => (plain, true),
            None => (name, false),
        };
        let mut found = named(plain).ok_or_else(|| {
            let known = Self::NAMES.join(", ");
            Error::malformed(
                format!("`{name}` as a composite"),
                format!(
                    "it is one of {known}, {}; with other numbers too, and `{ZERO_BIAS}` after it",
                    Self::STRESS
                ),
            )
        })?;
        found.zero_bias = zero_bias;
        name.clone_into(&mut found.name);
        Ok(found)
    }
}

fn named(name: &str) -> Option<Composite> {
    let small = Rule::Epsilon(STABILISER);
    let first = |rule| {
        let other = Rule::Epsilon(FIRST_EPSILON);
        Composite::of(name, other, other, Some(rule))
    };
    let mixed = |convolution, first| Composite::of(name, convolution, small, first);
    Some(match name {
        "zplus" => Composite::uniform(name, Rule::ZPlus),
        "wsquare" => Composite::uniform(name, Rule::WSquare),
        "flat" => Composite::uniform(name, Rule::Flat),
        "first_wsquare" => first(Rule::WSquare),
        "first_flat" => first(Rule::Flat),
        "first_zbox" => first(Rule::ZBox),
        "EpsilonPlus" => mixed(Rule::ZPlus, None),
        "EpsilonPlusFlat" => mixed(Rule::ZPlus, Some(Rule::Flat)),
        "EpsilonGammaBox" => mixed(Rule::Gamma(GAMMA), Some(Rule::ZBox)),
        "EpsilonAlpha2Beta1" => mixed(TWO_ONE, None),
        "EpsilonAlpha2Beta1Flat" => mixed(TWO_ONE, Some(Rule::Flat)),
        Composite::STRESS => {
            let epsilon = Rule::Epsilon(STRESS_EPSILON);
            Composite {
                norms: Some(STRESS_EPSILON),
                stabiliser: STRESS_EPSILON,
                ..Composite::of(name, Rule::PositiveWeights, epsilon, Some(epsilon))
            }
        }
        _ => Composite::uniform(name, numbered(name)?),
    })
}

/// A rule with its number: `epsilon_0.05`, `gamma_0.25`, `alpha2beta1`.
fn numbered(name: &str) -> Option<Rule> {
    let number = |text: &str, most: f32| {
        let number: f32 = text.parse().ok()?;
        (number.is_finite() && (0.0..=most).contains(&number)).then_some(number)
    };
    if let Some(epsilon) = name.strip_prefix("epsilon_") {
        let epsilon = number(epsilon, 1e6).filter(|epsilon| *epsilon >= LEAST_EPSILON);
        return epsilon.map(Rule::Epsilon);
    }
    if let Some(gamma) = name.strip_prefix("gamma_") {
        return number(gamma, 1e3).map(Rule::Gamma);
    }
    let (alpha, beta) = name.strip_prefix("alpha")?.split_once("beta")?;
    let (alpha, beta) = (number(alpha, 1e3)?, number(beta, 1e3)?);
    ((alpha - beta - 1.0).abs() < 1e-6).then_some(Rule::AlphaBeta { alpha, beta })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_with_their_numbers() {
        let read = |name: &str| name.parse::<Composite>();
        for name in Composite::NAMES.into_iter().chain([Composite::STRESS]) {
            assert_eq!(read(name).unwrap().name, name);
            assert!(read(&format!("{name}_zerobias")).unwrap().zero_bias);
        }
        assert_eq!(read("epsilon_0.05").unwrap().dense, Rule::Epsilon(0.05));
        let two = read("alpha3beta2").unwrap().convolution;
        assert_eq!(
            two,
            Rule::AlphaBeta {
                alpha: 3.0,
                beta: 2.0
            }
        );
        for wrong in [
            "",
            "epsilon",
            "epsilon_-1",
            "epsilon_0",
            "epsilon_nan",
            "alpha2beta2",
            "zbox",
        ] {
            let error = read(wrong).unwrap_err().to_string();
            assert!(error.contains("EpsilonPlus"), "{error}");
        }
    }
}
