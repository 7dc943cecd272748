//! Passkeys and security keys, with Chromium's virtual authenticator: registered, used after the password and instead of it, copied, and phished for.

use crate::support::browser::{Browser, Key, Mode};
use crate::support::pages::{self, ALERT, SUBMIT};
use crate::support::platform::{PASSWORD, USERNAME};
use crate::support::process::Process;
use crate::support::{free_port, root, use_aws_lc};
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;

const PASSKEY: &str = "form[data-key='login'] button";

/// A server under a name, since keys are bound to names.
struct Server {
    issuer: String,
    _process: Process,
    _folder: tempfile::TempDir,
}

impl Server {
    async fn start() -> Self {
        use_aws_lc();
        let port = free_port();
        let issuer = format!("http://localhost:{port}");
        let folder = tempfile::tempdir().unwrap();
        let manifests = folder.path().join("manifests");
        std::fs::create_dir(&manifests).unwrap();
        for entry in std::fs::read_dir(root().join("tests/e2e/manifests")).unwrap() {
            let entry = entry.unwrap();
            let text = std::fs::read_to_string(entry.path()).unwrap().replace("ISSUER", &issuer);
            let text = text.replace("SHOP", "http://127.0.0.1:9").replace("DEMO", "http://127.0.0.1:9");
            std::fs::write(manifests.join(entry.file_name()), text).unwrap();
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_nauthera"));
        command.arg("serve").args(["--listen", &format!("127.0.0.1:{port}")]);
        command
            .arg("--manifests")
            .arg(&manifests)
            .arg("--data")
            .arg(folder.path().join("data"));
        let process = Process::start("nauthera serve", &mut command);
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        while !reqwest::get(format!("http://127.0.0.1:{port}/readyz"))
            .await
            .is_ok_and(|answer| answer.status().is_success())
        {
            assert!(tokio::time::Instant::now() < deadline, "the server does not get ready");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Self {
            issuer,
            _process: process,
            _folder: folder,
        }
    }
}

async fn at_the_account(browser: &Browser) {
    browser.see_title("Your account · Nauthera").await;
}

/// Logs Ada in and gives her a passkey: the server, her browser, and her key.
async fn with_a_passkey(mode: Mode) -> (Server, Browser, Key) {
    let server = Server::start().await;
    let browser = Browser::start(mode).await;
    let key = browser.add_key(&reqwest::Client::new()).await;
    browser.open(&format!("{}/login", server.issuer)).await;
    pages::log_in(&browser, USERNAME, PASSWORD).await;
    at_the_account(&browser).await;
    for (path, page) in [
        ("/account", "account"),
        ("/account/security", "security"),
        ("/account/sessions", "sessions"),
        ("/account/applications", "applications"),
        ("/account/events", "events"),
        ("/account/security/new?method=totp", "app"),
    ] {
        browser.open(&format!("{}{path}", server.issuer)).await;
        browser.check_accessibility(page).await;
    }
    browser
        .open(&format!("{}/account/security/new?method=webauthn", server.issuer))
        .await;
    browser.check_accessibility("new key").await;
    browser.click(SUBMIT).await;
    browser.see(".codes").await;
    browser.check_accessibility("recovery codes").await;
    assert_eq!(key.credentials().await.len(), 1);
    (server, browser, key)
}

async fn sign_out(server: &Server, browser: &Browser) {
    browser.open(&format!("{}/account", server.issuer)).await;
    browser.click("form[action$='/logout'] button").await;
    browser.see_title("You are signed out · Nauthera").await;
}

/// The login page. It asks keys on the side, for the browser to offer them in the name field; a virtual one answers that at once, unless it does not
/// recognise its person.
async fn open_login(server: &Server, browser: &Browser, key: &Key) {
    key.recognises(false).await;
    browser.open(&format!("{}/login", server.issuer)).await;
    browser.see(PASSKEY).await;
    key.recognises(true).await;
}

#[tokio::test]
async fn a_passkey_logs_in_alone_and_after_the_password_and_a_copy_of_it_does_not() {
    let (server, browser, key) = with_a_passkey(Mode::Plain).await;
    sign_out(&server, &browser).await;

    // After the password: Ada is asked for it at each login, since she has set it up.
    open_login(&server, &browser, &key).await;
    pages::log_in(&browser, USERNAME, PASSWORD).await;
    browser.see("form[data-key='prove'] button").await;
    browser.check_accessibility("second factor").await;
    browser.click("form[data-key='prove'] button").await;
    at_the_account(&browser).await;
    sign_out(&server, &browser).await;

    // Instead of it, by the button.
    open_login(&server, &browser, &key).await;
    browser.click(PASSKEY).await;
    at_the_account(&browser).await;
    sign_out(&server, &browser).await;

    // Instead of it, as the browser offers it in the name field.
    browser.open(&format!("{}/login", server.issuer)).await;
    at_the_account(&browser).await;
    sign_out(&server, &browser).await;

    // A copy that has counted less far.
    let counted = key.credentials().await[0]["signCount"].as_u64().unwrap();
    assert!(counted >= 3, "it counts: {counted}");
    key.becomes_a_copy(0).await;
    browser.open(&format!("{}/login", server.issuer)).await;
    browser.see_text(ALERT, "may have been copied").await;
    key.recognises(false).await;
    // However far it counts from then on.
    key.becomes_a_copy(1000).await;
    open_login(&server, &browser, &key).await;
    browser.click(PASSKEY).await;
    browser.see_text(ALERT, "may have been copied").await;
    key.recognises(false).await;
    browser.open(&format!("{}/account", server.issuer)).await;
    browser.see(pages::PASSWORD_FIELD).await;
    browser.quit().await;
}

#[tokio::test]
async fn a_page_of_another_origin_gets_nothing_that_the_server_takes() {
    let (server, browser, key) = with_a_passkey(Mode::Dark).await;
    sign_out(&server, &browser).await;

    // The attacker shows the question of the real login page on a page of their own: same name, another port, as close as a phisher gets.
    open_login(&server, &browser, &key).await;
    let question = browser
        .run("const f = document.querySelector('form[data-key=login]'); return {options: f.dataset.options, ticket: f.elements.ticket.value}")
        .await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let phisher = format!("http://localhost:{}/", listener.local_addr().unwrap().port());
    let serving = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = socket.read(&mut request).await;
            let page = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 20\r\nconnection: close\r\n\r\n<title>trust</title>";
            let _ = socket.write_all(page.as_bytes()).await;
        }
    });
    browser.open(&phisher).await;
    let script = "const [question, done] = arguments;
        const bytes = (t) => Uint8Array.from(atob(t.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
        const text = (b) => btoa(String.fromCharCode(...new Uint8Array(b))).replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=+$/, '');
        const asked = JSON.parse(question.options).publicKey;
        navigator.credentials.get({publicKey: {...asked, challenge: bytes(asked.challenge), allowCredentials: []}}).then((c) => done({
            id: c.id, rawId: text(c.rawId), type: c.type, extensions: {}, response: {clientDataJSON: text(c.response.clientDataJSON),
            authenticatorData: text(c.response.authenticatorData), signature: text(c.response.signature), userHandle: text(c.response.userHandle)}}),
            (e) => done({error: String(e)}))";
    let stolen = browser.run_async(script, vec![question.clone()]).await;
    assert_eq!(stolen["type"], "public-key", "the key answers a page of its name: {stolen}");

    // And sends what the key said to the real server, from the victim's own browser, whose ticket it is.
    let send = "const [action, ticket, answer] = arguments;
        const form = document.createElement('form');
        Object.assign(form, {method: 'post', action});
        for (const [name, value] of Object.entries({ticket, answer})) {
          const field = document.createElement('input');
          Object.assign(field, {type: 'hidden', name, value});
          form.append(field);
        }
        document.body.append(form); form.submit(); arguments[arguments.length - 1]()";
    let action = format!("{}/login/passkey", server.issuer);
    let arguments: Vec<Value> = vec![json!(action), question["ticket"].clone(), json!(stolen.to_string())];
    key.recognises(false).await;
    browser.run_async(send, arguments).await;
    browser.see_text(ALERT, "cannot be used here").await;
    browser.open(&format!("{}/account", server.issuer)).await;
    browser.see(pages::PASSWORD_FIELD).await;
    serving.abort();
    browser.quit().await;
}
