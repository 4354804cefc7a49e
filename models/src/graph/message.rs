//! A model as pieces of its bytes.

use crate::wire::{Fields, Node, Setting, Survey, Value, put_bytes, put_field, put_int};
use crate::{Error, Result};

/// Fields of `ModelProto`.
const GRAPH: u32 = 7;
const OPSET: u32 = 8;
/// Field of `GraphProto`.
pub(super) const NODE: u32 = 1;
/// The oldest operator set that engines read.
const OLDEST_RAISED: i64 = 7;

/// One field of a message.
#[derive(Debug, Clone)]
pub(super) enum Piece<'a> {
    /// As it stands in the file.
    Kept(u32, Value<'a>),
    /// Written anew.
    Made(u32, Vec<u8>),
}

impl Piece<'_> {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Kept(number, value) => put_field(out, *number, *value),
            Self::Made(number, bytes) => put_bytes(out, *number, bytes),
        }
    }

    /// The field, where it holds bytes.
    pub(super) fn bytes(&self) -> Option<(u32, &[u8])> {
        match self {
            Self::Kept(number, Value::Bytes(bytes)) => Some((*number, bytes)),
            Self::Made(number, bytes) => Some((*number, bytes)),
            Self::Kept(..) => None,
        }
    }

    /// Upper bound on the bytes that [`Piece::write`] appends.
    fn room(&self) -> usize {
        const HEAD: usize = 20;
        self.bytes().map_or(0, |(_, bytes)| bytes.len()) + HEAD
    }
}

/// A model taken apart into the fields of the model and of its graph.
///
/// Protobuf merges a graph that is given in several pieces, and so does ONNX Runtime; rten keeps
/// the last piece only. A message writes one graph.
#[derive(Debug)]
pub(super) struct Message<'a> {
    model: Vec<Piece<'a>>,
    /// Fields of `GraphProto`, in file order.
    pub(super) graph: Vec<Piece<'a>>,
}

impl<'a> Message<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self> {
        let mut message = Self {
            model: Vec::new(),
            graph: Vec::new(),
        };
        message.append(bytes)?;
        Ok(message)
    }

    /// Adds what another model message holds, graph to graph.
    pub(super) fn append(&mut self, bytes: &'a [u8]) -> Result<()> {
        for field in Fields::new(bytes) {
            match field? {
                (GRAPH, Value::Bytes(graph)) => {
                    for field in Fields::new(graph) {
                        let (number, value) = field?;
                        self.graph.push(Piece::Kept(number, value));
                    }
                }
                (number, value) => self.model.push(Piece::Kept(number, value)),
            }
        }
        Ok(())
    }

    /// The model around another graph.
    pub(super) fn with_graph<'b>(&'b self, graph: Vec<Piece<'b>>) -> Message<'b> {
        Message {
            model: self.model.clone(),
            graph,
        }
    }

    /// Puts the graph's fields of another model message at a place among those of this one.
    pub(super) fn insert(&mut self, at: usize, bytes: &[u8]) -> Result<()> {
        let more = Message::new(bytes)?;
        let made = more.graph.iter().filter_map(|piece| {
            let (number, bytes) = piece.bytes()?;
            Some(Piece::Made(number, bytes.to_vec()))
        });
        let at = at.min(self.graph.len());
        self.graph.splice(at..at, made);
        Ok(())
    }

    /// Raises the default operator set to `version` (8 or 9), where no operator of the graph means
    /// something else there.
    ///
    /// Source: the operators' changelog of ONNX. `Scan` lost its lengths in 9,
    /// `BatchNormalization` its `spatial` mode, and `Upsample` takes its scales as an input.
    pub(super) fn raise_default_opset(
        &mut self,
        survey: &Survey,
        version: i64,
        action: &'static str,
    ) -> Result<()> {
        let changed = survey.nodes.iter().find(|node| {
            node.is_standard()
                && match node.operator.as_str() {
                    "Scan" | "Upsample" => true,
                    "BatchNormalization" => node.attribute("spatial").is_some(),
                    _ => has_body(node),
                }
        });
        let declared = survey.default_opset().unwrap_or(0);
        if (OLDEST_RAISED..version).contains(&declared) && changed.is_none() {
            self.set_default_opset(version);
            return Ok(());
        }
        let node = changed.map_or(String::new(), |node| {
            format!(", and its `{}` means something else there", node.operator)
        });
        Err(Error::Surgery {
            action,
            name: survey.graph_name.clone(),
            why: format!(
                "the graph has version {declared} of the standard operators, which lacks what is \
                 needed from version {version}{node}"
            ),
            how: Some(format!(
                "convert the file to version {version} or later of the operators"
            )),
        })
    }

    /// Declares this version of the default operator set in place of the one declared.
    pub(super) fn set_default_opset(&mut self, version: i64) {
        let mut set = Vec::new();
        put_bytes(&mut set, 1, b"");
        put_int(&mut set, 2, version);
        let is_default = |piece: &Piece<'_>| {
            piece.bytes().is_some_and(|(number, set)| {
                number == OPSET
                    && !Fields::new(set).any(|field| {
                        matches!(field, Ok((1, Value::Bytes(domain)))
                            if !domain.is_empty() && domain != b"ai.onnx")
                    })
            })
        };
        self.model.retain(|piece| !is_default(piece));
        self.model.push(Piece::Made(OPSET, set));
    }

    /// The model as one message with one graph.
    pub(super) fn write(&self) -> Vec<u8> {
        let room = |pieces: &[Piece<'_>]| pieces.iter().map(Piece::room).sum::<usize>();
        let mut graph = Vec::with_capacity(room(&self.graph));
        self.graph.iter().for_each(|piece| piece.write(&mut graph));
        let mut out = Vec::with_capacity(room(&self.model) + graph.len() + 20);
        self.model.iter().for_each(|piece| piece.write(&mut out));
        put_bytes(&mut out, GRAPH, &graph);
        out
    }
}

