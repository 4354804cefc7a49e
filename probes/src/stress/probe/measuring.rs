//! One word after the other through all networks and composites.

use std::path::PathBuf;

use phonoscope_analysis::frontend::FrontEnd;
use phonoscope_analysis::task::{Cancel, Task};
use phonoscope_models::GraphBytes;
use phonoscope_models::relevance::Method;

use super::bands::{self, Bands};
use super::figures::{MapFigures, bands_of, energies, sensitivity_of, sizes_of};
use super::regions::{self, Frames};
use super::{Hearing, Item, StressInput, StressSettings, split, target};
use crate::error::{Error, Result};
use crate::relevance::{Mapper, Scorer};
use crate::report::Skipped;
use crate::stress::contrasts::{Contrasts, difference};
use crate::stress::tracks::{Tracks, from_start};
use crate::stress::train::{Part, TrainSettings};
use crate::stress::{Stress, Word, Words};

/// What was measured of a word.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) word: Word,
    /// Logits of final and initial stress, by the trained network.
    pub(super) logits: [f32; 2],
    /// First less second vowel; nothing for words without vowels.
    pub(super) contrasts: Option<Contrasts>,
    /// Why there are no regions or bands of this word.
    pub(super) missing: Vec<String>,
    /// By network and composite; empty for a word that was trained on.
    pub(super) maps: Vec<Vec<MapFigures>>,
    /// Share of the word's frames, and of its energy, in each region.
    pub(super) sizes: Option<[[f64; 5]; 2]>,
    /// Fall of the score when a band of the stressed vowel is occluded, and when shifted bands are.
    pub(super) occlusion: [Option<[f64; 2]>; 4],
}

impl Heard {
    pub(super) fn right(&self) -> bool {
        (self.logits[1] > self.logits[0]) == (self.word.stress == Stress::Initial)
    }
}

/// A network that is measured.
#[derive(Debug)]
pub(super) struct Network {
    pub(super) name: &'static str,
    /// One for each composite.
    mappers: Vec<Mapper>,
}

/// All networks, ready to be run on words.
pub(super) struct Measuring<'a> {
    input: &'a StressInput<'a>,
    sizes: [usize; 2],
    hop_secs: f64,
    bin_hz: f64,
    hearing: Hearing,
    scorers: Vec<Scorer>,
    networks: Vec<Network>,
    /// What words were used for in training, where a test fold is named.
    rule: Option<TrainSettings>,
}

