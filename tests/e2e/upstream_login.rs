//! A person with a browser who logs in by way of another provider: npm's oidc-provider, which the project did not write.

use crate::support::browser::{Browser, Mode};
use crate::support::pages::{self, ALLOW};
use crate::support::platform::{PASSWORD, Platform, Site, USERNAME};

/// The provider's button.
pub const CORP: &str = "form[action$='/login/upstream/corp'] button";
const SECRET: &str = "a secret of the end-to-end tests & of their provider";

/// The provider, and the platform that offers it.
pub async fn start() -> (Site, Platform) {
    let mut provider = None;
    let platform = Platform::start_with(|issuer| {
        let (callback, logout) = (format!("{issuer}/login/callback/corp"), format!("{issuer}/logout/upstream/corp"));
        let corp = Site::provider("nauthera", SECRET, &callback, &logout);
        let manifests = format!(
            "apiVersion: v1
kind: Secret
metadata: {{name: corp, namespace: identity}}
stringData: {{client_secret: \"{SECRET}\"}}
---
apiVersion: auth.nauthera.io/v1alpha1
kind: IdentityProvider
metadata: {{name: corp, namespace: identity}}
spec:
  displayName: Corp
  oidc: {{issuerUrl: {}, clientId: nauthera, clientSecretRef: {{name: corp, key: client_secret}}}}
  logout: true
",
            corp.origin
        );
        provider = Some(corp);
        manifests
    })
    .await;
    (provider.unwrap(), platform)
}

#[tokio::test]
async fn logs_in_at_a_site_by_way_of_a_provider_and_out_of_both() {
    let (corp, platform) = start().await;
    let browser = Browser::start(Mode::Plain).await;
    browser.open(&format!("{}/login", platform.shop.origin)).await;
    browser.check_accessibility("login with a provider").await;
    browser.click(CORP).await;
    browser.see_title("Corp").await;
    assert!(browser.url().await.starts_with(&corp.origin));
    browser.type_into("#name", "grace").await;
    browser.click("#go").await;
    browser.click(ALLOW).await;
    browser.see_title("Logged in").await;
    let claims = browser.json("#claims").await;
    assert_eq!(claims["iss"], platform.issuer.as_str());
    assert_eq!(claims["amr"], serde_json::json!(["fed"]));
    let userinfo = browser.json("#userinfo_answer").await;
    assert_eq!(
        (&userinfo["email"], &userinfo["name"]),
        (&"grace@corp.example".into(), &"grace of the provider".into())
    );

    // The provider still knows her, so a second login asks nothing, and she is the same person.
    browser.open(&format!("{}/logout", platform.issuer)).await;
    browser.click("form button[type='submit']").await;
    browser.see_text("main", "Corp").await;
    browser.check_accessibility("logged out, but not of the provider").await;
    browser.open(&format!("{}/login", platform.shop.origin)).await;
    browser.click(CORP).await;
    browser.see_title("Logged in").await;
    assert_eq!(browser.json("#claims").await["sub"], claims["sub"]);

    // Out of both.
    browser.open(&format!("{}/logout", platform.issuer)).await;
    browser.click("form button[type='submit']").await;
    browser.click(".note a").await;
    assert!(browser.url().await.starts_with(&corp.origin), "{}", browser.url().await);

    // With a password people get in as before.
    browser.open(&format!("{}/login", platform.shop.origin)).await;
    pages::log_in(&browser, USERNAME, PASSWORD).await;
    browser.click(ALLOW).await;
    browser.see_title("Logged in").await;
    assert_ne!(browser.json("#claims").await["sub"], claims["sub"]);
    browser.quit().await;
}

/// Signs out at the provider; the site never sees that browser.
#[tokio::test]
async fn whoever_signs_out_at_the_provider_is_signed_out_here_and_at_the_site() {
    let (corp, platform) = start().await;
    let browser = Browser::start(Mode::Plain).await;
    browser.open(&format!("{}/login", platform.shop.origin)).await;
    browser.click(CORP).await;
    browser.type_into("#name", "grace").await;
    browser.click("#go").await;
    browser.click(ALLOW).await;
    browser.see_title("Logged in").await;

    browser.open(&format!("{}/session/end", corp.origin)).await;
    browser.click("button[name='logout']").await;
    // The provider tells this platform, which tells the site.
    browser.open(&format!("{}/told", platform.shop.origin)).await;
    assert_eq!(browser.text("#told").await, "signed out");
    browser.open(&format!("{}/account", platform.issuer)).await;
    browser.see(CORP).await;
    browser.quit().await;
}

#[tokio::test]
async fn works_without_javascript_and_in_the_dark() {
    for mode in [Mode::NoJavaScript, Mode::Dark] {
        let (_corp, platform) = start().await;
        let browser = Browser::start(mode).await;
        browser.open(&format!("{}/login", platform.issuer)).await;
        if mode == Mode::Dark {
            browser.check_accessibility("login with a provider, dark").await;
        }
        browser.click(CORP).await;
        browser.type_into("#name", "grace").await;
        browser.click("#go").await;
        browser.see_text("main", "grace").await;
        assert!(browser.url().await.starts_with(&platform.issuer));
        browser.quit().await;
    }
}
