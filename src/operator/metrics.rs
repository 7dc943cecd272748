//! The operator's metrics. Labels are small closed sets: never a resource's name, a secret or an address.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::time::Duration;

/// One request to the API server.
#[derive(Clone, Debug, Hash, PartialEq, Eq, PartialOrd, Ord, EncodeLabelSet)]
pub struct ApiRequest {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`
    pub verb: &'static str,
    /// The resource in the plural, with its subresource: `authclients/status`
    pub resource: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ControllerLabels {
    controller: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct StateLabels {
    state: &'static str,
}

/// Every metric of the operator. Cheap to clone; all clones count together.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    api_requests: Family<ApiRequest, Counter>,
    compiles: Counter,
    compile_seconds: Histogram,
    reconciles: Family<ControllerLabels, Counter>,
    restarts: Family<ControllerLabels, Counter>,
    leading: Gauge,
    replicas: Family<StateLabels, Gauge>,
    propagation_seconds: Histogram,
    undecodable: Gauge,
    resources: Family<StateLabels, Gauge>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// A fresh registry with every metric in it.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("nauthera");
        registry.register(
            "build",
            "Version of this binary",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        let metrics = Self {
            registry: Arc::new(Registry::default()),
            api_requests: Family::default(),
            compiles: Counter::default(),
            compile_seconds: Histogram::new(exponential_buckets(0.000_5, 2.0, 14)),
            reconciles: Family::default(),
            restarts: Family::default(),
            leading: Gauge::default(),
            replicas: Family::default(),
            propagation_seconds: Histogram::new(exponential_buckets(0.005, 2.0, 14)),
            undecodable: Gauge::default(),
            resources: Family::default(),
        };
        let own = registry.sub_registry_with_prefix("operator");
        own.register(
            "api_requests",
            "Requests to the API server by verb and resource",
            metrics.api_requests.clone(),
        );
        own.register("compiles", "Compilations of all resources", metrics.compiles.clone());
        own.register(
            "compile_duration_seconds",
            "Time of one compilation",
            metrics.compile_seconds.clone(),
        );
        own.register(
            "reconciles",
            "Reconciliations that had something to do, by controller",
            metrics.reconciles.clone(),
        );
        own.register(
            "controller_restarts",
            "Restarts of a controller after it failed",
            metrics.restarts.clone(),
        );
        own.register("leader", "Whether this process leads (1) or stands by (0)", metrics.leading.clone());
        own.register(
            "replicas",
            "Server replicas by state: current, outdated, refused, unreachable",
            metrics.replicas.clone(),
        );
        own.register(
            "propagation_seconds",
            "Time from the moment a change was seen to the last serving replica's acknowledgement",
            metrics.propagation_seconds.clone(),
        );
        own.register(
            "undecodable_resources",
            "Custom resources whose latest form cannot be read",
            metrics.undecodable.clone(),
        );
        own.register(
            "resources",
            "Custom resources by state: accepted, refused",
            metrics.resources.clone(),
        );
        Self {
            registry: Arc::new(registry),
            ..metrics
        }
    }

    /// A request to the API server was sent.
    pub fn api_request(&self, request: ApiRequest) {
        self.api_requests.get_or_create(&request).inc();
    }

    /// How often such a request was sent.
    pub fn api_requests(&self, request: &ApiRequest) -> u64 {
        self.api_requests.get_or_create(request).get()
    }

    /// A compilation ended.
    pub fn compiled(&self, took: Duration) {
        self.compiles.inc();
        self.compile_seconds.observe(took.as_secs_f64());
    }

    /// A controller had something to do and did it.
    pub fn reconciled(&self, controller: &'static str) {
        self.reconciles.get_or_create(&ControllerLabels { controller }).inc();
    }

    /// A controller is started again after it failed.
    pub fn restarted(&self, controller: &'static str) {
        self.restarts.get_or_create(&ControllerLabels { controller }).inc();
    }

    /// Whether this process leads.
    pub fn leading(&self, leads: bool) {
        self.leading.set(i64::from(leads));
    }

    /// How many server replicas are in a state: `current`, `outdated`, `refused`, `unreachable`.
    pub fn replicas(&self, state: &'static str, number: usize) {
        self.replicas
            .get_or_create(&StateLabels { state })
            .set(number.try_into().unwrap_or(i64::MAX));
    }

    /// A change reached the last serving replica of a server this long after it was seen.
    pub fn propagated(&self, took: Duration) {
        self.propagation_seconds.observe(took.as_secs_f64());
    }

    /// How many resources cannot be read.
    pub fn undecodable(&self, number: usize) {
        self.undecodable.set(number.try_into().unwrap_or(i64::MAX));
    }

    /// How many resources are in a state: `accepted`, `refused`.
    pub fn resources(&self, state: &'static str, number: usize) {
        self.resources
            .get_or_create(&StateLabels { state })
            .set(number.try_into().unwrap_or(i64::MAX));
    }

    /// The OpenMetrics text.
    ///
    /// # Errors
    /// Only if formatting fails, which writing into a `String` does not.
    pub fn render(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_api_requests_by_verb_and_resource() {
        let metrics = Metrics::new();
        metrics.api_request(ApiRequest {
            verb: "patch",
            resource: "authclients/status".to_owned(),
        });
        let text = metrics.render().unwrap();
        assert!(
            text.contains(r#"nauthera_operator_api_requests_total{verb="patch",resource="authclients/status"} 1"#),
            "{text}"
        );
    }
}
