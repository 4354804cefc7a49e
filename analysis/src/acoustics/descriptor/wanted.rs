//! Which descriptors are asked for.

use serde::{Deserialize, Serialize};

use super::registry::DESCRIPTORS;
use crate::{Error, Result};

/// A set of descriptors, by default all. Only the families that have one of them are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Wanted(u64);

// One bit for each.
const _: () = assert!(DESCRIPTORS.len() <= 64);

impl Wanted {
    /// The descriptors with these names.
    ///
    /// # Errors
    /// [`Error::Setting`] for a name that the registry lacks, and for none.
    pub fn of<S: AsRef<str>>(names: &[S]) -> Result<Self> {
        let wrong = |found: &str| Error::Setting {
            what: "descriptors".to_owned(),
            needed: "names of the registry, at least one".to_owned(),
            found: found.to_owned(),
        };
        let mut bits = 0;
        for name in names {
            let name = name.as_ref();
            let place = DESCRIPTORS.iter().position(|d| d.name == name);
            bits |= 1 << place.ok_or_else(|| wrong(name))?;
        }
        match bits {
            0 => Err(wrong("none")),
            bits => Ok(Self(bits)),
        }
    }

    /// The names, in the order of the registry.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let all = DESCRIPTORS.iter().enumerate();
        all.filter(move |(place, _)| self.0 & (1 << place) != 0)
            .map(|(_, d)| d.name)
    }

    /// Whether the descriptor of this name is asked for.
    pub fn has(self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }

    /// Whether one whose name starts in one of these ways is asked for.
    pub(super) fn any(self, starts: &[&str]) -> bool {
        self.names()
            .any(|name| starts.iter().any(|start| name.starts_with(start)))
    }
}

impl Default for Wanted {
    fn default() -> Self {
        Self(u64::MAX >> (64 - DESCRIPTORS.len()))
    }
}

impl TryFrom<Vec<String>> for Wanted {
    type Error = Error;

    fn try_from(names: Vec<String>) -> Result<Self> {
        Self::of(&names)
    }
}

impl From<Wanted> for Vec<String> {
    fn from(wanted: Wanted) -> Self {
        wanted.names().map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_read_back_from_their_names() {
        assert_eq!(Wanted::default().names().count(), DESCRIPTORS.len());
        let two = Wanted::of(&["cpps_db", "f0_mean_hz"]).unwrap();
        assert_eq!(Vec::from(two), ["f0_mean_hz", "cpps_db"]);
        assert!(two.has("cpps_db") && !two.has("gne_max"));
        assert!(two.any(&["gne", "cpps"]) && !two.any(&["gne"]));
        let text = serde_json::to_string(&two).unwrap();
        assert_eq!(serde_json::from_str::<Wanted>(&text).unwrap(), two);
        assert!(Wanted::of(&["loudness"]).is_err());
        assert!(Wanted::of::<&str>(&[]).is_err());
    }
}
