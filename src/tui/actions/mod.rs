//! What the commands do, by the part of the app they act on.

pub(super) mod emphasis;
pub(super) mod export;
pub(super) mod model;
pub(super) mod motion;
pub(super) mod page;
pub(super) mod quality;
pub(super) mod screen;
pub(super) mod space;
pub(super) mod stress;
pub(super) mod table;
pub(super) mod text;
pub(super) mod voice;
pub(super) mod work;
