//! Servers that share a database, and servers that fail.

use super::relying_party::{Manner, RelyingParty};
use super::{at_trusted, log_out, site_with, tell};
use crate::store_conformance::Fresh;
use crate::support::site::*;
use jiff::SignedDuration;

fn on(store: &std::sync::Arc<dyn nauthera::store::Store>) -> Setting {
    Setting {
        store: Some(std::sync::Arc::clone(store)),
        ..Setting::default()
    }
}

#[actix_rt::test]
async fn what_a_server_left_behind_another_one_tells() {
    let party = RelyingParty::start().await;
    let fresh = Fresh::postgres().await;
    let first = Site::start_as(on(&fresh.store), |snapshot| tell(snapshot, "trusted", &party)).await;
    let browser = first.browser();
    at_trusted(&browser).await;
    party.answers(Manner::Hangs);
    log_out(&browser).await;
    let told = party.next().await;
    // It ends with the try under way.
    first.stop().await;
    party.answers(Manner::Status(200));
    let second = Site::start_as(on(&fresh.store), |snapshot| tell(snapshot, "trusted", &party)).await;
    second.platform.clock.advance(SignedDuration::from_secs(61));
    assert_eq!(party.next().await.claims()["sid"], told.claims()["sid"]);
    second.stop().await;
}

#[actix_rt::test]
async fn of_two_servers_one_tells() {
    let party = RelyingParty::start().await;
    let fresh = Fresh::postgres().await;
    let first = Site::start_as(on(&fresh.store), |snapshot| tell(snapshot, "trusted", &party)).await;
    let second = Site::start_as(on(&fresh.store), |snapshot| tell(snapshot, "trusted", &party)).await;
    let mut sids = Vec::new();
    for _ in 0..5 {
        let browser = first.browser();
        at_trusted(&browser).await;
        log_out(&browser).await;
        second.platform.platform.logouts.notify();
        sids.push(party.next().await.claims()["sid"].clone());
    }
    for site in [&first, &second] {
        site.platform.platform.logouts.gate().ping().await.unwrap();
    }
    sids.extend(party.so_far().await.iter().map(|told| told.claims()["sid"].clone()));
    let all = sids.len();
    sids.sort_by_key(ToString::to_string);
    sids.dedup();
    assert_eq!((all, sids.len()), (5, 5));
    first.stop().await;
    second.stop().await;
}

/// As `nauthera user disable` does it: in the database, by a process that tells nobody.
#[actix_rt::test]
async fn a_session_that_another_process_ended_is_told_of_too() {
    let party = RelyingParty::start().await;
    let site = site_with(&party).await;
    let browser = site.browser();
    let tokens = at_trusted(&browser).await;
    let sid = payload(tokens["id_token"].as_str().unwrap())["sid"].as_str().unwrap().to_owned();
    let platform = &site.platform.platform;
    platform
        .store
        .end_session(&nauthera::oauth::ids::SessionId::new(sid.as_str()), platform.clock.now())
        .await
        .unwrap();
    assert_eq!(party.next().await.claims()["sid"].as_str().unwrap(), sid);
    site.stop().await;
}

#[actix_rt::test]
async fn a_notifier_that_dies_goes_on_where_it_was() {
    let party = RelyingParty::start().await;
    let site = site_with(&party).await;
    let browser = site.browser();
    at_trusted(&browser).await;
    party.answers(Manner::Hangs);
    log_out(&browser).await;
    let first = party.next().await;
    let platform = &site.platform.platform;
    assert!(platform.logouts.gate().poison().await.is_err());
    party.answers(Manner::Status(200));
    site.platform.clock.advance(SignedDuration::from_secs(61));
    assert_eq!(party.next().await.claims()["sid"], first.claims()["sid"]);
    assert_eq!(platform.guardian.failure(), None);
    site.stop().await;
}
