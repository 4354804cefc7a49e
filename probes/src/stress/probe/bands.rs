//! How much relevance lies in the bands of F0 to F3 of a vowel.

use ndarray::Array2;

use crate::stress::tracks::{BANDS, Tracks};

/// Bins on both sides of a track that belong to its band.
pub(super) const WIDTH: usize = 1;
/// Widths that are tried.
pub(super) const WIDTHS: [usize; 4] = [0, 1, 2, 3];
/// How far tracks are moved for the baseline.
pub(super) const SHIFTS_HZ: [f64; 2] = [-300.0, 300.0];
/// Errors of tracks that are tried.
pub(super) const ERRORS_HZ: [f64; 2] = [50.0, 100.0];
/// Bins on both sides over which what stands for a band is averaged.
const AROUND: usize = 6;

/// Which band each cell of a vowel belongs to: its frames, and for each the bin of each track.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bands {
    frames: Vec<usize>,
    /// Bins by frame and band.
    bins: Vec<[Option<f64>; 4]>,
    bin_count: usize,
}

impl Bands {
    /// Tracks of a vowel in bins; `frames` are those of the vowel.
    pub(super) fn new(
        tracks: &Tracks,
        frames: &[usize],
        (hop_secs, bin_hz, bin_count): (f64, f64, usize),
    ) -> Self {
        let bins = frames.iter().map(|frame| {
            let secs = *frame as f64 * hop_secs;
            [0, 1, 2, 3].map(|band| tracks.band_hz(band, secs).map(|hz| hz / bin_hz))
        });
        Self {
            frames: frames.to_vec(),
            bins: bins.collect(),
            bin_count,
        }
    }

    /// Frames that have a track of this band.
    pub(super) fn tracked(&self, band: usize) -> usize {
        self.bins.iter().filter(|bins| bins[band].is_some()).count()
    }

    /// Cells of a band, each given to the nearest track where bands overlap. `moved` bins are added
    /// to the track of this band.
    pub(super) fn cells(&self, band: usize, width: usize, moved: f64) -> Vec<(usize, usize)> {
        let mut cells = Vec::new();
        for (frame, bins) in self.frames.iter().zip(&self.bins) {
            let Some(centre) = bins[band].map(|bin| (bin + moved).round()) else {
                continue;
            };
            let low = (centre - width as f64).max(0.0) as usize;
            let high = (centre + width as f64).min(self.bin_count as f64 - 1.0);
            if high < 0.0 || centre < 0.0 {
                continue;
            }
            for bin in low..=(high as usize) {
                let own = (bin as f64 - centre).abs();
                let nearer = bins.iter().enumerate().any(|(other, track)| {
                    other != band
                        && moved == 0.0
                        && track.is_some_and(|t| (bin as f64 - t.round()).abs() < own)
                });
                if !nearer {
                    cells.push((bin, *frame));
                }
            }
        }
        cells
    }

    /// Mean of the positive part of a map in cells over its mean in the vowel.
    pub(super) fn density(&self, map: &Array2<f32>, cells: &[(usize, usize)]) -> f64 {
        let value = |at: (usize, usize)| map.get(at).map_or(0.0, |x| f64::from(x.max(0.0)));
        let mean = cells.iter().map(|at| value(*at)).sum::<f64>() / cells.len() as f64;
        let whole: f64 = self
            .frames
            .iter()
            .flat_map(|frame| (0..self.bin_count).map(move |bin| (bin, *frame)))
            .map(value)
            .sum();
        mean / (whole / (self.frames.len() * self.bin_count) as f64)
    }

    /// The input with cells replaced by the mean of the bins around them in the same frame.
    pub(super) fn occluded(&self, item: &Array2<f32>, cells: &[(usize, usize)]) -> Array2<f32> {
        let mut out = item.clone();
        for (bin, frame) in cells {
            let low = bin.saturating_sub(AROUND);
            let high = (bin + AROUND).min(self.bin_count - 1);
            let (mut sum, mut count) = (0.0, 0);
            for other in low..=high {
                if !cells.contains(&(other, *frame)) {
                    sum += item[[other, *frame]];
                    count += 1;
                }
            }
            if count > 0 {
                out[[*bin, *frame]] = sum / count as f32;
            }
        }
        out
    }
}

/// Name of a band.
pub(super) fn name(band: usize) -> &'static str {
    BANDS.get(band).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bands() -> Bands {
        Bands {
            frames: vec![3, 4],
            bins: vec![[Some(3.0), Some(5.0), Some(20.0), None]; 2],
            bin_count: 40,
        }
    }

    #[test]
    fn cells_go_to_the_nearest_track() {
        let bands = bands();
        // Bin 4 is as near to F0 as to F1 and stays in both; bin 3 is F0's own.
        let f1: Vec<usize> = bands.cells(1, 2, 0.0).iter().map(|c| c.0).collect();
        assert_eq!(f1, [4, 5, 6, 7, 4, 5, 6, 7]);
        assert_eq!(bands.cells(2, 1, 6.0)[0], (25, 3));
        assert!(bands.cells(3, 1, 0.0).is_empty() && bands.tracked(3) == 0);
        assert!(bands.cells(0, 1, -6.0).is_empty());
    }

    #[test]
    fn density_is_one_for_even_relevance_and_high_on_the_band() {
        let bands = bands();
        let cells = bands.cells(2, 1, 0.0);
        assert!((bands.density(&Array2::ones((40, 10)), &cells) - 1.0).abs() < 1e-12);
        let mut map = Array2::zeros((40, 10));
        for cell in &cells {
            map[*cell] = 1.0;
        }
        // 3 of 40 bins hold all of it.
        assert!((bands.density(&map, &cells) - 40.0 / 3.0).abs() < 1e-9);
        let hidden = bands.occluded(&map, &cells);
        assert!(hidden.iter().all(|x| *x == 0.0));
    }
}
