//! Whether the maps can be believed, on some of the words.

use ndarray::Array2;
use phonoscope_analysis::task::Task;
use phonoscope_analysis::{Estimate, rng};
use phonoscope_models::relevance::Method;
use rand::seq::SliceRandom as _;

use super::measuring::{Heard, Measuring};
use super::{Item, StressInput, StressSettings, target};
use crate::error::Result;
use crate::relevance::{
    Filling, FlippingSettings, Likeness, Order, RandomisationSettings, Way, agreement, flipping,
    randomisation,
};
use crate::report::{Column, Role, Table};
use crate::stress::intervals::{Crossed, mean};

/// Bins and frames of a part that is taken away, and steps of doing so.
const PATCH: [usize; 2] = [8, 3];
const STEPS: usize = 20;

/// The four kinds of likeness.
const KINDS: [(&str, &str); 4] = [
    ("spearman", "Spearman's correlation of the maps"),
    ("spearman_absolute", "the same of absolute values"),
    (
        "ssim",
        "structural similarity of the maps, each over its largest absolute value, zero on mid grey",
    ),
    ("ssim_absolute", "the same of absolute values"),
];

fn kinds(likeness: &Likeness) -> [Option<f64>; 4] {
    [
        likeness.spearman,
        likeness.spearman_absolute,
        likeness.ssim,
        likeness.ssim_absolute,
    ]
}

/// Some of the words, and their maps.
struct Sample<'a> {
    heard: &'a [Heard],
    /// Number of the word, its input and its frames of audio.
    items: Vec<(usize, Item, usize)>,
    /// By composite.
    maps: Vec<Vec<Array2<f32>>>,
    crossed: Crossed,
    settings: &'a StressSettings,
}

/// Tables of randomisation, flipping and agreement.
pub(super) fn tables(
    input: &StressInput<'_>,
    measuring: &mut Measuring<'_>,
    heard: &[Heard],
    settings: &StressSettings,
    task: &Task,
) -> Result<Vec<Table>> {
    let mut order: Vec<usize> = (0..heard.len())
        .filter(|number| !heard[*number].maps.is_empty())
        .collect();
    order.shuffle(&mut rng::stream(settings.seed, "stress sanity words", 0));
    order.truncate(settings.sanity_words);
    order.sort_unstable();
    let mut items: Vec<(usize, Item, usize)> = Vec::with_capacity(order.len());
    for number in order {
        if let Ok((item, frames)) = measuring.item(&heard[number].word) {
            items.push((number, item, frames));
        }
    }
    let names = items.iter().map(|(number, ..)| {
        let word = &heard[*number].word;
        (word.word.as_str(), word.speaker.as_str())
    });
    let crossed = Crossed::new(names);
    let mut maps: Vec<Vec<Array2<f32>>> = Vec::new();
    for mapper in measuring.mappers() {
        let mut own = Vec::with_capacity(items.len());
        for (number, item, _) in &items {
            task.check()?;
            own.push(
                mapper
                    .map(item.view(), heard[*number].logits, &task.cancel)?
                    .0,
            );
        }
        maps.push(own);
    }
    let sample = Sample {
        heard,
        items,
        maps,
        crossed,
        settings,
    };
    Ok(vec![
        sample.randomised(input, measuring.sizes(), task)?,
        sample.flipped(measuring, task)?,
        sample.agreeing(),
    ])
}

