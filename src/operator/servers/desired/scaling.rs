//! How many pods: the number, who may take some away, and who else decides on it.

use super::{Asked, Database, Object};
use crate::operator::servers::kinds::Made;
use crate::resources::AuthServerSpec;
use serde_json::json;

/// How many pods there shall be; `None` if an autoscaler decides.
pub fn replicas(spec: &AuthServerSpec, database: &Database) -> Option<i32> {
    match (database, &spec.autoscaling) {
        // The file is in one pod.
        (Database::Embedded, _) => Some(1),
        (Database::Postgres { .. }, Some(_)) => None,
        (Database::Postgres { .. }, None) => Some(spec.replicas),
    }
}

/// How many pods there are at least, when all is well.
pub fn least_replicas(spec: &AuthServerSpec, database: &Database) -> i32 {
    replicas(spec, database).unwrap_or_else(|| spec.autoscaling.as_ref().map_or(1, |autoscaling| autoscaling.min_replicas))
}

/// The budget and the autoscaler, as far as they are asked for.
pub fn objects(asked: &Asked<'_>) -> Vec<Object> {
    [budget(asked), autoscaler(asked)].into_iter().flatten().collect()
}

/// A single pod has to go when its node does.
fn budget(asked: &Asked<'_>) -> Option<Object> {
    let least = asked.spec.disruption.min_available;
    if least_replicas(asked.spec, &asked.circumstances.database) < 2 || least < 1 {
        return None;
    }
    let spec = json!({
        "minAvailable": least,
        "selector": {"matchLabels": asked.subject.selector()},
        // A pod that does not work keeps no node from being drained.
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    });
    Some(Object::new(
        asked.subject,
        Made::PodDisruptionBudget,
        asked.names.own(),
        json!({"spec": spec}),
    ))
}

fn autoscaler(asked: &Asked<'_>) -> Option<Object> {
    let autoscaling = asked.spec.autoscaling.as_ref()?;
    if replicas(asked.spec, &asked.circumstances.database).is_some() {
        return None;
    }
    let cpu =
        json!({"name": "cpu", "target": {"type": "Utilization", "averageUtilization": autoscaling.target_cpu_utilization_percentage}});
    let spec = json!({
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": asked.names.own()},
        "minReplicas": autoscaling.min_replicas,
        "maxReplicas": autoscaling.max_replicas,
        "metrics": [{"type": "Resource", "resource": cpu}],
    });
    Some(Object::new(
        asked.subject,
        Made::HorizontalPodAutoscaler,
        asked.names.own(),
        json!({"spec": spec}),
    ))
}
