//! Nauthera: an identity platform for Kubernetes. ARCHITECTURE.md draws the rooms; `tests/it/import_rules.rs` holds who may import whom.

pub mod accounts;
pub mod actors;
pub mod cli;
pub mod config;
pub mod demo;
pub mod directory;
pub mod grpc;
pub mod http;
pub mod jose;
pub mod oauth;
pub mod operator;
pub mod outbound;
pub mod rates;
pub mod resources;
pub mod source;
pub mod store;
pub mod telemetry;
pub mod upstream;
pub mod wire;
