//! Clients that cannot be told now.

use super::relying_party::{Manner, NEVER, RelyingParty, Told};
use super::{at_trusted, log_out, site_with, tell};
use crate::support::site::*;
use jiff::SignedDuration;
use nauthera::actors::logout_notifier::TRIES;
use nauthera::store::records::AuditEvent;

/// Waits until so many tries have failed, then lets the longest pause pass; what the application is told then.
async fn next_try(site: &Site, party: &RelyingParty, failed: u32) -> Told {
    let platform = &site.platform.platform;
    let line = format!("nauthera_backchannel_logouts_total{{outcome=\"failed\"}} {failed}\n");
    let settled = async {
        while !platform.metrics.render().unwrap().contains(&line) {
            platform.logouts.gate().ping().await.unwrap();
        }
    };
    tokio::time::timeout(NEVER, settled).await.expect("a try that has failed");
    site.platform.clock.advance(SignedDuration::from_hours(3));
    platform.logouts.notify();
    party.next().await
}

/// Waits until the trail has an event of this kind.
async fn audited(site: &Site, kind: &str) -> AuditEvent {
    let platform = &site.platform.platform;
    let found = async {
        loop {
            let events = platform.store.recent_audit(100).await.unwrap();
            if let Some(event) = events.into_iter().find(|event| event.kind == kind) {
                return event;
            }
            platform.audit.flush().await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(NEVER, found).await.unwrap_or_else(|_| panic!("no {kind}"))
}

#[actix_rt::test]
async fn a_client_that_cannot_now_is_told_later_with_the_same_jti() {
    let party = RelyingParty::start().await;
    let site = site_with(&party).await;
    let browser = site.browser();
    at_trusted(&browser).await;
    party.answers(Manner::Status(503));
    log_out(&browser).await;
    let first = party.next().await;
    for (manner, failed) in [
        (Manner::Status(404), 1),
        (Manner::Redirect("https://elsewhere.example/".to_owned()), 2),
        (Manner::Status(204), 3),
    ] {
        party.answers(manner);
        let again = next_try(&site, &party, failed).await;
        assert_eq!(again.claims()["jti"], first.claims()["jti"]);
        assert!(
            again.claims()["iat"].as_i64() > first.claims()["iat"].as_i64(),
            "a token of its own time"
        );
    }
    let event = audited(&site, "backchannel_logout.delivered").await;
    assert_eq!(event.details["attempts"], 4);
    site.platform.clock.advance(SignedDuration::from_hours(3));
    site.platform.platform.logouts.gate().ping().await.unwrap();
    assert_eq!(party.so_far().await.len(), 0);
    site.stop().await;
}

#[actix_rt::test]
async fn a_client_that_refuses_is_not_asked_again() {
    let party = RelyingParty::start().await;
    let site = site_with(&party).await;
    let browser = site.browser();
    at_trusted(&browser).await;
    party.answers(Manner::Status(400));
    log_out(&browser).await;
    party.next().await;
    let event = audited(&site, "backchannel_logout.refused").await;
    assert_eq!(event.client.unwrap().as_str(), "trusted");
    site.platform.clock.advance(SignedDuration::from_hours(3));
    let later = site.platform.platform.clock.now();
    let left = site.platform.platform.store.claim_logouts(later, later, 10, &[]).await.unwrap();
    assert_eq!(left, []);
    site.stop().await;
}

#[actix_rt::test]
async fn it_is_given_up_in_the_end() {
    let party = RelyingParty::start().await;
    let site = site_with(&party).await;
    let browser = site.browser();
    at_trusted(&browser).await;
    party.answers(Manner::Status(500));
    log_out(&browser).await;
    party.next().await;
    for failed in 1..TRIES {
        next_try(&site, &party, failed).await;
    }
    let event = audited(&site, "backchannel_logout.given_up").await;
    assert_eq!(event.details["attempts"], TRIES);
    assert!(event.details["reason"].as_str().unwrap().contains("500"), "{event:?}");
    site.stop().await;
}

#[actix_rt::test]
async fn a_client_that_hangs_keeps_no_other_waiting() {
    let (hanging, well) = (RelyingParty::start().await, RelyingParty::start().await);
    hanging.answers(Manner::Hangs);
    let site = Site::start_with(|snapshot| {
        tell(snapshot, "trusted", &hanging);
        tell(snapshot, "shop", &well);
        let shop = snapshot.clients.get_mut(&nauthera::oauth::ids::ClientId::new("shop")).unwrap();
        std::sync::Arc::make_mut(shop).require_consent = false;
    })
    .await;
    // More than may be under way at once.
    for _ in 0..80 {
        let browser = site.browser();
        let page = browser.get(&authorize(&[])).await;
        let code = browser.log_in(&page, USERNAME, PASSWORD).await.sent("code").unwrap();
        browser.tokens("trusted", &code).await;
        log_out(&browser).await;
    }
    let browser = site.browser();
    let page = browser.get(&authorize(&[("client_id", "shop")])).await;
    let code = browser.log_in(&page, USERNAME, PASSWORD).await.sent("code").unwrap();
    browser.tokens("shop", &code).await;
    log_out(&browser).await;
    well.next().await;
    let at_once = hanging.so_far().await.len();
    assert!(at_once <= 16, "{at_once} tries at one client");
    site.stop().await;
}
