//! Weights in files beside the graph.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::message::{Message, NODE, Piece};
use super::rewrite::{Renamed, Rewrite};
use crate::wire::{ElementType, Node, Setting, Survey, Tensor};
use crate::{Error, GraphBytes, Result};

/// Field of `GraphProto`.
const INITIALIZER: u32 = 5;

/// Checks that every file of weights that a graph names lies inside `folder`, and holds what the
/// graph expects to find in it. Nothing is read but the files' sizes.
///
/// # Errors
/// [`Error::External`] that names the file: a path that leaves the folder (absolute, with `..`, or
/// through a link), no such file, no plain file, a file too short, or a stretch of it that does not
/// fit the tensor's shape.
pub fn check_external(survey: &Survey, folder: &Path) -> Result<()> {
    Files::of(survey).paths(Some(folder)).map(drop)
}

/// The files of weights that a graph names, by name, and their paths in `folder`, checked as
/// [`check_external`] does.
pub(crate) fn external_files(survey: &Survey, folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    Files::of(survey).paths(Some(folder))
}

/// The path of a file of weights that must lie in `folder`, links followed.
pub(crate) fn locate(file: &str, folder: &Path) -> Result<PathBuf> {
    inside(file, folder).map_err(|why| Error::External {
        file: file.to_owned(),
        why,
    })
}

/// What a graph expects of a file.
#[derive(Debug, Clone, Default)]
struct Expected {
    /// Bytes that it must have.
    length: u64,
    /// The tensor that reaches that far.
    tensor: String,
    /// A stretch that does not fit its tensor.
    misfit: Option<String>,
}

/// The files of weights that a graph names, in name order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Files {
    expected: BTreeMap<String, Expected>,
}

impl Files {
    pub(crate) fn of(survey: &Survey) -> Self {
        let mut files = Self::default();
        survey.initializers.iter().for_each(|t| files.add(t));
        files.nodes(&survey.nodes);
        files
    }

    fn nodes(&mut self, nodes: &[Node]) {
        for (_, setting) in nodes.iter().flat_map(|node| &node.attributes) {
            match setting {
                Setting::Tensor(tensor) => self.add(tensor),
                Setting::Graph(body) => {
                    body.initializers.iter().for_each(|tensor| self.add(tensor));
                    self.nodes(&body.nodes);
                }
                _ => {}
            }
        }
    }

    fn add(&mut self, tensor: &Tensor) {
        let Some(file) = &tensor.external else {
            return;
        };
        let expected = self.expected.entry(file.clone()).or_default();
        let needed =
            element_bytes(tensor.element).and_then(|bytes| tensor.elements().checked_mul(bytes));
        let (offset, stated) = tensor.external_bytes;
        if let (Some(needed), Some(stated)) = (needed, stated)
            && needed != stated
        {
            expected.misfit = Some(format!(
                "tensor `{}` of shape {:?} needs {needed} bytes, and the graph gives it {stated}",
                tensor.name, tensor.dims
            ));
        }
        let end = offset.saturating_add(stated.or(needed).unwrap_or(0));
        if end >= expected.length {
            expected.length = end;
            expected.tensor.clone_from(&tensor.name);
        }
    }

    /// Each file's name in the graph and its path in `folder`, checked.
    pub(crate) fn paths(&self, folder: Option<&Path>) -> Result<Vec<(String, PathBuf)>> {
        let paths = self.expected.iter().map(|(file, expected)| {
            let why = |why: String| Error::External {
                file: file.clone(),
                why,
            };
            let folder = folder.ok_or_else(|| {
                why("the graph keeps weights in it, and no folder was given".to_owned())
            })?;
            let path = inside(file, folder).map_err(why)?;
            expected.check(&path).map_err(why)?;
            Ok((file.clone(), path))
        });
        paths.collect()
    }
}

impl Expected {
    fn check(&self, path: &Path) -> std::result::Result<(), String> {
        if let Some(misfit) = &self.misfit {
            return Err(misfit.clone());
        }
        let found = fs::metadata(path).map_err(|error| error.to_string())?;
        if !found.is_file() {
            return Err("it is no plain file".to_owned());
        }
        if found.len() < self.length {
            return Err(format!(
                "it has {} bytes, and tensor `{}` ends at byte {}",
                found.len(),
                self.tensor,
                self.length
            ));
        }
        Ok(())
    }
}

/// The path of a file that must lie in `folder`, links followed.
fn inside(file: &str, folder: &Path) -> std::result::Result<PathBuf, String> {
    let leaves = "it lies outside the folder of the graph";
    // Some programs that write models on Windows put `\` between folders.
    let foreign = file.contains('\\') || file.get(1..2) == Some(":");
    let plain = Path::new(file)
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if file.is_empty() || foreign || !plain {
        return Err(format!("{leaves}, or its name is no plain relative path"));
    }
    // The folder of a bare file name is empty.
    let folder = Path::new(".").join(folder);
    let folder = fs::canonicalize(&folder)
        .map_err(|error| format!("folder {}: {error}", folder.display()))?;
    let path = fs::canonicalize(folder.join(file)).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("no such file in {}", folder.display()),
        _ => error.to_string(),
    })?;
    if !path.starts_with(&folder) {
        return Err(format!("{leaves} (it is a link to {})", path.display()));
    }
    Ok(path)
}

/// Bytes of one element, where elements are whole bytes.
fn element_bytes(element: ElementType) -> Option<u64> {
    Some(match element {
        ElementType::Uint8 | ElementType::Int8 | ElementType::Bool => 1,
        ElementType::Float16 => 2,
        ElementType::Float32 | ElementType::Int32 => 4,
        ElementType::Int64 | ElementType::Float64 => 8,
        ElementType::Other(4 | 5 | 16) => 2,
        ElementType::Other(12) => 4,
        ElementType::Other(13 | 14) => 8,
        ElementType::Other(15) => 16,
        ElementType::Other(_) => return None,
    })
}

/// The graph with other names for its files of weights.
pub(crate) fn with_files(graph: &GraphBytes, names: &Renamed) -> Result<GraphBytes> {
    let rewrite = Rewrite {
        files: Some(names),
        ..Rewrite::default()
    };
    let mut message = Message::new(graph.bytes())?;
    for piece in &mut message.graph {
        let rewritten = match piece.bytes() {
            Some((NODE, node)) => Piece::Made(NODE, rewrite.node(node)?),
            // What lies inside the graph, and may be large, stays where it is.
            Some((INITIALIZER, tensor)) if is_external(tensor) => {
                Piece::Made(INITIALIZER, rewrite.tensor(tensor)?)
            }
            _ => continue,
        };
        *piece = rewritten;
    }
    Ok(GraphBytes::new(message.write()))
}

fn is_external(tensor: &[u8]) -> bool {
    const EXTERNAL_DATA: u32 = 13;
    crate::wire::Fields::new(tensor).any(|field| matches!(field, Ok((EXTERNAL_DATA, _))))
}
