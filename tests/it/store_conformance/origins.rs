use super::fixtures::{alice, at, hash, session_of};
use super::on_every_store;
use nauthera::oauth::ids::{SessionId, UserId, UserStoreId};
use nauthera::store::Store;
use nauthera::store::records::{EndedRecord, OriginRecord};
use std::sync::Arc;

on_every_store!(
    sessions_are_found_by_where_they_began,
    what_began_later_is_not_found,
    a_session_has_one_origin_and_takes_it_along,
    what_ended_is_remembered_for_a_while,
);

fn corp() -> UserStoreId {
    UserStoreId::new("identity/corp")
}

fn origin(subject: &str, sid: Option<&str>) -> OriginRecord {
    OriginRecord {
        provider: corp(),
        subject: hash(subject),
        sid: sid.map(hash),
        began_at: at(10),
    }
}

fn ended(subject: Option<&str>, sid: Option<&str>) -> EndedRecord {
    EndedRecord {
        provider: corp(),
        subject: subject.map(hash),
        sid: sid.map(hash),
        at: at(20),
    }
}

async fn began(store: &Arc<dyn Store>, user: &UserId, name: &str, origin: &OriginRecord) {
    let session = session_of(user, name);
    assert!(store.open_session(&session, None).await.unwrap());
    store.note_origin(&session.id, origin).await.unwrap();
}

async fn found(store: &Arc<dyn Store>, ended: &EndedRecord) -> Vec<String> {
    let sessions = store.sessions_from(ended, 10).await.unwrap();
    let mut names: Vec<String> = sessions.into_iter().map(|(id, _)| id.as_str().to_owned()).collect();
    names.sort_unstable();
    names
}

async fn sessions_are_found_by_where_they_began(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    began(&store, &user, "phone", &origin("ada", Some("1"))).await;
    began(&store, &user, "laptop", &origin("ada", Some("2"))).await;
    began(&store, &user, "without sid", &origin("ada", None)).await;
    began(&store, &user, "bob's", &origin("bob", Some("3"))).await;
    let elsewhere = OriginRecord {
        provider: UserStoreId::new("identity/partner"),
        ..origin("ada", Some("2"))
    };
    began(&store, &user, "elsewhere", &elsewhere).await;
    assert_eq!(found(&store, &ended(Some("ada"), None)).await, ["laptop", "phone", "without sid"]);
    assert_eq!(found(&store, &ended(None, Some("2"))).await, ["laptop"]);
    // Nobody knows with which of her sessions there that one began.
    assert_eq!(found(&store, &ended(Some("ada"), Some("2"))).await, ["laptop", "without sid"]);
    assert!(
        found(&store, &ended(Some("bob"), Some("2"))).await.is_empty(),
        "her session, and not his"
    );
    assert!(found(&store, &ended(None, None)).await.is_empty());
    assert!(found(&store, &ended(None, Some("4"))).await.is_empty());
    let sessions = store.sessions_from(&ended(Some("ada"), None), 2).await.unwrap();
    assert!(sessions.len() == 2 && sessions.iter().all(|(_, whose)| *whose == user));
}

async fn what_began_later_is_not_found(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    for (name, began_at) in [("before", 19), ("at the same time", 20), ("later", 21)] {
        let origin = OriginRecord {
            began_at: at(began_at),
            ..origin("ada", Some("1"))
        };
        began(&store, &user, name, &origin).await;
    }
    for which in [ended(Some("ada"), None), ended(None, Some("1")), ended(Some("ada"), Some("1"))] {
        assert_eq!(found(&store, &which).await, ["at the same time", "before"]);
    }
}

async fn a_session_has_one_origin_and_takes_it_along(store: Arc<dyn Store>) {
    let user = alice(&store).await;
    let (first, second) = (origin("ada", Some("1")), origin("ada", None));
    let id = SessionId::new("s");
    store.note_origin(&id, &first).await.unwrap();
    assert_eq!(store.origin(&id).await.unwrap(), None, "there is no such session");
    began(&store, &user, "s", &first).await;
    assert_eq!(store.origin(&id).await.unwrap(), Some(first));
    store.note_origin(&id, &second).await.unwrap();
    assert_eq!(store.origin(&id).await.unwrap(), Some(second));
    assert!(found(&store, &ended(None, Some("1"))).await.is_empty());
    store.end_session(&id, at(5)).await.unwrap();
    assert_eq!(store.origin(&id).await.unwrap(), None);
}

async fn what_ended_is_remembered_for_a_while(store: Arc<dyn Store>) {
    let keys = [hash("a"), hash("b")];
    store.note_departures(&keys, at(10), at(100)).await.unwrap();
    store.note_departures(&[hash("a")], at(5), at(50)).await.unwrap();
    let departed = async |keys: &[_], since: i64, now: i64| store.departed_since(keys, at(since), at(now)).await.unwrap();
    assert!(departed(&[hash("c"), hash("b")], 10, 20).await);
    assert!(departed(&[hash("a")], 10, 99).await, "an earlier one changes nothing");
    assert!(!departed(&keys, 11, 20).await, "what began later goes on");
    assert!(!departed(&keys, 10, 100).await, "forgotten");
    assert!(!departed(&[hash("c")], 0, 20).await);
    assert!(!departed(&[], 0, 20).await);
    store.note_departures(&[hash("a")], at(30), at(200)).await.unwrap();
    assert!(departed(&[hash("a")], 30, 199).await);
    store.sweep(at(150), 10).await.unwrap();
    assert!(departed(&[hash("a")], 30, 199).await);
    store.note_departures(&[], at(30), at(200)).await.unwrap();
}
