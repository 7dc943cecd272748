//! What one HTTP worker holds: the process-wide handles, and the gates of its own actors.

use crate::telemetry::metrics::Metrics;

/// A worker's state, as `web::Data<AppState>`.
pub struct AppState {
    metrics: Metrics,
}

impl AppState {
    /// The state of the worker that calls this.
    pub fn new(metrics: Metrics) -> Self {
        Self { metrics }
    }

    /// The process' metrics.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Whether browsers reach the issuer by https.
    pub fn is_https(&self) -> bool {
        false
    }
}
