//! Two operators and one Lease.

use super::{OPERATOR, server, service};
use crate::support::control_plane::ControlPlane;
use crate::support::operated::{HOME, installed, start_operator};

const SECOND: &str = "system:serviceaccount:nauthera-system:second";
const LEASE: &str = "lease/nauthera-operator";

/// An account with the same rights, so that the audit log tells who wrote.
fn second_account(cluster: &ControlPlane) {
    cluster
        .apply(&format!(
            "
apiVersion: v1
kind: ServiceAccount
metadata: {{name: second, namespace: {HOME}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: second}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: nauthera-operator}}
subjects: [{{kind: ServiceAccount, name: second, namespace: {HOME}}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: second, namespace: {HOME}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: nauthera-operator-own}}
subjects: [{{kind: ServiceAccount, name: second, namespace: {HOME}}}]
"
        ))
        .success();
}

/// Who wrote anything but Leases, and got through, since then: user, verb, what.
fn writers(cluster: &ControlPlane, since: usize) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    cluster
        .audit()
        .iter()
        .skip(since)
        .filter(|event| [OPERATOR, SECOND].contains(&event["user"]["username"].as_str().unwrap_or_default()))
        .filter(|event| !["get", "list", "watch"].contains(&event["verb"].as_str().unwrap()))
        .filter(|event| event["objectRef"]["resource"] != "leases")
        .filter(|event| event["responseStatus"]["code"].as_u64().is_some_and(|code| code < 300))
        .map(|event| {
            let object = &event["objectRef"];
            let what = [
                &event["verb"],
                &object["resource"],
                &object["subresource"],
                &object["namespace"],
                &object["name"],
            ];
            (text(&event["user"]["username"]), what.map(text).join(" "))
        })
        .collect()
}

fn leads(cluster: &ControlPlane) -> String {
    cluster.get(HOME, LEASE)["spec"]["holderIdentity"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// Waits until an operator of this name leads.
fn until_leads(cluster: &ControlPlane, identity: &str) {
    let begun = std::time::Instant::now();
    while !leads(cluster).starts_with(&format!("{identity}_")) {
        assert!(begun.elapsed().as_secs() < 90, "{identity} does not lead, but {}", leads(cluster));
    }
}

#[test]
fn one_that_was_stopped_and_goes_on_writes_nothing_after_another_took_over() {
    let cluster = installed();
    second_account(&cluster);
    let first = start_operator(&cluster, "nauthera-operator", "first");
    cluster
        .kubectl(&["-n", HOME, "wait", "--for=create", LEASE, "--timeout=60s"])
        .success();
    until_leads(&cluster, "first");
    let second = start_operator(&cluster, "second", "second");
    server(&cluster, "team");
    cluster.apply(&service("team", "before", "team", "")).success();
    cluster.until_reason("team", "authclient/before", "SecretSynced", "Synced");
    let before = writers(&cluster, 0);
    assert!(
        before.iter().all(|(user, _)| user == OPERATOR),
        "the standby writes nothing: {before:?}"
    );

    // It stops in the middle of work, as a machine does that runs out of memory or is migrated.
    let many: String = (0..50)
        .map(|number| service("team", &format!("client-{number}"), "team", ""))
        .collect();
    cluster.apply(&many).success();
    first.signal("STOP");
    until_leads(&cluster, "second");
    let transitions = cluster.get(HOME, LEASE)["spec"]["leaseTransitions"].clone();
    assert!(transitions.as_u64().is_some_and(|transitions| transitions >= 1), "{transitions}");
    let taken_over = cluster.audit().len();
    for number in 0..50 {
        cluster.until_reason("team", &format!("authclient/client-{number}"), "SecretSynced", "Synced");
    }

    // There is work again that both could do.
    cluster.apply(&service("team", "after", "team", "")).success();
    let asked = |cluster: &ControlPlane| {
        let leases = cluster.requests_of(OPERATOR);
        leases.iter().filter(|(_, resource, _)| resource.starts_with("leases")).count()
    };
    let before = asked(&cluster);
    first.signal("CONT");
    let begun = std::time::Instant::now();
    while asked(&cluster) == before {
        assert!(begun.elapsed().as_secs() < 60, "it does not look at the Lease again");
    }
    cluster.apply(&service("team", "later", "team", "")).success();
    cluster.until_reason("team", "authclient/after", "SecretSynced", "Synced");
    cluster.until_reason("team", "authclient/later", "SecretSynced", "Synced");
    let after = writers(&cluster, taken_over);
    let of_the_first: Vec<_> = after.iter().filter(|(user, _)| user == OPERATOR).collect();
    assert!(of_the_first.is_empty(), "{of_the_first:?}");
    assert!(leads(&cluster).starts_with("second_"));

    // One that ends gives the Lease back: nobody waits for it to run out.
    second.signal("TERM");
    until_leads(&cluster, "first");
    cluster.apply(&service("team", "again", "team", "")).success();
    cluster.until_reason("team", "authclient/again", "SecretSynced", "Synced");
}
