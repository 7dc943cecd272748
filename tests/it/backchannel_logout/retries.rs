//! Clients that cannot be told now.

use super::relying_party::{Manner, NEVER, RelyingParty, Told};
use super::{at_trusted, count, counted, log_out, site_with, tell};
use crate::support::site::*;
use jiff::SignedDuration;
use nauthera::actors::logout_notifier::TRIES;
use nauthera::oauth::ids::ClientId;
use nauthera::store::records::AuditEvent;

/// Waits until so many tries have failed, then lets the longest pause pass; what the application is told then.
async fn next_try(site: &Site, party: &RelyingParty, failed: u32) -> Told {
    counted(site, "failed", failed).await;
    site.platform.clock.advance(SignedDuration::from_hours(3));
    site.platform.platform.logouts.notify();
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
async fn a_client_that_cannot_now_is_told_later_by_another_token() {
    let party = RelyingParty::start().await;
    let site = site_with(&party).await;
    let browser = site.browser();
    at_trusted(&browser).await;
    party.answers(Manner::Status(503));
    log_out(&browser).await;
    let first = party.next().await;
    for (manner, failed) in [
        (Manner::Status(404), 1),
        (Manner::Status(400), 2),
        (Manner::Redirect("https://elsewhere.example/".to_owned()), 3),
        (Manner::Status(204), 4),
    ] {
        party.answers(manner);
        let again = next_try(&site, &party, failed).await;
        assert_eq!(again.claims()["sid"], first.claims()["sid"]);
        assert_ne!(again.claims()["jti"], first.claims()["jti"], "who has seen the first may refuse it");
        assert!(again.claims()["iat"].as_i64() > first.claims()["iat"].as_i64());
    }
    let event = audited(&site, "backchannel_logout.delivered").await;
    assert_eq!(
        (event.details["attempts"].as_i64(), event.client.unwrap().as_str()),
        (Some(5), "trusted")
    );
    assert!(nothing_is_left(&site).await);
    site.stop().await;
}

/// Nobody has to be told anything, now or later.
async fn nothing_is_left(site: &Site) -> bool {
    site.platform.clock.advance(SignedDuration::from_hours(9));
    let platform = &site.platform.platform;
    let now = platform.clock.now();
    platform.store.claim_logouts(now, now, 10, &[]).await.unwrap().is_empty()
}

#[actix_rt::test]
async fn a_client_whose_address_is_taken_away_is_not_told_and_nobody_is_alarmed() {
    let party = RelyingParty::start().await;
    let site = site_with(&party).await;
    let browser = site.browser();
    at_trusted(&browser).await;
    let mut configuration = (*site.platform.platform.config.current().unwrap()).clone();
    tell(&mut configuration, "shop", &party);
    let trusted = configuration.clients.get_mut(&ClientId::new("trusted")).unwrap();
    std::sync::Arc::make_mut(trusted).backchannel_logout_uri = None;
    configuration.revision.0 = "2".to_owned();
    site.platform.apply(configuration).await;
    log_out(&browser).await;
    let unwanted = async {
        while count(&site, "unwanted") < 1 {
            site.platform.clock.advance(SignedDuration::from_hours(3));
            site.platform.platform.logouts.notify();
            site.platform.platform.logouts.gate().ping().await.unwrap();
        }
    };
    tokio::time::timeout(NEVER, unwanted).await.expect("it is dropped");
    assert!(nothing_is_left(&site).await);
    let events = site.platform.platform.store.recent_audit(100).await.unwrap();
    assert!(events.iter().all(|event| !event.kind.starts_with("backchannel_logout")));
    assert_eq!(party.so_far().await.len(), 0);
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

/// How many tries at those who hang have not failed yet; rather too few.
fn under_way(site: &Site, hanging: &RelyingParty) -> u32 {
    let seen = hanging.seen();
    seen.saturating_sub(count(site, "failed"))
}

#[actix_rt::test]
async fn clients_that_hang_keep_no_other_waiting() {
    let (hanging, well) = (RelyingParty::start().await, RelyingParty::start().await);
    hanging.answers(Manner::Hangs);
    // More than can be told at once with each of them taking its usual number.
    let names: Vec<String> = (0..12).map(|number| format!("hangs-{number}")).collect();
    let site = Site::start_with(|snapshot| {
        tell(snapshot, "trusted", &well);
        for name in &names {
            let client = nauthera::oauth::client::Client {
                id: ClientId::new(name.as_str()),
                ..(*snapshot.clients[&ClientId::new("trusted")]).clone()
            };
            snapshot.clients.insert(client.id.clone(), std::sync::Arc::new(client));
            tell(snapshot, name, &hanging);
        }
    })
    .await;
    for _ in 0..10 {
        let browser = site.browser();
        browser.code().await;
        for name in &names {
            let code = browser.get(&authorize(&[("client_id", name)])).await.sent("code").unwrap();
            browser.tokens(name, &code).await;
        }
        log_out(&browser).await;
    }
    let browser = site.browser();
    at_trusted(&browser).await;
    log_out(&browser).await;
    well.next().await;
    counted(&site, "failed", 60).await;
    // By now they are known to: all of them together leave room, whatever there is to tell them.
    for _ in 0..3 {
        let browser = site.browser();
        at_trusted(&browser).await;
        log_out(&browser).await;
        well.next().await;
        let under_way = under_way(&site, &hanging);
        assert!(under_way <= 32, "{under_way} hang at once");
    }
    site.stop().await;
}

#[actix_rt::test]
async fn one_client_has_few_tries_under_way() {
    let hanging = RelyingParty::start().await;
    hanging.answers(Manner::Hangs);
    let site = site_with(&hanging).await;
    for _ in 0..40 {
        let browser = site.browser();
        at_trusted(&browser).await;
        log_out(&browser).await;
    }
    hanging.next().await;
    site.platform.platform.logouts.gate().ping().await.unwrap();
    let under_way = under_way(&site, &hanging);
    assert!(under_way <= 15, "{under_way} tries at once");
    site.stop().await;
}
