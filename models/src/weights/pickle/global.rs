//! The names that a checkpoint may refer to.

use super::refused;
use crate::{Error, Result};

/// Element types of torch storages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::weights) enum StorageKind {
    Float,
    Double,
    Half,
    BFloat16,
    Long,
    Int,
    Short,
    Char,
    Byte,
    Bool,
}

/// The names that a checkpoint may refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::weights) enum Global {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    Storage(StorageKind),
}

impl Global {
    pub(super) fn named(module: &[u8], name: &[u8]) -> Result<Self> {
        Ok(match (module, name) {
            (b"collections", b"OrderedDict") => Self::OrderedDict,
            (b"torch._utils", b"_rebuild_tensor_v2") => Self::RebuildTensor,
            (b"torch._utils", b"_rebuild_parameter") => Self::RebuildParameter,
            (b"torch", storage) => Self::Storage(match storage {
                b"FloatStorage" => StorageKind::Float,
                b"DoubleStorage" => StorageKind::Double,
                b"HalfStorage" => StorageKind::Half,
                b"BFloat16Storage" => StorageKind::BFloat16,
                b"LongStorage" => StorageKind::Long,
                b"IntStorage" => StorageKind::Int,
                b"ShortStorage" => StorageKind::Short,
                b"CharStorage" => StorageKind::Char,
                b"ByteStorage" => StorageKind::Byte,
                b"BoolStorage" => StorageKind::Bool,
                _ => return Err(refused_global(module, name)),
            }),
            _ => return Err(refused_global(module, name)),
        })
    }
}

fn refused_global(module: &[u8], name: &[u8]) -> Error {
    let text = [module, b".", name].concat();
    refused(String::from_utf8_lossy(&text).chars().take(120).collect())
}
