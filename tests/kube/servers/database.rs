//! The operator's default database, and a copy of it for each AuthServer that has none.

use super::{deployed, gone};
use crate::support::operated::{HOME, installed};
use crate::support::operator::OperatorProcess;
use serde_json::json;

#[test]
fn the_default_database_is_copied_followed_and_taken_away() {
    let cluster = installed();
    cluster.namespaces(&["given", "refused"]);
    let arguments = [
        "operator",
        "--metrics-listen=127.0.0.1:0",
        "--default-database-secret=postgres",
        "--default-database-namespaces=given",
    ]
    .map(str::to_owned);
    let _operator = OperatorProcess::start(&cluster, HOME, "nauthera-operator", &arguments);
    for namespace in ["given", "refused"] {
        cluster
            .apply(&format!("apiVersion: auth.nauthera.io/v1alpha1\nkind: AuthServer\nmetadata: {{name: main, namespace: {namespace}}}\nspec: {{issuerUrl: 'https://{namespace}.example.org'}}"))
            .success();
    }
    // It never falls back to SQLite because the Secret is late.
    cluster.until_reason("given", "authserver/main", "Deployed", "DatabaseNotFound");
    assert!(!cluster.kubectl(&["-n", "given", "get", "deployment/main"]).ok);
    cluster.until_reason("refused", "authserver/main", "Durable", "EmbeddedDatabase");

    let secret = |url: &str| {
        cluster
            .apply(&format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: postgres, namespace: {HOME}}}\nstringData: {{url: '{url}', note: 'not for others'}}"))
            .success()
    };
    secret("postgres://u:one@db.invalid/db");
    deployed(&cluster, "given");
    let copy = cluster.get("given", "secret/main-database");
    assert_eq!(copy["data"].as_object().unwrap().keys().collect::<Vec<_>>(), ["url"]);
    let deployment = cluster.get("given", "deployment/main");
    let arguments = deployment["spec"]["template"]["spec"]["containers"][0]["args"].to_string();
    assert!(arguments.contains("--database-schema=nauthera_given_main_"), "{arguments}");
    let stamp = |deployment: &serde_json::Value| {
        deployment["spec"]["template"]["metadata"]["annotations"]["auth.nauthera.io/restart"]
            .as_str()
            .unwrap()
            .to_owned()
    };

    // Another address: pods start anew for it.
    secret("postgres://u:two@db.invalid/db");
    let generation = deployment["metadata"]["generation"].as_u64().unwrap() + 1;
    cluster.until(
        "given",
        "deployment/main",
        &format!("jsonpath={{.metadata.generation}}={generation}"),
    );
    assert_ne!(stamp(&cluster.get("given", "deployment/main")), stamp(&deployment));
    assert_ne!(cluster.get("given", "secret/main-database")["data"], copy["data"]);

    // A copy that somebody edits is put back; one that is not needed goes.
    let edit = json!({"data": {"url": "AAAA"}}).to_string();
    cluster
        .kubectl(&["-n", "given", "patch", "secret/main-database", "--type=merge", "-p", &edit])
        .success();
    let original = cluster.get(HOME, "secret/postgres")["data"]["url"].as_str().unwrap().to_owned();
    cluster.until("given", "secret/main-database", &format!("jsonpath={{.data.url}}={original}"));
    cluster
        .apply("apiVersion: v1\nkind: Secret\nmetadata: {name: own, namespace: given}\nstringData: {url: 'postgres://u:p@own.invalid/d'}")
        .success();
    let own = json!({"spec": {"database": {"secretRef": {"name": "own"}}}}).to_string();
    cluster
        .kubectl(&["-n", "given", "patch", "authserver/main", "--type=merge", "-p", &own])
        .success();
    gone(&cluster, "given", "secret/main-database");
    assert!(!cluster.kubectl(&["-n", "refused", "get", "secret/main-database"]).ok);
}
