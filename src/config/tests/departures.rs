//! Clients that are being deleted.

use super::*;

fn key(namespace: &str, name: &str) -> Key {
    Key::new(namespace, name)
}

impl World {
    /// The client is being deleted.
    fn delete(mut self, namespace: &str, name: &str) -> Self {
        let object = self.resources.clients.remove(&key(namespace, name)).unwrap();
        self.resources.departing.insert(key(namespace, name), object);
        self
    }
}

fn departed(compiled: &Compiled) -> Vec<&str> {
    main_snapshot(compiled).departed.iter().map(|id| id.as_str()).collect()
}

#[test]
fn what_a_deleted_client_was_given_ends_at_its_server_and_it_is_no_longer_served() {
    let mut world = World::new().client("shop", json!({}));
    let before = main_snapshot(&world.settle()).revision.clone();
    let compiled = world.delete("team-a", "shop").compile();
    assert_eq!(departed(&compiled), ["team-a.shop"]);
    assert!(live(&compiled, "team-a.shop").is_none());
    assert_ne!(main_snapshot(&compiled).revision, before);
    let (server, id) = &compiled.departing[&key("team-a", "shop")];
    assert_eq!((server.to_string().as_str(), id.as_str()), ("identity/main", "team-a.shop"));
    assert!(compiled.verdict(Kind::AuthClient, &key("team-a", "shop")).is_none());
}

#[test]
fn nothing_ends_where_the_server_is_not_there() {
    let mut world = World::new().client("shop", json!({"authServerRef": {"name": "other", "namespace": "identity"}}));
    world.compile();
    assert!(world.delete("team-a", "shop").compile().departing.is_empty());
}

#[test]
fn nobody_gets_the_default_id_of_a_client_that_is_being_deleted() {
    let heir = json!({"clientId": "team-a.shop"});
    let mut world = World::new()
        .client("shop", json!({}))
        .client_in("team-b", "heir", heir)
        .delete("team-a", "shop");
    let compiled = world.compile();
    assert_eq!(departed(&compiled), ["team-a.shop"]);
    let (reason, message) = ready(&compiled, Kind::AuthClient, "team-b", "heir");
    assert!(reason == "ClientIdTaken" && message.contains("being deleted"), "{message}");
    world.resources.departing.clear();
    assert!(live(&world.compile(), "team-a.shop").is_some(), "free once it is gone");
}

#[test]
fn nobody_gets_the_chosen_id_of_a_client_that_is_being_deleted() {
    let named = || json!({"clientId": "the-shop"});
    let mut world = World::new().client("shop", named());
    world.compile();
    let mut world = world.delete("team-a", "shop").client_in("team-b", "heir", named());
    for _ in 0..2 {
        let compiled = world.compile();
        assert_eq!(departed(&compiled), ["the-shop"]);
        assert_eq!(ready(&compiled, Kind::AuthClient, "team-b", "heir").0, "ClientIdTaken");
    }
}

#[test]
fn deleting_a_client_that_only_claimed_an_id_ends_nothing_of_its_owner() {
    let mut world = World::new()
        .client("shop", json!({}))
        .client_in("team-b", "forged", json!({"clientId": "team-a.shop"}));
    world.compile();
    let compiled = world.delete("team-b", "forged").compile();
    assert!(departed(&compiled).is_empty() && compiled.departing.is_empty());
    assert!(live(&compiled, "team-a.shop").is_some());
}
