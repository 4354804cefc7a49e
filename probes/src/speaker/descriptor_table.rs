//! Descriptors that were measured elsewhere, joined to the items of a run.

use std::collections::HashMap;
use std::path::Path;

use super::{DescriptorInput, Part, Transform, is_of_recording};
use crate::acoustics::{Acoustics, DNSMOS, Quality, definition};
use crate::error::{Error, Result};
use crate::report::InputFile;
use crate::store::sha256_hex;

/// What a row of a [`DescriptorTable`] belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinKey {
    /// An item, by its id in the manifest.
    Item,
    /// An item, by its path as the manifest writes it.
    Path,
    /// A speaker.
    Speaker,
}

/// Descriptors by item or speaker.
#[derive(Debug, Clone, PartialEq)]
pub struct DescriptorTable {
    /// What `keys` name.
    pub key: JoinKey,
    /// Ids or paths of items, or speakers.
    pub keys: Vec<String>,
    /// The descriptors; values are parallel to `keys`.
    pub descriptors: Vec<DescriptorInput>,
    /// Where they come from, in words for the settings.
    pub source: String,
    /// The file, where they were read from one.
    pub file: Option<InputFile>,
}

impl DescriptorTable {
    /// Reads a CSV file (`.csv`) or a table with tabs (any other name) with a header. A column `id` or
    /// `item` names the item, else `path` or `file` its recording, else `speaker` the speaker; every column
    /// of which all entries are numbers, empty or `NA` is a descriptor.
    ///
    /// # Errors
    /// When it cannot be read, has neither key, a key twice, or no column of numbers.
    pub fn read(path: &Path) -> Result<Self> {
        let mut table = Self::read_whole(path)?;
        let has_values = |d: &DescriptorInput| d.values.iter().any(Option::is_some);
        table.descriptors.retain(has_values);
        if table.descriptors.is_empty() {
            return Err(Error::Format {
                path: path.into(),
                what: "table of descriptors",
                why: "no column holds numbers only".into(),
            });
        }
        Ok(table)
    }

