//! From samples to spectra: windows, the short-time Fourier transform, mel filterbanks.

mod convolution;
pub mod mel;
pub mod stft;
pub mod window;

pub use convolution::convolve;
pub use mel::{MelBank, MelNorm, MelScale};
pub use stft::{Padding, Stft};
pub use window::WindowShape;
