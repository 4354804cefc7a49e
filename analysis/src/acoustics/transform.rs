//! Fourier transforms of real signals, planned once a thread.

use std::cell::RefCell;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

thread_local! {
    static PLANNER: RefCell<RealFftPlanner<f64>> = RefCell::new(RealFftPlanner::new());
}

/// A transform of one length with the memory that it needs.
pub(crate) struct Transform {
    forward: Arc<dyn RealToComplex<f64>>,
    inverse: Arc<dyn ComplexToReal<f64>>,
    scratch: Vec<Complex<f64>>,
    /// The signal, `[length]`. Either direction spoils what it reads.
    pub(crate) signal: Vec<f64>,
    /// The spectrum, `[length / 2 + 1]`, unscaled.
    pub(crate) spectrum: Vec<Complex<f64>>,
}

impl Transform {
    /// A transform of `length` points.
    pub(crate) fn new(length: usize) -> Self {
        let (forward, inverse) = PLANNER.with_borrow_mut(|planner| {
            (
                planner.plan_fft_forward(length),
                planner.plan_fft_inverse(length),
            )
        });
        let scratch = forward.get_scratch_len().max(inverse.get_scratch_len());
        Self {
            signal: forward.make_input_vec(),
            spectrum: forward.make_output_vec(),
            scratch: vec![Complex::default(); scratch],
            forward,
            inverse,
        }
    }

    /// A transform for at least `samples` points: the next power of two of them.
    pub(crate) fn holding(samples: usize) -> Self {
        Self::new(samples.max(2).next_power_of_two())
    }

    /// The samples, with zeros up to the transform's length, transformed.
    pub(crate) fn load(&mut self, samples: &[f64]) {
        let (head, tail) = self.signal.split_at_mut(samples.len());
        head.copy_from_slice(samples);
        tail.fill(0.0);
        self.forward();
    }

    /// Signal to spectrum.
    pub(crate) fn forward(&mut self) {
        // The lengths fit by construction: they are the only thing that can be wrong.
        let done = self.forward.process_with_scratch(
            &mut self.signal,
            &mut self.spectrum,
            &mut self.scratch,
        );
        debug_assert!(done.is_ok());
    }

    /// Spectrum to signal, `length` times too large. Imaginary parts at zero and at half the rate
    /// are dropped.
    pub(crate) fn inverse(&mut self) {
        if let Some(first) = self.spectrum.first_mut() {
            first.im = 0.0;
        }
        if self.signal.len().is_multiple_of(2)
            && let Some(last) = self.spectrum.last_mut()
        {
            last.im = 0.0;
        }
        let done = self.inverse.process_with_scratch(
            &mut self.spectrum,
            &mut self.signal,
            &mut self.scratch,
        );
        debug_assert!(done.is_ok());
    }
}
