//! A pickle machine that builds plain data and executes nothing.
//!
//! It knows the opcodes that checkpoints of plain tensors use, and the globals listed by
//! [`Global`]; any other opcode or global is refused by name. A call is never made: the only
//! callable that the machine acts on is `OrderedDict`, which becomes a [`Node::Dict`]; the calls
//! that rebuild tensors stay [`Node::Call`]s for the reader of the container to interpret.
//! Source of the opcodes: documentation of Python's `pickletools`.

mod global;

use std::collections::BTreeMap;

pub(super) use self::global::{Global, StorageKind};
use super::cursor::Cursor;
use crate::{Error, Result};

const WHAT: &str = "the checkpoint";
const NODE_LIMIT: usize = 1 << 22;
const PROTOCOL_LIMIT: u8 = 5;
const LONG_BYTES_LIMIT: usize = 16;

/// Place of a value in a [`Pickle`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Id(usize);

fn refused(name: String) -> Error {
    Error::Refused {
        what: WHAT.to_owned(),
        name,
    }
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    None,
    Bool(bool),
    /// Integers up to 128 bits; longer ones are refused.
    Int(i128),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    /// Pairs in the order in which they were set; a later pair of the same key wins.
    Dict(Vec<(Id, Id)>),
    Global(Global),
    /// A call that was asked for and not made, with the tuple of its arguments.
    Call(Global, Id),
    /// A persistent id: something stored outside the pickle.
    Persistent(Id),
}

/// The values of one pickle. They may refer to each other in cycles: walk with a depth limit.
#[derive(Debug)]
pub(super) struct Pickle {
    nodes: Vec<Node>,
    root: Id,
}

impl Pickle {
    /// The value that the pickle stands for.
    pub(super) fn root(&self) -> Id {
        self.root
    }

    /// The value at `id`.
    pub(super) fn node(&self, id: Id) -> &Node {
        self.nodes.get(id.0).unwrap_or(&Node::None)
    }

    /// All values, in the order in which they were made.
    pub(super) fn ids(&self) -> impl Iterator<Item = Id> {
        (0..self.nodes.len()).map(Id)
    }

    /// The elements of a tuple or list.
    pub(super) fn sequence(&self, id: Id) -> Option<&[Id]> {
        match self.node(id) {
            Node::Tuple(items) | Node::List(items) => Some(items),
            _ => None,
        }
    }

    /// A text.
    pub(super) fn text(&self, id: Id) -> Option<&str> {
        match self.node(id) {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A number that counts or measures.
    pub(super) fn size(&self, id: Id) -> Option<usize> {
        match self.node(id) {
            Node::Int(n) => usize::try_from(*n).ok(),
            _ => None,
        }
    }
}

/// Reads one pickle off the front of `bytes`; also gives the number of bytes that it took.
pub(super) fn read(bytes: &[u8]) -> Result<(Pickle, usize)> {
    let mut machine = Machine {
        cursor: Cursor::new(bytes, WHAT),
        nodes: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: BTreeMap::new(),
    };
    let root = machine.run()?;
    let length = machine.cursor.position();
    let nodes = machine.nodes;
    Ok((Pickle { nodes, root }, length))
}

struct Machine<'a> {
    cursor: Cursor<'a>,
    nodes: Vec<Node>,
    stack: Vec<Id>,
    marks: Vec<usize>,
    memo: BTreeMap<usize, Id>,
}

impl Machine<'_> {
    fn run(&mut self) -> Result<Id> {
        loop {
            let opcode = self.cursor.u8()?;
            if opcode == b'.' {
                return self.pop();
            }
            self.step(opcode)?;
        }
    }

