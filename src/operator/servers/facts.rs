//! What the status of an AuthServer says of what was made for it. Pure.

use super::desired::Database;
use super::live::Live;
use crate::config::input::Key;
use crate::operator::overlay::Fact;
use crate::resources::AuthServerSpec;
use crate::resources::condition::Condition;
use jiff::Timestamp;
use serde_json::{Map, json};

/// Something that keeps an AuthServer from being as it is asked for: reason and message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// One word
    pub reason: &'static str,
    /// What happened and what to do
    pub message: String,
}

impl Fault {
    /// A fault.
    pub fn new(reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
        }
    }
}

/// Whether it caches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caching {
    /// It is not asked to
    NotAsked,
    /// In the cache of this Secret
    Used {
        /// Its name
        secret: String,
    },
    /// It is asked to and cannot
    Missing(Fault),
}

/// How the certificate of its HTTPS is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// None is needed
    NotAsked,
    /// It is there, and counts until then
    Until(Option<Timestamp>),
    /// It is not there; what to do
    Missing(String),
    /// cert-manager is about to issue it
    Pending(String),
}

/// What a fact is made from.
pub struct Sources<'a> {
    /// Which AuthServer
    pub server: &'a Key,
    /// Its spec
    pub spec: &'a AuthServerSpec,
    /// Its database
    pub database: &'a Database,
    /// Why it has none, if it has none
    pub embedded: Option<&'static str>,
    /// Whether it caches
    pub caching: Caching,
    /// Its Deployment
    pub deployment: Option<&'a Live>,
    /// The certificate of its HTTPS
    pub certificate: Certificate,
    /// How many pods there shall be at least
    pub least: i32,
    /// What is wrong, the most important first
    pub faults: &'a [Fault],
    /// Now
    pub now: Timestamp,
}

/// The fact.
pub fn fact(sources: &Sources<'_>) -> Fact {
    let mut conditions = vec![deployed(sources), available(sources), durable(sources)];
    conditions.extend(cache(sources));
    conditions.extend(tls(sources));
    let desired = sources
        .deployment
        .and_then(|deployment| deployment.number("/spec/replicas"))
        .unwrap_or(i64::from(sources.least));
    let mut fields = Map::new();
    fields.insert("replicas".to_owned(), json!({"desired": desired}));
    Fact {
        conditions,
        holds_ready: vec!["Deployed", "TLS", "Available"],
        fields,
    }
}

/// The fact of an AuthServer for which nothing can be made.
pub fn nothing(fault: Fault) -> Fact {
    Fact {
        conditions: vec![Condition::no("Deployed", fault.reason, fault.message)],
        holds_ready: vec!["Deployed"],
        fields: Map::new(),
    }
}

fn deployed(sources: &Sources<'_>) -> Condition {
    match sources.faults {
        // New pods wait for it.
        [] if let Some(condition) = awaited(sources) => Condition {
            type_: "Deployed".to_owned(),
            ..condition
        },
        [] => Condition::yes("Deployed", "Applied", "everything that it needs in the cluster is there"),
        [first, rest @ ..] => {
            let mut message = first.message.clone();
            for fault in rest {
                message.push_str("; ");
                message.push_str(&fault.message);
            }
            Condition::no("Deployed", first.reason, message)
        }
    }
}

/// What is said of a certificate that is not there.
fn awaited(sources: &Sources<'_>) -> Option<Condition> {
    let is_awaited = matches!(sources.certificate, Certificate::Missing(_) | Certificate::Pending(_));
    is_awaited.then(|| tls(sources)).flatten()
}

fn available(sources: &Sources<'_>) -> Condition {
    let Some(deployment) = sources.deployment else {
        return Condition::no("Available", "NotDeployed", "it has no pods yet");
    };
    let number = |field: &str| deployment.number(&format!("/status/{field}")).unwrap_or_default();
    let wanted = deployment.number("/spec/replicas").unwrap_or(1);
    let (ready, updated) = (number("readyReplicas"), number("updatedReplicas"));
    let server = sources.server;
    let hint = format!(
        "kubectl -n {} describe pods -l app.kubernetes.io/instance={},app.kubernetes.io/component=server says what they wait for",
        server.namespace, server.name
    );
    let count = format!("{ready} of {wanted} pods are ready");
    let stuck = deployment.condition("Progressing").is_some_and(|(status, _, _)| status == "False");
    if let Some(("True", _, message)) = deployment.condition("ReplicaFailure")
        && ready < wanted
    {
        let message = format!("{count}; the cluster refuses its pods: {message}");
        return if ready == 0 {
            Condition::no("Available", "PodsRefused", message)
        } else {
            Condition::yes("Available", "PodsRefused", message)
        };
    }
    match (ready, stuck) {
        (0, true) => Condition::no(
            "Available",
            "NoReplicaReady",
            format!("{count}, and that has not changed for long; {hint}"),
        ),
        (0, false) => Condition::no("Available", "Starting", format!("{count}; {hint}")),
        (_, true) => Condition::yes("Available", "RolloutStuck", format!("{count}, but not in the latest form; {hint}")),
        _ if ready >= wanted && updated >= wanted => Condition::yes("Available", "AllReplicasReady", count),
        _ => Condition::yes("Available", "RollingOut", count),
    }
}

