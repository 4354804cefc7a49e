//! Figures of one map.

use super::Item;
use super::bands::{self, Bands};
use super::regions::{Frames, Shares};
use crate::relevance::Balance;

/// Figures of one map.
#[derive(Debug)]
pub(super) struct MapFigures {
    /// Of the positive and of the negative part.
    pub(super) shares: [Option<Shares>; 2],
    /// By sign, vowel (stressed, unstressed) and band.
    pub(super) bands: [[[Option<BandFigures>; 4]; 2]; 2],
    /// By width and by error of the track, of the positive part in the stressed vowel.
    pub(super) sensitivity: Option<Sensitivity>,
    pub(super) balance: Balance,
}

/// Density of relevance in a band.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct BandFigures {
    /// Mean in the band over the mean in the vowel.
    pub(super) density: f64,
    /// The same of the input.
    pub(super) energy: f64,
    /// Mean of the densities of the band moved up and down.
    pub(super) shifted: f64,
}

/// Densities under other widths and with wrong tracks, by band.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sensitivity {
    pub(super) widths: [[Option<f64>; 4]; 4],
    pub(super) errors: [[Option<f64>; 4]; 2],
}

/// The input above its least value, and how much of it there is in each frame.
pub(super) fn energies(item: &Item, heard: usize) -> (Item, Vec<f64>) {
    let least = item.iter().copied().fold(f32::INFINITY, f32::min);
    let input = item.mapv(|x| x - least);
    let energy = (0..heard)
        .map(|frame| input.column(frame).iter().map(|x| f64::from(*x)).sum())
        .collect();
    (input, energy)
}

/// Share of the frames and of the energy of the word, or of what is heard for outside the word.
pub(super) fn sizes_of(frames: &Frames, energy: &[f64]) -> [[f64; 5]; 2] {
    let total = |until: usize| energy.iter().take(until).sum::<f64>();
    let mut sizes = [[0.0; 5]; 2];
    for (place, region) in frames.regions.iter().enumerate() {
        let until = if place < 4 { frames.word } else { frames.heard };
        sizes[0][place] = region.len() as f64 / until as f64;
        let own: f64 = region.iter().filter_map(|t| energy.get(*t)).sum();
        sizes[1][place] = own / total(until);
    }
    sizes
}

pub(super) fn bands_of(
    map: &Item,
    banded: Option<&[Bands; 2]>,
    (input, bin_hz): (&Item, f64),
) -> [[Option<BandFigures>; 4]; 2] {
    let Some(banded) = banded else {
        return [[None; 4]; 2];
    };
    [0, 1].map(|vowel| {
        let own = &banded[vowel];
        [0, 1, 2, 3].map(|band| {
            let cells = own.cells(band, bands::WIDTH, 0.0);
            let moved = bands::SHIFTS_HZ.map(|hz| own.cells(band, bands::WIDTH, hz / bin_hz));
            let moved: Vec<f64> = moved
                .iter()
                .filter(|cells| !cells.is_empty())
                .map(|cells| own.density(map, cells))
                .collect();
            if cells.is_empty() || moved.is_empty() {
                return None;
            }
            let figures = BandFigures {
                density: own.density(map, &cells),
                energy: own.density(input, &cells),
                shifted: moved.iter().sum::<f64>() / moved.len() as f64,
            };
            let finite = [figures.density, figures.energy, figures.shifted];
            finite.iter().all(|x| x.is_finite()).then_some(figures)
        })
    })
}

pub(super) fn sensitivity_of(map: &Item, stressed: &Bands, bin_hz: f64) -> Sensitivity {
    let density = |band: usize, width: usize, moved: f64| {
        let cells = stressed.cells(band, width, moved);
        let density = stressed.density(map, &cells);
        (!cells.is_empty() && density.is_finite()).then_some(density)
    };
    let both = |band: usize, error_hz: f64| {
        let moved = [-error_hz, error_hz].map(|hz| density(band, bands::WIDTH, hz / bin_hz));
        let known: Vec<f64> = moved.into_iter().flatten().collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    };
    Sensitivity {
        widths: bands::WIDTHS.map(|width| [0, 1, 2, 3].map(|band| density(band, width, 0.0))),
        errors: bands::ERRORS_HZ.map(|hz| [0, 1, 2, 3].map(|band| both(band, hz))),
    }
}
