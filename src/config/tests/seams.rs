//! What the operator reads besides snapshots and verdicts.

use super::*;
use crate::config::input::Runtime;
use crate::config::share;

fn confidential() -> Value {
    json!({"clientType": "confidential"})
}

fn rotating(schedule: &str) -> Value {
    json!({"clientAuthentication": {"secretRotation": {"enabled": true, "schedule": schedule}}})
}

#[test]
fn a_client_in_force_has_a_server_and_one_that_is_refused_has_none() {
    let mut world = World::new()
        .client("shop", json!({}))
        .client("greedy", json!({"scopes": ["admin"]}));
    let servers = world.settle().client_servers;
    let (server, id) = &servers[&Key::new("team-a", "shop")];
    assert_eq!((server.to_string().as_str(), id.as_str()), ("identity/main", "team-a.shop"));
    assert_eq!(servers.len(), 1);
}

#[test]
fn a_generated_secret_is_renewed_by_the_tightest_schedule_of_its_policies() {
    let mut world = World::new()
        .policy("weekly", rotating("0 0 * * 0"))
        .policy("daily", rotating("0 3 * * *"))
        .client("backend", confidential())
        .client("shop", json!({}));
    let rotations = world.settle().rotations;
    let rotation = &rotations[&Key::new("team-a", "backend")];
    assert_eq!((rotation.schedule.as_str(), rotation.time_zone.as_str()), ("0 3 * * *", "UTC"));
    assert_eq!(rotation.secret, Key::new("team-a", "backend-client-secret"));
    assert_eq!((rotation.overlap, rotation.jitter), (minutes(60), minutes(5)));
    assert_eq!(rotations.len(), 1, "a public client has no secret");
}

#[test]
fn a_secret_that_someone_else_wrote_is_never_renewed() {
    let value = "0123456789abcdef0123456789abcdef";
    let mut world = World::new()
        .policy("daily", rotating("0 3 * * *"))
        .secret("team-a", "mine", true, &[("client_secret", value)])
        .client(
            "backend",
            json!({"clientType": "confidential", "secret": {"existingRef": {"name": "mine"}}}),
        );
    let compiled = world.settle();
    assert_eq!(compiled.client_servers.len(), 1);
    assert!(compiled.rotations.is_empty());
}

#[test]
fn rotation_and_tls_are_unserved_only_where_files_are_read() {
    let world = World::empty()
        .server(
            "main",
            json!({"issuerUrl": "https://login.example.org", "tls": {"certSecretRef": {"name": "t"}}, "policySelector": {},
                "cache": {"secretRef": {"name": "c"}}, "database": {"secretRef": {"name": "d"}}}),
        )
        .policy("daily", rotating("0 3 * * *"));
    let unserved = |runtime: Runtime| {
        let options = Options {
            runtime,
            ..Options::default()
        };
        let compiled = compile(&world.resources, &options, &Accepted::default());
        let conditions = compiled.verdicts.iter().flat_map(|verdict| verdict.status.conditions().to_vec());
        let unserved = conditions.filter(|condition| condition.reason == "NotServedYet");
        unserved.map(|condition| condition.type_).collect::<Vec<_>>()
    };
    assert_eq!(unserved(Runtime::Files), ["TLS", "Deployed", "SecretRotation"]);
    assert!(unserved(Runtime::Cluster).is_empty());
}

#[test]
fn policies_and_people_reach_the_servers_that_use_them() {
    let mut world = World::new()
        .server(
            "main",
            json!({"issuerUrl": "https://login.example.org", "policySelector": {"matchLabels": {"env": "prod"}},
                "userStoreRef": {"name": "people"}}),
        )
        .server("other", json!({"issuerUrl": "https://other.example.org"}))
        .cluster_policy("all", json!({}))
        .store("people")
        .user("alice", json!({}));
    let governed = world.settle().governed;
    let reached = |kind: Kind, namespace: &str, name: &str| -> Vec<String> {
        let servers = governed.get(&(kind, Key::new(namespace, name)));
        servers.into_iter().flatten().map(|server| server.name.clone()).collect()
    };
    assert_eq!(reached(Kind::AuthPolicy, "identity", "web"), ["main"]);
    assert_eq!(reached(Kind::ClusterAuthPolicy, "", "all"), ["main", "other"]);
    assert_eq!(reached(Kind::UserStore, "identity", "people"), ["main"]);
    assert_eq!(reached(Kind::User, "identity", "alice"), ["main"]);
}

#[test]
fn what_did_not_change_is_shared_with_the_compilation_before() {
    let build = || {
        people()
            .user("alice", json!({}))
            .client("shop", json!({}))
            .client("other", json!({}))
    };
    let first = build().settle();
    let mut same = build().settle();
    share(&mut same, &first);
    let key = Key::new("identity", "main");
    assert!(Arc::ptr_eq(&same.snapshots[&key], &first.snapshots[&key]));

    let mut changed = build().client("other", json!({"displayName": "Other"})).settle();
    share(&mut changed, &first);
    let shared = |id: &str| Arc::ptr_eq(live(&changed, id).unwrap(), live(&first, id).unwrap());
    assert!(shared("team-a.shop"));
    assert!(!shared("team-a.other"));
    let (before, after) = (main_snapshot(&first), main_snapshot(&changed));
    assert!(Arc::ptr_eq(&before.users[0], &after.users[0]));
    assert!(Arc::ptr_eq(&before.user_stores[0], &after.user_stores[0]));
}
