//! How a directory stands, in the status of its UserStore, as every replica sees it.

use super::server;
use crate::slapd::{self, READER, READER_PASSWORD, SUFFIX, Tree};
use crate::support::operated::Operated;
use crate::support::replica::{Replica, address};
use serde_json::json;

#[test]
fn a_directory_that_goes_and_is_back_is_told_at_its_user_store_once_for_all_replicas() {
    let Some(address) = address() else { return };
    let cluster = &Operated::shared().cluster;
    let directory = slapd::start(&Tree::default());
    server(cluster, "directory");
    let own = |kind: &str, name: &str, more: serde_json::Value| {
        let mut object = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "directory", "labels": {"auth.nauthera.io/credential": "true"}}});
        object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        object.to_string()
    };
    let ldap = json!({
        "servers": [directory.tls_url()], "caRef": {"name": "ldap-ca"}, "bindDN": READER, "bindPasswordSecretRef": {"name": "ldap-bind"},
        "userSearch": {"baseDN": format!("ou=people,{SUFFIX}"), "filter": "(objectClass=inetOrgPerson)", "usernameAttribute": "uid"},
    });
    for object in [
        own("Secret", "ldap-bind", json!({"stringData": {"password": READER_PASSWORD}})),
        own("Secret", "ldap-ca", json!({"stringData": {"ca.crt": directory.authority()}})),
        own(
            "UserStore",
            "staff",
            json!({"apiVersion": "auth.nauthera.io/v1alpha1", "spec": {"type": "ldap", "ldap": ldap}}),
        ),
    ] {
        cluster.apply(&object).success();
    }
    let patch = json!({"spec": {"userStoreRef": {"name": "staff"}}}).to_string();
    cluster
        .kubectl(&["-n", "directory", "patch", "authserver/main", "--type=merge", "-p", &patch])
        .success();
    let mut replicas = ["a", "b"].map(|pod| Replica::start(cluster, address, "directory", pod));
    for replica in &mut replicas {
        replica.join(cluster);
    }
    let until = |ratio: &str, condition: &str| {
        cluster.until(
            "directory",
            "userstore/staff",
            &format!("jsonpath={{.status.servers[0].replicas}}={ratio}"),
        );
        cluster.until("directory", "userstore/staff", &format!("condition=DirectoryReachable={condition}"));
        cluster.get("directory", "userstore/staff")
    };
    let well = until("2/2", "true");
    assert_eq!(well["status"]["servers"][0]["healthy"], true, "{well}");

    directory.kill();
    until("0/2", "false");
    let [status, reason, message] = cluster.condition("directory", "userstore/staff", "DirectoryReachable");
    assert_eq!((status.as_str(), reason.as_str()), ("False", "ServersGone"));
    assert!(message.contains("no connection"), "{message}");
    let [ready, ..] = cluster.condition("directory", "userstore/staff", "Ready");
    assert_eq!(ready, "True", "its settings are good");
    let elsewhere = cluster.get("directory", "authserver/main")["status"].to_string();
    assert!(!elsewhere.contains("no connection"), "who cannot mend it is not told: {elsewhere}");
    assert_eq!(cluster.until_event("directory", "staff", "DirectoryGone"), message);

    directory.start_again();
    until("2/2", "true");
    cluster.until_event("directory", "staff", "DirectoryBack");
}
