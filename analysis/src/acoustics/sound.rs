//! A sound on its time axis, and frames laid over it.
//!
//! The order of the arithmetic matters: at 16 kHz with a step of 8 ms a frame's centre falls
//! exactly between two samples, and the last bit decides which one is taken.

/// One channel of sound, whose samples lie at `first_secs + i / sample_rate_hz`.
///
/// The sound's domain is `[0, duration_secs]`. A recording has its samples centred in their
/// steps (`first_secs` is half a step); a resampled sound keeps its domain, so that its first
/// sample may lie elsewhere. Full scale is 1.0, read as 1 Pa.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    samples: Vec<f64>,
    step_secs: f64,
    first_secs: f64,
    duration_secs: f64,
}

impl Sound {
    /// A recording: sample `i` stands for the time from `i` to `i + 1` steps.
    pub fn new(samples: Vec<f64>, sample_rate_hz: f64) -> Self {
        let step_secs = 1.0 / sample_rate_hz;
        let duration_secs = samples.len() as f64 / sample_rate_hz;
        Self {
            samples,
            step_secs,
            first_secs: step_secs / 2.0,
            duration_secs,
        }
    }

    /// The sound of single-precision samples, as decoders give them.
    pub fn from_f32(samples: &[f32], sample_rate_hz: f64) -> Self {
        Self::new(
            samples.iter().map(|&sample| f64::from(sample)).collect(),
            sample_rate_hz,
        )
    }

    /// A sound with all of its time axis given, as resampling makes it.
    pub fn with_axis(
        samples: Vec<f64>,
        step_secs: f64,
        first_secs: f64,
        duration_secs: f64,
    ) -> Self {
        Self {
            samples,
            step_secs,
            first_secs,
            duration_secs,
        }
    }

    /// The samples, `[sample]`.
    pub fn samples(&self) -> &[f64] {
        &self.samples
    }

    /// The samples, to be changed in place.
    pub fn samples_mut(&mut self) -> &mut [f64] {
        &mut self.samples
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// Time from one sample to the next.
    pub fn step_secs(&self) -> f64 {
        self.step_secs
    }

    /// Samples a second.
    pub fn sample_rate_hz(&self) -> f64 {
        1.0 / self.step_secs
    }

    /// Time of the first sample.
    pub fn first_secs(&self) -> f64 {
        self.first_secs
    }

    /// Length of the domain.
    pub fn duration_secs(&self) -> f64 {
        self.duration_secs
    }

    /// Time of sample `index`, counted from zero.
    pub fn time_of(&self, index: usize) -> f64 {
        self.first_secs + index as f64 * self.step_secs
    }

    /// Position of a time on the sample axis, counted from zero and not rounded.
    pub fn position(&self, secs: f64) -> f64 {
        (secs - self.first_secs) / self.step_secs
    }

    /// The last sample at or before a time, counted from zero; may lie outside the sound.
    pub fn low(&self, secs: f64) -> isize {
        ((secs - self.first_secs) / self.step_secs + 1.0).floor() as isize - 1
    }

    /// The first sample at or after a time, counted from zero; may lie outside the sound.
    pub fn high(&self, secs: f64) -> isize {
        ((secs - self.first_secs) / self.step_secs + 1.0).ceil() as isize - 1
    }

    /// The sample nearest to a time, the later one of two, counted from zero; may lie outside.
    pub fn nearest(&self, secs: f64) -> isize {
        ((secs - self.first_secs) / self.step_secs + 1.0 + 0.5).floor() as isize - 1
    }

    /// The sample at an index that may lie outside the sound, where it is 0.
    pub fn sample_or_zero(&self, index: isize) -> f64 {
        usize::try_from(index)
            .ok()
            .and_then(|index| self.samples.get(index))
            .copied()
            .unwrap_or(0.0)
    }

    /// Frames of `window_secs` every `step_secs`, symmetric about the middle of the sound.
    ///
    /// None if the sound is shorter than one window.
    pub fn frames(&self, window_secs: f64, step_secs: f64) -> Option<Frames> {
        let (count, middle) = self.count_and_middle(window_secs, step_secs)?;
        Some(Frames {
            count: count as usize,
            first_secs: middle - 0.5 * (count * step_secs) + 0.5 * step_secs,
            step_secs,
        })
    }

    /// The same frames, the first of them reached in one step from the middle: where linear
    /// prediction has its own. The last bit can differ from [`Sound::frames`].
    pub fn frames_about_middle(&self, window_secs: f64, step_secs: f64) -> Option<Frames> {
        let (count, middle) = self.count_and_middle(window_secs, step_secs)?;
        Some(Frames {
            count: count as usize,
            first_secs: middle - 0.5 * ((count - 1.0) * step_secs),
            step_secs,
        })
    }

    /// How many frames fit, and the time they are symmetric about.
    fn count_and_middle(&self, window_secs: f64, step_secs: f64) -> Option<(f64, f64)> {
        let length_secs = self.samples.len() as f64 * self.step_secs;
        if !(window_secs <= length_secs && step_secs > 0.0) || self.samples.is_empty() {
            return None;
        }
        let count = ((length_secs - window_secs) / step_secs).floor() + 1.0;
        let middle = self.first_secs - 0.5 * self.step_secs + 0.5 * length_secs;
        Some((count, middle))
    }
}

/// Evenly spaced frame centres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frames {
    /// Number of frames.
    pub count: usize,
    /// Centre of the first frame.
    pub first_secs: f64,
    /// From one centre to the next.
    pub step_secs: f64,
}

impl Frames {
    /// Centre of frame `index`, counted from zero.
    pub fn centre_secs(&self, index: usize) -> f64 {
        self.first_secs + index as f64 * self.step_secs
    }

    /// The frame whose centre is nearest to a time, the later one of two; None more than half a
    /// step before the first and behind the last.
    pub fn nearest(&self, secs: f64) -> Option<usize> {
        let place = ((secs - self.first_secs) / self.step_secs + 1.0 + 0.5).floor() - 1.0;
        (place >= 0.0 && place < self.count as f64).then_some(place as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::Sound;

    #[test]
    fn a_recording_has_its_samples_in_the_middle_of_their_steps() {
        let sound = Sound::new(vec![0.0; 16_000], 16_000.0);
        assert_eq!(sound.first_secs(), 0.5 / 16_000.0);
        assert_eq!(sound.duration_secs(), 1.0);
        assert_eq!(sound.low(0.0), -1);
        assert_eq!(sound.high(0.0), 0);
        assert_eq!(sound.nearest(sound.time_of(7)), 7);
        assert_eq!(sound.sample_or_zero(-1), 0.0);
    }

    #[test]
    fn frames_are_symmetric_in_the_sound() {
        let sound = Sound::new(vec![0.0; 16_000], 16_000.0);
        let Some(frames) = sound.frames(0.04, 0.01) else {
            panic!("a second holds frames of 40 ms")
        };
        assert_eq!(frames.count, 97);
        let last = frames.centre_secs(frames.count - 1);
        assert!((frames.first_secs - (1.0 - last)).abs() < 1e-12);
        assert!(sound.frames(1.1, 0.01).is_none());
    }
}
