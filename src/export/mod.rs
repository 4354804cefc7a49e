//! Reports and runs in other formats. Used by the command line and the screen alike.

mod csv;
mod npz;
mod page;

pub use csv::{table_csv, write_tables};
pub use npz::{RelevanceArrays, arrays_npz, relevance_npz, report_npz, run_npz};
pub use page::{page_html, page_markdown};