    /// The same, with the columns that hold no number at all.
    ///
    /// # Errors
    /// When it cannot be read, has neither key, a key twice, or no column of numbers or gaps.
    pub fn read_whole(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
        let wrong = |why: String| Error::Format {
            path: path.into(),
            what: "table of descriptors",
            why,
        };
        let is_csv = path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("csv"));
        let mut table = Self::parse(&bytes, if is_csv { b',' } else { b'\t' }).map_err(wrong)?;
        let name = path.display().to_string();
        table.source.clone_from(&name);
        table.file = Some(InputFile {
            what: "descriptors".into(),
            name,
            sha256: sha256_hex(&bytes),
        });
        Ok(table)
    }

    fn parse(bytes: &[u8], delimiter: u8) -> Result<Self, String> {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .from_reader(bytes);
        let header: Vec<String> = reader
            .headers()
            .map_err(|e| e.to_string())?
            .iter()
            .map(|h| h.trim().to_owned())
            .collect();
        let find = |names: &[&str]| header.iter().position(|h| names.contains(&h.as_str()));
        let keys = [
            (JoinKey::Item, find(&["id", "item"])),
            (JoinKey::Path, find(&["path", "file"])),
            (JoinKey::Speaker, find(&["speaker"])),
        ];
        let known = keys.into_iter().find_map(|(key, at)| Some((key, at?)));
        let Some((key, at)) = known else {
            return Err(format!(
                "no column `id`, `path` or `speaker`; it has: {}",
                header.join(", ")
            ));
        };
        let mut keys = vec![];
        let mut columns: Vec<Option<Vec<Option<f64>>>> = vec![Some(vec![]); header.len()];
        for record in reader.records() {
            let record = record.map_err(|e| e.to_string())?;
            keys.push(record.get(at).unwrap_or("").trim().to_owned());
            for (column, text) in columns.iter_mut().zip(record.iter()) {
                match (column.as_mut(), entry(text)) {
                    (Some(values), Some(value)) => values.push(value),
                    _ => *column = None,
                }
            }
        }
        let mut seen = std::collections::HashSet::new();
        if let Some(twice) = keys.iter().find(|k| !seen.insert(k.as_str())) {
            return Err(format!("`{twice}` is there twice"));
        }
        let named = header.iter().zip(columns).enumerate();
        let descriptors: Vec<DescriptorInput> = named
            .filter(|(column, (name, _))| *column != at && *name != "speaker" && *name != "id")
            .filter_map(|(_, (name, values))| Some(described(name, values?)))
            .collect();
        if descriptors.is_empty() {
            return Err("no column holds numbers only".into());
        }
        Ok(Self {
            key,
            keys,
            descriptors,
            source: String::new(),
            file: None,
        })
    }

    /// The descriptors of a measured corpus, by item.
    pub fn of_acoustics(found: &Acoustics) -> Self {
        let values = |name: &str| {
            let of = found.rows.iter();
            of.map(|row| row.values.get(name).copied()).collect()
        };
        Self {
            key: JoinKey::Item,
            keys: found.rows.iter().map(|row| row.id.clone()).collect(),
            descriptors: found
                .measured
                .iter()
                .map(|name| described(name, values(name)))
                .collect(),
            source: "measured".into(),
            file: None,
        }
    }

    /// The ratings of a corpus, by item.
    pub fn of_quality(found: &Quality) -> Self {
        let column = |(at, d): (
            usize,
            &phonoscope_analysis::acoustics::descriptor::Descriptor,
        )| {
            let of = found.ratings.iter();
            let values = of.map(|rating| rating.values.get(at).copied());
            described(d.name, values.collect())
        };
        Self {
            key: JoinKey::Item,
            keys: found.ratings.iter().map(|r| r.id.clone()).collect(),
            descriptors: DNSMOS.iter().enumerate().map(column).collect(),
            source: found.words(),
            file: None,
        }
    }

    /// Adds the columns of `other` that are not there yet, row by row of the same key; rows that one of
    /// the two lacks have no value there.
    pub fn add(&mut self, other: &Self) {
        let known: std::collections::HashSet<String> = self.keys.iter().cloned().collect();
        let new = other.keys.iter().filter(|key| !known.contains(*key));
        self.keys.extend(new.cloned());
        for descriptor in &mut self.descriptors {
            descriptor.values.resize(self.keys.len(), None);
        }
        for column in other.of_keys(&self.keys) {
            if self.descriptors.iter().all(|d| d.name != column.name) {
                self.descriptors.push(column);
            }
        }
    }

    /// Says what the descriptors called `names` are for.
    pub fn set_part(&mut self, names: &[&str], part: Part) {
        for descriptor in &mut self.descriptors {
            if names.contains(&descriptor.name.as_str()) {
                descriptor.part = part;
            }
        }
    }

    /// The table as [`DescriptorTable::read`] reads it, with tabs between columns.
    pub fn to_tsv(&self) -> String {
        let key = match self.key {
            JoinKey::Item => "id",
            JoinKey::Path => "path",
            JoinKey::Speaker => "speaker",
        };
        let names = self.descriptors.iter().map(|d| d.name.clone());
        let mut lines = vec![
            std::iter::once(key.to_owned())
                .chain(names)
                .collect::<Vec<_>>(),
        ];
        for (row, name) in self.keys.iter().enumerate() {
            let cell = |d: &DescriptorInput| match d.values.get(row).copied().flatten() {
                Some(value) => value.to_string(),
                None => "NA".into(),
            };
            let cells = self.descriptors.iter().map(cell);
            lines.push(std::iter::once(name.clone()).chain(cells).collect());
        }
        let joined = lines.iter().map(|cells| cells.join("\t") + "\n");
        joined.collect()
    }

    /// Keeps the descriptors called `names`, in that order.
    ///
    /// # Errors
    /// Names the first that is not there.
    pub fn choose(&mut self, names: &[String]) -> Result<()> {
        let mut out = Vec::with_capacity(names.len());
        for name in names {
            match self.descriptors.iter().find(|d| d.name == *name) {
                Some(found) => out.push(found.clone()),
                None => {
                    let known: Vec<&str> =
                        self.descriptors.iter().map(|d| d.name.as_str()).collect();
                    return Err(Error::Request {
                        problem: format!("there is no descriptor `{name}`"),
                        hint: format!("there are: {}", known.join(", ")),
                    });
                }
            }
        }
        self.descriptors = out;
        Ok(())
    }

    /// The descriptors of items with these ids, paths and speakers; missing where the table has no such row.
    pub fn joined(
        &self,
        item_ids: &[String],
        paths: &[String],
        speakers: &[String],
    ) -> Vec<DescriptorInput> {
        self.of_keys(match self.key {
            JoinKey::Item => item_ids,
            JoinKey::Path => paths,
            JoinKey::Speaker => speakers,
        })
    }

    /// The descriptors with a value, or none, for each of these keys.
    fn of_keys(&self, wanted: &[String]) -> Vec<DescriptorInput> {
        let rows: HashMap<&str, usize> = self
            .keys
            .iter()
            .enumerate()
            .map(|(i, k)| (k.as_str(), i))
            .collect();
        let joined = |d: &DescriptorInput| DescriptorInput {
            values: wanted
                .iter()
                .map(|k| d.values.get(*rows.get(k.as_str())?).copied().flatten())
                .collect(),
            ..d.clone()
        };
        self.descriptors.iter().map(joined).collect()
    }
}

