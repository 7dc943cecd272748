//! What an application, or whoever has its logout token, cannot do.

use super::relying_party::{Manner, RelyingParty};
use super::{at_trusted, count, counted, log_out, site_with};

#[actix_rt::test]
async fn a_logout_token_is_no_other_token() {
    let party = RelyingParty::start().await;
    let site = site_with(&party).await;
    let browser = site.browser();
    at_trusted(&browser).await;
    log_out(&browser).await;
    let told = party.next().await;
    let token = told.token();
    let bearer = format!("Bearer {token}");
    let answer = browser.get_with("/userinfo", "authorization", &bearer).await;
    assert_eq!(answer.status, 401, "{}", answer.body);
    // A new session of the same person does not end by it, as it would by an ID token.
    at_trusted(&browser).await;
    let page = browser.get(&format!("/logout?id_token_hint={token}")).await;
    assert!(page.body.contains("Sign out?"), "{}", page.body);
    assert_eq!(browser.get("/account").await.status, 200);
    site.stop().await;
}

#[actix_rt::test]
async fn a_redirect_carries_no_token_elsewhere() {
    let (party, elsewhere) = (RelyingParty::start().await, RelyingParty::start().await);
    let site = site_with(&party).await;
    let browser = site.browser();
    at_trusted(&browser).await;
    party.answers(Manner::Redirect(elsewhere.uri.clone()));
    log_out(&browser).await;
    party.next().await;
    counted(&site, "failed", 1).await;
    assert_eq!(elsewhere.so_far().await.len(), 0);
    site.stop().await;
}

#[actix_rt::test]
async fn an_answer_without_end_is_not_read() {
    let party = RelyingParty::start().await;
    let site = site_with(&party).await;
    let browser = site.browser();
    at_trusted(&browser).await;
    party.answers(Manner::Floods);
    log_out(&browser).await;
    // Read, it would run into the deadline, and have failed.
    counted(&site, "delivered", 1).await;
    site.stop().await;
}

#[actix_rt::test]
async fn a_logout_waits_for_no_application() {
    let party = RelyingParty::start().await;
    let site = site_with(&party).await;
    let browser = site.browser();
    at_trusted(&browser).await;
    party.answers(Manner::Hangs);
    log_out(&browser).await;
    // The person has their answer while the application has yet to give its own.
    let over: u32 = ["delivered", "failed", "given_up", "unwanted"]
        .iter()
        .map(|outcome| count(&site, outcome))
        .sum();
    assert_eq!(over, 0);
    party.next().await;
    site.stop().await;
}
