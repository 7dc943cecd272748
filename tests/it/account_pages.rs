//! People's own accounts: what they see, what they change, and what somebody with a stolen cookie does not.

mod attacks;
mod changes;
mod replicas;

use crate::support::site::*;

/// Logs alice in at the server itself.
async fn log_in(site: &Site) -> Browser {
    let browser = site.browser();
    let page = browser.get("/login").await;
    let sent = browser.log_in(&page, USERNAME, PASSWORD).await;
    assert_eq!(sent.location().path(), "/account");
    browser
}

async fn show(browser: &Browser, path: &str) -> Answer {
    let page = browser.get(path).await;
    assert_eq!(page.status, 200, "{path}: {}", page.body);
    page
}
