//! How much relevance lies where in time.
//!
//! Frame `t` is centred `t` hops after the start of the word. Syllables are parted in the middle
//! between the two vowels.

use ndarray::{Array2, ArrayView2};

/// Stretches of time of a word.
pub(super) const REGIONS: [&str; 5] = [
    "stressed vowel",
    "unstressed vowel",
    "stressed syllable",
    "unstressed syllable",
    "outside the word",
];

/// Thresholds of the intersection over union in two dimensions.
pub(super) const THRESHOLDS: [f32; 4] = [0.0, 0.1, 0.2, 0.5];
/// Share of the relevance below the value that counts as the largest.
const KEPT: f64 = 0.98;

/// Frames of every region, and of the word.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Frames {
    pub(super) regions: [Vec<usize>; 5],
    pub(super) word: usize,
    pub(super) heard: usize,
}

impl Frames {
    /// Of a word whose vowels and end are in seconds after its start; `first` is whether the first
    /// vowel is the stressed one. Nothing where a vowel or a whole syllable is not heard.
    pub(super) fn new(
        vowels: [[f64; 2]; 2],
        end_secs: f64,
        first: bool,
        (heard, hop_secs): (usize, f64),
    ) -> Option<Self> {
        let frame = |secs: f64| ((secs / hop_secs).round().max(0.0) as usize).min(heard);
        let word = frame(end_secs).max(1);
        let parting = frame(f64::midpoint(vowels[0][1], vowels[1][0])).min(word);
        let vowel = |v: [f64; 2]| -> Vec<usize> { (frame(v[0])..frame(v[1])).collect() };
        let syllables = [(0..parting).collect(), (parting..word).collect()];
        let [mut first_vowel, mut second_vowel] = vowels.map(vowel);
        let [mut first_syllable, mut second_syllable]: [Vec<usize>; 2] = syllables;
        if !first {
            std::mem::swap(&mut first_vowel, &mut second_vowel);
            std::mem::swap(&mut first_syllable, &mut second_syllable);
        }
        let regions = [
            first_vowel,
            second_vowel,
            first_syllable,
            second_syllable,
            (word..heard).collect(),
        ];
        let whole = regions.iter().take(4).all(|frames| !frames.is_empty());
        whole.then_some(Self {
            regions,
            word,
            heard,
        })
    }
}

/// Where the relevance of one sign lies.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shares {
    /// Share of the relevance in what is heard, by region.
    pub(super) share: [f64; 5],
    /// Share over the share of the frames of the word; of what is heard, for outside the word.
    pub(super) enrichment: [f64; 5],
    /// Share over the share of the input's energy.
    pub(super) over_energy: [f64; 5],
    /// Intersection over union in time and frequency, by threshold and region.
    pub(super) iou: [[f64; 5]; 4],
    /// In time, of frames above the mean.
    pub(super) iou_mean: [f64; 5],
    /// In time, of as many frames as the region has.
    pub(super) iou_top: [f64; 5],
}

/// Shares of the positive part of a map `[bin, frame]`; `energy` is how much input there is in each
/// frame that is heard. Nothing for a map without positive relevance.
pub(super) fn shares(map: &Array2<f32>, frames: &Frames, energy: &[f64]) -> Option<Shares> {
    let heat = heat(map.view())?;
    let of_frame = |map: &Array2<f32>, frame: usize| -> f64 {
        map.column(frame)
            .iter()
            .map(|x| f64::from(x.max(0.0)))
            .sum()
    };
    let mass: Vec<f64> = (0..frames.heard)
        .map(|frame| of_frame(map, frame))
        .collect();
    let hot: Vec<f64> = (0..frames.heard)
        .map(|frame| of_frame(&heat, frame))
        .collect();
    let total: f64 = mass.iter().sum();
    let in_word: f64 = mass.iter().take(frames.word).sum();
    let energies: [f64; 2] =
        [frames.word, frames.heard].map(|until| energy.iter().take(until).sum());
    if !(total > 0.0 && in_word > 0.0) || energies.iter().any(|e| *e <= 0.0) {
        return None;
    }
    let mut found = Shares {
        share: [0.0; 5],
        enrichment: [0.0; 5],
        over_energy: [0.0; 5],
        iou: [[0.0; 5]; 4],
        iou_mean: [0.0; 5],
        iou_top: [0.0; 5],
    };
    let mean = hot.iter().sum::<f64>() / hot.len().max(1) as f64;
    let mut ranked: Vec<usize> = (0..hot.len()).collect();
    ranked.sort_by(|a, b| hot[*b].total_cmp(&hot[*a]));
    for (place, region) in frames.regions.iter().enumerate() {
        let sum = |of: &[f64]| region.iter().filter_map(|t| of.get(*t)).sum::<f64>();
        let inside = place < 4;
        let (whole, count, energy_whole) = if inside {
            (in_word, frames.word, energies[0])
        } else {
            (total, frames.heard, energies[1])
        };
        let size = region.len() as f64 / count as f64;
        found.share[place] = sum(&mass) / total;
        let share = sum(&mass) / whole;
        found.enrichment[place] = share / size;
        found.over_energy[place] = share / (sum(energy) / energy_whole);
        let is_in = |frame: usize| region.contains(&frame);
        for (threshold, iou) in THRESHOLDS.iter().zip(&mut found.iou) {
            let (mut both, mut either) = (0usize, 0usize);
            for ((_, frame), x) in heat.indexed_iter() {
                let (hot, inside) = (x > threshold, is_in(frame));
                both += usize::from(hot && inside);
                either += usize::from(hot || inside);
            }
            iou[place] = both as f64 / either.max(1) as f64;
        }
        let union = |chosen: &dyn Fn(usize) -> bool| {
            let both = (0..hot.len()).filter(|t| chosen(*t) && is_in(*t)).count();
            let either = (0..hot.len()).filter(|t| chosen(*t) || is_in(*t)).count();
            both as f64 / either.max(1) as f64
        };
        found.iou_mean[place] = union(&|t| hot[t] > mean);
        let top = &ranked[..region.len().min(ranked.len())];
        found.iou_top[place] = union(&|t| top.contains(&t));
    }
    Some(found)
}

