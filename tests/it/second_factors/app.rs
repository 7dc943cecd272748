//! An app and recovery codes, from being set up to being used.

use super::walk::*;
use crate::support::site::*;

#[actix_rt::test]
async fn an_app_is_set_up_on_the_way_and_asked_for_at_each_further_login() {
    let site = site(|rule| rule.required = true).await;
    let (end, app, _) = enrol(&site, &site.browser()).await;
    let code = end.sent("code").expect("the login went on");
    let tokens = site.browser().tokens("trusted", &code).await;
    let claims = payload(tokens["id_token"].as_str().unwrap());
    assert_eq!(claims["amr"], serde_json::json!(["pwd", "otp", "mfa"]));
    assert_eq!(claims["acr"], "urn:nauthera:acr:2fa");
    assert_eq!(payload(tokens["access_token"].as_str().unwrap())["acr"], "urn:nauthera:acr:2fa");

    later(&site, 60);
    let browser = site.browser();
    let page = to_the_second_factor(&browser, &authorize(&[])).await;
    assert!(page.body.contains("Confirm that it is you"), "{}", page.body);
    assert!(browser.cookie("nauthera_session").is_none(), "a password alone opens no session");
    let end = answer(&browser, &page, &app.code(&site)).await;
    assert!(end.sent("code").is_some());

    // At an application that does not require one she is asked too: she has set it up.
    later(&site, 60);
    let page = to_the_second_factor(&site.browser(), &authorize(&[("client_id", "shop")])).await;
    assert_eq!(page.status, 200);
    site.stop().await;
}

#[actix_rt::test]
async fn a_recovery_code_stands_in_once() {
    let site = site(|rule| rule.required = true).await;
    let (_, _, codes) = enrol(&site, &site.browser()).await;
    let browser = site.browser();
    let page = to_the_second_factor(&browser, &authorize(&[])).await;
    let typed = codes[3].to_uppercase().replace('-', " ");
    assert!(answer(&browser, &page, &typed).await.sent("code").is_some());

    let browser = site.browser();
    let page = to_the_second_factor(&browser, &authorize(&[])).await;
    let refused = answer(&browser, &page, &codes[3]).await;
    assert_eq!(refused.status, 422, "it was used");
    assert!(answer(&browser, &refused, &codes[4]).await.sent("code").is_some());
    site.stop().await;
}

#[actix_rt::test]
async fn a_wrong_code_is_told_and_the_page_stays() {
    let site = site(|rule| rule.required = true).await;
    let (_, app, _) = enrol(&site, &site.browser()).await;
    later(&site, 60);
    let browser = site.browser();
    let page = to_the_second_factor(&browser, &authorize(&[])).await;
    let refused = answer(&browser, &page, "000000").await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("The code is not right"), "{}", refused.body);
    let empty = answer(&browser, &refused, " ").await;
    assert!(empty.body.contains("Enter a code."), "{}", empty.body);
    assert!(answer(&browser, &empty, &app.code(&site)).await.sent("code").is_some());
    site.stop().await;
}

#[actix_rt::test]
async fn a_code_that_the_new_app_does_not_show_adds_nothing() {
    let site = site(|rule| rule.required = true).await;
    let browser = site.browser();
    let page = browser.get(&authorize(&[])).await;
    let onward = browser.log_in(&page, USERNAME, PASSWORD).await;
    let setup = follow(&browser, &onward).await;
    let app = App::of(&setup);
    let again = browser
        .post(
            "/second-factor/setup",
            &[("ticket", &setup.ticket()), ("code", "123456"), ("name", "phone")],
        )
        .await;
    assert_eq!(again.status, 422);
    assert!(again.body.contains("value=\"phone\""), "what was typed stays: {}", again.body);
    let codes = browser
        .post("/second-factor/setup", &[("ticket", &again.ticket()), ("code", &app.code(&site))])
        .await;
    assert!(codes.body.contains("Your recovery codes"), "the same seed goes on: {}", codes.body);
    site.stop().await;
}
