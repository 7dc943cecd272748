//! What cert-manager is asked for: both sides of the configuration service, and the public certificate.
//!
//! The authority keeps its key when its certificate is renewed. Whoever trusts the certificate before trusts what is signed after, so
//! that a renewal cuts nobody off; a new authority comes from deleting its Secret.

use super::exposure::host_and_path;
use super::{Asked, Object};
use crate::operator::servers::kinds::Made;
use serde_json::{Value, json};

const DAY: u32 = 24;

/// Issuers and Certificates, if cert-manager is there.
pub fn objects(asked: &Asked<'_>) -> Vec<Object> {
    if !asked.circumstances.cert_manager {
        return Vec::new();
    }
    let (subject, names) = (asked.subject, asked.names);
    let ours = |name: String| json!({"name": name, "kind": "Issuer", "group": "cert-manager.io"});
    let issuer = |name: String, spec: Value| Object::new(subject, Made::Issuer, name, json!({"spec": spec}));
    let mut objects = vec![
        issuer(names.self_signed(), json!({"selfSigned": {}})),
        certificate(
            asked,
            names.authority(),
            json!({
                "isCA": true,
                "commonName": names.config(),
                "duration": hours(3650 * DAY),
                "renewBefore": hours(365 * DAY),
                "usages": ["cert sign", "crl sign", "digital signature"],
                "privateKey": private_key("Never"),
                "issuerRef": ours(names.self_signed()),
            }),
        ),
        issuer(names.config(), json!({"ca": {"secretName": names.authority()}})),
    ];
    for (name, identity, usage) in [
        (names.config_server(), names.server_identity(), "server auth"),
        (names.config_operator(), names.operator_identity(), "client auth"),
    ] {
        objects.push(certificate(
            asked,
            name,
            json!({
                "dnsNames": [identity],
                "duration": hours(90 * DAY),
                "renewBefore": hours(30 * DAY),
                "usages": ["digital signature", usage],
                "privateKey": private_key("Always"),
                "issuerRef": ours(names.config()),
            }),
        ));
    }
    objects.extend(public(asked));
    objects
}

fn public(asked: &Asked<'_>) -> Option<Object> {
    let issuer = asked.spec.tls.as_ref()?.issuer_ref.as_ref()?;
    let host = url::Url::parse(&asked.spec.issuer_url).ok()?;
    let (name, _) = host_and_path(&asked.spec.issuer_url);
    let address = host.host_str().map(|host| host.trim_matches(['[', ']']).to_owned());
    let spec = match name {
        Some(name) => json!({"dnsNames": [name]}),
        None => json!({"ipAddresses": [address?]}),
    };
    let mut spec = spec;
    if let Value::Object(fields) = &mut spec {
        fields.insert("usages".to_owned(), json!(["digital signature", "server auth"]));
        fields.insert("privateKey".to_owned(), private_key("Always"));
        fields.insert(
            "issuerRef".to_owned(),
            json!({"name": issuer.name, "kind": issuer.kind, "group": issuer.group}),
        );
    }
    Some(certificate(asked, asked.names.tls(), spec))
}

/// A Certificate whose Secret has its name, and the labels by which the operator sees it.
fn certificate(asked: &Asked<'_>, name: String, mut spec: Value) -> Object {
    if let Value::Object(fields) = &mut spec {
        fields.insert("secretName".to_owned(), json!(name));
        fields.insert("secretTemplate".to_owned(), json!({"labels": asked.subject.labels()}));
    }
    Object::new(asked.subject, Made::Certificate, name, json!({"spec": spec}))
}

fn private_key(rotation: &str) -> Value {
    json!({"algorithm": "ECDSA", "size": 256, "encoding": "PKCS8", "rotationPolicy": rotation})
}

/// As cert-manager writes durations, so that what is read back is what was written.
fn hours(hours: u32) -> String {
    format!("{hours}h0m0s")
}
