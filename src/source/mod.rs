//! The file source: a folder of manifests, watched. Imports `resources` and `config`.
