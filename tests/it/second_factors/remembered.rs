//! Browsers that are not asked again.

use super::walk::*;
use crate::support::site::*;
use std::time::Duration;

const DAY: u64 = 24 * 3600;

async fn remembering(site: &Site, browser: &Browser, app: &App) -> Answer {
    let page = to_the_second_factor(browser, &authorize(&[])).await;
    assert!(page.body.contains("for 30 days"), "{}", page.body);
    let fields = [("ticket", &*page.ticket()), ("code", &app.code(site)), ("remember", "yes")];
    browser.post("/login/second-factor", &fields).await
}

#[actix_rt::test]
async fn a_browser_is_not_asked_again_as_long_as_the_policy_lets_it_be() {
    let site = site(|rule| {
        rule.required = true;
        rule.remember = Duration::from_secs(30 * DAY);
    })
    .await;
    let (_, app, _) = enrol(&site, &site.browser()).await;
    later(&site, 60);
    let browser = site.browser();
    let end = remembering(&site, &browser, &app).await;
    assert!(end.sent("code").is_some());
    let device = browser.cookie("nauthera_device").expect("a cookie");

    // The next day, after the session's end.
    later(&site, DAY);
    let page = browser.get(&authorize(&[])).await;
    let end = browser.log_in(&page, USERNAME, PASSWORD).await;
    let tokens = browser.tokens("trusted", &end.sent("code").expect("not asked")).await;
    let claims = payload(tokens["id_token"].as_str().unwrap());
    assert_eq!(claims["amr"], serde_json::json!(["pwd"]), "what was not proved is not claimed");
    // What an application asks for by name is proved all the same.
    let page = follow(&browser, &browser.get(&authorize(&[("acr_values", "urn:nauthera:acr:2fa")])).await).await;
    assert!(page.body.contains("Confirm that it is you"), "{}", page.body);

    // Another person at this browser, and this person elsewhere, are asked.
    let elsewhere = site.browser();
    elsewhere.set_cookie("nauthera_device", &device.replace(|c: char| c.is_ascii_lowercase(), "x"));
    to_the_second_factor(&elsewhere, &authorize(&[])).await;
    later(&site, 30 * DAY);
    to_the_second_factor(&browser, &authorize(&[])).await;
    site.stop().await;
}

#[actix_rt::test]
async fn where_the_policy_allows_no_remembering_a_form_that_asks_for_it_changes_nothing() {
    let site = site(|rule| rule.required = true).await;
    let (_, app, _) = enrol(&site, &site.browser()).await;
    later(&site, 60);
    let browser = site.browser();
    let page = to_the_second_factor(&browser, &authorize(&[])).await;
    assert!(!page.body.contains("name=\"remember\""), "{}", page.body);
    let fields = [("ticket", &*page.ticket()), ("code", &app.code(&site)), ("remember", "yes")];
    assert!(browser.post("/login/second-factor", &fields).await.sent("code").is_some());
    assert_eq!(browser.cookie("nauthera_device"), None);
    site.stop().await;
}
