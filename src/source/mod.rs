//! Manifests from a folder, for `dev`, `serve --manifests` and `check`: the same resources that a cluster would hold, compiled the same way.
//!
//! ```ignore
//! let (mut source, first) = FileSource::open(&manifests, &data, Options::default()).await?;
//! apply(first.snapshot?);
//! while let Some(update) = source.next().await {
//!     for complaint in update.complaints() { /* log it */ }
//!     if let Ok(snapshot) = update.snapshot { /* hand it to the ConfigHolder */ }
//! }
//! ```
//!
//! A file that cannot be read is reported with its line, and its documents stay as they were when they last could be. A resource that
//! cannot be accepted is reported by its verdict (and in its status file), and its last accepted form stays in force.
//! Imports `oauth`, `resources` and `config`.

pub mod data;
mod file_source;
mod folder;
mod inventory;
mod loader;
mod manifest;
pub mod problem;
mod yaml_message;

pub use file_source::FileSource;
pub use loader::{Loader, SourceUpdate};
