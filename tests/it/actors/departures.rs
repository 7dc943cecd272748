//! A client that was deleted: what it was given ends.

use crate::store_conformance::fixtures::{alice_logged_in, at, code_of, open_grant, shop};
use crate::support::platform::{START, TestPlatform, snapshot};
use nauthera::oauth::ids::{ClientId, GrantId};
use nauthera::store::Store;
use nauthera::store::records::{CodeRecord, GrantRecord};
use nauthera::store::sqlite::SqliteStore;
use std::sync::Arc;

async fn grant_of(store: &Arc<dyn Store>, client: &str, name: &str) -> GrantId {
    let session = alice_logged_in_once(store).await;
    let code = code_of(&session, name);
    let grant = GrantRecord {
        client: ClientId::new(client),
        ..code.grant
    };
    open_grant(store, CodeRecord { grant, ..code }).await
}

async fn alice_logged_in_once(store: &Arc<dyn Store>) -> nauthera::store::records::SessionRecord {
    let known = store.session(&nauthera::oauth::ids::SessionId::new("s"), at(1)).await.unwrap();
    match known {
        Some(session) => session,
        None => alice_logged_in(store).await,
    }
}

async fn ended(store: &Arc<dyn Store>, grant: &GrantId) -> bool {
    store.grant(grant).await.unwrap().unwrap().ended_at.is_some()
}

#[actix_rt::test]
async fn ends_the_grants_of_a_deleted_client_and_of_no_other() {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::in_memory().unwrap());
    let platform = TestPlatform::start_on(Arc::clone(&store)).await;
    let (gone, stays) = (
        grant_of(&store, shop().as_str(), "a").await,
        grant_of(&store, "demo.other", "b").await,
    );
    platform.apply(snapshot("one", Vec::new())).await;
    platform.platform.config.departures_settled().await;
    assert!(!ended(&store, &gone).await, "a client that is merely not served keeps them");

    let mut without = snapshot("two", Vec::new());
    without.departed = [shop()].into();
    platform.apply(without).await;
    platform.platform.config.departures_settled().await;
    assert!(ended(&store, &gone).await && !ended(&store, &stays).await);
    platform.stop().await;
}

#[actix_rt::test]
async fn what_is_given_after_the_departure_stays_while_the_client_is_still_named() {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::in_memory().unwrap());
    let platform = TestPlatform::start_on(Arc::clone(&store)).await;
    let mut first = snapshot("one", Vec::new());
    first.departed = [shop()].into();
    platform.apply(first).await;
    platform.platform.config.departures_settled().await;
    let later = grant_of(&store, shop().as_str(), "a").await;
    assert!(at(0) >= START);
    let mut second = snapshot("two", Vec::new());
    second.departed = [shop(), ClientId::new("demo.other")].into();
    platform.apply(second).await;
    platform.platform.config.departures_settled().await;
    assert!(!ended(&store, &later).await, "it departed once");
    platform.stop().await;
}
