//! What brings people to the pods: an Ingress or an HTTPRoute, for the host of the issuer.

use super::{Asked, Object};
use crate::operator::servers::kinds::Made;
use crate::resources::exposure::{GatewayExposure, IngressExposure};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use url::{Host, Url};

/// The Ingress or HTTPRoute, if one is asked for and the cluster has such a thing.
pub fn object(asked: &Asked<'_>) -> Option<Object> {
    let exposure = asked.spec.exposure.as_ref()?;
    match (&exposure.ingress, &exposure.gateway) {
        (Some(ingress), _) => Some(self::ingress(asked, ingress)),
        (None, Some(gateway)) if asked.circumstances.gateway_api => Some(route(asked, gateway)),
        _ => None,
    }
}

/// The DNS name of the issuer, if it is one, and its path.
pub fn host_and_path(issuer: &str) -> (Option<String>, String) {
    let Ok(url) = Url::parse(issuer) else {
        return (None, "/".to_owned());
    };
    let host = match url.host() {
        Some(Host::Domain(name)) => Some(name.to_owned()),
        _ => None,
    };
    (host, url.path().to_owned())
}

fn annotations(asked: &BTreeMap<String, String>) -> Map<String, Value> {
    asked.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect()
}

fn ingress(asked: &Asked<'_>, ingress: &IngressExposure) -> Object {
    let (host, path) = host_and_path(&asked.spec.issuer_url);
    let backend = json!({"service": {"name": asked.names.own(), "port": {"name": asked.port_name()}}});
    let tls = ingress
        .tls_secret_ref
        .as_ref()
        .map(|secret| json!([{"hosts": host.iter().collect::<Vec<_>>(), "secretName": secret.name}]));
    let spec = json!({
        "ingressClassName": ingress.class_name,
        "rules": [{"host": host, "http": {"paths": [{"path": path, "pathType": "Prefix", "backend": backend}]}}],
        "tls": tls,
    });
    let annotations = annotations(&ingress.annotations);
    Object::annotated(asked.subject, Made::Ingress, asked.names.own(), annotations, json!({"spec": spec}))
}

fn route(asked: &Asked<'_>, gateway: &GatewayExposure) -> Object {
    let (host, path) = host_and_path(&asked.spec.issuer_url);
    let rule = json!({
        "matches": [{"path": {"type": "PathPrefix", "value": path}}],
        "backendRefs": [{"group": "", "kind": "Service", "name": asked.names.own(), "port": asked.service_port(), "weight": 1}],
    });
    let parents: Vec<Value> = gateway
        .parent_refs
        .iter()
        .map(|parent| {
            json!({
                "group": "gateway.networking.k8s.io",
                "kind": "Gateway",
                "name": parent.name,
                "namespace": parent.namespace,
                "sectionName": parent.section_name,
                "port": parent.port,
            })
        })
        .collect();
    let spec = json!({"parentRefs": parents, "hostnames": host.map(|host| [host]), "rules": [rule]});
    let annotations = annotations(&gateway.annotations);
    Object::annotated(
        asked.subject,
        Made::HttpRoute,
        asked.names.own(),
        annotations,
        json!({"spec": spec}),
    )
}
