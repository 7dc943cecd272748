//! What an application, or whoever has its logout token, cannot do.

use super::relying_party::{Manner, RelyingParty};
use super::{at_trusted, log_out, site_with};

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
async fn a_redirect_carries_no_token_elsewhere_and_a_flood_is_not_read() {
    let (party, elsewhere) = (RelyingParty::start().await, RelyingParty::start().await);
    let site = site_with(&party).await;
    for manner in [Manner::Redirect(elsewhere.uri.clone()), Manner::Floods(64 * 1024 * 1024)] {
        let browser = site.browser();
        at_trusted(&browser).await;
        party.answers(manner);
        log_out(&browser).await;
        party.next().await;
    }
    site.platform.platform.logouts.gate().ping().await.unwrap();
    assert_eq!(elsewhere.so_far().await.len(), 0);
    site.stop().await;
}

#[actix_rt::test]
async fn a_logout_waits_for_no_application() {
    let party = RelyingParty::start().await;
    let site = site_with(&party).await;
    let browser = site.browser();
    at_trusted(&browser).await;
    party.answers(Manner::Hangs);
    // Answered though the application never answers.
    log_out(&browser).await;
    party.next().await;
    site.stop().await;
}
