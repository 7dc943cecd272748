//! Replicas, as processes: what they run on decides what statuses say.

use super::{decoded, server, service};
use crate::support::control_plane::ControlPlane;
use crate::support::operated::Operated;
use crate::support::replica::{Replica, address};
use nauthera::config::revision;
use nauthera::config::snapshot::{Branding, Position, Revision, SigningAlgorithm, SigningPolicy, Snapshot};
use nauthera::grpc::client::{ClientTls, Link, Outcome};
use nauthera::grpc::identity::Pem;
use nauthera::wire::Prepared;
use std::net::Ipv4Addr;
use std::time::Duration;

const READY: &str = "condition=Ready";

/// An AuthServer with these replicas, which have no configuration and which nobody tells of.
fn replicas(namespace: &str, pods: &[&str]) -> Option<(&'static ControlPlane, Ipv4Addr, Vec<Replica>)> {
    let address = address()?;
    let cluster = &Operated::shared().cluster;
    server(cluster, namespace);
    let replicas = pods.iter().map(|pod| Replica::start(cluster, address, namespace, pod)).collect();
    Some((cluster, address, replicas))
}

/// `client_id` and `client_secret` of the client `shop`.
fn credentials(cluster: &ControlPlane, namespace: &str) -> (String, String) {
    let secret = cluster.get(namespace, "secret/shop-client-secret");
    (decoded(&secret, "client_id"), decoded(&secret, "client_secret"))
}

/// Waits until `Ready` is true of the generation that is there now.
#[track_caller]
fn until_obeyed(cluster: &ControlPlane, namespace: &str, what: &str) {
    let generation = cluster.get(namespace, what)["metadata"]["generation"].clone();
    cluster.until(
        namespace,
        what,
        &format!("jsonpath={{.status.conditions[?(@.type==\"Ready\")].observedGeneration}}={generation}"),
    );
    cluster.until(namespace, what, READY);
}