fn has_body(node: &Node) -> bool {
    let is_body = |setting: &Setting| matches!(setting, Setting::Graph(_));
    node.attributes.iter().any(|(_, setting)| is_body(setting))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{ElementType, Suffix, survey};

    fn model() -> Vec<u8> {
        let mut graph = Suffix::new();
        graph
            .header(8, 17, "test")
            .graph_name("one")
            .input("x", ElementType::Float32, &["time".into()])
            .init_f32("w", &[1], &[0.5])
            .node("Mul", &["x", "w"], &["y"], &[])
            .output("y");
        graph.finish()
    }

    #[test]
    fn what_is_taken_apart_is_put_together_again() {
        let model = model();
        assert_eq!(Message::new(&model).unwrap().write(), model);
    }

    #[test]
    fn a_new_operator_set_takes_the_place_of_the_old() {
        let model = model();
        let mut message = Message::new(&model).unwrap();
        message.set_default_opset(9);
        let found = survey(&message.write()).unwrap();
        assert_eq!(found.opsets, [(String::new(), 9)]);
    }

    #[test]
    fn pieces_of_a_model_become_one_graph() {
        let other = b"\x79\x01\x02\x03\x04\x05\x06\x07\x08\x7d\x01\x02\x03\x04";
        let mut more = Suffix::new();
        more.output("w");
        let pieces = [&model()[..], other, &more.finish()].concat();
        let one = Message::new(&pieces).unwrap().write();
        let graphs = Fields::new(&one).filter(|f| matches!(f, Ok((GRAPH, _))));
        assert_eq!(graphs.count(), 1);
        assert!(one.len() < pieces.len());
        let places_apart = |bytes: &[u8]| {
            let mut survey = survey(bytes).unwrap();
            survey.initializers.iter_mut().for_each(|t| t.raw = None);
            survey
        };
        assert_eq!(places_apart(&one), places_apart(&pieces));
        assert!(one.windows(9).any(|bytes| bytes == &other[..9]));
    }
}
