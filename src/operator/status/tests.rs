//! What statuses say, from all that is known.

use super::fixtures::{PODS, Scene, begin, client, condition, fact, gist, later, policy, server};
use super::patch::Urgency;
use super::programmed::{NO_REPLICAS, PROGRAMMING, REFUSED, UNREACHABLE};
use crate::config::input::{Key, Kind};
use crate::resources::condition::Condition;
use serde_json::{Value, json};

#[test]
fn a_client_is_ready_when_every_serving_replica_has_acknowledged_it() {
    let mut scene = Scene::new();
    scene.acks(&["a", "b"]);
    let evaluation = scene.evaluate(&client("shop"), begin());
    let [status, reason, message] = condition(&evaluation.wanted.status, "Programmed");
    assert_eq!([&*status, &*reason], ["False", PROGRAMMING]);
    assert_eq!(message, "2/3 replicas have acknowledged this generation");
    assert_eq!(gist(&evaluation.wanted.status, "Ready"), ["False", PROGRAMMING]);
    assert!(evaluation.wanted.pending, "it will be otherwise in a moment");

    scene.acks(&["c"]);
    let evaluation = scene.evaluate(&client("shop"), begin());
    assert_eq!(gist(&evaluation.wanted.status, "Ready"), ["True", "ClientProvisioned"]);
    let [status, _, message] = condition(&evaluation.wanted.status, "Programmed");
    assert_eq!([&*status, &*message], ["True", "3/3 replicas have acknowledged this generation"]);
    assert!(!evaluation.wanted.pending);
}

#[test]
fn an_edit_waits_anew_and_what_it_does_not_touch_does_not() {
    let mut scene = Scene::new();
    scene.acks(&PODS);
    scene.put_client("shop", json!({"scopes": ["openid", "email"]}), 2);
    scene.compile();
    let status = scene.wanted(&client("shop"));
    assert_eq!(gist(&status, "Ready"), ["False", PROGRAMMING]);
    assert_eq!(status["observedGeneration"], 2);
    assert_eq!(gist(&scene.wanted(&client("blog")), "Ready"), ["True", "ClientProvisioned"]);
    assert_eq!(gist(&scene.wanted(&server()), "Ready"), ["False", PROGRAMMING]);
    assert_eq!(gist(&scene.wanted(&policy()), "Ready"), ["False", PROGRAMMING]);
    scene.acks(&PODS);
    for id in [client("shop"), client("blog"), server(), policy()] {
        assert_eq!(gist(&scene.wanted(&id), "Ready")[0], "True", "{id:?}");
    }
}

#[test]
fn replicas_that_start_or_go_are_not_waited_for() {
    let mut scene = Scene::new();
    scene.acks(&["a", "b"]);
    scene.pod("c", false);
    let status = scene.wanted(&client("shop"));
    assert_eq!(
        condition(&status, "Programmed")[2],
        "2/2 replicas have acknowledged this generation"
    );
    assert_eq!(gist(&status, "Ready")[0], "True");
}

#[test]
fn without_a_serving_replica_nothing_is_ready() {
    let mut scene = Scene::new();
    scene.acks(&PODS);
    for pod in PODS {
        scene.pod(pod, false);
    }
    for id in [client("shop"), server(), policy()] {
        let status = scene.wanted(&id);
        assert_eq!(gist(&status, "Ready"), ["False", NO_REPLICAS], "{id:?}");
        assert_eq!(
            condition(&status, "Programmed")[2],
            "no replica of AuthServer identity/main is serving"
        );
    }
}

#[test]
fn a_refusal_shows_with_the_replicas_reason() {
    let mut scene = Scene::new();
    scene.acks(&["a", "c"]);
    scene.nacks("b", &[("AuthClient", "team-a/shop", "scope \"x\" is not known")]);
    let evaluation = scene.evaluate(&client("shop"), begin());
    let said =
        "2/3 replicas have acknowledged this generation; b refused the configuration: AuthClient team-a/shop: scope \"x\" is not known";
    assert_eq!(condition(&evaluation.wanted.status, "Programmed"), ["False", REFUSED, said]);
    assert_eq!(condition(&evaluation.wanted.status, "Ready"), ["False", REFUSED, said]);
    assert!(!evaluation.wanted.pending, "it does not pass by itself");
    assert_eq!(condition(&scene.wanted(&server()), "Ready"), ["False", REFUSED, said]);
}

