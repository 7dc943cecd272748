//! The real server on a loopback port, with one person and some clients, and a small browser to visit it.

use super::platform::{TestPlatform, snapshot, user};
use actix_web::dev::ServerHandle;
use nauthera::config::snapshot::{SigningAlgorithm, Snapshot};
use nauthera::http::limits::Times;
use nauthera::http::proxies::{ForwardedBy, TrustedProxies};
use nauthera::http::server::{Listen, serve};
use nauthera::oauth::client::{AccessTokenFormat, Client, ClientType, Limits};
use nauthera::oauth::grant_type::{ClientAuthMethod, GrantType, ResponseType};
use nauthera::oauth::ids::ClientId;
use nauthera::oauth::scope::Scopes;
use nauthera::oauth::two_factor::TwoFactor;
use nauthera::store::Store;
use nauthera::store::cache::Cache;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub const USERNAME: &str = "alice";
pub const PASSWORD: &str = "correct horse battery staple";
/// The session's cookie where the issuer is plain http.
pub const SESSION: &str = "nauthera_session";
/// Where the shop's codes go; nothing listens there.
pub const CALLBACK: &str = "https://shop.example/callback";
/// The verifier and challenge of RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A server that runs.
pub struct Site {
    pub origin: String,
    pub platform: TestPlatform,
    handle: ServerHandle,
}

/// How a server listens.
pub struct Setting {
    pub proxies: TrustedProxies,
    pub times: Times,
    pub tls: Option<rustls::ServerConfig>,
    /// What it has in common with other servers
    pub shared: Option<(Arc<dyn Store>, Arc<dyn Cache>)>,
    /// Its store, if it is not one in memory
    pub store: Option<Arc<dyn Store>>,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            proxies: TrustedProxies::NONE,
            times: Times::default(),
            tls: None,
            shared: None,
            store: None,
        }
    }
}

/// Sends these parts, each but the first after something came back, and returns all that comes back until the server closes, which
/// may be in the middle.
pub async fn raw(site: &Site, parts: &[&str]) -> String {
    let address = site.origin.strip_prefix("http://").unwrap();
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let mut answer = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        if number > 0 {
            let _ = tokio::time::timeout(Duration::from_secs(60), socket.read_buf(&mut answer)).await;
        }
        let _ = socket.write_all(part.as_bytes()).await;
    }
    // Well above every limit of the server: a hang fails the test, a slow machine does not.
    let _ = tokio::time::timeout(Duration::from_secs(60), socket.read_to_end(&mut answer))
        .await
        .expect("the end of the connection");
    String::from_utf8_lossy(&answer).into_owned()
}

impl Site {
    /// With alice and bob, the public client `shop` (asks for consent) and `trusted` (does not).
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The same, with changes to the configuration.
    pub async fn start_with(change: impl FnOnce(&mut Snapshot)) -> Self {
        Self::start_as(Setting::default(), change).await
    }

    /// The same, listening in another way.
    pub async fn start_as(setting: Setting, change: impl FnOnce(&mut Snapshot)) -> Self {
        let platform = match (setting.shared, setting.store) {
            (Some((store, cache)), _) => TestPlatform::start_beside(store, cache).await,
            (None, Some(store)) => TestPlatform::start_on(store).await,
            (None, None) => TestPlatform::start().await,
        };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let mut configuration = snapshot("1", vec![user(USERNAME, Some(PASSWORD)), user("bob", Some(PASSWORD))]);
        configuration.issuer = origin.clone();
        configuration.signing.algorithms = vec![SigningAlgorithm::ES256];
        for client in [client("shop", true), client("trusted", false)] {
            configuration.clients.insert(client.id.clone(), Arc::new(client));
        }
        change(&mut configuration);
        platform.apply(configuration).await;
        let listen = Listen {
            listeners: vec![listener],
            tls: setting.tls,
            workers: 2,
            proxies: setting.proxies,
            forwarded_by: ForwardedBy::default(),
            times: setting.times,
        };
        let server = serve(listen, &platform.platform).unwrap();
        let handle = server.handle();
        actix_rt::spawn(server);
        Self { origin, platform, handle }
    }

    pub async fn stop(self) {
        self.handle.stop(false).await;
        self.platform.stop().await;
    }

    /// A fresh browser at this site.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.origin)
    }
}

/// A public client with PKCE.
pub fn client(id: &str, require_consent: bool) -> Client {
    Client {
        id: ClientId::new(id),
        resource: format!("team-a/{id}"),
        display_name: format!("The {id}"),
        client_type: ClientType::Public,
        redirect_uris: vec![CALLBACK.to_owned(), "http://127.0.0.1/native".to_owned()],
        post_logout_redirect_uris: vec!["https://shop.example/bye".to_owned()],
        backchannel_logout_uri: None,
        grant_types: [GrantType::AuthorizationCode, GrantType::RefreshToken].into(),
        response_types: [ResponseType::Code].into(),
        scopes: Scopes::from_iter(["openid", "profile", "email", "groups", "offline_access", "orders:read"]),
        auth_method: ClientAuthMethod::None,
        secrets: vec![],
        audiences: vec!["https://api.example".to_owned()],
        access_token_format: AccessTokenFormat::Jwt,
        require_consent,
        allowed_groups: None,
        limits: Limits {
            access_token_ttl: Duration::from_secs(900),
            refresh_token_ttl: Duration::from_secs(86_400),
            id_token_ttl: Duration::from_secs(300),
            require_pkce: true,
            max_session_age: None,
            two_factor: TwoFactor::default(),
        },
    }
}

