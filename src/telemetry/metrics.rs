//! The metrics, in one place. Labels are small closed sets, or names that the configuration gives: never a user, a client's secret, an address of
//! a caller or a path that was sent.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    route: &'static str,
    method: &'static str,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RouteLabels {
    route: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct TokenLabels {
    grant_type: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ActorLabels {
    actor: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RevisionLabels {
    revision: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CacheLabels {
    operation: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct DirectoryServerLabels {
    store: String,
    server: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct DirectoryLabels {
    store: String,
    operation: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct DirectoryOutcomeLabels {
    store: String,
    operation: &'static str,
    outcome: &'static str,
}

/// The waits in one actor's mailbox. Cheap to clone.
#[derive(Clone, Debug)]
pub struct MailboxWait(Histogram);

impl MailboxWait {
    /// A message was taken from the mailbox after this long.
    pub fn observe(&self, waited: Duration) {
        self.0.observe(waited.as_secs_f64());
    }
}

/// Every metric of the process. Cheap to clone; all clones count together.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<RouteLabels, Histogram>,
    tokens: Family<TokenLabels, Counter>,
    logins: Family<OutcomeLabels, Counter>,
    backchannel_logouts: Family<OutcomeLabels, Counter>,
    actor_restarts: Family<ActorLabels, Counter>,
    mailbox_wait_seconds: Family<ActorLabels, Histogram>,
    refused_busy: Family<ActorLabels, Counter>,
    cache: Family<CacheLabels, Counter>,
    rate_limited: Family<KindLabels, Counter>,
    directory_usable: Family<DirectoryServerLabels, Gauge>,
    directory_used: Family<DirectoryServerLabels, Gauge>,
    directory_operations: Family<DirectoryOutcomeLabels, Counter>,
    directory_seconds: Family<DirectoryLabels, Histogram>,
    snapshot: Family<RevisionLabels, Gauge>,
    snapshot_applied: Family<OutcomeLabels, Counter>,
    snapshot_kept: Family<OutcomeLabels, Counter>,
    snapshot_restored: Family<OutcomeLabels, Counter>,
    snapshot_clients: Gauge,
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
        let request_histogram = || Histogram::new(exponential_buckets(0.000_25, 2.0, 15));
        let wait_histogram = || Histogram::new(exponential_buckets(0.000_001, 4.0, 12));
        let directory_histogram = || Histogram::new(exponential_buckets(0.001, 2.0, 14));
        let metrics = Self {
            registry: Arc::new(Registry::default()),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(request_histogram),
            tokens: Family::default(),
            logins: Family::default(),
            backchannel_logouts: Family::default(),
            actor_restarts: Family::default(),
            mailbox_wait_seconds: Family::new_with_constructor(wait_histogram),
            refused_busy: Family::default(),
            cache: Family::default(),
            rate_limited: Family::default(),
            directory_usable: Family::default(),
            directory_used: Family::default(),
            directory_operations: Family::default(),
            directory_seconds: Family::new_with_constructor(directory_histogram),
            snapshot: Family::default(),
            snapshot_applied: Family::default(),
            snapshot_kept: Family::default(),
            snapshot_restored: Family::default(),
            snapshot_clients: Gauge::default(),
        };
        registry.register(
            "http_requests",
            "HTTP requests by route, method and status",
            metrics.requests.clone(),
        );
        registry.register(
            "http_request_duration_seconds",
            "Time to answer a request",
            metrics.request_seconds.clone(),
        );
        registry.register(
            "tokens",
            "Token requests by grant type and outcome (issued, or the error code)",
            metrics.tokens.clone(),
        );
        registry.register("logins", "Logins by outcome", metrics.logins.clone());
        registry.register(
            "backchannel_logouts",
            "Tries to tell a client that a session ended, by outcome (delivered; failed: tried again later; given_up: not tried again; unwanted: its address was taken out of the configuration)",
            metrics.backchannel_logouts.clone(),
        );
        registry.register("actor_restarts", "Restarts after a panic, by actor", metrics.actor_restarts.clone());
        registry.register(
            "actor_mailbox_wait_seconds",
            "Time a message waited in a mailbox",
            metrics.mailbox_wait_seconds.clone(),
        );
        registry.register(
            "actor_refused",
            "Messages refused because the actor had too many waiting",
            metrics.refused_busy.clone(),
        );
        registry.register(
            "cache",
            "What the cache was asked (get, put, add), by outcome (hit, miss, done; failed: no answer in time, or refused; resting: not asked, since it did not answer a moment ago)",
            metrics.cache.clone(),
        );
        registry.register(
            "rate_limited",
            "Requests answered with 429 because their address or client was over its rate limit, by kind (address, client)",
            metrics.rate_limited.clone(),
        );
        registry.register(
            "directory_server_usable",
            "Whether a server of a directory can be used (1), by UserStore and server",
            metrics.directory_usable.clone(),
        );
        registry.register(
            "directory_server_used",
            "Whether a server of a directory is the one that is used (1), by UserStore and server",
            metrics.directory_used.clone(),
        );
        registry.register(
            "directory_operations",
            "What directories were asked (find, authenticate, groups), by UserStore and outcome (answered; unavailable, busy, internal; not_asked: no server could be used)",
            metrics.directory_operations.clone(),
        );
        registry.register(
            "directory_operation_duration_seconds",
            "Time until a directory that was asked had answered or failed, by UserStore",
            metrics.directory_seconds.clone(),
        );
        registry.register("snapshot_info", "The configuration revision in force (1)", metrics.snapshot.clone());
        registry.register(
            "snapshot_applied",
            "Configurations received, by outcome (applied, unchanged, refused, superseded)",
            metrics.snapshot_applied.clone(),
        );
        registry.register(
            "snapshot_kept",
            "Tries to keep the configuration in force for the next start, by outcome (kept, present: another replica had done it, failed)",
            metrics.snapshot_kept.clone(),
        );
        registry.register(
            "snapshot_restored",
            "Tries to take up at the start what was kept, by outcome (in_force, nothing, not_needed, unavailable, unusable)",
            metrics.snapshot_restored.clone(),
        );
        registry.register(
            "snapshot_clients",
            "Clients in the configuration in force",
            metrics.snapshot_clients.clone(),
        );
        Self {
            registry: Arc::new(registry),
            ..metrics
        }
    }

    /// A request was answered. `route` is the pattern, not the path.
    pub fn request(&self, route: &'static str, method: &'static str, status: u16, took: Duration) {
        self.requests.get_or_create(&RequestLabels { route, method, status }).inc();
        self.request_seconds
            .get_or_create(&RouteLabels { route })
            .observe(took.as_secs_f64());
    }

    /// A token request ended: `outcome` is `issued` or an error code.
    pub fn token(&self, grant_type: &'static str, outcome: &'static str) {
        self.tokens.get_or_create(&TokenLabels { grant_type, outcome }).inc();
    }

    /// A login ended: `succeeded`, `bad_credentials`, `password_expired`, `throttled`, `busy`, `unavailable`, `internal`.
    pub fn login(&self, outcome: &'static str) {
        self.logins.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// A client was told that a session ended, or not: `delivered`, `failed`, `given_up`, `unwanted`.
    pub fn backchannel_logout(&self, outcome: &'static str) {
        self.backchannel_logouts.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// An actor was restarted.
    pub fn actor_restarted(&self, actor: &'static str) {
        self.actor_restarts.get_or_create(&ActorLabels { actor }).inc();
    }

    /// Where the waits of messages in an actor's mailbox are counted; looked up once, since it is on every message's way.
    pub fn mailbox_wait(&self, actor: &'static str) -> MailboxWait {
        MailboxWait(self.mailbox_wait_seconds.get_or_create_owned(&ActorLabels { actor }))
    }

    /// A message was refused for lack of room.
    pub fn refused_busy(&self, actor: &'static str) {
        self.refused_busy.get_or_create(&ActorLabels { actor }).inc();
    }

    /// The cache was asked: `get`, `put`, `add`; with the outcome `hit`, `miss`, `done`, `failed`, `resting`.
    pub fn cache(&self, operation: &'static str, outcome: &'static str) {
        self.cache.get_or_create(&CacheLabels { operation, outcome }).inc();
    }

    /// A request was over a rate limit: of its `address` or its `client`.
    pub fn rate_limited(&self, kind: &'static str) {
        self.rate_limited.get_or_create(&KindLabels { kind }).inc();
    }

    /// How a server of a directory stands.
    pub fn directory_server(&self, store: &str, server: &str, usable: bool, used: bool) {
        let labels = DirectoryServerLabels {
            store: store.to_owned(),
            server: server.to_owned(),
        };
        self.directory_usable.get_or_create(&labels).set(i64::from(usable));
        self.directory_used.get_or_create(&labels).set(i64::from(used));
    }

    /// A server of a directory is not in the configuration any more.
    pub fn forget_directory_server(&self, store: &str, server: &str) {
        let labels = DirectoryServerLabels {
            store: store.to_owned(),
            server: server.to_owned(),
        };
        self.directory_usable.remove(&labels);
        self.directory_used.remove(&labels);
    }

    /// A directory was asked: `find`, `authenticate`, `groups`; with the outcome `answered`, `unavailable`, `busy`, `internal`, `not_asked`, and how
    /// long it took if it was asked.
    pub fn directory_operation(&self, store: &str, operation: &'static str, outcome: &'static str, took: Option<Duration>) {
        let store = store.to_owned();
        if let Some(took) = took {
            let labels = DirectoryLabels {
                store: store.clone(),
                operation,
            };
            self.directory_seconds.get_or_create(&labels).observe(took.as_secs_f64());
        }
        let labels = DirectoryOutcomeLabels { store, operation, outcome };
        self.directory_operations.get_or_create(&labels).inc();
    }

    /// A configuration came: `applied`, `unchanged`, `refused`, `superseded`.
    pub fn snapshot_applied(&self, outcome: &'static str) {
        self.snapshot_applied.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// A try to keep the configuration in force for the next start: `kept`, `present`, `failed`.
    pub fn snapshot_kept(&self, outcome: &'static str) {
        self.snapshot_kept.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// A try to take up what was kept: `in_force`, `nothing`, `not_needed`, `unavailable`, `unusable`.
    pub fn snapshot_restored(&self, outcome: &'static str) {
        self.snapshot_restored.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// This configuration is in force now.
    pub fn snapshot(&self, revision: &str, clients: usize) {
        self.snapshot.clear();
        self.snapshot
            .get_or_create(&RevisionLabels {
                revision: revision.to_owned(),
            })
            .set(1);
        self.snapshot_clients.set(i64::try_from(clients).unwrap_or(i64::MAX));
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
    fn renders_what_was_counted() {
        let metrics = Metrics::new();
        metrics.request("/token", "POST", 200, Duration::from_millis(1));
        metrics.token("client_credentials", "issued");
        metrics.snapshot("old", 1);
        metrics.snapshot("new", 3);
        let text = metrics.render().unwrap();
        assert!(
            text.contains(r#"nauthera_http_requests_total{route="/token",method="POST",status="200"} 1"#),
            "{text}"
        );
        assert!(text.contains(r#"nauthera_tokens_total{grant_type="client_credentials",outcome="issued"} 1"#));
        assert!(text.contains(r#"nauthera_snapshot_info{revision="new"} 1"#) && !text.contains("old"));
    }
}
