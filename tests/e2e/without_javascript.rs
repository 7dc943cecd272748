//! The login with scripts switched off in the browser.

use crate::login_round::log_in;
use crate::support::browser::{Browser, Mode};
use crate::support::pages::ALLOW;
use crate::support::platform::{PASSWORD, Platform};

#[tokio::test]
async fn logs_in_consents_and_logs_out_without_javascript() {
    let platform = Platform::start().await;
    let browser = Browser::start(Mode::NoJavaScript).await;
    // The browser really has scripts off: this page would rename itself.
    browser
        .open("data:text/html,<title>still</title><script>document.title='scripted'</script>")
        .await;
    browser.see_title("still").await;

    browser.open(&format!("{}/login", platform.shop.origin)).await;
    log_in(&browser, PASSWORD).await;
    browser.click(ALLOW).await;
    browser.see_title("Logged in").await;
    browser.click("#logout").await;
    browser.see_title("Goodbye").await;
    browser.quit().await;
}
