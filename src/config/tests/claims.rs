//! Roles, and the claims that reach tokens.

use super::*;
use crate::oauth::ids::UserStoreId;

impl World {
    fn role(mut self, name: &str, value: Value) -> Self {
        let role = Arc::new(Object::new(spec(value)));
        self.resources.roles.insert(Key::new("identity", name), role);
        self
    }

    fn mapper(mut self, name: &str, value: Value) -> Self {
        let mapper = Arc::new(Object::new(spec(value)));
        self.resources.claim_mappers.insert(Key::new("identity", name), mapper);
        self
    }
}

fn mapper_says(compiled: &Compiled, name: &str) -> (String, String) {
    ready(compiled, Kind::ClaimMapper, "identity", name)
}

fn one(claim: Value) -> Value {
    json!({"claims": [claim]})
}

fn claims(compiled: &Compiled) -> Vec<&str> {
    let rules = &main_snapshot(compiled).claim_rules;
    rules.iter().map(|rule| rule.name.as_str()).collect()
}

#[test]
fn a_role_is_had_by_members_of_its_groups_and_by_those_whom_it_names() {
    let mut world = people()
        .user("alice", json!({"groups": ["staff"]}))
        .user("bob", json!({}))
        .role("buyer", json!({"groups": ["staff"]}))
        .role("admin", json!({"name": "Administrator", "users": ["Bob"]}));
    let compiled = world.compile();
    assert_eq!(ready(&compiled, Kind::Role, "identity", "buyer").1, "1 declared user has it");
    let snapshot = main_snapshot(&compiled);
    let roles = |username: &str, groups: &[&str]| {
        let groups: Vec<String> = groups.iter().map(|group| (*group).to_owned()).collect();
        let roles = snapshot.roles_of(&UserStoreId::new("identity/people"), username, &groups);
        roles.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(roles("alice", &["staff"]), ["buyer"]);
    assert_eq!(roles("BOB", &["staff"]), ["Administrator", "buyer"]);
    assert!(roles("carol", &[]).is_empty());
    let elsewhere = snapshot.roles_of(&UserStoreId::new("identity/other"), "bob", &[]);
    assert!(elsewhere.is_empty(), "a namesake in another store is somebody else");
}

#[test]
fn a_role_of_someone_unknown_says_so_and_stays_for_the_others() {
    let mut world = people()
        .user("alice", json!({}))
        .role("buyer", json!({"users": ["alice", "zoe"], "groups": ["nowhere"]}));
    let compiled = world.compile();
    let (reason, message) = ready(&compiled, Kind::Role, "identity", "buyer");
    assert_eq!(reason, "MemberNotFound");
    assert!(message.contains("user zoe") && message.contains("group nowhere"), "{message}");
    assert_eq!(main_snapshot(&compiled).roles.len(), 1);
}

#[test]
fn a_mapper_reaches_the_servers_of_its_namespace_or_the_one_that_it_names() {
    let tenant = json!({"name": "tenant", "from": "static", "value": "a", "in": ["id_token"]});
    let mut world = people()
        .server("other", json!({"issuerUrl": "https://other.example.org"}))
        .mapper("all", one(tenant))
        .mapper(
            "one",
            json!({"authServerRef": {"name": "other"}, "claims": [{"name": "x", "from": "roles", "in": ["userinfo"]}]}),
        );
    let compiled = world.compile();
    assert_eq!(claims(&compiled), ["tenant"]);
    assert_eq!(mapper_says(&compiled, "all").1, "in the tokens of main, other");
    let other = &compiled.snapshots[&Key::new("identity", "other")];
    assert_eq!(other.claim_rules.len(), 2);
    let reached = &compiled.governed[&(Kind::ClaimMapper, Key::new("identity", "one"))];
    assert_eq!(reached.len(), 1);
}

#[test]
fn a_mapper_that_names_no_server_that_is_there_is_refused() {
    let value = json!({"authServerRef": {"name": "gone"}, "claims": [{"name": "x", "from": "groups", "in": ["userinfo"]}]});
    assert_eq!(mapper_says(&people().mapper("m", value).compile(), "m").0, "AuthServerNotFound");
}

#[test]
fn faulty_claims_are_refused_with_the_claim_at_fault() {
    for (claim, words) in [
        (
            json!({"name": "sub", "from": "groups", "in": ["id_token"]}),
            "the protocol has a meaning",
        ),
        (json!({"name": "x", "from": "attribute", "in": ["id_token"]}), "attribute goes with"),
        (
            json!({"name": "x", "from": "attribute", "attribute": "shoe size", "in": ["id_token"]}),
            "shoe size",
        ),
        (
            json!({"name": "x", "from": "groups", "value": 1, "in": ["id_token"]}),
            "value goes with from: static",
        ),
        (json!({"name": "x", "from": "groups", "in": []}), "in is empty"),
        (json!({"name": "x y", "from": "groups", "in": ["id_token"]}), "without spaces"),
        (
            json!({"name": "groups", "from": "static", "value": "a", "in": ["id_token"]}),
            "a list of names",
        ),
        (json!({"name": "email", "from": "roles", "in": ["id_token"]}), "text"),
        (
            json!({"name": "groups", "from": "attribute", "attribute": "department", "in": ["id_token"]}),
            "a list of names",
        ),
        (
            json!({"name": "aud", "from": "cel", "expression": "'x'", "in": ["access_token"]}),
            "the protocol has a meaning",
        ),
        (
            json!({"name": "x", "from": "cel", "in": ["id_token"]}),
            "expression goes with from: cel",
        ),
        (
            json!({"name": "x", "from": "cel", "expression": "user.groups.filter(g, g ==)", "in": ["id_token"]}),
            "claims: x: expression: line 1, column 27",
        ),
        (
            json!({"name": "x", "from": "cel", "expression": "'a' +\n  user.shoe", "in": ["id_token"]}),
            "line 2, column 7: user has no \"shoe\"",
        ),
        (
            json!({"name": "email_verified", "from": "static", "value": "yes", "in": ["id_token"]}),
            "true or false",
        ),
    ] {
        let compiled = people().mapper("m", one(claim.clone())).compile();
        let (reason, message) = mapper_says(&compiled, "m");
        assert_eq!(reason, "InvalidSpec", "{claim}");
        assert!(message.contains(words), "{message}");
        assert!(main_snapshot(&compiled).claim_rules.is_empty());
    }
    let twice = json!({"claims": [
        {"name": "x", "from": "groups", "in": ["id_token", "userinfo"]}, {"name": "x", "from": "roles", "in": ["userinfo"]}]});
    let message = mapper_says(&people().mapper("m", twice).compile(), "m").1;
    assert!(message.contains("twice"), "{message}");
}

#[test]
fn an_expression_is_served_and_parsed_once() {
    let claim = json!({"name": "x", "from": "cel", "expression": "user.email", "in": ["id_token"]});
    let mut world = people().mapper("m", one(claim));
    let first = world.compile();
    assert_eq!(mapper_says(&first, "m").0, "Served");
    let mut world = world.user("zoe", json!({}));
    let second = world.compile();
    let rule = |compiled: &Compiled| Arc::clone(&main_snapshot(compiled).claim_rules[0]);
    assert_ne!(main_snapshot(&first).revision, main_snapshot(&second).revision);
    assert!(Arc::ptr_eq(&rule(&first), &rule(&second)), "it was not parsed again");
}

#[test]
fn an_example_of_an_expression_that_does_not_hold_refuses_the_mapper_with_the_difference() {
    let with = |user: Value, expected: Value| {
        let value = json!({
            "claims": [
                {"name": "apps", "from": "cel", "expression": "user.groups.filter(g, g.startsWith('app-'))", "in": ["id_token"]},
                {"name": "dept", "from": "attribute", "attribute": "department", "in": ["id_token"]},
                {"name": "badge", "from": "cel", "in": ["id_token"],
                    "expression": "user.attributes.department + '@' + client.id"}],
            "examples": [{"user": user, "client": {"id": "team-a.shop"}, "claims": expected}]});
        mapper_says(&people().mapper("m", value).compile(), "m")
    };
    let user = || json!({"username": "alice", "groups": ["app-shop", "staff"], "attributes": {"department": "Sales"}});
    let expected = json!({"apps": ["app-shop"], "dept": "Sales", "badge": "Sales@team-a.shop"});
    assert_eq!(with(user(), expected).0, "Served");
    let two = json!({"attributes": {"department": ["Sales", "Support"]}});
    assert_eq!(with(two, json!({"dept": ["Sales", "Support"], "apps": []})).0, "Served");
    for (user, expected, words) in [
        (
            user(),
            json!({"apps": ["staff"]}),
            "expects apps to be [\"staff\"], but it is [\"app-shop\"]",
        ),
        (user(), json!({"dept": null}), "expects dept to be null, but it is \"Sales\""),
        (
            json!({}),
            json!({"badge": "x"}),
            "but it is left out: something that it names is not known",
        ),
        (json!({}), json!({"badge": null}), "No such key: department"),
        (
            json!({"attributes": {"a b": "x"}}),
            json!({}),
            "number 1: user.attributes: \"a b\" is not the name",
        ),
    ] {
        let (reason, message) = with(user, expected);
        assert_eq!(reason, "ExampleFailed");
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn an_example_shows_that_a_claim_of_the_standard_would_be_of_another_type() {
    let value = json!({
        "claims": [{"name": "groups", "from": "cel", "expression": "user.groups.join(',')", "in": ["id_token"]}],
        "examples": [{"user": {"groups": ["a", "b"]}, "claims": {"groups": "a,b"}}]});
    let (reason, message) = mapper_says(&people().mapper("m", value).compile(), "m");
    assert_eq!(reason, "ExampleFailed");
    assert!(message.contains("has to be a list of names wherever it is read"), "{message}");
}

#[test]
fn an_attribute_that_nobody_has_is_told_and_no_fault() {
    let claim = json!({"name": "x", "from": "attribute", "attribute": "department", "in": ["id_token"]});
    let mut world = people().mapper("m", one(claim));
    let (reason, message) = mapper_says(&world.compile(), "m");
    assert_eq!(reason, "Served");
    assert!(message.contains("has the attribute department yet"), "{message}");
    let mut world = world.user("alice", json!({"attributes": {"department": "Sales"}}));
    assert_eq!(mapper_says(&world.compile(), "m").1, "in the tokens of main");
}

#[test]
fn a_user_has_further_attributes_within_bounds() {
    let user = |attributes: Value| people().user("alice", json!({"attributes": attributes})).compile();
    let compiled = user(json!({"department": "Sales", "phones": ["1", "2"]}));
    let alice = &main_snapshot(&compiled).users[0];
    assert_eq!(alice.attributes["department"], ["Sales"]);
    assert_eq!(alice.attributes["phones"], ["1", "2"]);
    for (attributes, words) in [
        (json!({"email": "a@b"}), "a field of its own"),
        (json!({"a b": "x"}), "is not the name of an attribute"),
        (json!({"a": []}), "has no value"),
        (json!({"a": "x".repeat(1025)}), "a value is 1 to 1024 bytes"),
        (json!({"a": vec!["x".repeat(1024); 17]}), "longer than 16384 bytes"),
        ((0..33).map(|number| (format!("a{number}"), json!("x"))).collect(), "more than 32"),
    ] {
        let (reason, message) = ready(&user(attributes), Kind::User, "identity", "alice");
        assert_eq!(reason, "InvalidSpec");
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn examples_are_checked() {
    let with = |expected: Value| {
        let value = json!({
            "claims": [
                {"name": "dept", "from": "static", "value": {"id": 7}, "in": ["id_token"]},
                {"name": "mail", "from": "attribute", "attribute": "email", "in": ["id_token"]},
                {"name": "roles", "from": "roles", "in": ["access_token"]}],
            "examples": [{"user": {"username": "alice", "roles": ["buyer"]}, "claims": expected}]});
        mapper_says(&people().mapper("m", value).compile(), "m")
    };
    assert_eq!(
        with(json!({"dept": {"id": 7}, "mail": null, "roles": ["buyer"], "other": null})).0,
        "Served"
    );
    for (expected, words) in [
        (json!({"roles": []}), "expects roles to be [], but it is [\"buyer\"]"),
        (json!({"mail": "a@b"}), "expects mail to be \"a@b\", but it is null"),
        (json!({"other": 1}), "which no claim makes"),
    ] {
        let (reason, message) = with(expected);
        assert_eq!(reason, "ExampleFailed");
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn of_two_mappers_for_one_claim_the_one_that_had_it_keeps_it() {
    let claim = |value: &str| one(json!({"name": "tenant", "from": "static", "value": value, "in": ["id_token"]}));
    let mut world = people().mapper("zoo", claim("z"));
    world.compile();
    let compiled = world.mapper("ape", claim("a")).compile();
    assert_eq!(mapper_says(&compiled, "zoo").0, "Served");
    assert_eq!(mapper_says(&compiled, "ape").0, "ClaimTaken");
    assert_eq!(claims(&compiled), ["tenant"]);
}

#[test]
fn a_refused_edit_leaves_the_claims_as_they_were() {
    let mut world = people().mapper("m", one(json!({"name": "good", "from": "groups", "in": ["id_token"]})));
    world.compile();
    let mut world = world.mapper("m", one(json!({"name": "iss", "from": "groups", "in": ["id_token"]})));
    for _ in 0..2 {
        let compiled = world.compile();
        assert_eq!(claims(&compiled), ["good"]);
        assert!(mapper_says(&compiled, "m").1.contains("last accepted form stays"));
    }
}

#[test]
fn a_store_is_for_servers_of_its_own_namespace_unless_it_says_otherwise() {
    let with = |allowed: Value| {
        let mut world = World::empty().server(
            "main",
            json!({"issuerUrl": "https://login.example.org", "userStoreRef": {"name": "people", "namespace": "hr"}}),
        );
        let store = json!({"type": "local", "allowedServers": allowed});
        let store = Arc::new(Object::new(spec(store)));
        world.resources.user_stores.insert(Key::new("hr", "people"), store);
        let compiled = world.compile();
        main_snapshot(&compiled).user_stores.len()
    };
    assert_eq!(with(json!({})), 0);
    assert_eq!(with(json!({"from": "All"})), 1);
    let named = |name: &str| json!({"from": "Selector", "selector": {"matchLabels": {"kubernetes.io/metadata.name": name}}});
    assert_eq!((with(named("identity")), with(named("other"))), (1, 0));
}
