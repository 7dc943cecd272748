//! The pod: one container, its settings and mounts, and the rights that it goes without.

use super::access::{CONFIG_PORT, DRAIN_SECONDS};
use super::{Asked, Database};
use crate::operator::settings::ENDS_WITHIN_SECONDS;
use crate::resources::exposure::ForwardedHeader;
use serde_json::{Value, json};

/// The container's name.
pub const CONTAINER: &str = "server";
/// Everything in the image is for this user and group; nothing is for root.
const USER: u32 = 65532;
/// Before SIGTERM: until every node has heard that the pod is on its way out, new connections still come to it.
const PRE_STOP_SECONDS: u16 = 5;
/// Readable by the owner and the group alone.
const SECRET_MODE: u16 = 0o440;

const CONFIG_TLS: &str = "/var/run/nauthera/config-tls";
const KEK: &str = "/var/run/nauthera/kek";
const DATABASE: &str = "/var/run/nauthera/database";
const CACHE: &str = "/var/run/nauthera/cache";
const TLS: &str = "/var/run/nauthera/tls";
const DATA: &str = "/var/lib/nauthera";

/// The pod's spec.
pub fn spec(asked: &Asked<'_>) -> Value {
    let grace = PRE_STOP_SECONDS + DRAIN_SECONDS + ENDS_WITHIN_SECONDS;
    let spread = |topology: &str| {
        json!({
            "maxSkew": 1,
            "topologyKey": topology,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": asked.subject.selector()},
        })
    };
    json!({
        "serviceAccountName": asked.names.own(),
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        "terminationGracePeriodSeconds": grace,
        "securityContext": {
            "runAsNonRoot": true,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "topologySpreadConstraints": [spread("kubernetes.io/hostname"), spread("topology.kubernetes.io/zone")],
        "containers": [container(asked)],
        "volumes": volumes(asked),
    })
}

fn container(asked: &Asked<'_>) -> Value {
    let image = asked.spec.image.as_deref().unwrap_or(asked.circumstances.server_image);
    json!({
        "name": CONTAINER,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "args": arguments(asked),
        "envFrom": [{"configMapRef": {"name": asked.names.own()}}],
        "ports": [
            {"name": asked.port_name(), "containerPort": asked.pod_port(), "protocol": "TCP"},
            {"name": "config", "containerPort": CONFIG_PORT, "protocol": "TCP"},
        ],
        "resources": resources(asked),
        // Live is not ready: a server that waits for its configuration is live.
        "startupProbe": probe(asked, "/healthz", 2, 90),
        "livenessProbe": probe(asked, "/healthz", 10, 6),
        "readinessProbe": probe(asked, "/readyz", 2, 2),
        "lifecycle": {"preStop": {"sleep": {"seconds": PRE_STOP_SECONDS}}},
        // `kubectl describe pod`, to which statuses send people, then shows the last words of one that did not start.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "runAsNonRoot": true,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": mounts(asked),
    })
}

fn probe(asked: &Asked<'_>, path: &str, period: u16, failures: u16) -> Value {
    let scheme = if asked.https() { "HTTPS" } else { "HTTP" };
    json!({
        "httpGet": {"path": path, "port": asked.port_name(), "scheme": scheme},
        "periodSeconds": period,
        "timeoutSeconds": 3,
        "failureThreshold": failures,
        "successThreshold": 1,
    })
}

fn resources(asked: &Asked<'_>) -> Value {
    match &asked.spec.resources {
        Some(compute) => json!({
            "requests": (!compute.requests.is_empty()).then_some(&compute.requests),
            "limits": (!compute.limits.is_empty()).then_some(&compute.limits),
        }),
        // An autoscaler measures by what pods ask for.
        None => json!({"requests": {"cpu": "100m", "memory": "128Mi"}}),
    }
}

fn arguments(asked: &Asked<'_>) -> Vec<String> {
    let names = asked.names;
    let mut arguments = vec![
        "serve".to_owned(),
        format!("--auth-server={}", asked.subject.key),
        format!("--listen=0.0.0.0:{}", asked.pod_port()),
        format!("--config-listen=0.0.0.0:{CONFIG_PORT}"),
        format!("--config-tls={CONFIG_TLS}"),
        format!("--config-client-name={}", names.operator_identity()),
        format!("--kek={KEK}"),
        format!("--data={DATA}"),
    ];
    if let Database::Postgres { authority, client, .. } = &asked.circumstances.database {
        arguments.push(format!("--database-url-file={DATABASE}/url"));
        arguments.push(format!("--database-schema={}", names.schema()));
        if *authority {
            arguments.push(format!("--database-ca={DATABASE}/ca.crt"));
        }
        if *client {
            arguments.push(format!("--database-cert={DATABASE}/tls.crt"));
            arguments.push(format!("--database-key={DATABASE}/tls.key"));
        }
    }
    if let Some(cache) = &asked.circumstances.cache {
        arguments.push(format!("--cache-url-file={CACHE}/url"));
        if cache.authority {
            arguments.push(format!("--cache-ca={CACHE}/ca.crt"));
        }
        if cache.client {
            arguments.push(format!("--cache-cert={CACHE}/tls.crt"));
            arguments.push(format!("--cache-key={CACHE}/tls.key"));
        }
    }
    if let Some(proxies) = &asked.spec.trusted_proxies {
        arguments.push(format!("--trusted-proxies={}", proxies.networks.join(",")));
        if proxies.header == ForwardedHeader::Forwarded {
            arguments.push("--forwarded-by=forwarded".to_owned());
        }
    }
    if asked.https() {
        arguments.push(format!("--tls-cert={TLS}/tls.crt"));
        arguments.push(format!("--tls-key={TLS}/tls.key"));
    }
    arguments
}

fn volumes(asked: &Asked<'_>) -> Value {
    let secret = |name: &str, secret: &str| json!({"name": name, "secret": {"secretName": secret, "defaultMode": SECRET_MODE}});
    let names = asked.names;
    let mut volumes = vec![
        secret("config-tls", &names.config_server()),
        secret("kek", &names.kek()),
        json!({"name": "data", "emptyDir": {}}),
        json!({"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}}),
    ];
    if let Database::Postgres { secret: database, .. } = &asked.circumstances.database {
        volumes.push(secret("database", database));
    }
    if let Some(cache) = &asked.circumstances.cache {
        volumes.push(secret("cache", &cache.secret));
    }
    if let Some(tls) = asked.tls_secret() {
        volumes.push(secret("tls", &tls));
    }
    Value::Array(volumes)
}

fn mounts(asked: &Asked<'_>) -> Value {
    let read_only = |name: &str, path: &str| json!({"name": name, "mountPath": path, "readOnly": true});
    let mut mounts = vec![
        read_only("config-tls", CONFIG_TLS),
        read_only("kek", KEK),
        json!({"name": "data", "mountPath": DATA}),
        json!({"name": "tmp", "mountPath": "/tmp"}),
    ];
    if matches!(asked.circumstances.database, Database::Postgres { .. }) {
        mounts.push(read_only("database", DATABASE));
    }
    if asked.circumstances.cache.is_some() {
        mounts.push(read_only("cache", CACHE));
    }
    if asked.https() {
        mounts.push(read_only("tls", TLS));
    }
    Value::Array(mounts)
}