impl<'a> Measuring<'a> {
    pub(super) fn open(
        input: &'a StressInput<'a>,
        settings: &StressSettings,
        graphs: &[(&'static str, GraphBytes, Option<PathBuf>)],
    ) -> Result<Self> {
        let FrontEnd::LogSpectrum(front_end) = &input.model.front_end else {
            return Err(Error::Request {
                problem: format!(
                    "`{}` is fed {}, and not a spectrogram of fixed length",
                    input.model.name,
                    input.model.front_end.name()
                ),
                hint: "the probe needs a front end of kind log_spectrum in the model's card".into(),
            });
        };
        let sizes = [front_end.bins(), front_end.frames];
        let mut networks = Vec::new();
        let mut scorers = Vec::new();
        for (name, graph, folder) in graphs {
            let mut mappers = Vec::new();
            for composite in &settings.composites {
                let method = Method::Relevance(composite.parse()?);
                let how = (method, target(settings));
                mappers.push(Mapper::open(
                    input.engine,
                    graph,
                    folder.as_deref(),
                    sizes,
                    how,
                )?);
            }
            let scorer_names = mappers.first().map(Mapper::names).unwrap_or_default();
            scorers.push(Scorer::open(
                input.engine,
                graph,
                folder.as_deref(),
                sizes,
                scorer_names,
            )?);
            networks.push(Network { name, mappers });
        }
        Ok(Self {
            input,
            sizes,
            hop_secs: front_end.hop_length as f64 / 16_000.0,
            bin_hz: front_end.bin_hz(),
            hearing: Hearing::of(front_end),
            scorers,
            networks,
            rule: settings.test_fold.map(|_| split(settings)),
        })
    }

    pub(super) fn networks(&self) -> Vec<&'static str> {
        self.networks.iter().map(|n| n.name).collect()
    }

    pub(super) fn sizes(&self) -> [usize; 2] {
        self.sizes
    }

    /// The scorer of the trained network.
    pub(super) fn scorer(&mut self) -> Option<&mut Scorer> {
        self.scorers.first_mut()
    }

    /// The mappers of the trained network.
    pub(super) fn mappers(&mut self) -> &mut [Mapper] {
        self.networks
            .first_mut()
            .map(|n| n.mappers.as_mut_slice())
            .unwrap_or_default()
    }

    /// The input of a word, and how many frames of it are audio.
    pub(super) fn item(&self, word: &Word) -> std::result::Result<(Item, usize), String> {
        let samples = word.heard(self.hearing)?;
        let features = self.input.model.front_end.compute(&samples);
        let data = features.map_err(|error| error.to_string())?.data;
        let heard =
            (1 + (samples.len() as f64 / 16_000.0 / self.hop_secs) as usize).min(self.sizes[1]);
        let sizes = (self.sizes[0], self.sizes[1]);
        let values: Vec<f32> = data.iter().copied().collect();
        let item = Item::from_shape_vec(sizes, values).map_err(|error| error.to_string())?;
        Ok((item, heard))
    }

    /// Measures all words; those that cannot be are listed.
    pub(super) fn all(&mut self, words: &Words, task: &Task) -> Result<(Vec<Heard>, Vec<Skipped>)> {
        let mut skipped = words.skipped.clone();
        let mut all = Vec::with_capacity(words.words.len());
        task.progress
            .start("words", "words", Some(words.words.len() as u64));
        for word in &words.words {
            task.check()?;
            task.progress.advance(1);
            match self.item(word) {
                Ok((item, heard)) => all.push(self.one(word, &item, heard, &task.cancel)?),
                Err(reason) => skipped.push(Skipped {
                    id: word.id.clone(),
                    reason,
                }),
            }
        }
        task.progress.finish();
        Ok((all, skipped))
    }

    /// Whether maps of a word are made: of all, or of those whose spelling was not trained on.
    fn is_explained(&self, word: &Word) -> bool {
        let part = self.rule.as_ref().map(|rule| rule.part(word));
        !matches!(part, Some(Part::Train | Part::UnseenSpeaker))
    }

    fn one(&mut self, word: &Word, item: &Item, heard: usize, cancel: &Cancel) -> Result<Heard> {
        let mut missing = Vec::new();
        let tracks = match Tracks::of(word) {
            Ok(tracks) => Some(tracks),
            Err(reason) => {
                missing.push(reason);
                None
            }
        };
        let vowels = word.vowels.map(|vowels| from_start(word, vowels));
        let first = word.stress == Stress::Initial;
        let frames = vowels.and_then(|vowels| {
            let end_secs = word.length_secs(self.hearing.most_secs);
            Frames::new(vowels, end_secs, first, (heard, self.hop_secs))
        });
        match (&vowels, &frames) {
            (None, _) => missing.push("no times of vowels".into()),
            (_, None) => missing.push("a vowel lies outside what is heard".into()),
            _ => {}
        }
        let geometry = (self.hop_secs, self.bin_hz, self.sizes[0]);
        let banded = frames
            .as_ref()
            .zip(tracks.as_ref())
            .map(|(frames, tracks)| {
                [0, 1].map(|vowel| Bands::new(tracks, &frames.regions[vowel], geometry))
            });
        if let Some([stressed, _]) = &banded {
            for (band, name) in ["stressed vowel unvoiced", "no F1", "no F2", "no F3"]
                .iter()
                .enumerate()
            {
                if stressed.tracked(band) == 0 {
                    missing.push((*name).to_owned());
                }
            }
        }
        let (input, energy) = energies(item, heard);
        let mut maps = Vec::with_capacity(self.networks.len());
        let mut trained = [0.0; 2];
        let explained = self.is_explained(word);
        let networks = if explained { self.networks.len() } else { 1 };
        for (place, network) in self.networks.iter_mut().enumerate().take(networks) {
            let logits = match self.scorers.get_mut(place) {
                Some(scorer) => scorer.logits(std::slice::from_ref(item), cancel)?,
                None => vec![],
            };
            let logits = logits.first().copied().unwrap_or_default();
            if place == 0 {
                trained = logits;
            }
            if !explained {
                continue;
            }
            let mut figures = Vec::with_capacity(network.mappers.len());
            for (number, mapper) in network.mappers.iter_mut().enumerate() {
                let (map, balance) = mapper.map(item.view(), logits, cancel)?;
                let negative = map.mapv(|x| -x);
                let signs = [&map, &negative];
                let shares = signs.map(|map| {
                    frames
                        .as_ref()
                        .and_then(|frames| regions::shares(map, frames, &energy))
                });
                let bands = signs.map(|map| bands_of(map, banded.as_ref(), (&input, self.bin_hz)));
                let wanted = place == 0 && number == 0;
                let sensitivity = banded.as_ref().filter(|_| wanted);
                figures.push(MapFigures {
                    shares,
                    bands,
                    sensitivity: sensitivity
                        .map(|[stressed, _]| sensitivity_of(&map, stressed, self.bin_hz)),
                    balance,
                });
            }
            maps.push(figures);
        }
        let occlusion = match &banded {
            Some([stressed, _]) if explained => self.occluded(item, stressed, trained, cancel)?,
            _ => [None; 4],
        };
        Ok(Heard {
            word: word.clone(),
            logits: trained,
            contrasts: vowels
                .zip(tracks.as_ref())
                .map(|(vowels, tracks)| difference(tracks.values(vowels))),
            missing,
            sizes: frames.as_ref().map(|frames| sizes_of(frames, &energy)),
            maps,
            occlusion,
        })
    }

    fn occluded(
        &mut self,
        item: &Item,
        stressed: &Bands,
        logits: [f32; 2],
        cancel: &Cancel,
    ) -> Result<[Option<[f64; 2]>; 4]> {
        let sign = if logits[1] > logits[0] { 1.0 } else { -1.0 };
        let score = |logits: &[f32; 2]| sign * f64::from(logits[1] - logits[0]);
        let shifts = bands::SHIFTS_HZ.map(|hz| (hz / self.bin_hz).round());
        let mut found = [None; 4];
        for (band, found) in found.iter_mut().enumerate() {
            let own = stressed.cells(band, bands::WIDTH, 0.0);
            let moved = shifts.map(|shift| stressed.cells(band, bands::WIDTH, shift));
            let others: Vec<_> = moved.iter().filter(|cells| !cells.is_empty()).collect();
            if own.is_empty() || others.is_empty() {
                continue;
            }
            let mut items = vec![stressed.occluded(item, &own)];
            items.extend(others.iter().map(|cells| stressed.occluded(item, cells)));
            let Some(scorer) = self.scorers.first_mut() else {
                continue;
            };
            let scores = scorer.logits(&items, cancel)?;
            let falls: Vec<f64> = scores.iter().map(|l| score(&logits) - score(l)).collect();
            let rest = falls.get(1..).unwrap_or_default();
            let mean = rest.iter().sum::<f64>() / rest.len().max(1) as f64;
            *found = falls.first().map(|own| [*own, mean]);
        }
        Ok(found)
    }
}
