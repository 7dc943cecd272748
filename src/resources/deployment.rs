//! How an AuthServer runs in a cluster: its pods, their number, their means, and where its data is.

use super::common::LocalRef;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Pods for the load that there is: a HorizontalPodAutoscaler, which then owns the number of replicas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("self.minReplicas <= self.maxReplicas").message("minReplicas is at most maxReplicas"))]
pub struct Autoscaling {
    /// Never fewer pods than this
    #[serde(default = "Autoscaling::default_min_replicas")]
    #[schemars(range(min = 1, max = 100))]
    pub min_replicas: i32,
    /// Never more pods than this
    #[schemars(range(min = 1, max = 100))]
    pub max_replicas: i32,
    /// The mean use of the CPU that pods ask for, in per cent, above which pods are added
    #[serde(default = "Autoscaling::default_target", rename = "targetCPUUtilizationPercentage")]
    #[schemars(range(min = 1, max = 100))]
    pub target_cpu_utilization_percentage: i32,
}

impl Autoscaling {
    fn default_min_replicas() -> i32 {
        2
    }

    fn default_target() -> i32 {
        80
    }
}

/// What voluntary disruptions, such as a node's drain, must leave running: a PodDisruptionBudget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Disruption {
    /// So many pods stay. Below the number of replicas, or no node can be drained.
    #[serde(default = "Disruption::default_min_available")]
    #[schemars(range(min = 0, max = 100))]
    pub min_available: i32,
}

impl Disruption {
    fn default_min_available() -> i32 {
        1
    }
}

impl Default for Disruption {
    fn default() -> Self {
        Self {
            min_available: Self::default_min_available(),
        }
    }
}

/// What a pod asks for and what it may take at most, as Kubernetes' own containers have it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Compute {
    /// What is set aside for each pod, such as `cpu: 100m` and `memory: 128Mi`
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub requests: BTreeMap<String, String>,
    /// What each pod may take at most
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, String>,
}

/// The database that keeps sessions, grants, keys and second factors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Database {
    /// A Secret of this namespace with the key `url` (`postgres://…`) and, if you like, `ca.crt`, `tls.crt` and `tls.key`
    pub secret_ref: LocalRef,
}

/// A cache beside the database: Redis or Valkey. Without it a server is slower and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cache {
    /// A Secret of this namespace with the key `url` (`rediss://…` or `redis://…`) and, if you like, `ca.crt`, `tls.crt` and `tls.key`
    pub secret_ref: LocalRef,
}
