//! What becomes of what replicas say of directories.

use super::*;
use crate::config::compile;
use crate::config::input::{Accepted, Object, Options, Resources, SecretObject};
use crate::operator::overlay::ReplicaState;
use crate::operator::world::{Meta, Replica};
use crate::operator::{fixtures, leader};
use serde::de::DeserializeOwned;
use serde_json::json;

fn staff() -> (Kind, Key) {
    (Kind::UserStore, Key::new("identity", "staff"))
}

fn server() -> Key {
    Key::new("identity", "main")
}

fn object<S: DeserializeOwned>(spec: Value) -> Arc<Object<S>> {
    Arc::new(Object::new(serde_json::from_value(spec).unwrap()))
}

/// The AuthServer `identity/main` of the directory `identity/staff`, which has two servers, and the serving replicas `a`, `b` and `c`.
struct Scene {
    world: World,
    board: Board,
}

impl Scene {
    fn new() -> Self {
        let mut resources = Resources::default();
        let spec = json!({"issuerUrl": "https://login.example.org", "userStoreRef": {"name": "staff"}});
        resources.servers.insert(server(), object(spec));
        let spec = json!({"type": "ldap", "ldap": {
            "servers": ["ldaps://one.example.org", "ldaps://two.example.org"],
            "bindDN": "cn=reader", "bindPasswordSecretRef": {"name": "ldap-bind"},
            "userSearch": {"baseDN": "ou=people", "filter": "(cn=*)", "usernameAttribute": "uid"}}});
        resources.user_stores.insert(staff().1, object(spec));
        let secret = SecretObject {
            data: [("password".to_owned(), "x".into())].into(),
            ..SecretObject::default()
        };
        resources.secrets.insert(Key::new("identity", "ldap-bind"), Arc::new(secret));
        let compiled = compile(&resources, &Options::default(), &Accepted::default());
        let mut world = World {
            sequence: 1,
            compiled: compiled.into(),
            ..World::default()
        };
        let pods = ["a", "b", "c"].map(|pod| Replica {
            pod: pod.to_owned(),
            uid: pod.to_owned(),
            address: [10, 0, 0, 1].into(),
            port: 9443,
            ready: true,
            serving: true,
            terminating: false,
        });
        Arc::make_mut(&mut world.replicas).insert(server(), pods.to_vec());
        Self {
            world,
            board: Board::default(),
        }
    }

    /// A replica that runs on what is wanted says so of the two servers.
    fn says(&mut self, pod: &str, ailments: [&str; 2]) {
        self.says_of("identity/staff", pod, &ailments);
    }

    fn says_of(&mut self, store: &str, pod: &str, ailments: &[&str]) {
        let state = ReplicaState {
            pod: pod.to_owned(),
            acked: Some(Arc::clone(&self.world.compiled.snapshots[&server()])),
            directories: Some(Arc::new(vec![DirectoryHealth::named(store, ailments.iter().copied())])),
            ..ReplicaState::default()
        };
        self.board.servers.entry(server()).or_default().insert(pod.to_owned(), state);
    }

    fn has_written(&mut self, fact: &Fact) {
        let status = json!({"conditions": fact.conditions, "servers": fact.fields.get("servers")});
        let meta = Meta {
            status: status.to_string().into(),
            ..Meta::default()
        };
        self.world.objects.insert(staff().0, staff().1, meta.into());
    }

    fn fact(&self) -> Fact {
        Fact::clone(&facts(&self.world, &self.board).resources[&staff()])
    }
}

fn reason(fact: &Fact) -> &str {
    &fact.conditions[0].reason
}

#[test]
fn what_the_replicas_say_is_put_together() {
    let mut scene = Scene::new();
    assert_eq!(reason(&scene.fact()), "NotTold");
    scene.says("a", ["", ""]);
    scene.says("b", ["unreachable", ""]);
    let fact = scene.fact();
    assert_eq!(reason(&fact), "SomeServersGone");
    assert_eq!(fact.fields["servers"][0]["server"], "one.example.org:636");
    assert_eq!(fact.fields["servers"][0]["replicas"], "1/2");
    assert!(fact.holds_ready.is_empty(), "a UserStore is as ready as its spec is good");
    scene.says("c", ["unreachable", "unreachable"]);
    assert_eq!(reason(&scene.fact()), "ServersGoneForSome");
    Arc::make_mut(&mut scene.world.replicas).clear();
    assert_eq!(reason(&scene.fact()), "NoReplicas");
}

#[test]
fn a_replica_speaks_of_directories_that_its_server_uses_and_of_no_others() {
    let mut scene = Scene::new();
    scene.says("a", ["", ""]);
    scene.says_of("identity/other", "b", &["silent", "silent"]);
    scene.says_of("identity/staff", "c", &["silent"]);
    let fact = scene.fact();
    assert_eq!(
        (reason(&fact), &fact.fields["servers"][0]["replicas"]),
        ("Reachable", &json!("1/1"))
    );
    assert_eq!(facts(&scene.world, &scene.board).resources.len(), 1);
}

#[test]
fn what_a_replica_says_of_other_settings_does_not_count() {
    let mut scene = Scene::new();
    scene.says("a", ["silent", "silent"]);
    let state = scene.board.servers.get_mut(&server()).unwrap().get_mut("a").unwrap();
    let mut before = Arc::clone(state.acked.as_ref().unwrap());
    let store = &mut Arc::make_mut(&mut before).user_stores[0];
    if let crate::config::snapshot::UserStoreKind::Ldap(ldap) = &mut Arc::make_mut(store).kind {
        ldap.servers.reverse();
    }
    state.acked = Some(before);
    assert_eq!(reason(&scene.fact()), "NotTold");
}

#[test]
fn after_a_change_of_leader_what_was_written_stands_until_a_replica_has_told() {
    let mut scene = Scene::new();
    scene.says("a", ["silent", ""]);
    let before = scene.fact();
    scene.has_written(&before);
    scene.board = Board::default();
    assert_eq!(scene.fact(), before);
    scene.says("b", ["", ""]);
    assert_eq!(reason(&scene.fact()), "Reachable");
}

#[tokio::test(start_paused = true)]
async fn replicas_that_find_out_one_after_the_other_change_the_status_once() {
    let (leadership, leader) = leader::channel();
    leadership.begin(1, std::time::Instant::now() + Duration::from_secs(600));
    let mut scene = Scene::new();
    let (board, board_reader) = watch::channel(Arc::new(scene.board.clone()));
    let (facts, mut told) = watch::channel(Arc::default());
    let mut context = fixtures::context(leader);
    let (_world, reader) = watch::channel(Arc::new(scene.world.clone()));
    context.world = reader;
    let stop = context.stop.clone();
    let task = tokio::spawn(async move { Directories::new(facts, board_reader).run(context).await });
    let mut reasons = Vec::new();
    for ailment in ["", "unreachable"] {
        for pod in ["a", "b", "c"] {
            scene.says(pod, [ailment, ailment]);
            board.send_replace(Arc::new(scene.board.clone()));
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        told.changed().await.unwrap();
        reasons.push(reason(&told.borrow_and_update().resources[&staff()]).to_owned());
        tokio::time::sleep(NO_REST).await;
    }
    assert_eq!(reasons, ["Reachable", "ServersGone"]);
    assert!(!told.has_changed().unwrap(), "once for each");
    stop.cancel();
    task.await.unwrap().unwrap();
}
