//! A cluster with an operator that has the chart's rights.

use super::access::Access;
use super::control_plane::ControlPlane;
use super::operator::OperatorProcess;
use super::tools::repository;
use serde_json::Value;
use std::sync::LazyLock;

/// Where the operator is installed.
pub const HOME: &str = "nauthera-system";

/// A cluster, and the operator in it that looks at all of it.
pub struct Operated {
    pub cluster: ControlPlane,
    pub operator: OperatorProcess,
}

static SHARED: LazyLock<Operated> = LazyLock::new(Operated::start);

impl Operated {
    /// The one that tests of this process share. Tests use namespaces of their own.
    pub fn shared() -> &'static Self {
        &SHARED
    }

    /// One of its own for a test that hurts everybody.
    pub fn start() -> Self {
        let cluster = installed();
        let operator = start_operator(&cluster, "nauthera-operator", "operator-0");
        Self { cluster, operator }
    }
}

/// A cluster with the chart in it. No pod of the operator runs there: there is no node.
pub fn installed() -> ControlPlane {
    let cluster = ControlPlane::empty();
    let chart = repository("k8s/chart/nauthera");
    let chart = chart.to_str().unwrap();
    cluster
        .helm(&["install", "nauthera", chart, "--namespace", HOME, "--create-namespace"])
        .success();
    cluster
        .kubectl(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"])
        .success();
    cluster
}

/// An operator that looks at the whole cluster, as this account of [`HOME`].
pub fn start_operator(cluster: &ControlPlane, account: &str, identity: &str) -> OperatorProcess {
    let arguments = [
        "operator",
        "--lease-name=nauthera-operator",
        "--metrics-listen=127.0.0.1:0",
        "--log=debug,hyper=info,h2=info,rustls=info,kube=info,tower=info",
        "--identity",
        identity,
    ]
    .map(str::to_owned);
    OperatorProcess::start(cluster, HOME, account, &arguments)
}

impl Access {
    /// An object as it is now.
    pub fn get(&self, namespace: &str, what: &str) -> Value {
        let json = self.kubectl(&["-n", namespace, "get", what, "-o", "json"]).success();
        serde_json::from_str(&json).unwrap()
    }

    /// Waits until this holds (`kubectl wait --for=…`) of an object.
    #[track_caller]
    pub fn until(&self, namespace: &str, what: &str, holds: &str) {
        let condition = format!("--for={holds}");
        let said = self.kubectl(&["-n", namespace, "wait", &condition, what, "--timeout=90s"]);
        if !said.ok {
            let now = self.kubectl(&["-n", namespace, "get", what, "-o", "yaml"]);
            panic!("{what} in {namespace}: not {holds}: {}\n{}{}", said.err, now.out, now.err);
        }
    }

    /// Waits until a condition of an object has this reason.
    #[track_caller]
    pub fn until_reason(&self, namespace: &str, what: &str, condition: &str, reason: &str) {
        let path = format!("jsonpath={{.status.conditions[?(@.type==\"{condition}\")].reason}}={reason}");
        self.until(namespace, what, &path);
    }

    /// A condition of an object as it is now: status, reason, message.
    pub fn condition(&self, namespace: &str, what: &str, type_: &str) -> [String; 3] {
        let object = self.get(namespace, what);
        let conditions = object["status"]["conditions"].as_array().unwrap();
        let found = conditions
            .iter()
            .find(|condition| condition["type"] == type_)
            .unwrap_or_else(|| panic!("no {type_} in {}", object["status"]));
        ["status", "reason", "message"].map(|field| found[field].as_str().unwrap().to_owned())
    }

    /// Every Event about objects of this name, as JSON.
    pub fn events(&self, namespace: &str, name: &str) -> String {
        self.events_where(namespace, &format!("regarding.name={name}"))
    }

    fn events_where(&self, namespace: &str, fields: &str) -> String {
        let resource = "events.events.k8s.io";
        self.kubectl(&["-n", namespace, "get", resource, "--field-selector", fields, "-o", "json"])
            .success()
    }

    /// Waits for an Event about an object of this name with this reason: its note.
    #[track_caller]
    pub fn until_event(&self, namespace: &str, name: &str, reason: &str) -> String {
        let about = format!("regarding.name={name},reason={reason}");
        let begun = std::time::Instant::now();
        loop {
            let events: Value = serde_json::from_str(&self.events_where(namespace, &about)).unwrap();
            if let Some(note) = events["items"][0]["note"].as_str() {
                return note.to_owned();
            }
            assert!(begun.elapsed().as_secs() < 60, "no Event {reason} about {name}");
        }
    }
}