fn durable(sources: &Sources<'_>) -> Condition {
    match sources.database {
        Database::Postgres { secret, .. } => {
            let message = format!("its data is in the PostgreSQL database of the Secret {secret}");
            Condition::yes("Durable", "PostgreSQL", message)
        }
        Database::Embedded => {
            let why = sources.embedded.unwrap_or("it names no database");
            let mut message = format!(
                "{why}, so its data is in SQLite within its one pod and is lost when that pod goes; for more than a trial set database.secretRef"
            );
            if sources.spec.replicas > 1 || sources.spec.autoscaling.is_some() {
                message.push_str(". Then it has as many pods as it asks for");
            }
            Condition::no("Durable", "EmbeddedDatabase", message)
        }
    }
}

/// Does not hold `Ready` back: without its cache it is slower and never wrong.
fn cache(sources: &Sources<'_>) -> Option<Condition> {
    match &sources.caching {
        Caching::NotAsked => None,
        Caching::Used { secret } => {
            let message = format!("its pods use the cache of the Secret {secret}; their logs and metrics say whether it answers");
            Some(Condition::yes("Cache", "Used", message))
        }
        Caching::Missing(fault) => {
            let message = format!(
                "{}; until then its pods run without a cache, which is slower and nothing else",
                fault.message
            );
            Some(Condition::no("Cache", fault.reason, message))
        }
    }
}

fn tls(sources: &Sources<'_>) -> Option<Condition> {
    match &sources.certificate {
        Certificate::NotAsked => None,
        Certificate::Missing(message) => Some(Condition::no("TLS", "CertificateMissing", message.clone())),
        Certificate::Pending(message) => Some(Condition::no("TLS", "CertificatePending", message.clone())),
        Certificate::Until(Some(until)) if *until <= sources.now => {
            let message = format!("the certificate of its HTTPS counted until {until}: renew it");
            Some(Condition::no("TLS", "CertificateExpired", message))
        }
        Certificate::Until(Some(until)) => {
            let message = format!("the certificate of its HTTPS is there and counts until {until}");
            Some(Condition::yes("TLS", "CertificateReady", message))
        }
        Certificate::Until(None) => {
            let message = "the Secret with the certificate of its HTTPS holds none in tls.crt, or no tls.key";
            Some(Condition::no("TLS", "CertificateInvalid", message))
        }
    }
}

