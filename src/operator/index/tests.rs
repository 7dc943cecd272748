use super::*;
use crate::oauth::ids::ClientId;
use crate::operator::clients::generated::Content;
use crate::operator::watch::decode;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};

const CLIENTS: Source = Source::Kind(Kind::AuthClient);
const POLICIES: Source = Source::Kind(Kind::AuthPolicy);
const MADE: Source = Source::Secrets("app.kubernetes.io/managed-by=nauthera");
const GIVEN: Source = Source::Secrets("auth.nauthera.io/client-secret=true");

fn object(kind: Kind, name: &str, version: u32, change: impl FnOnce(&mut Value)) -> Box<Seen> {
    let spec = match kind {
        Kind::AuthClient => json!({"authServerRef": {"name": "main"}, "redirectUris": ["https://shop.example.org/callback"]}),
        _ => json!({}),
    };
    let mut object = json!({
        "apiVersion": "auth.nauthera.io/v1alpha1", "kind": kind.as_str(),
        "metadata": {"name": name, "namespace": "team-a", "uid": name, "resourceVersion": version.to_string(), "generation": 1},
        "spec": spec,
    });
    change(&mut object);
    let (key, observed) = decode(kind, serde_json::from_value(object).unwrap());
    Box::new(Seen::Resource(key, observed))
}

fn client(name: &str, version: u32) -> Change {
    Change::Seen(CLIENTS, object(Kind::AuthClient, name, version, |_| {}))
}

fn list(index: &mut Index, source: Source, changes: impl IntoIterator<Item = Change>) {
    index.apply(Change::Begins(source));
    for change in changes {
        index.apply(change);
    }
    index.apply(Change::Listed(source));
}

fn key(name: &str) -> Key {
    Key::new("team-a", name)
}

fn secret(name: &str, version: u32, labels: &[(&str, &str)], annotations: &[(&str, &str)], data: &[(&str, &str)]) -> Box<Seen> {
    let own = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let mut view = SecretView::new(data.iter().map(|(k, v)| ((*k).to_owned(), v.as_bytes().to_vec())).collect());
    view.uid = name.to_owned();
    view.resource_version = version.to_string();
    view.labels = own(labels);
    view.annotations = own(annotations);
    Box::new(Seen::Secret(key(name), view))
}

#[test]
fn knows_nothing_before_every_watch_has_delivered_its_first_list() {
    let mut index = Index::new([CLIENTS, POLICIES]);
    list(&mut index, CLIENTS, [client("shop", 1)]);
    assert!(!index.is_complete());
    assert_eq!(index.awaited().collect::<Vec<_>>(), [POLICIES]);
    list(&mut index, POLICIES, []);
    assert!(index.is_complete());
}