impl Sample<'_> {
    fn estimate(&self, values: &[f64]) -> Option<Estimate> {
        let (draws, seed) = (self.settings.bootstrap, self.settings.seed);
        self.crossed
            .estimate(draws, seed, |counts| mean(values.iter().copied(), counts))
    }

    /// Columns of the four kinds of likeness; a row has for each kind one value a word.
    fn likeness_columns(&self, rows: &[[Vec<f64>; 4]]) -> Vec<Column> {
        let kinds = KINDS.iter().enumerate();
        kinds
            .map(|(kind, (id, meaning))| {
                let values = rows.iter().map(|row| self.estimate(&row[kind]));
                Column::estimate(id, meaning, None, values.collect())
            })
            .collect()
    }

    fn randomised(&self, input: &StressInput<'_>, sizes: [usize; 2], task: &Task) -> Result<Table> {
        let items: Vec<Item> = self.items.iter().map(|(_, item, _)| item.clone()).collect();
        let seeds: Vec<u64> = (1..=self.settings.sanity_seeds as u64).collect();
        let mut texts: [Vec<Option<String>>; 3] = Default::default();
        let mut reached = Vec::new();
        let mut rows: Vec<[Vec<f64>; 4]> = Vec::new();
        for (composite, maps) in self.settings.composites.iter().zip(&self.maps) {
            let logits = self
                .items
                .iter()
                .map(|(number, ..)| self.heard[*number].logits);
            let originals: Vec<_> = maps.iter().cloned().zip(logits).collect();
            let method = Method::Relevance(composite.parse()?);
            let found = randomisation(
                input.engine,
                (&input.model.graph, input.model.weights_dir.as_deref()),
                &items,
                &originals,
                &RandomisationSettings {
                    seeds: seeds.clone(),
                    sizes,
                    method: (method, target(self.settings)),
                },
                task,
            )?;
            for one in found.iter().filter(|one| one.seed == 1) {
                let same = found
                    .iter()
                    .filter(|other| other.way == one.way && other.layer == one.layer);
                let same: Vec<_> = same.collect();
                let way = match one.way {
                    Way::Cascade => "from the scores down",
                    Way::Independent => "alone",
                };
                let words = [composite.as_str(), way, one.layer.as_str()];
                for (texts, words) in texts.iter_mut().zip(words) {
                    texts.push(Some(words.to_owned()));
                }
                reached.push(one.layers as f64);
                rows.push([0, 1, 2, 3].map(|kind| {
                    // The mean over seeds, word by word.
                    (0..items.len())
                        .map(|item| {
                            let all = same.iter().filter_map(|s| kinds(&s.items[item])[kind]);
                            let all: Vec<f64> = all.collect();
                            all.iter().sum::<f64>() / all.len() as f64
                        })
                        .collect()
                }));
            }
        }
        let [composites, ways, layers] = texts;
        let mut columns = vec![
            Column::text(
                "composite",
                Role::Key,
                "which layer has which rule",
                composites,
            ),
            Column::text(
                "way",
                Role::Key,
                "whether all layers above are randomised too",
                ways,
            ),
            Column::text("layer", Role::Key, "the layer", layers),
            Column::number("layers", Role::Metadata, "layers randomised", None, reached),
        ];
        columns.extend(self.likeness_columns(&rows));
        Ok(Table::new(
            "stress_sanity",
            "Maps when weights are randomised",
            &format!(
                "One row a composite and layer: likeness of maps before and after, over {} words and \
                 {} seeds. A likeness that stays high says that the map shows the input, not what was \
                 learned.",
                self.items.len(),
                seeds.len()
            ),
            columns,
        ))
    }

    fn flipped(&self, measuring: &mut Measuring<'_>, task: &Task) -> Result<Table> {
        let settings = FlippingSettings {
            patch: PATCH,
            steps: STEPS,
            seed: self.settings.seed,
        };
        let mut texts: [Vec<Option<String>>; 3] = Default::default();
        let (mut kept, mut starts) = (Vec::new(), Vec::new());
        task.progress
            .start("flipping", "composites", Some(self.maps.len() as u64));
        for (composite, maps) in self.settings.composites.iter().zip(&self.maps) {
            let mut by_item = Vec::with_capacity(self.items.len());
            for ((number, item, frames), map) in self.items.iter().zip(maps) {
                let Some(scorer) = measuring.scorer() else {
                    continue;
                };
                let logits = self.heard[*number].logits;
                let place = (item, *frames, *number as u64);
                by_item.push(flipping(
                    scorer,
                    place,
                    (map.view(), logits),
                    settings,
                    task,
                )?);
            }
            for order in Order::ALL {
                for filling in Filling::ALL {
                    let pick = |all: &Vec<crate::relevance::Flipped>| {
                        all.iter()
                            .find(|f| f.order == order && f.filling == filling)
                            .cloned()
                    };
                    let own: Vec<_> = by_item.iter().filter_map(pick).collect();
                    let mean_score: Vec<f64> = own.iter().map(|f| f.mean()).collect();
                    let first: Vec<f64> = own
                        .iter()
                        .map(|f| f.scores.first().copied().unwrap_or(f64::NAN))
                        .collect();
                    let words = [composite.as_str(), order.words(), filling.words()];
                    for (texts, words) in texts.iter_mut().zip(words) {
                        texts.push(Some(words.to_owned()));
                    }
                    let (draws, seed) = (self.settings.bootstrap, self.settings.seed);
                    kept.push(self.crossed.estimate(draws, seed, |counts| {
                        mean(mean_score.iter().copied(), counts)
                            / mean(first.iter().copied(), counts)
                    }));
                    starts.push(self.estimate(&first));
                }
            }
            task.progress.advance(1);
        }
        task.progress.finish();
        let [composites, orders, fillings] = texts;
        Ok(Table::new(
            "stress_flipping",
            "Score when parts are taken away",
            &format!(
                "Parts of {} bins and {} frames of what is heard go in {STEPS} steps, over {} words. The \
                 faster the score falls with the most relevant first, the better the map; random order \
                 is the floor.",
                PATCH[0],
                PATCH[1],
                self.items.len()
            ),
            vec![
                Column::text(
                    "composite",
                    Role::Key,
                    "which layer has which rule",
                    composites,
                ),
                Column::text("order", Role::Key, "which parts go first", orders),
                Column::text("filling", Role::Key, "what stands in their place", fillings),
                Column::estimate(
                    "kept",
                    "mean score on the way over the score at the start; the score is the logit of the \
                     predicted class less that of the other",
                    None,
                    kept,
                ),
                Column::estimate("start", "score at the start", None, starts),
            ],
        ))
    }

    fn agreeing(&self) -> Table {
        let found = agreement(&self.maps);
        let name = |place: usize| self.settings.composites.get(place).cloned();
        let rows: Vec<[Vec<f64>; 4]> = found
            .iter()
            .map(|pair| {
                [0, 1, 2, 3].map(|kind| {
                    let values = pair
                        .items
                        .iter()
                        .map(|l| kinds(l)[kind].unwrap_or(f64::NAN));
                    values.collect()
                })
            })
            .collect();
        let texts = |side: usize| found.iter().map(|pair| name(pair.methods[side])).collect();
        let mut columns = vec![
            Column::text("composite", Role::Key, "one composite", texts(0)),
            Column::text("other", Role::Key, "another", texts(1)),
        ];
        columns.extend(self.likeness_columns(&rows));
        Table::new(
            "stress_agreement",
            "Agreement of composites",
            &format!(
                "Likeness of the maps of two composites, over {} words.",
                self.items.len()
            ),
            columns,
        )
    }
}