/// Whether a Secret has what HTTPS needs, and until when.
pub fn until(certificate: Option<&[u8]>, key: Option<&[u8]>) -> Option<Timestamp> {
    key.filter(|key| !key.is_empty())?;
    super::pki::ends(certificate?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::condition::ConditionStatus::{False, True};
    use kube::api::DynamicObject;
    use serde_json::Value;

    fn deployment(replicas: i64, status: Value) -> Live {
        let object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "main"}, "spec": {"replicas": replicas}, "status": status});
        Live::new(serde_json::from_value::<DynamicObject>(object).unwrap())
    }

    struct Scene {
        spec: Value,
        database: Database,
        deployment: Option<Live>,
        certificate: Certificate,
        caching: Caching,
        faults: Vec<Fault>,
    }

    impl Default for Scene {
        fn default() -> Self {
            Self {
                spec: json!({"issuerUrl": "https://login.example.org"}),
                database: Database::Postgres {
                    secret: "login-db".to_owned(),
                    authority: false,
                    client: false,
                },
                deployment: Some(deployment(2, json!({"readyReplicas": 2, "updatedReplicas": 2}))),
                certificate: Certificate::NotAsked,
                caching: Caching::NotAsked,
                faults: Vec::new(),
            }
        }
    }

    impl Scene {
        fn fact(&self) -> Fact {
            fact(&Sources {
                server: &Key::new("identity", "main"),
                spec: &serde_json::from_value(self.spec.clone()).unwrap(),
                database: &self.database,
                embedded: Some("the operator has no default database"),
                caching: self.caching.clone(),
                deployment: self.deployment.as_ref(),
                certificate: self.certificate.clone(),
                least: 2,
                faults: &self.faults,
                now: "2026-01-01T00:00:00Z".parse().unwrap(),
            })
        }

        fn condition(&self, type_: &str) -> Condition {
            let fact = self.fact();
            fact.conditions.into_iter().find(|condition| condition.type_ == type_).unwrap()
        }
    }

    #[test]
    fn one_ready_pod_is_enough_to_serve() {
        for (ready, updated, status, reason) in [
            (0, 2, False, "Starting"),
            (1, 2, True, "RollingOut"),
            (2, 1, True, "RollingOut"),
            (2, 2, True, "AllReplicasReady"),
        ] {
            let deployment = deployment(2, json!({"readyReplicas": ready, "updatedReplicas": updated}));
            let scene = Scene {
                deployment: Some(deployment),
                ..Scene::default()
            };
            let condition = scene.condition("Available");
            assert_eq!((condition.status, condition.reason.as_str()), (status, reason), "{ready} {updated}");
        }
    }

    #[test]
    fn pods_that_do_not_come_are_said_with_where_to_look() {
        let stuck = json!([{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]);
        let scene = Scene {
            deployment: Some(deployment(2, json!({"conditions": stuck}))),
            ..Scene::default()
        };
        let condition = scene.condition("Available");
        assert_eq!((condition.status, condition.reason.as_str()), (False, "NoReplicaReady"));
        assert!(
            condition.message.contains("kubectl -n identity describe pods"),
            "{}",
            condition.message
        );
        let refused = json!([{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}]);
        let scene = Scene {
            deployment: Some(deployment(2, json!({"conditions": refused}))),
            ..Scene::default()
        };
        let condition = scene.condition("Available");
        assert!(condition.reason == "PodsRefused" && condition.message.contains("exceeded quota"));
    }

    #[test]
    fn the_embedded_database_is_never_silent_and_does_not_hold_ready() {
        let mut scene = Scene {
            database: Database::Embedded,
            ..Scene::default()
        };
        let condition = scene.condition("Durable");
        assert_eq!((condition.status, condition.reason.as_str()), (False, "EmbeddedDatabase"));
        assert!(
            condition.message.contains("as many pods"),
            "it has one pod instead of two: {}",
            condition.message
        );
        assert!(!scene.fact().holds_ready.contains(&"Durable"));
        scene.spec["replicas"] = json!(1);
        assert!(!scene.condition("Durable").message.contains("as many pods"));
    }

    #[test]
    fn a_cache_that_is_missing_is_said_and_holds_nothing_back() {
        let mut scene = Scene {
            caching: Caching::Missing(Fault::new("CacheNotFound", "make it")),
            ..Scene::default()
        };
        let condition = scene.condition("Cache");
        assert_eq!((condition.status, condition.reason.as_str()), (False, "CacheNotFound"));
        assert!(condition.message.starts_with("make it; "), "{}", condition.message);
        let fact = scene.fact();
        assert!(!fact.holds_ready.contains(&"Cache"));
        assert!(
            fact.conditions
                .iter()
                .all(|condition| condition.type_ == "Cache" || condition.holds())
        );
        scene.caching = Caching::Used {
            secret: "login-cache".to_owned(),
        };
        assert!(scene.condition("Cache").holds());
        assert!(
            Scene::default()
                .fact()
                .conditions
                .iter()
                .all(|condition| condition.type_ != "Cache")
        );
    }

    #[test]
    fn a_certificate_that_is_missing_or_over_is_said() {
        for (certificate, status, reason) in [
            (Certificate::Missing("make it".to_owned()), False, "CertificateMissing"),
            (Certificate::Pending("wait".to_owned()), False, "CertificatePending"),
            (Certificate::Until(None), False, "CertificateInvalid"),
            (Certificate::Until("2025-12-31T00:00:00Z".parse().ok()), False, "CertificateExpired"),
            (Certificate::Until("2026-02-01T00:00:00Z".parse().ok()), True, "CertificateReady"),
        ] {
            let scene = Scene {
                certificate,
                ..Scene::default()
            };
            let condition = scene.condition("TLS");
            assert_eq!((condition.status, condition.reason.as_str()), (status, reason));
            let all_is_there = scene.condition("Deployed").holds();
            assert_eq!(all_is_there, !["CertificateMissing", "CertificatePending"].contains(&reason));
        }
        assert!(Scene::default().fact().conditions.iter().all(|condition| condition.type_ != "TLS"));
    }

    #[test]
    fn the_first_fault_gives_the_reason_and_all_are_told() {
        let scene = Scene {
            faults: vec![Fault::new("DatabaseNotFound", "one"), Fault::new("NameConflict", "two")],
            ..Scene::default()
        };
        let condition = scene.condition("Deployed");
        assert_eq!(
            (condition.reason.as_str(), condition.message.as_str()),
            ("DatabaseNotFound", "one; two")
        );
    }
}
