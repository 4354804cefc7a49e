//! `phonoscope relevance`

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Arguments of `relevance`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  phonoscope relevance --model stress.onnx --input spectrograms.npy --out maps.npz
  phonoscope relevance --model stress.onnx --composite EpsilonGammaBox --target 1-0 word.wav --out map.npz
  phonoscope relevance --model cnn.onnx --input x.npy --composite EpsilonGammaBox --low 0 --high 1 --out r.npz
  phonoscope relevance --model cnn.onnx --input x.npy --method integrated-gradients --out ig.npz

Composites: epsilon_E, gamma_G, alphaAbetaB, zplus, wsquare, flat, first_wsquare, first_flat,
first_zbox, EpsilonPlus, EpsilonPlusFlat, EpsilonGammaBox, EpsilonAlpha2Beta1,
EpsilonAlpha2Beta1Flat, allouche2025; `_zerobias` after any leaves biases out of denominators.

The .npz holds input, logits, target (weights of the logits), relevance, and for composites ledger
[item, layer, 4]: relevance arriving, leaving, taken by the bias, and by the stabiliser; the layers'
names are UTF-8 text in ledger_layers, one a line. docs/guide/relevance.md says how to read it.")]
pub struct RelevanceArgs {
    /// ONNX file of a classifier, or a name in the catalogue
    #[arg(long, value_name = "MODEL")]
    pub model: String,
    /// Inputs of the network as .npy [item, …]; one item needs no first axis
    #[arg(
        long,
        value_name = "X.npy",
        conflicts_with = "files",
        required_unless_present = "files"
    )]
    pub input: Option<PathBuf>,
    /// Recordings, which the model's front end reads; all of one length
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Which layer has which rule of relevance
    #[arg(long, value_name = "NAME", default_value = "EpsilonPlus")]
    pub composite: String,
    /// Another method instead of relevance
    #[arg(long, value_enum, value_name = "NAME", conflicts_with = "composite")]
    pub method: Option<MethodChoice>,
    /// Score to explain: predicted, a class K, or K-L for the difference of two
    #[arg(long, value_name = "TARGET", default_value = "predicted")]
    pub target: String,
    /// Lower bound of the input for zB: a number, a comma list by channel, or .npy [default: each
    /// item's least number]
    #[arg(long, value_name = "L", requires = "high", allow_hyphen_values = true)]
    pub low: Option<String>,
    /// Upper bound of the input for zB, as --low [default: each item's largest number]
    #[arg(long, value_name = "H", requires = "low", allow_hyphen_values = true)]
    pub high: Option<String>,
    /// Output of the network to explain, where it has several
    #[arg(long, value_name = "NAME")]
    pub output: Option<String>,
    /// Relevance at an inner value or node too (in the .npz as relevance.NAME); may be repeated
    #[arg(long = "layer", value_name = "NAME")]
    pub layers: Vec<String>,
    /// Midpoints of integrated gradients
    #[arg(long, value_name = "N", default_value_t = 32)]
    pub steps: usize,
    /// Noisy copies of SmoothGrad
    #[arg(long, value_name = "N", default_value_t = 32)]
    pub samples: usize,
    /// Noise of SmoothGrad, as a share of each item's range
    #[arg(long, value_name = "SHARE", default_value_t = 0.1)]
    pub noise: f32,
    /// Seed of SmoothGrad's noise
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// What the model is fed, for recordings: a front end's name or TOML [default: as its card says]
    #[arg(long, value_name = "KIND")]
    pub front_end: Option<String>,
    /// TOML file that says what the model is fed [default: MODEL.toml beside MODEL.onnx]
    #[arg(long, value_name = "FILE")]
    pub card: Option<PathBuf>,
    /// File to write
    #[arg(long, value_name = "R.npz")]
    pub out: PathBuf,
    /// Print the summary as JSON
    #[arg(long)]
    pub json: bool,
}

/// A method that needs no composite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MethodChoice {
    /// The gradient of the score
    Gradient,
    /// The gradient times the input
    #[value(alias = "gradient_x_input")]
    GradientXInput,
    /// Gradients on the way from zeros, averaged, times the input
    #[value(alias = "integrated_gradients")]
    IntegratedGradients,
    /// Gradients at noisy copies, averaged
    #[value(name = "smoothgrad")]
    SmoothGrad,
    /// The gradient without what is negative at ReLUs
    #[value(alias = "guided_backprop")]
    GuidedBackprop,
    /// What is positive, whatever the ReLUs let pass
    Deconvnet,
}