#[test]
fn a_status_or_an_annotation_is_published_and_compiles_nothing() {
    let mut index = Index::new([CLIENTS]);
    list(&mut index, CLIENTS, [client("shop", 1)]);
    assert_eq!(
        index.take_work(),
        Work {
            compile: true,
            publish: true
        }
    );
    let again = object(Kind::AuthClient, "shop", 2, |object| {
        object["status"] = json!({"clientId": "x"});
        object["metadata"]["annotations"] = json!({"seen": "yes"});
    });
    index.apply(Change::Seen(CLIENTS, again));
    assert_eq!(
        index.take_work(),
        Work {
            compile: false,
            publish: true
        }
    );
    let meta = index.objects().get(Kind::AuthClient, &key("shop")).unwrap();
    assert_eq!((meta.resource_version.as_str(), &*meta.status), ("2", r#"{"clientId":"x"}"#));
}

#[test]
fn the_same_once_more_is_no_work() {
    let mut index = Index::new([CLIENTS]);
    list(&mut index, CLIENTS, [client("shop", 1)]);
    index.take_work();
    list(&mut index, CLIENTS, [client("shop", 1)]);
    assert_eq!(index.take_work(), Work::default());
}

#[test]
fn what_a_new_list_does_not_hold_is_gone() {
    let mut index = Index::new([CLIENTS]);
    list(&mut index, CLIENTS, [client("shop", 1), client("blog", 2)]);
    index.take_work();
    list(&mut index, CLIENTS, [client("blog", 2)]);
    assert_eq!(
        index.take_work(),
        Work {
            compile: true,
            publish: true
        }
    );
    assert_eq!(index.resources().clients.keys().collect::<Vec<_>>(), [&key("blog")]);
    assert!(index.objects().get(Kind::AuthClient, &key("shop")).is_none());
}

#[test]
fn a_resource_on_its_way_out_is_compiled_no_more_but_still_known() {
    let mut index = Index::new([CLIENTS]);
    list(&mut index, CLIENTS, [client("shop", 1)]);
    index.take_work();
    let leaving = object(Kind::AuthClient, "shop", 2, |object| {
        object["metadata"]["deletionTimestamp"] = json!("2026-01-02T03:04:05Z");
    });
    index.apply(Change::Seen(CLIENTS, leaving));
    assert!(index.take_work().compile && index.resources().clients.is_empty());
    assert!(index.objects().get(Kind::AuthClient, &key("shop")).is_some());
}

#[test]
fn a_client_that_has_grants_to_end_departs_until_it_is_gone() {
    let mut index = Index::new([CLIENTS]);
    list(&mut index, CLIENTS, [client("shop", 1)]);
    let leaving = |finalizers: Value, version| {
        object(Kind::AuthClient, "shop", version, |object| {
            object["metadata"]["deletionTimestamp"] = json!("2026-01-02T03:04:05Z");
            object["metadata"]["finalizers"] = finalizers;
        })
    };
    index.apply(Change::Seen(CLIENTS, leaving(json!(["auth.nauthera.io/grants"]), 2)));
    assert!(index.resources().clients.is_empty() && index.resources().departing.contains_key(&key("shop")));
    index.take_work();
    index.apply(Change::Seen(
        CLIENTS,
        leaving(json!(["auth.nauthera.io/grants", "someone/else"]), 3),
    ));
    assert!(!index.take_work().compile);
    index.apply(Change::Seen(CLIENTS, leaving(json!(["someone/else"]), 4)));
    assert!(index.take_work().compile && index.resources().departing.is_empty());
}

#[test]
fn an_unreadable_form_leaves_the_last_good_one_and_is_told_once() {
    let mut index = Index::new([CLIENTS]);
    list(&mut index, CLIENTS, [client("shop", 1)]);
    index.take_work();
    let broken = |version| {
        object(Kind::AuthClient, "shop", version, |object| {
            object["spec"] = json!({"redirectUris": 3});
        })
    };
    let told = index.apply(Change::Seen(CLIENTS, broken(2))).unwrap();
    assert_eq!((told.kind, told.key), (Kind::AuthClient, key("shop")));
    assert_eq!(
        index.take_work(),
        Work {
            compile: false,
            publish: true
        }
    );
    assert!(index.resources().clients.contains_key(&key("shop")));
    assert_eq!(index.apply(Change::Seen(CLIENTS, broken(3))), None);
}

#[test]
fn an_unreadable_policy_without_an_earlier_form_is_known_until_it_can_be_read_or_is_gone() {
    let mut index = Index::new([POLICIES]);
    let broken = object(Kind::AuthPolicy, "web", 1, |object| object["spec"] = json!({"enforcePKCE": "yes"}));
    list(&mut index, POLICIES, [Change::Seen(POLICIES, broken)]);
    assert!(index.resources().lost_policies.contains_key(&(Kind::AuthPolicy, key("web"))));
    assert!(index.take_work().compile);
    index.apply(Change::Seen(POLICIES, object(Kind::AuthPolicy, "web", 2, |_| {})));
    assert!(index.resources().lost_policies.is_empty() && index.take_work().compile);
    let broken = object(Kind::AuthPolicy, "web", 3, |object| object["spec"] = json!({"enforcePKCE": "yes"}));
    index.apply(Change::Seen(POLICIES, broken));
    assert!(index.resources().lost_policies.is_empty(), "its last good form is known now");
    let broken = object(Kind::AuthPolicy, "other", 4, |object| {
        object["spec"] = json!({"enforcePKCE": "yes"});
    });
    index.apply(Change::Seen(POLICIES, broken));
    index.apply(Change::Gone(POLICIES, key("other")));
    assert!(index.resources().lost_policies.is_empty());
}

#[test]
fn what_was_accepted_before_a_restart_is_read_back_from_the_status() {
    let mut index = Index::new([CLIENTS]);
    let refused = object(Kind::AuthClient, "shop", 2, |object| {
        object["status"] = json!({"lastAcceptedSpec": object["spec"]});
        object["spec"]["redirectUris"] = json!(["https://*"]);
    });
    list(&mut index, CLIENTS, [Change::Seen(CLIENTS, refused)]);
    let before = index.recovered().clients.get(&key("shop")).unwrap();
    assert_eq!(before.spec.redirect_uris, ["https://shop.example.org/callback"]);
    assert_eq!(index.resources().clients[&key("shop")].spec.redirect_uris, ["https://*"]);
}

/// A policy that tightened while no operator ran limits a client; it does not take it off.
#[test]
fn a_client_whose_status_says_that_it_is_accepted_was_accepted() {
    let mut index = Index::new([CLIENTS]);
    let live = object(Kind::AuthClient, "shop", 2, |object| {
        object["metadata"]["generation"] = json!(1);
        object["status"] = json!({"observedGeneration": 1, "conditions": [
            {"type": "ReferencesResolved", "status": "True"}, {"type": "PolicyAccepted", "status": "True"}]});
    });
    list(&mut index, CLIENTS, [Change::Seen(CLIENTS, live)]);
    let before = index.recovered().clients.get(&key("shop")).unwrap();
    assert!(Arc::ptr_eq(before, &index.resources().clients[&key("shop")]), "and is kept once");
}

#[test]
fn a_secret_that_was_made_for_a_client_is_told_from_one_that_people_wrote() {
    let mut index = Index::new([MADE, GIVEN]);
    let ours = ("app.kubernetes.io/managed-by", "nauthera");
    let content = Content::new(
        key("shop"),
        ClientId::new("team-a.shop"),
        "https://login.example.org".to_owned(),
        SecretString::from("s3cret"),
        Timestamp::UNIX_EPOCH,
    );
    let annotations = content.annotations();
    let annotations: Vec<_> = annotations
        .iter()
        .filter_map(|(name, value)| Some((*name, value.as_deref()?)))
        .collect();
    let data: Vec<_> = content.data().into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
    let made = secret("made", 1, &[ours], &annotations, &data);
    let config = secret("main-config-ca", 1, &[ours], &[], &[("tls.key", "private")]);
    list(&mut index, MADE, [Change::Seen(MADE, made), Change::Seen(MADE, config)]);
    let given = secret(
        "given",
        1,
        &[("auth.nauthera.io/client-secret", "true")],
        &[],
        &[("client_secret", "x")],
    );
    list(&mut index, GIVEN, [Change::Seen(GIVEN, given)]);
    let resources = index.resources();
    assert_eq!(resources.generated[&key("made")].client, key("shop"));
    assert!(resources.secrets[&key("given")].data.contains_key("client_secret"));
    assert!(
        resources.secrets[&key("main-config-ca")].data.is_empty(),
        "a server's key is no business of compile's"
    );
}

#[test]
fn a_secret_with_both_labels_is_gone_when_both_watches_say_so() {
    let mut index = Index::new([MADE, GIVEN]);
    let both = |version| {
        let labels = [
            ("app.kubernetes.io/managed-by", "nauthera"),
            ("auth.nauthera.io/client-secret", "true"),
        ];
        secret("s", version, &labels, &[], &[])
    };
    list(&mut index, MADE, [Change::Seen(MADE, both(1))]);
    list(&mut index, GIVEN, [Change::Seen(GIVEN, both(1))]);
    index.apply(Change::Gone(MADE, key("s")));
    assert!(index.secrets().contains_key(&key("s")));
    index.apply(Change::Gone(GIVEN, key("s")));
    assert!(!index.secrets().contains_key(&key("s")));
}

#[test]
fn the_slower_of_two_watches_does_not_bring_an_old_form_back() {
    let mut index = Index::new([MADE, GIVEN]);
    let form = |version, value| {
        secret(
            "s",
            version,
            &[("auth.nauthera.io/client-secret", "true")],
            &[],
            &[("client_secret", value)],
        )
    };
    index.apply(Change::Seen(GIVEN, form(9, "new")));
    index.apply(Change::Seen(MADE, form(8, "old")));
    assert_eq!(index.secrets()[&key("s")].resource_version, "9");
}

#[test]
fn slices_of_one_server_are_one_list_of_pods() {
    let mut index = Index::new([Source::Slices]);
    let replica = |pod: &str, address: &str| Replica {
        pod: pod.to_owned(),
        uid: pod.to_owned(),
        address: address.parse().unwrap(),
        port: 9443,
        ready: true,
        serving: true,
        terminating: false,
    };
    let slice = |name: &str, replicas| {
        let view = SliceView {
            server: key("main"),
            replicas,
        };
        Change::Seen(Source::Slices, Box::new(Seen::Slice(key(name), view)))
    };
    index.apply(slice("six", vec![replica("a", "fd00::1"), replica("b", "fd00::2")]));
    index.apply(slice("four", vec![replica("a", "10.0.0.1")]));
    let addresses: Vec<String> = index.replicas()[&key("main")]
        .iter()
        .map(|replica| replica.address.to_string())
        .collect();
    assert_eq!(addresses, ["10.0.0.1", "fd00::2"]);
    assert_eq!(
        index.take_work(),
        Work {
            compile: false,
            publish: true
        }
    );
    index.apply(Change::Gone(Source::Slices, key("six")));
    assert_eq!(index.replicas()[&key("main")].len(), 1);
    index.apply(Change::Gone(Source::Slices, key("four")));
    assert!(index.replicas().is_empty());
}
