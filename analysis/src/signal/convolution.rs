//! Convolution by transforms, block after block.

use realfft::RealFftPlanner;
use realfft::num_complex::Complex;

/// Shortest transform.
const SHORTEST: usize = 1024;

/// `signal` convolved with `response`: `signal.len() + response.len() - 1` samples, none if either has
/// none. Blocks of the signal are added up where they overlap, so that memory grows with the response
/// and the result only.
pub fn convolve(signal: &[f64], response: &[f64]) -> Vec<f64> {
    if signal.is_empty() || response.is_empty() {
        return vec![];
    }
    let size = (2 * response.len()).next_power_of_two().max(SHORTEST);
    let block = size - response.len() + 1;
    let mut planner = RealFftPlanner::<f64>::new();
    let (forward, inverse) = (
        planner.plan_fft_forward(size),
        planner.plan_fft_inverse(size),
    );
    let mut time = forward.make_input_vec();
    let mut spectrum = forward.make_output_vec();
    let transform = |samples: &[f64], time: &mut [f64], spectrum: &mut [Complex<f64>]| {
        time.fill(0.0);
        time[..samples.len()].copy_from_slice(samples);
        // Fails for other lengths than the plan's only.
        forward.process(time, spectrum).is_ok()
    };
    transform(response, &mut time, &mut spectrum);
    let filter: Vec<Complex<f64>> = spectrum.iter().map(|bin| bin / size as f64).collect();
    let mut out = vec![0.0; signal.len() + response.len() - 1];
    for (index, samples) in signal.chunks(block).enumerate() {
        transform(samples, &mut time, &mut spectrum);
        for (bin, filter) in spectrum.iter_mut().zip(&filter) {
            *bin *= filter;
        }
        // Real signals have real end bins; products of two have them too but for rounding.
        for end in [0, size / 2] {
            spectrum[end].im = 0.0;
        }
        if inverse.process(&mut spectrum, &mut time).is_err() {
            continue;
        }
        let reach = samples.len() + response.len() - 1;
        let place = out.iter_mut().skip(index * block);
        for (sum, sample) in place.zip(&time[..reach]) {
            *sum += sample;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::convolve;

    fn directly(signal: &[f64], response: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; signal.len() + response.len() - 1];
        for (i, x) in signal.iter().enumerate() {
            for (j, h) in response.iter().enumerate() {
                out[i + j] += x * h;
            }
        }
        out
    }

    #[test]
    fn blocks_add_up_to_the_sum_of_products() {
        let wave =
            |n: usize, k: f64| -> Vec<f64> { (0..n).map(|i| ((i * i) as f64 * k).sin()).collect() };
        for (n, m) in [(1, 1), (5, 3), (3, 5), (2500, 7), (1024, 1024), (4001, 700)] {
            let (signal, response) = (wave(n, 0.37), wave(m, 0.11));
            let (got, expected) = (convolve(&signal, &response), directly(&signal, &response));
            assert_eq!(got.len(), expected.len());
            for (a, b) in got.iter().zip(&expected) {
                assert!((a - b).abs() < 1e-10, "{n} {m}: {a} {b}");
            }
        }
        assert!(convolve(&[], &[1.0]).is_empty() && convolve(&[1.0], &[]).is_empty());
    }
}
