//! From samples to spectra: windows, the short-time Fourier transform, mel filterbanks.

pub mod mel;
pub mod stft;
pub mod window;

pub use mel::{MelBank, MelNorm, MelScale};
pub use stft::{Padding, Stft};
pub use window::WindowShape;
