//! `nauthera dev` under the name that browsers trust without TLS: somebody who tries it out sets up a passkey, and logs in with it at the demo client.

use crate::support::browser::{Browser, Mode};
use crate::support::pages::{self, ALLOW, SUBMIT};
use crate::support::process::Process;
use crate::support::{free_port, root, use_aws_lc};
use std::path::Path;
use std::process::Command;

#[tokio::test]
async fn a_passkey_is_set_up_and_logs_in_at_the_demo_client() {
    use_aws_lc();
    let (port, demo_port, data) = (free_port(), free_port(), tempfile::tempdir().unwrap());
    let (issuer, demo) = (format!("http://localhost:{port}"), format!("http://127.0.0.1:{demo_port}"));
    let server = Process::start(
        "nauthera dev",
        Command::new(env!("CARGO_BIN_EXE_nauthera"))
            .args(["dev", "--listen", &format!("localhost:{port}")])
            .args(["--demo-listen", &format!("127.0.0.1:{demo_port}")])
            .args([
                Path::new("--manifests"),
                &root().join("k8s/samples"),
                Path::new("--data"),
                data.path(),
            ]),
    );
    server.wait_for_line("the issuer", |line| {
        (line.contains(&issuer) && line.ends_with("the issuer")).then_some(())
    });

    let browser = Browser::start(Mode::Plain).await;
    let key = browser.add_key(&reqwest::Client::new()).await;
    browser.open(&format!("{issuer}/login")).await;
    pages::log_in(&browser, "alice", "correct horse battery staple").await;
    browser.see_title("Your account · Nauthera").await;
    browser.open(&format!("{issuer}/account/security")).await;
    browser.click("a[href$='method=webauthn']").await;
    browser.see("form[data-key]").await;
    browser.click(SUBMIT).await;
    browser.see(".codes").await;
    assert_eq!(key.credentials().await.len(), 1);
    browser.open(&format!("{issuer}/account")).await;
    browser.click("form[action$='/logout'] button").await;
    browser.see_title("You are signed out · Nauthera").await;

    // The key answers when the button is pressed, and not already when it is asked on the side.
    key.recognises(false).await;
    browser.open(&demo).await;
    browser.click("#login").await;
    browser.see("form[data-key='login'] button").await;
    key.recognises(true).await;
    browser.click("form[data-key='login'] button").await;
    browser.click(ALLOW).await;
    let token = browser.text("#id-token").await;
    assert!(token.contains(&issuer), "{token}");
    assert!(token.contains("acr phr"), "a passkey alone: {token}");
    browser.click("#logout").await;
    browser.see_title("You are signed out · Nauthera").await;
    browser.quit().await;
}
