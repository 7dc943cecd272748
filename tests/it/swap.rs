//! Editing an AuthPolicy while requests run, through the real binary: the next token obeys, no request fails, the process stays.

use crate::support::process::{PATIENCE, Process, copy_of_samples};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;

const EDITS: u64 = 20;
const CLIENTS: usize = 4;

/// What the service of the samples needs to get a token, taken from the line that `dev` prints.
#[derive(Clone)]
struct Service {
    issuer: String,
    id: String,
    secret: String,
}

impl Service {
    fn of(curl: &str) -> Self {
        let credentials = curl.split('\'').nth(1).unwrap();
        let (id, secret) = credentials.split_once(':').unwrap();
        let issuer = curl.rsplit(' ').next().unwrap().strip_suffix("/token").unwrap();
        Self {
            issuer: issuer.to_owned(),
            id: id.to_owned(),
            secret: secret.to_owned(),
        }
    }

    /// Lifetime of a fresh token, in seconds, as the token itself says.
    async fn lifetime(&self, http: &reqwest::Client) -> Result<u64, String> {
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", self.id, self.secret));
        let answer = http
            .post(format!("{}/token", self.issuer))
            .header("authorization", format!("Basic {basic}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials")
            .send()
            .await
            .map_err(|error| format!("{error:?}"))?;
        let status = answer.status();
        let body = answer.text().await.map_err(|error| format!("{error:?}"))?;
        if status != 200 {
            return Err(format!("{status}: {body}"));
        }
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        let payload = body["access_token"].as_str().unwrap().split('.').nth(1).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        let lifetime = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
        assert_eq!(body["expires_in"], lifetime);
        Ok(lifetime)
    }
}

const FIELD: &str = "accessTokenTTL: ";

/// The policy that governs the services of the samples: the last one that sets a lifetime.
fn policy_file(samples: &Path) -> PathBuf {
    let mut files: Vec<_> = fs::read_dir(samples).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let sets = |file: &PathBuf| fs::read_to_string(file).unwrap().contains(FIELD);
    files.into_iter().rfind(sets).expect("a sample sets accessTokenTTL")
}

/// The same file with another lifetime.
fn edited(text: &str, lifetime: &str) -> String {
    let start = text.rfind(FIELD).unwrap() + FIELD.len();
    let end = start + text[start..].find('\n').unwrap();
    format!("{}{lifetime}{}", &text[..start], &text[end..])
}

fn http() -> reqwest::Client {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    reqwest::Client::builder()
        .tls_certs_only(std::iter::empty())
        .no_proxy()
        .timeout(PATIENCE)
        .build()
        .unwrap()
}

/// What the requesters tell: each token's lifetime with the moment at which its request began.
#[derive(Clone, Copy, Default)]
struct Latest {
    lifetime: u64,
    came_at: Option<Instant>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_token_after_an_edit_has_the_new_lifetime_and_no_request_fails() {
    let samples = copy_of_samples();
    let data = tempfile::tempdir().unwrap();
    let mut dev = Process::dev(samples.path(), data.path());
    let service = Service::of(&dev.line("the curl line", |line| line.starts_with("curl ")));
    let pid = dev.id();
    let policy = policy_file(samples.path());

    let stop = Arc::new(AtomicBool::new(false));
    // The edit in force is the one whose token was seen last: a request that begins after that may not get an older lifetime.
    let in_force = Arc::new(AtomicU64::new(u64::MAX));
    let (tell, mut latest) = watch::channel(Latest::default());
    let requesters: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (service, stop, in_force, tell) = (service.clone(), stop.clone(), in_force.clone(), tell.clone());
            tokio::spawn(async move {
                let http = http();
                let mut tokens = 0_u64;
                while !stop.load(Ordering::SeqCst) {
                    let ceiling = in_force.load(Ordering::SeqCst);
                    let lifetime = service.lifetime(&http).await.expect("no request fails");
                    assert!(lifetime <= ceiling, "a request that began under {ceiling} s got {lifetime} s");
                    tokens += 1;
                    tell.send_replace(Latest {
                        lifetime,
                        came_at: Some(Instant::now()),
                    });
                }
                tokens
            })
        })
        .collect();

    let mut took = Vec::new();
    for edit in 0..EDITS {
        // Each lifetime is shorter than the one before, so that "older" can be told by the number.
        let lifetime = 200 - edit;
        let text = edited(&fs::read_to_string(&policy).unwrap(), &format!("{lifetime}s"));
        let saved = Instant::now();
        fs::write(&policy, text).unwrap();
        let seen = tokio::time::timeout(PATIENCE, latest.wait_for(|latest| latest.lifetime == lifetime))
            .await
            .unwrap_or_else(|_| panic!("no token with {lifetime} s"))
            .unwrap()
            .came_at
            .unwrap();
        in_force.store(lifetime, Ordering::SeqCst);
        took.push(seen.duration_since(saved));
    }
    stop.store(true, Ordering::SeqCst);
    let mut tokens = 0;
    for requester in requesters {
        tokens += requester.await.unwrap();
    }
    assert!(dev.runs() && dev.id() == pid, "the process stays");

    took.sort();
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "from saving the file to the first token with the new lifetime, {EDITS} edits beside {tokens} tokens: p50 {:.0} ms, max {:.0} ms",
        milliseconds(took[took.len() / 2]),
        milliseconds(took[took.len() - 1])
    );
}