    fn step(&mut self, opcode: u8) -> Result<()> {
        match opcode {
            0x80 => {
                let version = self.cursor.u8()?;
                if version > PROTOCOL_LIMIT {
                    return Err(self
                        .cursor
                        .error(format!("pickle protocol {version} is unknown")));
                }
                Ok(())
            }
            0x95 => self.cursor.take(8).map(drop),
            b'(' => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            b'0' => self.pop().map(drop),
            b'N' => self.push(Node::None),
            0x88 => self.push(Node::Bool(true)),
            0x89 => self.push(Node::Bool(false)),
            b'J' | b'K' | b'M' | 0x8a | b'G' => self.number(opcode),
            b'X' | 0x8c | b'U' | b'T' | b'C' | b'B' => self.string(opcode),
            b')' | 0x85..=0x87 | b't' | b']' | b'}' => self.container(opcode),
            b'a' | b'e' | b's' | b'u' => self.extend(opcode),
            b'q' | b'r' | 0x94 | b'h' | b'j' => self.remember(opcode),
            b'c' => {
                let module = self.cursor.take_until(b'\n')?;
                let name = self.cursor.take_until(b'\n')?;
                self.push(Node::Global(Global::named(module, name)?))
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let global = match (self.peek(module), self.peek(name)) {
                    (Some(Node::Text(module)), Some(Node::Text(name))) => {
                        Global::named(module.as_bytes(), name.as_bytes())?
                    }
                    _ => return Err(self.cursor.error("a global without a name")),
                };
                self.push(Node::Global(global))
            }
            b'Q' => {
                let id = self.pop()?;
                self.push(Node::Persistent(id))
            }
            b'R' => self.call(),
            b'b' => self.build(),
            other => Err(refused(format!("pickle opcode 0x{other:02x}"))),
        }
    }

    fn number(&mut self, opcode: u8) -> Result<()> {
        let node = match opcode {
            b'J' => Node::Int(self.cursor.i32()?.into()),
            b'K' => Node::Int(self.cursor.u8()?.into()),
            b'M' => Node::Int(self.cursor.u16()?.into()),
            b'G' => Node::Float(self.cursor.f64_big_endian()?),
            _ => {
                let length = usize::from(self.cursor.u8()?);
                let digits = self.cursor.take(length)?;
                let mut wide = match digits.last() {
                    Some(top) if top & 0x80 != 0 => [0xff; LONG_BYTES_LIMIT],
                    _ => [0; LONG_BYTES_LIMIT],
                };
                wide.get_mut(..length)
                    .ok_or_else(|| self.cursor.error("an integer of more than 128 bits"))?
                    .copy_from_slice(digits);
                Node::Int(i128::from_le_bytes(wide))
            }
        };
        self.push(node)
    }

    fn string(&mut self, opcode: u8) -> Result<()> {
        let length = match opcode {
            b'X' | b'T' | b'B' => self.cursor.size32()?,
            _ => self.cursor.u8()?.into(),
        };
        let bytes = self.cursor.take(length)?;
        let node = match opcode {
            b'B' | b'C' => Node::Bytes(bytes.to_vec()),
            _ => Node::Text(
                std::str::from_utf8(bytes)
                    .map_err(|error| self.cursor.error(format!("a text is not UTF-8: {error}")))?
                    .to_owned(),
            ),
        };
        self.push(node)
    }

    fn container(&mut self, opcode: u8) -> Result<()> {
        let node = match opcode {
            b']' => Node::List(Vec::new()),
            b'}' => Node::Dict(Vec::new()),
            b't' => Node::Tuple(self.pop_to_mark()?),
            b')' => Node::Tuple(Vec::new()),
            sized => Node::Tuple(self.pop_many(usize::from(sized - 0x84))?),
        };
        self.push(node)
    }

    fn extend(&mut self, opcode: u8) -> Result<()> {
        let items = match opcode {
            b'a' => self.pop_many(1)?,
            b's' => self.pop_many(2)?,
            _ => self.pop_to_mark()?,
        };
        let top = self.top()?;
        let done = match (opcode, self.nodes.get_mut(top.0)) {
            (b'a' | b'e', Some(Node::List(list))) => {
                list.extend(items);
                true
            }
            (b's' | b'u', Some(Node::Dict(dict))) => {
                let (pairs, rest) = items.as_chunks::<2>();
                dict.extend(pairs.iter().map(|[key, value]| (*key, *value)));
                rest.is_empty()
            }
            _ => false,
        };
        if done {
            Ok(())
        } else {
            Err(self
                .cursor
                .error("items are put into what does not hold such items"))
        }
    }