/// An authorization request of `trusted`, with parameters replaced or added.
pub fn authorize(changes: &[(&str, &str)]) -> String {
    let base = [
        ("client_id", "trusted"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid"),
        ("state", "the-state"),
        ("nonce", "the-nonce"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let kept = base.iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    let pairs = kept.chain(changes).filter(|(_, value)| !value.is_empty());
    format!(
        "/authorize?{}",
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    )
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Where a redirect leads.
    pub fn location(&self) -> url::Url {
        assert_eq!(self.status, 303, "{}", self.body);
        url::Url::parse("http://relative.invalid")
            .unwrap()
            .join(self.header("location"))
            .unwrap()
    }

    /// A parameter of the address that a redirect leads to.
    pub fn sent(&self, name: &str) -> Option<String> {
        let location = self.location();
        location
            .query_pairs()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// A hidden field of the page.
    pub fn hidden(&self, name: &str) -> String {
        let marker = format!("name=\"{name}\" value=\"");
        let rest = self
            .body
            .split_once(&marker)
            .unwrap_or_else(|| panic!("no field {name}: {}", self.body))
            .1;
        rest.split_once('"').unwrap().0.to_owned()
    }

    pub fn ticket(&self) -> String {
        self.hidden("ticket")
    }
}

/// Cookies and no redirects: what a browser keeps and sends.
pub struct Browser {
    origin: String,
    client: reqwest::Client,
    cookies: RefCell<BTreeMap<String, String>>,
}

impl Browser {
    fn new(origin: &str) -> Self {
        Self::saying(origin, reqwest::header::HeaderMap::new())
    }

    /// A browser whose every request comes through proxies that wrote `forwarded_for`.
    pub fn behind_proxies(origin: &str, forwarded_for: &'static str) -> Self {
        let header = reqwest::header::HeaderValue::from_static(forwarded_for);
        Self::saying(
            origin,
            reqwest::header::HeaderMap::from_iter([(reqwest::header::HeaderName::from_static("x-forwarded-for"), header)]),
        )
    }

    fn saying(origin: &str, headers: reqwest::header::HeaderMap) -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = reqwest::Client::builder()
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(60))
            .build()
            .unwrap();
        Self {
            origin: origin.to_owned(),
            client,
            cookies: RefCell::default(),
        }
    }

    /// The same person's browser, whose requests go to another replica from now on: with the cookies that it has now.
    pub fn at(&self, replica: &Site) -> Self {
        let moved = replica.browser();
        moved.cookies.borrow_mut().clone_from(&self.cookies.borrow());
        moved
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.borrow().get(name).cloned()
    }

    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
    }

    pub fn forget(&self, name: &str) {
        self.cookies.borrow_mut().remove(name);
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.client.get(self.address(path))).await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.post_raw(path, "application/x-www-form-urlencoded", body.into_bytes()).await
    }

    pub async fn post_raw(&self, path: &str, content_type: &str, body: Vec<u8>) -> Answer {
        let request = self.client.post(self.address(path)).header("content-type", content_type).body(body);
        self.send(request).await
    }

    pub async fn get_with(&self, path: &str, header: &str, value: &str) -> Answer {
        self.send(self.client.get(self.address(path)).header(header, value)).await
    }

    /// Fills in the login form of a page.
    pub async fn log_in(&self, page: &Answer, username: &str, password: &str) -> Answer {
        let ticket = page.ticket();
        self.post("/login", &[("ticket", &ticket), ("username", username), ("password", password)])
            .await
    }

    /// Logs alice in through `trusted` and returns the answer with the code.
    pub async fn code(&self) -> Answer {
        let page = self.get(&authorize(&[])).await;
        assert_eq!(page.status, 200, "{}", page.body);
        self.log_in(&page, USERNAME, PASSWORD).await
    }

    /// Exchanges a code of `client`.
    pub async fn tokens(&self, client: &str, code: &str) -> serde_json::Value {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("client_id", client),
            ("code_verifier", VERIFIER),
        ];
        let answer = self.post("/token", &fields).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    async fn send(&self, mut request: reqwest::RequestBuilder) -> Answer {
        let cookies = self
            .cookies
            .borrow()
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join("; ");
        if !cookies.is_empty() {
            request = request.header("cookie", cookies);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        for cookie in headers.get_all("set-cookie") {
            let text = cookie.to_str().unwrap();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            if text.contains("Max-Age=0") {
                self.cookies.borrow_mut().remove(name);
            } else {
                self.set_cookie(name, value);
            }
        }
        Answer {
            status,
            headers,
            body: response.text().await.unwrap(),
        }
    }
}

/// The claims of a JWT that came from the server itself.
pub fn payload(token: &str) -> serde_json::Value {
    use base64::Engine;
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}