#[test]
fn a_refusal_of_the_first_configuration_shows_though_nobody_serves() {
    let mut scene = Scene::new();
    for pod in PODS {
        scene.pod(pod, false);
        scene.nacks(pod, &[("AuthClient", "team-a/shop", "scope \"x\" is not known")]);
    }
    let starting = Condition::no("Available", "Starting", "0 of 3 pods are ready");
    scene
        .servers
        .resources
        .insert(server(), fact(vec![starting], &["Available"], json!({})));
    let wanted = scene.evaluate(&server(), begin()).wanted;
    let [status, reason, message] = condition(&wanted.status, "Ready");
    assert_eq!([&*status, &*reason], ["False", REFUSED]);
    assert!(
        message.contains("a refused the configuration: AuthClient team-a/shop: scope"),
        "{message}"
    );
    assert!(!wanted.pending, "it does not pass by itself");
    assert_eq!(gist(&scene.wanted(&client("blog")), "Ready"), ["False", REFUSED]);
}

#[test]
fn a_server_that_starts_is_no_news_and_one_that_went_down_is() {
    let mut scene = Scene::new();
    scene.acks(&PODS);
    let available = |scene: &mut Scene, condition: Condition| {
        scene
            .servers
            .resources
            .insert(server(), fact(vec![condition], &["Available"], json!({})));
        scene.evaluate(&server(), begin()).wanted
    };
    let starting = || Condition::no("Available", "Starting", "0 of 3 pods are ready");
    let wanted = available(&mut scene, starting());
    assert_eq!(gist(&wanted.status, "Ready"), ["False", "Starting"]);
    assert!(wanted.pending);
    let stuck = Condition::no("Available", "NoReplicaReady", "0 of 3 pods are ready");
    assert!(!available(&mut scene, stuck).pending);
    available(&mut scene, Condition::yes("Available", "AllReplicasReady", "3 of 3 pods are ready"));
    scene.write(&server(), begin());
    assert!(!available(&mut scene, starting()).pending);
}

#[test]
fn a_server_that_nobody_has_looked_at_yet_waits_for_that() {
    let mut scene = Scene::new();
    scene.acks(&PODS);
    let wanted = scene.evaluate(&server(), begin()).wanted;
    assert!(wanted.pending && wanted.unheard);
    scene.servers.resources.insert(server(), fact(Vec::new(), &[], json!({})));
    let wanted = scene.evaluate(&server(), begin()).wanted;
    assert!(!wanted.pending && !wanted.unheard);
}

#[test]
fn of_what_holds_ready_back_the_most_important_is_said() {
    let mut scene = Scene::new();
    let conditions = vec![
        Condition::no("Available", "NotDeployed", "it has no pods yet"),
        Condition::no("TLS", "CertificateMissing", "make it"),
    ];
    scene
        .servers
        .resources
        .insert(server(), fact(conditions, &["Deployed", "TLS", "Available"], json!({})));
    assert_eq!(gist(&scene.wanted(&server()), "Ready"), ["False", "CertificateMissing"]);
}

#[test]
fn what_is_wrong_with_one_client_is_not_told_to_the_owner_of_another() {
    let mut scene = Scene::new();
    scene.acks(&["a", "c"]);
    scene.nacks("b", &[("AuthClient", "team-a/shop", "scope \"x\" is not known")]);
    let [status, reason, message] = condition(&scene.wanted(&client("blog")), "Ready");
    assert_eq!([&*status, &*reason], ["False", REFUSED]);
    assert!(
        message.ends_with("b refused the configuration: AuthServer identity/main says why"),
        "{message}"
    );
}

#[test]
fn a_client_that_was_there_before_a_refusal_stays_ready() {
    let mut scene = Scene::new();
    scene.acks(&PODS);
    scene.put_client("shop", json!({"scopes": ["openid", "email"]}), 2);
    scene.compile();
    for pod in PODS {
        scene.nacks(pod, &[("AuthClient", "team-a/shop", "no")]);
    }
    assert_eq!(gist(&scene.wanted(&client("blog")), "Ready"), ["True", "ClientProvisioned"]);
    assert_eq!(gist(&scene.wanted(&client("shop")), "Ready"), ["False", REFUSED]);
}

