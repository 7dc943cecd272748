//! Headless Chromium behind WebDriver, with the few gestures that the tests need. Everything waits for a condition; nothing sleeps.

use super::process::Process;
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;
use thirtyfour::prelude::*;

/// How long a page may take. A condition that holds is seen at once; this is only spent on a failure.
const PATIENCE: Duration = Duration::from_secs(30);
const INTERVAL: Duration = Duration::from_millis(50);

/// How the browser is set up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// As it comes.
    Plain,
    /// The person prefers a dark colour scheme.
    Dark,
    /// Scripts are off.
    NoJavaScript,
}

/// One browser with a fresh profile.
pub struct Browser {
    driver: Option<WebDriver>,
    port: u16,
    _chromedriver: Process,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts chromedriver on a free port and Chromium with an empty profile.
    pub async fn start(mode: Mode) -> Self {
        Self::start_with(mode, &[]).await
    }

    /// The same, with further arguments for Chromium.
    pub async fn start_with(mode: Mode, arguments: &[String]) -> Self {
        super::use_aws_lc();
        let chromedriver = Process::start("chromedriver", Command::new("chromedriver").arg("--port=0"));
        let port = chromedriver.wait_for_line("its port", |line| {
            line.strip_prefix("ChromeDriver was started successfully on port ")?
                .trim_end_matches('.')
                .parse::<u16>()
                .ok()
        });
        let profile = tempfile::tempdir().unwrap();
        let mut args: Vec<String> = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-default-apps",
            "--lang=en",
            "--window-size=1000,900",
        ]
        .map(str::to_owned)
        .into();
        args.push(format!("--user-data-dir={}", profile.path().display()));
        args.extend_from_slice(arguments);
        if mode == Mode::Dark {
            args.push("--blink-settings=preferredColorScheme=0".to_owned());
        }
        let mut options = json!({
            "args": args,
            // Chromium's own password bubble would cover nothing here, but it slows a headless browser down.
            "prefs": {"credentials_enable_service": false, "profile.password_manager_enabled": false},
        });
        if mode == Mode::NoJavaScript {
            options["prefs"]["profile.managed_default_content_settings.javascript"] = json!(2);
        }
        let mut capabilities = DesiredCapabilities::chrome();
        capabilities.set("goog:chromeOptions", options).unwrap();
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), capabilities)
            .await
            .expect("chromedriver opens a session");
        Self {
            driver: Some(driver),
            port,
            _chromedriver: chromedriver,
            _profile: profile,
        }
    }

    fn driver(&self) -> &WebDriver {
        self.driver.as_ref().expect("the session lasts as long as the browser")
    }

    /// Types an address into the address bar.
    pub async fn open(&self, url: &str) {
        self.driver()
            .goto(url)
            .await
            .unwrap_or_else(|error| panic!("cannot open {url}: {error}"));
    }

    /// Waits until something that matches the CSS selector is visible. Between two pages the driver has errors of its own to tell (a stale
    /// element, a context that is gone): those are waited out, too.
    pub async fn see(&self, css: &str) -> WebElement {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            if let Ok(element) = self.driver().query(By::Css(css)).and_displayed().nowait().first().await {
                return element;
            }
            if tokio::time::Instant::now() > deadline {
                panic!("`{css}` is not to be seen on {}", self.describe().await);
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// Whether something matches the selector now, without waiting.
    pub async fn has(&self, css: &str) -> bool {
        !self.driver().find_all(By::Css(css)).await.unwrap().is_empty()
    }

    /// Waits until nothing matches the selector. The page that comes next is waited for besides: between two pages there is nothing either.
    pub async fn see_no(&self, css: &str) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !self.driver().find_all(By::Css(css)).await.is_ok_and(|found| found.is_empty()) {
            if tokio::time::Instant::now() > deadline {
                panic!("`{css}` is still to be seen on {}", self.describe().await);
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// Waits for a page with exactly this title.
    pub async fn see_title(&self, title: &str) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while self.driver().title().await.ok().as_deref() != Some(title) {
            assert!(
                tokio::time::Instant::now() < deadline,
                "no page titled {title:?}; this is {}",
                self.describe().await
            );
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// Waits until what the selector finds contains this text.
    pub async fn see_text(&self, css: &str, text: &str) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !self.see(css).await.text().await.is_ok_and(|shown| shown.contains(text)) {
            if tokio::time::Instant::now() > deadline {
                panic!("`{css}` does not say {text:?} on {}", self.describe().await);
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// Clicks what the selector finds.
    pub async fn click(&self, css: &str) {
        let element = self.see(css).await;
        if let Err(error) = element.click().await {
            panic!("`{css}` cannot be clicked: {error} on {}", self.describe().await);
        }
    }

    /// Clicks into a field, empties it and types.
    pub async fn type_into(&self, css: &str, text: &str) {
        let field = self.see(css).await;
        field.click().await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Presses keys wherever the focus is, as a person without a mouse does.
    pub async fn press(&self, keys: impl Into<TypingData>) {
        self.driver().action_chain().send_keys(keys).perform().await.unwrap();
    }

    /// Presses a key while Shift is down.
    pub async fn press_with_shift(&self, key: thirtyfour::Key) {
        let keys = self.driver().action_chain().key_down(thirtyfour::Key::Shift).send_keys(key);
        keys.key_up(thirtyfour::Key::Shift).perform().await.unwrap();
    }

    /// The focused element, as `tag#id[name]`-like facts for assertions.
    pub async fn focused(&self) -> Value {
        self.run("const e = document.activeElement; return {tag: e.localName, type: e.type ?? null, name: e.name ?? null, value: e.value ?? null, text: e.innerText ?? null}")
            .await
    }

    /// The visible text of what the selector finds.
    pub async fn text(&self, css: &str) -> String {
        self.see(css).await.text().await.unwrap()
    }

    /// The JSON that an element shows.
    pub async fn json(&self, css: &str) -> Value {
        let text = self.text(css).await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("`{css}` holds no JSON ({error}): {text}"))
    }

    /// Where the browser is.
    pub async fn url(&self) -> String {
        self.driver().current_url().await.unwrap().to_string()
    }

    /// Runs a script in the page and hands back what it returns.
    pub async fn run(&self, script: &str) -> Value {
        self.driver()
            .execute(script, vec![])
            .await
            .unwrap_or_else(|error| panic!("script failed: {error}"))
            .json()
            .clone()
    }

    /// Gives the browser a key that verifies its person and remembers accounts (WebDriver, W3C Web Authentication §11). The way to speak to it.
    pub async fn add_key(&self, chromedriver: &reqwest::Client) -> Key {
        let session = format!(
            "http://127.0.0.1:{}/session/{}/webauthn/authenticator",
            self.port,
            self.driver().session_id()
        );
        let asked = json!({"protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
            "isUserConsenting": true, "isUserVerified": true});
        let made: Value = Key::told(chromedriver.post(&session).json(&asked)).await;
        Key {
            client: chromedriver.clone(),
            address: format!("{session}/{}", made.as_str().expect("an id")),
        }
    }

    /// Runs a script that calls its last argument when it is done.
    pub async fn run_async(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.driver().execute_async(script, arguments).await.unwrap().json().clone()
    }

    /// Holds this page against axe-core's rules and panics with every violation.
    pub async fn check_accessibility(&self, page: &str) {
        let axe = std::fs::read_to_string(super::root().join("tests/e2e/node/node_modules/axe-core/axe.min.js"))
            .expect("axe-core: run `make setup`");
        self.driver().execute(axe, vec![]).await.unwrap();
        let script = "const done = arguments[arguments.length - 1];
            axe.run(document).then((r) => done({violations: r.violations.map((v) =>
              ({id: v.id, help: v.help, nodes: v.nodes.map((n) => n.html + ' — ' + n.failureSummary)})), passes: r.passes.length}),
              (e) => done({error: String(e)}))";
        let report = self.driver().execute_async(script, vec![]).await.unwrap().json().clone();
        assert!(
            report["passes"].as_u64() > Some(5),
            "axe-core looked at next to nothing on the page {page}: {report}"
        );
        assert_eq!(
            report["violations"],
            json!([]),
            "axe-core finds fault with the page {page}: {report:#}"
        );
    }

    /// Ends the session in good order.
    pub async fn quit(mut self) {
        if let Some(driver) = self.driver.take() {
            driver.quit().await.unwrap();
        }
    }

    async fn describe(&self) -> String {
        let driver = self.driver();
        let url = driver.current_url().await.map(|url| url.to_string()).unwrap_or_default();
        let title = driver.title().await.unwrap_or_default();
        let text = match driver.find(By::Tag("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(error) => error.to_string(),
        };
        format!("{url} ({title}):\n{text}")
    }
}

/// A security key at the browser.
pub struct Key {
    client: reqwest::Client,
    address: String,
}

impl Key {
    async fn told(request: reqwest::RequestBuilder) -> Value {
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert!(answer["value"]["error"].is_null(), "{answer}");
        answer["value"].clone()
    }

    /// What it keeps.
    pub async fn credentials(&self) -> Vec<Value> {
        let kept = Self::told(self.client.get(format!("{}/credentials", self.address))).await;
        kept.as_array().unwrap().clone()
    }

    /// Whether it recognises its person from now on.
    pub async fn recognises(&self, is_person: bool) {
        Self::told(
            self.client
                .post(format!("{}/uv", self.address))
                .json(&json!({"isUserVerified": is_person})),
        )
        .await;
    }

    /// Puts a copy of what it keeps in its place, which has counted up to there.
    pub async fn becomes_a_copy(&self, sign_count: u32) {
        for mut credential in self.credentials().await {
            let id = credential["credentialId"].as_str().unwrap().to_owned();
            Self::told(self.client.delete(format!("{}/credentials/{id}", self.address))).await;
            credential["signCount"] = json!(sign_count);
            Self::told(self.client.post(format!("{}/credential", self.address)).json(&credential)).await;
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // After a panic there is no runtime to say goodbye with; the process' own drop ends driver and browser.
        if let Some(driver) = self.driver.take() {
            let _ = driver.leak();
        }
    }
}
