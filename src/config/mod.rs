//! From resources to what a server runs on: `compile`, policy merging, the [`Snapshot`](snapshot::Snapshot).
//! Imports `oauth` and `resources`; pure.

pub mod snapshot;