#[test]
fn a_refusal_of_something_earlier_says_nothing() {
    let mut scene = Scene::new();
    scene.nacks("a", &[("AuthClient", "team-a/shop", "no")]);
    scene.put_client("shop", json!({"scopes": ["openid", "email"]}), 2);
    scene.compile();
    assert_eq!(gist(&scene.wanted(&client("shop")), "Ready"), ["False", PROGRAMMING]);
}

#[test]
fn a_replica_that_cannot_be_reached_shows_unless_another_refuses() {
    let mut scene = Scene::new();
    scene.acks(&["c"]);
    scene.cannot_be_reached("a", "connection refused");
    let evaluation = scene.evaluate(&client("shop"), begin());
    let said = "1/3 replicas have acknowledged this generation; a cannot be reached: connection refused";
    assert_eq!(condition(&evaluation.wanted.status, "Programmed"), ["False", UNREACHABLE, said]);
    assert!(evaluation.wanted.pending);
    scene.nacks("b", &[("AuthClient", "team-a/shop", "no")]);
    assert_eq!(gist(&scene.wanted(&client("shop")), "Programmed"), ["False", REFUSED]);
}

#[test]
fn a_replica_that_has_it_counts_though_it_cannot_be_reached_now() {
    let mut scene = Scene::new();
    scene.acks(&PODS);
    scene.cannot_be_reached("a", "connection refused");
    assert_eq!(gist(&scene.wanted(&client("shop")), "Ready")[0], "True");
}

#[test]
fn what_a_replica_says_is_cut_short_and_no_terminal_obeys_it() {
    let mut scene = Scene::new();
    scene.nacks("a", &[("AuthClient", "team-a/shop", &format!("\u{1b}[2J{}", "x".repeat(10_000)))]);
    let [_, _, message] = condition(&scene.wanted(&client("shop")), "Programmed");
    assert!(message.chars().count() < 1000 && message.ends_with('…'), "{message}");
    assert!(!message.chars().any(char::is_control));
}

#[test]
fn after_a_change_of_leader_replicas_have_yet_to_be_asked() {
    let scene = Scene::new();
    let wanted = scene.evaluate(&client("shop"), begin()).wanted;
    assert!(wanted.unheard && wanted.pending);
}

#[test]
fn a_policy_waits_for_every_server_that_obeys_it() {
    let mut scene = Scene::new();
    scene.put_server("other", 1);
    scene.put_client("third", json!({"authServerRef": {"name": "other", "namespace": "identity"}}), 1);
    scene.compile();
    scene.acks(&PODS);
    let status = scene.wanted(&policy());
    assert_eq!(gist(&status, "Ready"), ["False", NO_REPLICAS]);
    assert!(condition(&status, "Ready")[2].contains("identity/other"), "{status}");
    assert_eq!(gist(&scene.wanted(&server()), "Ready")[0], "True");
}

#[test]
fn what_compile_refuses_is_not_said_to_wait_for_replicas() {
    let mut scene = Scene::new();
    scene.put_client("late", json!({"scopes": ["orders:read"]}), 1);
    scene.compile();
    let status = scene.wanted(&client("late"));
    assert_eq!(gist(&status, "Ready"), ["False", "PolicyViolation"]);
    assert_eq!(gist(&status, "Programmed"), ["Unknown", "NotChecked"]);
    assert!(status.get("lastAcceptedSpec").is_none(), "it never was accepted");
}

#[test]
fn the_form_that_stays_in_force_is_kept_in_the_status_until_it_is_not_needed() {
    let mut scene = Scene::new();
    scene.acks(&PODS);
    scene.write(&client("shop"), begin());
    scene.put_client("shop", json!({"scopes": ["openid", "orders:read"]}), 2);
    scene.compile();
    scene.acks(&PODS);
    let patch = scene.write(&client("shop"), begin()).unwrap();
    assert_eq!(patch["lastAcceptedSpec"]["scopes"], json!(["openid"]));
    assert_eq!(gist(&scene.wanted(&client("shop")), "Ready"), ["False", "PolicyViolation"]);
    // It is what the replicas run: nothing is said to be missing there.
    scene.put_client("shop", json!({"scopes": ["openid"]}), 3);
    scene.compile();
    scene.acks(&PODS);
    let patch = scene.write(&client("shop"), begin()).unwrap();
    assert_eq!(patch["lastAcceptedSpec"], Value::Null, "taken out");
    assert_eq!(gist(&scene.wanted(&client("shop")), "Ready")[0], "True");
}

