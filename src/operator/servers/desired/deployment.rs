//! The Deployment: how many pods, and how they take turns.

use super::{Asked, Database, Object, digest_of, pod, replicas};
use crate::operator::servers::desired::access::settings;
use crate::operator::servers::kinds::Made;
use serde_json::{Value, json};

/// On pods: changes when they have to be started anew. A renewed certificate does not change it: servers read those anew by themselves.
const RESTART: &str = "auth.nauthera.io/restart";

/// The Deployment.
pub fn object(asked: &Asked<'_>) -> Object {
    let subject = asked.subject;
    let restart = digest_of(&json!([settings(asked), asked.circumstances.restart]));
    let spec = json!({
        // An autoscaler owns it.
        "replicas": replicas(asked.spec, &asked.circumstances.database),
        "revisionHistoryLimit": 3,
        "selector": {"matchLabels": subject.selector()},
        "strategy": strategy(&asked.circumstances.database),
        "template": {
            "metadata": {
                "labels": subject.selector(),
                "annotations": {
                    RESTART: restart,
                    "kubectl.kubernetes.io/default-container": pod::CONTAINER,
                },
            },
            "spec": pod::spec(asked),
        },
    });
    Object::new(subject, Made::Deployment, asked.names.own(), json!({"spec": spec}))
}

/// A new pod is there before an old one goes; but one database file is one process's.
fn strategy(database: &Database) -> Value {
    match database {
        Database::Postgres { .. } => json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}),
        Database::Embedded => json!({"type": "Recreate"}),
    }
}
