//! Where training stands, on disk.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use serde::{Deserialize, Serialize};

use super::settings::TrainSettings;
use crate::error::{Error, Result};
use crate::learn::conv::{AdamW, Network};
use crate::store::{sha256_hex, write_atomic};

const SCHEMA: &str = "phonoscope.training/1";
const WHAT: &str = "checkpoint of a training";

/// One pass over the training words.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Mean loss of its steps.
    pub loss: f64,
    /// Share of its changed words that were told right, half of them of each class.
    pub accuracy: f64,
    /// Mean of both classes' cross-entropy on the validation words, by the averaged network.
    pub validation_loss: Option<f64>,
    /// Balanced accuracy on them.
    pub validation_accuracy: Option<f64>,
}

/// Everything that the next step depends on, besides the data.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    /// The networks that are trained side by side.
    pub(super) members: Vec<Member>,
    pub(super) progress: Progress,
}

/// One network.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member {
    pub(super) network: Network,
    /// Running average of the network's numbers.
    pub(super) average: Network,
    /// The average at the pass with the least validation loss so far.
    pub(super) best: Network,
    pub(super) adam: AdamW,
}

impl Member {
    fn new(settings: &TrainSettings, place: usize) -> Result<Self> {
        let seed = settings.member_seed(place);
        let network = Network::new(settings.architecture.clone(), seed)?;
        Ok(Self {
            adam: AdamW::new(&network.parameters),
            average: network.clone(),
            best: network.clone(),
            network,
        })
    }

    pub(super) fn keep_as_best(&mut self) {
        self.best = self.average.clone();
    }

    /// Its networks by name.
    fn kinds(&mut self) -> [(&'static str, &mut Network); 3] {
        [
            ("network", &mut self.network),
            ("average", &mut self.average),
            ("best", &mut self.best),
        ]
    }
}

/// How far training has come.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Progress {
    /// Steps taken in all.
    pub(super) steps: u64,
    /// Passes that are over.
    pub(super) history: Vec<Epoch>,
    /// Sum of the losses and of the shares told right, of the pass that runs.
    pub(super) sums: [f64; 2],
    /// Pass after which the best average was reached, from 1; 0 before.
    pub(super) best_epoch: usize,
    /// Time spent on steps so far.
    pub(super) spent_secs: f64,
}

#[derive(Serialize, Deserialize)]
struct Description {
    schema: String,
    fingerprint: String,
    progress: Progress,
}

/// What a checkpoint must have been made from: settings and data.
pub(super) fn fingerprint(settings: &TrainSettings, data_sha256: &str) -> String {
    let words = serde_json::to_string(settings).unwrap_or_default();
    sha256_hex(format!("{SCHEMA} {data_sha256} {words}").as_bytes())
}

impl State {
    pub(super) fn new(settings: &TrainSettings) -> Result<Self> {
        let members = (0..settings.networks).map(|place| Member::new(settings, place));
        Ok(Self {
            members: members.collect::<Result<_>>()?,
            progress: Progress::default(),
        })
    }

    /// All arrays, by name.
    fn arrays(&self) -> BTreeMap<String, (&[usize], &[f32])> {
        let mut arrays = BTreeMap::new();
        for (place, member) in self.members.iter().enumerate() {
            for (kind, network) in [
                ("network", &member.network),
                ("average", &member.average),
                ("best", &member.best),
            ] {
                for array in network.parameters.iter().chain(&network.statistics) {
                    let name = format!("{place}.{kind}.{}", array.name);
                    arrays.insert(name, (array.shape.as_slice(), array.values.as_slice()));
                }
            }
            for (kind, moments) in [
                ("first", &member.adam.first),
                ("second", &member.adam.second),
            ] {
                for (array, values) in member.network.parameters.iter().zip(moments) {
                    let name = format!("{place}.{kind}.{}", array.name);
                    arrays.insert(name, (array.shape.as_slice(), values.as_slice()));
                }
            }
        }
        arrays
    }

    /// Writes it whole or not at all.
    pub(super) fn write(&self, path: &Path, fingerprint: &str) -> Result<()> {
        let failed = |why: String| Error::Format {
            path: path.into(),
            what: WHAT,
            why,
        };
        let arrays = self.arrays();
        let bytes: BTreeMap<&String, Vec<u8>> = arrays
            .iter()
            .map(|(name, (_, values))| {
                (name, values.iter().flat_map(|x| x.to_le_bytes()).collect())
            })
            .collect();
        let mut views = Vec::with_capacity(arrays.len());
        for (name, (shape, _)) in &arrays {
            let data = bytes.get(name).map(Vec::as_slice).unwrap_or_default();
            let view = TensorView::new(Dtype::F32, shape.to_vec(), data);
            views.push((name.clone(), view.map_err(|e| failed(e.to_string()))?));
        }
        let description = Description {
            schema: SCHEMA.into(),
            fingerprint: fingerprint.into(),
            progress: self.progress.clone(),
        };
        let words = serde_json::to_string(&description).map_err(|e| failed(e.to_string()))?;
        let metadata = HashMap::from([("training".to_owned(), words)]);
        let whole = serialize(views, Some(metadata)).map_err(|e| failed(e.to_string()))?;
        write_atomic(path, &whole)
    }

    /// Reads a checkpoint of these settings and data; nothing where there is none.
    pub(super) fn read(
        path: &Path,
        fingerprint: &str,
        settings: &TrainSettings,
    ) -> Result<Option<Self>> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("read", path)(error)),
        };
        let damaged = |why: String| Error::Format {
            path: path.into(),
            what: WHAT,
            why,
        };
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|e| damaged(e.to_string()))?;
        let words = header.metadata().as_ref().and_then(|m| m.get("training"));
        let words = words.ok_or_else(|| damaged("it does not say what it is".into()))?;
        let description: Description =
            serde_json::from_str(words).map_err(|e| damaged(e.to_string()))?;
        if description.schema != SCHEMA || description.fingerprint != fingerprint {
            return Err(Error::Request {
                problem: format!(
                    "`{}` is a checkpoint of a training with other data or settings",
                    path.display()
                ),
                hint: "give another --out, or --restart to begin anew".into(),
            });
        }
        let tensors = SafeTensors::deserialize(&bytes).map_err(|e| damaged(e.to_string()))?;
        let floats = |name: &str, wanted: usize| {
            let tensor = tensors.tensor(name).map_err(|e| damaged(e.to_string()))?;
            let values: Vec<f32> = tensor
                .data()
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect();
            if tensor.dtype() == Dtype::F32 && values.len() == wanted {
                Ok(values)
            } else {
                Err(damaged(format!("`{name}` has another size")))
            }
        };
        let mut state = Self::new(settings)?;
        for (place, member) in state.members.iter_mut().enumerate() {
            for (kind, network) in member.kinds() {
                for array in network.parameters.iter_mut().chain(&mut network.statistics) {
                    let name = format!("{place}.{kind}.{}", array.name);
                    array.values = floats(&name, array.values.len())?;
                }
            }
            for (kind, moments) in [
                ("first", &mut member.adam.first),
                ("second", &mut member.adam.second),
            ] {
                for (array, values) in member.network.parameters.iter().zip(moments) {
                    *values = floats(&format!("{place}.{kind}.{}", array.name), values.len())?;
                }
            }
            member.adam.steps = description.progress.steps;
        }
        state.progress = description.progress;
        Ok(Some(state))
    }
}