#[test]
fn nothing_is_written_twice() {
    let mut scene = Scene::new();
    scene.acks(&PODS);
    for id in [client("shop"), client("blog"), server(), policy()] {
        assert!(scene.write(&id, begin()).is_some(), "{id:?}");
        assert_eq!(scene.write(&id, later()), None, "{id:?}");
    }
    scene.compile();
    for id in [client("shop"), client("blog"), server(), policy()] {
        assert_eq!(scene.write(&id, later()), None, "{id:?}");
    }
}

#[test]
fn only_what_differs_is_sent() {
    let mut scene = Scene::new();
    scene.acks(&PODS);
    scene.write(&server(), begin());
    scene.put_client("third", json!({}), 1);
    scene.compile();
    scene.acks(&PODS);
    let patch = scene.write(&server(), later()).unwrap();
    let mut fields: Vec<&String> = patch.as_object().unwrap().keys().collect();
    fields.sort();
    assert_eq!(fields, ["clients", "conditions", "revision"]);
}

#[test]
fn a_condition_remembers_since_when_it_has_been_so() {
    let mut scene = Scene::new();
    scene.acks(&["a", "b"]);
    scene.write(&client("shop"), begin());
    let since = |status: &Value, type_: &str| super::merge::condition_of(status, type_).unwrap()["lastTransitionTime"].clone();
    let status = scene.evaluate(&client("shop"), later()).wanted.status;
    assert_eq!(since(&status, "Ready"), "2026-11-24T10:00:00Z");
    scene.acks(&["c"]);
    let status = scene.evaluate(&client("shop"), later()).wanted.status;
    assert_eq!(since(&status, "Ready"), "2026-11-24T11:00:00Z");
    assert_eq!(since(&status, "PolicyAccepted"), "2026-11-24T10:00:00Z");
}

#[test]
fn a_fact_can_hold_back_ready_and_one_that_does_not_is_only_said() {
    let mut scene = Scene::new();
    scene.acks(&PODS);
    let durable = || Condition::no("Durable", "EmbeddedDatabase", "its data is gone with its pod");
    let unavailable = Condition::no("Available", "PodsNotReady", "1 of 3 pods is ready");
    let put = |scene: &mut Scene, conditions: Vec<Condition>| {
        let fact = fact(conditions, &["Available"], json!({"replicas": {"desired": 3}}));
        scene.servers.resources.insert(server(), fact);
        scene.wanted(&server())
    };
    let status = put(&mut scene, vec![durable()]);
    assert_eq!(gist(&status, "Ready"), ["True", "Serving"]);
    assert_eq!(gist(&status, "Durable"), ["False", "EmbeddedDatabase"]);
    assert_eq!(status["replicas"], json!({"desired": 3, "ready": 3, "programmed": 3}));

    let status = put(&mut scene, vec![durable(), unavailable]);
    assert_eq!(condition(&status, "Ready"), ["False", "PodsNotReady", "1 of 3 pods is ready"]);
}

#[test]
fn what_is_wrong_with_the_spec_is_said_before_what_a_controller_found() {
    let mut scene = Scene::new();
    scene.put_client("late", json!({"scopes": ["orders:read"]}), 1);
    scene.compile();
    let taken = Condition::no("SecretSynced", "SecretConflict", "that Secret is somebody else's");
    scene
        .clients
        .resources
        .insert(client("late"), fact(vec![taken], &["SecretSynced"], json!({})));
    let status = scene.wanted(&client("late"));
    assert_eq!(gist(&status, "Ready"), ["False", "PolicyViolation"]);
    assert_eq!(gist(&status, "SecretSynced"), ["False", "SecretConflict"]);
}

