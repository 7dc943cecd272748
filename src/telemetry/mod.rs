//! What can be seen from outside: logs and metrics. Imports nothing of ours.

pub mod logs;
pub mod metrics;
