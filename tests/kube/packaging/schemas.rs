//! What the definitions let in and what they refuse, by the API server that will do it.

use crate::support::control_plane::ControlPlane;
use crate::support::tools::repository;

/// A manifest in the namespace `schemas`.
fn manifest(kind: &str, spec: &str) -> String {
    let namespace = if kind == "ClusterAuthPolicy" { "" } else { ", namespace: schemas" };
    format!("apiVersion: auth.nauthera.io/v1alpha1\nkind: {kind}\nmetadata: {{name: x{namespace}}}\nspec: {spec}\n")
}

#[test]
fn the_samples_and_the_quickstart_are_accepted() {
    let cluster = ControlPlane::shared();
    cluster.namespaces(&["identity", "demo"]);
    for folder in ["k8s/samples", "k8s/quickstart"] {
        for entry in std::fs::read_dir(repository(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "yaml") {
                let yaml = std::fs::read_to_string(&path).unwrap();
                let said = cluster.try_out(&yaml);
                assert!(said.ok, "{}: {}", path.display(), said.err);
            }
        }
    }
}

#[test]
fn the_quickstart_is_four_files() {
    let count = std::fs::read_dir(repository("k8s/quickstart"))
        .unwrap()
        .filter(|entry| {
            entry
                .as_ref()
                .unwrap()
                .path()
                .extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .count();
    assert_eq!(count, 4);
}

/// The four manifests whose fields are published and fixed.
#[test]
fn the_published_manifests_are_accepted() {
    let cluster = ControlPlane::shared();
    cluster.namespaces(&["schemas"]);
    for (kind, spec) in [
        (
            "AuthServer",
            "{issuerUrl: https://login.example.org, policySelector: {matchLabels: {nauthera.io/environment: production}},
  tls: {certSecretRef: {name: login-tls}}, userStoreRef: {name: staff, namespace: schemas}}",
        ),
        (
            "AuthClient",
            "{displayName: Shop, authServerRef: {name: main, namespace: identity}, redirectUris: [https://shop.example.org/callback],
  scopes: [openid, profile, email, 'orders:read']}",
        ),
        (
            "AuthPolicy",
            "{token: {accessTokenTTL: 15m, refreshTokenTTL: 24h, idTokenTTL: 5m}, allowedGrantTypes: [authorization_code, refresh_token], enforcePKCE: true,
  allowedScopes: [openid, profile, email, 'orders:read'],
  clientAuthentication: {method: client_secret_basic, secretRotation: {enabled: true, schedule: '0 0 * * *'}}}",
        ),
        (
            "UserStore",
            "{type: ldap, ldap: {server: 'ldaps://ldap.example.org:636', bindDN: 'cn=reader,dc=example,dc=org', bindPasswordSecretRef: {name: ldap-bind, key: password},
  userSearch: {baseDN: 'ou=people,dc=example,dc=org', filter: (objectClass=inetOrgPerson), usernameAttribute: uid},
  groupSearch: {baseDN: 'ou=groups,dc=example,dc=org', filter: (objectClass=groupOfNames), nameAttribute: cn}}}",
        ),
    ] {
        let said = cluster.try_out(&manifest(kind, spec));
        assert!(said.ok, "{kind}: {}", said.err);
    }
}