    fn remember(&mut self, opcode: u8) -> Result<()> {
        let key = match opcode {
            b'q' | b'h' => self.cursor.u8()?.into(),
            b'r' | b'j' => self.cursor.size32()?,
            _ => self.memo.len(),
        };
        if matches!(opcode, b'h' | b'j') {
            let found = self.memo.get(&key).copied();
            let id = found.ok_or_else(|| self.cursor.error("a reference to nothing"))?;
            self.limit(self.stack.len())?;
            self.stack.push(id);
        } else {
            let top = self.top()?;
            self.memo.insert(key, top);
        }
        Ok(())
    }

    /// Notes a call, or makes the dictionary that `OrderedDict` stands for.
    fn call(&mut self) -> Result<()> {
        let (arguments, callable) = (self.pop()?, self.pop()?);
        let Some(Node::Global(global)) = self.peek(callable) else {
            return Err(self.cursor.error("a call of what cannot be called"));
        };
        let node = match global {
            Global::OrderedDict => Node::Dict(self.pairs(arguments)?),
            Global::Storage(_) => return Err(refused("a call of a storage".to_owned())),
            other => Node::Call(*other, arguments),
        };
        self.push(node)
    }

    /// Pairs in the arguments of `OrderedDict`: none, or one list of pairs.
    fn pairs(&self, arguments: Id) -> Result<Vec<(Id, Id)>> {
        let sequence = |id: Id| match self.peek(id) {
            Some(Node::Tuple(items) | Node::List(items)) => Some(items.as_slice()),
            _ => None,
        };
        let pairs = match sequence(arguments) {
            Some([]) => Some(Vec::new()),
            Some([list]) => sequence(*list).and_then(|items| {
                let pair = |id: &Id| match sequence(*id) {
                    Some([key, value]) => Some((*key, *value)),
                    _ => None,
                };
                items.iter().map(pair).collect()
            }),
            _ => None,
        };
        pairs.ok_or_else(|| self.cursor.error("an OrderedDict of what are no pairs"))
    }

    /// Drops the attributes that are set on a dictionary (torch keeps version numbers there).
    fn build(&mut self) -> Result<()> {
        let _attributes = self.pop()?;
        match self.peek(self.top()?) {
            Some(Node::Dict(_)) => Ok(()),
            _ => Err(refused("attributes set on an object".to_owned())),
        }
    }

    fn push(&mut self, node: Node) -> Result<()> {
        self.limit(self.nodes.len())?;
        self.stack.push(Id(self.nodes.len()));
        self.nodes.push(node);
        Ok(())
    }

    fn limit(&self, count: usize) -> Result<()> {
        if count < NODE_LIMIT {
            Ok(())
        } else {
            Err(self.cursor.error(format!("more than {NODE_LIMIT} values")))
        }
    }

    fn peek(&self, id: Id) -> Option<&Node> {
        self.nodes.get(id.0)
    }

    fn top(&self) -> Result<Id> {
        let floor = self.marks.last().copied().unwrap_or(0);
        match self.stack.last() {
            Some(id) if self.stack.len() > floor => Ok(*id),
            _ => Err(self.cursor.error("a value is taken from an empty stack")),
        }
    }

    fn pop(&mut self) -> Result<Id> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    fn pop_many(&mut self, n: usize) -> Result<Vec<Id>> {
        let mut items = (0..n).map(|_| self.pop()).collect::<Result<Vec<_>>>()?;
        items.reverse();
        Ok(items)
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Id>> {
        let mark = self.marks.pop().filter(|mark| *mark <= self.stack.len());
        let mark = mark.ok_or_else(|| self.cursor.error("a mark is missing"))?;
        Ok(self.stack.split_off(mark))
    }
}

#[cfg(test)]
mod tests;
