//! The Secret with a server's cache: it may be missing or of no use, and comes and changes later.

use super::{apply, deployed, server};
use crate::support::control_plane::ControlPlane;
use crate::support::operated::Operated;
use serde_json::{Value, json};

const CACHE: &str = "caching";

fn secret(cluster: &ControlPlane, url: &str) {
    cluster
        .apply(&format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: login-cache, namespace: {CACHE}}}\nstringData: {{url: '{url}'}}"
        ))
        .success();
}

fn template(cluster: &ControlPlane) -> Value {
    cluster.get(CACHE, "deployment/main")["spec"]["template"].clone()
}

#[test]
fn a_server_is_made_without_its_cache_and_again_with_it() {
    let cluster = &Operated::shared().cluster;
    server(cluster, CACHE, &json!({"cache": {"secretRef": {"name": "login-cache"}}}));
    deployed(cluster, CACHE);
    let [status, reason, message] = cluster.condition(CACHE, "authserver/main", "Cache");
    assert_eq!((status.as_str(), reason.as_str()), ("False", "CacheNotFound"));
    assert!(
        message.contains("the Secret login-cache") && message.contains("`url`"),
        "it says what to do: {message}"
    );
    assert!(!template(cluster).to_string().contains("cache"));

    secret(cluster, "cache.invalid:6379");
    cluster.until_reason(CACHE, "authserver/main", "Cache", "CacheInvalid");
    assert!(!template(cluster).to_string().contains("cache"));

    secret(cluster, "rediss://u:one@cache.invalid/0");
    cluster.until_reason(CACHE, "authserver/main", "Cache", "Used");
    let with_cache = template(cluster);
    let arguments = with_cache["spec"]["containers"][0]["args"].to_string();
    assert!(arguments.contains("--cache-url-file=/var/run/nauthera/cache/url"), "{arguments}");

    // Another password: pods start anew for it. It is looked at with the next edit, or within a minute.
    secret(cluster, "rediss://u:two@cache.invalid/0");
    let generation = cluster.get(CACHE, "deployment/main")["metadata"]["generation"].as_u64().unwrap() + 1;
    let more = json!({"cache": {"secretRef": {"name": "login-cache"}}, "branding": {"productName": "Another"}});
    apply(cluster, CACHE, &more);
    cluster.until(CACHE, "deployment/main", &format!("jsonpath={{.metadata.generation}}={generation}"));
    let mut anew = template(cluster);
    anew["metadata"]["annotations"] = with_cache["metadata"]["annotations"].clone();
    assert_eq!(anew, with_cache, "nothing else of it changed");
}