/// A descriptor of this name; the registry knows unit and definition of those that it measures.
fn described(name: &str, values: Vec<Option<f64>>) -> DescriptorInput {
    let known = definition(name);
    DescriptorInput {
        part: Part::Predictor,
        name: name.into(),
        unit: known.map(|d| d.unit.to_owned()).filter(|unit| unit != "1"),
        definition: known.map_or("as in the given table".into(), |d| d.definition.into()),
        recording: is_of_recording(name),
        transform: Transform::for_descriptor(name),
        values,
    }
}

/// A number, a missing entry, or nothing for words.
fn entry(text: &str) -> Option<Option<f64>> {
    match text.trim() {
        "" | "NA" | "nan" | "NaN" => Some(None),
        number => number
            .parse()
            .ok()
            .filter(|v: &f64| v.is_finite())
            .map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_joined_by_item_or_speaker() {
        let text = b"speaker\tid\tf0_median_st\tjitter_ppq5\tremark\ns\ta\t49.5\t0.01\tx\ns\tb\tNA\t0.02\t\n";
        let mut table = DescriptorTable::parse(text, b'\t').unwrap();
        let names: Vec<&str> = table.descriptors.iter().map(|d| d.name.as_str()).collect();
        assert_eq!(names, ["f0_median_st", "jitter_ppq5"]);
        let ids = ["b", "c", "a"].map(String::from);
        let joined = table.joined(&ids, &[], &[]);
        assert_eq!(joined[0].values, [None, None, Some(49.5)]);
        table.choose(&["jitter_ppq5".into()]).unwrap();
        assert_eq!(
            table.joined(&ids, &[], &[])[0].values,
            [Some(0.02), None, Some(0.01)]
        );
        assert!(table.choose(&["f0".into()]).is_err());
        let again = DescriptorTable::parse(table.to_tsv().as_bytes(), b'\t').unwrap();
        assert_eq!(again.descriptors, table.descriptors);
        let by_speaker = DescriptorTable::parse(b"speaker,x\ns,1\n", b',').unwrap();
        let speakers = ["s", "s"].map(String::from);
        assert_eq!(
            by_speaker.joined(&ids[..2], &[], &speakers)[0].values,
            [Some(1.0), Some(1.0)]
        );
    }

    #[test]
    fn columns_are_added_by_key() {
        let parse = |text: &[u8]| DescriptorTable::parse(text, b',').unwrap();
        let mut table = parse(b"id,snr_db\na,1\nb,2\n");
        table.add(&parse(b"id,snr_db,dnsmos_bak\nb,9,4\nc,9,5\n"));
        table.set_part(&["dnsmos_bak"], Part::Condition);
        assert_eq!(table.keys, ["a", "b", "c"]);
        let found: Vec<(&str, &[Option<f64>], Part)> = table
            .descriptors
            .iter()
            .map(|d| (d.name.as_str(), d.values.as_slice(), d.part))
            .collect();
        assert_eq!(
            found,
            [
                (
                    "snr_db",
                    [Some(1.0), Some(2.0), None].as_slice(),
                    Part::Predictor
                ),
                ("dnsmos_bak", &[None, Some(4.0), Some(5.0)], Part::Condition),
            ]
        );
        assert_eq!(table.descriptors[1].unit.as_deref(), Some("MOS"));
        assert!(table.descriptors[1].recording);
        // A column of gaps is kept on the way, and none of a user's table.
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("d.csv");
        std::fs::write(&file, "id,snr_db,gne_max\na,1,NA\n").unwrap();
        assert_eq!(
            DescriptorTable::read_whole(&file)
                .unwrap()
                .descriptors
                .len(),
            2
        );
        assert_eq!(DescriptorTable::read(&file).unwrap().descriptors.len(), 1);
    }

    #[test]
    fn bad_tables_say_why() {
        let why = |text: &[u8]| DescriptorTable::parse(text, b',').unwrap_err();
        assert!(why(b"name,x\na,1\n").contains("no column `id`, `path` or `speaker`"));
        assert!(why(b"id,x\na,1\na,2\n").contains("`a` is there twice"));
        assert!(why(b"id,x\na,one\n").contains("no column holds numbers"));
        assert!(!why(b"id,x\na\n").is_empty());
    }
}
