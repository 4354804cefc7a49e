//! Writes flatbuffers, and with them small `.ort` files.

/// The value of one field of a table.
#[derive(Debug, Clone)]
pub(crate) enum Field {
    Absent,
    U8(u8),
    I32(i32),
    I64(i64),
    F32(f32),
    Bytes(Vec<u8>),
    Longs(Vec<i64>),
    Floats(Vec<f32>),
    Texts(Vec<String>),
    Table(Table),
    Tables(Vec<Table>),
    /// A list that refers to one table so many times.
    Repeated(Table, usize),
}

/// Fields in the order of the schema.
pub(crate) type Table = Vec<Field>;

use Field::{Absent, Bytes, F32, Floats, I32, I64, Longs, Tables, Texts, U8};

/// A file with this root.
pub(crate) fn file(root: &Table) -> Vec<u8> {
    let mut out = vec![0, 0, 0, 0];
    out.extend(b"ORTM");
    let at = put_table(&mut out, root);
    patch(&mut out, 0, at);
    out
}

fn patch(out: &mut [u8], at: usize, target: usize) {
    let distance = u32::try_from(target - at).unwrap();
    out[at..at + 4].copy_from_slice(&distance.to_le_bytes());
}

fn put_table(out: &mut Vec<u8>, table: &Table) -> usize {
    let size = |field: &Field| match field {
        Absent => 0,
        U8(_) => 1,
        I64(_) => 8,
        _ => 4,
    };
    let vtable = out.len();
    let length = 4 + table.iter().map(size).sum::<usize>();
    out.extend((4 + 2 * table.len() as u16).to_le_bytes());
    out.extend((length as u16).to_le_bytes());
    let mut place = 4;
    for field in table {
        let entry = if size(field) == 0 { 0 } else { place };
        out.extend((entry as u16).to_le_bytes());
        place += size(field);
    }
    let start = out.len();
    out.extend(i32::try_from(start - vtable).unwrap().to_le_bytes());
    for field in table {
        match field {
            Absent => {}
            U8(value) => out.push(*value),
            I32(value) => out.extend(value.to_le_bytes()),
            I64(value) => out.extend(value.to_le_bytes()),
            F32(value) => out.extend(value.to_le_bytes()),
            _ => out.extend([0; 4]),
        }
    }
    let mut place = start + 4;
    for field in table {
        if let Some(target) = put_referred(out, field) {
            patch(out, place, target);
        }
        place += size(field);
    }
    start
}

fn put_referred(out: &mut Vec<u8>, field: &Field) -> Option<usize> {
    let at = out.len();
    let count = |out: &mut Vec<u8>, n: usize| out.extend((n as u32).to_le_bytes());
    match field {
        Bytes(bytes) => {
            count(out, bytes.len());
            out.extend(bytes);
        }
        Longs(values) => {
            count(out, values.len());
            values
                .iter()
                .for_each(|value| out.extend(value.to_le_bytes()));
        }
        Floats(values) => {
            count(out, values.len());
            values
                .iter()
                .for_each(|value| out.extend(value.to_le_bytes()));
        }
        Texts(texts) => {
            let each = |out: &mut Vec<u8>, text: &String| {
                put_referred(out, &Bytes(text.clone().into_bytes()))
            };
            put_list(out, texts, each);
        }
        Tables(tables) => {
            put_list(out, tables, |out, table| Some(put_table(out, table)));
        }
        Field::Repeated(table, times) => {
            count(out, *times);
            let start = out.len();
            out.resize(start + 4 * times, 0);
            let target = put_table(out, table);
            (0..*times).for_each(|k| patch(out, start + 4 * k, target));
        }
        Field::Table(table) => return Some(put_table(out, table)),
        _ => return None,
    }
    Some(at)
}

fn put_list<T>(out: &mut Vec<u8>, items: &[T], put: impl Fn(&mut Vec<u8>, &T) -> Option<usize>) {
    out.extend((items.len() as u32).to_le_bytes());
    let start = out.len();
    out.resize(start + 4 * items.len(), 0);
    for (k, item) in items.iter().enumerate() {
        let target = put(out, item).unwrap();
        patch(out, start + 4 * k, target);
    }
}

pub(crate) fn text(text: &str) -> Field {
    Bytes(text.as_bytes().to_vec())
}

pub(crate) fn texts(names: &[&str]) -> Field {
    Texts(names.iter().map(|&name| name.to_owned()).collect())
}

pub(crate) fn node(
    operator: &str,
    inputs: &[&str],
    outputs: &[&str],
    attributes: Vec<Table>,
) -> Table {
    vec![
        text(&format!("{operator} of {}", outputs.join(" "))),
        Absent,
        Absent,
        I32(17),
        I32(0),
        text(operator),
        I32(0),
        Absent,
        texts(inputs),
        texts(outputs),
        Tables(attributes),
    ]
}

/// An attribute of type `kind` whose value is in field `place`.
pub(crate) fn attribute(name: &str, kind: i32, place: usize, value: Field) -> Table {
    let mut table = vec![text(name), Absent, I32(kind)];
    table.resize(place, Absent);
    table.push(value);
    table
}

pub(crate) fn floats(name: &str, dims: &[i64], values: &[f32]) -> Table {
    let raw = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    vec![text(name), Absent, Longs(dims.to_vec()), I32(1), Bytes(raw)]
}

/// A value of floats; `None` in the shape is a dimension called `time`.
pub(crate) fn value(name: &str, dims: &[Option<i64>]) -> Table {
    let dim = |size: &Option<i64>| {
        let value = match size {
            Some(size) => vec![U8(1), I64(*size)],
            None => vec![U8(2), Absent, text("time")],
        };
        vec![Field::Table(value)]
    };
    let shape = vec![Tables(dims.iter().map(dim).collect())];
    let tensor = vec![I32(1), Field::Table(shape)];
    let kind = vec![Absent, U8(1), Field::Table(tensor)];
    vec![text(name), Absent, Field::Table(kind)]
}

pub(crate) fn graph(
    weights: Vec<Table>,
    values: Vec<Table>,
    nodes: Vec<Table>,
    inputs: &[&str],
    outputs: &[&str],
) -> Table {
    vec![
        Tables(weights),
        Tables(values),
        Tables(nodes),
        I32(99),
        Absent,
        texts(inputs),
        texts(outputs),
    ]
}

/// A file with this graph.
pub(crate) fn session(graph: Table) -> Vec<u8> {
    let set = vec![text(""), I64(17)];
    let note = vec![text("note"), text("kept")];
    let model = vec![
        I64(8),
        Tables(vec![set]),
        text("test"),
        Absent,
        Absent,
        I64(3),
        Absent,
        Field::Table(graph),
        Absent,
        Tables(vec![note]),
    ];
    file(&vec![text("6"), Field::Table(model)])
}

/// `y = (x · w + b) · 2` with its nodes in the wrong order; `w` is [2, 3].
pub(crate) fn dense() -> Vec<u8> {
    let values = vec![
        value("x", &[None, Some(2)]),
        value("product", &[None, Some(3)]),
        value("y", &[None, Some(3)]),
        value("w", &[Some(2), Some(3)]),
    ];
    let weights = vec![
        floats("w", &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        floats("b", &[3], &[0.5, 0.25, 0.125]),
        floats("two", &[], &[2.0]),
    ];
    let nodes = vec![
        node("Mul", &["sum", "two"], &["y"], vec![]),
        node("Add", &["product", "b"], &["sum"], vec![]),
        node("MatMul", &["x", "w"], &["product"], vec![]),
    ];
    session(graph(weights, values, nodes, &["x", "w"], &["y"]))
}
