//! One browser, or one program: sends a request, writes down what became of it.

use super::record::{Act, Earlier, Failure, Record, Records};
use reqwest::header::HeaderMap;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Nobody waits longer. Far above what any request may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// The answer, in a few words.
    pub fn wrong(&self) -> Failure {
        let text: String = self.body.split_whitespace().collect::<Vec<_>>().join(" ");
        let location = self.header("location");
        let told = if location.is_empty() { &text } else { location };
        Failure::Wrong(format!("{} {}", self.status, told.chars().take(160).collect::<String>()))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// A parameter of the address that a redirect leads to.
    pub fn sent(&self, name: &str) -> Option<String> {
        let base = url::Url::parse("http://relative.invalid").unwrap();
        let location = base.join(self.header("location")).ok()?;
        location
            .query_pairs()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// The hidden field that forms carry.
    pub fn ticket(&self) -> Result<String, Failure> {
        let rest = self.body.split_once("name=\"ticket\" value=\"").ok_or_else(|| self.wrong())?.1;
        Ok(rest.split_once('"').ok_or_else(|| self.wrong())?.0.to_owned())
    }

    /// The body of a 200.
    pub fn json(&self) -> Result<serde_json::Value, Failure> {
        match self.status {
            200 => serde_json::from_str(&self.body).map_err(|_| self.wrong()),
            _ => Err(self.wrong()),
        }
    }

    /// The error code of a refusal to a program.
    pub fn error(&self) -> Option<String> {
        let body: serde_json::Value = serde_json::from_str(&self.body).ok()?;
        body["error"].as_str().map(str::to_owned)
    }

    /// Whether this says, in the way that the endpoint should, that something is away.
    fn is_unavailable(&self) -> bool {
        let is_for_programs = self.header("content-type").starts_with("application/json");
        self.status == 503 && (!is_for_programs || self.error().as_deref() == Some("temporarily_unavailable"))
    }
}

/// Each request is a connection of its own, so that the next one may reach another replica. Cookies are kept.
#[derive(Clone)]
pub struct Agent {
    origin: String,
    http: reqwest::Client,
    cookies: Arc<Mutex<BTreeMap<String, String>>>,
    records: Records,
}

impl Agent {
    pub fn new(origin: &str, records: Records) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .no_proxy()
            .timeout(PATIENCE)
            .build()
            .unwrap();
        Self {
            origin: origin.to_owned(),
            http,
            cookies: Arc::default(),
            records,
        }
    }

    /// Another one, without cookies.
    pub fn fresh(&self) -> Self {
        Self {
            cookies: Arc::default(),
            ..self.clone()
        }
    }

    /// The same browser at one replica.
    pub fn at(&self, replica: std::net::SocketAddr) -> Self {
        Self {
            origin: format!("http://{replica}"),
            ..self.clone()
        }
    }

    /// One that writes elsewhere what becomes of its requests.
    pub fn unrecorded(&self) -> Self {
        Self {
            records: Records::default(),
            ..self.clone()
        }
    }

    pub async fn get<T>(&self, act: Act, path: &str, read: impl FnOnce(&Answer) -> Result<T, Failure>) -> Result<T, Failure> {
        self.send(act, self.http.get(format!("{}{path}", self.origin)), Earlier::default(), read)
            .await
    }

    pub async fn post<T>(
        &self,
        act: Act,
        path: &str,
        fields: &[(&str, &str)],
        read: impl FnOnce(&Answer) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.post_again(act, path, fields, Earlier::default(), read).await
    }

    /// A request that may have been tried before.
    pub async fn post_again<T>(
        &self,
        act: Act,
        path: &str,
        fields: &[(&str, &str)],
        earlier: Earlier,
        read: impl FnOnce(&Answer) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.http.post(format!("{}{path}", self.origin));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        self.send(act, request, earlier, read).await
    }

    async fn send<T>(
        &self,
        act: Act,
        mut request: reqwest::RequestBuilder,
        earlier: Earlier,
        read: impl FnOnce(&Answer) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let cookies = self.cookie_header();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies);
        }
        let started = Instant::now();
        let outcome = match self.exchange(request).await {
            None => Err(Failure::Connection),
            Some(answer) if answer.is_unavailable() => Err(Failure::Unavailable),
            Some(answer) => read(&answer),
        };
        self.records.add(Record {
            act,
            started,
            took: started.elapsed(),
            failure: outcome.as_ref().err().cloned(),
            earlier,
        });
        outcome
    }

    async fn exchange(&self, request: reqwest::RequestBuilder) -> Option<Answer> {
        let response = request.send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        // An answer that was cut off is none.
        let body = response.text().await.ok()?;
        let mut cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        for cookie in headers.get_all("set-cookie") {
            let text = cookie.to_str().unwrap();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            // A cookie that was taken away is kept nevertheless: what it stood for must be over, not only forgotten.
            if !text.contains("Max-Age=0") {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Some(Answer { status, headers, body })
    }

    fn cookie_header(&self) -> String {
        let cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join("; ")
    }
}
