//! Finding the tensors in a checkpoint's nested dictionaries.

use super::wrong;
use crate::Result;
use crate::weights::pickle::{Global, Id, Node, Pickle, StorageKind};

const DEPTH_LIMIT: usize = 32;
const RANK_LIMIT: usize = 64;
/// Longest dotted name of a tensor, in bytes.
const NAME_LIMIT: usize = 1024;
/// Bytes of names and descriptions for each value of the pickle, and beyond. An honest file has a
/// dozen values a tensor.
const NAMES_LIMIT: usize = 32;
const NAMES_ROOM: usize = 1 << 16;
const VISIT_LIMIT: usize = 1 << 20;

/// A tensor as the pickle describes it: a view of a storage.
pub(super) struct View<'a> {
    pub(super) name: String,
    pub(super) key: &'a str,
    pub(super) kind: StorageKind,
    pub(super) offset: usize,
    pub(super) shape: Vec<usize>,
    pub(super) stride: Vec<usize>,
}

/// The tensors whose dotted names start with `prefix`.
pub(super) fn find_tensors<'a>(pickle: &'a Pickle, prefix: &str) -> Result<Vec<View<'a>>> {
    let mut search = Search {
        pickle,
        prefix,
        name: String::new(),
        visited: 0,
        budget: NAMES_ROOM + NAMES_LIMIT * pickle.ids().count(),
        found: Vec::new(),
    };
    search.enter(pickle.root(), 0)?;
    Ok(search.found)
}

/// A walk through nested dictionaries. They may be shared and hold themselves, so that what a walk
/// finds can be far more than the file holds.
struct Search<'a, 'b> {
    pickle: &'a Pickle,
    prefix: &'b str,
    /// Dotted name of the place.
    name: String,
    visited: usize,
    /// Bytes that names may still take.
    budget: usize,
    found: Vec<View<'a>>,
}

impl Search<'_, '_> {
    fn enter(&mut self, id: Id, depth: usize) -> Result<()> {
        self.visited += 1;
        if depth > DEPTH_LIMIT || self.visited > VISIT_LIMIT {
            return Err(wrong(
                "its dictionaries are nested too deeply or hold themselves",
            ));
        }
        match self.pickle.node(id) {
            Node::Dict(pairs) => {
                for (key, value) in pairs {
                    match self.pickle.node(*key) {
                        Node::Text(key) => self.member(key, *value, depth)?,
                        Node::Int(key) => self.member(&key.to_string(), *value, depth)?,
                        _ => {}
                    }
                }
            }
            Node::List(items) | Node::Tuple(items) => {
                for (place, item) in items.iter().enumerate() {
                    self.member(&place.to_string(), *item, depth)?;
                }
            }
            Node::Call(Global::RebuildParameter, arguments) => {
                if let Some([data, ..]) = self.pickle.sequence(*arguments) {
                    self.enter(*data, depth + 1)?;
                }
            }
            Node::Call(Global::RebuildTensor, arguments) => self.take(*arguments)?,
            _ => {}
        }
        Ok(())
    }

    fn member(&mut self, key: &str, id: Id, depth: usize) -> Result<()> {
        let outer = self.name.len();
        if outer + key.len() >= NAME_LIMIT {
            return Err(wrong(format!("a name has more than {NAME_LIMIT} bytes")));
        }
        if outer > 0 {
            self.name.push('.');
        }
        self.name.push_str(key);
        self.enter(id, depth + 1)?;
        self.name.truncate(outer);
        Ok(())
    }

    fn take(&mut self, arguments: Id) -> Result<()> {
        let Some(name) = self.name.strip_prefix(self.prefix) else {
            return Ok(());
        };
        let view = view(self.pickle, name, arguments)
            .ok_or_else(|| wrong(format!("tensor `{name}` is described wrongly")))?;
        let sizes = size_of_val(view.shape.as_slice()) + size_of_val(view.stride.as_slice());
        self.budget = self
            .budget
            .checked_sub(self.name.len() + size_of::<View<'_>>() + sizes)
            .ok_or_else(|| wrong("it names the same tensors too often"))?;
        self.found.push(view);
        Ok(())
    }
}

fn view<'a>(pickle: &'a Pickle, name: &str, arguments: Id) -> Option<View<'a>> {
    let [storage, offset, shape, stride, ..] = pickle.sequence(arguments)? else {
        return None;
    };
    let sizes = |id: Id| -> Option<Vec<usize>> {
        let sizes = pickle.sequence(id)?;
        let sizes = Some(sizes).filter(|sizes| sizes.len() <= RANK_LIMIT)?;
        sizes.iter().map(|size| pickle.size(*size)).collect()
    };
    let (kind, key) = storage_of(pickle, *storage)?;
    let view = View {
        name: name.to_owned(),
        key,
        kind,
        offset: pickle.size(*offset)?,
        shape: sizes(*shape)?,
        stride: sizes(*stride)?,
    };
    (view.shape.len() == view.stride.len()).then_some(view)
}

/// Element type and key in a persistent id: `("storage", type, key, place, count, …)`.
pub(super) fn storage_of(pickle: &Pickle, id: Id) -> Option<(StorageKind, &str)> {
    let Node::Persistent(inner) = pickle.node(id) else {
        return None;
    };
    match pickle.sequence(*inner)? {
        [tag, kind, key, _place, _count, view @ ..] => {
            let whole = view.iter().all(|part| *pickle.node(*part) == Node::None);
            match pickle.node(*kind) {
                Node::Global(Global::Storage(kind))
                    if whole && pickle.text(*tag) == Some("storage") =>
                {
                    Some((*kind, pickle.text(*key)?))
                }
                _ => None,
            }
        }
        _ => None,
    }
}
