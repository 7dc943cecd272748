//! How a directory stands is told to those who can mend it: by metrics, by statuses, and to the operator.

use super::fixture::{LDAP, login, platform, store, tree, with_directory};
use crate::support::platform::TestPlatform;
use crate::support::process::Process;
use crate::support::slapd::{self, PASSWORD, READER, READER_PASSWORD, SUFFIX, Slapd};
use nauthera::config::directory_health::DirectoryHealth;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// Waits until others are told this of the directory's servers.
async fn until_told(test: &TestPlatform, ailments: &[&str]) {
    let wanted = vec![DirectoryHealth::named(LDAP, ailments.iter().copied())];
    let mut told = test.platform.connectors.health();
    told.wait_for(|told| **told == wanted).await.unwrap();
}

async fn until_metrics_say(test: &TestPlatform, lines: &[String]) {
    loop {
        let text = test.platform.metrics.render().unwrap();
        if lines.iter().all(|line| text.contains(line.as_str())) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn gauge(name: &str, server: &Slapd, value: u8) -> String {
    let place = server.tls_url().replace("ldaps://", "");
    format!(r#"nauthera_directory_server_{name}{{store="{LDAP}",server="{place}"}} {value}"#)
}

#[actix_rt::test]
async fn metrics_tell_which_server_is_used_and_what_became_of_questions() {
    let (first, second) = (slapd::start(&tree()), slapd::start(&tree()));
    let test = platform(&[&first, &second]).await;
    until_metrics_say(
        &test,
        &[
            gauge("usable", &first, 1),
            gauge("used", &first, 1),
            gauge("usable", &second, 1),
            gauge("used", &second, 0),
        ],
    )
    .await;
    login(&test, "alice", PASSWORD).await.unwrap();
    let counted = |operation: &str, outcome: &str| {
        format!(r#"nauthera_directory_operations_total{{store="{LDAP}",operation="{operation}",outcome="{outcome}"}} 1"#)
    };
    let timed = format!(r#"nauthera_directory_operation_duration_seconds_count{{store="{LDAP}",operation="find"}} 1"#);
    let asked = ["find", "authenticate", "groups"].map(|operation| counted(operation, "answered"));
    until_metrics_say(&test, &[asked.as_slice(), &[timed]].concat()).await;
    first.kill();
    until_metrics_say(
        &test,
        &[gauge("usable", &first, 0), gauge("used", &first, 0), gauge("used", &second, 1)],
    )
    .await;
    second.kill();
    until_metrics_say(&test, &[gauge("usable", &second, 0)]).await;
    login(&test, "alice", PASSWORD).await.unwrap_err();
    until_metrics_say(&test, &[counted("find", "not_asked")]).await;

    let mut without = with_directory("2", store(LDAP, &[&first, &second]));
    without.user_stores.remove(0);
    test.apply(without).await;
    while test
        .platform
        .metrics
        .render()
        .unwrap()
        .contains("nauthera_directory_server_usable{")
    {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    test.stop().await;
}

#[actix_rt::test]
async fn what_has_lasted_is_told_in_words_that_stay_the_same() {
    let (first, second) = (slapd::start(&tree()), slapd::start(&tree()));
    let test = platform(&[&first, &second]).await;
    until_told(&test, &["", ""]).await;
    let mut told = test.platform.connectors.health();
    told.mark_unchanged();
    first.kill();
    until_told(&test, &["unreachable", ""]).await;
    first.start_again();
    until_told(&test, &["", ""]).await;
    test.stop().await;
}

/// A folder of manifests: an AuthServer whose people are in the directory.
fn manifests(server: &Slapd) -> tempfile::TempDir {
    let own = |kind: &str, spec: Value| json!({"apiVersion": "auth.nauthera.io/v1alpha1", "kind": kind, "metadata": {"name": "main", "namespace": "identity"}, "spec": spec});
    let secret = |name: &str, key: &str, value: &str| json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "identity"}, "stringData": {key: value}});
    let ldap = json!({
        "servers": [server.tls_url()], "caRef": {"name": "ca"}, "bindDN": READER, "bindPasswordSecretRef": {"name": "bind"},
        "userSearch": {"baseDN": format!("ou=people,{SUFFIX}"), "filter": "(objectClass=inetOrgPerson)", "usernameAttribute": "uid"},
    });
    let folder = tempfile::tempdir().unwrap();
    for (number, manifest) in [
        secret("bind", "password", READER_PASSWORD),
        secret("ca", "ca.crt", &server.authority()),
        own("UserStore", json!({"type": "ldap", "ldap": ldap})),
        own(
            "AuthServer",
            json!({"issuerUrl": "https://login.example.org", "userStoreRef": {"name": "main"}}),
        ),
    ]
    .iter()
    .enumerate()
    {
        std::fs::write(folder.path().join(format!("{number}.yaml")), manifest.to_string()).unwrap();
    }
    folder
}

/// Waits for a status of the UserStore whose condition has this reason.
fn status(data: &Path, reason: &str) -> Value {
    let path = data.join("status/UserStore/identity/main.yaml");
    let began = std::time::Instant::now();
    loop {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let file: Value = serde_saphyr::from_str(&text).unwrap_or_default();
        let conditions = file["status"]["conditions"].as_array().cloned().unwrap_or_default();
        if conditions
            .iter()
            .any(|one| one["type"] == "DirectoryReachable" && one["reason"] == reason)
        {
            return file["status"].clone();
        }
        assert!(began.elapsed() < Duration::from_secs(60), "no {reason}: {text}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_server_without_an_operator_writes_it_into_its_status_files() {
    let server = slapd::start(&tree());
    let (manifests, data) = (manifests(&server), tempfile::tempdir().unwrap());
    let process = Process::dev(manifests.path(), data.path());
    let well = status(data.path(), "Reachable");
    assert_eq!(
        (&well["servers"][0]["healthy"], &well["servers"][0]["replicas"]),
        (&json!(true), &json!("1/1"))
    );
    server.kill();
    let gone = status(data.path(), "ServersGone");
    assert_eq!(gone["servers"][0]["healthy"], json!(false));
    let message = gone["servers"][0]["message"].as_str().unwrap();
    assert!(message.contains("no connection"), "{message}");
    let ready = gone["conditions"].as_array().unwrap().iter().find(|one| one["type"] == "Ready");
    assert_eq!(ready.unwrap()["status"], "True", "the settings are good");
    server.start_again();
    status(data.path(), "Reachable");
    drop(process);
}