/// The positive part of a map over the value below which 98 % of it lies, at most 1: what the paper
/// shows. Nothing for a map without positive relevance.
pub(super) fn heat(map: ArrayView2<'_, f32>) -> Option<Array2<f32>> {
    let mut values: Vec<f32> = map.iter().copied().filter(|x| *x > 0.0).collect();
    values.sort_by(f32::total_cmp);
    let total: f64 = values.iter().map(|x| f64::from(*x)).sum();
    let mut sum = 0.0;
    let largest = values.iter().find(|x| {
        sum += f64::from(**x);
        sum >= KEPT * total
    });
    let largest = *largest?;
    Some(map.mapv(|x| (x / largest).clamp(0.0, 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames() -> Frames {
        // First vowel frames 2 to 4, second 6 to 8, word of 10, 20 heard.
        Frames::new([[0.02, 0.04], [0.06, 0.08]], 0.1, true, (20, 0.01)).unwrap()
    }

    #[test]
    fn a_map_on_the_stressed_vowel_by_hand() {
        let frames = frames();
        assert_eq!(frames.regions[2], [0, 1, 2, 3, 4]);
        let mut map = Array2::zeros((4, 30));
        map.column_mut(2).fill(1.0);
        map.column_mut(3).fill(1.0);
        map.column_mut(6).fill(-5.0);
        let found = shares(&map, &frames, &[1.0; 20]).unwrap();
        assert_eq!(found.share, [1.0, 0.0, 1.0, 0.0, 0.0]);
        assert!((found.enrichment[0] - 5.0).abs() < 1e-12);
        assert!((found.enrichment[2] - 2.0).abs() < 1e-12);
        assert!((found.over_energy[0] - 5.0).abs() < 1e-12);
        assert_eq!(
            (found.iou[0][0], found.iou_mean[0], found.iou_top[0]),
            (1.0, 1.0, 1.0)
        );
        assert_eq!(found.iou[0][1], 0.0);
        assert!((found.iou[0][2] - 0.4).abs() < 1e-12);
        let last = Frames::new([[0.02, 0.04], [0.06, 0.08]], 0.1, false, (20, 0.01)).unwrap();
        assert_eq!(shares(&map, &last, &[1.0; 20]).unwrap().share[1], 1.0);
        assert_eq!(
            shares(&map.mapv(|x: f32| -x.abs()), &frames, &[1.0; 20]),
            None
        );
    }

    #[test]
    fn even_relevance_is_enriched_nowhere() {
        let found = shares(&Array2::ones((4, 30)), &frames(), &[1.0; 20]).unwrap();
        for place in 0..5 {
            assert!((found.enrichment[place] - 1.0).abs() < 1e-9, "{found:?}");
            assert!((found.over_energy[place] - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn a_vowel_that_is_not_heard_has_no_regions() {
        assert_eq!(
            Frames::new([[0.02, 0.04], [0.6, 0.8]], 1.0, true, (20, 0.01)),
            None
        );
    }

    #[test]
    fn the_largest_two_per_cent_are_one() {
        let map = Array2::from_shape_fn((1, 100), |(_, j)| if j < 99 { 1.0 } else { 1000.0 });
        let heat = heat(map.view()).unwrap();
        assert_eq!(heat[[0, 99]], 1.0);
        assert!(heat[[0, 0]] <= 1.0);
    }
}
