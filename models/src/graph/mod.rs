//! Surgery on serialised graphs: reading inner values, pooling them, changing them.
//!
//! Edits work on the bytes: what an edit does not touch is copied as it stands, so weights are
//! neither parsed nor rounded, and the same bytes serve every engine.

mod constants;
mod element;
mod external;
mod flattened;
mod hidden;
mod intervened;
mod layout;
mod message;
mod naming;
mod pooled;
mod rewrite;
mod spelt_out;
mod taps;

pub use external::check_external;
pub(crate) use external::external_files;
pub use flattened::{Flattened, flattened};
pub use intervened::{EDIT, Edit, Intervened, Intervention, intervened};
pub use pooled::{POOL, PoolInput, Pooled, pooled};
pub use taps::with_outputs;

pub(crate) use external::{locate, with_files};
pub(crate) use naming::Names;
pub(crate) use spelt_out::with_settings_spelt_out;
pub(crate) use taps::{Input, Opening};