#[test]
fn refuses_what_cannot_be_meant_and_says_why() {
    let cluster = ControlPlane::shared();
    cluster.namespaces(&["schemas"]);
    let mut faults = Vec::new();
    for (kind, spec, words) in [
        ("AuthServer", "{}", "spec.issuerUrl: Required value"),
        (
            "AuthServer",
            "{issuerUrl: 'http://login.example.org'}",
            "issuerUrl is https, or http on a loopback address",
        ),
        (
            "AuthServer",
            "{issuerUrl: 'https://login.example.org/?a=b'}",
            "no query, no fragment",
        ),
        ("AuthServer", "{issuerUrl: 'https://login.example.org/#a'}", "no query, no fragment"),
        ("AuthServer", "{issuerUrl: 'https://Login.example.org'}", "its host in lower case"),
        ("AuthServer", "{issuerUrl: 'https://a.example.org', replicas: 0}", "spec.replicas"),
        ("AuthServer", "{issuerUrl: 'https://a.example.org', replica: 2}", "unknown field"),
        (
            "AuthServer",
            "{issuerUrl: 'https://a.example.org', tls: {}}",
            "give either certSecretRef or issuerRef",
        ),
        (
            "AuthServer",
            "{issuerUrl: 'https://a.example.org', tls: {certSecretRef: {name: a}, issuerRef: {name: b}}}",
            "give either certSecretRef or issuerRef",
        ),
        (
            "AuthServer",
            "{issuerUrl: 'https://a.example.org', allowedClients: {from: Selector}}",
            "selector goes with from: Selector",
        ),
        (
            "AuthServer",
            "{issuerUrl: 'https://a.example.org', allowedClients: {from: None}}",
            "Unsupported value",
        ),
        (
            "AuthServer",
            "{issuerUrl: 'https://a.example.org', autoscaling: {minReplicas: 5, maxReplicas: 2}}",
            "minReplicas is at most maxReplicas",
        ),
        (
            "AuthServer",
            "{issuerUrl: 'https://a.example.org', exposure: {}}",
            "give either ingress or gateway",
        ),
        (
            "AuthServer",
            "{issuerUrl: 'https://a.example.org', signing: {algorithms: [HS256]}}",
            "Unsupported value",
        ),
        (
            "AuthClient",
            "{redirectUris: ['https://a.example.org/']}",
            "spec.authServerRef: Required value",
        ),
        (
            "AuthClient",
            "{authServerRef: {name: main}}",
            "authorization_code needs redirectUris",
        ),
        (
            "AuthClient",
            "{authServerRef: {name: main}, redirectUris: ['https://a.example.org/'], clientType: public, secret: {name: a}}",
            "a public client has no secret",
        ),
        (
            "AuthClient",
            "{authServerRef: {name: main}, redirectUris: ['https://a.example.org/'], secret: {name: a, existingRef: {name: b}}}",
            "give one of them",
        ),
        (
            "AuthClient",
            "{authServerRef: {name: main}, redirectUris: ['https://a.example.org/'], clientId: '../../etc'}",
            "spec.clientId",
        ),
        (
            "AuthClient",
            "{authServerRef: {name: main}, grantTypes: [password]}",
            "Unsupported value",
        ),
        (
            "AuthClient",
            "{authServerRef: {name: main}, grantTypes: [implicit]}",
            "Unsupported value",
        ),
        ("AuthClient", "{authServerRef: {name: main}, grantTypes: []}", "spec.grantTypes"),
        (
            "AuthClient",
            "{authServerRef: {name: main}, redirectUris: ['https://a.example.org/'], tokenEndpointAuthMethod: none}",
            "public clients use none",
        ),
        ("AuthPolicy", "{token: {accessTokenTTL: 15}}", "must be of type string"),
        ("AuthPolicy", "{token: {accessTokenTTL: a while}}", "spec.token.accessTokenTTL"),
        ("AuthPolicy", "{mode: Dryrun}", "Unsupported value"),
        ("AuthPolicy", "{enforcePKCE: sometimes}", "must be of type boolean"),
        ("AuthPolicy", "{enforcePkce: true}", "unknown field"),
        ("AuthPolicy", "{allowedGrantTypes: [password]}", "Unsupported value"),
        ("ClusterAuthPolicy", "{mode: Dryrun}", "Unsupported value"),
        ("UserStore", "{}", "spec.type: Required value"),
        ("UserStore", "{type: ldap}", "ldap goes with type: ldap"),
        ("UserStore", "{type: sql}", "Unsupported value"),
        ("User", "{username: ''}", "spec.username"),
        ("Group", "{members: alice}", "spec.members"),
        ("Role", "{}", "name the groups or the users that have the role"),
        ("ClaimMapper", "{}", "spec.claims: Required value"),
        ("IdentityProvider", "{}", "spec.oidc: Required value"),
    ] {
        // As people do it: without --server-side.
        let said = cluster.with_input(&["apply", "--dry-run=server"], &manifest(kind, spec));
        if said.ok || !said.err.contains(words) {
            faults.push(format!("{kind} {spec}\n  wanted: {words}\n  got: {}{}", said.out, said.err));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_others_rely_on_cannot_be_changed() {
    let cluster = ControlPlane::shared();
    cluster.namespaces(&["schemas-fixed"]);
    for (kind, plural, spec, change, words) in [
        (
            "AuthServer",
            "authservers",
            "{issuerUrl: https://login.example.org}",
            r#"{"spec":{"issuerUrl":"https://other.example.org"}}"#,
            "issuerUrl cannot be changed",
        ),
        (
            "AuthClient",
            "authclients",
            "{authServerRef: {name: main}, grantTypes: [client_credentials], clientId: robot}",
            r#"{"spec":{"clientId":"other"}}"#,
            "clientId cannot be changed",
        ),
    ] {
        let yaml = manifest(kind, spec).replace("namespace: schemas", "namespace: schemas-fixed");
        cluster.apply(&yaml).success();
        let said = cluster.kubectl(&["-n", "schemas-fixed", "patch", plural, "x", "--type=merge", "-p", change]);
        let complaint = said.failure();
        assert!(complaint.contains(words), "{complaint}");
    }
}

#[test]
fn status_is_a_subresource_that_a_change_of_the_spec_cannot_reach() {
    let cluster = ControlPlane::shared();
    cluster.namespaces(&["schemas-status"]);
    let yaml = "apiVersion: auth.nauthera.io/v1alpha1
kind: AuthClient
metadata: {name: x, namespace: schemas-status}
spec: {authServerRef: {name: main}, grantTypes: [client_credentials]}
status: {conditions: [{type: Ready, status: 'True', reason: Forged, message: '', lastTransitionTime: '2026-01-01T00:00:00Z'}]}
";
    cluster.apply(yaml).success();
    let status = cluster
        .kubectl(&["-n", "schemas-status", "get", "authclient", "x", "-o", "jsonpath={.status}"])
        .success();
    assert_eq!(status, "");
}

#[test]
fn short_names_and_columns_are_what_people_type_and_see() {
    let cluster = ControlPlane::shared();
    for short in [
        "asrv", "acl", "apol", "ustore", "auser", "agrp", "arole", "cmap", "aidp", "nauthera",
    ] {
        cluster.kubectl(&["get", short, "--all-namespaces"]).success();
    }
    cluster.namespaces(&["schemas-columns"]);
    cluster
        .apply("apiVersion: auth.nauthera.io/v1alpha1\nkind: AuthClient\nmetadata: {name: x, namespace: schemas-columns}\nspec: {authServerRef: {name: main}, grantTypes: [client_credentials]}\n")
        .success();
    let table = cluster.kubectl(&["-n", "schemas-columns", "get", "acl"]).success();
    for column in ["SERVER", "CLIENT ID", "READY", "REASON", "AGE"] {
        assert!(table.contains(column), "{table}");
    }
}
