//! What a person with an authenticator app does.

use crate::support::site::*;
use jiff::SignedDuration;
use nauthera::oauth::client::Client;
use nauthera::oauth::two_factor::TwoFactor;
use std::sync::Arc;
use totp_rs::{Builder, Secret};

/// An app, as people have it on their phone: it knows what it was told once, and the time.
pub struct App(Secret);

impl App {
    /// Reads the seed that a page shows for typing.
    pub fn of(page: &Answer) -> Self {
        let typed = page.body.split_once("<code class=\"seed\">").expect("a seed").1;
        let typed = typed.split_once('<').unwrap().0.replace(' ', "");
        Self(Secret::try_from_base32(typed).unwrap())
    }

    pub fn code(&self, site: &Site) -> String {
        let now = u64::try_from(site.platform.platform.clock.now().as_second()).unwrap();
        let totp = Builder::new()
            .with_secret(self.0.clone())
            .with_account_name("a")
            .with_issuer(Some("b"))
            .build()
            .unwrap();
        totp.generate(now).to_string()
    }
}

/// The site, with `trusted` under this rule.
pub async fn site(change: impl FnOnce(&mut TwoFactor)) -> Site {
    let mut rule = TwoFactor::default();
    change(&mut rule);
    Site::start_with(|snapshot| under(snapshot, "trusted", rule)).await
}

pub fn under(snapshot: &mut nauthera::config::snapshot::Snapshot, client: &str, rule: TwoFactor) {
    let id = nauthera::oauth::ids::ClientId::new(client);
    let mut changed = Client::clone(&snapshot.clients[&id]);
    changed.limits.two_factor = rule;
    snapshot.clients.insert(id, Arc::new(changed));
}

/// Follows a redirect within the site.
pub async fn follow(browser: &Browser, answer: &Answer) -> Answer {
    assert_eq!(answer.status, 303, "{}", answer.body);
    browser.get(answer.header("location")).await
}

/// Logs alice in at a site that requires a second factor, and sets up an app on the way: the answer that ends it, the app, and the recovery codes.
pub async fn enrol(site: &Site, browser: &Browser) -> (Answer, App, Vec<String>) {
    let page = browser.get(&authorize(&[])).await;
    let onward = browser.log_in(&page, USERNAME, PASSWORD).await;
    assert_eq!(onward.location().path(), "/second-factor/setup");
    // An address is no name that keys can be bound to, so that there is no choice here.
    let setup = follow(browser, &onward).await;
    assert_eq!(setup.status, 200, "{}", setup.body);
    let app = App::of(&setup);
    let codes = browser
        .post(
            "/second-factor/setup",
            &[("ticket", &setup.ticket()), ("code", &app.code(site)), ("name", "my phone")],
        )
        .await;
    assert_eq!(codes.status, 200, "{}", codes.body);
    let written: Vec<String> = codes
        .body
        .split("<li><code>")
        .skip(1)
        .map(|rest| rest.split_once('<').unwrap().0.to_owned())
        .collect();
    assert_eq!(written.len(), 10, "{}", codes.body);
    let end = browser.post("/second-factor/done", &[("ticket", &codes.ticket())]).await;
    (end, app, written)
}

/// Logs alice in up to the page that asks for her second factor.
pub async fn to_the_second_factor(browser: &Browser, request: &str) -> Answer {
    let page = browser.get(request).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let onward = browser.log_in(&page, USERNAME, PASSWORD).await;
    assert_eq!(onward.location().path(), "/login/second-factor");
    follow(browser, &onward).await
}

pub async fn answer(browser: &Browser, page: &Answer, code: &str) -> Answer {
    browser
        .post("/login/second-factor", &[("ticket", &page.ticket()), ("code", code)])
        .await
}

pub fn later(site: &Site, seconds: u64) {
    site.platform
        .clock
        .advance(SignedDuration::from_secs(i64::try_from(seconds).unwrap()));
}
