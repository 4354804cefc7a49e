//! Bringing files from package indices, with the clients and settings that the user already has.

/// Whether the network may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Network {
    /// Missing files may be fetched.
    #[default]
    Allowed,
    /// Only what is on this machine may be used.
    Offline,
}
