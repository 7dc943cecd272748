//! With cert-manager's own controllers: it issues every certificate, and either side goes on with what the other made.

use super::{ALWAYS, deployed, server};
use crate::support::control_plane::ControlPlane;
use crate::support::operated::{installed, start_operator};
use serde_json::{Value, json};
use std::time::Instant;

fn data(cluster: &ControlPlane, namespace: &str, secret: &str) -> Value {
    cluster.get(namespace, &format!("secret/{secret}"))["data"].clone()
}

#[test]
fn cert_manager_issues_every_certificate_and_the_secrets_go_with_the_server() {
    let cluster = installed();
    cluster.add_cert_manager();
    let _operator = start_operator(&cluster, "nauthera-operator", "operator-0");
    cluster.namespaces(&["issued"]);
    cluster
        .apply("apiVersion: cert-manager.io/v1\nkind: Issuer\nmetadata: {name: authority, namespace: issued}\nspec: {selfSigned: {}}")
        .success();
    server(&cluster, "issued", &json!({"tls": {"issuerRef": {"name": "authority"}}}));
    deployed(&cluster, "issued");
    for certificate in ["main-config-ca", "main-config-server", "main-config-operator", "main-tls"] {
        cluster.until("issued", &format!("certificate/{certificate}"), "condition=Ready");
        let secret = cluster.get("issued", &format!("secret/{certificate}"));
        assert_eq!(secret["metadata"]["annotations"]["cert-manager.io/certificate-name"], certificate);
        cluster.until(
            "issued",
            &format!("secret/{certificate}"),
            "jsonpath={.metadata.ownerReferences[0].kind}=AuthServer",
        );
    }
    cluster.until("issued", "authserver/main", "condition=TLS");
    assert_eq!(
        data(&cluster, "issued", "main-config-server")["ca.crt"],
        data(&cluster, "issued", "main-config-operator")["ca.crt"]
    );

    // Deleted by hand: cert-manager or the operator puts each back.
    for what in [
        "certificate/main-config-server",
        "issuer/main-config",
        "secret/main-config-operator",
        "secret/main-tls",
    ] {
        let uid = cluster.get("issued", what)["metadata"]["uid"].clone();
        cluster.kubectl(&["-n", "issued", "delete", what]).success();
        cluster.until("issued", what, "create");
        assert_ne!(cluster.get("issued", what)["metadata"]["uid"], uid);
    }
    // A new authority: both sides get certificates of it.
    let before = data(&cluster, "issued", "main-config-ca")["tls.crt"].clone();
    cluster.kubectl(&["-n", "issued", "delete", "secret/main-config-ca"]).success();
    cluster.until("issued", "secret/main-config-ca", "create");
    let authority = data(&cluster, "issued", "main-config-ca")["tls.crt"].clone();
    assert_ne!(authority, before);
    let begun = Instant::now();
    for side in ["main-config-server", "main-config-operator"] {
        let trusted = [
            "-n",
            "issued",
            "get",
            "secret",
            side,
            "--ignore-not-found",
            "-o",
            "jsonpath={.data.ca\\.crt}",
        ];
        while cluster.kubectl(&trusted).out.trim() != authority {
            assert!(begun.elapsed().as_secs() < 90, "{side} still is of the authority before");
        }
    }

    cluster.kubectl(&["-n", "issued", "delete", "authserver/main"]).success();
    for what in ALWAYS.iter().chain(&["secret/main-tls", "certificate/main-config-ca"]) {
        super::gone(&cluster, "issued", what);
    }
}

#[test]
fn a_secret_that_was_there_before_is_not_given_to_cert_manager_to_overwrite() {
    let cluster = installed();
    cluster.add_cert_manager();
    let _operator = start_operator(&cluster, "nauthera-operator", "operator-0");
    cluster.namespaces(&["taken"]);
    let theirs = "
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: authority, namespace: taken}
spec: {selfSigned: {}}
---
apiVersion: v1
kind: Secret
metadata: {name: main-tls, namespace: taken}
stringData: {token: theirs}
";
    cluster.apply(theirs).success();
    let before = cluster.get("taken", "secret/main-tls");
    server(&cluster, "taken", &json!({"tls": {"issuerRef": {"name": "authority"}}}));
    cluster.until_reason("taken", "authserver/main", "Deployed", "NameConflict");
    cluster.until("taken", "certificate/main-config-operator", "condition=Ready");
    assert_eq!(cluster.get("taken", "secret/main-tls"), before);
    assert!(!cluster.kubectl(&["-n", "taken", "get", "certificate/main-tls"]).ok);
}

#[test]
fn an_authority_that_the_operator_made_goes_on_under_cert_manager() {
    let cluster = installed();
    let _operator = start_operator(&cluster, "nauthera-operator", "operator-0");
    server(&cluster, "adopted", &json!({}));
    deployed(&cluster, "adopted");
    let before = data(&cluster, "adopted", "main-config-ca");
    let generation = cluster.get("adopted", "deployment/main")["metadata"]["generation"].clone();
    cluster.add_cert_manager();
    for certificate in ["main-config-ca", "main-config-server", "main-config-operator"] {
        cluster.until("adopted", &format!("certificate/{certificate}"), "create");
        cluster.until("adopted", &format!("certificate/{certificate}"), "condition=Ready");
    }
    // The same key under the same name: who trusts the certificate before trusts what is signed now.
    assert_eq!(data(&cluster, "adopted", "main-config-ca")["tls.key"], before["tls.key"]);
    assert_eq!(cluster.get("adopted", "deployment/main")["metadata"]["generation"], generation);
}