#[test]
fn a_client_is_ready_when_every_replica_serves_it_and_a_policy_when_every_token_obeys_it() {
    let Some((cluster, _, mut replicas)) = replicas("served", &["a", "b", "c"]) else {
        return;
    };
    for replica in &mut replicas {
        replica.join(cluster);
    }
    cluster.apply(&service("served", "shop", "served", "")).success();
    cluster.until("served", "authclient/shop", READY);
    let [_, _, message] = cluster.condition("served", "authclient/shop", "Programmed");
    assert_eq!(message, "3/3 replicas have acknowledged this generation");
    let (id, secret) = credentials(cluster, "served");
    let lifetimes = || {
        replicas
            .iter()
            .map(|replica| replica.token(&id, &secret).unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(lifetimes(), [900, 900, 900]);

    for (ttl, seconds) in [("5m", 300), ("7m", 420), ("2m", 120)] {
        let patch = format!(r#"{{"spec":{{"token":{{"accessTokenTTL":"{ttl}"}}}}}}"#);
        cluster
            .kubectl(&["-n", "served", "patch", "authpolicy/all", "--type=merge", "-p", &patch])
            .success();
        until_obeyed(cluster, "served", "authpolicy/all");
        assert_eq!(lifetimes(), [seconds; 3]);
    }
    cluster.until("served", "authserver/main", "condition=Programmed");
    let status = cluster.get("served", "authserver/main")["status"].clone();
    assert_eq!(
        (&status["replicas"]["ready"], &status["replicas"]["programmed"]),
        (&3.into(), &3.into())
    );

    // A client that is gone gets nothing any more, anywhere.
    cluster
        .kubectl(&["-n", "served", "delete", "authclient/shop", "--timeout=60s"])
        .success();
    for replica in &replicas {
        let refused = replica.token(&id, &secret).unwrap_err();
        assert!(refused.starts_with("401 "), "{refused}");
    }
}

#[test]
fn a_replica_that_appears_is_configured_before_it_is_ready() {
    let Some((cluster, address, mut replicas)) = replicas("growing", &["a"]) else {
        return;
    };
    replicas[0].join(cluster);
    cluster.apply(&service("growing", "shop", "growing", "")).success();
    cluster.until("growing", "authclient/shop", READY);

    let mut second = Replica::start(cluster, address, "growing", "b");
    let (status, why) = second.get("/readyz");
    assert_eq!(status, 503, "{why}");
    second.announce(cluster, false);
    second.until_ready();
    let (id, secret) = credentials(cluster, "growing");
    assert_eq!(second.token(&id, &secret), Ok(900));
    // Whoever does not serve is not waited for; now it does.
    let [_, _, message] = cluster.condition("growing", "authclient/shop", "Programmed");
    assert_eq!(message, "1/1 replicas have acknowledged this generation");
    second.announce(cluster, true);
    cluster.until(
        "growing",
        "authclient/shop",
        "jsonpath={.status.conditions[?(@.type==\"Programmed\")].message}=2/2 replicas have acknowledged this generation",
    );
    let [status, ..] = cluster.condition("growing", "authclient/shop", "Ready");
    assert_eq!(status, "True");
}

#[test]
fn a_replica_that_hangs_holds_up_nobody_but_what_waits_for_it() {
    let Some((cluster, _, mut replicas)) = replicas("hanging", &["a", "b"]) else {
        return;
    };
    for replica in &mut replicas {
        replica.join(cluster);
    }
    cluster.apply(&service("hanging", "shop", "hanging", "")).success();
    cluster.until("hanging", "authclient/shop", READY);
    let (id, secret) = credentials(cluster, "hanging");

    replicas[1].process.signal("STOP");
    let patch = r#"{"spec":{"token":{"accessTokenTTL":"5m"}}}"#;
    cluster
        .kubectl(&["-n", "hanging", "patch", "authpolicy/all", "--type=merge", "-p", patch])
        .success();
    cluster.until_reason("hanging", "authpolicy/all", "Ready", "ReplicaUnreachable");
    let [_, _, message] = cluster.condition("hanging", "authpolicy/all", "Programmed");
    assert!(
        message.contains("1/2 replicas") && message.contains("b cannot be reached"),
        "{message}"
    );
    assert_eq!(replicas[0].token(&id, &secret), Ok(300));

    replicas[1].process.signal("CONT");
    until_obeyed(cluster, "hanging", "authpolicy/all");
    assert_eq!(replicas[1].token(&id, &secret), Ok(300));
}

#[test]
fn a_namespace_with_twenty_clients_is_gone_within_a_minute_while_a_replica_hangs() {
    let Some((cluster, _, mut replicas)) = replicas("stuck-platform", &["a", "b"]) else {
        return;
    };
    for replica in &mut replicas {
        replica.join(cluster);
    }
    cluster.namespaces(&["stuck"]);
    let clients: String = (0..20)
        .map(|number| service("stuck", &format!("client-{number}"), "stuck-platform", ""))
        .collect();
    cluster.apply(&clients).success();
    for number in 0..20 {
        cluster.until("stuck", &format!("authclient/client-{number}"), READY);
    }
    replicas[1].process.signal("STOP");
    cluster.kubectl(&["delete", "namespace", "stuck", "--timeout=60s"]).success();
    replicas[1].process.signal("CONT");
}

/// Another server's configuration, of the first term.
fn elsewhere(namespace: &str) -> Snapshot {
    let mut snapshot = Snapshot {
        revision: Revision(String::new()),
        server: format!("{namespace}/main"),
        issuer: "https://elsewhere.example.org".to_owned(),
        signing: SigningPolicy {
            algorithms: vec![SigningAlgorithm::ES256],
            rotate_every: Duration::from_secs(3600),
            overlap: Duration::from_secs(60),
        },
        clients: Default::default(),
        user_stores: Vec::new(),
        users: Vec::new(),
        roles: Vec::new(),
        identity_providers: Vec::new(),
        claim_rules: Vec::new(),
        departed: Default::default(),
        branding: Branding::default(),
        rate_limits: nauthera::config::rate::RateLimits::default(),
        passwords: nauthera::config::snapshot::PasswordRules::default(),
    };
    snapshot.revision = revision::of(&snapshot);
    snapshot
}

/// Gives a replica a configuration in the operator's name.
fn push(cluster: &ControlPlane, namespace: &str, replica: &Replica, snapshot: &Snapshot, at: Position) -> Outcome {
    let secret = cluster.get(namespace, "secret/main-config-operator");
    let bytes = |key| decoded(&secret, key).into_bytes();
    let pem = Pem {
        certificate: bytes("tls.crt"),
        key: bytes("tls.key"),
        authorities: bytes("ca.crt"),
    };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let name = format!("main-config.{namespace}.svc");
        let mut link = Link::connect(replica.config, &name, &ClientTls::new(&pem).unwrap()).await.unwrap();
        link.apply(&Prepared::whole(snapshot), at).await.unwrap()
    })
}

#[test]
fn a_refusal_shows_with_its_reason_and_the_other_replicas_go_on() {
    let Some((cluster, address, mut replicas)) = replicas("refusing", &["a", "b"]) else {
        return;
    };
    // Its issuer cannot change while it runs: whatever the operator sends, it has to refuse.
    let first = Position { fence: 0, sequence: 1 };
    let taken = push(cluster, "refusing", &replicas[1], &elsewhere("refusing"), first);
    assert!(matches!(taken, Outcome::Ack { .. }), "{taken:?}");
    for replica in &mut replicas {
        replica.join(cluster);
    }
    cluster.apply(&service("refusing", "shop", "refusing", "")).success();
    cluster.until_reason("refusing", "authserver/main", "Programmed", "ReplicaRefused");
    let [status, _, message] = cluster.condition("refusing", "authserver/main", "Programmed");
    assert_eq!(status, "False");
    assert!(
        message.contains("b refused the configuration") && message.contains("the issuer is"),
        "{message}"
    );
    cluster.until_reason("refusing", "authclient/shop", "Ready", "ReplicaRefused");
    let (id, secret) = credentials(cluster, "refusing");
    assert_eq!(replicas[0].token(&id, &secret), Ok(900));
    let note = cluster.until_event("refusing", "shop", "ReplicaRefused");
    assert!(note.contains("b refused the configuration"), "{note}");

    // Another pod in its place takes it.
    drop(replicas.remove(1));
    let mut third = Replica::start(cluster, address, "refusing", "b");
    third.join(cluster);
    cluster.until("refusing", "authclient/shop", READY);
    assert_eq!(third.token(&id, &secret), Ok(900));
}

#[test]
fn a_later_leader_is_believed_and_an_earlier_one_is_not() {
    let Some((cluster, _, mut replicas)) = replicas("fenced", &["a"]) else {
        return;
    };
    replicas[0].join(cluster);
    cluster.apply(&service("fenced", "shop", "fenced", "")).success();
    cluster.until("fenced", "authclient/shop", READY);
    // Whoever was stopped before this leader's term, and goes on now
    let before = Position {
        fence: 0,
        sequence: u64::MAX,
    };
    let outcome = push(cluster, "fenced", &replicas[0], &elsewhere("fenced"), before);
    assert!(
        matches!(outcome, Outcome::Superseded(_) | Outcome::Nack(_)),
        "an operator whose term is over: {outcome:?}"
    );
    let (id, secret) = credentials(cluster, "fenced");
    assert_eq!(replicas[0].token(&id, &secret), Ok(900));
}

#[test]
fn servers_go_on_while_no_operator_is_there() {
    let Some(address) = address() else { return };
    let Operated { cluster, operator } = Operated::start();
    server(&cluster, "alone");
    let mut replica = Replica::start(&cluster, address, "alone", "a");
    replica.join(&cluster);
    cluster.apply(&service("alone", "shop", "alone", "")).success();
    cluster.until("alone", "authclient/shop", READY);
    let (id, secret) = credentials(&cluster, "alone");
    operator.kill();
    for _ in 0..20 {
        assert_eq!(replica.token(&id, &secret), Ok(900));
    }
    let operator = crate::support::operated::start_operator(&cluster, "nauthera-operator", "operator-1");
    let patch = r#"{"spec":{"token":{"accessTokenTTL":"5m"}}}"#;
    cluster
        .kubectl(&["-n", "alone", "patch", "authpolicy/all", "--type=merge", "-p", patch])
        .success();
    until_obeyed(&cluster, "alone", "authpolicy/all");
    assert_eq!(replica.token(&id, &secret), Ok(300));
    drop(operator);
}