#[test]
fn a_secret_that_is_being_made_passes_and_one_that_cannot_be_made_does_not() {
    let mut scene = Scene::new();
    scene.put_client("service", json!({"clientType": "confidential"}), 1);
    scene.compile();
    let wanted = scene.evaluate(&client("service"), begin()).wanted;
    assert_eq!(gist(&wanted.status, "Ready"), ["False", "SecretPending"]);
    assert!(wanted.pending);

    let taken = Condition::no("SecretSynced", "SecretConflict", "that Secret is somebody else's");
    scene
        .clients
        .resources
        .insert(client("service"), fact(vec![taken], &["SecretSynced"], json!({})));
    let wanted = scene.evaluate(&client("service"), begin()).wanted;
    assert_eq!(
        condition(&wanted.status, "Ready"),
        ["False", "SecretConflict", "that Secret is somebody else's"]
    );
    assert!(!wanted.pending);
}

#[test]
fn what_cannot_be_read_is_said_with_its_generation() {
    let mut scene = Scene::new();
    scene.acks(&PODS);
    scene.write(&client("shop"), begin());
    scene.meta(&client("shop"), |meta| {
        meta.generation = 2;
        meta.undecodable = Some("spec: scopes: a list is expected".to_owned());
    });
    let status = scene.wanted(&client("shop"));
    let [state, reason, message] = condition(&status, "Ready");
    assert_eq!([&*state, &*reason], ["False", "Undecodable"]);
    assert_eq!(message, "spec: scopes: a list is expected. Its last good form stays in force.");
    assert_eq!(
        status["lastAcceptedSpec"]["scopes"],
        json!(["openid"]),
        "after a restart nothing else is known of it"
    );
    assert_eq!(status["observedGeneration"], 2);

    // Of one that never could be read nothing else is known.
    let lost = (Kind::Role, Key::new("identity", "lost"));
    scene.meta(&lost, |meta| meta.undecodable = Some("spec: no".to_owned()));
    assert!(scene.view().ids().any(|id| id == lost));
    assert_eq!(condition(&scene.wanted(&lost), "Ready"), ["False", "Undecodable", "spec: no"]);
}

#[test]
fn nothing_is_said_of_what_is_on_its_way_out() {
    let mut scene = Scene::new();
    scene.meta(&client("shop"), |meta| meta.deletion_timestamp = Some(begin()));
    let view = scene.view();
    assert!(view.evaluate(&view.overview(), &client("shop"), None, begin()).is_none());
    assert!(view.inputs(&view.overview(), &client("shop")).is_none());
}

#[test]
fn what_was_written_last_counts_until_the_watch_tells_of_it() {
    let mut scene = Scene::new();
    scene.acks(&PODS);
    let written = scene.wanted(&client("shop"));
    let view = scene.view();
    let evaluation = view.evaluate(&view.overview(), &client("shop"), Some(&written), later()).unwrap();
    assert_eq!(evaluation.patch, None);
}

#[test]
fn only_a_resource_of_which_something_changed_is_news() {
    let mut scene = Scene::new();
    scene.acks(&PODS);
    let before = scene.view();
    scene.put_client("shop", json!({"scopes": ["openid", "email"]}), 2);
    let old = std::mem::take(&mut scene.world.compiled);
    scene.compile();
    crate::config::share(std::sync::Arc::make_mut(&mut scene.world.compiled), &old);
    scene.acks(&PODS);
    let after = scene.view();
    let same = |id| before.inputs(&before.overview(), &id) == after.inputs(&after.overview(), &id);
    assert!(same(client("blog")));
    assert!(!same(client("shop")) && !same(server()));
}

#[test]
fn somebody_waits_for_a_condition_and_nobody_for_a_number() {
    let mut scene = Scene::new();
    let urgency = |scene: &Scene| scene.evaluate(&client("shop"), begin()).patch.map(|(_, urgency)| urgency);
    assert_eq!(urgency(&scene), Some(Urgency::Pending));
    scene.acks(&PODS);
    assert_eq!(urgency(&scene), Some(Urgency::Urgent));
    scene.write(&client("shop"), begin());
    scene.pod("d", true);
    scene.acks(&["d"]);
    assert_eq!(urgency(&scene), Some(Urgency::Cosmetic), "4/4 in place of 3/3");
}
