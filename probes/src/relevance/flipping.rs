//! What becomes of the score when parts of the input are taken away in the order of a map.

use ndarray::{Array2, ArrayView2, s};
use phonoscope_analysis::rng::stream;
use phonoscope_analysis::task::Task;
use rand::seq::SliceRandom as _;

use super::maps::Scorer;
use crate::error::Result;

/// In which order parts go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The most relevant first.
    Most,
    /// The least relevant first.
    Least,
    /// At random: the floor.
    Random,
}

impl Order {
    /// All, in the order of tables.
    pub const ALL: [Self; 3] = [Self::Most, Self::Least, Self::Random];

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Most => "most relevant first",
            Self::Least => "least relevant first",
            Self::Random => "random",
        }
    }
}

/// What stands where something was taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filling {
    /// The mean of the item.
    Mean,
    /// Its least value: silence.
    Least,
    /// The mean of the bin over the frames that are heard.
    BinMean,
}

impl Filling {
    /// All, in the order of tables.
    pub const ALL: [Self; 3] = [Self::Mean, Self::Least, Self::BinMean];

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Mean => "mean of the item",
            Self::Least => "least value of the item",
            Self::BinMean => "mean of the bin",
        }
    }
}

/// How parts are taken away.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FlippingSettings {
    /// Bins and frames of a part.
    pub patch: [usize; 2],
    /// Steps from the whole input to none of it.
    pub steps: usize,
    /// Seed of the random order.
    pub seed: u64,
}

/// The fall of the score of one item.
#[derive(Debug, Clone, PartialEq)]
pub struct Flipped {
    /// The order.
    pub order: Order,
    /// The filling.
    pub filling: Filling,
    /// Logit of the predicted class less that of the other, after 0, 1, … steps.
    pub scores: Vec<f64>,
}

impl Flipped {
    /// Mean score on the way.
    pub fn mean(&self) -> f64 {
        self.scores.iter().sum::<f64>() / self.scores.len().max(1) as f64
    }
}

/// Takes the first `heard` frames of an item away, part by part, in every order and with every
/// filling.
///
/// # Errors
/// Those of running, and cancellation.
pub(crate) fn flipping(
    scorer: &mut Scorer,
    (item, heard, number): (&Array2<f32>, usize, u64),
    (map, logits): (ArrayView2<'_, f32>, [f32; 2]),
    settings: FlippingSettings,
    task: &Task,
) -> Result<Vec<Flipped>> {
    let parts = parts(item.dim(), heard, settings.patch);
    let weight = |part: &[usize; 4]| -> f64 {
        let [a, b, c, d] = *part;
        map.slice(s![a..b, c..d])
            .iter()
            .map(|x| f64::from(*x))
            .sum()
    };
    let mut ranked: Vec<([usize; 4], f64)> = parts.iter().map(|p| (*p, weight(p))).collect();
    // Equal parts keep their order, so that the result is the same everywhere.
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut found = Vec::new();
    let sign = if logits[1] > logits[0] { 1.0 } else { -1.0 };
    for order in Order::ALL {
        let mut way: Vec<[usize; 4]> = ranked.iter().map(|(part, _)| *part).collect();
        match order {
            Order::Most => {}
            Order::Least => way.reverse(),
            Order::Random => way.shuffle(&mut stream(settings.seed, "flipping", number)),
        }
        for filling in Filling::ALL {
            task.check()?;
            let stages = stages(item, heard, &way, filling, settings.steps);
            let scores = scorer.logits(&stages, &task.cancel)?;
            let scores = scores.iter().map(|l| sign * f64::from(l[1] - l[0]));
            found.push(Flipped {
                order,
                filling,
                scores: scores.collect(),
            });
        }
    }
    Ok(found)
}

/// First and end bin, first and end frame of all parts.
fn parts((bins, _): (usize, usize), heard: usize, patch: [usize; 2]) -> Vec<[usize; 4]> {
    let mut parts = Vec::new();
    for bin in (0..bins).step_by(patch[0].max(1)) {
        for frame in (0..heard).step_by(patch[1].max(1)) {
            let end = [(bin + patch[0]).min(bins), (frame + patch[1]).min(heard)];
            parts.push([bin, end[0], frame, end[1]]);
        }
    }
    parts
}

/// The item after 0, 1, … steps of taking parts away.
fn stages(
    item: &Array2<f32>,
    heard: usize,
    way: &[[usize; 4]],
    filling: Filling,
    steps: usize,
) -> Vec<Array2<f32>> {
    let least = item.iter().copied().fold(f32::INFINITY, f32::min);
    let mean = item.iter().sum::<f32>() / item.len().max(1) as f32;
    let bin_means: Vec<f32> = item
        .outer_iter()
        .map(|row| row.iter().take(heard).sum::<f32>() / heard.max(1) as f32)
        .collect();
    let mut current = item.clone();
    let mut stages = vec![current.clone()];
    let mut gone = 0;
    for step in 1..=steps {
        let until = way.len() * step / steps.max(1);
        for [a, b, c, d] in &way[gone..until] {
            for (bin, bin_mean) in bin_means.iter().enumerate().take(*b).skip(*a) {
                let value = match filling {
                    Filling::Mean => mean,
                    Filling::Least => least,
                    Filling::BinMean => *bin_mean,
                };
                current.slice_mut(s![bin, *c..*d]).fill(value);
            }
        }
        gone = until;
        stages.push(current.clone());
    }
    stages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_what_is_heard_once() {
        let parts = parts((10, 9), 7, [4, 3]);
        let mut seen = Array2::<usize>::zeros((10, 9));
        for [a, b, c, d] in &parts {
            seen.slice_mut(s![*a..*b, *c..*d]).mapv_inplace(|n| n + 1);
        }
        assert!(seen.slice(s![.., ..7]).iter().all(|n| *n == 1));
        assert!(seen.slice(s![.., 7..]).iter().all(|n| *n == 0));
    }

    #[test]
    fn the_last_stage_holds_only_the_filling() {
        let item = Array2::from_shape_fn((10, 9), |(i, j)| (i * 9 + j) as f32);
        let way = parts(item.dim(), 7, [4, 3]);
        let stages = stages(&item, 7, &way, Filling::Least, 4);
        assert_eq!(stages.len(), 5);
        assert_eq!(stages[0], item);
        assert!(stages[4].slice(s![.., ..7]).iter().all(|x| *x == 0.0));
        assert_eq!(stages[4].slice(s![.., 7..]), item.slice(s![.., 7..]));
    }
}
